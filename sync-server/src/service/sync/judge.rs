//! What HQ makes of a commit that it holds: count it, or hold it back with a reason that the officer reads.
//!
//! Unknown kinds and fields are not held: they are kept, fed and shown after an upgrade.

use xuncha_domain::cbor::Value;
use xuncha_domain::ledger;
use xuncha_domain::log::body::{Body, Op, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::model::document::Document;
use xuncha_domain::model::fact::{Photo, Position};
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::words::HeldReason;
use xuncha_domain::model::{field, finding, kind};

/// Counts up with every change of what [`judge`] says, and with every format that this server learns to read: commits
/// that an older judge held are then judged again.
pub(super) const VERSION: u32 = 3;

/// What judging needs to know about the author.
pub(super) struct Author {
    pub(super) is_hq: bool,
    /// When the device was closed: what arrives from then on does not count.
    pub(super) closed_ms: Option<i64>,
}

/// Why the commit is held; none when it counts.
pub(super) fn judge(author: &Author, received_ms: i64, commit: &Commit) -> Option<HeldReason> {
    if author.is_hq {
        return None;
    }
    if author.closed_ms.is_some_and(|closed_ms| closed_ms <= received_ms) {
        return Some(HeldReason::DeviceClosed);
    }
    if matches!(commit.body, Body::Newer { .. }) {
        return Some(HeldReason::NewerFormat);
    }
    if commit.ops().iter().any(|op| kind::reserved_for_hq(op.entity.kind)) {
        return Some(HeldReason::KindReserved);
    }
    let invalid = |op: &Op| value(commit, op).is_some_and(|value| !allowed(op, value));
    commit.ops().iter().any(invalid).then_some(HeldReason::ValueInvalid)
}

/// The value of an op; none when it was erased.
pub(super) fn value<'a>(commit: &'a Commit, op: &'a Op) -> Option<&'a Value> {
    match &op.value {
        OpValue::Plain(value) => Some(value),
        OpValue::Detached(index) => commit.detached.value(*index),
    }
}

/// Whether a value has the type of its field. What a newer app may write one day is let through.
fn allowed(op: &Op, value: &Value) -> bool {
    let is_id = |value: &Value| value.as_bytes().is_some_and(|bytes| bytes.len() == 16);
    match (op.entity.kind, op.field.as_str()) {
        (_, field::RETRACTED) => Retraction::from_value(value).is_some(),
        (kind::VISIT, field::VENUE) => is_id(value),
        (kind::VISIT, field::VISIT_KIND | field::MODE | field::LEAD) => value.as_int().is_some(),
        (kind::VISIT, field::CHECKLIST | field::CHECKLIST_MOVED) => {
            value.as_bytes().is_some_and(|bytes| bytes.len() == 32)
        }
        (kind::VISIT, name) if field::member_officer(name).is_some() => value.as_bool().is_some(),
        (kind::PRESENCE, field::START | field::END) => value.as_int().is_some(),
        (kind::PRESENCE | kind::VENUE, field::POSITION) => Position::from_value(value).is_some(),
        (kind::PHOTO, field::FACT) => Photo::from_value(value).is_some(),
        // A paper is never overwritten: another supersedes it.
        (kind::DOCUMENT, _) if !op.over.is_empty() => false,
        (kind::DOCUMENT, field::FACT) => Document::from_value(value).is_some(),
        (kind::DOCUMENT, field::DATA) => value.as_text().is_some(),
        (kind::READING, field::FACT) => value.as_array().is_some(),
        (kind::FINDING, field::DEADLINE) => finding::deadline(value).is_some(),
        (kind::FINDING, field::RECHECK) => finding::recheck(value).is_some(),
        (kind::NOTE, field::TEXT)
        | (kind::FINDING, field::STATUS | field::DESCRIPTION | field::AUTHORITY) => value.as_text().is_some(),
        (kind::VENUE, field::NAME | field::CATEGORY | field::DISTRICT | field::ADDRESS) => {
            value.as_text().is_some()
        }
        (kind, name) => {
            let column = ledger::of_kind(kind).and_then(|ledger| ledger.column(name));
            column.is_none_or(|column| *value == Value::Null || column.read(value).is_some())
        }
    }
}

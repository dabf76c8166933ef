//! The content of a checklist as bytes: what its name is a hash of, and what HQ publishes.
//!
//! **The hash of a checklist** is SHA-256 over the domain tag `xuncha/checklist/1` (as [`tagged_hash`] prefixes it) and
//! the deterministic CBOR of its content. Content is arrays all the way down; what is absent is null, days are
//! `YYYY-MM-DD` text, words are their codes:
//!
//! ```text
//! checklist = [set, …]                          in the order of the visit
//! set       = [id, title_zh, title_en, mode, [category, …], [item, …]]
//! item      = [id, severity, group, answer, may_be_na, zh, en, [choice, …], limit, [basis, …], [penalty basis, …],
//!              [evidence, …], handling, also, on_fail, check, rule, feeds, privacy, valid_from, valid_to]
//! choice    = [code, zh, en]
//! basis     = [source id, title_zh, title_en, kind, from, to, verification, article]
//! limit     = ["below" | "at_most" | "at_least", bound] | ["between", low, high]
//!           | ["equals_item" | "at_most_item", item id] | ["at_most_cap", parameter, [cap, …]]
//! cap       = [percent, of, extra, from]
//! ```
//!
//! Everything that an officer sees and everything that a judgement uses is in it; category and purpose are not, so that
//! two categories that are asked the same questions share one version.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Basis, CapacityCap, ChecklistItem, ChecklistSet, Choice, Limit, Source};
use crate::cbor::{CborError, Value};
use crate::ids::tagged_hash;

const TAG: &str = "xuncha/checklist/1";

/// The content of one version. The longest of our data has 16 kB; one commit has room for it.
pub const CONTENT_BYTES_MAX: usize = 48 * 1024;
/// A cap in a limit of an item is the deepest.
const DEPTH_MAX: usize = 7;

/// Bytes that are no content of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    #[error("checklist: {0}")]
    Cbor(#[from] CborError),
    #[error("checklist: {0}")]
    Shape(&'static str),
    #[error("checklist: over {CONTENT_BYTES_MAX} bytes")]
    TooLarge,
    #[error("checklists: more versions than one process reads")]
    TooMany,
}

/// The name of the version with this content.
pub(super) fn hash(content: &[u8]) -> [u8; 32] {
    tagged_hash(TAG, &[content])
}

pub(super) fn encode(sets: &[&ChecklistSet]) -> Vec<u8> {
    array(sets, |set| set_value(set)).encode()
}

pub(super) fn decode(content: &[u8]) -> Result<Vec<ChecklistSet>, ContentError> {
    if content.len() > CONTENT_BYTES_MAX {
        return Err(ContentError::TooLarge);
    }
    list(&Value::decode_nested(content, DEPTH_MAX)?, set_of)
}

fn set_value(set: &ChecklistSet) -> Value {
    Value::Array(vec![
        Value::text(&set.id),
        Value::text(&set.title_zh),
        Value::text(&set.title_en),
        Value::text(set.mode.code()),
        array(&set.categories, Value::text),
        array(&set.items, item_value),
    ])
}

fn set_of(value: &Value) -> Result<ChecklistSet, ContentError> {
    let [id, title_zh, title_en, mode, categories, items] = fields(value)?;
    Ok(ChecklistSet {
        id: text(id)?,
        title_zh: text(title_zh)?,
        title_en: text(title_en)?,
        mode: word(mode, super::Mode::from_code)?,
        categories: list(categories, text)?,
        items: list(items, item_of)?,
    })
}

fn item_value(item: &ChecklistItem) -> Value {
    Value::Array(vec![
        Value::text(&item.id),
        Value::text(item.severity.code()),
        Value::text(&item.group),
        Value::text(item.answer.code()),
        Value::Bool(item.may_be_na),
        Value::text(&item.zh),
        Value::text(&item.en),
        array(&item.choices, |c| array([&c.code, &c.zh, &c.en], Value::text)),
        Value::option(item.limit.as_ref(), limit_value),
        array(&item.basis, basis_value),
        array(&item.penalty, basis_value),
        array(&item.evidence, |evidence| Value::text(evidence.code())),
        Value::text(item.handling.code()),
        Value::option(item.also, |word| Value::text(word.code())),
        Value::option(item.on_fail, |word| Value::text(word.code())),
        Value::option(item.check, |word| Value::text(word.code())),
        Value::option(item.rule, |word| Value::text(word.code())),
        Value::option(item.feeds, |word| Value::text(word.code())),
        Value::option(item.privacy.as_ref(), Value::text),
        Value::option(item.valid_from, day_value),
        Value::option(item.valid_to, day_value),
    ])
}

fn item_of(value: &Value) -> Result<ChecklistItem, ContentError> {
    let [id, severity, group, answer, may_be_na, zh, en, choices, limit, basis, penalty, evidence, rest @ ..] =
        fields::<21>(value)?;
    let [handling, also, on_fail, check, rule, feeds, privacy, valid_from, valid_to] = rest;
    Ok(ChecklistItem {
        id: text(id)?,
        severity: word(severity, super::Severity::from_code)?,
        group: text(group)?,
        answer: word(answer, super::AnswerKind::from_code)?,
        may_be_na: may_be_na.as_bool().ok_or(ContentError::Shape("not a yes or no"))?,
        zh: text(zh)?,
        en: text(en)?,
        choices: list(choices, choice_of)?,
        limit: option(limit, limit_of)?,
        basis: list(basis, basis_of)?,
        penalty: list(penalty, basis_of)?,
        evidence: list(evidence, |value| word(value, super::Evidence::from_code))?,
        handling: word(handling, super::Handling::from_code)?,
        also: option(also, |value| word(value, super::Handling::from_code))?,
        on_fail: option(on_fail, |value| word(value, super::OnFail::from_code))?,
        check: option(check, |value| word(value, super::Check::from_code))?,
        rule: option(rule, |value| word(value, super::CalendarRule::from_code))?,
        feeds: option(feeds, |value| word(value, super::Feeds::from_code))?,
        privacy: option(privacy, text)?,
        valid_from: option(valid_from, day)?,
        valid_to: option(valid_to, day)?,
    })
}

fn choice_of(value: &Value) -> Result<Choice, ContentError> {
    let [code, zh, en] = fields(value)?;
    Ok(Choice { code: text(code)?, zh: text(zh)?, en: text(en)? })
}

fn limit_value(limit: &Limit) -> Value {
    let (word, operands) = match limit {
        Limit::Below(bound) => ("below", vec![Value::Int(*bound)]),
        Limit::AtMost(bound) => ("at_most", vec![Value::Int(*bound)]),
        Limit::AtLeast(bound) => ("at_least", vec![Value::Int(*bound)]),
        Limit::Between(low, high) => ("between", vec![Value::Int(*low), Value::Int(*high)]),
        Limit::EqualsItem(item) => ("equals_item", vec![Value::text(item)]),
        Limit::AtMostItem(item) => ("at_most_item", vec![Value::text(item)]),
        Limit::AtMostCap { parameter, caps } => {
            ("at_most_cap", vec![Value::text(parameter), array(caps, cap_value)])
        }
    };
    Value::Array([Value::text(word)].into_iter().chain(operands).collect())
}

fn limit_of(value: &Value) -> Result<Limit, ContentError> {
    let parts = value.as_array().ok_or(ContentError::Shape("not a list"))?;
    let code = parts.first().and_then(Value::as_text).unwrap_or_default();
    Ok(match (code, parts.get(1..).unwrap_or_default()) {
        ("below", [bound]) => Limit::Below(int(bound)?),
        ("at_most", [bound]) => Limit::AtMost(int(bound)?),
        ("at_least", [bound]) => Limit::AtLeast(int(bound)?),
        ("between", [low, high]) => Limit::Between(int(low)?, int(high)?),
        ("equals_item", [item]) => Limit::EqualsItem(text(item)?),
        ("at_most_item", [item]) => Limit::AtMostItem(text(item)?),
        ("at_most_cap", [parameter, caps]) => {
            Limit::AtMostCap { parameter: text(parameter)?, caps: list(caps, cap_of)? }
        }
        _ => return Err(ContentError::Shape("not a limit")),
    })
}

fn cap_value(cap: &CapacityCap) -> Value {
    Value::Array(vec![
        Value::option(cap.percent, Value::Int),
        Value::text(&cap.of),
        Value::option(cap.extra.as_ref(), Value::text),
        day_value(cap.from),
    ])
}

fn cap_of(value: &Value) -> Result<CapacityCap, ContentError> {
    let [percent, of, extra, from] = fields(value)?;
    Ok(CapacityCap {
        percent: option(percent, int)?,
        of: text(of)?,
        extra: option(extra, text)?,
        from: day(from)?,
    })
}

fn basis_value(basis: &Basis) -> Value {
    let source = &basis.source;
    Value::Array(vec![
        Value::text(&source.id),
        Value::text(&source.title_zh),
        Value::text(&source.title_en),
        Value::text(&source.kind),
        Value::option(source.from, day_value),
        Value::option(source.to, day_value),
        Value::text(source.verification.code()),
        Value::option(basis.article.as_ref(), Value::text),
    ])
}

fn basis_of(value: &Value) -> Result<Basis, ContentError> {
    let [id, title_zh, title_en, kind, from, to, verification, article] = fields(value)?;
    let source = Source {
        id: text(id)?,
        title_zh: text(title_zh)?,
        title_en: text(title_en)?,
        kind: text(kind)?,
        from: option(from, day)?,
        to: option(to, day)?,
        verification: word(verification, super::Verification::from_code)?,
    };
    Ok(Basis { source: Arc::new(source), article: option(article, text)? })
}

fn day_value(day: Date) -> Value {
    Value::text(day.to_string())
}

fn array<T>(items: impl IntoIterator<Item = T>, value: impl FnMut(T) -> Value) -> Value {
    Value::Array(items.into_iter().map(value).collect())
}

/// An array of exactly `N`.
fn fields<const N: usize>(value: &Value) -> Result<&[Value; N], ContentError> {
    value
        .as_array()
        .and_then(|parts| parts.try_into().ok())
        .ok_or(ContentError::Shape("not a list of that length"))
}

fn list<T>(
    value: &Value,
    read: impl FnMut(&Value) -> Result<T, ContentError>,
) -> Result<Vec<T>, ContentError> {
    value.as_array().ok_or(ContentError::Shape("not a list"))?.iter().map(read).collect()
}

fn option<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, ContentError>,
) -> Result<Option<T>, ContentError> {
    (*value != Value::Null).then(|| read(value)).transpose()
}

fn text(value: &Value) -> Result<String, ContentError> {
    value.as_text().map(str::to_owned).ok_or(ContentError::Shape("not a text"))
}

fn int(value: &Value) -> Result<i64, ContentError> {
    value.as_int().ok_or(ContentError::Shape("not a number"))
}

fn word<T>(value: &Value, of: impl FnOnce(&str) -> Option<T>) -> Result<T, ContentError> {
    value.as_text().and_then(of).ok_or(ContentError::Shape("a word that this version does not know"))
}

fn day(value: &Value) -> Result<Date, ContentError> {
    let text = value.as_text().ok_or(ContentError::Shape("not a text"))?;
    let day: Date = text.parse().map_err(|_| ContentError::Shape("not a day"))?;
    // One day has one text, so that one content has one name.
    if day.to_string() == text { Ok(day) } else { Err(ContentError::Shape("not a day")) }
}

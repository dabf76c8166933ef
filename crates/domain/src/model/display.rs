//! Which of several live values is displayed: the rules of [`crate::merge::display`] for each kind.

use crate::cbor::Value;
use crate::checklist::{Checklist, judge};
use crate::ledger;
use crate::log::body::Kind;
use crate::merge::{self, Agreement, Display, Field};
use crate::status::Machine;

use super::fact::Reading;
use super::retraction::Retraction;
use super::{answer, field, kind};

/// How grave a value is, by the visit's own checklist version where it has one.
pub fn severity(kind: Kind, name: &str, checklist: Option<&Checklist>, value: &Value) -> u8 {
    match kind {
        kind::VISIT if name != field::RETRACTED => {
            if let Some(item) = field::answered_item(name) {
                let item = checklist.and_then(|checklist| checklist.item(item));
                return match (item, answer::from_value(value)) {
                    (Some(item), Some(answer)) => judge(item, &answer).severity_rank(),
                    _ => 0,
                };
            }
            // A member of a set: present is the graver claim.
            u8::from(field::member_officer(name).is_some() && value.as_bool() == Some(true))
        }
        _ if name == field::RETRACTED => {
            // What still counts is the graver claim: a doubtful retraction hides nothing.
            u8::from(Retraction::from_value(value).is_some_and(|retraction| !retraction.retracted))
        }
        kind::READING if name == field::FACT => {
            Reading::from_value(value).and_then(|reading| reading.verdict()).map_or(0, |v| v.severity_rank())
        }
        _ => 0,
    }
}

/// Whether status `a` absorbs status `b` of one kind.
fn absorbs(kind: Kind, name: &str, a: &Value, b: &Value) -> bool {
    let machine = match (kind, name) {
        (kind::FINDING, field::STATUS) => Machine::get("finding"),
        _ => ledger::of_kind(kind).and_then(|ledger| ledger.column(name)?.machine()),
    };
    match (machine, a.as_text(), b.as_text()) {
        (Some(machine), Some(a), Some(b)) => machine.absorbs(a, b),
        _ => false,
    }
}

/// What a reader sees of a field of this kind.
pub fn display<'a>(
    kind: Kind,
    name: &str,
    checklist: Option<&Checklist>,
    field: &'a Field,
) -> Option<Display<'a>> {
    let mut shown = merge::display(field, &|value| severity(kind, name, checklist, value), &|a, b| {
        absorbs(kind, name, a, b)
    })?;
    // Two who retracted the same thing agree, whatever each had seen of it.
    let said = |live: &merge::Live| Some(Retraction::from_value(live.value.value()?)?.retracted);
    let first = shown.live.first().and_then(|live| said(live));
    if name == field::RETRACTED && first.is_some() && shown.live.iter().all(|live| said(live) == first) {
        shown.state = Agreement::Agreed;
    }
    // Nothing that anybody recorded differs by it, and the next move replaces them all.
    if kind == kind::VISIT && name == field::CHECKLIST_MOVED {
        shown.state = Agreement::Agreed;
    }
    // Two who saw the same thing happen agree that it did, whatever their clocks say.
    let stamp = ledger::of_kind(kind).and_then(|ledger| ledger.column(name));
    if stamp.is_some_and(|column| !column.stamped_by.is_empty()) {
        shown.state = Agreement::Agreed;
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CommitRef, OfficerId};
    use crate::merge::Stored;
    use crate::model::basis::Basis;
    use crate::model::words::{Sequence, Site};

    #[test]
    fn two_retractions_agree_whatever_they_saw_and_a_doubtful_one_hides_nothing() {
        let live = |n: u8, retracted| crate::merge::Live {
            commit: CommitRef([n; 16]),
            value: Stored::Plain(Retraction { retracted, basis: vec![Basis::Own(u64::from(n))] }.to_value()),
            officer: OfficerId([n; 16]),
            corrected_ms: i64::from(n),
        };
        let shown = |lives: [crate::merge::Live; 2]| {
            let mut field = Field::default();
            for live in lives {
                field.count(live, &[], |_| false);
            }
            let shown = display(kind::VISIT, field::RETRACTED, None, &field).unwrap();
            (shown.live[0].commit.0[0], shown.state)
        };
        assert_eq!(shown([live(1, true), live(2, true)]), (2, Agreement::Agreed));
        assert_eq!(shown([live(1, false), live(2, true)]), (1, Agreement::Conflict));
    }

    #[test]
    fn a_fever_is_grave_and_the_cold_of_a_room_is_not() {
        let severity = |site, temperature_dc| {
            let reading = Reading {
                temperature_dc,
                site,
                sequence: Sequence::First,
                indoor: true,
                ambient_dc: None,
                subject: None,
            };
            severity(kind::READING, field::FACT, None, &reading.to_value())
        };
        assert!(severity(Site::Wrist, 380) > severity(Site::Wrist, 340));
        assert!(severity(Site::Wrist, 340) > severity(Site::Wrist, 365));
        assert_eq!(severity(Site::Air, -105), 0);
    }
}

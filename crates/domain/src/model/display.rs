//! Which of several live values is displayed: the rules of [`crate::merge::display`] for each kind.

use crate::cbor::Value;
use crate::checklist::{Checklist, judge};
use crate::log::body::Kind;
use crate::merge::{self, Display, Field};
use crate::status::Machine;

use super::fact::Reading;
use super::{answer, field, kind};

/// How grave a value is, by the visit's own checklist version where it has one.
pub fn severity(kind: Kind, name: &str, checklist: Option<&Checklist>, value: &Value) -> u8 {
    match kind {
        kind::VISIT => {
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
        _ => None,
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
    merge::display(field, &|value| severity(kind, name, checklist, value), &|a, b| absorbs(kind, name, a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::words::{Sequence, Site};

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

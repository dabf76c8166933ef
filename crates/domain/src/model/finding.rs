//! What becomes of a finding: the order with its deadline, the referral, and the visit that looked at it again.

use jiff::civil::Date;

use crate::cbor::Value;
use crate::checklist::Handling;
use crate::ids::EntityId;
use crate::status::Machine;

/// What a finding is while nobody said anything of it.
pub const OPEN: &str = "open";
/// What a recheck can make of a finding.
pub const RECHECKED: [&str; 2] = ["rectified", "not_rectified"];

/// States in which an order stands: what is due by the deadline.
const ORDERED: [&str; 3] = ["rectifying", "extended", "recheck_due"];

/// A day as ISO 8601 writes it, such as `2020-02-04`; none for any other text.
pub fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

/// The day by which what was ordered is to be done.
pub fn deadline(value: &Value) -> Option<Date> {
    day(value.as_text()?)
}

/// Who deals with it; none for a code of a newer version.
pub fn authority(value: &Value) -> Option<Handling> {
    Handling::from_code(value.as_text()?)
}

/// The visit that looked at it again.
pub fn recheck(value: &Value) -> Option<EntityId> {
    EntityId::from_slice(value.as_bytes()?).ok()
}

/// Whether an order stands.
pub fn is_ordered(status: &str) -> bool {
    ORDERED.contains(&status)
}

/// Whether something still has to come of it. A state of a newer version has not come to its end.
pub fn is_open(status: &str) -> bool {
    !Machine::get("finding").and_then(|machine| machine.state(status)).is_some_and(|state| state.terminal)
}

/// Whether a recheck can make `outcome` of a finding in this state.
pub fn may_become(status: &str, outcome: &str) -> bool {
    let machine = Machine::get("finding");
    RECHECKED.contains(&outcome) && machine.is_some_and(|machine| machine.can_reach(status, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_day_in_one_way_of_writing() {
        assert_eq!(deadline(&Value::text("2020-02-04")), Some(jiff::civil::date(2020, 2, 4)));
        for text in ["", "20200204", "2020-2-4", "2020-02-30", "2020-02-04T00:00", "soon"] {
            assert_eq!(deadline(&Value::text(text)), None, "{text}");
        }
        assert_eq!(deadline(&Value::Int(20_200_204)), None);
    }

    #[test]
    fn a_recheck_leads_on_and_never_back() {
        assert!(may_become("rectifying", "rectified") && may_become("open", "not_rectified"));
        // Looked at again and again.
        assert!(may_become("not_rectified", "not_rectified") && may_become("not_rectified", "rectified"));
        assert!(!may_become("transferred", "rectified") && !may_become("fixed_on_spot", "not_rectified"));
        assert!(!may_become("open", "transferred"), "that is no recheck");
    }

    #[test]
    fn what_is_open_and_what_is_ordered() {
        assert!(is_open("open") && is_open("not_rectified") && is_open("transferred"));
        assert!(!is_open("fixed_on_spot") && !is_open("rectified") && !is_open("case_opened"));
        assert!(is_open("of a newer app"));
        assert!(is_ordered("rectifying") && is_ordered("extended"));
        assert!(!is_ordered("open") && !is_ordered("not_rectified"));
    }
}

//! Two visits that HQ joins, because two groups recorded one call, or keeps apart. They are counted once while joined;
//! neither loses anything, and a later op separates them again.

use crate::cbor::Value;
use crate::ids::{EntityId, short, tagged_hash};
use crate::log::body::Entity;

use super::kind;

const TAG: &str = "xuncha/1 same-as";
/// Groups on a phone's clock that differ by less than this may have stood there together.
const SLACK_MS: i64 = 10 * 60 * 1_000;
/// A visit that nobody finished is taken to have lasted this long.
const UNFINISHED_MS: i64 = 2 * 60 * 60 * 1_000;
/// No call lasts longer; a clock that jumped must not make a visit overlap with everything.
const SPAN_MAX_MS: i64 = 12 * 60 * 60 * 1_000;

/// What HQ decided of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameAs {
    pub same: bool,
    /// The lower of the two ids.
    pub lower: EntityId,
    pub higher: EntityId,
}

impl SameAs {
    /// None for a visit and itself.
    pub fn new(a: EntityId, b: EntityId, same: bool) -> Option<Self> {
        (a != b).then(|| Self { same, lower: a.min(b), higher: a.max(b) })
    }

    /// One entity per pair, whichever is named first.
    pub fn entity(&self) -> Entity {
        let id = short(&tagged_hash(TAG, &[self.lower.as_bytes(), self.higher.as_bytes()]));
        Entity::new(kind::SAME_AS, EntityId(id))
    }

    /// `[same, lower, higher]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![Value::Bool(self.same), Value::bytes(self.lower.0), Value::bytes(self.higher.0)])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [Value::Bool(same), lower, higher] = value.as_array()? else { return None };
        let id = |value: &Value| EntityId::from_slice(value.as_bytes()?).ok();
        Self::new(id(lower)?, id(higher)?, *same)
    }
}

/// When a visit began and ended, for telling whether two overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    pub fn new(started_ms: i64, finished_ms: Option<i64>) -> Self {
        let end = finished_ms.unwrap_or(started_ms.saturating_add(UNFINISHED_MS));
        let longest = started_ms.saturating_add(SPAN_MAX_MS);
        Self { from_ms: started_ms, to_ms: end.clamp(started_ms, longest) }
    }

    /// Within which another visit has to begin to overlap with this.
    pub fn others_start(&self) -> (i64, i64) {
        (
            self.from_ms.saturating_sub(SPAN_MAX_MS).saturating_sub(SLACK_MS),
            self.to_ms.saturating_add(SLACK_MS),
        )
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |end: i64, start: i64| end.saturating_add(SLACK_MS) < start;
        !before(self.to_ms, other.from_ms) && !before(other.to_ms, self.from_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_one_thing_whichever_is_named_first() {
        let (a, b) = (EntityId([1; 16]), EntityId([2; 16]));
        let pair = SameAs::new(b, a, true).unwrap();
        assert_eq!(Some(pair), SameAs::new(a, b, true));
        assert_eq!(pair.entity(), SameAs::new(a, b, false).unwrap().entity());
        assert_eq!(SameAs::from_value(&pair.to_value()), Some(pair));
        assert_eq!(SameAs::new(a, a, true), None);
    }

    #[test]
    fn visits_overlap_when_one_began_before_the_other_ended() {
        let hour = 3_600_000;
        let morning = Span::new(8 * hour, Some(9 * hour));
        assert!(morning.overlaps(&Span::new(9 * hour, None)));
        assert!(!morning.overlaps(&Span::new(10 * hour, None)));
        assert!(Span::new(7 * hour, None).overlaps(&morning), "an unfinished one is taken to last two hours");
        assert!(!Span::new(0, Some(100 * hour)).overlaps(&Span::new(20 * hour, None)), "a clock that jumped");
        let (from_ms, to_ms) = morning.others_start();
        assert!(from_ms < 8 * hour - 12 * hour && to_ms > 9 * hour);
        assert!(!Span::new(i64::MAX, Some(i64::MIN)).overlaps(&morning));
    }
}

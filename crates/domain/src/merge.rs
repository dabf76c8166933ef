//! The merge: what a field is worth, given any set of ops that arrived in any order.
//!
//! ```text
//!        base            live = ops that no counted op replaces
//!       /    \           one value     -> the value
//!    a: no   b: yes      equal values  -> the value, by several
//!       \    /           several       -> a conflict, until an op over all of them
//!   {no, yes} = conflict
//! ```
//!
//! The law: for every set of commits, every order, repetition and split, [`Field`] holds the same live ops, namely those
//! of the naive definition above. An op over another may arrive first; `dead` bridges that and shrinks again when the
//! replaced one arrives. Held commits are not counted: neither their values nor what they replace.

use std::collections::BTreeSet;

use crate::cbor::Value;
use crate::ids::{CommitRef, OfficerId};
use crate::limits;
use crate::log::detached::DetachedHash;

/// A value as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Plain(Value),
    /// A personal value: there, or destroyed.
    Detached {
        hash: DetachedHash,
        value: Option<Value>,
    },
}

impl Stored {
    /// The value; none when it was erased.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Detached { value, .. } => value.as_ref(),
        }
    }

    pub fn erased(&self) -> bool {
        self.value().is_none()
    }

    /// Whether two people said the same. Of two erased values nobody can tell any more, and nobody could settle it.
    fn agrees(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// An op that no counted op replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub commit: CommitRef,
    pub value: Stored,
    pub officer: OfficerId,
    /// By the author's corrected clock; orders the display among equals and decides nothing else.
    pub corrected_ms: i64,
}

/// Live ops by their commits, of which each holds one in a field. Nearly always there is one, for which a tree would cost
/// room for eleven.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveOps(Vec<Live>);

impl LiveOps {
    fn place(&self, commit: &CommitRef) -> Result<usize, usize> {
        self.0.binary_search_by(|live| live.commit.cmp(commit))
    }

    pub fn get(&self, commit: &CommitRef) -> Option<&Live> {
        self.0.get(self.place(commit).ok()?)
    }

    pub fn contains_key(&self, commit: &CommitRef) -> bool {
        self.place(commit).is_ok()
    }

    /// Puts it in the place of another one of its commit.
    pub fn insert(&mut self, live: Live) {
        match self.place(&live.commit) {
            Ok(at) => drop(self.0.get_mut(at).map(|there| std::mem::replace(there, live))),
            Err(at) => self.0.insert(at, live),
        }
    }

    pub fn remove(&mut self, commit: &CommitRef) -> Option<Live> {
        Some(self.0.remove(self.place(commit).ok()?))
    }

    pub fn keys(&self) -> impl Iterator<Item = &CommitRef> {
        self.0.iter().map(|live| &live.commit)
    }

    pub fn values(&self) -> impl Iterator<Item = &Live> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One field of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    pub live: LiveOps,
    /// Replaced ops that have not arrived yet.
    pub dead: BTreeSet<CommitRef>,
}

impl Field {
    /// Counts one op. `over` is what it replaces in this very field; `counted` tells whether a commit was counted before
    /// (then what it held here is live or already replaced).
    ///
    /// The caller gives every op of a commit once: a commit that was counted is not counted again.
    pub fn count(&mut self, op: Live, over: &[CommitRef], counted: impl Fn(&CommitRef) -> bool) {
        for replaced in over {
            if self.live.remove(replaced).is_none() && *replaced != op.commit && !counted(replaced) {
                self.dead.insert(*replaced);
            }
        }
        if !self.dead.remove(&op.commit) {
            self.live.insert(op);
        }
    }

    /// A commit arrived that does not touch this field although an op here names it: nothing is awaited any more.
    pub fn settle(&mut self, commit: &CommitRef) {
        self.dead.remove(commit);
    }

    /// What an edit made on this very drawing replaces: all that is live now, also what is not drawn because a status
    /// absorbs it. Handed to the screen with the value and back with the edit; never looked up when the edit is written,
    /// or it would bury what arrived in between.
    ///
    /// Cut at the 64 that one op may name: the rest stays live and is resolved by another edit.
    pub fn token(&self) -> Vec<CommitRef> {
        self.live.keys().take(limits::OVER_MAX).copied().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.dead.is_empty()
    }
}

/// How grave a value is: the gravest of several is displayed. Given by the kind and field, see `model::severity`.
pub type Severity<'a> = &'a dyn Fn(&Value) -> u8;
/// Whether the first status absorbs the second: it can be reached from it and not back.
pub type Absorbs<'a> = &'a dyn Fn(&Value, &Value) -> bool;

/// What a reader sees of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display<'a> {
    /// The live ops that no other absorbs, the displayed one first. Never empty. An edit replaces [`Field::token`], which
    /// holds the absorbed ones, too.
    pub live: Vec<&'a Live>,
    pub state: Agreement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// One value, by one or several.
    Agreed,
    /// Different values by one officer on two devices: theirs to settle, no conflict for HQ.
    TwoOfYours,
    /// Different values by different officers.
    Conflict,
}

/// Orders the live ops of a field for display: a pure function of the set, so that it never depends on who synced last.
///
/// None when there is no live op.
pub fn display<'a>(field: &'a Field, severity: Severity<'_>, absorbs: Absorbs<'_>) -> Option<Display<'a>> {
    let absorbed = |op: &Live| {
        field.live.values().any(|other| match (op.value.value(), other.value.value()) {
            (Some(mine), Some(theirs)) => absorbs(theirs, mine),
            _ => false,
        })
    };
    let mut live: Vec<&Live> = field.live.values().filter(|op| !absorbed(op)).collect();
    let rank = |op: &Live| (op.value.value().map(severity), op.corrected_ms, op.commit);
    live.sort_by_key(|op| std::cmp::Reverse(rank(op)));
    let first = live.first()?;
    let state = if live.iter().all(|op| op.value.agrees(&first.value)) {
        Agreement::Agreed
    } else if live.iter().all(|op| op.officer == first.officer) {
        Agreement::TwoOfYours
    } else {
        Agreement::Conflict
    };
    Some(Display { live, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(n: u8, value: i64, officer: u8, at: i64) -> Live {
        Live {
            commit: CommitRef([n; 16]),
            value: Stored::Plain(Value::Int(value)),
            officer: OfficerId([officer; 16]),
            corrected_ms: at,
        }
    }

    fn never(_: &Value, _: &Value) -> bool {
        false
    }

    #[test]
    fn what_replaces_may_arrive_first() {
        let mut field = Field::default();
        field.count(live(2, 1, 1, 0), &[CommitRef([1; 16])], |_| false);
        assert_eq!(field.dead.len(), 1);
        field.count(live(1, 0, 1, 0), &[], |_| false);
        assert!(field.dead.is_empty());
        assert_eq!(field.live.keys().collect::<Vec<_>>(), [&CommitRef([2; 16])]);
    }

    #[test]
    fn the_gravest_is_displayed_then_the_later_then_the_greater_hash() {
        let mut field = Field::default();
        for op in [live(1, 5, 1, 100), live(2, 9, 2, 50), live(3, 9, 3, 50)] {
            field.count(op, &[], |_| false);
        }
        let severity = |value: &Value| u8::try_from(value.as_int().unwrap()).unwrap();
        let shown = display(&field, &severity, &never).unwrap();
        assert_eq!(shown.live.iter().map(|op| op.commit.0[0]).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(shown.state, Agreement::Conflict);
        let flat = display(&field, &|_| 0, &never).unwrap();
        assert_eq!(flat.live[0].commit.0[0], 1, "later first among equals");
    }

    #[test]
    fn equal_values_agree_and_two_devices_of_one_officer_are_no_conflict() {
        let mut field = Field::default();
        field.count(live(1, 5, 1, 0), &[], |_| false);
        field.count(live(2, 5, 2, 0), &[], |_| false);
        assert_eq!(display(&field, &|_| 0, &never).unwrap().state, Agreement::Agreed);
        let mut field = Field::default();
        field.count(live(1, 5, 1, 0), &[], |_| false);
        field.count(live(2, 6, 1, 0), &[], |_| false);
        assert_eq!(display(&field, &|_| 0, &never).unwrap().state, Agreement::TwoOfYours);
    }

    #[test]
    fn a_status_that_is_further_on_absorbs() {
        let mut field = Field::default();
        field.count(live(1, 1, 1, 100), &[], |_| false);
        field.count(live(2, 2, 2, 50), &[], |_| false);
        let further = |a: &Value, b: &Value| a.as_int() > b.as_int();
        let shown = display(&field, &|_| 0, &further).unwrap();
        assert_eq!((shown.live.len(), shown.state), (1, Agreement::Agreed));
    }

    #[test]
    fn erased_values_conflict_with_what_is_there_and_not_with_each_other() {
        let erased = |n| Stored::Detached { hash: [n; 32], value: None };
        assert!(erased(1).agrees(&erased(1)));
        assert!(erased(1).agrees(&erased(2)));
        assert!(!erased(1).agrees(&Stored::Plain(Value::Null)));
    }
}

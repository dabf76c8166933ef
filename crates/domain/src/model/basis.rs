//! The basis of an act: the commits that hold what its author saw.
//!
//! A seal, a retraction and a review speak of a thing as it was drawn. What came later, or was not here yet, is live
//! outside the basis, and shows: a sealed visit says "n entries after the seal", a retracted thing with news is a
//! conflict again. A resolution needs no list of its own: its basis is its `over`.

use std::collections::BTreeSet;

use crate::cbor::Value;
use crate::ids::CommitRef;
use crate::log::body::Kind;

use super::{field, kind};

/// A commit of a basis: an ancestor on the author's chain by its number alone, another by its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    Own(u64),
    Other(CommitRef),
}

/// `[number | reference…]`.
pub fn to_value(basis: &[Basis]) -> Value {
    let items = basis.iter().map(|basis| match basis {
        Basis::Own(seq) => Value::Int(seq.cast_signed()),
        Basis::Other(commit) => Value::bytes(commit.0),
    });
    Value::Array(items.collect())
}

pub fn from_value(value: &Value) -> Option<Vec<Basis>> {
    let items = value.as_array()?.iter().map(|item| match item {
        Value::Int(seq) => u64::try_from(*seq).ok().map(Basis::Own),
        Value::Bytes(bytes) => CommitRef::from_slice(bytes).ok().map(Basis::Other),
        _ => None,
    });
    items.collect()
}

/// Whether a field is an entry of a visit, and not an act on one: what a seal or a review can be too early for.
///
/// A retraction is an entry (what was sealed counts less since); the words of its reason are part of it.
pub fn is_entry(kind: Kind, name: &str) -> bool {
    let seal = kind == kind::PRESENCE && name == field::SEAL;
    !seal && kind != kind::REVIEW && name != field::RETRACTED_BECAUSE
}

/// Whether a field is what a retraction of its thing speaks of.
pub fn is_retractable(kind: Kind, name: &str) -> bool {
    is_entry(kind, name) && name != field::RETRACTED
}

/// How many of these live ops no basis holds.
pub fn outside(live: impl IntoIterator<Item = CommitRef>, covered: &BTreeSet<CommitRef>) -> u32 {
    let outside = live.into_iter().filter(|commit| !covered.contains(commit)).count();
    u32::try_from(outside).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_round_trips_and_other_values_are_none() {
        let basis = vec![Basis::Own(7), Basis::Other(CommitRef([3; 16]))];
        assert_eq!(from_value(&to_value(&basis)), Some(basis));
        for wrong in [Value::Null, Value::Array(vec![Value::Int(-1)]), Value::Array(vec![Value::bytes([1])])]
        {
            assert_eq!(from_value(&wrong), None);
        }
    }

    #[test]
    fn acts_are_no_entries() {
        assert!(is_entry(kind::VISIT, "a/X") && is_entry(kind::PRESENCE, field::END));
        assert!(!is_entry(kind::PRESENCE, field::SEAL) && !is_entry(kind::REVIEW, field::FACT));
        assert!(
            is_entry(kind::FINDING, field::RETRACTED) && !is_retractable(kind::FINDING, field::RETRACTED)
        );
        assert!(!is_entry(kind::FINDING, field::RETRACTED_BECAUSE));
    }

    #[test]
    fn news_are_what_no_basis_holds() {
        let commit = |n| CommitRef([n; 16]);
        assert_eq!(outside([commit(1), commit(2), commit(3)], &BTreeSet::from([commit(2)])), 2);
    }
}

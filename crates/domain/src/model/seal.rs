//! The value of a seal: what an officer finished, in one hash.

use crate::cbor::Value;
use crate::ids::{CommitRef, EntityId, tagged_hash};
use crate::merge::Stored;

pub const SEAL_TAG: &str = "xuncha/1 seal";
pub const VALUE_TAG: &str = "xuncha/1 value";

/// One live op that a seal covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered<'a> {
    pub entity: EntityId,
    pub field: &'a str,
    pub commit: CommitRef,
    pub value: &'a Stored,
}

/// The hash that stands for a value: its salted hash when it is detached, so that erasing it leaves every seal whole.
pub fn value_hash(value: &Stored) -> [u8; 32] {
    match value {
        Stored::Plain(value) => tagged_hash(VALUE_TAG, &[&value.encode()]),
        Stored::Detached { hash, .. } => *hash,
    }
}

/// The hash over the sorted (entity, field, commit, value hash) of everything the visit holds.
///
/// Per op: entity (16 bytes), length of the field name (1), the name, commit reference (16), value hash (32).
pub fn hash(mut covered: Vec<Covered<'_>>) -> [u8; 32] {
    covered.sort_by(|a, b| (a.entity, a.field, a.commit).cmp(&(b.entity, b.field, b.commit)));
    let mut bytes = Vec::new();
    for op in covered {
        bytes.extend_from_slice(op.entity.as_bytes());
        bytes.push(u8::try_from(op.field.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(op.field.as_bytes());
        bytes.extend_from_slice(op.commit.as_bytes());
        bytes.extend_from_slice(&value_hash(op.value));
    }
    tagged_hash(SEAL_TAG, &[&bytes])
}

/// What stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub hash: [u8; 32],
    pub checklist: Option<[u8; 32]>,
    /// How many photos it covers; their hashes are in the ops.
    pub photos: u32,
    /// The commits whose live ops it covers. Anything live outside is "after the seal".
    pub basis: Vec<Basis>,
}

/// A commit of a basis: an ancestor on the sealing chain by its number alone, another by its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    Own(u64),
    Other(CommitRef),
}

impl Seal {
    /// `[hash, null | checklist, photos, [number | reference…]]`.
    pub fn to_value(&self) -> Value {
        let basis = self.basis.iter().map(|basis| match basis {
            Basis::Own(seq) => Value::Int(seq.cast_signed()),
            Basis::Other(commit) => Value::bytes(commit.0),
        });
        Value::Array(vec![
            Value::bytes(self.hash),
            Value::option(self.checklist, Value::bytes),
            Value::Int(self.photos.into()),
            Value::Array(basis.collect()),
        ])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [hash, checklist, photos, basis] = value.as_array()? else { return None };
        let basis = basis.as_array()?.iter().map(|item| match item {
            Value::Int(seq) => u64::try_from(*seq).ok().map(Basis::Own),
            Value::Bytes(bytes) => CommitRef::from_slice(bytes).ok().map(Basis::Other),
            _ => None,
        });
        Some(Self {
            hash: hash.as_bytes()?.try_into().ok()?,
            checklist: match checklist {
                Value::Null => None,
                value => Some(value.as_bytes()?.try_into().ok()?),
            },
            photos: u32::try_from(photos.as_int()?).ok()?,
            basis: basis.collect::<Option<Vec<_>>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_whatever_the_order_and_after_an_erasure() {
        let plain = Stored::Plain(Value::Bool(true));
        let open = Stored::Detached { hash: [9; 32], value: Some(Value::text("n")) };
        let erased = Stored::Detached { hash: [9; 32], value: None };
        let covered = |n: u8, value| Covered {
            entity: EntityId([n; 16]),
            field: "f",
            commit: CommitRef([n; 16]),
            value,
        };
        let before = hash(vec![covered(1, &plain), covered(2, &open)]);
        assert_eq!(before, hash(vec![covered(2, &erased), covered(1, &plain)]));
        assert_ne!(before, hash(vec![covered(1, &plain)]));
    }

    #[test]
    fn a_seal_round_trips() {
        let seal = Seal {
            hash: [1; 32],
            checklist: None,
            photos: 2,
            basis: vec![Basis::Own(7), Basis::Other(CommitRef([3; 16]))],
        };
        assert_eq!(Seal::from_value(&seal.to_value()), Some(seal));
    }
}

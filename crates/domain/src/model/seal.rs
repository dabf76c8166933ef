//! The value of a seal: what an officer finished, in one hash.
//!
//! The hash is a function of the ops of the basis commits and of nothing else, so that it can be checked at any later
//! time, whatever was edited, added or erased since. A seal cannot cover the commit that it stands in: that commit's
//! reference depends on the seal.

use std::collections::{BTreeMap, BTreeSet};

use crate::cbor::Value;
use crate::ids::{CommitRef, EntityId, tagged_hash};
use crate::log::body::Entity;
use crate::merge::Stored;

pub use super::basis::Basis;
use super::{field, kind};

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

/// One op of a commit, with what it replaces named by commit.
#[derive(Debug, Clone, Copy)]
pub struct BasisOp<'a> {
    pub commit: CommitRef,
    pub entity: &'a Entity,
    pub field: &'a str,
    pub over: &'a [CommitRef],
    pub value: &'a Stored,
}

impl BasisOp<'_> {
    /// Whether a seal of `visit` speaks of this op: of everything that hangs on the visit, but never of seals.
    fn concerns(&self, visit: EntityId) -> bool {
        let seal = self.entity.kind == kind::PRESENCE && self.field == field::SEAL;
        self.entity.root().id == visit && !seal
    }

    fn names(&self, other: &Self) -> bool {
        other.commit != self.commit && self.over.contains(&other.commit)
    }
}

/// What a seal of `visit` covers, out of the `ops` of its basis commits: those that no other op among them replaces in
/// the same entity and field. Order and repetition do not matter.
pub fn recompute<'a>(visit: EntityId, ops: &[BasisOp<'a>]) -> Vec<Covered<'a>> {
    let mut covered: Vec<Covered<'a>> = Vec::new();
    for ops in by_field(visit, ops).into_values() {
        let live = ops.iter().filter(|op| !ops.iter().any(|by| by.names(op)));
        covered.extend(live.map(|op| Covered {
            entity: op.entity.id,
            field: op.field,
            commit: op.commit,
            value: op.value,
        }));
    }
    covered
}

/// The basis of a seal of `visit`: the commits that hold a live op out of `ops` (all counted ops of the visit), and those
/// needed to tell, from the basis alone, that the other ops of these commits are not live.
pub fn basis(visit: EntityId, ops: &[BasisOp<'_>]) -> BTreeSet<CommitRef> {
    let fields: Vec<Vec<BasisOp<'_>>> = by_field(visit, ops).into_values().collect();
    let mut basis: BTreeSet<CommitRef> = recompute(visit, ops).iter().map(|op| op.commit).collect();
    // Each round adds a commit or ends.
    loop {
        let missing = fields.iter().find_map(|ops| {
            let unexplained = ops.iter().filter(|op| {
                basis.contains(&op.commit) && !ops.iter().any(|by| by.names(op) && basis.contains(&by.commit))
            });
            // The lowest replacing commit: the choice must not depend on the order of `ops`.
            unexplained.filter_map(|op| ops.iter().filter(|by| by.names(op)).map(|by| by.commit).min()).min()
        });
        match missing {
            Some(commit) => basis.insert(commit),
            None => return basis,
        };
    }
}

/// The ops that concern the visit by entity and field, each once.
fn by_field<'a>(visit: EntityId, ops: &[BasisOp<'a>]) -> BTreeMap<(EntityId, &'a str), Vec<BasisOp<'a>>> {
    let mut fields: BTreeMap<(EntityId, &str), Vec<BasisOp<'a>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for op in ops.iter().filter(|op| op.concerns(visit)) {
        if seen.insert((op.entity.id, op.field, op.commit)) {
            fields.entry((op.entity.id, op.field)).or_default().push(*op);
        }
    }
    fields
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

impl Seal {
    /// `[hash, null | checklist, photos, [number | reference…]]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![
            Value::bytes(self.hash),
            Value::option(self.checklist, Value::bytes),
            Value::Int(self.photos.into()),
            super::basis::to_value(&self.basis),
        ])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [hash, checklist, photos, basis] = value.as_array()? else { return None };
        Some(Self {
            hash: hash.as_bytes()?.try_into().ok()?,
            checklist: match checklist {
                Value::Null => None,
                value => Some(value.as_bytes()?.try_into().ok()?),
            },
            photos: u32::try_from(photos.as_int()?).ok()?,
            basis: super::basis::from_value(basis)?,
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

    use crate::ids::{DeviceId, OfficerId};
    use crate::model::visit;

    const VISIT: EntityId = EntityId([1; 16]);

    /// An op of commit `n`: entity, field, value, and the commits it replaces.
    struct Written {
        commit: CommitRef,
        entity: Entity,
        field: &'static str,
        value: Stored,
        over: Vec<CommitRef>,
    }

    fn written(n: u8, entity: &Entity, field: &'static str, value: Stored, over: &[u8]) -> Written {
        let over = over.iter().map(|n| CommitRef([*n; 16])).collect();
        Written { commit: CommitRef([n; 16]), entity: entity.clone(), field, value, over }
    }

    fn ops(written: &[Written]) -> Vec<BasisOp<'_>> {
        written
            .iter()
            .map(|w| BasisOp {
                commit: w.commit,
                entity: &w.entity,
                field: w.field,
                over: &w.over,
                value: &w.value,
            })
            .collect()
    }

    /// The commits that are covered, by field.
    fn covered(written: &[Written]) -> Vec<(&str, u8)> {
        let ops = ops(written);
        let mut found: Vec<_> = recompute(VISIT, &ops).iter().map(|c| (c.field, c.commit.0[0])).collect();
        found.sort_unstable();
        found
    }

    fn yes() -> Stored {
        Stored::Plain(Value::Bool(true))
    }
    fn no() -> Stored {
        Stored::Plain(Value::Bool(false))
    }

    #[test]
    fn a_replaced_op_is_not_covered_and_one_replaced_in_another_field_is() {
        let visit = visit::visit(VISIT);
        let log = [
            written(1, &visit, "a/1", yes(), &[]),
            written(1, &visit, "a/2", yes(), &[]),
            written(2, &visit, "a/1", no(), &[1]),
        ];
        assert_eq!(covered(&log), [("a/1", 2), ("a/2", 1)]);
    }

    #[test]
    fn both_branches_of_a_fork_are_covered_until_one_op_replaces_both() {
        let visit = visit::visit(VISIT);
        let mut log = vec![
            written(1, &visit, "a/1", yes(), &[]),
            written(2, &visit, "a/1", no(), &[1]),
            written(3, &visit, "a/1", Stored::Plain(Value::Null), &[1]),
        ];
        assert_eq!(covered(&log), [("a/1", 2), ("a/1", 3)]);
        log.push(written(4, &visit, "a/1", yes(), &[2, 3]));
        assert_eq!(covered(&log), [("a/1", 4)]);
    }

    #[test]
    fn what_hangs_on_the_visit_is_covered_and_seals_and_other_visits_are_not() {
        let visit = visit::visit(VISIT);
        let other = visit::visit(EntityId([9; 16]));
        let presence = visit::presence(&visit, DeviceId([2; 16]));
        let log = [
            written(1, &visit::finding(&visit, "1"), "status", yes(), &[]),
            written(1, &presence, field::END, yes(), &[]),
            written(1, &other, "a/1", yes(), &[]),
            written(2, &presence, field::SEAL, yes(), &[]),
        ];
        assert_eq!(covered(&log), [("end", 1), ("status", 1)]);
    }

    #[test]
    fn a_seal_is_the_same_after_later_edits_and_erasures_and_in_any_order() {
        let visit = visit::visit(VISIT);
        let note = visit::note(&visit, None, OfficerId([3; 16]));
        let text = |value: Option<Value>| Stored::Detached { hash: [7; 32], value };
        let at_sealing = [
            written(1, &visit, "a/1", yes(), &[]),
            written(1, &note, "text", text(Some(Value::text("x"))), &[]),
            written(2, &visit, "a/1", no(), &[1]),
        ];
        let before = hash(recompute(VISIT, &ops(&at_sealing)));
        // The edit of commit 3 is outside the basis, so whoever checks never passes it in.
        let later = [
            written(2, &visit, "a/1", no(), &[1]),
            written(1, &note, "text", text(None), &[]),
            written(1, &visit, "a/1", yes(), &[]),
            written(1, &visit, "a/1", yes(), &[]),
        ];
        assert_eq!(hash(recompute(VISIT, &ops(&later))), before);
        assert_ne!(hash(recompute(VISIT, &ops(&later)[..1])), before);
    }

    #[test]
    fn the_basis_tells_by_itself_what_is_live() {
        let visit = visit::visit(VISIT);
        let log = [
            written(1, &visit, "a/1", yes(), &[]),
            written(1, &visit, "a/2", yes(), &[]),
            // Holds nothing live, but without it commit 1 would seem to hold a live a/1.
            written(2, &visit, "a/1", no(), &[1]),
            written(3, &visit, "a/1", yes(), &[2]),
            // Neither live nor needed.
            written(4, &visit, "a/3", yes(), &[]),
            written(5, &visit, "a/3", no(), &[4]),
        ];
        let basis = basis(VISIT, &ops(&log));
        assert_eq!(basis.iter().map(|c| c.0[0]).collect::<Vec<_>>(), [1, 2, 3, 5]);
        let inside: Vec<_> = ops(&log).into_iter().filter(|op| basis.contains(&op.commit)).collect();
        assert_eq!(hash(recompute(VISIT, &inside)), hash(recompute(VISIT, &ops(&log))));
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

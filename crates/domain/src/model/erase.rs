//! Erase orders: HQ names what is to be destroyed, and every replica does it.
//!
//! Which commits an order acts on depends on nothing but the two commits: it destroys the named values of every commit
//! whose author had not seen it, that is, whose header names a feed position not above that of the order's own header.
//! So every replica destroys the same, in whatever order things arrive: an order that comes before the values is kept
//! and acts when they come, an edit made offline while the order was given is caught on arrival (its author is told and
//! can write it again), and what somebody writes who has seen the order stays.
//!
//! Positions count the feed of one HQ. One that was restored from a backup numbers anew, so it gives the orders of before
//! once more, from where it stands then or stood when they were given, whichever is further. What remains open: an order
//! that is new after a restore does not act on what a phone wrote with a higher position of the feed of before.

use crate::cbor::Value;
use crate::ids::{EntityId, OfficerId};
use crate::log::body::{Entity, Op, OpValue};
use crate::log::commit::Commit;

use super::{field, kind};

/// Targets of one order; HQ gives several orders where it needs more.
pub const TARGETS_MAX: usize = 500;

/// What an order names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// One field of one thing.
    Field { entity: EntityId, field: String },
    /// Every detached value of a thing and of what hangs on it.
    Everything(EntityId),
    /// The bytes of a photo, or of a thumbnail that its fact names; name and hash stay in the log.
    Photo([u8; 32]),
}

impl Target {
    /// `[0, entity, field]`, `[1, entity]` or `[2, SHA-256]`.
    fn to_value(&self) -> Value {
        Value::Array(match self {
            Self::Field { entity, field } => {
                vec![Value::Int(0), Value::bytes(entity.0), Value::text(field.as_str())]
            }
            Self::Everything(entity) => vec![Value::Int(1), Value::bytes(entity.0)],
            Self::Photo(sha256) => vec![Value::Int(2), Value::bytes(*sha256)],
        })
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value.as_array()? {
            [Value::Int(0), entity, field, ..] => Some(Self::Field {
                entity: EntityId::from_slice(entity.as_bytes()?).ok()?,
                field: field.as_text()?.to_owned(),
            }),
            [Value::Int(1), entity, ..] => {
                Some(Self::Everything(EntityId::from_slice(entity.as_bytes()?).ok()?))
            }
            [Value::Int(2), sha256, ..] => Some(Self::Photo(sha256.as_bytes()?.try_into().ok()?)),
            _ => None,
        }
    }

    /// Whether it names what an op sets.
    pub fn names(&self, op: &Op) -> bool {
        match self {
            Self::Field { entity, field } => op.entity.id == *entity && op.field == *field,
            Self::Everything(entity) => lineage(&op.entity).any(|of| of.id == *entity),
            Self::Photo(_) => false,
        }
    }
}

/// A thing and all that it hangs on.
pub fn lineage(entity: &Entity) -> impl Iterator<Item = &Entity> {
    std::iter::successors(Some(entity), |entity| entity.origin.as_ref().map(|origin| &origin.parent))
}

/// An order as its commit gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: EntityId,
    /// Feed position of the commit's header: authors that name no higher one had not seen the order.
    pub position: u64,
    /// The console user who gave it.
    pub by: OfficerId,
    pub at_ms: i64,
    pub targets: Vec<Target>,
}

/// The value of an order.
pub fn to_value(targets: &[Target]) -> Value {
    Value::Array(targets.iter().map(Target::to_value).collect())
}

/// What an order names, as far as this version knows it.
pub fn targets(value: &Value) -> Vec<Target> {
    value.as_array().unwrap_or_default().iter().filter_map(Target::from_value).collect()
}

/// The orders that a commit gives. The caller has made sure that it is HQ's.
pub fn orders(commit: &Commit) -> Vec<Order> {
    let facts = commit.ops().iter().filter(|op| op.entity.kind == kind::ERASE && op.field == field::FACT);
    facts
        .filter_map(|op| {
            let OpValue::Plain(value) = &op.value else { return None };
            Some(Order {
                id: op.entity.id,
                position: commit.header.feed_position,
                by: commit.header.officer,
                at_ms: commit.op_corrected_ms(op),
                targets: targets(value),
            })
        })
        .collect()
}

/// Whether the author of `commit` had not seen an order given at this feed position.
pub fn unseen(order_position: u64, commit: &Commit) -> bool {
    commit.header.feed_position <= order_position
}

/// The detached values of a commit, by their places, that are still there and whose op is `named`.
pub fn slots(commit: &Commit, named: impl Fn(&Op) -> bool) -> Vec<usize> {
    let place = |op: &Op| match op.value {
        OpValue::Detached(index) if commit.detached.value(index).is_some() && named(op) => Some(index),
        _ => None,
    };
    commit.ops().iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChainId, CommitHash};
    use crate::log::commit::{Place, Stamp};
    use crate::log::detached::Detached;
    use crate::model::visit;

    const VISIT: EntityId = EntityId([1; 16]);
    const AUTHOR: OfficerId = OfficerId([3; 16]);

    fn commit(feed_position: u64, ops: &[Op], detached: Detached) -> Commit {
        let place = Place { chain: ChainId([1; 16]), seq: 1, prev: CommitHash([2; 32]) };
        let stamp = Stamp {
            officer: AUTHOR,
            device_ms: 0,
            clock: None,
            boot: [4; 8],
            monotonic_ms: 0,
            feed_position,
        };
        Commit::write(place, &stamp, ops, detached).unwrap()
    }

    fn op(entity: Entity, field: &str, value: OpValue) -> Op {
        Op { entity, field: field.into(), value, before_s: 0, over: Vec::new() }
    }

    /// A plain answer, a text answer and a note.
    fn visited(feed_position: u64) -> Commit {
        let root = visit::visit(VISIT);
        let ops = [
            op(root.clone(), &field::answer("A"), OpValue::Plain(Value::Bool(true))),
            op(root.clone(), &field::answer("B"), OpValue::Detached(0)),
            op(visit::note(&root, None, AUTHOR), field::TEXT, OpValue::Detached(1)),
        ];
        commit(feed_position, &ops, Detached::new([7; 16], vec![Value::text("x"), Value::text("y")]))
    }

    #[test]
    fn an_order_comes_back_from_its_commit() {
        let targets = vec![
            Target::Field { entity: VISIT, field: "text".into() },
            Target::Everything(EntityId([2; 16])),
            Target::Photo([3; 32]),
        ];
        let Value::Array(mut values) = to_value(&targets) else { panic!() };
        values.push(Value::Array(vec![Value::Int(9), Value::Null]));
        let entity = Entity::new(kind::ERASE, EntityId([8; 16]));
        let given =
            commit(5, &[op(entity, field::FACT, OpValue::Plain(Value::Array(values)))], Detached::none());
        let [order] = orders(&given).try_into().unwrap();
        assert_eq!((order.id, order.position, order.by), (EntityId([8; 16]), 5, AUTHOR));
        assert_eq!(order.targets, targets, "what a newer version may name one day is passed over");
    }

    #[test]
    fn it_acts_on_what_was_written_without_having_seen_it() {
        assert!(unseen(5, &visited(0)) && unseen(5, &visited(5)));
        assert!(!unseen(5, &visited(6)));
    }

    #[test]
    fn it_finds_the_values_that_are_there() {
        let commit = visited(0);
        let field = Target::Field { entity: VISIT, field: field::answer("B") };
        assert_eq!(slots(&commit, |op| field.names(op)), [0]);
        let plain = Target::Field { entity: VISIT, field: field::answer("A") };
        assert!(slots(&commit, |op| plain.names(op)).is_empty(), "only detached values can be destroyed");
        let all = Target::Everything(VISIT);
        assert_eq!(slots(&commit, |op| all.names(op)), [0, 1], "what hangs on it, too");
        let erased = commit.erased(&[0]);
        assert_eq!(erased.hash, commit.hash);
        assert_eq!(slots(&erased, |op| all.names(op)), [1], "once");
    }
}

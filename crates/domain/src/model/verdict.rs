//! Verdicts: what HQ made of a commit that it holds back. A receipt says what HQ has; a verdict what it made of it.

use crate::cbor::Value;
use crate::ids::{CommitHash, EntityId, short};
use crate::log::body::Entity;

use super::kind;
pub use super::words::HeldReason;

/// The entity of a verdict on a commit: one verdict per commit, whatever node wrote it.
pub fn entity(commit: &CommitHash) -> Entity {
    Entity::new(kind::VERDICT, EntityId(short(&commit.0)))
}

/// `[0 | 1, reason]`: held, or applied after all.
pub fn to_value(applied: bool, reason: HeldReason) -> Value {
    Value::Array(vec![Value::Int(i64::from(applied)), Value::Int(reason.number())])
}

/// Whether it was applied after all, and the reason for which it was held.
pub fn from_value(value: &Value) -> Option<(bool, HeldReason)> {
    match value.as_array()? {
        [Value::Int(applied), Value::Int(reason)] => Some((*applied != 0, HeldReason::from_number(*reason)?)),
        _ => None,
    }
}

//! A supervisor's review of a visit, written by HQ alone: one per visit, whoever wrote it last.

use crate::cbor::Value;
use crate::log::body::Entity;

use super::basis::{self, Basis};
use super::kind;
pub use super::words::ReviewState;

/// What HQ said, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub state: ReviewState,
    pub basis: Vec<Basis>,
}

impl Review {
    /// `[state, basis]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![Value::Int(self.state.number()), basis::to_value(&self.basis)])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [Value::Int(state), basis] = value.as_array()? else { return None };
        Some(Self { state: ReviewState::from_number(*state)?, basis: basis::from_value(basis)? })
    }
}

pub fn entity(visit: &Entity) -> Entity {
    Entity::keyed(kind::REVIEW, visit, Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_round_trips() {
        let review = Review { state: ReviewState::Returned, basis: Vec::new() };
        assert_eq!(Review::from_value(&review.to_value()), Some(review));
        assert_eq!(Review::from_value(&Value::Array(vec![Value::Int(9), Value::Array(Vec::new())])), None);
    }
}

//! Taking back what was entered by mistake. Nothing is deleted: the thing stays, says that it does not count, and why.

use crate::cbor::Value;
use crate::log::body::Kind;

use super::basis::{self, Basis};
use super::kind;

/// The value of the field `retracted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// False takes a retraction back.
    pub retracted: bool,
    /// What the author saw of the thing.
    pub basis: Vec<Basis>,
}

impl Retraction {
    /// `[retracted, basis]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![Value::Bool(self.retracted), basis::to_value(&self.basis)])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [Value::Bool(retracted), basis] = value.as_array()? else { return None };
        Some(Self { retracted: *retracted, basis: basis::from_value(basis)? })
    }
}

/// Kinds of thing that can be retracted.
pub fn applies_to(kind: Kind) -> bool {
    matches!(kind, kind::VISIT | kind::FINDING | kind::PHOTO | kind::READING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retraction_round_trips() {
        let retraction = Retraction { retracted: true, basis: vec![Basis::Own(2)] };
        assert_eq!(Retraction::from_value(&retraction.to_value()), Some(retraction));
        assert_eq!(Retraction::from_value(&Value::Bool(true)), None);
    }
}

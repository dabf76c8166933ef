//! A document that was made on site, as the log holds it: plainly what must outlive an erasure, and beside it, as one
//! detached value on the field [`super::field::DATA`], the text from which any replica makes the same paper again.

use crate::cbor::Value;
use crate::ids::EntityId;

pub use super::words::DocumentOutcome;

/// Ours have three; the bound is for strangers.
const CODE_BYTES_MAX: usize = 16;

/// The fact of a document; its provisional number is the entity's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `D03`, as in `data/documents.csv`.
    pub code: String,
    /// Edition of page, labels, font and typesetter.
    pub edition: u32,
    /// Of the PDF.
    pub sha256: [u8; 32],
    /// By the phone that made it, as printed.
    pub made_ms: i64,
    pub outcome: DocumentOutcome,
    /// The document of the same visit in whose place it stands.
    pub supersedes: Option<EntityId>,
}

impl Document {
    /// `[code, edition, sha256, made, outcome, null | supersedes]`.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![
            Value::text(&self.code),
            Value::Int(self.edition.into()),
            Value::bytes(self.sha256),
            Value::Int(self.made_ms),
            Value::Int(self.outcome.number()),
            Value::option(self.supersedes, |id| Value::bytes(id.0)),
        ])
    }

    /// What a newer version appends is passed over.
    pub fn from_value(value: &Value) -> Option<Self> {
        let [code, edition, sha256, made, outcome, supersedes, ..] = value.as_array()? else { return None };
        Some(Self {
            code: code.as_text().filter(|code| code.len() <= CODE_BYTES_MAX)?.to_owned(),
            edition: u32::try_from(edition.as_int()?).ok()?,
            sha256: sha256.as_bytes()?.try_into().ok()?,
            made_ms: made.as_int()?,
            outcome: DocumentOutcome::from_number(outcome.as_int()?)?,
            supersedes: match supersedes {
                Value::Null => None,
                value => Some(EntityId::from_slice(value.as_bytes()?).ok()?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_round_trips_and_other_values_are_none() {
        let mut document = Document {
            code: "D03".into(),
            edition: 1,
            sha256: [7; 32],
            made_ms: 1_580_692_320_000,
            outcome: DocumentOutcome::Witness,
            supersedes: None,
        };
        assert_eq!(Document::from_value(&document.to_value()), Some(document.clone()));
        document.supersedes = Some(EntityId([3; 16]));
        assert_eq!(Document::from_value(&document.to_value()), Some(document.clone()));
        document.code = "x".repeat(17);
        assert_eq!(Document::from_value(&document.to_value()), None);
        assert_eq!(Document::from_value(&Value::Array(vec![Value::Null; 6])), None);
    }
}

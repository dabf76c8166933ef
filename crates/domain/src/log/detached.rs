//! Values that can be destroyed while every signature still holds.
//!
//! An op holds only a salted hash of a detached value; the value travels and lies beside the op. All salts of a commit
//! come from one 16-byte secret, so the hash itself need not travel while the value does. Erasing one value drops the
//! secret and keeps the other salts.

use hmac::{Hmac, KeyInit, Mac};
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use sha2::Sha256;

use crate::cbor::{self, CborError, Value};
use crate::ids::tagged_hash;
use crate::limits;

pub const HASH_TAG: &str = "xuncha/1 detached";

/// The hash that stands in the commit for a detached value.
pub type DetachedHash = [u8; 32];

/// The detached values of one commit, in the order of the ops that refer to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detached {
    /// Nothing erased: one secret gives every salt.
    Whole { secret: [u8; 16], values: Vec<Value> },
    /// Something was erased.
    Partial(Vec<Slot>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    Open { salt: [u8; 16], value: Value },
    Erased(DetachedHash),
}

/// Salt of the `index`-th detached value of a commit: HMAC-SHA-256 (RFC 2104) of the index (four bytes, big endian)
/// under the commit's secret, first 16 bytes.
fn salt(secret: &[u8; 16], index: usize) -> [u8; 16] {
    salts(secret)(index)
}

/// The salts of a commit; what they have in common is computed once.
fn salts(secret: &[u8; 16]) -> impl Fn(usize) -> [u8; 16] {
    // HMAC takes keys of every length.
    let keyed = Hmac::<Sha256>::new_from_slice(secret).ok();
    move |index| {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        keyed.clone().map_or([0; 16], |mut mac| {
            mac.update(&index.to_be_bytes());
            crate::ids::short(&mac.finalize().into_bytes().into())
        })
    }
}

fn hash(salt: &[u8; 16], value: &Value) -> DetachedHash {
    tagged_hash(HASH_TAG, &[salt, &value.encode()])
}

impl Detached {
    /// A commit without personal values.
    pub fn none() -> Self {
        Self::Partial(Vec::new())
    }

    /// `secret` must be random and used for this commit only.
    pub fn new(secret: [u8; 16], values: Vec<Value>) -> Self {
        if values.is_empty() { Self::none() } else { Self::Whole { secret, values } }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Whole { values, .. } => values.len(),
            Self::Partial(slots) => slots.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that count against the limit of a commit. Of a commit in which something was erased only the values do: not
    /// the salts and hashes that erasing leaves, or it could make a commit that nobody takes.
    pub(super) fn counted_len(&self) -> usize {
        match self {
            Self::Whole { secret, values } => {
                let values_len = values.iter().map(Value::encoded_len).sum::<usize>();
                cbor::head_len(values.len() as u64 + 1) + 1 + secret.len() + values_len
            }
            Self::Partial(slots) => slots
                .iter()
                .map(|slot| match slot {
                    Slot::Open { value, .. } => value.encoded_len(),
                    Slot::Erased(_) => 0,
                })
                .sum(),
        }
    }

    pub fn hashes(&self) -> Vec<DetachedHash> {
        match self {
            Self::Whole { secret, values } => {
                let salt = salts(secret);
                values.iter().enumerate().map(|(index, value)| hash(&salt(index), value)).collect()
            }
            Self::Partial(slots) => (0..slots.len()).filter_map(|index| self.hash(index)).collect(),
        }
    }

    /// The hash of the value at `index`; none when it never existed.
    pub fn hash(&self, index: usize) -> Option<DetachedHash> {
        match self {
            Self::Whole { secret, values } => Some(hash(&salt(secret, index), values.get(index)?)),
            Self::Partial(slots) => Some(match slots.get(index)? {
                Slot::Open { salt, value } => hash(salt, value),
                Slot::Erased(hash) => *hash,
            }),
        }
    }

    /// The value at `index`; none when it was erased or never existed.
    pub fn value(&self, index: usize) -> Option<&Value> {
        match self {
            Self::Whole { values, .. } => values.get(index),
            Self::Partial(slots) => match slots.get(index)? {
                Slot::Open { value, .. } => Some(value),
                Slot::Erased(_) => None,
            },
        }
    }

    /// The same values with those at `erased` destroyed. The hashes stay as they were.
    pub fn erase(&self, erased: &[usize]) -> Self {
        let slots = self.hashes().into_iter().enumerate().map(|(i, hash)| match self {
            _ if erased.contains(&i) => Slot::Erased(hash),
            Self::Whole { secret, values } => match values.get(i) {
                Some(value) => Slot::Open { salt: salt(secret, i), value: value.clone() },
                None => Slot::Erased(hash),
            },
            Self::Partial(slots) => slots.get(i).cloned().unwrap_or(Slot::Erased(hash)),
        });
        Self::Partial(slots.collect())
    }

    /// `null`, `[secret, value…]`, or `[null, slot…]` with a slot as `[salt, value]` or the 32-byte hash of an erased value.
    pub(super) fn write(&self, e: &mut Encoder<Vec<u8>>) {
        match self {
            _ if self.is_empty() => drop(e.null()),
            Self::Whole { secret, values } => {
                drop(e.array(values.len() as u64 + 1));
                drop(e.bytes(secret));
                values.iter().for_each(|value| value.write(e));
            }
            Self::Partial(slots) => {
                drop(e.array(slots.len() as u64 + 1));
                drop(e.null());
                for slot in slots {
                    match slot {
                        Slot::Open { salt, value } => {
                            drop(e.array(2));
                            drop(e.bytes(salt));
                            value.write(e);
                        }
                        Slot::Erased(hash) => drop(e.bytes(hash)),
                    }
                }
            }
        }
    }

    pub(super) fn read(d: &mut Decoder<'_>) -> Result<Self, CborError> {
        if cbor::take_null(d)? {
            return Ok(Self::none());
        }
        let len =
            cbor::array_len(d, limits::COMMIT_OPS_MAX + 1)?.checked_sub(1).ok_or(CborError::Malformed)?;
        if cbor::take_null(d)? {
            let mut slots = Vec::new();
            for _ in 0..len {
                slots.push(match d.datatype()? {
                    Type::Bytes => Slot::Erased(cbor::fixed(d)?),
                    _ => {
                        cbor::expect_array(d, 2)?;
                        Slot::Open { salt: cbor::fixed(d)?, value: bounded(Value::read(d)?)? }
                    }
                });
            }
            return if slots.is_empty() { Err(CborError::Malformed) } else { Ok(Self::Partial(slots)) };
        }
        let secret = cbor::fixed(d)?;
        let mut values = cbor::room(d, len);
        for _ in 0..len {
            values.push(bounded(Value::read(d)?)?);
        }
        if values.is_empty() { Err(CborError::Malformed) } else { Ok(Self::Whole { secret, values }) }
    }

    /// The form in which a store keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encoded(|e| self.write(e))
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CborError> {
        let mut d = Decoder::new(bytes);
        let detached = Self::read(&mut d)?;
        cbor::expect_end(&d, bytes)?;
        Ok(detached)
    }
}

fn bounded(value: Value) -> Result<Value, CborError> {
    if value.encoded_len() > limits::DETACHED_BYTES_MAX {
        Err(CborError::Limit("detached value"))
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erasing_keeps_every_hash_and_the_other_values() {
        let whole = Detached::new([7; 16], vec![Value::text("a"), Value::text("b"), Value::text("a")]);
        let hashes = whole.hashes();
        assert_ne!(hashes[0], hashes[2], "equal values must not show as equal");
        let partial = whole.erase(&[1]);
        assert_eq!(partial.hashes(), hashes);
        assert_eq!(partial.value(0), Some(&Value::text("a")));
        assert_eq!(partial.value(1), None);
        assert_eq!(partial.erase(&[0]).hashes(), hashes);
        assert_eq!(whole.counted_len(), whole.to_bytes().len());
        let bytes = partial.to_bytes();
        assert!(!bytes.windows(16).any(|w| w == [7; 16]), "the secret would give the erased salt away");
        assert_eq!(Detached::from_bytes(&bytes), Ok(partial));
        assert_eq!(Detached::from_bytes(&whole.to_bytes()), Ok(whole));
    }
}

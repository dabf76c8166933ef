//! Deterministic CBOR (RFC 8949, section 4.2.1) without floats and tags: one value has one encoding.
//!
//! `minicbor` reads and writes; this module adds what a log needs on top: a value type, bounds, and the check that
//! received bytes are the one encoding of what they say.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::limits;

/// A value of a field. Integers, never floats; maps are left out because no kind needs them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
}

/// Bytes that are not a value of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    #[error("cut short or malformed")]
    Malformed,
    #[error("not the deterministic encoding")]
    NotDeterministic,
    #[error("over a limit: {0}")]
    Limit(&'static str),
    #[error("type not allowed")]
    Type,
}

impl From<minicbor::decode::Error> for CborError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(bytes.as_ref().to_vec())
    }
    /// `Null` for `None`.
    pub fn option<T>(value: Option<T>, to: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, to)
    }

    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(t) = self { Some(t) } else { None }
    }
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(b) = self { Some(b) } else { None }
    }
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(a) = self { Some(a) } else { None }
    }

    /// The one encoding of this value.
    pub fn encode(&self) -> Vec<u8> {
        encoded(|e| {
            self.write(e);
        })
    }

    /// How many bytes [`Self::encode`] gives.
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            // A negative number is written as what it lies below -1.
            Self::Int(n) => head_len(if *n < 0 { !*n } else { *n }.cast_unsigned()),
            Self::Bytes(bytes) => head_len(bytes.len() as u64) + bytes.len(),
            Self::Text(text) => head_len(text.len() as u64) + text.len(),
            Self::Array(items) => {
                head_len(items.len() as u64) + items.iter().map(Self::encoded_len).sum::<usize>()
            }
        }
    }

    /// Reads one value that fills `bytes` exactly and is encoded deterministically.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        Self::decode_nested(bytes, limits::VALUE_DEPTH_MAX)
    }

    /// The same for what is not the value of a field, nested at most `depth_max` deep.
    pub fn decode_nested(bytes: &[u8], depth_max: usize) -> Result<Self, CborError> {
        let mut decoder = Decoder::new(bytes);
        let value = Self::read_at(&mut decoder, depth_max)?;
        if decoder.position() != bytes.len() {
            return Err(CborError::Malformed);
        }
        if value.encode() != bytes {
            return Err(CborError::NotDeterministic);
        }
        Ok(value)
    }

    /// Appends this value to an encoder that writes to memory.
    pub fn write(&self, e: &mut Encoder<Vec<u8>>) {
        // Writing to a Vec cannot fail: its error type is uninhabited.
        match self {
            Self::Null => drop(e.null()),
            Self::Bool(b) => drop(e.bool(*b)),
            Self::Int(n) => drop(e.i64(*n)),
            Self::Bytes(b) => drop(e.bytes(b)),
            Self::Text(t) => drop(e.str(t)),
            Self::Array(items) => {
                drop(e.array(items.len() as u64));
                items.iter().for_each(|item| item.write(e));
            }
        }
    }

    /// Reads one value and leaves the decoder behind it.
    pub fn read(d: &mut Decoder<'_>) -> Result<Self, CborError> {
        Self::read_at(d, limits::VALUE_DEPTH_MAX)
    }

    /// Reads one value that nests at most `depth` deep.
    fn read_at(d: &mut Decoder<'_>, depth: usize) -> Result<Self, CborError> {
        Ok(match d.datatype()? {
            Type::Null => {
                d.null()?;
                Self::Null
            }
            Type::Bool => Self::Bool(d.bool()?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Self::Int(d.i64()?)
            }
            Type::Bytes => Self::Bytes(d.bytes()?.to_vec()),
            Type::String => Self::Text(d.str()?.to_owned()),
            Type::Array => {
                let len = array_len(d, limits::COMMIT_OPS_MAX)?;
                let mut items = room(d, len);
                for _ in 0..len {
                    let inner = depth.checked_sub(1).ok_or(CborError::Limit("depth"))?;
                    items.push(Self::read_at(d, inner)?);
                }
                Self::Array(items)
            }
            _ => return Err(CborError::Type),
        })
    }
}

/// The bytes of a type with its number or length (RFC 8949, section 3).
pub(crate) fn head_len(number: u64) -> usize {
    match number {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Room for the `len` items that are said to follow, and no more than there can be: each takes a byte.
pub(crate) fn room<T>(d: &Decoder<'_>, len: usize) -> Vec<T> {
    Vec::with_capacity(len.min(d.input().len().saturating_sub(d.position())))
}

/// Runs `write` over a fresh in-memory encoder.
pub fn encoded(write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    encoded_in(0, write)
}

/// The same, for one who knows about how many bytes it will be.
pub(crate) fn encoded_in(bytes: usize, write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(bytes));
    write(&mut encoder);
    encoder.into_writer()
}

/// The length of a definite array of at most `max` items.
pub fn array_len(d: &mut Decoder<'_>, max: usize) -> Result<usize, CborError> {
    let len = d.array()?.ok_or(CborError::NotDeterministic)?;
    let len = usize::try_from(len).map_err(|_| CborError::Limit("array"))?;
    if len > max { Err(CborError::Limit("array")) } else { Ok(len) }
}

/// An array of exactly `len` items.
pub fn expect_array(d: &mut Decoder<'_>, len: usize) -> Result<(), CborError> {
    if array_len(d, len)? == len { Ok(()) } else { Err(CborError::Malformed) }
}

/// A byte string of exactly `N` bytes.
pub fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], CborError> {
    d.bytes()?.try_into().map_err(|_| CborError::Malformed)
}

/// Whether the next item is null; if so it is consumed.
pub fn take_null(d: &mut Decoder<'_>) -> Result<bool, CborError> {
    if d.datatype()? == Type::Null {
        d.null()?;
        return Ok(true);
    }
    Ok(false)
}

/// Fails unless the decoder stands at the end.
pub fn expect_end(d: &Decoder<'_>, bytes: &[u8]) -> Result<(), CborError> {
    if d.position() == bytes.len() { Ok(()) } else { Err(CborError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
            ".{0,20}".prop_map(Value::Text),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn one_value_one_encoding(value in values()) {
            let bytes = value.encode();
            prop_assert_eq!(value.encoded_len(), bytes.len());
            prop_assert_eq!(Value::decode(&bytes), Ok(value));
        }

        #[test]
        fn any_bytes_are_refused_or_the_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = Value::decode(&bytes) {
                prop_assert_eq!(value.encode(), bytes);
            }
        }
    }

    #[test]
    fn long_forms_floats_and_depth_are_refused() {
        assert_eq!(Value::decode(&[0x18, 0x01]), Err(CborError::NotDeterministic));
        assert_eq!(Value::decode(&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]), Err(CborError::Type));
        assert_eq!(Value::decode(&[0x9f, 0xff]), Err(CborError::Type));
        assert_eq!(Value::decode(&[0x81; 20]), Err(CborError::Limit("depth")));
        // Claims four thousand million items and has none.
        assert_eq!(Value::decode(&[0x9a, 0xff, 0xff, 0xff, 0xff]), Err(CborError::Limit("array")));
    }
}

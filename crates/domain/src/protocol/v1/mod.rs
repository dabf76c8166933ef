//! Protocol v1. One file per step; each says who sends it, what it promises, and what a repeat of it does.
//!
//! Bodies are CBOR (`application/cbor`), written as arrays by `minicbor`: a newer version may append fields, and a reader
//! ignores what it does not know at the end.

pub mod blobs;
pub mod enroll;
pub mod hub;
pub mod invite;
pub mod receipt;
pub mod refusal;
pub mod snapshot;
pub mod sync;
pub mod things;
pub mod token;

/// The number in every address of this protocol.
pub const VERSION: u32 = 1;

/// Content type of every body.
pub const CONTENT_TYPE: &str = "application/cbor";

/// Writes a message.
pub fn encode<T: minicbor::Encode<()>>(message: &T) -> Vec<u8> {
    // Writing to memory fails only for types whose own encoder fails; ours have none.
    minicbor::to_vec(message).unwrap_or_default()
}

/// Reads a message; anything that is not one is an error, never a panic.
pub fn decode<'b, T: minicbor::Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, crate::cbor::CborError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let message = decoder.decode()?;
    crate::cbor::expect_end(&decoder, bytes)?;
    Ok(message)
}

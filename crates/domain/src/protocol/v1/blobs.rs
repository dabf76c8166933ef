//! `/v1/blobs`: photos by tus 1.0.0, named by SHA-256.
//!
//! Thumbnails go before originals. The phone asks `POST /v1/blobs/lacking` first, then creates an upload with metadata `sha256` (base64 of 64 lowercase
//! hex digits, as tus wants it) and sends the bytes. A wrong offset answers 409 and the phone asks `HEAD` where to go on; 404 and 410
//! mean: create again. Held means that HQ hashed the whole and it matched; only then does a receipt list it.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// Most hashes of one question.
pub const LACKING_MAX: usize = 1_000;
/// Largest thumbnail: 480 pixels of noise have a quarter of it.
pub const THUMB_BYTES_MAX: u64 = 256 * 1024;
/// Largest photo: a 100-megapixel JPEG stays below.
pub const BLOB_BYTES_MAX: u64 = 40 * 1024 * 1024;

/// Question and answer alike: the answer lists those that HQ lacks, in the order of the question.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hashes {
    #[n(0)]
    pub hashes: Vec<ByteArray<32>>,
}

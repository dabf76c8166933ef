//! The inside of a rescue bundle: packets and photos in one file, for the day when there is no network to HQ.
//!
//! A list with every size and hash stands before the contents, so that a reader knows at each byte what it should be, and
//! what is missing when a file was cut. Contents stream; only the list and one packet are ever held. Sealing the file to
//! HQ's key is the business of whoever writes it.

mod check;
mod read;
mod write;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::CborError;
use crate::ids::tagged_hash;
use crate::limits;
use crate::protocol::v1::blobs::BLOB_BYTES_MAX;

pub use check::{Check, Checked, Wrong, check};
pub use read::Reader;
pub use write::Writer;

/// The first bytes of a bundle that is not sealed.
pub const MAGIC: [u8; 16] = *b"xuncha bundle 1\n";
/// How every sealed one begins, as every age file (age-encryption.org/v1).
pub const SEALED: &[u8] = b"age-encryption.org/v1\n";
/// Key of an upload's metadata (tus 1.0.0) for a bundle that somebody hands on.
pub const UPLOAD_KEY: &str = "rescue";
/// A whole sealed file, as somebody hands it on: a week of photos of one phone.
pub const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
pub const LIST_TAG: &str = "xuncha/1 bundle";
/// Packets and photos of one bundle; a phone takes some hundred photos on a day.
pub const ENTRIES_MAX: usize = 50_000;
/// The list: an entry takes some 45 bytes, a place some 350.
pub const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a bundle holds and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct List {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub city: [u8; 16],
    /// HQ's key as the phone knows it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hq_key: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub device: [u8; 16],
    #[n(3)]
    pub made_ms: i64,
    /// Where the runs of packets begin, so that a bundle can be checked alone.
    #[n(4)]
    pub starts: Vec<Start>,
    #[n(5)]
    pub entries: Vec<Entry>,
}

/// The commit before a run of packets.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Start {
    /// The record that begins the chain.
    #[n(0)]
    pub genesis: ByteVec,
    /// 0 stands for the genesis record itself.
    #[n(1)]
    pub seq: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// One packet or photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    #[n(0)]
    pub kind: Kind,
    /// Bytes.
    #[n(1)]
    pub size: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub sha256: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    #[n(1)]
    Packet,
    #[n(2)]
    Photo,
}

impl Kind {
    pub const fn bytes_max(self) -> u64 {
        match self {
            Self::Packet => limits::PACKET_BYTES_MAX as u64,
            Self::Photo => BLOB_BYTES_MAX,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Packet => "packet",
            Self::Photo => "photo",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("not a rescue bundle of a version that is known here")]
    NotABundle,
    #[error("the list of contents is damaged")]
    List,
    #[error("the list of contents: {0}")]
    Cbor(#[from] CborError),
    #[error("over a limit: {0}")]
    Limit(&'static str),
    #[error("the file ends within the list of contents")]
    CutInList,
    /// Counted from 1.
    #[error("the file ends within entry {0}")]
    CutIn(usize),
    #[error("the bytes of entry {0} are not those that the list names")]
    Content(usize),
    #[error("the file goes on after its last entry")]
    Trailing,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn list_hash(list: &[u8]) -> [u8; 32] {
    tagged_hash(LIST_TAG, &[list])
}

fn check_limits(list: &List) -> Result<(), BundleError> {
    if list.entries.len() > ENTRIES_MAX {
        return Err(BundleError::Limit("entries"));
    }
    if list.entries.iter().any(|entry| entry.size == 0 || entry.size > entry.kind.bytes_max()) {
        return Err(BundleError::Limit("size of an entry"));
    }
    Ok(())
}

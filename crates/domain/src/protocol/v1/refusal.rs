//! How HQ says no. A refusal names a code that the phone acts on and shows; it changes nothing at HQ.

use minicbor::{Decode, Encode};

/// Body of every answer with a status of 400 or above under `/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    #[n(0)]
    pub code: String,
    #[n(1)]
    pub message: String,
    /// Seconds; with `busy` and `over_quota`.
    #[n(2)]
    pub retry_after_s: Option<u32>,
}

pub const MALFORMED: &str = "malformed";
pub const TOO_LARGE: &str = "too_large";
/// An upload whose bytes are not those that were announced, or cannot be used.
pub const HASH_MISMATCH: &str = "hash_mismatch";
pub const CODE_UNKNOWN: &str = "code_unknown";
pub const CODE_USED: &str = "code_used";
pub const CODE_EXPIRED: &str = "code_expired";
pub const DEVICE_UNKNOWN: &str = "device_unknown";
pub const DEVICE_CLOSED: &str = "device_closed";
pub const BUSY: &str = "busy";
pub const INTERNAL: &str = "internal";

/// Reasons for which one packet of a sync is refused. It is then no commit at all, or does not follow what HQ has.
pub mod packet {
    /// Not a packet, altered, or over a limit.
    pub const UNREADABLE: &str = "unreadable";
    /// The signature or the certificate does not hold.
    pub const SIGNATURE: &str = "signature";
    /// HQ has not enrolled the device that signed it.
    pub const DEVICE_UNKNOWN: &str = "device_unknown";
    /// HQ lacks the commit before; the refusal names the last common one.
    pub const PREDECESSOR: &str = "predecessor";
    /// The compression dictionary is unknown: send it again without.
    pub const COMPRESSION: &str = "compression";
    /// Of another city.
    pub const CITY: &str = "city";
}

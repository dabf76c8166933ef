//! `POST /v1/enroll`: a phone joins.
//!
//! The phone sends the one-time code of a QR at HQ, or, when it was restored and its key is gone, its old token; and a
//! fresh public key. HQ answers with a certificate for a new device id. A code works once: a repeat answers `code_used`,
//! and whoever lost the answer asks HQ for another code. A renewal may be repeated; each makes another device.
//!
//! A phone that an HQ restored from an older backup does not know any more shows its certificate and stays what it was;
//! repeating that changes nothing.

use minicbor::{Decode, Encode};

use crate::ids::tagged_hash;

/// What the QR holds: `xuncha://enroll?u=<server url, percent-encoded>&c=<code>`.
pub const QR_PREFIX: &str = "xuncha://enroll?";

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrollRequest {
    #[n(0)]
    pub proof: Proof,
    #[n(1)]
    pub algorithm: u8,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub public_key: Vec<u8>,
    #[n(3)]
    pub app_version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Proof {
    #[n(0)]
    Code(#[n(0)] String),
    /// The token of a device that is still open.
    #[n(1)]
    Renewal(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The certificate that HQ gave before, for the request's public key; a token to be known by again; and the key's
    /// signature over both under [`RETURN_TAG`], as [`returning`] joins them.
    #[n(2)]
    Certificate(
        #[cbor(n(0), with = "minicbor::bytes")] Vec<u8>,
        #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>,
        #[cbor(n(2), with = "minicbor::bytes")] Vec<u8>,
    ),
}

pub const RETURN_TAG: &str = "xuncha/1 return";

/// What a returning phone signs.
pub fn returning(certificate: &[u8], token: &[u8]) -> Vec<u8> {
    let mut signed = tagged_hash(RETURN_TAG, &[certificate]).to_vec();
    signed.extend_from_slice(token);
    signed
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrollAnswer {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub certificate: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub city: [u8; 16],
    #[n(2)]
    pub city_name: String,
    /// Scopes that this phone reads.
    #[n(3)]
    pub scopes: Vec<String>,
    /// Bearer token of `/v1/sync` and `/v1/blobs`: 32 random bytes, sent as [`super::token`] says.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub token: Vec<u8>,
    #[n(5)]
    pub hq_algorithm: u8,
    /// The trust anchor: every certificate and receipt is checked against it.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub hq_key: Vec<u8>,
    #[n(7)]
    pub time_ms: i64,
    /// The age recipient that rescue bundles are sealed to; none from an older HQ.
    #[n(8)]
    pub rescue: Option<String>,
}

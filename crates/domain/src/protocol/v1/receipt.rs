//! Receipts: the only thing that makes a record "held by HQ".

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

use crate::log::crypto::{CryptoError, PublicKey, Signer};

pub const RECEIPT_TAG: &str = "xuncha/1 receipt";

/// What HQ holds, signed. `body` is an encoded [`ReceiptBody`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub body: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReceiptBody {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub city: [u8; 16],
    #[n(1)]
    pub time_ms: i64,
    /// One entry per head that the request declared or uploaded.
    #[n(2)]
    pub chains: Vec<Held>,
    /// Photos that HQ holds and whose bytes it hashed, of those the request asked about.
    #[n(3)]
    pub blobs: Vec<ByteArray<32>>,
    /// The request's.
    #[n(4)]
    pub nonce: Option<ByteArray<8>>,
}

/// HQ holds this commit and every one before it on its branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Held {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub chain: [u8; 16],
    #[n(1)]
    pub seq: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// Judged (applied or held back) up to here.
    #[n(3)]
    pub judged_seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error(transparent)]
    Cbor(#[from] crate::cbor::CborError),
    #[error("of another city")]
    City,
}

impl Receipt {
    pub fn sign(hq: &dyn Signer, body: &ReceiptBody) -> Result<Self, CryptoError> {
        let body = super::encode(body);
        let signature = hq.sign(RECEIPT_TAG, &body)?;
        Ok(Self { body, signature })
    }

    /// The body, when HQ's key signed it and it is of `city`.
    pub fn verify(&self, hq: &PublicKey, city: [u8; 16]) -> Result<ReceiptBody, ReceiptError> {
        hq.verify(RECEIPT_TAG, &self.body, &self.signature)?;
        let body: ReceiptBody = super::decode(&self.body)?;
        if body.city == city { Ok(body) } else { Err(ReceiptError::City) }
    }
}

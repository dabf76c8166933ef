//! The head of a chain: the one thing that is signed. It covers every commit before it.

use crate::cbor;
use crate::ids::{ChainId, CityId, CommitHash, Scope};

use super::crypto::{CryptoError, PublicKey, Signer};

pub const HEAD_TAG: &str = "xuncha/1 head";

/// `[1, city, scope, chain, seq, header hash]`. Never travels whole: a receiver computes it and checks the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub city: CityId,
    pub scope: Scope,
    pub chain: ChainId,
    pub seq: u64,
    pub hash: CommitHash,
}

impl Head {
    pub fn encode(&self) -> Vec<u8> {
        cbor::encoded(|e| {
            drop(e.array(6));
            drop(e.u8(1));
            drop(e.bytes(self.city.as_bytes()));
            drop(e.str(self.scope.as_str()));
            drop(e.bytes(self.chain.as_bytes()));
            drop(e.u64(self.seq));
            drop(e.bytes(self.hash.as_bytes()));
        })
    }

    /// 64 bytes.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, CryptoError> {
        signer.sign(HEAD_TAG, &self.encode())
    }

    pub fn verify(&self, key: &PublicKey, signature: &[u8]) -> Result<(), CryptoError> {
        key.verify(HEAD_TAG, &self.encode(), signature)
    }
}

//! Chains: the genesis record and the device certificate in it.
//!
//! A chain belongs to one device and one scope. It is a tree, not a list: restored and cloned phones make two commits
//! with one number, and both are kept. Anyone who knows HQ's public key can verify a device never met before.

use minicbor::Decoder;

use crate::cbor::{self, CborError};
use crate::ids::{ChainId, CityId, CommitHash, DeviceId, OfficerId, Scope, short, tagged_hash};

use super::crypto::{CryptoError, PublicKey, Signer};

pub const GENESIS_TAG: &str = "xuncha/1 genesis";
pub const CERTIFICATE_TAG: &str = "xuncha/1 certificate";
/// A certificate is about 170 bytes and a reason a code; this bounds what a stranger can make us keep.
pub const GENESIS_BYTES_MAX: usize = 1_024;

/// HQ's word that this key is this device of this officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub city: CityId,
    pub device: DeviceId,
    pub key: PublicKey,
    pub officer: OfficerId,
    pub issued_ms: i64,
    /// As signed and as it travels.
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error(transparent)]
    Cbor(#[from] CborError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error("of another city")]
    City,
    #[error("over a limit")]
    Limit,
}

impl From<minicbor::decode::Error> for ChainError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Cbor(CborError::Malformed)
    }
}

impl Certificate {
    /// Signs with HQ's key. HQ's own certificate names the city as its device and is signed by itself.
    pub fn issue(
        hq: &dyn Signer,
        city: CityId,
        device: DeviceId,
        key: PublicKey,
        officer: OfficerId,
        issued_ms: i64,
    ) -> Result<Self, CryptoError> {
        let body = cbor::encoded(|e| {
            drop(e.array(7));
            drop(e.u8(1));
            drop(e.bytes(city.as_bytes()));
            drop(e.bytes(device.as_bytes()));
            drop(e.u8(PublicKey::ALGORITHM as u8));
            drop(e.bytes(&key.to_bytes()));
            drop(e.bytes(officer.as_bytes()));
            drop(e.i64(issued_ms));
        });
        let signature = hq.sign(CERTIFICATE_TAG, &body)?;
        let bytes = cbor::encoded(|e| {
            drop(e.array(3));
            drop(e.bytes(&body));
            drop(e.u8(PublicKey::ALGORITHM as u8));
            drop(e.bytes(&signature));
        });
        Ok(Self { city, device, key, officer, issued_ms, bytes })
    }

    /// Reads and verifies against HQ's public key.
    pub fn verify(bytes: &[u8], hq: &PublicKey, city: CityId) -> Result<Self, ChainError> {
        Self::verify_unless(bytes, hq, city, |_| false)
    }

    /// Believes the signature of one that the caller knows by its bytes.
    fn verify_unless(
        bytes: &[u8],
        hq: &PublicKey,
        city: CityId,
        known: impl FnOnce(&Self) -> bool,
    ) -> Result<Self, ChainError> {
        let mut d = Decoder::new(bytes);
        cbor::expect_array(&mut d, 3)?;
        let body = d.bytes()?;
        super::crypto::Algorithm::from_number(d.u8()?)?;
        let signature = d.bytes()?;
        cbor::expect_end(&d, bytes)?;
        let mut d = Decoder::new(body);
        cbor::expect_array(&mut d, 7)?;
        if d.u8()? != 1 {
            return Err(ChainError::Cbor(CborError::Malformed));
        }
        let certificate = Self {
            city: CityId(cbor::fixed(&mut d)?),
            device: DeviceId(cbor::fixed(&mut d)?),
            key: PublicKey::from_bytes(d.u8()?, d.bytes()?)?,
            officer: OfficerId(cbor::fixed(&mut d)?),
            issued_ms: d.i64()?,
            bytes: bytes.to_vec(),
        };
        cbor::expect_end(&d, body)?;
        if !known(&certificate) {
            hq.verify(CERTIFICATE_TAG, body, signature)?;
        }
        if certificate.city == city { Ok(certificate) } else { Err(ChainError::City) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a successor chain goes on from, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continues {
    pub chain: ChainId,
    pub seq: u64,
    pub head: CommitHash,
    pub reason: SuccessorReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SuccessorReason {
    /// The key store does not hold the key of the database: a restored phone.
    KeyMismatch = 1,
    /// HQ knows more of this chain than the device: a copied or restored folder.
    Forked = 2,
    /// A commit of the chain cannot be read any more.
    Damaged = 3,
    /// HQ was restored from a backup, and what it wrote after it may come back from phones.
    Restored = 4,
}

/// The record that starts a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    pub scope: Scope,
    pub certificate: Certificate,
    pub continues: Option<Continues>,
    bytes: Vec<u8>,
}

impl Genesis {
    /// `[1, 16 random bytes, scope, certificate, null | [chain, seq, head, reason]]`.
    pub fn new(
        nonce: [u8; 16],
        scope: Scope,
        certificate: Certificate,
        continues: Option<Continues>,
    ) -> Self {
        let bytes = cbor::encoded(|e| {
            drop(e.array(5));
            drop(e.u8(1));
            drop(e.bytes(&nonce));
            drop(e.str(scope.as_str()));
            drop(e.bytes(certificate.as_bytes()));
            match &continues {
                None => drop(e.null()),
                Some(continues) => {
                    drop(e.array(4));
                    drop(e.bytes(continues.chain.as_bytes()));
                    drop(e.u64(continues.seq));
                    drop(e.bytes(continues.head.as_bytes()));
                    drop(e.u8(continues.reason as u8));
                }
            }
        });
        Self { scope, certificate, continues, bytes }
    }

    /// Reads a genesis record and verifies its certificate against HQ's key.
    pub fn verify(bytes: &[u8], hq: &PublicKey, city: CityId) -> Result<Self, ChainError> {
        Self::verify_unless(bytes, hq, city, |_| false)
    }

    /// The same for HQ, which need not check again what it signed itself: `issued` says whether it keeps a certificate of
    /// exactly these bytes.
    pub fn verify_unless(
        bytes: &[u8],
        hq: &PublicKey,
        city: CityId,
        issued: impl FnOnce(&Certificate) -> bool,
    ) -> Result<Self, ChainError> {
        if bytes.len() > GENESIS_BYTES_MAX {
            return Err(ChainError::Limit);
        }
        let mut d = Decoder::new(bytes);
        cbor::expect_array(&mut d, 5)?;
        if d.u8()? != 1 {
            return Err(ChainError::Cbor(CborError::Malformed));
        }
        let nonce: [u8; 16] = cbor::fixed(&mut d)?;
        let scope = d.str()?.parse().map_err(|_| CborError::Malformed)?;
        let certificate = Certificate::verify_unless(d.bytes()?, hq, city, issued)?;
        let continues = if cbor::take_null(&mut d)? {
            None
        } else {
            cbor::expect_array(&mut d, 4)?;
            Some(Continues {
                chain: ChainId(cbor::fixed(&mut d)?),
                seq: d.u64()?,
                head: CommitHash(cbor::fixed(&mut d)?),
                reason: match d.u8()? {
                    1 => SuccessorReason::KeyMismatch,
                    2 => SuccessorReason::Forked,
                    3 => SuccessorReason::Damaged,
                    4 => SuccessorReason::Restored,
                    _ => return Err(ChainError::Cbor(CborError::Malformed)),
                },
            })
        };
        cbor::expect_end(&d, bytes)?;
        let genesis = Self::new(nonce, scope, certificate, continues);
        if genesis.bytes == bytes { Ok(genesis) } else { Err(CborError::NotDeterministic.into()) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the first commit names as the hash before it.
    pub fn hash(&self) -> CommitHash {
        CommitHash(tagged_hash(GENESIS_TAG, &[&self.bytes]))
    }

    pub fn chain(&self) -> ChainId {
        ChainId(short(&self.hash().0))
    }
}

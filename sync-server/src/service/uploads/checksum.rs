//! The checksum of one request's bytes, as tus defines it. SHA-1 is here because the protocol demands it; what counts
//! in the end is the SHA-256 of the whole.

use sha1::Sha1;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    Sha1,
    Sha256,
}

/// What a request says its bytes hash to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: ChecksumAlgorithm,
    pub expected: Vec<u8>,
}

pub(super) enum Running {
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Checksum {
    pub(super) fn start(self) -> Running {
        match self.algorithm {
            ChecksumAlgorithm::Sha1 => Running::Sha1(Sha1::new(), self.expected),
            ChecksumAlgorithm::Sha256 => Running::Sha256(Sha256::new(), self.expected),
        }
    }
}

impl Running {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher, _) => hasher.update(bytes),
            Self::Sha256(hasher, _) => hasher.update(bytes),
        }
    }

    pub(super) fn matches(self) -> bool {
        match self {
            Self::Sha1(hasher, expected) => hasher.finalize().as_slice() == expected,
            Self::Sha256(hasher, expected) => hasher.finalize().as_slice() == expected,
        }
    }
}

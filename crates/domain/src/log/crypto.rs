//! Signatures with an algorithm number, so that others can join without a new format.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::ids::{Entropy, random};

/// Signature algorithms by their number in the format. 2 and 3 are reserved for Ed25519 and SM2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5); keys in compressed SEC 1 form (33 bytes), signatures r ‖ s (64).
    P256Sha256 = 1,
}

impl Algorithm {
    pub fn from_number(number: u8) -> Result<Self, CryptoError> {
        if number == Self::P256Sha256 as u8 {
            Ok(Self::P256Sha256)
        } else {
            Err(CryptoError::Algorithm(number))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    #[error("signature algorithm {0} is not known here")]
    Algorithm(u8),
    #[error("not a key")]
    Key,
    #[error("the signature does not match")]
    Signature,
}

/// A public key with its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
}

impl PublicKey {
    pub const ALGORITHM: Algorithm = Algorithm::P256Sha256;

    pub fn from_bytes(algorithm: u8, bytes: &[u8]) -> Result<Self, CryptoError> {
        Algorithm::from_number(algorithm)?;
        // Only the compressed form: one key has one encoding. The compact form (05) is as long.
        if bytes.len() != 33 || !matches!(bytes.first(), Some(2 | 3)) {
            return Err(CryptoError::Key);
        }
        VerifyingKey::from_sec1_bytes(bytes).map(|key| Self { key }).map_err(|_| CryptoError::Key)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.key.to_sec1_point(true).as_bytes().to_vec()
    }

    /// Checks `signature` over `tag` and `message`.
    pub fn verify(&self, tag: &str, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // A third of the time of `p256`, which does all else: whoever receives does little but verify.
        let point = self.key.to_sec1_point(false);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.as_bytes())
            .verify(&tagged(tag, message), signature)
            .map_err(|_| CryptoError::Signature)
    }
}

/// Whoever can sign: a key in memory here, a phone's key store elsewhere.
pub trait Signer: Send + Sync {
    fn public_key(&self) -> PublicKey;
    /// Signs `tag` and `message`; 64 bytes.
    fn sign(&self, tag: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

/// A private key in memory.
pub struct SecretKey(SigningKey);

impl SecretKey {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        loop {
            // A random number is no valid scalar once in 2^32 draws; then draw again.
            if let Ok(key) = Self::from_bytes(&random::<32>(entropy)) {
                return key;
            }
        }
    }
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| CryptoError::Key)
    }
    /// The 32 bytes of the scalar: for a key store only.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

impl Signer for SecretKey {
    fn public_key(&self) -> PublicKey {
        PublicKey { key: *self.0.verifying_key() }
    }
    fn sign(&self, tag: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        // Deterministic (RFC 6979), so that a repeated upload repeats its bytes.
        let signature: Signature = self.0.sign(&tagged(tag, message));
        Ok(signature.to_bytes().to_vec())
    }
}

/// What is really signed: the tag with its length in one byte, then the message.
fn tagged(tag: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(tag.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(tag.as_bytes());
    bytes.extend_from_slice(message);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> SecretKey {
        SecretKey::from_bytes(&[n; 32]).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_key_tag_and_message_alone() {
        let signature = key(1).sign("a", b"m").unwrap();
        let public = key(1).public_key();
        assert_eq!(public.verify("a", b"m", &signature), Ok(()));
        assert_eq!(public.verify("b", b"m", &signature), Err(CryptoError::Signature));
        assert_eq!(public.verify("a", b"n", &signature), Err(CryptoError::Signature));
        assert_eq!(key(2).public_key().verify("a", b"m", &signature), Err(CryptoError::Signature));
        assert_eq!(public.verify("a", b"m", &signature[1..]), Err(CryptoError::Signature));
    }

    #[test]
    fn keys_have_one_encoding() {
        let public = key(3).public_key();
        let mut bytes = public.to_bytes();
        assert_eq!(PublicKey::from_bytes(1, &bytes), Ok(public));
        bytes[0] = 5;
        assert_eq!(PublicKey::from_bytes(1, &bytes), Err(CryptoError::Key), "compact");
        assert_eq!(PublicKey::from_bytes(2, &[2; 33]), Err(CryptoError::Algorithm(2)));
        assert_eq!(PublicKey::from_bytes(1, &[4; 65]), Err(CryptoError::Key));
    }
}

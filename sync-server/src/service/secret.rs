//! Random secrets that are handed out once and kept as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use xuncha_domain::ids::{Entropy, random};

/// 32 random bytes, base64url: session cookies, set-up links. Nothing to guess, so a plain hash is enough.
pub(super) fn new_token(entropy: &dyn Entropy) -> String {
    URL_SAFE_NO_PAD.encode(random::<32>(entropy))
}

/// What is kept of a secret.
pub(super) fn hash(secret: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(secret.as_ref()).into()
}

/// Letters and digits that cannot be confused when read aloud or typed with gloves.
const CODE_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Characters of an enrolment code: 60 bits, beyond guessing within its day even without the limit on attempts.
const CODE_LEN: usize = 12;

/// An enrolment code such as `7K3F-QM2D-XB9T`.
pub(super) fn new_code(entropy: &dyn Entropy) -> String {
    let mut code = String::with_capacity(CODE_LEN + 2);
    for (i, byte) in random::<CODE_LEN>(entropy).into_iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            code.push('-');
        }
        let letter = CODE_ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'A');
        code.push(char::from(letter));
    }
    code
}

/// As people type codes: any case, with or without dashes and blanks.
pub(super) fn hash_code(typed: &str) -> [u8; 32] {
    let plain: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    hash(plain)
}

//! A phone's token as it stands behind `Authorization: Bearer `: base64url (RFC 4648, section 5, no padding), which is a third
//! shorter than the hexadecimal of earlier phones. Both are read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of a token.
pub const TOKEN_BYTES: usize = 32;

const SCHEME: &str = "Bearer ";

/// The value of the `Authorization` header.
pub fn header(token: &[u8]) -> String {
    format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(token))
}

/// The token of such a header; none when it is not one.
pub fn read(header: &str) -> Option<[u8; TOKEN_BYTES]> {
    let text = header.strip_prefix(SCHEME)?.trim();
    let mut token = [0; TOKEN_BYTES];
    if text.len() == 2 * TOKEN_BYTES {
        hex::decode_to_slice(text, &mut token).ok()?;
    } else {
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut token).ok()?;
        (read == TOKEN_BYTES).then_some(())?;
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_written_now_and_as_earlier_phones_wrote_it() {
        let token: [u8; TOKEN_BYTES] = std::array::from_fn(|n| u8::try_from(n * 8).unwrap());
        let long = format!("Bearer {}", hex::encode(token));
        assert_eq!((read(&header(&token)), read(&long)), (Some(token), Some(token)));
        assert!(header(&token).len() < long.len() - 20);
    }

    #[test]
    fn anything_else_is_no_token() {
        let token = header(&[7; TOKEN_BYTES]);
        for text in ["", "Bearer ", "Bearer x", &token[1..], &token[..token.len() - 1], &format!("{token}A")]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&header(&[7; TOKEN_BYTES - 1])), None);
        assert_eq!(read(&header(&[7; TOKEN_BYTES + 1])), None);
    }
}

//! The headers of tus, read without trust.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::http::json::id;
use crate::service::{Checksum, ChecksumAlgorithm, Error};

pub(super) const VERSION: &str = "1.0.0";
pub(super) const OFFSET_TYPE: &str = "application/offset+octet-stream";

pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(super) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(super) const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// A non-negative integer; none when missing or anything else.
pub(super) fn number(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    // `parse` alone would take "+5".
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    number(headers, header::CONTENT_LENGTH)
}

/// The media type without parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// `Upload-Metadata` as it came, and the hash in it.
pub(super) fn metadata(headers: &HeaderMap) -> Option<(String, [u8; 32])> {
    let text = headers.get(METADATA)?.to_str().ok()?;
    let pair =
        text.split(',').filter_map(|pair| pair.trim().split_once(' ')).find(|(key, _)| *key == "sha256")?;
    let value = STANDARD.decode(pair.1.trim()).ok()?;
    Some((text.to_owned(), id(std::str::from_utf8(&value).ok()?)?))
}

/// `Upload-Checksum: sha256 <base64>`; an algorithm that is not announced is a bad request, as the extension says.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Error> {
    let Some(value) = headers.get(CHECKSUM) else { return Ok(None) };
    let bad = Error::BadRequest("Upload-Checksum");
    let Some((name, expected)) = value.to_str().ok().and_then(|text| text.trim().split_once(' ')) else {
        return Err(bad);
    };
    let algorithm = match name {
        "sha256" => ChecksumAlgorithm::Sha256,
        "sha1" => ChecksumAlgorithm::Sha1,
        _ => return Err(bad),
    };
    let Ok(expected) = STANDARD.decode(expected.trim()) else { return Err(bad) };
    Ok(Some(Checksum { algorithm, expected }))
}

/// Says when an unfinished upload is given up, as RFC 9110 writes times; whole seconds, rounded down.
pub(super) fn set_expires(headers: &mut HeaderMap, expires_ms: Option<i64>) {
    let Some(seconds) = expires_ms.and_then(|ms| u64::try_from(ms / 1_000).ok()) else { return };
    let time = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    if let Ok(value) = HeaderValue::try_from(time) {
        headers.insert(EXPIRES, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn numbers_are_plain_digits() {
        assert_eq!(number(&with(OFFSET, "12"), OFFSET), Some(12));
        for bad in ["", "+1", "-1", "1.0", "99999999999999999999", "０"] {
            assert_eq!(
                number(
                    &HeaderMap::from_iter([(OFFSET, HeaderValue::from_bytes(bad.as_bytes()).unwrap())]),
                    OFFSET
                ),
                None,
                "{bad:?}"
            );
        }
    }

    #[test]
    fn metadata_needs_a_hash() {
        let hash = "00".repeat(32);
        let text = format!("name YQ==, sha256 {}", STANDARD.encode(&hash));
        let headers = HeaderMap::from_iter([(METADATA, HeaderValue::try_from(&text).unwrap())]);
        assert_eq!(metadata(&headers), Some((text, [0; 32])));
        assert_eq!(metadata(&with(METADATA, "sha256 YQ==")), None);
        assert_eq!(metadata(&with(METADATA, "name YQ==")), None);
    }
}

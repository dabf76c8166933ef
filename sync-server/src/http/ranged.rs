//! A file as RFC 9110 wants it: strong validator, one range at a time, gone on with after a break.
//!
//! What is served here is named by its content, so the validator is that name and an old part always fits a new one.

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::error::Problem;
use crate::service::Error;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    /// From a byte, so many.
    Part(u64, u64),
    Unsatisfiable,
    /// The asker has it.
    Known,
}

/// Serves a file under its validator, which is written without quotes.
pub(super) async fn file(path: &Path, name: &str, request: &HeaderMap) -> Result<Response, Problem> {
    let mut file = tokio::fs::File::open(path).await.map_err(|_| Error::NotFound)?;
    let size = file.metadata().await.map_err(|_| Error::NotFound)?.len();
    let tag = format!("\"{name}\"");
    let (status, from, length) = match asked(request, &tag, size) {
        Asked::Whole => (StatusCode::OK, 0, size),
        Asked::Part(from, length) => (StatusCode::PARTIAL_CONTENT, from, length),
        Asked::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        Asked::Known => (StatusCode::NOT_MODIFIED, 0, 0),
    };
    let body = if length == 0 {
        Body::empty()
    } else {
        file.seek(SeekFrom::Start(from)).await.map_err(|_| Error::Internal("a blob cannot be read"))?;
        Body::from_stream(ReaderStream::new(file.take(length)))
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    };
    set(header::ETAG, tag);
    set(header::ACCEPT_RANGES, "bytes".into());
    match status {
        StatusCode::PARTIAL_CONTENT => {
            let last = from.saturating_add(length).saturating_sub(1);
            set(header::CONTENT_RANGE, format!("bytes {from}-{last}/{size}"));
        }
        StatusCode::RANGE_NOT_SATISFIABLE => set(header::CONTENT_RANGE, format!("bytes */{size}")),
        _ => {}
    }
    if status != StatusCode::NOT_MODIFIED {
        set(header::CONTENT_LENGTH, length.to_string());
    }
    Ok(response)
}

/// Several ranges at once are answered with the whole, as a server may; so is a range that nobody can read.
fn asked(request: &HeaderMap, tag: &str, size: u64) -> Asked {
    let text = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH) {
        let weak = |one: &str| one.trim().trim_start_matches("W/") == tag || one.trim() == "*";
        if known.split(',').any(weak) {
            return Asked::Known;
        }
    }
    let Some(range) = text(header::RANGE) else { return Asked::Whole };
    if text(header::IF_RANGE).is_some_and(|known| known.trim() != tag) {
        return Asked::Whole;
    }
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return Asked::Whole };
    match parsed.validate(size) {
        Err(_) => Asked::Unsatisfiable,
        Ok(ranges) => match ranges.as_slice() {
            [one] => Asked::Part(*one.start(), one.end().saturating_sub(*one.start()).saturating_add(1)),
            _ => Asked::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"ab\"";

    fn of(headers: &[(HeaderName, &'static str)]) -> Asked {
        let headers = headers.iter().map(|(name, text)| (name.clone(), HeaderValue::from_static(text)));
        asked(&HeaderMap::from_iter(headers), TAG, 100)
    }

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let range = |text| of(&[(header::RANGE, text)]);
        assert_eq!(range("bytes=0-9"), Asked::Part(0, 10));
        assert_eq!(range("bytes=90-"), Asked::Part(90, 10));
        assert_eq!(range("bytes=90-1000"), Asked::Part(90, 10), "the end is cut to the size");
        assert_eq!(range("bytes=-5"), Asked::Part(95, 5));
        assert_eq!(range("bytes=100-"), Asked::Unsatisfiable);
        for whole in ["bytes=0-1,5-6", "pages=1-2", "bytes=x", ""] {
            assert_eq!(range(whole), Asked::Whole, "{whole:?}");
        }
        assert_eq!(of(&[]), Asked::Whole);
    }

    #[test]
    fn a_validator_decides_whether_a_range_still_fits() {
        let with = |known| of(&[(header::RANGE, "bytes=10-"), (header::IF_RANGE, known)]);
        assert_eq!(with("\"ab\""), Asked::Part(10, 90));
        for other in ["\"cd\"", "W/\"ab\"", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(with(other), Asked::Whole, "{other:?}");
        }
        for known in ["\"ab\"", "\"cd\", W/\"ab\"", "*"] {
            assert_eq!(of(&[(header::IF_NONE_MATCH, known)]), Asked::Known, "{known:?}");
        }
    }
}

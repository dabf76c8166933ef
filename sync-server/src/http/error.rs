//! The one way an error becomes an answer: a code for the caller, the details with an incident id for the log.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use xuncha_domain::ids::{Entropy, random};
use xuncha_domain::protocol::v1::{self, refusal::Refusal};

use super::types::ApiProblem;
use crate::service::Error;
use crate::system::SystemEntropy;

/// When the server has too much to do: long enough for a queue of a thousand short calls to empty.
const BUSY_RETRY_S: u32 = 5;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthorized | Error::WrongPassword | Error::DeviceUnknown => StatusCode::UNAUTHORIZED,
        Error::Forbidden | Error::SetupToken | Error::CodeUnknown | Error::DeviceClosed => {
            StatusCode::FORBIDDEN
        }
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::BadRequest(_) | Error::Malformed => StatusCode::BAD_REQUEST,
        Error::TooManyAttempts(_) | Error::OverQuota(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::SetupDone | Error::UserTaken | Error::Stale | Error::OffsetConflict(_) => StatusCode::CONFLICT,
        Error::WeakPassword => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Error::CodeUsed | Error::CodeExpired | Error::Gone => StatusCode::GONE,
        Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Error::HashMismatch | Error::ChecksumMismatch => checksum_mismatch(),
        Error::Key(_) | Error::Internal(_) | Error::Storage(_) | Error::Blobs(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// 460, as the checksum extension of tus defines it.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

fn retry_s(error: &Error) -> Option<u32> {
    match error {
        Error::TooManyAttempts(wait_s) | Error::OverQuota(wait_s) => Some(*wait_s),
        Error::Busy => Some(BUSY_RETRY_S),
        _ => None,
    }
}

fn extra_header(error: &Error) -> Option<(HeaderName, HeaderValue)> {
    if let Error::OffsetConflict(offset) = error {
        return Some((HeaderName::from_static("upload-offset"), HeaderValue::from(*offset)));
    }
    retry_s(error).map(|wait_s| (header::RETRY_AFTER, HeaderValue::from(wait_s)))
}

/// Phones read CBOR: the same problem as the protocol writes it.
pub(super) async fn for_phones(response: Response) -> Response {
    let Some(refusal) = response.extensions().get::<Arc<Refusal>>().cloned() else { return response };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(v1::CONTENT_TYPE));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(v1::encode(&*refusal)))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(&self.0);
        let (message, incident) = if status.is_server_error() {
            // Names a line of the log; nobody acts on its randomness.
            let incident = hex::encode(random::<6>(&SystemEntropy as &dyn Entropy));
            tracing::error!(%incident, error = ?self.0, "request failed");
            ("see the server's log".to_owned(), Some(incident))
        } else {
            (self.0.to_string(), None)
        };
        let refusal = Refusal {
            code: self.0.code().to_owned(),
            message: message.clone(),
            retry_after_s: retry_s(&self.0),
        };
        let problem = ApiProblem { code: self.0.code().to_owned(), message, incident };
        let mut response = (status, Extension(Arc::new(refusal)), Json(problem)).into_response();
        if let Some((name, value)) = extra_header(&self.0) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

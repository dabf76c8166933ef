//! Photos on their way in and out. Neither way passes through JSON where the platform allows another.
//!
//! In: raw bytes with the description in a header, except on Android, whose webview can hand a command only JSON and
//! therefore base64. Out: an own scheme, `photo://localhost/<sha256>[/thumb]`, so that the page names a photo and never
//! a path, and an `<img>` streams it without blocking the page.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::ipc::{self, InvokeBody};
use tauri::{Manager, UriSchemeContext, UriSchemeResponder, Wry, async_runtime};
use xuncha_engine::api::types::{AddPhoto, ApiError, ErrorCode};
use xuncha_engine::{Engine, Phone};

/// JSON of [`AddPhoto`], percent-encoded because a header holds ASCII only.
const META_HEADER: &str = "x-meta";

pub(crate) struct Received {
    pub(crate) meta: AddPhoto,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Described {
    meta: AddPhoto,
}

#[derive(Deserialize)]
struct Encoded {
    base64: String,
}

/// A photo of which nothing more is told.
pub(crate) fn bytes_of(request: &ipc::Request<'_>) -> Result<Vec<u8>, ApiError> {
    bytes(request.body()).map_err(|why| bad_request(&why))
}

fn bytes(body: &InvokeBody) -> Result<Vec<u8>, String> {
    match body {
        InvokeBody::Raw(bytes) => Ok(bytes.clone()),
        InvokeBody::Json(json) => {
            let Encoded { base64 } = Encoded::deserialize(json).map_err(|error| error.to_string())?;
            BASE64_STANDARD.decode(base64).map_err(|error| error.to_string())
        }
    }
}

impl Received {
    pub(crate) fn from_request(request: &ipc::Request<'_>) -> Result<Self, ApiError> {
        let header = request.headers().get(META_HEADER).map(|value| value.as_bytes());
        Self::from_body(request.body(), header).map_err(|why| bad_request(&why))
    }

    fn from_body(body: &InvokeBody, header: Option<&[u8]>) -> Result<Self, String> {
        let meta = match body {
            InvokeBody::Raw(_) => {
                let meta =
                    str::from_utf8(header.ok_or("no description")?).map_err(|error| error.to_string())?;
                let meta = percent_decode_str(meta).decode_utf8().map_err(|error| error.to_string())?;
                serde_json::from_str(&meta).map_err(|error| error.to_string())?
            }
            InvokeBody::Json(json) => Described::deserialize(json).map_err(|error| error.to_string())?.meta,
        };
        Ok(Self { meta, bytes: bytes(body)? })
    }
}

fn bad_request(why: &str) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, format!("photo: {why}"))
}

/// Answers the `photo` scheme.
pub(crate) fn serve(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    async_runtime::spawn_blocking(move || {
        let phone = app.state::<Phone>();
        responder.respond(
            phone
                .engine()
                .and_then(|engine| read(engine, request.uri().path()))
                .unwrap_or_else(|_| missing()),
        );
    });
}

fn read(engine: &Engine, path: &str) -> Result<Response<Vec<u8>>, ApiError> {
    let (sha256, thumb) = named(path);
    let (mime, bytes) = engine.photo(&sha256, thumb)?;
    let response = Response::builder()
        .header(header::CONTENT_TYPE, mime)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        // It never changes, but it may be erased, and no order reaches the web view's cache.
        .header(header::CACHE_CONTROL, "private, no-store");
    response.body(bytes).map_err(|error| bad_request(&error.to_string()))
}

/// The page encodes the whole path, its slash included.
fn named(path: &str) -> (String, bool) {
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
    match path.strip_suffix("/thumb") {
        Some(sha256) => (sha256.to_owned(), true),
        None => (path.into_owned(), false),
    }
}

pub(crate) fn missing() -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const META: &str = "%7B%22visit%22%3A%22v%22%2C%22item%22%3A%22%E7%81%AB%22%2C%22position%22%3Anull%7D";

    #[test]
    fn a_photo_arrives_the_same_as_bytes_and_as_base64() {
        let raw = Received::from_body(&InvokeBody::Raw(vec![0xff, 0xd8]), Some(META.as_bytes())).unwrap();
        let json = json!({ "meta": { "visit": "v", "item": "火", "position": null }, "base64": "/9g=" });
        let encoded = Received::from_body(&InvokeBody::Json(json), None).unwrap();
        assert_eq!(raw.meta.item.as_deref(), Some("火"));
        assert_eq!((raw.meta, raw.bytes), (encoded.meta, encoded.bytes));
    }

    #[test]
    fn a_photo_without_a_readable_description_is_refused() {
        let raw = InvokeBody::Raw(vec![1]);
        for header in [None, Some(&b"%ff"[..]), Some(b"{"), Some(b"%7B%7D")] {
            assert!(Received::from_body(&raw, header).is_err());
        }
        assert!(Received::from_body(&InvokeBody::Json(json!({ "base64": "/9g=" })), None).is_err());
    }

    #[test]
    fn a_photo_without_any_description_arrives_the_same_both_ways() {
        assert_eq!(bytes(&InvokeBody::Raw(vec![0xff, 0xd8])).unwrap(), [0xff, 0xd8]);
        assert_eq!(bytes(&InvokeBody::Json(json!({ "base64": "/9g=" }))).unwrap(), [0xff, 0xd8]);
        for wrong in [json!({}), json!({ "base64": "?" }), json!([255, 216])] {
            assert!(bytes(&InvokeBody::Json(wrong)).is_err());
        }
    }

    #[test]
    fn an_address_names_a_photo_or_its_thumbnail() {
        assert_eq!(named("/ab"), ("ab".into(), false));
        assert_eq!(named("/ab/thumb"), ("ab".into(), true));
        assert_eq!(named("/ab%2Fthumb"), ("ab".into(), true));
    }
}

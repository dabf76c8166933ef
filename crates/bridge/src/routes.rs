//! The routes, in the order in which a page uses them.

use std::path::Path;
use std::sync::Arc;

use axum::body::{self, Body, Bytes};
use axum::extract::{self, DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};
use tower_http::services::{ServeDir, ServeFile};
use xuncha_engine::Phone;
use xuncha_engine::api::types::{AddPhoto, ErrorCode, VisitView};

use crate::answer::{Refused, blocking};
use crate::events::Announcer;

/// A call carries at most one detached text (64 KiB), which JSON may escape to some times its size.
const CALL_BYTES_MAX: usize = 256 * 1024;
/// A 200-megapixel JPEG of today's phones at its best quality. The engine has its own, smaller limit and says so in
/// the officer's words; this one keeps a broken page from filling the memory.
const PHOTO_BYTES_MAX: usize = 48 * 1024 * 1024;

const KEY_HEADER: &str = "x-bridge-key";

#[derive(Clone)]
struct Bridge {
    phone: Phone,
    announcer: Announcer,
    key: Arc<str>,
}

pub(crate) fn router(phone: Phone, ui_dist: &Path, key: String) -> Router {
    let bridge = Bridge { announcer: Announcer::of(phone.engine().ok()), phone, key: key.into() };
    let engine = Router::new()
        .route("/call/{name}", post(call).layer(DefaultBodyLimit::max(CALL_BYTES_MAX)))
        .route("/photo", post(add_photo))
        .route("/photo/{sha256}", get(photo))
        .route("/document/{visit}/{document}", get(document))
        .route("/document-page/{name}/{page}", get(document_page))
        .route("/scan", post(scan))
        .route("/rescue", get(rescue).post(carry_rescue).layer(DefaultBodyLimit::disable()))
        .route("/events", get(events))
        .layer(middleware::from_fn_with_state(bridge.clone(), with_key))
        .with_state(bridge);
    let ui = ServeDir::new(ui_dist).append_index_html_on_directories(false);
    engine.route_service("/", ServeFile::new(ui_dist.join("phone.html"))).fallback_service(ui)
}

#[derive(Deserialize)]
struct Key {
    key: Option<String>,
}

/// The key comes in a header, or in the address where a page cannot set one (pictures, event streams).
async fn with_key(
    State(bridge): State<Bridge>,
    Query(address): Query<Key>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let header = headers.get(KEY_HEADER).and_then(|value| value.to_str().ok());
    if header.or(address.key.as_deref()) == Some(&*bridge.key) {
        return next.run(request).await;
    }
    let refused = Refused::new(ErrorCode::BadRequest, "the key of this bridge is missing or wrong");
    (StatusCode::UNAUTHORIZED, Json(refused.0)).into_response()
}

async fn call(
    State(bridge): State<Bridge>,
    extract::Path(name): extract::Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let args = serde_json::from_slice(&body)
        .map_err(|error| Refused::new(ErrorCode::BadRequest, format!("not JSON: {error}")))?;
    blocking(move || bridge.phone.call(&name, args)).await.map(Json)
}

#[derive(Deserialize)]
struct PhotoQuery {
    meta: String,
}

async fn add_photo(
    State(bridge): State<Bridge>,
    Query(query): Query<PhotoQuery>,
    body: Body,
) -> Result<Json<VisitView>, Refused> {
    let meta: AddPhoto = serde_json::from_str(&query.meta)
        .map_err(|error| Refused::new(ErrorCode::BadRequest, format!("photo: {error}")))?;
    let bytes = picture(body).await?;
    blocking(move || bridge.phone.engine()?.add_photo(&meta, &mut bytes.as_ref())).await.map(Json)
}

async fn scan(State(bridge): State<Bridge>, body: Body) -> Result<Json<Value>, Refused> {
    let bytes = picture(body).await?;
    let text = blocking(move || bridge.phone.engine()?.read_code(&mut bytes.as_ref())).await?;
    Ok(Json(json!({ "text": text })))
}

async fn picture(body: Body) -> Result<Bytes, Refused> {
    body::to_bytes(body, PHOTO_BYTES_MAX)
        .await
        .map_err(|error| Refused::new(ErrorCode::PhotoTooLarge, format!("photo not received: {error}")))
}

#[derive(Deserialize)]
struct SizeQuery {
    size: Option<String>,
}

async fn photo(
    State(bridge): State<Bridge>,
    extract::Path(sha256): extract::Path<String>,
    Query(query): Query<SizeQuery>,
) -> Result<impl IntoResponse, Refused> {
    let thumb = query.size.as_deref() == Some("thumb");
    let (mime, bytes) = blocking(move || bridge.phone.engine()?.photo(&sha256, thumb)).await?;
    // It never changes, but it may be erased, and no order reaches a browser's cache.
    let never = "private, no-store".to_owned();
    let nosniff = "nosniff".to_owned();
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, never),
        (header::X_CONTENT_TYPE_OPTIONS, nosniff),
    ];
    Ok((headers, bytes))
}

/// A document as a download.
async fn document(
    State(bridge): State<Bridge>,
    extract::Path((visit, document)): extract::Path<(String, String)>,
) -> Result<impl IntoResponse, Refused> {
    let (name, pdf) = blocking(move || bridge.phone.engine()?.document_pdf(&visit, &document)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, pdf))
}

async fn document_page(
    State(bridge): State<Bridge>,
    extract::Path((name, page)): extract::Path<(String, usize)>,
) -> Result<impl IntoResponse, Refused> {
    let svg = blocking(move || bridge.phone.engine()?.document_page(&name, page)).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, svg))
}

/// The bundle that was made last, as a download. It is as large as the photos in it, so it is not read into memory.
async fn rescue(State(bridge): State<Bridge>) -> Result<impl IntoResponse, Refused> {
    let (name, file) = blocking(move || bridge.phone.rescue_file()).await?;
    let body = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body))
}

/// A rescue file of another phone; the engine bounds it while it comes.
async fn carry_rescue(State(bridge): State<Bridge>, body: Body) -> Result<StatusCode, Refused> {
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let mut source = SyncIoBridge::new(StreamReader::new(stream));
    blocking(move || bridge.phone.engine()?.carry_rescue(&mut source)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn events(State(bridge): State<Bridge>) -> impl IntoResponse {
    bridge.announcer.stream()
}

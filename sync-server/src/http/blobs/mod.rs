//! `/v1/blobs`: tus 1.0.0 with creation, creation-with-upload, checksum, expiration and termination, for photos named by their SHA-256.
//!
//! `Upload-Metadata` must carry `sha256` (64 hexadecimal digits, base64-encoded as tus wants it). When HQ holds that blob
//! already, creation answers 201 with `Upload-Offset` equal to the length and a `Location` by the hash, so that an ordinary
//! client finds the upload complete and sends nothing. An uploaded whole with another hash is refused with 460 and gone.

mod headers;
mod receive;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use xuncha_domain::protocol::v1::blobs::{BLOB_BYTES_MAX, Hashes, LACKING_MAX};
use xuncha_domain::protocol::v1::{self, CONTENT_TYPE};

use super::app::App;
use super::device::{OpenPhone, Phone};
use super::error::Problem;
use super::json::id;
use super::ranged;
use crate::service::{Announced, Creation, Device, Error, HeldTurn, UploadRef};

use headers::{MAX_SIZE, OFFSET_TYPE, RESUMABLE, VERSION};

const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/v1/blobs", post(create).options(options))
        .route("/v1/blobs/lacking", post(lacking))
        .route(
            "/v1/blobs/{id}",
            get(download).head(head).patch(patch).post(overridden).delete(terminate).options(options),
        )
        .layer(from_fn(tus_headers))
}

/// tus answers carry `Tus-Resumable`, and tus requests of another version are refused before anything else.
async fn tus_headers(request: Request, next: Next) -> Response {
    let tus = *request.method() != Method::GET && !request.uri().path().ends_with("/lacking");
    let version = request.headers().get(RESUMABLE);
    let mut response = if tus && *request.method() != Method::OPTIONS && version.is_none_or(|v| v != VERSION)
    {
        (StatusCode::PRECONDITION_FAILED, [(headers::TUS_VERSION, VERSION)]).into_response()
    } else {
        next.run(request).await
    };
    if tus {
        response.headers_mut().insert(RESUMABLE, HeaderValue::from_static(VERSION));
    }
    response
}

async fn options() -> Response {
    let headers = [
        (headers::TUS_VERSION, HeaderValue::from_static(VERSION)),
        (headers::TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
        (headers::TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static("sha256,sha1")),
        (MAX_SIZE, HeaderValue::from(BLOB_BYTES_MAX)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn create(
    State(app): State<App>,
    Phone(device): Phone,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let announced = announced(&headers)?;
    let size = announced.size;
    let with_upload = headers::content_type(&headers) == Some(OFFSET_TYPE);
    let checksum = headers::checksum(&headers)?;
    let length = headers::content_length(&headers);
    match app.run(move |service| service.create_upload(&device, announced)).await? {
        Creation::Held(sha256) => Ok(created(&hex::encode(sha256), size, None)),
        Creation::Created(upload) => {
            let offset = if with_upload {
                receive::receive(app.clone(), device, upload, 0, length, checksum, body).await?
            } else {
                0
            };
            Ok(created(&hex::encode(upload), offset, expires_ms(&app, device, upload).await?))
        }
    }
}

fn announced(headers: &HeaderMap) -> Result<Announced, Error> {
    let size = headers::number(headers, headers::LENGTH).ok_or(Error::BadRequest("Upload-Length"))?;
    let (metadata, sha256) =
        headers::metadata(headers).ok_or(Error::BadRequest("Upload-Metadata needs sha256"))?;
    Ok(Announced { sha256, size, metadata })
}

fn created(name: &str, offset: u64, expires_ms: Option<i64>) -> Response {
    let location =
        HeaderValue::try_from(format!("/v1/blobs/{name}")).unwrap_or(HeaderValue::from_static("/v1/blobs"));
    let headers = [(header::LOCATION, location), (headers::OFFSET, HeaderValue::from(offset))];
    let mut response = (StatusCode::CREATED, headers).into_response();
    headers::set_expires(response.headers_mut(), expires_ms);
    response
}

async fn expires_ms(app: &App, device: Device, upload: [u8; 16]) -> Result<Option<i64>, Problem> {
    let upload = app.run(move |service| service.upload(&device, UploadRef::Upload(upload))).await?;
    Ok(upload.expires_ms)
}

fn upload_ref(text: &str) -> Result<UploadRef, Error> {
    let upload = id(text).map(UploadRef::Upload);
    upload.or_else(|| id(text).map(UploadRef::Blob)).ok_or(Error::NotFound)
}

/// The turn at an upload; a blob that HQ holds needs none.
async fn turn(app: &App, at: UploadRef) -> Option<HeldTurn> {
    match at {
        UploadRef::Upload(id) => Some(app.service().upload_turn(&id).take().await),
        UploadRef::Blob(_) => None,
    }
}

/// Where the upload stands. A request that is still bringing bytes is asked to stop first, so that the answer is true.
async fn head(
    State(app): State<App>,
    Phone(device): Phone,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let at = upload_ref(&name)?;
    let _turn = turn(&app, at).await;
    let upload = app.run(move |service| service.upload(&device, at)).await?;
    let headers = [
        (headers::OFFSET, HeaderValue::from(upload.offset)),
        (headers::LENGTH, HeaderValue::from(upload.size)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut response = (StatusCode::OK, headers).into_response();
    headers::set_expires(response.headers_mut(), upload.expires_ms);
    if let Some(value) = HeaderValue::try_from(upload.metadata).ok().filter(|value| !value.is_empty()) {
        response.headers_mut().insert(headers::METADATA, value);
    }
    Ok(response)
}

async fn patch(
    State(app): State<App>,
    Phone(device): Phone,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if headers::content_type(&headers) != Some(OFFSET_TYPE) {
        return Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let offset = headers::number(&headers, headers::OFFSET).ok_or(Error::BadRequest("Upload-Offset"))?;
    let checksum = headers::checksum(&headers)?;
    let (at, length) = (upload_ref(&name)?, headers::content_length(&headers));
    let (offset, expires_ms) = match at {
        UploadRef::Upload(id) if length != Some(0) => {
            let offset = receive::receive(app.clone(), device, id, offset, length, checksum, body).await?;
            (offset, expires_ms(&app, device, id).await?)
        }
        // Nothing to add, or nothing can follow: clients that find an upload complete say goodbye like this.
        _ => match app.run(move |service| service.upload(&device, at)).await?.offset {
            stands if stands == offset && length == Some(0) => (offset, None),
            stands => return Err(Error::OffsetConflict(stands).into()),
        },
    };
    let mut response =
        (StatusCode::NO_CONTENT, [(headers::OFFSET, HeaderValue::from(offset))]).into_response();
    headers::set_expires(response.headers_mut(), expires_ms);
    Ok(response)
}

/// Gives an upload up. A request that is still bringing bytes is asked to stop first.
async fn terminate(
    State(app): State<App>,
    Phone(device): Phone,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let at = upload_ref(&name)?;
    let _turn = turn(&app, at).await;
    app.run(move |service| service.terminate_upload(&device, at)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Some networks let only GET and POST through; tus has a header for that.
async fn overridden(
    app: State<App>,
    phone: Phone,
    path: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    match headers.get("x-http-method-override").map(HeaderValue::as_bytes) {
        Some(b"PATCH") => patch(app, phone, path, headers, body).await,
        Some(b"HEAD") => head(app, phone, path).await,
        Some(b"DELETE") => terminate(app, phone, path).await,
        _ => Ok(StatusCode::METHOD_NOT_ALLOWED.into_response()),
    }
}

/// The bytes of a blob that HQ holds and the phone may read, with ranges.
async fn download(
    State(app): State<App>,
    OpenPhone(device): OpenPhone,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sha256 = id(&name).ok_or(Error::NotFound)?;
    let path = app.run(move |service| service.blob_for(&device, &sha256)).await?;
    let mut response = ranged::file(&path, &hex::encode(sha256), &headers).await?;
    let octets = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, octets);
    Ok(response)
}

/// Which of these hashes does HQ lack? CBOR as the protocol has it, or a JSON list of hexadecimal text; answered alike.
async fn lacking(
    State(app): State<App>,
    Phone(_): Phone,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // A hash takes at most 68 bytes in JSON.
    let bytes = axum::body::to_bytes(body, LACKING_MAX * 72).await.map_err(|_| Error::TooLarge)?;
    if headers::content_type(&headers) == Some(CONTENT_TYPE) {
        let asked: Hashes = v1::decode(&bytes).map_err(|_| Error::Malformed)?;
        let asked: Vec<[u8; 32]> = asked.hashes.into_iter().map(Into::into).collect();
        let lacking = app.run(move |service| service.lacking(&asked)).await?;
        let lacking = Hashes { hashes: lacking.into_iter().map(Into::into).collect() };
        return Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], v1::encode(&lacking)).into_response());
    }
    let texts: Vec<String> = serde_json::from_slice(&bytes).map_err(|_| Error::Malformed)?;
    let asked = texts.iter().map(|text| id(text)).collect::<Option<Vec<[u8; 32]>>>();
    let asked = asked.ok_or(Error::Malformed)?;
    let lacking = app.run(move |service| service.lacking(&asked)).await?;
    Ok(axum::Json(lacking.iter().map(hex::encode).collect::<Vec<_>>()).into_response())
}

//! HTTP to HQ. An answer counts only if it is HQ's: right content type, right size, readable. A captive portal's page with
//! status 200 is no success.

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode};
use xuncha_domain::limits;
use xuncha_domain::protocol::v1::refusal::{self, Refusal};
use xuncha_domain::protocol::v1::sync::SyncAnswer;
use xuncha_domain::protocol::v1::{self, blobs::Hashes, enroll};

use crate::api::types::ErrorCode;
use crate::error::{Error, Result};

/// A link that does not even connect in this time is tried again later.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No byte for so long is a half-open connection.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A feed page is at most as large as a push.
const ANSWER_BYTES_MAX: usize = 2 * limits::SYNC_BODY_BYTES_MAX;
/// Photos go in pieces of this size: each is acknowledged by itself, and a break costs at most one.
pub const CHUNK_BYTES: usize = 512 * 1024;

pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: String,
}

impl Client {
    /// `token` is empty before enrolment.
    pub fn new(base: &str, token: &[u8]) -> Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| Error::Refused(ErrorCode::Internal, "no HTTP client"))?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), bearer: hex::encode(token) })
    }

    pub async fn enroll(&self, request: &enroll::EnrollRequest) -> Result<enroll::EnrollAnswer> {
        let body = self.post("/v1/enroll", v1::encode(request)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    pub async fn sync(&self, request: Vec<u8>) -> Result<SyncAnswer> {
        let body = self.post("/v1/sync", request).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Which of these HQ lacks.
    pub async fn lacking(&self, hashes: &Hashes) -> Result<Hashes> {
        let body = self.post("/v1/blobs/lacking", v1::encode(hashes)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Creates a tus upload; returns its URL.
    pub async fn tus_create(&self, sha256_base64: &str, size: u64) -> Result<String> {
        let response = self
            .tus(Method::POST, &format!("{}/v1/blobs", self.base))
            .header("Upload-Length", size)
            .header("Upload-Metadata", format!("sha256 {sha256_base64}"))
            .send()
            .await
            .map_err(unreachable)?;
        if response.status() != StatusCode::CREATED {
            return Err(refused(response).await);
        }
        let location =
            response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).ok_or_else(not_hq)?;
        // Relative or absolute (RFC 9110, section 10.2.2); only the path is believed, the server stays ours.
        let path = location.strip_prefix(&self.base).unwrap_or(location);
        if path.starts_with("/v1/blobs/") { Ok(format!("{}{path}", self.base)) } else { Err(not_hq()) }
    }

    /// Where an upload goes on; none when HQ does not know it any more.
    pub async fn tus_offset(&self, url: &str) -> Result<Option<u64>> {
        let response = self.tus(Method::HEAD, url).send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(Some(offset(response.headers())?)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            _ => Err(refused(response).await),
        }
    }

    /// Sends a piece; the offset after it, or none when HQ wants to be asked where to go on.
    pub async fn tus_patch(
        &self,
        url: &str,
        at: u64,
        sha256_base64: &str,
        piece: Vec<u8>,
    ) -> Result<Option<u64>> {
        let response = self
            .tus(Method::PATCH, url)
            .header("Upload-Offset", at)
            .header("Upload-Checksum", format!("sha256 {sha256_base64}"))
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header(CONTENT_LENGTH, piece.len())
            .body(piece)
            .send()
            .await
            .map_err(unreachable)?;
        match response.status().as_u16() {
            204 => Ok(Some(offset(response.headers())?)),
            404 | 409 | 410 | 460 => Ok(None),
            _ => Err(refused(response).await),
        }
    }

    fn tus(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        self.http.request(method, url).bearer_auth(&self.bearer).header("Tus-Resumable", "1.0.0")
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>> {
        let response = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.bearer)
            .header(CONTENT_TYPE, v1::CONTENT_TYPE)
            .body(body)
            .send()
            .await
            .map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        body_of(response).await
    }
}

/// Certificates of the web, checked with ring: it builds for every phone without a C toolchain of its own.
fn tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    match rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        // ring supports the default versions.
        Err(_) => unreachable!("ring supports TLS 1.2 and 1.3"),
    }
}

async fn body_of(mut response: Response) -> Result<Vec<u8>> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some(v1::CONTENT_TYPE) {
        return Err(not_hq());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(not_hq());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn refused(response: Response) -> Error {
    let Ok(body) = body_of(response).await else { return not_hq() };
    let code = v1::decode::<Refusal>(&body).map(|refusal| refusal.code).unwrap_or_default();
    match code.as_str() {
        refusal::CODE_UNKNOWN => Error::Refused(ErrorCode::CodeUnknown, "HQ does not know this code"),
        refusal::CODE_USED => Error::Refused(ErrorCode::CodeUsed, "this code was used"),
        refusal::CODE_EXPIRED => Error::Refused(ErrorCode::CodeExpired, "this code has expired"),
        refusal::DEVICE_UNKNOWN => Error::Refused(ErrorCode::DeviceUnknown, "HQ does not know this phone"),
        refusal::DEVICE_CLOSED => Error::Refused(ErrorCode::DeviceClosed, "HQ closed this phone"),
        _ => not_hq(),
    }
}

fn offset(headers: &HeaderMap) -> Result<u64> {
    headers.get("Upload-Offset").and_then(|value| value.to_str().ok()?.parse().ok()).ok_or_else(not_hq)
}

fn not_hq() -> Error {
    Error::Refused(ErrorCode::ServerAnswer, "the answer is not HQ's")
}

fn unreachable(error: reqwest::Error) -> Error {
    tracing::debug!(error = %error.without_url(), "HQ is out of reach");
    Error::Refused(ErrorCode::ServerUnreachable, "HQ is out of reach")
}

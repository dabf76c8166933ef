//! What is said to HQ. An answer counts only if it is HQ's: right content type, right size, readable. A captive portal's
//! page with status 200 is no success.

use std::time::Duration;

use xuncha_domain::protocol::v1::hub::{HubAnswer, HubJoin, HubJoined};
use xuncha_domain::protocol::v1::refusal::{self, Refusal};
use xuncha_domain::protocol::v1::sync::SyncAnswer;
use xuncha_domain::protocol::v1::things::{Brought, Wanted};
use xuncha_domain::protocol::v1::{self, blobs::Hashes, enroll, token};

use super::pace::PIECE_PATIENCE;
use super::patience;
use super::transport::{Heard, Lost, Request, Response, Transport};
use crate::api::types::ErrorCode;
use crate::error::{Error, Result};

pub struct Client<'a> {
    transport: &'a dyn Transport,
    base: String,
    bearer: String,
}

/// What HQ answers when it is asked for a part of a blob.
pub enum BlobPart {
    Part {
        bytes: Vec<u8>,
        /// Of the whole.
        size: u64,
    },
    /// HQ does not hold it, or this phone may not read it.
    NotThere,
    /// It ends before that.
    Beyond,
}

impl<'a> Client<'a> {
    /// `token` is empty before enrolment.
    pub fn new(transport: &'a dyn Transport, base: &str, token: &[u8]) -> Self {
        Self { transport, base: base.trim_end_matches('/').to_owned(), bearer: token::header(token) }
    }

    pub async fn enroll(&self, request: &enroll::EnrollRequest) -> Result<enroll::EnrollAnswer> {
        let body = self.post("/v1/enroll", v1::encode(request)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    pub async fn sync(&self, request: Vec<u8>) -> Result<SyncAnswer> {
        let body = self.post("/v1/sync", request).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Joins a hub.
    pub async fn hub_join(&self, request: &HubJoin) -> Result<HubJoined> {
        let body = self.post("/v1/hub/join", v1::encode(request)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// A sync with a hub, whose answer cannot be taken for HQ's.
    pub async fn hub_sync(&self, request: Vec<u8>) -> Result<HubAnswer> {
        let body = self.post("/v1/sync", request).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Every packet that touches these things.
    pub async fn things(&self, wanted: &Wanted) -> Result<Brought> {
        let body = self.post("/v1/things", v1::encode(wanted)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Bytes of a scope's snapshot that goes beyond `after`. `going_on` is where they go on and the content of the file that
    /// lies here; [`BlobPart::Beyond`] when HQ has another one now.
    pub async fn snapshot_part(
        &self,
        scope: &str,
        after: u64,
        going_on: Option<(u64, [u8; 32])>,
        length: u64,
    ) -> Result<BlobPart> {
        let from = going_on.map_or(0, |(from, _)| from);
        let last = from.saturating_add(length).saturating_sub(1);
        let mut headers = vec![("range", format!("bytes={from}-{last}"))];
        headers.extend(going_on.map(|(_, content)| ("if-range", format!("\"{}\"", hex::encode(content)))));
        let url = format!("{}/v1/snapshot/{scope}?after={after}", self.base);
        let response = self.send("GET", url, headers, Vec::new(), PIECE_PATIENCE).await?;
        match response.status {
            206 => {
                let size = content_range(&response, from).ok_or_else(not_hq)?;
                Ok(BlobPart::Part { bytes: response.body, size })
            }
            200 | 416 => Ok(BlobPart::Beyond),
            404 => Ok(BlobPart::NotThere),
            _ => Err(refused(&response)),
        }
    }

    /// Listens to HQ's nudges until the stream ends.
    pub async fn listen(&self, heard: &Heard<'_>) -> Result<()> {
        let headers = vec![("authorization", self.bearer.clone())];
        let url = format!("{}/v1/events", self.base);
        let request = Request { method: "GET", url, headers, body: Vec::new(), patience: patience::whole(0) };
        self.transport.listen(request, heard).await.map_err(lost)
    }

    /// Which of these HQ lacks.
    pub async fn lacking(&self, hashes: &Hashes) -> Result<Hashes> {
        let body = self.post("/v1/blobs/lacking", v1::encode(hashes)).await?;
        v1::decode(&body).map_err(|_| not_hq())
    }

    /// Bytes of a blob from `from`, `length` at most.
    pub async fn blob_part(&self, sha256: &[u8; 32], from: u64, length: u64) -> Result<BlobPart> {
        let name = hex::encode(sha256);
        let last = from.saturating_add(length).saturating_sub(1);
        let headers = vec![("range", format!("bytes={from}-{last}")), ("if-range", format!("\"{name}\""))];
        let url = format!("{}/v1/blobs/{name}", self.base);
        let response = self.send("GET", url, headers, Vec::new(), PIECE_PATIENCE).await?;
        match response.status {
            206 => {
                let size = content_range(&response, from).ok_or_else(not_hq)?;
                Ok(BlobPart::Part { bytes: response.body, size })
            }
            416 => Ok(BlobPart::Beyond),
            404 | 410 => Ok(BlobPart::NotThere),
            _ => Err(refused(&response)),
        }
    }

    /// Creates a tus upload with its first bytes; returns its URL and how far it got.
    pub async fn tus_create(&self, metadata: &str, size: u64, first: Vec<u8>) -> Result<(String, u64)> {
        let mut headers = vec![("upload-length", size.to_string()), ("upload-metadata", metadata.to_owned())];
        if !first.is_empty() {
            headers.push(offset_stream());
        }
        let response = self.tus("POST", format!("{}/v1/blobs", self.base), headers, first).await?;
        if response.status != 201 {
            return Err(refused(&response));
        }
        // HQ may not have taken what came with the creation.
        let at = offset(&response).unwrap_or(0).min(size);
        let location = response.header("location").ok_or_else(not_hq)?;
        // Relative or absolute (RFC 9110, section 10.2.2); only the path is believed, the server stays ours.
        let path = location.strip_prefix(&self.base).unwrap_or(location);
        if path.starts_with("/v1/blobs/") { Ok((format!("{}{path}", self.base), at)) } else { Err(not_hq()) }
    }

    /// Where an upload goes on; none when HQ does not know it any more.
    pub async fn tus_offset(&self, url: &str) -> Result<Option<u64>> {
        let response = self.tus("HEAD", url.into(), Vec::new(), Vec::new()).await?;
        match response.status {
            200 | 204 => Ok(Some(offset(&response)?)),
            404 | 410 => Ok(None),
            _ => Err(refused(&response)),
        }
    }

    /// Sends a piece; the offset after it, or none when HQ wants to be asked where to go on.
    ///
    /// No checksum of the piece: HQ would then count it as a whole or not at all, and a link too slow for one piece would
    /// never deliver anything. The photo's own SHA-256 is checked at its end.
    pub async fn tus_patch(&self, url: &str, at: u64, piece: Vec<u8>) -> Result<Option<u64>> {
        let headers = vec![("upload-offset", at.to_string()), offset_stream()];
        let response = self.tus("PATCH", url.into(), headers, piece).await?;
        match response.status {
            204 => Ok(Some(offset(&response)?)),
            404 | 409 | 410 | 413 | 460 => Ok(None),
            _ => Err(refused(&response)),
        }
    }

    async fn tus(
        &self,
        method: &'static str,
        url: String,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Response> {
        headers.push(("tus-resumable", "1.0.0".into()));
        self.send(method, url, headers, body, PIECE_PATIENCE).await
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>> {
        let headers = vec![("content-type", v1::CONTENT_TYPE.to_owned())];
        let patience = patience::whole(body.len());
        let response = self.send("POST", format!("{}{path}", self.base), headers, body, patience).await?;
        if !(200..300).contains(&response.status) {
            return Err(refused(&response));
        }
        hq_body(&response).map(<[u8]>::to_vec).ok_or_else(not_hq)
    }

    async fn send(
        &self,
        method: &'static str,
        url: String,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<Response> {
        headers.push(("authorization", self.bearer.clone()));
        let answer = self.transport.send(Request { method, url, headers, body, patience }).await;
        answer.map_err(lost)
    }
}

fn lost(lost: Lost) -> Error {
    match lost {
        Lost::Unreachable => Error::Refused(ErrorCode::ServerUnreachable, "HQ is out of reach"),
        Lost::TooLong => not_hq(),
    }
}

/// The body, if its type is HQ's.
fn hq_body(response: &Response) -> Option<&[u8]> {
    (response.header("content-type") == Some(v1::CONTENT_TYPE)).then_some(&response.body)
}

fn refused(response: &Response) -> Error {
    let Some(body) = hq_body(response) else { return not_hq() };
    let Ok(refusal) = v1::decode::<Refusal>(body) else { return not_hq() };
    if let Some(retry_after_s) = refusal.retry_after_s {
        return Error::HqBusy { retry_after_s };
    }
    match refusal.code.as_str() {
        refusal::CODE_UNKNOWN => Error::Refused(ErrorCode::CodeUnknown, "HQ does not know this code"),
        refusal::CODE_USED => Error::Refused(ErrorCode::CodeUsed, "this code was used"),
        refusal::CODE_EXPIRED => Error::Refused(ErrorCode::CodeExpired, "this code has expired"),
        refusal::DEVICE_UNKNOWN => Error::Refused(ErrorCode::DeviceUnknown, "HQ does not know this phone"),
        // Of a whole that came with its creation.
        refusal::HASH_MISMATCH => Error::Refused(ErrorCode::BadRequest, "HQ cannot use these bytes"),
        refusal::DEVICE_CLOSED => Error::Refused(ErrorCode::DeviceClosed, "HQ closed this phone"),
        _ => not_hq(),
    }
}

/// The size of the whole, if the part begins where it was asked to (RFC 9110, section 14.4).
fn content_range(response: &Response, from: u64) -> Option<u64> {
    let (range, size) = response.header("content-range")?.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    (first.parse() == Ok(from)).then(|| size.parse().ok())?
}

fn offset_stream() -> (&'static str, String) {
    ("content-type", "application/offset+octet-stream".into())
}

fn offset(response: &Response) -> Result<u64> {
    response.header("upload-offset").and_then(|value| value.parse().ok()).ok_or_else(not_hq)
}

fn not_hq() -> Error {
    Error::Refused(ErrorCode::ServerAnswer, "the answer is not HQ's")
}

//! Photos to HQ by tus: asked for first, sent in pieces, gone on with at the byte where they broke off.

use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::bytes::ByteArray;
use xuncha_domain::protocol::v1::blobs::Hashes;

use super::client::{CHUNK_BYTES, Client};
use crate::api::sending;
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta;
use crate::store::photos::{self, PhotoRow};

/// Photos of one run; the worker starts the next one at once when there are more.
const PHOTOS_PER_RUN_MAX: usize = 200;
/// How often one photo's offset is asked for again before it waits for the next run.
const RESUMES_MAX: usize = 5;
/// Seen when the file is gone or damaged: the photo needs a person.
const MISSING: &str = "photo_missing";

/// Sends what HQ lacks; true when something arrived. A photo that cannot be sent is marked and holds nothing back.
pub async fn send(engine: &Engine, client: &Client<'_>) -> Result<bool> {
    let waiting = engine.read(|connection| photos::unreceived(connection, PHOTOS_PER_RUN_MAX))?;
    if waiting.is_empty() {
        // What the officer wanted to be sent now is sent.
        engine.0.photos_now.store(false, Ordering::Relaxed);
        return Ok(false);
    }
    let policy = engine.read(meta::photo_policy)?;
    if sending::wait(engine, policy).is_some() {
        return Ok(false);
    }
    let hashes = Hashes { hashes: waiting.iter().map(|photo| ByteArray::from(photo.sha256)).collect() };
    let lacking = client.lacking(&hashes).await?;
    let lacks = |photo: &PhotoRow| lacking.hashes.iter().any(|hash| **hash == photo.sha256);
    let mut arrived = false;
    for photo in waiting.iter().filter(|photo| !lacks(photo)) {
        // Somebody sent the same picture, or the answer to our last piece was lost.
        engine.0.store.write(|tx| photos::set_upload(tx, &photo.sha256, None, photo.size))?;
        arrived = true;
    }
    for photo in waiting.iter().filter(|photo| lacks(photo)) {
        // The phone may have left the unmetered network meanwhile.
        if sending::wait(engine, policy).is_some() {
            break;
        }
        match send_one(engine, client, photo).await {
            Ok(done) => arrived |= done,
            Err(error) if error.code() == ErrorCode::ServerUnreachable => return Err(error),
            Err(error) => {
                let problem = if matches!(error, Error::Io(_)) { MISSING } else { "photo_refused" };
                tracing::warn!(%error, "a photo waits");
                engine.0.store.write(|tx| photos::set_problem(tx, &photo.sha256, Some(problem)))?;
            }
        }
        engine.emit(&Changes { sync: true, visits: vec![photo.root.to_string()], ..Changes::default() });
    }
    Ok(arrived)
}

async fn send_one(engine: &Engine, client: &Client<'_>, photo: &PhotoRow) -> Result<bool> {
    let mut file = std::fs::File::open(engine.0.photos.join(&photo.file))?;
    let progress = &engine.0.progress;
    progress.bytes_total.fetch_add(photo.size, Ordering::Relaxed);
    let mut upload = photo.upload_url.clone();
    for resumed in 0..RESUMES_MAX {
        let known = match &upload {
            Some(url) => client.tus_offset(url).await?,
            None => None,
        };
        let (url, mut at) = match (upload.take(), known) {
            (Some(url), Some(at)) if resumed > 0 || at < photo.size => (url, at),
            // Never created, forgotten by HQ, or complete although HQ lacks the photo, so another one's: create it, and
            // keep the address before the first byte is sent.
            _ => {
                let url = client.tus_create(&STANDARD.encode(hex::encode(photo.sha256)), photo.size).await?;
                (url, 0)
            }
        };
        engine.0.store.write(|tx| photos::set_upload(tx, &photo.sha256, Some(&url), at))?;
        // What arrived of a piece that broke off: the link is bad, but not dead.
        progress.moved.fetch_or(at > photo.sent, Ordering::Relaxed);
        progress.sent(at);
        while at < photo.size {
            let piece = read_piece(&mut file, at)?;
            match client.tus_patch(&url, at, piece).await? {
                // Anything else is not the answer to this piece.
                Some(next) if next > at && next <= photo.size => {
                    progress.sent(next - at);
                    at = next;
                }
                _ => break,
            }
            progress.moved.store(true, Ordering::Relaxed);
            engine.0.store.write(|tx| photos::set_upload(tx, &photo.sha256, Some(&url), at))?;
            engine.emit(&Changes { sync: true, ..Changes::default() });
        }
        if at >= photo.size {
            return Ok(true);
        }
        upload = Some(url);
    }
    // It gets nowhere, so it is not what it is taken for: the next run begins another.
    engine.0.store.write(|tx| photos::set_upload(tx, &photo.sha256, None, 0))?;
    Ok(false)
}

fn read_piece(file: &mut std::fs::File, at: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut piece = Vec::new();
    file.take(CHUNK_BYTES as u64).read_to_end(&mut piece)?;
    if piece.is_empty() {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(piece)
}

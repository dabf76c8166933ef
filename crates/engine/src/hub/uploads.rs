//! Photos on their way to a hub: the part of tus that our phones use. The files are sealed to HQ; the hub can check that a
//! file is whole and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xuncha_domain::ids::{DeviceId, random};
use xuncha_domain::protocol::v1::blobs::BLOB_BYTES_MAX;
use xuncha_domain::protocol::v1::refusal;

use super::hear::No;
use super::store::{self, HubStore, PhotoRow};
use crate::api::types::Changes;
use crate::engine::Engine;
use crate::error::Result;
use crate::sync::transport::{Request, Response};

/// The age header with one recipient, and 16 bytes per 64 KiB of 40 MiB.
const SEAL_BYTES_MAX: u64 = 16 * 1024;
const PATH: &str = "/v1/blobs/";

/// Announces a sealed photo, and may bring its first bytes.
pub fn create(
    engine: &Engine,
    store: &HubStore,
    phone: DeviceId,
    request: &Request,
) -> std::result::Result<Response, No> {
    let bad = || No::Refused(400, refusal::MALFORMED);
    let metadata = header(request, "upload-metadata").ok_or_else(bad)?;
    let sealed = hash_in(metadata, "sha256").ok_or_else(bad)?;
    let sha256 = hash_in(metadata, "sealed").ok_or_else(bad)?;
    let size = number(request, "upload-length").filter(|size| *size > 0).ok_or_else(bad)?;
    if size > BLOB_BYTES_MAX + SEAL_BYTES_MAX {
        return Err(No::Refused(413, refusal::TOO_LARGE));
    }
    let photo = PhotoRow {
        id: random(&*engine.0.options.entropy),
        device: phone.0,
        sha256,
        sealed,
        size,
        arrived: 0,
        whole: false,
        upload_url: None,
        sent: 0,
    };
    let gone = store.write(|transaction| {
        if store::photo_refused(transaction, &sha256)? {
            return Ok(Err(bad()));
        }
        let gone = store::insert_photo(transaction, &photo, engine.now_ms())?;
        if store::used(transaction)? > store::quota(transaction)? {
            store::drop_photo(transaction, &photo.id)?;
            return Ok(Err(No::Full));
        }
        Ok(Ok(gone))
    })??;
    gone.iter().try_for_each(|id| store.remove_file(id))?;
    let location = format!("{PATH}{}", hex::encode(photo.id));
    let arrived = keep(engine, store, &photo, &request.body)?;
    let headers = vec![("location".into(), location), ("upload-offset".into(), arrived.to_string())];
    Ok(Response { status: 201, headers, body: Vec::new() })
}

/// Where an upload stands.
pub fn offset(store: &HubStore, phone: DeviceId, path: &str) -> std::result::Result<Response, No> {
    Ok(at(200, own(store, phone, path)?.arrived))
}

/// Takes bytes as far as they came; of the last one's, the whole must have the announced hash.
pub fn take(
    engine: &Engine,
    store: &HubStore,
    phone: DeviceId,
    path: &str,
    request: &Request,
) -> std::result::Result<Response, No> {
    let photo = own(store, phone, path)?;
    if number(request, "upload-offset") != Some(photo.arrived) || photo.whole {
        return Err(No::Refused(409, refusal::MALFORMED));
    }
    Ok(at(204, keep(engine, store, &photo, &request.body)?))
}

/// Makes bytes durable that follow what arrived. Returns how much is there.
fn keep(engine: &Engine, store: &HubStore, photo: &PhotoRow, bytes: &[u8]) -> std::result::Result<u64, No> {
    let arrived = photo.arrived + bytes.len() as u64;
    if bytes.is_empty() {
        return Ok(arrived);
    }
    if arrived > photo.size {
        return Err(No::Refused(413, refusal::TOO_LARGE));
    }
    let Some(mut part) = store.part(&photo.id, photo.arrived)? else {
        tracing::warn!("bytes of a carried photo are gone");
        drop_upload(store, photo)?;
        return Err(No::Refused(404, refusal::MALFORMED));
    };
    part.add(bytes)?;
    let whole = arrived == photo.size;
    if whole && part.sha256()? != photo.sealed {
        drop_upload(store, photo)?;
        return Err(No::Refused(460, refusal::MALFORMED));
    }
    store.write(|transaction| store::photo_arrived(transaction, &photo.id, arrived, whole))?;
    if whole {
        engine.emit(&Changes { sync: true, ..Changes::default() });
        engine.wake_sync();
    }
    Ok(arrived)
}

fn drop_upload(store: &HubStore, photo: &PhotoRow) -> Result<()> {
    store.write(|transaction| store::drop_photo(transaction, &photo.id))?;
    store.remove_file(&photo.id)
}

/// Uploads of other phones do not exist for this one.
fn own(store: &HubStore, phone: DeviceId, path: &str) -> std::result::Result<PhotoRow, No> {
    let mut id = [0; 16];
    let unknown = || No::Refused(404, refusal::MALFORMED);
    let name = path.strip_prefix(PATH).ok_or_else(unknown)?;
    hex::decode_to_slice(name, &mut id).map_err(|_| unknown())?;
    let photo = store.read(|connection| store::photo(connection, &id))?;
    photo.filter(|photo| photo.device == phone.0).ok_or_else(unknown)
}

fn at(status: u16, offset: u64) -> Response {
    Response { status, headers: vec![("upload-offset".into(), offset.to_string())], body: Vec::new() }
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

fn number(request: &Request, name: &str) -> Option<u64> {
    header(request, name)?.parse().ok()
}

/// A hash in `Upload-Metadata`: 64 hexadecimal digits in base64.
fn hash_in(metadata: &str, name: &str) -> Option<[u8; 32]> {
    let mut pairs = metadata.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(STANDARD.decode(value.trim()).ok()?, &mut hash).ok()?;
    Some(hash)
}

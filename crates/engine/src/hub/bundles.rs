//! Rescue bundles that come as files of other phones: taken here, handed on to HQ.
//!
//! A bundle is sealed to HQ, so nothing in it can be read or checked here. HQ imports it when it has the whole file; until
//! then its own phone has everything, too.

use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha256};
use xuncha_domain::bundle::FILE_BYTES_MAX;
use xuncha_domain::ids::random;

use super::store::{self, BundleRow, HubStore};
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sync::client::Client;
use crate::sync::upload::{Sending, Upload, named};

/// How every age file begins.
const AGE: &[u8] = b"age-encryption.org/v1\n";
const COPY_BYTES: usize = 64 * 1024;
/// HQ imports an upload with this key instead of keeping it.
pub const METADATA_KEY: &str = "rescue";

/// Keeps the bundle that `source` brings. The same one again changes nothing.
///
/// # Errors
/// `RescueUnreadable` when it is no sealed file, `HubFull` when others' work has no more room here.
pub fn take(engine: &Engine, source: &mut dyn Read) -> Result<()> {
    let store = super::open(engine)?;
    let quota =
        store.read(|connection| Ok(store::quota(connection)?.saturating_sub(store::used(connection)?)))?;
    let id = random(&*engine.0.options.entropy);
    let copied = copy(&store, &id, source, quota.min(FILE_BYTES_MAX));
    let (sha256, size) = match copied {
        Ok(copied) => copied,
        Err(error) => {
            store.remove_bundle(&id)?;
            return Err(error);
        }
    };
    let new = store.write(|transaction| {
        if store::has_bundle(transaction, &sha256)? {
            return Ok(false);
        }
        let row = BundleRow { id, sha256, size, upload_url: None, sent: 0 };
        store::insert_bundle(transaction, &row, engine.now_ms())?;
        Ok(true)
    })?;
    if !new {
        store.remove_bundle(&id)?;
    }
    engine.emit(&Changes { sync: true, ..Changes::default() });
    engine.wake_sync();
    Ok(())
}

/// Copies a whole file durably; it has no row yet, so what breaks off is swept away.
fn copy(store: &HubStore, id: &[u8; 16], source: &mut dyn Read, room: u64) -> Result<([u8; 32], u64)> {
    let disk = store.disk();
    let path = store.bundle_file(id);
    let file = disk.create(&path)?;
    let mut beginning = Vec::new();
    source.take(AGE.len() as u64).read_to_end(&mut beginning)?;
    if beginning != AGE {
        return Err(Error::Refused(ErrorCode::RescueUnreadable, "not a sealed rescue file"));
    }
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut source = io::Cursor::new(beginning).chain(source);
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = source.read(&mut buffer)?;
        let Some(mut bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        size += read as u64;
        if size > room {
            return Err(Error::Refused(ErrorCode::HubFull, "no room for a bundle of this size"));
        }
        hasher.update(bytes);
        while !bytes.is_empty() {
            let written = write(store, &path, &file, bytes)?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
    }
    disk.flush(&path, &file)?;
    store.flush_bundles()?;
    Ok((hasher.finalize().into(), size))
}

fn write(store: &HubStore, path: &std::path::Path, file: &File, bytes: &[u8]) -> Result<usize> {
    match store.disk().write(path, file, bytes)? {
        0 => Err(io::Error::from(io::ErrorKind::WriteZero).into()),
        written => Ok(written),
    }
}

/// Hands on what waits. What HQ does not take stays on the phone that made it.
pub async fn hand_on(engine: &Engine, client: &Client<'_>, store: &HubStore) -> Result<()> {
    for bundle in store.read(store::bundles_waiting)? {
        let keep = |url: Option<&str>, sent: u64| {
            store.write(|transaction| store::set_bundle_upload(transaction, &bundle.id, url, sent))
        };
        let metadata = format!("sha256 {},{METADATA_KEY} MQ==", named(&bundle.sha256));
        let known = (bundle.upload_url.clone(), bundle.sent);
        let this = Upload::new(metadata, store.bundle_file(&bundle.id), bundle.size, known, Box::new(keep));
        match Sending::new(engine, client).bring(this).await {
            Ok(true) => {
                let now_ms = engine.now_ms();
                store.write(|transaction| store::bundle_delivered(transaction, &bundle.id, now_ms))?;
            }
            Ok(false) | Err(Error::Io(_) | Error::Refused(ErrorCode::BadRequest, _)) => {
                tracing::warn!("HQ did not take a carried rescue file");
                store.write(|transaction| store::bundle_problem(transaction, &bundle.id, "refused"))?;
            }
            Err(error) => return Err(error),
        }
        store.remove_bundle(&bundle.id)?;
        engine.emit(&Changes { sync: true, ..Changes::default() });
    }
    Ok(())
}

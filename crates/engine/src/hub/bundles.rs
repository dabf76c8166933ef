//! Rescue bundles that come as files of other phones: taken here, handed on to HQ.
//!
//! A bundle is sealed to HQ, so nothing in it can be read or checked here. HQ imports it when it has the whole file; until
//! then its own phone has everything, too.

use std::io::{self, BufWriter, Read};

use xuncha_domain::bundle::{FILE_BYTES_MAX, SEALED, UPLOAD_KEY};
use xuncha_domain::ids::random;

use super::hashing::Hashing;
use super::store::{self, BundleRow, HubStore};
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::sync::client::Client;
use crate::sync::upload::{Sending, Upload, named};

const COPY_BYTES: usize = 64 * 1024;

/// Keeps the bundle that `source` brings. The same one again changes nothing.
///
/// # Errors
/// `RescueUnreadable` when it is no sealed file, `HubFull` when others' work has no more room here.
pub fn take(engine: &Engine, source: &mut dyn Read) -> Result<()> {
    let store = super::open(engine)?;
    let room =
        store.read(|connection| Ok(store::quota(connection)?.saturating_sub(store::used(connection)?)))?;
    let id = random(&*engine.0.options.entropy);
    let copied = copy(&store, &id, source, room.min(FILE_BYTES_MAX));
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
    source.take(SEALED.len() as u64).read_to_end(&mut beginning)?;
    if beginning != SEALED {
        return Err(Error::Refused(ErrorCode::RescueUnreadable, "not a sealed rescue file"));
    }
    let mut out = BufWriter::with_capacity(COPY_BYTES, Hashing::new(disk, &path, &file));
    // A byte more than there is room for tells that it does not fit.
    io::copy(&mut beginning.as_slice().chain(source).take(room.saturating_add(1)), &mut out)?;
    let (sha256, size) = out.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
    if size > room {
        return Err(Error::Refused(ErrorCode::HubFull, "no room for a bundle of this size"));
    }
    disk.flush(&path, &file)?;
    store.flush_bundles()?;
    Ok((sha256, size))
}

/// Hands on what waits. What HQ does not take stays on the phone that made it.
pub async fn hand_on(engine: &Engine, client: &Client<'_>, store: &HubStore) -> Result<()> {
    for bundle in store.read(store::bundles_waiting)? {
        let keep = |url: Option<&str>, sent: u64| {
            store.write(|transaction| store::set_bundle_upload(transaction, &bundle.id, url, sent))
        };
        let metadata = format!("sha256 {},{UPLOAD_KEY} MQ==", named(&bundle.sha256));
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

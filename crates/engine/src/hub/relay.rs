//! The phone's side: joining a hub, and giving it what HQ does not have.
//!
//! Nothing leaves the phone for what a hub says. A receipt of HQ that a hub hands on counts like any other, if it is
//! younger than what HQ itself said last: an older one may be of a HQ that was restored meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use minicbor::bytes::ByteArray;
use xuncha_domain::disk::Disk;
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::blobs::Hashes;
use xuncha_domain::protocol::v1::hub::{self, HubAnswer, HubJoin, Pairing, Side};
use xuncha_domain::protocol::v1::sync::SyncRequest;

use super::hashing::Hashing;
use super::offer;
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::hubs::{self, HubRow, SealedPhoto};
use crate::store::meta::{self, Enrolment};
use crate::store::photos::{self, PhotoRow};
use crate::sync::apply;
use crate::sync::client::Client;
use crate::sync::request::{self, BLOBS_PER_REQUEST_MAX};
use crate::sync::upload::{Sending, Upload, named};
use crate::{seal, write};

/// A phone's whole work in packets of a single tap each needs fewer.
const ROUNDS_MAX: usize = 2_000;
/// Sealed photos wait here, one after the other, until the hub has them.
pub(super) const FOLDER: &str = "hub-sealed";

/// Joins the hub whose code was scanned, and uses it from now on.
pub async fn pair(engine: &Engine, text: &str) -> Result<()> {
    let pairing: Pairing =
        text.parse().map_err(|_| Error::Refused(ErrorCode::HubCode, "not the code of a hub"))?;
    let enrolment = enrolled(engine)?;
    if pairing.city != enrolment.city {
        return Err(Error::Refused(ErrorCode::HubOtherCity, "the hub is of another city"));
    }
    let signer = request::signer(engine, &enrolment)?;
    let statement = |side| hub::statement(side, &pairing.pin, &pairing.secret, enrolment.certificate.device);
    let join = HubJoin {
        secret: pairing.secret,
        certificate: enrolment.certificate.as_bytes().to_vec(),
        signature: signer.sign(hub::TAG, &statement(Side::Phone))?,
        app_version: engine.0.options.app_version.clone(),
    };
    let transport = engine.0.options.hubs.reach(pairing.pin);
    let mut joined = Err(unreachable());
    for url in pairing.urls() {
        joined = Client::new(&*transport, &url, &[]).hub_join(&join).await;
        if !matches!(&joined, Err(error) if error.code() == ErrorCode::ServerUnreachable) {
            break;
        }
    }
    let joined = joined.map_err(of_hub)?;
    let strange = || Error::Refused(ErrorCode::HubAnswer, "the hub is no device of this city");
    let certificate =
        Certificate::verify(&joined.certificate, &enrolment.hq_key, enrolment.city).map_err(|_| strange())?;
    certificate.key.verify(hub::TAG, &statement(Side::Hub), &joined.signature).map_err(|_| strange())?;
    let now_ms = engine.now_ms();
    let row = HubRow {
        pin: pairing.pin,
        urls: pairing.urls().collect(),
        token: joined.token,
        officer: certificate.officer,
        scopes: pairing.scopes.clone(),
        joined_ms: now_ms,
        seen_ms: now_ms,
    };
    engine.0.store.write(|transaction| hubs::put(transaction, &row))
}

/// Gives the hub what it lacks, and takes what HQ said to it. Nothing to do without a hub.
pub async fn run(engine: &Engine) -> Result<()> {
    let Some(hub) = engine.read(hubs::active)? else { return Ok(()) };
    let enrolment = enrolled(engine)?;
    engine.write(|transaction, pen| write::flush_all(transaction, pen))?;
    let transport = engine.0.options.hubs.reach(hub.pin);
    let mut talked = Err(unreachable());
    for url in &hub.urls {
        let client = Client::new(&*transport, url, &hub.token);
        talked = talk(engine, &client, &enrolment, &hub).await;
        if !matches!(&talked, Err(error) if error.code() == ErrorCode::ServerUnreachable) {
            break;
        }
    }
    talked.map_err(of_hub)
}

async fn talk(engine: &Engine, client: &Client<'_>, enrolment: &Enrolment, hub: &HubRow) -> Result<()> {
    // First the heads alone: the hub may have lost everything, or HQ may have it all by now.
    let mut heard = round(engine, client, enrolment, hub, false).await?;
    for _ in 0..ROUNDS_MAX {
        if heard.full {
            return Err(Error::HqBusy { retry_after_s: super::hear::FULL_RETRY_S });
        }
        heard = round(engine, client, enrolment, hub, true).await?;
        if !heard.moved {
            break;
        }
    }
    send_photos(engine, client, hub).await
}

/// What an answer changed.
struct Heard {
    moved: bool,
    full: bool,
}

async fn round(
    engine: &Engine,
    client: &Client<'_>,
    enrolment: &Enrolment,
    hub: &HubRow,
    packets: bool,
) -> Result<Heard> {
    let request = offer::plan(engine, enrolment, hub, packets)?;
    if packets && request.packets.is_empty() {
        return Ok(Heard { moved: false, full: false });
    }
    let bytes = v1::encode(&request);
    let progress = &engine.0.progress;
    let sent = bytes.len() as u64;
    progress.expect(sent);
    let answer = client.hub_sync(bytes).await?;
    progress.sent(sent);
    take(engine, enrolment, hub, &request, &answer)
}

fn take(
    engine: &Engine,
    enrolment: &Enrolment,
    hub: &HubRow,
    request: &SyncRequest,
    answer: &HubAnswer,
) -> Result<Heard> {
    for refused in &answer.refused {
        tracing::warn!(reason = refused.reason, "the hub refused a packet");
    }
    apply::carried_receipts(engine, enrolment, &answer.receipts)?;
    let moved = engine.0.store.write(|transaction| {
        hubs::seen(transaction, &hub.pin, &answer.scopes, engine.now_ms())?;
        let has: BTreeSet<[u8; 32]> = answer.blobs.iter().map(|blob| **blob).collect();
        for blob in &request.blobs {
            hubs::set_photo_held(transaction, &hub.pin, blob, has.contains(&**blob))?;
        }
        hubs::carries(transaction, &hub.pin, &answer.runs)
    })?;
    engine.emit(&Changes { sync: true, visits_all: true, ..Changes::default() });
    Ok(Heard { moved, full: answer.retry_after_s.is_some() })
}

/// Sends what the hub lacks, one photo after the other.
async fn send_photos(engine: &Engine, client: &Client<'_>, hub: &HubRow) -> Result<()> {
    let waiting = engine.read(|connection| photos::unreceived(connection, BLOBS_PER_REQUEST_MAX))?;
    let folder = engine.0.options.data.join(FOLDER);
    sweep(&*engine.0.options.disk, &folder, &waiting)?;
    if waiting.is_empty() {
        return Ok(());
    }
    let hashes = waiting.iter().map(|photo| ByteArray::from(photo.sha256)).collect();
    let lacking = client.lacking(&Hashes { hashes }).await?;
    for photo in waiting.iter().filter(|photo| lacking.hashes.iter().any(|hash| **hash == photo.sha256)) {
        match send_photo(engine, client, hub, &folder, photo).await {
            Ok(held) => engine
                .0
                .store
                .write(|transaction| hubs::set_photo_held(transaction, &hub.pin, &photo.sha256, held))?,
            Err(error @ Error::HqBusy { .. }) => return Err(error),
            Err(error) if error.code() == ErrorCode::ServerUnreachable => return Err(error),
            // It stays here, and the others go on.
            Err(error) => tracing::warn!(%error, "a photo does not go to the hub"),
        }
        engine.emit(&Changes { sync: true, visits: vec![photo.root.to_string()], ..Changes::default() });
    }
    Ok(())
}

async fn send_photo(
    engine: &Engine,
    client: &Client<'_>,
    hub: &HubRow,
    folder: &Path,
    photo: &PhotoRow,
) -> Result<bool> {
    let file = folder.join(hex::encode(photo.sha256));
    let known = engine.read(|connection| hubs::photo(connection, &hub.pin, &photo.sha256))?;
    let there = fs::metadata(&file).map(|meta| meta.len()).ok();
    let sealed = match known.filter(|known| there == Some(known.size)) {
        Some(known) => known,
        None => seal_photo(engine, hub, photo, &file)?,
    };
    let keep = |url: Option<&str>, sent: u64| {
        engine.0.store.write(|transaction| hubs::set_upload(transaction, &hub.pin, &photo.sha256, url, sent))
    };
    let metadata = format!("sha256 {},sealed {}", named(&sealed.sealed), named(&photo.sha256));
    let known = (sealed.upload_url.clone(), sealed.sent);
    let this = Upload::new(metadata, file.clone(), sealed.size, known, Box::new(keep));
    let held = Sending::new(engine, client).bring(this).await?;
    if held {
        remove(&*engine.0.options.disk, &file)?;
    }
    Ok(held)
}

/// Seals a photo to HQ in a file: sealed twice it would be two files, and an upload could not be gone on with.
///
/// The row is first, so that a file of that size is never taken for another that was sealed of the same photo.
fn seal_photo(engine: &Engine, hub: &HubRow, photo: &PhotoRow, file: &Path) -> Result<SealedPhoto> {
    let recipient = engine.read(|connection| seal::recipient(connection, None))?;
    let disk = &*engine.0.options.disk;
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        disk.create_folder(folder)?;
    }
    let part = file.with_extension("part");
    remove(disk, &part)?;
    let mut source = fs::File::open(engine.0.photos.join(&photo.file))?;
    let made = disk.create(&part)?;
    let mut writer = seal::sealing(&recipient, BufWriter::new(Hashing::new(disk, &part, &made)))?;
    io::copy(&mut source, &mut writer)?;
    let (sealed, size) = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
    disk.flush(&part, &made)?;
    let sealed = SealedPhoto { sealed, size, upload_url: None, sent: 0 };
    engine.0.store.write(|transaction| hubs::put_photo(transaction, &hub.pin, &photo.sha256, &sealed))?;
    disk.rename(&part, file)?;
    Ok(sealed)
}

/// Removes sealed files of photos that are not waiting any more.
fn sweep(disk: &dyn Disk, folder: &Path, waiting: &[PhotoRow]) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let wanted: BTreeSet<PathBuf> =
        waiting.iter().map(|photo| folder.join(hex::encode(photo.sha256))).collect();
    for entry in entries {
        let path = entry?.path();
        if !wanted.contains(&path) {
            remove(disk, &path)?;
        }
    }
    Ok(())
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn enrolled(engine: &Engine) -> Result<Enrolment> {
    engine.read(meta::enrolment)?.ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))
}

fn unreachable() -> Error {
    Error::Refused(ErrorCode::ServerUnreachable, "the hub is out of reach")
}

/// The same failures, said of a hub.
fn of_hub(error: Error) -> Error {
    match error {
        Error::HqBusy { .. } => Error::Refused(ErrorCode::HubFull, "the hub is full"),
        Error::Refused(ErrorCode::ServerUnreachable, _) => Error::Refused(
            ErrorCode::HubUnreachable,
            "the hub is out of reach, or is not the one of the code",
        ),
        Error::Refused(ErrorCode::CodeUnknown, _) => {
            Error::Refused(ErrorCode::HubCode, "this code was used, or is of another hub")
        }
        Error::Refused(ErrorCode::DeviceUnknown, _) => {
            Error::Refused(ErrorCode::HubUnknownPhone, "the hub does not know this phone")
        }
        Error::Refused(ErrorCode::ServerAnswer, _) => {
            Error::Refused(ErrorCode::HubAnswer, "the answer is not a hub's")
        }
        error => error,
    }
}

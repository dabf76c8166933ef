//! What a hub does when it reaches HQ: it hands on what it carries, in ordinary syncs, and keeps HQ's receipts for the
//! phones. Its own records go first.
//!
//! Bytes leave this device only after a receipt that names them. What HQ refuses stays on the phone that made it.

use minicbor::bytes::ByteArray;
use xuncha_domain::ids::random;
use xuncha_domain::limits::PACKETS_PER_SYNC_MAX;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::blobs::Hashes;
use xuncha_domain::protocol::v1::refusal;
use xuncha_domain::protocol::v1::sync::{HeadName, SyncRequest};

use super::bundles;
use super::store::{self, HubStore, PhotoRow, Waiting};
use crate::api::sending;
use crate::api::types::{Changes, ErrorCode, PictureKind};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta::{self, Enrolment};
use crate::sync::apply;
use crate::sync::client::Client;
use crate::sync::request;
use crate::sync::upload::{Sending, Upload, named};

/// A full hub of packets of a single tap each needs fewer.
const ROUNDS_MAX: usize = 2_000;
/// Photos of one run, as of the phone's own.
const PHOTOS_PER_RUN_MAX: usize = 200;

/// Hands on everything that waits and may be sent now.
pub async fn run(engine: &Engine, client: &Client<'_>, enrolment: &Enrolment) -> Result<()> {
    let Some(store) = super::opened(engine)? else { return Ok(()) };
    let mut after = 0;
    for _ in 0..ROUNDS_MAX {
        let mut waiting = store.read(|connection| store::waiting(connection, after, PACKETS_PER_SYNC_MAX))?;
        fit(&mut waiting, engine.0.progress.pace.push.bytes());
        let Some(last) = waiting.last() else { break };
        after = last.id;
        if !ask(engine, client, enrolment, &store, &waiting, &[]).await? {
            return Ok(());
        }
    }
    if !may_send(engine)? {
        return Ok(());
    }
    let photos = store.read(|connection| store::photos_waiting(connection, PHOTOS_PER_RUN_MAX))?;
    if !photos.is_empty() {
        send_photos(engine, client, &store, &photos).await?;
        ask(engine, client, enrolment, &store, &[], &photos).await?;
    }
    bundles::hand_on(engine, client, &store).await
}

/// Sends packets, asks for receipts of them and of photos, and keeps these. False when HQ wants to be left alone.
async fn ask(
    engine: &Engine,
    client: &Client<'_>,
    enrolment: &Enrolment,
    store: &HubStore,
    waiting: &[Waiting],
    photos: &[PhotoRow],
) -> Result<bool> {
    let head =
        |packet: &Waiting| HeadName { chain: packet.run.chain, seq: packet.run.seq, hash: packet.run.hash };
    let asked = SyncRequest {
        app_version: engine.0.options.app_version.clone(),
        device_ms: engine.now_ms(),
        // No cursors: the feed comes to this device by its own sync.
        heads: waiting.iter().map(head).collect(),
        here: engine.read(|connection| request::here(connection, false))?,
        packets: waiting.iter().map(|packet| packet.bytes.clone().into()).collect(),
        blobs: photos.iter().map(|photo| ByteArray::from(photo.sha256)).collect(),
        nonce: Some(random::<8>(&*engine.0.options.entropy).into()),
        ..SyncRequest::default()
    };
    let request = v1::encode(&asked);
    let progress = &engine.0.progress;
    progress.expect(request.len() as u64);
    let sent = request.len() as u64;
    let answer = client.sync(request).await.inspect_err(|error| {
        if error.lost() {
            progress.pace.push.lost();
        }
    })?;
    progress.sent(sent);
    let receipt = apply::verified(enrolment, &asked, &answer)?;
    let held = |packet: &Waiting| {
        receipt.chains.iter().any(|held| (held.chain, held.hash) == (packet.run.chain, packet.run.hash))
    };
    let files = store.write(|transaction| {
        let mut files = Vec::new();
        let here = photos.iter().filter(|photo| receipt.blobs.iter().any(|blob| **blob == photo.sha256));
        let (packets, photos): (Vec<_>, Vec<_>) =
            (waiting.iter().filter(|packet| held(packet)).collect(), here.collect());
        if !packets.is_empty() || !photos.is_empty() {
            let id = store::insert_receipt(transaction, &answer.receipt, engine.now_ms())?;
            for packet in packets {
                store::packet_received(transaction, packet.id, id)?;
            }
            for photo in photos {
                files.extend(store::photo_received(transaction, &photo.sha256, id)?);
            }
        }
        for sha256 in answer.erased.iter().flat_map(|erased| &erased.photos) {
            files.extend(store::photo_erased(transaction, sha256)?);
        }
        for refused in &answer.refused {
            let packet = usize::try_from(refused.packet).ok().and_then(|at| waiting.get(at));
            // What comes before it may arrive by another way; a busy dictionary or a wrong seal will not mend.
            if let Some(packet) = packet.filter(|_| refused.reason != refusal::packet::PREDECESSOR) {
                tracing::warn!(reason = refused.reason, "HQ refused a packet that this hub carried");
                store::packet_refused(transaction, packet.id, &refused.reason)?;
            }
        }
        Ok(files)
    })?;
    files.iter().try_for_each(|id| store.remove_file(id))?;
    engine.emit(&Changes { sync: true, ..Changes::default() });
    progress.set_retry_after(answer.retry_after_s);
    Ok(answer.retry_after_s.is_none())
}

/// As many as the link lets through at once; one at least.
fn fit(waiting: &mut Vec<Waiting>, room: usize) {
    let mut bytes = 0;
    let fits = |packet: &&Waiting| {
        bytes += packet.bytes.len();
        bytes <= room
    };
    let fitting = waiting.iter().take_while(fits).count();
    waiting.truncate(fitting.max(1));
}

async fn send_photos(
    engine: &Engine,
    client: &Client<'_>,
    store: &HubStore,
    photos: &[PhotoRow],
) -> Result<()> {
    let hashes = photos.iter().map(|photo| ByteArray::from(photo.sha256)).collect();
    let lacking = client.lacking(&Hashes { hashes }).await?;
    for photo in photos.iter().filter(|photo| lacking.hashes.iter().any(|hash| **hash == photo.sha256)) {
        let keep = |url: Option<&str>, sent: u64| {
            store.write(|transaction| store::set_upload(transaction, &photo.id, url, sent))
        };
        let metadata = format!("sha256 {},sealed {}", named(&photo.sealed), named(&photo.sha256));
        let known = (photo.upload_url.clone(), photo.sent);
        let this = Upload::new(metadata, store.file(&photo.id), photo.size, known, Box::new(keep));
        let sent = Sending::new(engine, client).bring(this).await;
        match sent {
            Ok(true) => {}
            Err(error) if error.code() == ErrorCode::ServerUnreachable => return Err(error),
            // Not what its phone said, or its file is gone: the phone has the photo still.
            Ok(false) | Err(Error::Io(_)) => {
                tracing::warn!("a carried photo cannot be handed on");
                store.write(|transaction| store::photo_problem(transaction, &photo.id, "photo_refused"))?;
                store.remove_file(&photo.id)?;
            }
            Err(error) => tracing::warn!(%error, "a carried photo waits"),
        }
    }
    Ok(())
}

/// Others' photos go over the networks over which this officer's own go.
fn may_send(engine: &Engine) -> Result<bool> {
    let policy = engine.read(|connection| meta::photo_policy(connection, PictureKind::Original))?;
    Ok(sending::wait(engine, policy).is_none())
}

//! The hub: a phone or laptop on the same hotspot carries other phones' packets and photos to HQ.
//!
//! A module of the engine, not a crate: it is the engine's client, transport and sealing seen from the other side, needs its
//! enrolment and scopes, and adds to the phone's binary only what TLS and HTTP bring along anyway (hyper's server half).
//!
//! The side that carries: [`serve`] listens, [`hear`] and [`uploads`] answer, [`store`] keeps, [`forward`] hands on to HQ. A rescue
//! file that an officer brings takes the same way ([`bundles`]).
//! The side that gives: [`relay`] joins and sends what [`offer`] plans. Both speak protocol v1 over
//! [`transport`](crate::sync::transport). What the hub has of its scopes' feeds it does not hand down: a phone would have to
//! take somebody's word for what HQ published, while every packet and receipt here is checked against a signature.

mod bundles;
mod forward;
mod hashing;
mod hear;
mod offer;
mod relay;
mod serve;
mod store;
pub(crate) mod tls;
mod uploads;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::disk::Disk;
use xuncha_domain::ids::Scope;
use xuncha_domain::protocol::v1::hub::{Pairing, SCOPES_MAX};

use crate::api::reference::officer;
use crate::api::types::{ErrorCode, Nothing};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::{hubs, meta};
use crate::sync::client::Client;
use crate::sync::transport::{Request, Response};

use serve::Listening;
use store::HubStore;

/// More than a phone's storage.
const QUOTA_BYTES_MAX: u64 = 1024 * 1024 * 1024 * 1024;

/// What the engine keeps in memory of both sides.
#[derive(Default)]
pub(crate) struct Hub {
    store: Mutex<Option<Arc<HubStore>>>,
    listening: Mutex<Option<Listening>>,
    /// The officer wants to send through the hub now, also when HQ can be reached.
    relay_now: AtomicBool,
    relay_error: Mutex<Option<ErrorCode>>,
}

/// This device as a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HubStatus {
    pub running: bool,
    /// The code that another phone scans, as text and as a picture; while it runs. Each phone needs a fresh one.
    pub text: Option<String>,
    pub qr_svg: Option<String>,
    pub phones: Vec<HubPhone>,
    /// What waits for HQ.
    pub packets: u32,
    pub photos: u32,
    pub bytes: u64,
    pub quota_bytes: u64,
    /// What HQ has receipted.
    pub delivered_packets: u32,
    pub delivered_photos: u32,
    /// Rescue files of other phones: that wait, that HQ imported, and that it did not take.
    pub bundles: u32,
    pub delivered_bundles: u32,
    pub refused_bundles: u32,
}

/// A phone that joined this hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HubPhone {
    pub device: String,
    pub officer: String,
    pub joined_ms: i64,
    pub seen_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct HubStart {
    /// Bytes that others may leave here; as before when none is given.
    pub quota_bytes: Option<u64>,
}

/// This phone's way through a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RelayStatus {
    /// The officer whose device is the hub; none when this phone has none.
    pub officer: Option<String>,
    pub seen_ms: Option<i64>,
    pub last_error: Option<ErrorCode>,
    /// Records and photos that HQ has not and a hub carries.
    pub commits_on_hub: u32,
    pub photos_on_hub: u32,
    /// Records of areas that the hub does not take.
    pub commits_not_taken: u32,
}

/// `text` is what a hub's QR holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RelayPair {
    pub text: String,
}

pub fn hub_status(engine: &Engine, _: Nothing) -> Result<HubStatus> {
    let port = listening(engine).as_ref().map(|listening| listening.port);
    let text = match port.map(|port| pairing(engine, port)) {
        Some(Ok(pairing)) => Some(pairing.to_string()),
        // It was closed, or its officer left every team, since it was opened.
        Some(Err(Error::Refused(ErrorCode::DeviceClosed, _))) | None => None,
        Some(Err(error)) => return Err(error),
    };
    let Some(store) = opened(engine)? else {
        return Ok(HubStatus {
            running: false,
            text: None,
            qr_svg: None,
            phones: Vec::new(),
            packets: 0,
            photos: 0,
            bytes: 0,
            quota_bytes: store::QUOTA_BYTES,
            delivered_packets: 0,
            delivered_photos: 0,
            bundles: 0,
            delivered_bundles: 0,
            refused_bundles: 0,
        });
    };
    let (load, quota_bytes, rows) = store.read(|connection| {
        Ok((store::load(connection)?, store::quota(connection)?, store::phones(connection)?))
    })?;
    let phone = |row: &store::PhoneRow| {
        Ok(HubPhone {
            device: row.device.to_string(),
            officer: engine.read(|connection| officer(connection, row.officer))?.name,
            joined_ms: row.joined_ms,
            seen_ms: row.seen_ms,
        })
    };
    Ok(HubStatus {
        running: port.is_some(),
        qr_svg: text.as_deref().and_then(picture),
        text,
        phones: rows.iter().map(phone).collect::<Result<_>>()?,
        packets: load.packets,
        photos: load.photos,
        bytes: load.bytes,
        quota_bytes,
        delivered_packets: load.delivered_packets,
        delivered_photos: load.delivered_photos,
        bundles: load.bundles,
        delivered_bundles: load.delivered_bundles,
        refused_bundles: load.refused_bundles,
    })
}

/// Takes a rescue file of another phone, to hand it on to HQ.
pub(crate) fn carry_bundle(engine: &Engine, source: &mut dyn std::io::Read) -> Result<()> {
    bundles::take(engine, source)
}

/// Opens this device to other phones until it is stopped or the app ends.
pub fn hub_start(engine: &Engine, arguments: HubStart) -> Result<HubStatus> {
    let store = open(engine)?;
    taken(engine)?;
    if let Some(bytes) = arguments.quota_bytes {
        let bytes = bytes.min(QUOTA_BYTES_MAX);
        store.write(|transaction| store::set_quota(transaction, bytes))?;
    }
    {
        let mut listening = listening(engine);
        if listening.is_none() {
            *listening = Some(serve::listen(engine, store, 0)?);
        }
    }
    hub_status(engine, Nothing {})
}

/// Closes this device to other phones. What it carries goes on to HQ.
pub fn hub_stop(engine: &Engine, _: Nothing) -> Result<HubStatus> {
    listening(engine).take();
    hub_status(engine, Nothing {})
}

pub fn relay_status(engine: &Engine, _: Nothing) -> Result<RelayStatus> {
    let last_error = *engine.0.hub.relay_error.lock().unwrap_or_else(PoisonError::into_inner);
    engine.read(|connection| {
        let hub = hubs::active(connection)?;
        let officer = match &hub {
            Some(hub) => Some(officer(connection, hub.officer)?.name),
            None => None,
        };
        let (commits_on_hub, photos_on_hub) = hubs::carried(connection)?;
        Ok(RelayStatus {
            officer,
            seen_ms: hub.as_ref().map(|hub| hub.seen_ms),
            last_error: last_error.filter(|_| hub.is_some()),
            commits_on_hub,
            photos_on_hub,
            commits_not_taken: match &hub {
                Some(hub) => hubs::not_taken(connection, hub)?,
                None => 0,
            },
        })
    })
}

/// Joins a hub; like an enrolment it waits for the network, on a runtime of its own.
pub fn relay_pair(engine: &Engine, arguments: RelayPair) -> Result<RelayStatus> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(relay::pair(engine, &arguments.text))?;
    set_relay_error(engine, None);
    relay_now(engine, Nothing {})
}

/// Sends through the hub as soon as the worker runs, also when HQ can be reached.
pub fn relay_now(engine: &Engine, _: Nothing) -> Result<RelayStatus> {
    engine.0.hub.relay_now.store(true, Ordering::Relaxed);
    engine.wake_sync();
    relay_status(engine, Nothing {})
}

/// Leaves the hub. What it carries stays on this phone, too, until HQ has it.
pub fn relay_leave(engine: &Engine, _: Nothing) -> Result<RelayStatus> {
    engine.0.store.write(|transaction| hubs::leave(transaction))?;
    relay_status(engine, Nothing {})
}

/// After an attempt to reach HQ: goes through the hub when HQ was out of reach or the officer wants it.
pub(crate) async fn after_sync(engine: &Engine, synced: &Result<()>) {
    let wanted = engine.0.hub.relay_now.swap(false, Ordering::Relaxed);
    let away = matches!(synced, Err(error) if matches!(error.code(), ErrorCode::ServerUnreachable | ErrorCode::ServerAnswer));
    if wanted || away {
        let relayed = relay::run(engine).await;
        if let Err(error) = &relayed {
            tracing::debug!(%error, "not through the hub");
        }
        set_relay_error(engine, relayed.as_ref().err().map(Error::code));
    }
}

/// Where photos lie that are sealed on their way to a hub.
pub(crate) fn sealed_folder(data: &Path) -> PathBuf {
    data.join(relay::FOLDER)
}

/// Destroys what this device carries of erased photos, and takes them no more.
pub(crate) fn erase_photos(
    disk: &Arc<dyn Disk>,
    data: &Path,
    now_ms: i64,
    photos: &[[u8; 32]],
) -> Result<()> {
    if photos.is_empty() || !HubStore::exists(data) {
        return Ok(());
    }
    HubStore::open(Arc::clone(disk), data, now_ms)?.erase_photos(photos)
}

/// Hands on what this device carries. The engine's own sync has succeeded.
pub(crate) async fn forward(engine: &Engine, client: &Client<'_>, enrolment: &meta::Enrolment) -> Result<()> {
    forward::run(engine, client, enrolment).await
}

/// The way in for a transport without sockets: opens the hub and gives its code, with an address that means nothing.
pub(crate) fn open_quietly(engine: &Engine) -> Result<Pairing> {
    open(engine)?;
    pairing(engine, 1)
}

/// Answers a request as the listener would. `whole` is false when the rest of the body never came.
pub(crate) fn heard(engine: &Engine, request: &Request, whole: bool) -> Result<Response> {
    Ok(hear::hear(engine, &*open(engine)?, request, whole))
}

fn pairing(engine: &Engine, port: u16) -> Result<Pairing> {
    let store = open(engine)?;
    let enrolment = engine
        .read(meta::enrolment)?
        .ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))?;
    let scopes = taken(engine)?;
    Ok(Pairing {
        addresses: serve::addresses(),
        port,
        pin: store.identity.pin(),
        secret: store.write(|transaction| store::secret(transaction, &*engine.0.options.entropy))?,
        city: enrolment.city,
        scopes,
    })
}

/// The scopes that this device takes. Without any, nobody could give it anything, nor read its code.
fn taken(engine: &Engine) -> Result<Vec<Scope>> {
    let mut scopes = engine.read(meta::scopes)?;
    if scopes.is_empty() {
        return Err(Error::Refused(ErrorCode::DeviceClosed, "this phone has no area of its own"));
    }
    scopes.truncate(SCOPES_MAX);
    Ok(scopes)
}

/// The hub's store, made when missing. Only an enrolled device can be a hub.
fn open(engine: &Engine) -> Result<Arc<HubStore>> {
    if engine.read(meta::enrolment)?.is_none() {
        return Err(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"));
    }
    let mut store = engine.0.hub.store.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(store) = &*store {
        return Ok(Arc::clone(store));
    }
    let options = &engine.0.options;
    let disk = Arc::clone(&options.disk);
    let opened = Arc::new(HubStore::open(disk, &options.data, engine.now_ms())?);
    *store = Some(Arc::clone(&opened));
    Ok(opened)
}

/// The hub's store, if this device ever was a hub.
fn opened(engine: &Engine) -> Result<Option<Arc<HubStore>>> {
    if HubStore::exists(&engine.0.options.data) { open(engine).map(Some) } else { Ok(None) }
}

fn listening(engine: &Engine) -> std::sync::MutexGuard<'_, Option<Listening>> {
    engine.0.hub.listening.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_relay_error(engine: &Engine, error: Option<ErrorCode>) {
    *engine.0.hub.relay_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
}

/// A QR of up to a thousand bytes; it is drawn on white, whatever the screen's colours, or cameras do not read it.
fn picture(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().to_str(&code))
}

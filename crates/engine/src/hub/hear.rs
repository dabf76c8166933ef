//! What a hub answers: the phone's side of protocol v1, without transport. [`serve`](super::serve) hears over TLS, a
//! simulation calls [`hear`] itself.
//!
//! Bytes come from whoever is on the same hotspot: everything is bounded, and checked before a byte is kept.

use std::collections::BTreeSet;

use minicbor::bytes::ByteArray;
use rusqlite::Connection;
use xuncha_domain::ids::{DeviceId, Scope, random};
use xuncha_domain::limits::PACKETS_PER_SYNC_MAX;
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::protocol::v1::blobs::{Hashes, LACKING_MAX};
use xuncha_domain::protocol::v1::hub::{
    self, Carried, CarriedError, HubAnswer, HubJoin, HubJoined, HubRun, Side,
};
use xuncha_domain::protocol::v1::refusal::{self, Refusal, packet as reason};
use xuncha_domain::protocol::v1::sync::{Refused, SyncRequest};
use xuncha_domain::protocol::v1::{self, token};

use super::store::{self, HubStore, NewPacket, PhoneRow};
use super::uploads;
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta::{self, Enrolment};
use crate::sync::request;
use crate::sync::transport::{Request, Response};

/// Room comes back only when somebody has taken the hub to a network.
pub const FULL_RETRY_S: u32 = 600;
/// Chains of one phone, as at HQ.
const HEADS_MAX: usize = 256;
/// Bytes of receipts in one answer; the next one brings the rest.
const RECEIPT_BYTES_MAX: usize = 1024 * 1024;

/// Why a request is not answered.
pub enum No {
    Refused(u16, &'static str),
    Full,
    Broken(Error),
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        if error.code() == ErrorCode::DiskFull { Self::Full } else { Self::Broken(error) }
    }
}

impl From<std::io::Error> for No {
    fn from(error: std::io::Error) -> Self {
        Error::from(error).into()
    }
}

/// Answers one request. `whole` is false when the connection broke within the body.
pub fn hear(engine: &Engine, store: &HubStore, request: &Request, whole: bool) -> Response {
    answer(engine, store, request, whole).unwrap_or_else(refusal)
}

fn answer(
    engine: &Engine,
    store: &HubStore,
    request: &Request,
    whole: bool,
) -> std::result::Result<Response, No> {
    let enrolment = engine
        .read(meta::enrolment)?
        .ok_or(Error::Refused(ErrorCode::NotEnrolled, "this hub is not enrolled"))?;
    let path = path(&request.url);
    if !whole && request.method != "PATCH" {
        return Err(No::Refused(400, refusal::MALFORMED));
    }
    if (request.method, path) == ("POST", "/v1/hub/join") {
        return join(engine, store, &enrolment, &request.body);
    }
    let phone = phone(engine, store, request)?;
    match (request.method, path) {
        ("POST", "/v1/sync") => sync(engine, store, &enrolment, &request.body),
        ("POST", "/v1/blobs/lacking") => lacking(store, &request.body),
        ("POST", "/v1/blobs") => uploads::create(engine, store, phone, request),
        ("HEAD", path) => uploads::offset(store, phone, path),
        ("PATCH", path) => uploads::take(engine, store, phone, path, request),
        _ => Err(No::Refused(404, refusal::MALFORMED)),
    }
}

fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    path.split('?').next().unwrap_or(path)
}

fn refusal(no: No) -> Response {
    let (status, code, retry_after_s) = match no {
        No::Refused(status, code) => (status, code, None),
        No::Full => (503, refusal::BUSY, Some(FULL_RETRY_S)),
        No::Broken(error) => {
            tracing::error!(%error, "the hub could not answer");
            (500, refusal::INTERNAL, None)
        }
    };
    let message = format!("the hub answers {code}");
    let refusal = Refusal { code: code.to_owned(), message, retry_after_s };
    Response { status, ..cbor(v1::encode(&refusal)) }
}

fn cbor(body: Vec<u8>) -> Response {
    Response { status: 200, headers: vec![("content-type".into(), v1::CONTENT_TYPE.into())], body }
}

fn decode<'b, T: minicbor::Decode<'b, ()>>(body: &'b [u8]) -> std::result::Result<T, No> {
    v1::decode(body).map_err(|_| No::Refused(400, refusal::MALFORMED))
}

/// Lets in whoever HQ enrolled in this city and scanned the code that was shown.
fn join(
    engine: &Engine,
    store: &HubStore,
    enrolment: &Enrolment,
    body: &[u8],
) -> std::result::Result<Response, No> {
    let request: HubJoin = decode(body)?;
    let stranger = || No::Refused(403, refusal::DEVICE_UNKNOWN);
    let certificate = Certificate::verify(&request.certificate, &enrolment.hq_key, enrolment.city)
        .map_err(|_| stranger())?;
    let pin = store.identity.pin();
    let statement = |side| hub::statement(side, &pin, &request.secret, certificate.device);
    certificate.key.verify(hub::TAG, &statement(Side::Phone), &request.signature).map_err(|_| stranger())?;
    let signer = request::signer(engine, enrolment)?;
    let signature = signer.sign(hub::TAG, &statement(Side::Hub)).map_err(Error::from)?;
    let entropy = &*engine.0.options.entropy;
    let now_ms = engine.now_ms();
    let token = store.write(|transaction| {
        // The answer may have been lost: the same phone may come again with what is used up.
        let again = store::joined_with(transaction, certificate.device, &request.secret)?;
        if !again && store::secret(transaction, entropy)? != request.secret {
            return Ok(None);
        }
        let token = random(entropy);
        let (device, officer) = (certificate.device, certificate.officer);
        let phone = PhoneRow { device, officer, joined_ms: now_ms, seen_ms: now_ms };
        store::put_phone(transaction, &phone, &request.secret, &token)?;
        if !again {
            store::new_secret(transaction, entropy)?;
        }
        Ok(Some(token))
    })?;
    let token = token.ok_or(No::Refused(403, refusal::CODE_UNKNOWN))?;
    engine.emit(&Changes { sync: true, ..Changes::default() });
    let certificate = enrolment.certificate.as_bytes().to_vec();
    Ok(cbor(v1::encode(&HubJoined { token, certificate, signature })))
}

fn phone(engine: &Engine, store: &HubStore, request: &Request) -> std::result::Result<DeviceId, No> {
    let header = request.headers.iter().find(|(name, _)| *name == "authorization");
    let token = header.and_then(|(_, value)| token::read(value));
    let token = token.ok_or(No::Refused(401, refusal::DEVICE_UNKNOWN))?;
    let phone = store.write(|transaction| store::phone_by_token(transaction, &token, engine.now_ms()))?;
    phone.ok_or(No::Refused(401, refusal::DEVICE_UNKNOWN))
}

/// Takes packets and says what is here. A repeat keeps nothing new.
fn sync(
    engine: &Engine,
    store: &HubStore,
    enrolment: &Enrolment,
    body: &[u8],
) -> std::result::Result<Response, No> {
    let request: SyncRequest = decode(body)?;
    if request.packets.len() > PACKETS_PER_SYNC_MAX
        || request.heads.len() > HEADS_MAX
        || request.blobs.len() > LACKING_MAX
    {
        return Err(No::Refused(413, refusal::TOO_LARGE));
    }
    let scopes = engine.read(meta::scopes)?;
    let mut refused = Vec::new();
    let mut checked = Vec::new();
    for (packet, bytes) in (0_u32..).zip(&request.packets) {
        match check(enrolment, &scopes, bytes) {
            Ok(carried) => checked.push((packet, carried)),
            Err(reason) => refused.push(Refused { packet, reason: reason.to_owned(), last_common: None }),
        }
    }
    let (took, full) = store.write(|transaction| {
        let quota = store::quota(transaction)?;
        let mut took = false;
        for (packet, (run, carried)) in &checked {
            match store::run_state(transaction, run)? {
                Some(None) => {}
                Some(Some(reason)) => {
                    refused.push(Refused { packet: *packet, reason, last_common: None });
                }
                None => {
                    let bytes = carried.for_hq();
                    if store::used(transaction)?.saturating_add(bytes.len() as u64) > quota {
                        return Ok((took, true));
                    }
                    let arrived_ms = engine.now_ms();
                    store::insert_packet(transaction, &NewPacket { run: *run, bytes, arrived_ms })?;
                    took = true;
                }
            }
        }
        Ok((took, false))
    })?;
    let (runs, blobs, receipts) = store.read(|connection| has(connection, &request))?;
    if took {
        engine.emit(&Changes { sync: true, ..Changes::default() });
        engine.wake_sync();
    }
    Ok(cbor(v1::encode(&HubAnswer {
        runs,
        blobs,
        refused,
        receipts,
        scopes: scopes.iter().map(ToString::to_string).collect(),
        retry_after_s: full.then_some(FULL_RETRY_S),
    })))
}

fn check(
    enrolment: &Enrolment,
    scopes: &[Scope],
    bytes: &[u8],
) -> std::result::Result<(HubRun, Carried), &'static str> {
    let carried: Carried = v1::decode(bytes).map_err(|_| reason::UNREADABLE)?;
    let checked = carried.check(&enrolment.hq_key, enrolment.city).map_err(|error| match error {
        CarriedError::Unsealed => hub::UNSEALED,
        CarriedError::Chain(_) => reason::SIGNATURE,
        CarriedError::Packet(_) | CarriedError::OtherChain | CarriedError::Limit => reason::UNREADABLE,
    })?;
    if !scopes.contains(&checked.genesis.scope) {
        return Err(hub::SCOPE);
    }
    let last = checked.commits.last().ok_or(reason::UNREADABLE)?;
    let run = HubRun {
        chain: last.header.chain.0,
        from_seq: checked.from_seq,
        seq: last.header.seq,
        hash: last.hash.0,
    };
    Ok((run, carried))
}

type Has = (Vec<HubRun>, Vec<ByteArray<32>>, Vec<v1::receipt::Receipt>);

/// What is here of what the phone asks about.
fn has(connection: &Connection, request: &SyncRequest) -> Result<Has> {
    let mut runs = Vec::new();
    let mut blobs = Vec::new();
    let mut ids = BTreeSet::new();
    for head in &request.heads {
        runs.extend(store::runs(connection, &head.chain)?);
        ids.extend(store::receipts_of_chain(connection, &head.chain)?);
    }
    for sha256 in &request.blobs {
        if store::has_photo(connection, sha256)? {
            blobs.push(*sha256);
        }
        ids.extend(store::receipt_of_photo(connection, sha256)?);
    }
    let mut receipts = Vec::new();
    let mut bytes = 0;
    for id in ids.into_iter().rev() {
        let Some(receipt) = store::receipt(connection, id)? else { continue };
        bytes += receipt.body.len();
        if bytes > RECEIPT_BYTES_MAX {
            break;
        }
        receipts.push(receipt);
    }
    Ok((runs, blobs, receipts))
}

fn lacking(store: &HubStore, body: &[u8]) -> std::result::Result<Response, No> {
    let asked: Hashes = decode(body)?;
    if asked.hashes.len() > LACKING_MAX {
        return Err(No::Refused(413, refusal::TOO_LARGE));
    }
    let hashes = store.read(|connection| {
        let mut hashes = Vec::new();
        for sha256 in asked.hashes {
            if !store::has_photo(connection, &sha256)? {
                hashes.push(sha256);
            }
        }
        Ok(hashes)
    })?;
    Ok(cbor(v1::encode(&Hashes { hashes })))
}

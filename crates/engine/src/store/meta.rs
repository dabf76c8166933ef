//! Small facts about this installation.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CityId, OfficerId, Scope};
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::log::crypto::PublicKey;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::sync::{Backup, Mark};
use xuncha_domain::time::ClockOffset;

use crate::api::types::{PhotoPolicy, PictureKind, Recovered};
use crate::error::Result;

pub(super) fn get<T: rusqlite::types::FromSql>(connection: &Connection, key: &str) -> Result<Option<T>> {
    Ok(connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

pub(super) fn set(connection: &Connection, key: &str, value: &[u8]) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute((key, value))?;
    Ok(())
}

fn number(connection: &Connection, key: &str) -> Result<Option<i64>> {
    let bytes: Option<Vec<u8>> = get(connection, key)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes))
}

/// What enrolment gave this phone.
#[derive(Clone)]
pub struct Enrolment {
    pub city: CityId,
    pub city_name: String,
    pub server_url: String,
    pub token: Vec<u8>,
    pub hq_key: PublicKey,
    pub certificate: Certificate,
}

impl Enrolment {
    pub fn officer(&self) -> OfficerId {
        self.certificate.officer
    }
}

pub fn enrolment(connection: &Connection) -> Result<Option<Enrolment>> {
    let Some(certificate) = get::<Vec<u8>>(connection, "certificate")? else { return Ok(None) };
    let bytes = |key| get::<Vec<u8>>(connection, key).map(Option::unwrap_or_default);
    let text = |key| bytes(key).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let city = CityId::from_slice(&bytes("city")?)?;
    let (hq_key, certificate) = verified(city, bytes("hq_key")?, certificate)?;
    Ok(Some(Enrolment {
        city,
        city_name: text("city_name")?,
        server_url: text("server_url")?,
        token: bytes("token")?,
        certificate,
        hq_key,
    }))
}

/// Enrolments whose signature was checked since the process began: a tap reads its enrolment several times, and checking
/// it took half of what a tap took. The bytes are the whole key, so that another certificate is always checked.
static VERIFIED: Mutex<BTreeMap<CheckedBytes, (PublicKey, Certificate)>> = Mutex::new(BTreeMap::new());

/// A phone has one enrolment; a test runs some phones in a process.
const VERIFIED_MAX: usize = 64;

type CheckedBytes = (CityId, Vec<u8>, Vec<u8>);

fn verified(city: CityId, hq_key: Vec<u8>, certificate: Vec<u8>) -> Result<(PublicKey, Certificate)> {
    let bytes = (city, hq_key, certificate);
    let mut known = VERIFIED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(&bytes) {
        return Ok(found.clone());
    }
    let hq_key = PublicKey::from_bytes(PublicKey::ALGORITHM as u8, &bytes.1)?;
    let certificate = Certificate::verify(&bytes.2, &hq_key, city)?;
    if known.len() >= VERIFIED_MAX {
        known.clear();
    }
    known.insert(bytes, (hq_key.clone(), certificate.clone()));
    Ok((hq_key, certificate))
}

pub fn set_enrolment(connection: &Connection, enrolment: &Enrolment) -> Result<()> {
    set(connection, "city", enrolment.city.as_bytes())?;
    set(connection, "city_name", enrolment.city_name.as_bytes())?;
    set(connection, "server_url", enrolment.server_url.as_bytes())?;
    set(connection, "token", &enrolment.token)?;
    set(connection, "hq_key", &enrolment.hq_key.to_bytes())?;
    set(connection, "certificate", enrolment.certificate.as_bytes())
}

/// What is left of an enrolment that cannot be read.
pub fn forget_enrolment(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM meta WHERE key = 'certificate'", [])?;
    Ok(())
}

/// The scopes that this phone reads.
pub fn scopes(connection: &Connection) -> Result<Vec<Scope>> {
    let text: Vec<u8> = get(connection, "scopes")?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&text).split_whitespace().filter_map(|scope| scope.parse().ok()).collect())
}

pub fn set_scopes(connection: &Connection, scopes: &[String]) -> Result<()> {
    set(connection, "scopes", scopes.join("\n").as_bytes())
}

/// Whom rescue bundles are sealed to, as HQ said.
pub fn rescue(connection: &Connection) -> Result<Option<String>> {
    let bytes: Option<Vec<u8>> = get(connection, "rescue")?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// At an enrolment, which is when HQ is trusted.
pub fn set_rescue(connection: &Connection, recipient: Option<&str>) -> Result<()> {
    recipient.map_or(Ok(()), |recipient| set(connection, "rescue", recipient.as_bytes()))
}

/// After a sync: the first one stays, so that nobody on the way can put another in its place.
pub fn learn_rescue(connection: &Connection, recipient: Option<&str>) -> Result<()> {
    if rescue(connection)?.is_some() { Ok(()) } else { set_rescue(connection, recipient) }
}

pub fn clock(connection: &Connection) -> Result<Option<ClockOffset>> {
    Ok(match (number(connection, "clock_offset")?, number(connection, "clock_error")?) {
        (Some(offset_ms), Some(error_ms)) => Some(ClockOffset { offset_ms, error_ms }),
        _ => None,
    })
}

pub fn set_clock(connection: &Connection, clock: ClockOffset) -> Result<()> {
    set(connection, "clock_offset", &clock.offset_ms.to_be_bytes())?;
    set(connection, "clock_error", &clock.error_ms.to_be_bytes())
}

pub fn last_receipt_ms(connection: &Connection) -> Result<Option<i64>> {
    number(connection, "last_receipt")
}

pub fn set_last_receipt_ms(connection: &Connection, at_ms: i64) -> Result<()> {
    set(connection, "last_receipt", &at_ms.to_be_bytes())
}

/// What HQ's newest backup covers, as HQ said.
pub fn backup(connection: &Connection) -> Result<Option<Backup>> {
    let bytes: Option<Vec<u8>> = get(connection, "backup")?;
    Ok(bytes.map(|bytes| v1::decode(&bytes)).transpose()?)
}

pub fn set_backup(connection: &Connection, backup: &Backup) -> Result<()> {
    set(connection, "backup", &v1::encode(backup))
}

/// Where HQ's list of photos stood when it last confirmed one to this phone.
pub fn photo_mark(connection: &Connection) -> Result<Option<Mark>> {
    let bytes: Option<Vec<u8>> = get(connection, "photo_mark")?;
    Ok(bytes.map(|bytes| v1::decode(&bytes)).transpose()?)
}

pub fn set_photo_mark(connection: &Connection, mark: &Mark) -> Result<()> {
    set(connection, "photo_mark", &v1::encode(mark))
}

/// When HQ itself last answered, by its own clock.
pub fn hq_ms(connection: &Connection) -> Result<Option<i64>> {
    number(connection, "hq_receipt")
}

pub fn set_hq_ms(connection: &Connection, at_ms: i64) -> Result<()> {
    set(connection, "hq_receipt", &at_ms.to_be_bytes())
}

/// What became of a damaged database, until the officer has read it.
pub fn recovered(connection: &Connection) -> Result<Option<Recovered>> {
    let json: Option<Vec<u8>> = get(connection, "recovered")?;
    Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?)
}

pub fn set_recovered(connection: &Connection, recovered: &Recovered) -> Result<()> {
    set(connection, "recovered", &serde_json::to_vec(recovered)?)
}

pub fn clear_recovered(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM meta WHERE key = 'recovered'", [])?;
    Ok(())
}

/// Whether copies of what orders destroyed may still lie outside the log.
pub fn scrub_due(connection: &Connection) -> Result<bool> {
    Ok(get::<Vec<u8>>(connection, "scrub_due")?.is_some())
}

pub fn set_scrub_due(connection: &Connection) -> Result<()> {
    set(connection, "scrub_due", &[1])
}

pub fn clear_scrub_due(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM meta WHERE key = 'scrub_due'", [])?;
    Ok(())
}

/// Whether copies of what was lost with a scope may still lie outside the database.
pub fn sweep_due(connection: &Connection) -> Result<bool> {
    Ok(get::<Vec<u8>>(connection, "sweep_due")?.is_some())
}

pub fn set_sweep_due(connection: &Connection) -> Result<()> {
    set(connection, "sweep_due", &[1])
}

pub fn clear_sweep_due(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM meta WHERE key = 'sweep_due'", [])?;
    Ok(())
}

/// Whether a commit that HQ holds was ever dropped here, so that a chain may lack it.
pub fn has_dropped(connection: &Connection) -> Result<bool> {
    Ok(get::<Vec<u8>>(connection, "dropped")?.is_some())
}

pub fn set_dropped(connection: &Connection) -> Result<()> {
    set(connection, "dropped", &[1])
}

/// When pictures of a kind may be sent; whenever they can until the officer chooses.
pub fn photo_policy(connection: &Connection, kind: PictureKind) -> Result<PhotoPolicy> {
    let json: Option<Vec<u8>> = get(connection, policy_of(kind))?;
    Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?.unwrap_or(PhotoPolicy::Any))
}

pub fn set_photo_policy(connection: &Connection, kind: PictureKind, policy: PhotoPolicy) -> Result<()> {
    set(connection, policy_of(kind), &serde_json::to_vec(&policy)?)
}

fn policy_of(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Thumbnail => "thumbnail_policy",
        PictureKind::Original => "photo_policy",
    }
}

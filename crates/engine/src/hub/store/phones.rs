//! Phones that joined, and the secret that the next one scans.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use xuncha_domain::ids::{DeviceId, Entropy, OfficerId, random};

use super::{meta, set_meta};
use crate::error::Result;
use crate::store::values::Col;

/// Two brigades on one hotspot; the one that was not heard of for longest makes room and may join again.
const PHONES_MAX: u32 = 64;

/// A phone that joined.
#[derive(Debug, Clone, Copy)]
pub struct PhoneRow {
    pub device: DeviceId,
    pub officer: OfficerId,
    pub joined_ms: i64,
    pub seen_ms: i64,
}

/// The secret of the code that is shown now.
pub fn secret(connection: &Connection, entropy: &dyn Entropy) -> Result<[u8; 16]> {
    if let Some(secret) = meta(connection, "secret")?.and_then(|bytes| bytes.try_into().ok()) {
        return Ok(secret);
    }
    new_secret(connection, entropy)
}

pub fn new_secret(connection: &Connection, entropy: &dyn Entropy) -> Result<[u8; 16]> {
    let secret = random(entropy);
    set_meta(connection, "secret", &secret)?;
    Ok(secret)
}

/// Whether this device joined with that secret before.
pub fn joined_with(connection: &Connection, device: DeviceId, secret: &[u8; 16]) -> Result<bool> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM phone WHERE device = ?1 AND secret = ?2)",
        (Col(device), secret),
        |row| row.get(0),
    )?)
}

/// Lets a phone in under this token; an older token of it is void.
pub fn put_phone(
    connection: &Connection,
    phone: &PhoneRow,
    secret: &[u8; 16],
    token: &[u8; 32],
) -> Result<()> {
    connection.execute(
        "INSERT INTO phone (device, officer, secret, token_hash, joined_ms, seen_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (device) DO UPDATE SET secret = excluded.secret, token_hash = excluded.token_hash,
           joined_ms = excluded.joined_ms, seen_ms = excluded.seen_ms",
        (Col(phone.device), Col(phone.officer), secret, token_hash(token), phone.joined_ms, phone.seen_ms),
    )?;
    connection.execute(
        "DELETE FROM phone WHERE device NOT IN (SELECT device FROM phone ORDER BY seen_ms DESC, device LIMIT ?1)",
        [PHONES_MAX],
    )?;
    Ok(())
}

/// The phone with this token; notes that it was here.
pub fn phone_by_token(connection: &Connection, token: &[u8; 32], now_ms: i64) -> Result<Option<DeviceId>> {
    let device = connection
        .query_row(
            "UPDATE phone SET seen_ms = ?2 WHERE token_hash = ?1 RETURNING device",
            (token_hash(token), now_ms),
            |row| row.get::<_, Col<DeviceId>>(0),
        )
        .optional()?;
    Ok(device.map(|device| device.0))
}

/// Last seen first.
pub fn phones(connection: &Connection) -> Result<Vec<PhoneRow>> {
    let mut statement = connection
        .prepare("SELECT device, officer, joined_ms, seen_ms FROM phone ORDER BY seen_ms DESC, device")?;
    let rows = statement.query_map([], |row| {
        Ok(PhoneRow {
            device: row.get::<_, Col<DeviceId>>(0)?.0,
            officer: row.get::<_, Col<OfficerId>>(1)?.0,
            joined_ms: row.get(2)?,
            seen_ms: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn token_hash(token: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(token).into()
}

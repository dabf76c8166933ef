//! What the lock keeps of a PIN.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::meta::{get, set};
use crate::error::Result;

/// A PIN, stretched. It names its own parameters, so that a later app can ask for more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretched {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    pub salt: [u8; 16],
    pub hash: [u8; 32],
}

/// The lock as it outlives the app.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// None while nobody set a PIN.
    pub pin: Option<Stretched>,
    /// Minutes in the background after which it is asked for.
    pub after_min: u32,
    /// Wrong tries since the last right one.
    pub failures: u32,
}

const KEY: &str = "lock";

pub fn kept(connection: &Connection) -> Result<Kept> {
    let json: Option<Vec<u8>> = get(connection, KEY)?;
    Ok(json.map(|json| serde_json::from_slice(&json)).transpose()?.unwrap_or_default())
}

pub fn keep(connection: &Connection, kept: &Kept) -> Result<()> {
    set(connection, KEY, &serde_json::to_vec(kept)?)
}

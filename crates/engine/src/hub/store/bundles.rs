//! Rescue bundles of other phones on their way to HQ.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// A bundle that HQ has not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow {
    pub id: [u8; 16],
    /// Of the file.
    pub sha256: [u8; 32],
    pub size: u64,
    pub upload_url: Option<String>,
    pub sent: u64,
}

/// Whether these bytes wait here already, or HQ has them.
pub fn has_bundle(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    let sql = "SELECT 1 FROM bundle WHERE sha256 = ?1 AND problem IS NULL";
    Ok(connection.query_row(sql, [sha256], |_| Ok(())).optional()?.is_some())
}

/// Keeps a bundle, in place of the same one that HQ refused.
pub fn insert_bundle(connection: &Connection, bundle: &BundleRow, arrived_ms: i64) -> Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO bundle (id, sha256, size, arrived_ms) VALUES (?1, ?2, ?3, ?4)",
        (bundle.id, bundle.sha256, bundle.size, arrived_ms),
    )?;
    Ok(())
}

/// Bundles that HQ has not imported, oldest first.
pub fn bundles_waiting(connection: &Connection) -> Result<Vec<BundleRow>> {
    let mut statement = connection.prepare(
        "SELECT id, sha256, size, upload_url, sent FROM bundle
         WHERE delivered_ms IS NULL AND problem IS NULL ORDER BY arrived_ms, id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(BundleRow {
            id: row.get(0)?,
            sha256: row.get(1)?,
            size: row.get(2)?,
            upload_url: row.get(3)?,
            sent: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn set_bundle_upload(connection: &Connection, id: &[u8; 16], url: Option<&str>, sent: u64) -> Result<()> {
    connection.execute("UPDATE bundle SET upload_url = ?2, sent = ?3 WHERE id = ?1", (id, url, sent))?;
    Ok(())
}

pub fn bundle_delivered(connection: &Connection, id: &[u8; 16], now_ms: i64) -> Result<()> {
    connection.execute("UPDATE bundle SET delivered_ms = ?2 WHERE id = ?1", (id, now_ms))?;
    Ok(())
}

pub fn bundle_problem(connection: &Connection, id: &[u8; 16], reason: &str) -> Result<()> {
    connection.execute("UPDATE bundle SET problem = ?2 WHERE id = ?1", (id, reason))?;
    Ok(())
}

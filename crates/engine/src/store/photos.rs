//! Photos that were taken on this phone, and how far their bytes got.

use rusqlite::{Connection, OptionalExtension, Row};
use xuncha_domain::ids::EntityId;

use super::values::Col;
use crate::error::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRow {
    pub sha256: [u8; 32],
    pub root: EntityId,
    /// Relative to the photo folder.
    pub file: String,
    pub size: u64,
    pub taken_ms: i64,
    pub upload_url: Option<String>,
    pub sent: u64,
    pub received: bool,
    pub problem: Option<String>,
}

const COLUMNS: &str = "sha256, root, file, size, taken_ms, upload_url, sent, received, problem";

fn read(row: &Row<'_>) -> rusqlite::Result<PhotoRow> {
    Ok(PhotoRow {
        sha256: row.get(0)?,
        root: row.get::<_, Col<EntityId>>(1)?.0,
        file: row.get(2)?,
        size: row.get(3)?,
        taken_ms: row.get(4)?,
        upload_url: row.get(5)?,
        sent: row.get(6)?,
        received: row.get(7)?,
        problem: row.get(8)?,
    })
}

pub fn get(connection: &Connection, sha256: &[u8; 32]) -> Result<Option<PhotoRow>> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE sha256 = ?1"))?
        .query_row([sha256], read)
        .optional()?)
}

/// Keeps a captured photo; the same picture again changes nothing.
pub fn insert(
    connection: &Connection,
    root: EntityId,
    sha256: &[u8; 32],
    file: &str,
    size: u64,
    taken_ms: i64,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO photo (sha256, root, file, size, taken_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((sha256, Col(root), file, size, taken_ms))?;
    Ok(())
}

/// Photos that no receipt names, oldest first.
pub fn unreceived(connection: &Connection, limit: usize) -> Result<Vec<PhotoRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM photo WHERE received = 0 ORDER BY taken_ms LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Bytes of the photos that a receipt names.
pub fn received_bytes(connection: &Connection) -> Result<u64> {
    let sql = "SELECT coalesce(sum(size), 0) FROM photo WHERE received = 1";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

pub fn of_root(connection: &Connection, root: EntityId) -> Result<Vec<PhotoRow>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE root = ?1"))?;
    let rows = statement.query_map([Col(root)], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn set_upload(connection: &Connection, sha256: &[u8; 32], url: Option<&str>, sent: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE photo SET upload_url = ?2, sent = ?3 WHERE sha256 = ?1")?
        .execute((sha256, url, sent))?;
    Ok(())
}

/// A receipt of HQ names it.
pub fn set_received(connection: &Connection, sha256: &[u8; 32]) -> Result<()> {
    connection
        .prepare_cached("UPDATE photo SET received = 1, sent = size, problem = NULL WHERE sha256 = ?1")?
        .execute([sha256])?;
    Ok(())
}

/// HQ lost some of what it had confirmed: all are asked about again.
pub fn forget_received(connection: &Connection) -> Result<usize> {
    connection.execute("UPDATE thumb SET done = 0", [])?;
    let sql = "UPDATE photo SET received = 0, sent = 0, upload_url = NULL WHERE received = 1";
    Ok(connection.execute(sql, [])?)
}

pub fn set_problem(connection: &Connection, sha256: &[u8; 32], problem: Option<&str>) -> Result<()> {
    connection
        .prepare_cached("UPDATE photo SET problem = ?2 WHERE sha256 = ?1")?
        .execute((sha256, problem))?;
    Ok(())
}

//! Sealed photos on their way to HQ.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

const PHOTO: &str = "id, device, sha256, sealed, size, arrived, whole, upload_url, sent";

#[derive(Debug, Clone)]
pub struct PhotoRow {
    pub id: [u8; 16],
    pub device: [u8; 16],
    /// Of the photo.
    pub sha256: [u8; 32],
    /// Of the sealed file.
    pub sealed: [u8; 32],
    pub size: u64,
    pub arrived: u64,
    pub whole: bool,
    pub upload_url: Option<String>,
    pub sent: u64,
}

fn photo_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<PhotoRow> {
    Ok(PhotoRow {
        id: row.get(0)?,
        device: row.get(1)?,
        sha256: row.get(2)?,
        sealed: row.get(3)?,
        size: row.get(4)?,
        arrived: row.get(5)?,
        whole: row.get(6)?,
        upload_url: row.get(7)?,
        sent: row.get(8)?,
    })
}

pub fn photo(connection: &Connection, id: &[u8; 16]) -> Result<Option<PhotoRow>> {
    Ok(connection
        .query_row(&format!("SELECT {PHOTO} FROM photo WHERE id = ?1 AND problem IS NULL"), [id], photo_row)
        .optional()?)
}

/// Whether the hub has a photo whole, or HQ receipted it.
pub fn has_photo(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM photo WHERE sha256 = ?1 AND whole = 1 AND problem IS NULL)",
        )?
        .query_row([sha256], |row| row.get(0))?)
}

/// Whether HQ did not take this photo from here.
pub fn photo_refused(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM photo WHERE sha256 = ?1 AND problem IS NOT NULL)",
        [sha256],
        |row| row.get(0),
    )?)
}

/// Takes an announced upload in place of unfinished ones of the same device, which sends one after the other. Returns
/// whose bytes may go.
pub fn insert_photo(connection: &Connection, photo: &PhotoRow, created_ms: i64) -> Result<Vec<[u8; 16]>> {
    let mut statement =
        connection.prepare_cached("DELETE FROM photo WHERE device = ?1 AND whole = 0 RETURNING id")?;
    let gone = statement.query_map([photo.device], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    connection.execute(
        "INSERT INTO photo (id, device, sha256, sealed, size, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (photo.id, photo.device, photo.sha256, photo.sealed, photo.size, created_ms),
    )?;
    Ok(gone)
}

pub fn photo_arrived(connection: &Connection, id: &[u8; 16], arrived: u64, whole: bool) -> Result<()> {
    connection.execute("UPDATE photo SET arrived = ?2, whole = ?3 WHERE id = ?1", (id, arrived, whole))?;
    Ok(())
}

pub fn drop_photo(connection: &Connection, id: &[u8; 16]) -> Result<()> {
    connection.execute("DELETE FROM photo WHERE id = ?1", [id])?;
    Ok(())
}

/// Photos whose bytes, as far as they arrived, are needed still.
pub fn with_files(connection: &Connection) -> Result<Vec<[u8; 16]>> {
    let mut statement =
        connection.prepare("SELECT id FROM photo WHERE receipt IS NULL AND problem IS NULL")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whole photos that HQ has not receipted, oldest first.
pub fn photos_waiting(connection: &Connection, limit: usize) -> Result<Vec<PhotoRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {PHOTO} FROM photo WHERE whole = 1 AND receipt IS NULL AND problem IS NULL ORDER BY created_ms, id LIMIT ?1"
    ))?;
    Ok(statement.query_map([limit], photo_row)?.collect::<rusqlite::Result<_>>()?)
}

pub fn set_upload(connection: &Connection, id: &[u8; 16], url: Option<&str>, sent: u64) -> Result<()> {
    connection.execute("UPDATE photo SET upload_url = ?2, sent = ?3 WHERE id = ?1", (id, url, sent))?;
    Ok(())
}

/// A receipt of HQ names the photo. Returns whose bytes may go.
pub fn photo_received(connection: &Connection, sha256: &[u8; 32], receipt: i64) -> Result<Vec<[u8; 16]>> {
    let mut statement = connection.prepare_cached(
        "UPDATE photo SET receipt = ?2, problem = NULL WHERE sha256 = ?1 AND receipt IS NULL RETURNING id",
    )?;
    Ok(statement.query_map((sha256, receipt), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// HQ erased the photo and takes it no more. Returns whose bytes may go.
pub fn photo_erased(connection: &Connection, sha256: &[u8; 32]) -> Result<Vec<[u8; 16]>> {
    let mut statement =
        connection.prepare_cached("UPDATE photo SET problem = 'erased' WHERE sha256 = ?1 RETURNING id")?;
    Ok(statement.query_map([sha256], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

pub fn photo_problem(connection: &Connection, id: &[u8; 16], reason: &str) -> Result<()> {
    connection.execute("UPDATE photo SET problem = ?2 WHERE id = ?1 AND receipt IS NULL", (id, reason))?;
    Ok(())
}

//! Thumbnails of photos that were taken on this phone, until HQ has them.

use rusqlite::{Connection, Row};

use crate::error::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbRow {
    pub sha256: [u8; 32],
    /// Relative to the photo folder.
    pub file: String,
    pub size: u64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<ThumbRow> {
    Ok(ThumbRow { sha256: row.get(0)?, file: row.get(1)?, size: row.get(2)? })
}

/// Keeps a thumbnail to be sent; the same photo again changes nothing.
pub fn insert(connection: &Connection, photo: &[u8; 32], thumb: &ThumbRow, taken_ms: i64) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO thumb (photo, sha256, file, size, taken_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((photo, thumb.sha256, &thumb.file, thumb.size, taken_ms))?;
    Ok(())
}

/// Thumbnails that HQ may lack, oldest first.
pub fn waiting(connection: &Connection, limit: usize) -> Result<Vec<ThumbRow>> {
    let mut statement = connection
        .prepare_cached("SELECT sha256, file, size FROM thumb WHERE done = 0 ORDER BY taken_ms LIMIT ?1")?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn set_done(connection: &Connection, sha256: &[u8; 32]) -> Result<()> {
    connection.prepare_cached("UPDATE thumb SET done = 1 WHERE sha256 = ?1")?.execute([sha256])?;
    Ok(())
}

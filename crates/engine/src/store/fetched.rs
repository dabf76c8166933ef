//! The cache of other phones' pictures: how much of each is here, and when somebody last looked at it.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// A picture of a photo that another phone took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    /// SHA-256 of the original.
    pub photo: [u8; 32],
    /// Its thumbnail, not itself.
    pub thumb: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    pub bytes: u64,
    pub whole: bool,
    pub used_ms: i64,
}

pub fn get(connection: &Connection, name: Name) -> Result<Option<Fetched>> {
    Ok(connection
        .prepare_cached("SELECT bytes, whole, used_ms FROM fetched WHERE photo = ?1 AND thumb = ?2")?
        .query_row((name.photo, name.thumb), |row| {
            Ok(Fetched { bytes: row.get(0)?, whole: row.get(1)?, used_ms: row.get(2)? })
        })
        .optional()?)
}

pub fn set(connection: &Connection, name: Name, fetched: Fetched) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO fetched (photo, thumb, bytes, whole, used_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (photo, thumb) DO UPDATE SET
               bytes = excluded.bytes, whole = excluded.whole, used_ms = excluded.used_ms",
        )?
        .execute((name.photo, name.thumb, fetched.bytes, fetched.whole, fetched.used_ms))?;
    Ok(())
}

pub fn remove(connection: &Connection, name: Name) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM fetched WHERE photo = ?1 AND thumb = ?2")?
        .execute((name.photo, name.thumb))?;
    Ok(())
}

/// The photos of which something is here.
pub fn photos(connection: &Connection) -> Result<Vec<[u8; 32]>> {
    let mut statement = connection.prepare("SELECT DISTINCT photo FROM fetched")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Forgets a photo and its thumbnail.
pub fn remove_photo(connection: &Connection, photo: &[u8; 32]) -> Result<()> {
    connection.prepare_cached("DELETE FROM fetched WHERE photo = ?1")?.execute([photo])?;
    Ok(())
}

/// What all of it takes, in bytes.
pub fn total(connection: &Connection) -> Result<u64> {
    Ok(connection.query_row("SELECT coalesce(sum(bytes), 0) FROM fetched", [], |row| row.get(0))?)
}

/// The pictures that nobody looked at for the longest time, with their sizes.
pub fn least_used(connection: &Connection, limit: usize) -> Result<Vec<(Name, u64)>> {
    let mut statement =
        connection.prepare_cached("SELECT photo, thumb, bytes FROM fetched ORDER BY used_ms LIMIT ?1")?;
    let rows = statement
        .query_map([limit], |row| Ok((Name { photo: row.get(0)?, thumb: row.get(1)? }, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

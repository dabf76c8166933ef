//! The index by which venues are found, kept beside their rows.

use rusqlite::{Connection, params};
use xuncha_domain::search::{Words, grams};

use crate::error::Result;

/// Indexes a venue anew under the number of its row.
pub fn put(connection: &Connection, number: i64, venue: Words<'_>) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO venue_search (rowid, grams) VALUES (?1, ?2)")?
        .execute(params![number, grams(venue)])?;
    Ok(())
}

pub fn remove(connection: &Connection, number: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM venue_search WHERE rowid = ?1")?.execute([number])?;
    Ok(())
}

/// Indexes every venue: for rows of before the index.
pub fn fill(connection: &Connection) -> Result<()> {
    let mut statement = connection.prepare("SELECT number, name, address, licence_no FROM venue_row")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, address): (String, String) = (row.get(1)?, row.get(2)?);
        let licence_no: Option<String> = row.get(3)?;
        let licence_no = licence_no.as_deref().unwrap_or_default();
        put(connection, row.get(0)?, Words { name: &name, address: &address, licence_no })?;
    }
    Ok(())
}

//! The one way to open the database: pragmas, version check, then every upgrade step in one transaction.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Error, Result};

/// Migrations in order; the n-th brings `user_version` to n. A released file is never edited.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_first.sql")];
/// The oldest app that may still open a database of the newest shape.
const OLDEST_APP: &str = "0.1.0";

pub fn writer(path: &Path, app_version: &str) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    pragmas(&connection)?;
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > MIGRATIONS.len() {
        let needs = connection
            .query_row("SELECT CAST(value AS TEXT) FROM meta WHERE key = 'oldest_app'", [], |row| row.get(0))
            .unwrap_or_else(|_| app_version.to_owned());
        return Err(Error::DatabaseNewer { needs });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
        transaction.execute(
            "INSERT INTO meta (key, value) VALUES ('oldest_app', CAST(?1 AS BLOB))
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [OLDEST_APP],
        )?;
    }
    transaction.commit()?;
    Ok(connection)
}

pub fn reader(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    pragmas(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn pragmas(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Law 1 speaks of power cuts: every tap is on disk before the screen says so.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The background worker's process may hold the database for a moment.
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_database_is_refused_with_the_version_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuncha.db");
        let connection = writer(&path, "0.1.0").unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        connection
            .execute("UPDATE meta SET value = CAST('7.2.0' AS BLOB) WHERE key = 'oldest_app'", [])
            .unwrap();
        drop(connection);
        assert!(matches!(writer(&path, "0.1.0"), Err(Error::DatabaseNewer { needs }) if needs == "7.2.0"));
    }
}

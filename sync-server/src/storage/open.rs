//! The one way to open the database: pragmas, version check, then every upgrade step in one immediate transaction.
//!
//! Two numbers: `user_version` is the step that the file has reached, `meta.oldest_step` the oldest server that may still
//! open it. An added table leaves the second one alone, so that an older node can run on during an upgrade.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Error;

/// Never edited after a release; a change is a new file.
const STEPS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_accounts.sql"),
    include_str!("../../migrations/sqlite/0002_blobs.sql"),
    include_str!("../../migrations/sqlite/0003_log.sql"),
    include_str!("../../migrations/sqlite/0004_rows.sql"),
    include_str!("../../migrations/sqlite/0005_quotas.sql"),
    include_str!("../../migrations/sqlite/0006_settled.sql"),
    include_str!("../../migrations/sqlite/0007_acts.sql"),
    include_str!("../../migrations/sqlite/0008_thumbs.sql"),
    include_str!("../../migrations/sqlite/0009_restored.sql"),
    include_str!("../../migrations/sqlite/0010_erasure.sql"),
    include_str!("../../migrations/sqlite/0011_live.sql"),
    include_str!("../../migrations/sqlite/0012_entities.sql"),
    include_str!("../../migrations/sqlite/0013_quarantine.sql"),
    include_str!("../../migrations/sqlite/0014_checklists.sql"),
    include_str!("../../migrations/sqlite/0015_ledgers.sql"),
];

/// The oldest step whose code can work on a file of the newest step.
const OLDEST_STEP: u32 = 12;

/// Pages of the log after which they are written into the database: 16 MiB. A storm of phones changes the same pages again
/// and again, and each then goes there once.
const CHECKPOINT_PAGES: u32 = 4_096;

/// A reader that waits longer than this is stuck behind something that will not end.
const BUSY_TIMEOUT_MS: u64 = 10_000;

pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let mut conn = Connection::open(path)?;
    pragmas(&conn)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::Corrupt("journal mode"));
    }
    conn.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
    ))?;
    upgrade(&mut conn)?;
    Ok(conn)
}

/// For copying a database that others use.
pub(super) fn copier(path: &Path) -> Result<Connection, Error> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    pragmas(&conn)?;
    Ok(conn)
}

pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    pragmas(&conn)?;
    conn.execute_batch("PRAGMA query_only = ON;")?;
    Ok(conn)
}

fn pragmas(conn: &Connection) -> Result<(), Error> {
    conn.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    conn.set_prepared_statement_cache_capacity(256);
    // Else SQLite looks into what is bound to a LIMIT, and prepares such a statement again for every use.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384;")?;
    Ok(())
}

fn upgrade(conn: &mut Connection) -> Result<(), Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let latest = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > latest {
        let needed: u32 =
            tx.query_row("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'oldest_step'", [], |row| {
                row.get(0)
            })?;
        return if needed > latest { Err(Error::Newer { found, needed }) } else { Ok(()) };
    }
    if found == latest {
        return Ok(());
    }
    for step in STEPS.iter().skip(found as usize) {
        tx.execute_batch(step)?;
    }
    tx.execute(
        "INSERT INTO meta (key, value) VALUES ('oldest_step', CAST(?1 AS BLOB))
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [OLDEST_STEP.to_string()],
    )?;
    tx.pragma_update(None, "user_version", latest)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Storage;
    use super::*;

    #[test]
    fn a_file_of_a_newer_server_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hq.sqlite");
        drop(Storage::open(&path).unwrap());
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "user_version", 999).unwrap();
        // A newer file that says older servers may go on is opened.
        drop(Storage::open(&path).unwrap());
        conn.execute("UPDATE meta SET value = CAST('998' AS BLOB) WHERE key = 'oldest_step'", []).unwrap();
        assert!(matches!(Storage::open(&path), Err(Error::Newer { found: 999, needed: 998 })));
    }

    #[test]
    fn a_server_that_stops_leaves_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hq.sqlite");
        let storage = Storage::open(&path).unwrap();
        storage.write(|tx| tx.set_meta("city_id", &[1])).unwrap();
        storage.read(|read| read.meta("city_id")).unwrap();
        drop(storage);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn opening_twice_changes_nothing_and_readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hq.sqlite");
        drop(Storage::open(&path).unwrap());
        let _again = Storage::open(&path).unwrap();
        let reader = reader(&path).unwrap();
        assert!(reader.execute("DELETE FROM meta", []).is_err());
    }
}

//! The one way to open the database: pragmas, version check, then every upgrade step in one transaction.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::{log, rows, salvaged, search};
use crate::error::{Error, Result};

/// Migrations in order; the n-th brings `user_version` to n. A released file is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_thumbs.sql"),
    include_str!("migrations/0003_settled.sql"),
    include_str!("migrations/0004_acts.sql"),
    include_str!("migrations/0005_fetched.sql"),
    include_str!("migrations/0006_restored.sql"),
    include_str!("migrations/0007_hubs.sql"),
    include_str!("migrations/0008_erasure.sql"),
    include_str!("migrations/0009_live_sets.sql"),
    include_str!("migrations/0010_base.sql"),
    include_str!("migrations/0011_quarantine.sql"),
    include_str!("migrations/0012_venue_search.sql"),
    include_str!("migrations/0013_places.sql"),
    include_str!("migrations/0014_findings.sql"),
    include_str!("migrations/0015_numbers.sql"),
    include_str!("migrations/0016_ledgers.sql"),
];

/// The shape of the database that this app writes.
pub const VERSION: usize = MIGRATIONS.len();

/// What an older file counted lacks rows of today: its log is counted once more.
const COUNTED_SINCE: usize = 9;
/// Visits of an older file have no rows of their findings.
const FINDINGS_SINCE: usize = 14;
/// Venues of an older file are not in the index by which they are found.
const SEARCHED_SINCE: usize = 12;

/// Prepared statements that a connection keeps: more than the store has.
const STATEMENTS: usize = 256;

/// Opens the database for writing, making it or bringing it up to date where needed.
///
/// # Errors
/// [`Error::DatabaseNewer`] without touching the file; a `DatabaseCorrupt` one when it is damaged anywhere.
pub fn writer(path: &Path, app_version: &str) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    // Closing one that turns out to be damaged must not write to it: it is kept as it was found.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).map_err(|_| damaged("a version below zero"))?;
    if version > MIGRATIONS.len() {
        let needs = connection
            .query_row("SELECT CAST(value AS TEXT) FROM meta WHERE key = 'shaped_by'", [], |row| row.get(0))
            .optional()
            .unwrap_or_default();
        return Err(Error::DatabaseNewer { needs });
    }
    pragmas(&connection)?;
    if !ended_well(&connection, version)? {
        check(&connection)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    if (1..COUNTED_SINCE).contains(&version) {
        log::recount(&transaction)?;
    }
    if (1..FINDINGS_SINCE).contains(&version) {
        rows::refresh(&transaction, &salvaged::roots(&transaction)?)?;
    }
    if (1..SEARCHED_SINCE).contains(&version) {
        search::fill(&transaction)?;
    }
    begin(&transaction)?;
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
        // The app that made this shape can open it: what an older one tells the officer to install.
        transaction.execute(
            "INSERT INTO meta (key, value) VALUES ('shaped_by', CAST(?1 AS BLOB))
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [app_version],
        )?;
    }
    transaction.commit()?;
    Ok(connection)
}

/// In `meta` while nobody works with the database: written at an orderly end, gone with the first write after it.
const ENDED: &str = "ended";

/// Whether the last use ended orderly and met no damage: then the file is as SQLite left it.
fn ended_well(connection: &Connection, version: usize) -> Result<bool> {
    if version == 0 {
        return Ok(false);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = ?1)";
    Ok(connection.query_row(sql, [ENDED], |row| row.get(0))?)
}

/// From now on an end without [`end`] is one in the middle of something.
pub fn begin(connection: &Connection) -> Result<()> {
    connection.prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([ENDED])?;
    Ok(())
}

pub fn end(connection: &Connection) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, CAST(x'' AS BLOB))")?
        .execute([ENDED])?;
    Ok(())
}

/// Reads every page once: a damaged one is found now, and not in the middle of a visit. Costs what the file holds, a
/// second or two at 250 MB, so that it is done only after an end that was none.
fn check(connection: &Connection) -> Result<()> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(damaged(&found)) }
}

/// The error that SQLite itself gives for a damaged file.
pub fn damaged(what: &str) -> Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Error::Sqlite(rusqlite::Error::SqliteFailure(code, Some(what.to_owned())))
}

pub fn reader(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    pragmas(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn pragmas(connection: &Connection) -> Result<()> {
    // All of them: a tap uses some forty, and preparing one takes longer than running it.
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite looks into what is bound to a LIMIT, and prepares such a statement again for every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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
    use xuncha_domain::cbor::Value;
    use xuncha_domain::ids::EntityId;
    use xuncha_domain::log::body::Entity;
    use xuncha_domain::model::kind;

    use super::*;
    use crate::store::live_set::LiveSet;
    use crate::store::values::Col;
    use crate::store::{findings, journal, live, things};

    #[test]
    fn a_newer_database_is_refused_with_the_version_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuncha.db");
        let connection = writer(&path, "0.1.0").unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        connection
            .execute("UPDATE meta SET value = CAST('7.2.0' AS BLOB) WHERE key = 'shaped_by'", [])
            .unwrap();
        drop(connection);
        let needs = |path| match writer(path, "0.1.0") {
            Err(Error::DatabaseNewer { needs }) => needs,
            other => panic!("{other:?}"),
        };
        assert_eq!(needs(&path), Some("7.2.0".into()));
        // A shape so new that it does not say so where we look.
        Connection::open(&path).unwrap().execute_batch("ALTER TABLE meta RENAME TO facts").unwrap();
        assert_eq!(needs(&path), None);
    }

    /// A file of the shape before numbers: every row finds its thing again.
    #[test]
    fn things_of_an_older_file_keep_what_hangs_on_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xuncha.db");
        let old = Connection::open(&path).unwrap();
        for step in &MIGRATIONS[..14] {
            old.execute_batch(step).unwrap();
        }
        let visit = Entity::new(kind::VISIT, EntityId([7; 16]));
        let note = Entity::keyed(kind::NOTE, &visit, Value::text("a"));
        let deep = Entity::keyed(kind::NOTE, &note, Value::Int(3));
        for (entity, parent) in [(&visit, None), (&note, None), (&deep, Some(Col(note.id)))] {
            let key = entity.origin.as_ref().map(|origin| origin.key.encode());
            let sql =
                "INSERT INTO entity (id, kind, scope, parent, key, root) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let scope = if key.is_none() { "city" } else { "" };
            old.execute(sql, (Col(entity.id), entity.kind, scope, parent, key, Col(visit.id))).unwrap();
        }
        old.execute_batch(
            "PRAGMA user_version = 14;
             INSERT INTO touch (root, ref) SELECT id, randomblob(16) FROM entity WHERE id = root;
             INSERT INTO live_set (root, bytes) SELECT id, x'8780808080808080' FROM entity WHERE id = root;
             INSERT INTO journal (scope, entity, field, value, detached, over, officer, device_ms, boot, monotonic_ms)
               SELECT 'city', id, 'text', x'f6', 0, x'', zeroblob(16), 1, zeroblob(8), 1 FROM entity WHERE key = x'03';
             INSERT INTO visit_row (id, started_ms, sealed, answered, items, findings, photos, readings, conflicts, mine)
               SELECT id, 5, 0, 0, 0, 2, 0, 0, 0, 1 FROM entity WHERE id = root;
             INSERT INTO finding_row (visit, item, started_ms, open, due)
               SELECT id, item, 5, 1, due FROM entity,
                 (SELECT 'A' AS item, NULL AS due UNION SELECT 'B', '2020-02-04') WHERE id = root;",
        )
        .unwrap();
        drop(old);

        let new = writer(&path, "0.2.0").unwrap();
        let root = things::root(&new, visit.id).unwrap().unwrap();
        let all: Vec<Entity> = things::under(&new, root).unwrap().into_values().collect();
        assert_eq!(all, [visit.clone(), note, deep]);
        assert_eq!(live::read(&new, visit.id).unwrap(), (root, LiveSet::default()));
        assert_eq!(journal::of_root(&new, root).unwrap().len(), 1);
        let (touches, open): (i64, i64) = new
            .query_row(
                "SELECT (SELECT count(*) FROM touch WHERE root = ?1), (SELECT open FROM visit_row)",
                [root],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!((touches, open), (1, 1));
        let found = findings::open(&new, 10).unwrap();
        let found: Vec<_> = found.iter().map(|row| (row.visit, row.item.as_str())).collect();
        assert_eq!(found, [(visit.id, "B"), (visit.id, "A")]);
    }
}

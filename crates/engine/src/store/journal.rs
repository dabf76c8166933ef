//! The journal: taps that are durable and not yet part of a commit.

use rusqlite::{Connection, OptionalExtension, Row};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId, OfficerId, Scope};

use super::things::{self, Number};
use super::values::{Col, refs_from_bytes, refs_to_bytes};
use crate::error::Result;

/// How many old journal rows stay known by name: more than a day's taps, so that a screen that slept may still edit.
pub const JOURNALED_MAX: i64 = 20_000;

#[derive(Debug, Clone)]
pub struct JournalRow {
    pub id: i64,
    pub entity: EntityId,
    pub field: String,
    pub value: Value,
    pub detached: bool,
    pub over: Vec<CommitRef>,
    pub officer: OfficerId,
    pub device_ms: i64,
    pub boot: [u8; 8],
    pub monotonic_ms: i64,
}

const COLUMNS: &str = "id, entity, field, value, detached, over, officer, device_ms, boot, monotonic_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<JournalRow> {
    Ok(JournalRow {
        id: row.get(0)?,
        entity: row.get::<_, Col<EntityId>>(1)?.0,
        field: row.get(2)?,
        value: row.get::<_, Col<Value>>(3)?.0,
        detached: row.get(4)?,
        over: refs_from_bytes(&row.get::<_, Vec<u8>>(5)?),
        officer: row.get::<_, Col<OfficerId>>(6)?.0,
        device_ms: row.get(7)?,
        boot: row.get(8)?,
        monotonic_ms: row.get(9)?,
    })
}

pub fn get(connection: &Connection, entity: EntityId, field: &str) -> Result<Option<JournalRow>> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM journal WHERE entity = ?1 AND field = ?2"))?
        .query_row((Col(entity), field), read)
        .optional()?)
}

/// The open taps of a scope, oldest first.
pub fn of_scope(connection: &Connection, scope: &Scope) -> Result<Vec<JournalRow>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM journal WHERE scope = ?1 ORDER BY id"))?;
    let rows = statement.query_map([scope.as_str()], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The open taps on a root and what hangs on it.
pub fn of_root(connection: &Connection, root: Number) -> Result<Vec<JournalRow>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM journal WHERE root = ?1 ORDER BY id"))?;
    let rows = statement.query_map([root], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The last tap of a scope.
pub fn last(connection: &Connection, scope: &Scope) -> Result<Option<JournalRow>> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM journal WHERE scope = ?1 ORDER BY id DESC LIMIT 1"))?
        .query_row([scope.as_str()], read)
        .optional()?)
}

/// Scopes with open taps.
pub fn scopes(connection: &Connection) -> Result<Vec<Scope>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT scope FROM journal ORDER BY scope")?;
    let scopes: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(scopes.iter().filter_map(|scope| scope.parse().ok()).collect())
}

/// Writes a tap on what hangs on `root` in place of the open one on the same field. The id in `row` is ignored.
pub fn put(connection: &Connection, scope: &Scope, root: Number, row: &JournalRow) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM journal WHERE entity = ?1 AND field = ?2")?
        .execute((Col(row.entity), &row.field))?;
    connection
        .prepare_cached(
            "INSERT INTO journal (scope, entity, field, value, detached, over, officer, device_ms, boot, monotonic_ms,
                                  root)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(rusqlite::params![
            scope.as_str(),
            Col(row.entity),
            row.field,
            row.value.encode(),
            row.detached,
            refs_to_bytes(&row.over),
            Col(row.officer),
            row.device_ms,
            row.boot,
            row.monotonic_ms,
            root,
        ])?;
    Ok(())
}

/// Taps, in the order of their ids, became one commit.
pub fn became(connection: &Connection, rows: &[JournalRow], commit: CommitRef) -> Result<()> {
    let mut forget = connection.prepare_cached("DELETE FROM journal WHERE id = ?1")?;
    for row in rows {
        forget.execute([row.id])?;
    }
    // A tap that another collapsed with leaves a gap: a token that names it never means the later one.
    for run in rows.chunk_by(|a, b| a.id + 1 == b.id) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            connection
                .prepare_cached("INSERT INTO journaled_run (last, first, ref) VALUES (?1, ?2, ?3)")?
                .execute((last.id, first.id, Col(commit)))?;
        }
    }
    let newest = rows.last().map_or(0, |row| row.id);
    connection
        .prepare_cached("DELETE FROM journaled_run WHERE last < ?1")?
        .execute([newest - JOURNALED_MAX])?;
    Ok(())
}

pub fn count(connection: &Connection) -> Result<u64> {
    Ok(connection.query_row("SELECT count(*) FROM journal", [], |row| row.get(0))?)
}

/// Drops taps that no commit could be made of: their value or the thing that they are about was lost with a damaged
/// database. Returns how many.
pub fn drop_unusable(connection: &Connection) -> Result<usize> {
    let mut taps: Vec<(i64, Option<Number>)> = Vec::new();
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM journal ORDER BY id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let found = read(row).ok().map(|tap| things::find(connection, tap.entity)).transpose()?.flatten();
        taps.push((row.get(0)?, found.map(|found| found.root)));
    }
    let mut dropped = 0;
    for (id, root) in taps {
        match root {
            // Its number may be another one than in the damaged database.
            Some(root) => {
                connection.execute("UPDATE journal SET root = ?2 WHERE id = ?1", [id, root])?;
            }
            None => dropped += connection.execute("DELETE FROM journal WHERE id = ?1", [id])?,
        }
    }
    Ok(dropped)
}

/// The commit that a tap became.
pub fn commit_of(connection: &Connection, id: i64) -> Result<Option<CommitRef>> {
    let run = connection
        .prepare_cached("SELECT first, ref FROM journaled_run WHERE last >= ?1 ORDER BY last LIMIT 1")?
        .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Col<CommitRef>>(1)?.0)))
        .optional()?;
    Ok(run.filter(|(first, _)| *first <= id).map(|(_, commit)| commit))
}

/// How a value that is still in the journal is named in a token: no commit has eight zero bytes at its front, short of
/// 2^64 tries.
pub fn pseudo_ref(id: i64) -> CommitRef {
    let mut bytes = [0; 16];
    let (_, tail) = bytes.split_at_mut(8);
    tail.copy_from_slice(&id.to_be_bytes());
    CommitRef(bytes)
}

/// The journal id of a pseudo reference.
pub fn journal_id(reference: &CommitRef) -> Option<i64> {
    let (front, tail) = reference.0.split_at(8);
    (front == [0; 8]).then(|| tail.try_into().map(i64::from_be_bytes).unwrap_or_default())
}

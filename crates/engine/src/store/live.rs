//! The live ops of a root and of everything that hangs on it: one row each.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Entity, Op};
use xuncha_domain::log::commit::Commit;

use super::live_set::LiveSet;
use super::open::damaged;
use super::values::Col;
use crate::error::Result;

/// How the sets name an entity, if it is known here.
pub fn number(connection: &Connection, entity: EntityId) -> Result<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT rowid FROM entity WHERE id = ?1")?
        .query_row([Col(entity)], |row| row.get(0))
        .optional()?)
}

/// The set of a known root, empty when nothing was counted yet, and the root's number.
pub fn read(connection: &Connection, root: EntityId) -> Result<(i64, LiveSet)> {
    let number = number(connection, root)?.ok_or_else(|| damaged("live ops of an unknown thing"))?;
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM live_set WHERE root = ?1")?
        .query_row([Col(root)], |row| row.get(0))
        .optional()?;
    let set = match bytes {
        Some(bytes) => LiveSet::read(number, bytes).ok_or_else(|| damaged("a set of live ops"))?,
        None => LiveSet::default(),
    };
    Ok((number, set))
}

pub fn write(connection: &Connection, root: EntityId, number: i64, set: &LiveSet) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO live_set (root, bytes) VALUES (?1, ?2)
             ON CONFLICT (root) DO UPDATE SET bytes = excluded.bytes",
        )?
        .execute((Col(root), set.write(number)))?;
    Ok(())
}

/// Whether the live value that a commit set in a field of a thing was erased.
pub fn is_erased(connection: &Connection, entity: &Entity, field: &str, commit: &CommitRef) -> Result<bool> {
    let Some(number) = number(connection, entity.id)? else { return Ok(false) };
    let (_, set) = read(connection, entity.root().id)?;
    let live = set.field(number, field).and_then(|live| live.get(commit));
    Ok(live.is_some_and(|live| live.value.erased()))
}

/// The live value of an op of a commit in which it was erased becomes an erased one.
pub fn erase(connection: &Connection, erased: &Commit, op: &Op) -> Result<()> {
    let Some(entity) = number(connection, op.entity.id)? else { return Ok(()) };
    let root = op.entity.root().id;
    let (number, mut set) = read(connection, root)?;
    let mut live = set.field(entity, &op.field).cloned().unwrap_or_default();
    if live.contains_key(&erased.hash.short()) {
        live.insert(erased.live_op(op));
        set.put(entity, &op.field, live);
        write(connection, root, number, &set)?;
    }
    Ok(())
}

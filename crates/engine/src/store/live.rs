//! The live ops of a root and of everything that hangs on it: one row each.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Entity, Op};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::{Live, LiveOps};

use super::live_set::LiveSet;
use super::log;
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

/// The live ops of one field, none of an unknown thing.
pub fn of_field(connection: &Connection, entity: EntityId, name: &str) -> Result<LiveOps> {
    let known = connection
        .prepare_cached("SELECT rowid, root FROM entity WHERE id = ?1")?
        .query_row([Col(entity)], |row| Ok((row.get(0)?, row.get::<_, Col<EntityId>>(1)?.0)))
        .optional()?;
    let Some((number, root)) = known else { return Ok(LiveOps::default()) };
    Ok(read(connection, root)?.1.field(number, name).cloned().unwrap_or_default())
}

/// What a commit set that is still live, by thing and field.
pub fn of_commit(connection: &Connection, commit: CommitRef) -> Result<Vec<(EntityId, String, Live)>> {
    let mut set_by = Vec::new();
    for root in log::touched_by(connection, commit)? {
        for (number, fields) in read(connection, root)?.1.into_entities() {
            for (name, live) in fields {
                if let Some(live) = live.get(&commit) {
                    set_by.push((numbered(connection, number)?, name, live.clone()));
                }
            }
        }
    }
    Ok(set_by)
}

fn numbered(connection: &Connection, number: i64) -> Result<EntityId> {
    let sql = "SELECT id FROM entity WHERE rowid = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([number], |row| row.get::<_, Col<EntityId>>(0))?.0)
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

//! The live ops of a root and of everything that hangs on it: one row each.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Entity, Op};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::{Live, LiveOps};

use super::live_set::LiveSet;
use super::log;
use super::open::damaged;
use super::things::{self, Found, Number};
use crate::error::Result;

/// The set of a known root, empty when nothing was counted yet, and the root's number.
pub fn read(connection: &Connection, root: EntityId) -> Result<(Number, LiveSet)> {
    let found = things::find(connection, root)?.ok_or_else(|| damaged("live ops of an unknown thing"))?;
    Ok((found.number, set(connection, found.number)?))
}

fn set(connection: &Connection, root: Number) -> Result<LiveSet> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM live_set WHERE root = ?1")?
        .query_row([root], |row| row.get(0))
        .optional()?;
    match bytes {
        Some(bytes) => LiveSet::read(root, bytes).ok_or_else(|| damaged("a set of live ops")),
        None => Ok(LiveSet::default()),
    }
}

pub fn write(connection: &Connection, root: Number, set: &LiveSet) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO live_set (root, bytes) VALUES (?1, ?2)
             ON CONFLICT (root) DO UPDATE SET bytes = excluded.bytes",
        )?
        .execute((root, set.write(root)))?;
    Ok(())
}

/// The live ops of one field, none of an unknown thing.
pub fn of_field(connection: &Connection, entity: EntityId, name: &str) -> Result<LiveOps> {
    let Some(Found { number, root }) = things::find(connection, entity)? else {
        return Ok(LiveOps::default());
    };
    Ok(set(connection, root)?.field(number, name).cloned().unwrap_or_default())
}

/// What a commit set that is still live, by thing and field.
pub fn of_commit(connection: &Connection, commit: CommitRef) -> Result<Vec<(EntityId, String, Live)>> {
    let mut set_by = Vec::new();
    for (_, root) in log::touched_by(connection, commit)? {
        for (number, fields) in read(connection, root)?.1.into_entities() {
            for (name, live) in fields {
                if let Some(live) = live.get(&commit) {
                    set_by.push((things::of(connection, number)?.id, name, live.clone()));
                }
            }
        }
    }
    Ok(set_by)
}

/// Whether the live value that a commit set in a field of a thing was erased.
pub fn is_erased(connection: &Connection, entity: &Entity, field: &str, commit: &CommitRef) -> Result<bool> {
    let Some(found) = things::find(connection, entity.id)? else { return Ok(false) };
    let (_, set) = read(connection, entity.root().id)?;
    let live = set.field(found.number, field).and_then(|live| live.get(commit));
    Ok(live.is_some_and(|live| live.value.erased()))
}

/// The live value of an op of a commit in which it was erased becomes an erased one.
pub fn erase(connection: &Connection, erased: &Commit, op: &Op) -> Result<()> {
    let Some(Found { number: entity, .. }) = things::find(connection, op.entity.id)? else { return Ok(()) };
    let (root, mut set) = read(connection, op.entity.root().id)?;
    let mut live = set.field(entity, &op.field).cloned().unwrap_or_default();
    if live.contains_key(&erased.hash.short()) {
        live.insert(erased.live_op(op));
        set.put(entity, &op.field, live);
        write(connection, root, &set)?;
    }
    Ok(())
}

//! Ops that settled a conflict: those that replaced ops of different values.

use rusqlite::Connection;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::Op;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::Live;

use super::log;
use super::values::Col;
use crate::error::Result;

/// A field that was in conflict, and the op that settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub root: EntityId,
    pub entity: EntityId,
    pub field: String,
    pub commit: CommitRef,
}

/// Notes an op that is being counted when it settles a conflict.
pub fn note(connection: &Connection, commit: &Commit, op: &Op, over: &[CommitRef]) -> Result<()> {
    // Costs nothing for an ordinary edit, which replaces one op at most.
    if over.len() < 2 {
        return Ok(());
    }
    let mut others = Vec::with_capacity(over.len());
    for reference in over {
        // What was written again names what it was before.
        if !log::reissued(connection, reference)? {
            others.push(*reference);
        }
    }
    let replaced = replaced(connection, op.entity.id, &op.field, &others)?;
    let mut values = replaced.iter().map(|live| live.value.value());
    let first = values.next();
    if first.is_none_or(|first| values.all(|value| value == first)) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO settled (entity, field, ref, root, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            Col(op.entity.id),
            &op.field,
            Col(commit.hash.short()),
            Col(op.entity.root().id),
            commit.op_corrected_ms(op),
        ))?;
    Ok(())
}

/// What these commits hold in a field, as far as they are here.
pub fn replaced(
    connection: &Connection,
    entity: EntityId,
    field: &str,
    over: &[CommitRef],
) -> Result<Vec<Live>> {
    let mut replaced = Vec::with_capacity(over.len());
    for reference in over {
        replaced.extend(log::op_of(connection, *reference, entity, field)?.map(|(live, _)| live));
    }
    Ok(replaced)
}

/// The last ones, newest first.
pub fn last(connection: &Connection, limit: u32) -> Result<Vec<Settled>> {
    let mut statement = connection
        .prepare_cached("SELECT root, entity, field, ref FROM settled ORDER BY at_ms DESC, ref LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| {
        Ok(Settled {
            root: row.get::<_, Col<EntityId>>(0)?.0,
            entity: row.get::<_, Col<EntityId>>(1)?.0,
            field: row.get(2)?,
            commit: row.get::<_, Col<CommitRef>>(3)?.0,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

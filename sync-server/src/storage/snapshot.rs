//! What a snapshot of a scope is made of.

use std::collections::BTreeSet;

use rusqlite::Row;
use xuncha_domain::ids::{CommitRef, OfficerId, Scope};

use super::log::RowId;
use super::{ChainRow, Error, Read};

/// An entity and where it hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingRow {
    pub id: RowId,
    pub name: [u8; 16],
    pub kind: u16,
    pub parent: Option<RowId>,
    /// CBOR.
    pub key: Option<Vec<u8>>,
    pub root: Option<RowId>,
}

/// A live op as it is stored, with the place of its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOpRow {
    pub entity: RowId,
    pub field: String,
    pub commit: CommitRef,
    /// CBOR; none of a detached value that was destroyed.
    pub value: Option<Vec<u8>>,
    /// Of a detached value.
    pub hash: Option<[u8; 32]>,
    pub officer: OfficerId,
    pub corrected_ms: i64,
    pub chain: RowId,
    pub seq: u64,
}

fn live_op(row: &Row<'_>) -> rusqlite::Result<LiveOpRow> {
    Ok(LiveOpRow {
        entity: row.get(0)?,
        field: row.get(1)?,
        commit: CommitRef(row.get(2)?),
        value: row.get(3)?,
        hash: row.get(4)?,
        officer: OfficerId(row.get(5)?),
        corrected_ms: row.get(6)?,
        chain: row.get(7)?,
        seq: row.get(8)?,
    })
}

impl Read<'_> {
    /// Whether something of the scope is stored and has no place in its feed yet.
    pub fn any_unjudged(&self, scope: &Scope) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM commits c JOIN chains h ON h.id = c.chain
                                WHERE c.state = 'unjudged' AND h.scope = ?1)",
            )?
            .query_row([scope.as_str()], |row| row.get(0))?)
    }

    /// Commits of the scope that are held back.
    pub fn held_commits(&self, scope: &Scope, limit: u32) -> Result<Vec<[u8; 32]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT c.hash FROM commits c JOIN chains h ON h.id = c.chain
             WHERE c.reason IS NOT NULL AND c.state = 'held' AND h.scope = ?1 ORDER BY c.id LIMIT ?2",
        )?;
        Ok(statement.query_map((scope.as_str(), limit), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    pub fn chains_of(&self, scope: &Scope) -> Result<Vec<ChainRow>, Error> {
        let mut statement = self.conn.prepare_cached("SELECT id FROM chains WHERE scope = ?1 ORDER BY id")?;
        let ids: Vec<RowId> =
            statement.query_map([scope.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        ids.into_iter().map(|id| self.chain_by_row(id)).collect()
    }

    /// Entities of the scope, parents before what hangs on them.
    pub fn things_of(&self, scope: &Scope) -> Result<Vec<ThingRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, name, kind, parent, key, root FROM entities WHERE scope = ?1 ORDER BY id",
        )?;
        let thing = |row: &Row<'_>| {
            Ok(ThingRow {
                id: row.get(0)?,
                name: row.get(1)?,
                kind: row.get(2)?,
                parent: row.get(3)?,
                key: row.get(4)?,
                root: row.get(5)?,
            })
        };
        Ok(statement.query_map([scope.as_str()], thing)?.collect::<Result<_, _>>()?)
    }

    pub fn live_ops_of(&self, scope: &Scope) -> Result<Vec<LiveOpRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT l.entity, l.field, l.ref, l.value, l.hash, l.officer, l.corrected_ms, c.chain, c.seq
             FROM entities e JOIN live l ON l.entity = e.id JOIN commits c ON c.ref = l.ref
             WHERE e.scope = ?1 ORDER BY e.id, l.field, l.ref",
        )?;
        Ok(statement.query_map([scope.as_str()], live_op)?.collect::<Result<_, _>>()?)
    }

    /// Names of replaced ops that have not arrived.
    pub fn dead_ops_of(&self, scope: &Scope) -> Result<Vec<(RowId, String, [u8; 16])>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT d.entity, d.field, d.ref FROM entities e JOIN dead d ON d.entity = e.id
             WHERE e.scope = ?1 ORDER BY e.id, d.field, d.ref",
        )?;
        let dead = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        Ok(statement.query_map([scope.as_str()], dead)?.collect::<Result<_, _>>()?)
    }

    /// Sealed visits without a conflict that began before then.
    pub fn sealed_before(&self, scope: &Scope, before_ms: i64) -> Result<BTreeSet<RowId>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT entity FROM visits WHERE scope = ?1 AND sealed = 1 AND conflicts = 0 AND started_ms < ?2",
        )?;
        let rows = statement.query_map((scope.as_str(), before_ms), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

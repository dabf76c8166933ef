//! What a snapshot of a scope is made of.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Row;
use xuncha_domain::ids::{CommitRef, EntityId, Scope};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::Live;

use super::live::{Bits, Root};
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

/// A live op with the place of its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOpRow {
    pub entity: RowId,
    pub field: String,
    pub live: Live,
    pub chain: RowId,
    pub seq: u64,
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

    /// A commit and all before it on its branch.
    pub fn branch(&self, tip: RowId) -> Result<Vec<CommitRef>, Error> {
        let mut statement = self.conn.prepare_cached(
            "WITH RECURSIVE back (id) AS (
               VALUES (?1) UNION ALL SELECT c.parent FROM commits c JOIN back ON back.id = c.id WHERE c.parent IS NOT NULL)
             SELECT ref FROM commits JOIN back USING (id)",
        )?;
        Ok(statement.query_map([tip], |row| row.get(0).map(CommitRef))?.collect::<Result<_, _>>()?)
    }

    /// Entities of the scope, parents before what hangs on them.
    pub fn things_of(&self, scope: &Scope) -> Result<Vec<ThingRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT e.id, e.name, e.kind, coalesce(e.parent, e.root), e.key, e.root
             FROM entities e LEFT JOIN entities r ON r.id = e.root
             WHERE coalesce(r.scope, e.scope) = ?1 ORDER BY e.id",
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

    /// Live ops by entity, field and commit. `things` are those of the scope.
    pub fn live_ops_of(&self, scope: &Scope, things: &[ThingRow]) -> Result<Vec<LiveOpRow>, Error> {
        let rows: HashMap<(Kind, [u8; 16]), RowId> =
            things.iter().map(|thing| ((thing.kind, thing.name), thing.id)).collect();
        // In the order of arrival, so that each packet is unpacked once.
        let mut statement = self.conn.prepare_cached(
            "SELECT e.id, e.kind, e.name, c.chain, c.seq, t.commit_id, t.live
             FROM entities e JOIN touches t ON t.root = e.id JOIN commits c ON c.id = t.commit_id
             WHERE e.scope = ?1 AND (t.live IS NULL OR t.live <> x'') ORDER BY c.packet, c.id",
        )?;
        let mut touches = statement.query([scope.as_str()])?;
        let mut ops = Vec::new();
        while let Some(row) = touches.next()? {
            let root = Root { id: row.get(0)?, kind: row.get(1)?, name: EntityId(row.get(2)?) };
            let (chain, seq) = (row.get(3)?, row.get(4)?);
            self.live_in(&root, row.get(5)?, &Bits(row.get(6)?), |commit, op| {
                if let Some(entity) = rows.get(&(op.entity.kind, op.entity.id.0)) {
                    let live = commit.live_op(op);
                    ops.push(LiveOpRow { entity: *entity, field: op.field.clone(), live, chain, seq });
                }
            })?;
        }
        ops.sort_by(|a, b| (a.entity, &a.field, a.live.commit).cmp(&(b.entity, &b.field, b.live.commit)));
        Ok(ops)
    }

    /// Names of replaced ops that have not arrived.
    pub fn dead_ops_of(&self, scope: &Scope) -> Result<Vec<(RowId, String, [u8; 16])>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT d.entity, d.field, d.ref FROM entities e JOIN dead d ON d.entity = e.id
             LEFT JOIN entities r ON r.id = e.root
             WHERE coalesce(r.scope, e.scope) = ?1 ORDER BY e.id, d.field, d.ref",
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

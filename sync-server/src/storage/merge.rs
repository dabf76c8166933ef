//! What merging needs beside the live ops: entities, and the names of replaced ops that have not arrived.

use std::collections::{BTreeSet, HashMap};

use minicbor::Decoder;
use rusqlite::Row;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId, Scope};
use xuncha_domain::log::body::{Entity, Kind};

use super::log::RowId;
use super::{Error, Read, Tx, optional};

#[derive(Debug, Clone)]
pub struct EntityRow {
    pub id: RowId,
    pub name: EntityId,
    pub kind: Kind,
    /// The natural key under its parent.
    pub key: Option<Value>,
    pub root: Option<RowId>,
    pub scope: Scope,
}

fn entity(row: &Row<'_>) -> rusqlite::Result<EntityRow> {
    let key: Option<Vec<u8>> = row.get(3)?;
    Ok(EntityRow {
        id: row.get(0)?,
        name: EntityId(row.get(1)?),
        kind: row.get(2)?,
        // Written by us: that it is the one encoding was seen when it came.
        key: key.and_then(|bytes| Value::read(&mut Decoder::new(&bytes)).ok()),
        root: row.get(4)?,
        scope: row.get::<_, String>(5)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
    })
}

/// With the scope of what it hangs on. Names are looked up by their ends: see the step that made the index.
const ENTITY: &str = "SELECT e.id, e.name, e.kind, e.key, e.root, coalesce(r.scope, e.scope)
    FROM entities e LEFT JOIN entities r ON r.id = e.root";

impl Read<'_> {
    pub fn entity(&self, scope: &Scope, kind: Kind, name: &EntityId) -> Result<Option<RowId>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT e.id FROM entities e LEFT JOIN entities r ON r.id = e.root
                     WHERE substr(e.name, 13) = substr(?1, 13) AND e.name = ?1 AND e.kind = ?3
                       AND coalesce(r.scope, e.scope) = ?2",
                )?
                .query_row((name.0, scope.as_str(), kind), |row| row.get(0)),
        )
    }

    pub fn entity_by_row(&self, id: RowId) -> Result<EntityRow, Error> {
        let sql = format!("{ENTITY} WHERE e.id = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([id], entity)?)
    }

    /// An entity by its name alone; the first that was heard of.
    pub fn entity_by_name(&self, name: &EntityId) -> Result<Option<EntityRow>, Error> {
        let sql = format!(
            "{ENTITY} WHERE substr(e.name, 13) = substr(?1, 13) AND e.name = ?1 ORDER BY e.id LIMIT 1"
        );
        optional(self.conn.prepare_cached(&sql)?.query_row([name.0], entity))
    }

    /// An entity with its parents, as ops name it.
    pub fn entity_as_named(&self, id: RowId) -> Result<Entity, Error> {
        let row = self.entity_by_row(id)?;
        let parent: Option<RowId> = self
            .conn
            .prepare_cached("SELECT coalesce(parent, root) FROM entities WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        // Natural keys hang on each other at most three deep: the reader of cores refuses more.
        match (parent, row.key) {
            (Some(parent), Some(key)) => Ok(Entity::keyed(row.kind, &self.entity_as_named(parent)?, key)),
            _ => Ok(Entity::new(row.kind, row.name)),
        }
    }

    /// What hangs on a root, itself included, in the order in which it was heard of.
    pub fn entities_under(&self, root: RowId) -> Result<Vec<EntityRow>, Error> {
        if let Some(made) = self.kept.made.entities(root) {
            return Ok(made);
        }
        let of = self.entity_by_row(root)?;
        let mut statement = self.conn.prepare_cached(
            "SELECT e.id, e.name, e.kind, e.key, e.root, ?2 FROM entities e WHERE e.root = ?1 ORDER BY e.id",
        )?;
        let under = statement.query_map((root, of.scope.as_str()), entity)?.collect::<Result<Vec<_>, _>>()?;
        Ok(std::iter::once(of).chain(under).collect())
    }

    /// The fields in which counted ops replace a commit that is not: those of its ops are dead on arrival.
    pub fn awaiting(&self, name: &CommitRef) -> Result<BTreeSet<(RowId, String)>, Error> {
        let any = match self.kept.made.any_dead() {
            Some(any) => any,
            None => self
                .conn
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM dead)")?
                .query_row([], |row| row.get(0))?,
        };
        self.kept.made.set_any_dead(any);
        if !any {
            return Ok(BTreeSet::new());
        }
        let mut statement = self.conn.prepare_cached("SELECT entity, field FROM dead WHERE ref = ?1")?;
        let rows = statement.query_map([name.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Commits that touched what hangs on a root, in the order of arrival; bounded.
    pub fn commits_touching(&self, root: RowId, limit: u32) -> Result<Vec<RowId>, Error> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT commit_id FROM touches WHERE root = ?1 ORDER BY commit_id LIMIT ?2")?;
        Ok(statement.query_map((root, limit), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    fn insert_entity(
        &self,
        scope: &Scope,
        entity: &Entity,
        above: Option<(RowId, RowId)>,
    ) -> Result<RowId, Error> {
        let key = entity.origin.as_ref().map(|origin| origin.key.encode());
        let (parent, root) = above.unzip();
        let root_scope = if root.is_none() { scope.as_str() } else { "" };
        self.conn
            .prepare_cached(
                "INSERT INTO entities (name, scope, kind, parent, key, root) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((entity.id.0, root_scope, entity.kind, parent.filter(|_| parent != root), key, root))?;
        let id = self.conn.last_insert_rowid();
        let key = entity.origin.as_ref().map(|origin| origin.key.clone());
        let (name, kind, scope) = (entity.id, entity.kind, scope.clone());
        self.kept.made.entity(EntityRow { id, name, kind, key, root, scope });
        Ok(id)
    }

    pub fn insert_dead(&self, entity: RowId, field: &str, name: &CommitRef) -> Result<(), Error> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO dead (ref, entity, field) VALUES (?1, ?2, ?3)")?
            .execute((name.0, entity, field))?;
        self.kept.made.set_any_dead(true);
        Ok(())
    }

    /// A commit was counted: nothing waits for it any more.
    pub fn settle_dead(&self, name: &CommitRef) -> Result<(), Error> {
        self.conn.prepare_cached("DELETE FROM dead WHERE ref = ?1")?.execute([name.0])?;
        Ok(())
    }
}

/// The rows of the things that one commit names. Each is looked for once, and made with its parents when it is new.
pub struct Things<'t, 'c> {
    tx: &'t Tx<'c>,
    scope: &'t Scope,
    known: HashMap<(Kind, EntityId), Known>,
}

#[derive(Clone, Copy)]
struct Known {
    id: RowId,
    root: RowId,
    new: bool,
}

impl<'t, 'c> Things<'t, 'c> {
    pub fn new(tx: &'t Tx<'c>, scope: &'t Scope) -> Self {
        Self { tx, scope, known: HashMap::new() }
    }

    /// The rows of an entity and of its root.
    pub fn rows(&mut self, entity: &Entity) -> Result<(RowId, RowId), Error> {
        let row = self.row(entity)?;
        Ok((row.id, row.root))
    }

    fn row(&mut self, entity: &Entity) -> Result<Known, Error> {
        if let Some(known) = self.known.get(&(entity.kind, entity.id)) {
            return Ok(*known);
        }
        let above = entity.origin.as_ref().map(|origin| self.row(&origin.parent)).transpose()?;
        // Nothing hangs on what is new.
        let there = match above {
            Some(Known { new: true, .. }) => None,
            _ => self.tx.entity(self.scope, entity.kind, &entity.id)?,
        };
        let (id, new) = match there {
            Some(id) => (id, false),
            None => {
                let above = above.map(|above| (above.id, above.root));
                (self.tx.insert_entity(self.scope, entity, above)?, true)
            }
        };
        let row = Known { id, root: above.map_or(id, |above| above.root), new };
        self.known.insert((entity.kind, entity.id), row);
        Ok(row)
    }
}

//! What merging needs: entities, the live ops of their fields, and the names of replaced ops that have not arrived.

use rusqlite::Row;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId, OfficerId, Scope};
use xuncha_domain::log::body::{Entity, Kind};
use xuncha_domain::merge::{Field, Live, Stored};

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

/// A live op with its place.
#[derive(Debug, Clone)]
pub struct LiveRow {
    pub entity: RowId,
    pub field: String,
    pub live: Live,
}

fn entity(row: &Row<'_>) -> rusqlite::Result<EntityRow> {
    let key: Option<Vec<u8>> = row.get(3)?;
    Ok(EntityRow {
        id: row.get(0)?,
        name: EntityId(row.get(1)?),
        kind: row.get(2)?,
        key: key.and_then(|bytes| Value::decode(&bytes).ok()),
        root: row.get(4)?,
        scope: row.get::<_, String>(5)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
    })
}

fn live(row: &Row<'_>) -> rusqlite::Result<LiveRow> {
    let value: Option<Vec<u8>> = row.get(3)?;
    let value = match value {
        Some(bytes) => Some(Value::decode(&bytes).map_err(|_| rusqlite::Error::InvalidQuery)?),
        None => None,
    };
    let stored = match (row.get::<_, Option<[u8; 32]>>(4)?, value) {
        (Some(hash), value) => Stored::Detached { hash, value },
        (None, Some(value)) => Stored::Plain(value),
        (None, None) => return Err(rusqlite::Error::InvalidQuery),
    };
    Ok(LiveRow {
        entity: row.get(0)?,
        field: row.get(1)?,
        live: Live {
            commit: CommitRef(row.get(2)?),
            value: stored,
            officer: OfficerId(row.get(5)?),
            corrected_ms: row.get(6)?,
        },
    })
}

const ENTITY: &str = "SELECT id, name, kind, key, root, scope FROM entities";
const LIVE: &str = "SELECT entity, field, ref, value, hash, officer, corrected_ms FROM live";

impl Read<'_> {
    pub fn entity(&self, scope: &Scope, kind: Kind, name: &EntityId) -> Result<Option<RowId>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT id FROM entities WHERE name = ?1 AND scope = ?2 AND kind = ?3")?
                .query_row((name.0, scope.as_str(), kind), |row| row.get(0)),
        )
    }

    pub fn entity_by_row(&self, id: RowId) -> Result<EntityRow, Error> {
        let sql = format!("{ENTITY} WHERE id = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([id], entity)?)
    }

    /// An entity by its name alone; the first that was heard of.
    pub fn entity_by_name(&self, name: &EntityId) -> Result<Option<EntityRow>, Error> {
        let sql = format!("{ENTITY} WHERE name = ?1 ORDER BY id LIMIT 1");
        optional(self.conn.prepare_cached(&sql)?.query_row([name.0], entity))
    }

    /// An entity with its parents, as ops name it.
    pub fn entity_as_named(&self, id: RowId) -> Result<Entity, Error> {
        let row = self.entity_by_row(id)?;
        let parent: Option<RowId> = self
            .conn
            .prepare_cached("SELECT parent FROM entities WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        // Natural keys hang on each other at most three deep: the reader of cores refuses more.
        match (parent, row.key) {
            (Some(parent), Some(key)) => Ok(Entity::keyed(row.kind, &self.entity_as_named(parent)?, key)),
            _ => Ok(Entity::new(row.kind, row.name)),
        }
    }

    /// What hangs on a root, itself included, in the order in which it was heard of.
    pub fn entities_under(&self, root: RowId) -> Result<Vec<EntityRow>, Error> {
        let sql = format!("{ENTITY} WHERE root = ?1 OR id = ?1 ORDER BY id");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([root], entity)?.collect::<Result<_, _>>()?)
    }

    pub fn field(&self, entity: RowId, field: &str) -> Result<Field, Error> {
        let sql = format!("{LIVE} WHERE entity = ?1 AND field = ?2");
        let mut loaded = Field::default();
        for row in self.conn.prepare_cached(&sql)?.query_map((entity, field), live)? {
            let row = row?;
            loaded.live.insert(row.live.commit, row.live);
        }
        Ok(loaded)
    }

    /// Every live op of an entity, by field.
    pub fn live_of(&self, entity: RowId) -> Result<Vec<LiveRow>, Error> {
        let sql = format!("{LIVE} WHERE entity = ?1 ORDER BY field, ref");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([entity], live)?.collect::<Result<_, _>>()?)
    }

    pub fn is_dead(&self, entity: RowId, field: &str, name: &CommitRef) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM dead WHERE ref = ?1 AND entity = ?2 AND field = ?3)",
            )?
            .query_row((name.0, entity, field), |row| row.get(0))?)
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
    /// The row of an entity, made with its parents when new.
    pub fn entity_row(&self, scope: &Scope, entity: &Entity) -> Result<RowId, Error> {
        if let Some(id) = self.entity(scope, entity.kind, &entity.id)? {
            return Ok(id);
        }
        let (parent, key, root) = match &entity.origin {
            None => (None, None, None),
            Some(origin) => {
                let parent = self.entity_row(scope, &origin.parent)?;
                let root = self.entity_by_row(parent)?.root.unwrap_or(parent);
                (Some(parent), Some(origin.key.encode()), Some(root))
            }
        };
        self.conn
            .prepare_cached(
                "INSERT INTO entities (name, scope, kind, parent, key, root) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((entity.id.0, scope.as_str(), entity.kind, parent, key, root))?;
        Ok(self.conn.last_insert_rowid())
    }

    pub fn insert_live(&self, entity: RowId, field: &str, live: &Live) -> Result<(), Error> {
        let hash = match &live.value {
            Stored::Plain(_) => None,
            Stored::Detached { hash, .. } => Some(*hash),
        };
        self.conn
            .prepare_cached(
                "INSERT INTO live (entity, field, ref, value, hash, officer, corrected_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                entity,
                field,
                live.commit.0,
                live.value.value().map(Value::encode),
                hash,
                live.officer.0,
                live.corrected_ms,
            ))?;
        Ok(())
    }

    pub fn remove_live(&self, entity: RowId, field: &str, name: &CommitRef) -> Result<(), Error> {
        self.conn
            .prepare_cached("DELETE FROM live WHERE entity = ?1 AND field = ?2 AND ref = ?3")?
            .execute((entity, field, name.0))?;
        Ok(())
    }

    pub fn insert_dead(&self, entity: RowId, field: &str, name: &CommitRef) -> Result<(), Error> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO dead (ref, entity, field) VALUES (?1, ?2, ?3)")?
            .execute((name.0, entity, field))?;
        Ok(())
    }

    /// A commit was counted: nothing waits for it any more.
    pub fn settle_dead(&self, name: &CommitRef) -> Result<(), Error> {
        self.conn.prepare_cached("DELETE FROM dead WHERE ref = ?1")?.execute([name.0])?;
        Ok(())
    }

    pub fn touch(&self, root: RowId, commit: RowId) -> Result<(), Error> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO touches (root, commit_id) VALUES (?1, ?2)")?
            .execute((root, commit))?;
        Ok(())
    }
}

//! What erase orders name, and what they destroyed of our own.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{CommitRef, EntityId, Scope};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::Live;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::{field, kind};

use super::live;
use super::log::Touched;
use super::things;
use super::values::Col;
use crate::error::Result;

/// What an order names of one entity; an empty field is everything of it and of what hangs on it.
pub struct TargetRow {
    pub field: String,
    pub seen_from: u64,
}

/// Own entries of one visit that orders destroyed and the officer has not read of.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnErased {
    pub root: EntityId,
    pub entries: u32,
    pub photos: u32,
    pub late: u32,
    pub at_ms: i64,
}

/// Keeps a target; false when it is known. An HQ that was restored gives its orders again, from where it stands now.
pub fn insert_target(
    connection: &Connection,
    scope: &Scope,
    entity: EntityId,
    field: &str,
    seen_from: u64,
    order: EntityId,
) -> Result<bool> {
    let new = connection
        .prepare_cached(
            "INSERT INTO erase_target (scope, entity, field, seen_from, order_id) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (scope, entity, field, order_id) DO UPDATE SET seen_from = excluded.seen_from
             WHERE excluded.seen_from > seen_from",
        )?
        .execute((scope.as_str(), Col(entity), field, seen_from, Col(order)))?;
    Ok(new > 0)
}

pub fn targets(connection: &Connection, scope: &Scope, entity: EntityId) -> Result<Vec<TargetRow>> {
    let mut statement = connection
        .prepare_cached("SELECT field, seen_from FROM erase_target WHERE scope = ?1 AND entity = ?2")?;
    let rows = statement.query_map((scope.as_str(), Col(entity)), |row| {
        Ok(TargetRow { field: row.get(0)?, seen_from: row.get(1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Everything that orders name, by scope.
pub fn named(connection: &Connection) -> Result<Vec<(Scope, EntityId)>> {
    let mut statement = connection.prepare("SELECT DISTINCT scope, entity FROM erase_target")?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Col<EntityId>>(1)?.0)))?;
    let mut named = Vec::new();
    for row in rows {
        let (scope, entity) = row?;
        named.push((scope.parse()?, entity));
    }
    Ok(named)
}

pub fn has_targets(connection: &Connection, scope: &Scope) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erase_target WHERE scope = ?1)")?
        .query_row([scope.as_str()], |row| row.get(0))?)
}

/// Commits that may hold a value of an entity: those that touch its root, and all that are not counted.
pub fn commits_about(connection: &Connection, entity: EntityId) -> Result<Vec<CommitRef>> {
    let root = things::find(connection, entity)?.map(|found| found.root);
    let mut statement = connection.prepare_cached(
        "SELECT ref FROM touch WHERE root = ?1 UNION SELECT ref FROM log WHERE counted = 0",
    )?;
    let rows = statement.query_map([root], |row| Ok(row.get::<_, Col<CommitRef>>(0)?.0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn set_detached(connection: &Connection, commit: CommitRef, detached: &[u8]) -> Result<()> {
    connection
        .prepare_cached("UPDATE log SET detached = ?2 WHERE ref = ?1")?
        .execute((Col(commit), detached))?;
    Ok(())
}

/// Forgets a photo, or a thumbnail, for good. Returns the visit it was taken in and whether a receipt named it, if it was ours.
///
/// Its files go with the next scrub, also those of a picture that was just taken once more.
pub fn erase_photo(
    connection: &Connection,
    sha256: &[u8; 32],
    now_ms: i64,
) -> Result<Option<(EntityId, bool)>> {
    connection
        .prepare_cached(
            "INSERT INTO erased_photo (sha256, at_ms) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET gone = 0",
        )?
        .execute((sha256, now_ms))?;
    for copies in [
        "DELETE FROM thumb WHERE photo = ?1 OR sha256 = ?1",
        "DELETE FROM fetched WHERE photo = ?1",
        "DELETE FROM hub_photo WHERE sha256 = ?1",
        "DELETE FROM hub_told WHERE sha256 = ?1",
    ] {
        connection.prepare_cached(copies)?.execute([sha256])?;
    }
    Ok(connection
        .prepare_cached("DELETE FROM photo WHERE sha256 = ?1 RETURNING root, received")?
        .query_row([sha256], |row| Ok((row.get::<_, Col<EntityId>>(0)?.0, row.get(1)?)))
        .optional()?)
}

pub fn photo_erased(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erased_photo WHERE sha256 = ?1)")?
        .query_row([sha256], |row| row.get(0))?)
}

/// Every erased photo.
pub fn erased_photos(connection: &Connection) -> Result<Vec<[u8; 32]>> {
    let mut statement = connection.prepare("SELECT sha256 FROM erased_photo")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Erased photos of which files may lie here.
pub fn photos_to_remove(connection: &Connection) -> Result<Vec<[u8; 32]>> {
    let mut statement = connection.prepare("SELECT sha256 FROM erased_photo WHERE gone = 0")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

pub fn set_photo_gone(connection: &Connection, sha256: &[u8; 32]) -> Result<()> {
    connection.prepare_cached("UPDATE erased_photo SET gone = 1 WHERE sha256 = ?1")?.execute([sha256])?;
    Ok(())
}

/// Visits that name a photo.
pub fn roots_of_photo(connection: &Connection, sha256: &[u8; 32]) -> Result<Touched> {
    // The key of a photo begins with the first eight bytes of its hash; the fact says the rest.
    let (begins, _) = sha256.split_at(8);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT DISTINCT root.kind, root.id FROM entity JOIN entity AS root ON root.rowid = entity.root
         WHERE entity.kind = {} AND instr(entity.key, ?1) > 0",
        kind::PHOTO
    ))?;
    let rows = statement.query_map([begins], |row| Ok((row.get(0)?, row.get::<_, Col<EntityId>>(1)?.0)))?;
    let mut roots = Touched::new();
    for row in rows {
        let (kind, root): (Kind, EntityId) = row?;
        let (_, set) = live::read(connection, root)?;
        let mut facts = set.into_entities().filter_map(|(_, mut fields)| fields.remove(field::FACT));
        let names = |live: &Live| {
            live.value.value().and_then(Photo::from_value).is_some_and(|photo| photo.sha256 == *sha256)
        };
        if facts.any(|live| live.values().any(names)) {
            roots.insert((kind, root));
        }
    }
    Ok(roots)
}

pub fn insert_own(
    connection: &Connection,
    name: &[u8],
    place: i64,
    root: EntityId,
    at_ms: i64,
    late: bool,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO erased_own (name, place, root, at_ms, late) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((name, place, Col(root), at_ms, late))?;
    Ok(())
}

/// What the officer has not read of, newest first.
pub fn own(connection: &Connection, limit: u32) -> Result<Vec<OwnErased>> {
    let mut statement = connection.prepare_cached(
        "SELECT root, count(*) FILTER (WHERE place >= 0), count(*) FILTER (WHERE place < 0), sum(late), max(at_ms)
         FROM erased_own GROUP BY root ORDER BY max(at_ms) DESC, root LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| {
        Ok(OwnErased {
            root: row.get::<_, Col<EntityId>>(0)?.0,
            entries: row.get(1)?,
            photos: row.get(2)?,
            late: row.get(3)?,
            at_ms: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub fn clear_own(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM erased_own", [])?;
    Ok(())
}

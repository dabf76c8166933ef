//! Things that something was recorded of: roots under their ids, and under a root what hangs on it.
//!
//! The id of what hangs on a root is a hash of its kind, parent and key. It is made again from these; its last four bytes
//! find the row.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::log::body::{Entity, Kind};

use super::open::damaged;
use super::values::Col;
use crate::error::Result;

/// How this store names a thing; means nothing outside it. Counts up in the order in which things were first seen.
pub type Number = i64;

/// A thing that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub number: Number,
    /// Of what it hangs on: itself if on nothing.
    pub root: Number,
}

/// The number of a thing that hangs on nothing.
pub fn root(connection: &Connection, id: EntityId) -> Result<Option<Number>> {
    Ok(connection
        .prepare_cached("SELECT rowid FROM entity WHERE id = ?1")?
        .query_row([Col(id)], |row| row.get(0))
        .optional()?)
}

/// A thing by its id, if it is known here.
pub fn find(connection: &Connection, id: EntityId) -> Result<Option<Found>> {
    if let Some(number) = root(connection, id)? {
        return Ok(Some(Found { number, root: number }));
    }
    let mut statement = connection.prepare_cached("SELECT rowid, root FROM entity WHERE id = ?1")?;
    let mut rows = statement.query([tail(id)])?;
    while let Some(row) = rows.next()? {
        let found = Found { number: row.get(0)?, root: row.get(1)? };
        if of(connection, found.number)?.id == id {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn tail(id: EntityId) -> [u8; 4] {
    let [.., a, b, c, d] = id.0;
    [a, b, c, d]
}

/// Makes a thing and what it hangs on known.
pub fn keep(connection: &Connection, scope: &Scope, entity: &Entity) -> Result<Found> {
    let parent = entity.origin.as_ref().map(|origin| keep(connection, scope, &origin.parent)).transpose()?;
    if let Some(known) = find(connection, entity.id)? {
        return Ok(known);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO entity (id, kind, scope, parent, key, root) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    match (&entity.origin, parent) {
        (Some(origin), Some(Found { number: parent, root })) => {
            // What hangs on a root lies in the root's scope, and nearly always hangs on the root itself.
            let parent = (parent != root).then_some(parent);
            insert.execute((tail(entity.id), entity.kind, "", parent, origin.key.encode(), root))?;
            Ok(Found { number: connection.last_insert_rowid(), root })
        }
        _ => {
            let nothing = None::<i64>;
            insert.execute((Col(entity.id), entity.kind, scope.as_str(), nothing, nothing, nothing))?;
            let number = connection.last_insert_rowid();
            Ok(Found { number, root: number })
        }
    }
}

/// A row with `id, kind, parent, key, root`.
struct Known {
    kind: Kind,
    /// Of a root.
    id: Option<EntityId>,
    /// Of all others.
    under: Option<(Number, Value)>,
}

const KNOWN: &str = "id, kind, coalesce(parent, root), key";

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let under = match row.get::<_, Option<Number>>(2)? {
        Some(parent) => Some((parent, row.get::<_, Col<Value>>(3)?.0)),
        None => None,
    };
    let id = if under.is_none() { Some(row.get::<_, Col<EntityId>>(0)?.0) } else { None };
    Ok(Known { kind: row.get(1)?, id, under })
}

/// The thing with a number, as ops name it.
pub fn of(connection: &Connection, number: Number) -> Result<Entity> {
    let row = connection
        .prepare_cached(&format!("SELECT {KNOWN} FROM entity WHERE rowid = ?1"))?
        .query_row([number], known)
        .optional()?;
    match row.ok_or_else(unknown)? {
        // What something hangs on was known before it.
        Known { kind, under: Some((parent, key)), .. } if parent < number => {
            Ok(Entity::keyed(kind, &of(connection, parent)?, key))
        }
        Known { kind, id: Some(id), .. } => Ok(Entity::new(kind, id)),
        Known { .. } => Err(unknown()),
    }
}

/// A root and everything that hangs on it.
pub fn under(connection: &Connection, root: Number) -> Result<BTreeMap<Number, Entity>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {KNOWN}, rowid FROM entity WHERE rowid = ?1 UNION ALL SELECT {KNOWN}, rowid FROM entity WHERE root = ?1"
    ))?;
    let mut rows = statement.query([root])?;
    let mut things: BTreeMap<Number, Entity> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let thing = match known(row)? {
            Known { kind, under: Some((parent, key)), .. } => match things.get(&parent) {
                Some(parent) => Entity::keyed(kind, parent, key),
                None => Entity::keyed(kind, &of(connection, parent)?, key),
            },
            Known { kind, id: Some(id), .. } => Entity::new(kind, id),
            Known { .. } => return Err(unknown()),
        };
        things.insert(row.get(4)?, thing);
    }
    Ok(things)
}

fn unknown() -> crate::error::Error {
    damaged("something hangs on an unknown thing")
}

/// What a thing hangs on, itself if on nothing.
pub fn root_of(connection: &Connection, id: EntityId) -> Result<Option<EntityId>> {
    find(connection, id)?.map(|found| Ok(of(connection, found.root)?.id)).transpose()
}

/// The kind of a root, and the scope in which it was recorded.
pub fn thing(connection: &Connection, root: EntityId) -> Result<Option<(Kind, Scope)>> {
    let row: Option<(Kind, String)> = connection
        .prepare_cached("SELECT kind, scope FROM entity WHERE id = ?1")?
        .query_row([Col(root)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map(|(kind, scope)| Ok::<_, xuncha_domain::ids::BadId>((kind, scope.parse()?))).transpose()?)
}

/// The scope in which a thing was recorded.
pub fn scope_of(connection: &Connection, id: EntityId) -> Result<Option<Scope>> {
    let Some(found) = find(connection, id)? else { return Ok(None) };
    let scope: String = connection
        .prepare_cached("SELECT scope FROM entity WHERE rowid = ?1")?
        .query_row([found.root], |row| row.get(0))?;
    Ok(Some(scope.parse()?))
}

/// Rows that came out of a damaged database: those of an older shape get today's, and those that are not what their ids say
/// or hang on nothing that is here go. Returns how many.
pub fn adopt(connection: &Connection) -> Result<usize> {
    // Of an older shape, all ids.
    connection.execute_batch(
        "UPDATE entity SET root = NULL, parent = NULL WHERE root = id;
         UPDATE entity SET root = (SELECT rowid FROM entity AS of WHERE of.id = entity.root AND of.root IS NULL),
           parent = iif(parent = root, NULL, (SELECT rowid FROM entity AS of WHERE of.id = entity.parent))
         WHERE typeof(root) = 'blob'
           AND EXISTS (SELECT 1 FROM entity AS of WHERE of.id = entity.root AND of.root IS NULL);
         UPDATE entity SET id = substr(id, 13), scope = '' WHERE root IS NOT NULL AND length(id) = 16;",
    )?;
    let twice = connection.execute(
        "DELETE FROM entity WHERE rowid NOT IN (SELECT min(rowid) FROM entity GROUP BY id, kind, parent, key, root)",
        [],
    )?;
    let mut gone = 0;
    let mut statement = connection.prepare("SELECT rowid, id FROM entity ORDER BY rowid")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows.collect::<rusqlite::Result<Vec<(Number, Vec<u8>)>>>()? {
        let (number, id) = row;
        // In the order of their numbers: what hangs on one that went goes, too.
        let is = of(connection, number).ok().map(|entity| match entity.origin {
            None => entity.id.0.to_vec(),
            Some(_) => tail(entity.id).to_vec(),
        });
        if is != Some(id) {
            gone += connection.execute("DELETE FROM entity WHERE rowid = ?1", [number])?;
        }
    }
    tracing::info!(twice, gone, "things of a damaged database");
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::open;

    fn store() -> Connection {
        open::writer(Path::new(":memory:"), "0.1.0").unwrap()
    }

    fn root_entity() -> Entity {
        Entity::new(5, EntityId([7; 16]))
    }

    #[test]
    fn what_hangs_on_a_thing_is_found_by_its_id_and_comes_back_as_it_was_recorded() {
        let connection = store();
        let scope: Scope = "district/140105".parse().unwrap();
        let visit = root_entity();
        let note = Entity::keyed(9, &visit, Value::text("a"));
        let under_note = Entity::keyed(12, &note, Value::Int(3));
        let deep = keep(&connection, &scope, &under_note).unwrap();
        assert_eq!(keep(&connection, &scope, &under_note).unwrap(), deep);
        let visit_number = root(&connection, visit.id).unwrap().unwrap();
        assert_eq!(deep.root, visit_number);
        for thing in [&visit, &note, &under_note] {
            let found = find(&connection, thing.id).unwrap().unwrap();
            assert_eq!((&of(&connection, found.number).unwrap(), found.root), (thing, visit_number));
            assert_eq!(root_of(&connection, thing.id).unwrap(), Some(visit.id));
            assert_eq!(scope_of(&connection, thing.id).unwrap().as_ref(), Some(&scope));
        }
        let all: Vec<Entity> = under(&connection, visit_number).unwrap().into_values().collect();
        assert_eq!(all, [visit, note.clone(), under_note]);
        assert_eq!(root(&connection, note.id).unwrap(), None);
    }

    /// Four bytes of an id are no id: another thing with the same ones is another thing.
    #[test]
    fn things_whose_ids_end_alike_are_told_apart() {
        let connection = store();
        let scope: Scope = "city".parse().unwrap();
        let note = Entity::keyed(9, &root_entity(), Value::text("a"));
        let known = keep(&connection, &scope, &note).unwrap();
        let mut alike = note.id;
        alike.0[0] ^= 1;
        assert_eq!(find(&connection, alike).unwrap(), None);
        let other = keep(&connection, &scope, &Entity::new(3, alike)).unwrap();
        assert_ne!(other.number, known.number);
        assert_eq!(find(&connection, note.id).unwrap(), Some(known));
        assert_eq!(find(&connection, alike).unwrap(), Some(other));
    }

    #[test]
    fn salvaged_rows_of_an_older_shape_are_adopted_and_orphans_go() {
        let connection = store();
        let (visit, gone) = (root_entity(), Entity::new(5, EntityId([8; 16])));
        let note = Entity::keyed(9, &visit, Value::text("a"));
        let deep = Entity::keyed(12, &note, Value::Int(3));
        let orphan = Entity::keyed(9, &gone, Value::text("a"));
        let key = |entity: &Entity| entity.origin.as_ref().map(|origin| origin.key.encode());
        for (number, entity, parent) in
            [(3, &visit, None), (5, &note, None), (8, &deep, Some(&note)), (9, &orphan, None)]
        {
            connection
                .execute(
                    "INSERT INTO entity (rowid, id, kind, scope, parent, key, root) VALUES (?1, ?2, ?3, 'city', ?4, ?5, ?6)",
                    (number, Col(entity.id), entity.kind, parent.map(|of| Col(of.id)), key(entity), Col(entity.root().id)),
                )
                .unwrap();
        }
        assert_eq!(adopt(&connection).unwrap(), 1);
        let all: Vec<(Number, Entity)> = under(&connection, 3).unwrap().into_iter().collect();
        assert_eq!(all, [(3, visit), (5, note.clone()), (8, deep)]);
        assert_eq!(find(&connection, note.id).unwrap(), Some(Found { number: 5, root: 3 }));
        assert_eq!(find(&connection, orphan.id).unwrap(), None);
        assert_eq!(adopt(&connection).unwrap(), 0);
    }
}

//! Checklists that a phone can ask: those that the app brings along, and those that HQ published and that arrived here.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::{field, rules};

use super::values::Col;
use crate::error::Result;
use crate::tree::Tree;

/// The version with this hash; none when the app does not bring it along and HQ's commit with it is not here yet, or
/// holds what only a newer app understands.
pub fn by_hash(connection: &Connection, hash: &[u8; 32]) -> Result<Option<&'static Checklist>> {
    if let Some(checklist) = Checklist::built_in(hash) {
        return Ok(Some(checklist));
    }
    let id = rules::checklist(hash).id;
    let tree = Tree::read(connection, id)?;
    let content = tree.as_ref().and_then(|tree| tree.value(id, field::CONTENT)?.as_bytes());
    let checklist = content.and_then(|content| Checklist::from_content(content).ok());
    // Its name is only the beginning of the hash.
    Ok(checklist.filter(|checklist| checklist.hash == *hash))
}

/// What new visits with this purpose ask at venues of this category; none when nothing is asked.
pub fn current(connection: &Connection, category: &str, purpose: Mode) -> Result<Option<&'static Checklist>> {
    let built_in = Checklist::for_venue(category, purpose);
    let id = rules::entity().id;
    let Some(tree) = Tree::read(connection, id)? else { return Ok(built_in) };
    match tree.value(id, &rules::field(category, purpose)) {
        None => Ok(built_in),
        Some(Value::Null) => Ok(None),
        // A version that this app cannot read is not asked; what it asked before still makes sense.
        Some(hash) => match hash.as_bytes().and_then(|hash| hash.try_into().ok()) {
            Some(hash) => Ok(by_hash(connection, &hash)?.or(built_in)),
            None => Ok(built_in),
        },
    }
}

/// Visits that nothing is known to be asked in: what a checklist that arrives can change. Looked for only then.
pub fn waiting(connection: &Connection) -> Result<Vec<EntityId>> {
    let mut statement = connection.prepare_cached("SELECT id FROM visit_row WHERE items = 0")?;
    let rows = statement.query_map([], |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

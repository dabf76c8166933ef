//! The findings that are waited for, kept beside the rows of their visits.

use rusqlite::{Connection, Row};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::{field, finding, visit};

use super::things;
use super::values::Col;
use crate::error::Result;
use crate::tree::Tree;

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingRow {
    pub visit: EntityId,
    pub item: String,
}

/// How many orders stand with a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    pub orders: u32,
    /// Of these, those whose deadline is over.
    pub overdue: u32,
}

/// Findings beside the visits that they were made on.
const FOUND: &str = "visit_row.id, item, started_ms FROM visit_row JOIN entity ON entity.id = visit_row.id
     JOIN finding_row ON finding_row.visit = entity.rowid";

/// Of more orders, a screen says "1,000": nobody counts them by hand, and a tap must not.
const COUNTED_MAX: u32 = 1_000;

/// Takes the failed items of a visit; those of one that does not count are none. Returns how many of them are open and
/// have no deadline.
pub fn set<'a>(
    connection: &Connection,
    tree: &Tree,
    failed: impl IntoIterator<Item = &'a str>,
) -> Result<u32> {
    remove(connection, tree.root)?;
    let Some(number) = tree.nodes.get(&tree.root).map(|node| node.order) else { return Ok(0) };
    let mut others = 0;
    let root = visit::visit(tree.root);
    let mut insert = connection.prepare_cached(
        "INSERT INTO finding_row (visit, item, open, due, recheck) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for item in failed {
        let id = visit::finding(&root, item).id;
        let status = tree.value(id, field::STATUS).and_then(Value::as_text).unwrap_or(finding::OPEN);
        let open = finding::is_open(status);
        let recheck = tree.value(id, field::RECHECK).and_then(finding::recheck);
        if !open && recheck.is_none() {
            continue;
        }
        let deadline = tree.value(id, field::DEADLINE).and_then(finding::deadline);
        let due = deadline.filter(|_| finding::is_ordered(status)).map(|day| day.to_string());
        others += u32::from(open && due.is_none());
        insert.execute((number, item, open, due, recheck.map(Col)))?;
    }
    Ok(others)
}

pub fn remove(connection: &Connection, visit: EntityId) -> Result<()> {
    let number = things::root(connection, visit)?;
    connection.prepare_cached("DELETE FROM finding_row WHERE visit = ?1")?.execute([number])?;
    Ok(())
}

/// Open findings: orders by their deadline, the one that is longest over first, then what has none, newest first.
pub fn open(connection: &Connection, limit: u32) -> Result<Vec<FindingRow>> {
    let mut found = due(connection, limit)?;
    let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    // In the order of the index, so that the first are the answer and not all of them are looked at.
    let others = "SELECT visit_row.id, item FROM visit_row INDEXED BY visit_row_open
                  CROSS JOIN entity ON entity.id = visit_row.id
                  CROSS JOIN finding_row ON finding_row.visit = entity.rowid
                  WHERE visit_row.open > 0 AND finding_row.open = 1 AND due IS NULL
                  ORDER BY started_ms DESC, visit_row.id, item LIMIT ?1";
    found.extend(rows(connection, others, [left])?);
    Ok(found)
}

/// Orders that stand, by their deadline.
pub fn due(connection: &Connection, limit: u32) -> Result<Vec<FindingRow>> {
    let sql = "SELECT entity.id, item FROM finding_row JOIN entity ON entity.rowid = finding_row.visit
               WHERE due IS NOT NULL ORDER BY due, entity.id, item LIMIT ?1";
    rows(connection, sql, [limit])
}

/// Orders that stand on a day, such as `2020-02-04`.
pub fn count_due(connection: &Connection, today: &str) -> Result<Due> {
    let count = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))
    };
    Ok(Due {
        orders: count(
            "SELECT count(*) FROM (SELECT 1 FROM finding_row WHERE due IS NOT NULL LIMIT ?1)",
            &[&COUNTED_MAX],
        )?,
        overdue: count(
            "SELECT count(*) FROM (SELECT 1 FROM finding_row WHERE due < ?2 LIMIT ?1)",
            &[&COUNTED_MAX, &today],
        )?,
    })
}

/// Findings of other visits to a venue that are open, or that `visit` looked at again, newest first.
pub fn of_venue(
    connection: &Connection,
    venue: EntityId,
    visit: Option<EntityId>,
    limit: u32,
) -> Result<Vec<FindingRow>> {
    let sql = format!(
        "SELECT id, item FROM (
           SELECT {FOUND} WHERE visit_row.venue = ?1 AND finding_row.open = 1 AND visit_row.id IS NOT ?2
           UNION SELECT {FOUND} WHERE recheck = ?2)
         ORDER BY started_ms DESC, id, item LIMIT ?3"
    );
    rows(connection, &sql, (Col(venue), visit.map(Col), limit))
}

fn rows(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<FindingRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok(FindingRow { visit: row.get::<_, Col<EntityId>>(0)?.0, item: row.get(1)? });
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

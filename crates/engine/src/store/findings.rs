//! The findings that are waited for, kept beside the rows of their visits.

use rusqlite::{Connection, Row};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::{field, finding, visit};

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

/// Of more orders, a screen says "1,000": nobody counts them by hand, and a tap must not.
const COUNTED_MAX: u32 = 1_000;

/// Takes the failed items of a visit; those of one that does not count are none.
pub fn set<'a>(
    connection: &Connection,
    tree: &Tree,
    failed: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    remove(connection, tree.root)?;
    let root = visit::visit(tree.root);
    let mut insert = connection.prepare_cached(
        "INSERT INTO finding_row (visit, item, venue, started_ms, open, due, recheck)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
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
        let (venue, recheck) = (tree.venue().map(Col), recheck.map(Col));
        insert.execute((Col(tree.root), item, venue, tree.started_ms(), open, due, recheck))?;
    }
    Ok(())
}

pub fn remove(connection: &Connection, visit: EntityId) -> Result<()> {
    connection.prepare_cached("DELETE FROM finding_row WHERE visit = ?1")?.execute([Col(visit)])?;
    Ok(())
}

/// Open findings: orders by their deadline, the one that is longest over first, then what has none, newest first.
pub fn open(connection: &Connection, limit: u32) -> Result<Vec<FindingRow>> {
    let mut found = due(connection, limit)?;
    let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    let others = "SELECT visit, item FROM finding_row WHERE open = 1 AND due IS NULL
                  ORDER BY started_ms DESC, visit, item LIMIT ?1";
    found.extend(rows(connection, others, [left])?);
    Ok(found)
}

/// Orders that stand, by their deadline.
pub fn due(connection: &Connection, limit: u32) -> Result<Vec<FindingRow>> {
    let sql = "SELECT visit, item FROM finding_row WHERE due IS NOT NULL ORDER BY due, visit, item LIMIT ?1";
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
    let sql = "SELECT visit, item FROM (
                 SELECT visit, item, started_ms FROM finding_row WHERE venue = ?1 AND open = 1 AND visit IS NOT ?2
                 UNION SELECT visit, item, started_ms FROM finding_row WHERE recheck = ?2)
               ORDER BY started_ms DESC, visit, item LIMIT ?3";
    rows(connection, sql, (Col(venue), visit.map(Col), limit))
}

fn rows(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<FindingRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok(FindingRow { visit: row.get::<_, Col<EntityId>>(0)?.0, item: row.get(1)? });
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

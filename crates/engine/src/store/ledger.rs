//! Rows of ledgers as lists find them, made again whenever something of them changed.

use rusqlite::Connection;
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_domain::ledger::{Cell, Column, ColumnType, Ledger};
use xuncha_domain::log::body::Kind;

use super::things;
use super::values::Col;
use crate::error::Result;
use crate::tree::Tree;

/// The displayed cell of a row's column.
pub fn cell(tree: &Tree, row: EntityId, column: &Column) -> Option<Cell> {
    column.read(tree.value(row, &column.name)?)
}

/// Whether something still has to come of a row: its status has not come to an end, or its ledger knows none.
pub fn is_open(tree: &Tree, row: EntityId, ledger: &Ledger) -> bool {
    let Some((column, machine)) = ledger.status() else { return true };
    let state = cell(tree, row, column);
    let state = state.as_ref().and_then(Cell::as_text).and_then(|code| machine.state(code));
    !state.is_some_and(|state| state.terminal)
}

pub fn refresh(connection: &Connection, ledger: &Ledger, id: EntityId) -> Result<()> {
    let Some(number) = things::root(connection, id)? else { return remove(connection, id) };
    let Some(tree) = Tree::read(connection, id)? else { return remove(connection, id) };
    let of_type = |is: fn(&ColumnType) -> bool| {
        cell(&tree, id, ledger.of_type(is)?).as_ref().and_then(Cell::as_id).map(Col)
    };
    let at_ms = ledger.order().and_then(|column| cell(&tree, id, column)).map_or(0, |cell| cell.instant_ms());
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO ledger_row (root, id, kind, open, at_ms, venue, of, team, officer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(rusqlite::params![
            number,
            Col(id),
            ledger.kind,
            is_open(&tree, id, ledger),
            at_ms,
            of_type(|ty| *ty == ColumnType::Venue),
            of_type(|ty| matches!(ty, ColumnType::Row(_))),
            of_type(|ty| *ty == ColumnType::Team),
            of_type(|ty| *ty == ColumnType::Officer),
        ])?;
    Ok(())
}

fn remove(connection: &Connection, id: EntityId) -> Result<()> {
    connection.prepare_cached("DELETE FROM ledger_row WHERE id = ?1")?.execute([Col(id)])?;
    Ok(())
}

/// Which rows a list wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub kind: Kind,
    /// Only those of which something still has to come, or only the others.
    pub open: Option<bool>,
    pub venue: Option<EntityId>,
    /// The row of another ledger that they belong to.
    pub of: Option<EntityId>,
    /// Those that name this officer, or no officer and this team.
    pub mine: Option<(OfficerId, Option<EntityId>)>,
}

/// Ids of rows: of open ones those due first, of all others the newest first.
pub fn find(connection: &Connection, wanted: &Wanted, skip: u32, limit: u32) -> Result<Vec<EntityId>> {
    let by = match (wanted.of, wanted.venue) {
        (Some(_), _) => "INDEXED BY ledger_row_by_of",
        (None, Some(_)) => "INDEXED BY ledger_row_by_venue",
        (None, None) => "INDEXED BY ledger_row_by_kind",
    };
    let mut conditions = vec!["kind = ?1"];
    conditions.extend(wanted.open.map(|_| "open = ?2"));
    conditions.extend(wanted.venue.map(|_| "venue = ?3"));
    conditions.extend(wanted.of.map(|_| "of = ?4"));
    conditions.extend(wanted.mine.map(|_| "(officer = ?5 OR (officer IS NULL AND team = ?6))"));
    // Rows without a term come after those that have one.
    let order = if wanted.open == Some(true) { "at_ms = 0, at_ms, root" } else { "at_ms DESC, root DESC" };
    let sql = format!(
        "SELECT id FROM ledger_row {by} WHERE {} ORDER BY {order} LIMIT ?8 OFFSET ?7",
        conditions.join(" AND ")
    );
    let (me, team) = wanted.mine.unzip();
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        rusqlite::params![
            wanted.kind,
            wanted.open,
            wanted.venue.map(Col),
            wanted.of.map(Col),
            me.map(Col),
            team.flatten().map(Col),
            skip,
            limit
        ],
        |row| Ok(row.get::<_, Col<EntityId>>(0)?.0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many rows of a kind are open, and how many of these were due before a moment.
pub fn count_open(connection: &Connection, wanted: &Wanted, before_ms: i64) -> Result<(u32, u32)> {
    let (me, team) = wanted.mine.unzip();
    Ok(connection
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE at_ms > 0 AND at_ms < ?2) FROM ledger_row
             WHERE kind = ?1 AND open = 1 AND (?3 IS NULL OR officer = ?3 OR (officer IS NULL AND team = ?4))",
        )?
        .query_row((wanted.kind, before_ms, me.map(Col), team.flatten().map(Col)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?)
}

/// Rows of which something is at no HQ yet.
pub fn unreceived(connection: &Connection, limit: u32) -> Result<Vec<EntityId>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM ledger_row WHERE root IN
           (SELECT touch.root FROM log JOIN touch ON touch.ref = log.ref WHERE log.received = 0 AND log.reissued = 0
            UNION SELECT root FROM journal)
         ORDER BY root DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

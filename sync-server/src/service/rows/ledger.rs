//! The row of a ledger's row: what lists filter and order by.

use xuncha_domain::ids::EntityId;
use xuncha_domain::ledger::{Cell, Column, ColumnType, Ledger};

use super::{Thing, Tree};
use crate::service::Error;
use crate::storage::{LedgerRecord, Tx};

/// The displayed cell of a column.
pub(in crate::service) fn cell(thing: &Thing, column: &Column) -> Option<Cell> {
    column.read(thing.value(&column.name)?)
}

/// The code of a row's state, and whether something still has to come of it.
pub(in crate::service) fn status(thing: &Thing, ledger: &Ledger) -> (String, bool) {
    let Some((column, machine)) = ledger.status() else { return (String::new(), true) };
    let said = cell(thing, column).and_then(|cell| cell.as_text().map(str::to_owned));
    let first = || machine.states.iter().find(|state| state.initial).map(|state| state.code.clone());
    let code = said.or_else(first).unwrap_or_default();
    let open = !machine.state(&code).is_some_and(|state| state.terminal);
    (code, open)
}

pub(super) fn project(tx: &Tx<'_>, tree: &Tree, ledger: &Ledger) -> Result<(), Error> {
    let thing = tree.root();
    let of_type = |is: fn(&ColumnType) -> bool| -> Option<[u8; 16]> {
        cell(thing, ledger.of_type(is)?)?.as_id().map(|id: EntityId| id.0)
    };
    let words = ledger
        .columns
        .iter()
        .filter(|column| column.ty == ColumnType::Text && !column.private)
        .filter_map(|column| cell(thing, column)?.as_text().map(str::to_owned));
    let (status, open) = status(thing, ledger);
    Ok(tx.put_ledger_row(&LedgerRecord {
        entity: thing.entity.id,
        id: thing.entity.name.0,
        kind: ledger.kind,
        open,
        status,
        at_ms: ledger.order().and_then(|column| cell(thing, column)).map_or(0, |cell| cell.instant_ms()),
        venue: of_type(|ty| *ty == ColumnType::Venue),
        of: of_type(|ty| matches!(ty, ColumnType::Row(_))),
        team: of_type(|ty| *ty == ColumnType::Team),
        officer: of_type(|ty| *ty == ColumnType::Officer),
        words: words.collect::<Vec<_>>().join("\n"),
    })?)
}

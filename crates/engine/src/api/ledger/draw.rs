//! A row as screens draw it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_domain::ledger::{self, Cell, ColumnType, Ledger};
use xuncha_domain::merge::Agreement;
use xuncha_domain::model::field;

use super::no_row;
use super::types::{CellValue, LedgerRow};
use crate::api::reference::officer;
use crate::api::status::visit_state;
use crate::api::types::{SaveState, Shown};
use crate::api::venues;
use crate::api::written::Authors;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::ledger as rows;
use crate::tree::Tree;

/// One row; `whole` with what hangs on it.
pub(super) fn row(engine: &Engine, connection: &Connection, id: EntityId, whole: bool) -> Result<LedgerRow> {
    let tree = Tree::read(connection, id)?.ok_or_else(no_row)?;
    let authors = Authors::new(connection)?;
    let state = visit_state(engine, connection, id)?;
    let artist = Artist { connection, tree: &tree, authors, state };
    let mut row = artist.row(id)?;
    if whole {
        for node in tree.nodes.values().filter(|node| node.id != id) {
            if ledger::of_kind(node.kind).is_some() && tree.field_names(node.id).next().is_some() {
                row.under.push(artist.row(node.id)?);
            }
        }
        let order =
            |id: &str| id.parse().ok().and_then(|id: EntityId| tree.nodes.get(&id)).map(|node| node.order);
        row.under.sort_by_key(|row| order(&row.id));
    }
    Ok(row)
}

struct Artist<'a> {
    connection: &'a Connection,
    tree: &'a Tree,
    authors: Authors<'a>,
    state: SaveState,
}

impl Artist<'_> {
    fn row(&self, id: EntityId) -> Result<LedgerRow> {
        let node = self.tree.nodes.get(&id).ok_or_else(no_row)?;
        let of = ledger::of_kind(node.kind).ok_or_else(no_row)?;
        let mut row = LedgerRow {
            id: id.to_string(),
            ledger: of.name.into(),
            cells: BTreeMap::new(),
            names: BTreeMap::new(),
            open: rows::is_open(self.tree, id, of),
            state: self.state,
            conflicts: 0,
            under: Vec::new(),
        };
        for column in &of.columns {
            let token = self.tree.token(id, &column.name);
            let mut cell = Shown { value: None, erased: false, token, conflict: Vec::new() };
            if let Some(shown) = self.tree.shown(id, &column.name) {
                let read = |value: Option<&Value>| column.read(value?);
                let first = shown.live.first();
                let value = first.and_then(|live| read(live.value.value()));
                cell.erased = first.is_some_and(|live| self.tree.erased(live));
                if shown.state != Agreement::Agreed {
                    row.conflicts += 1;
                    for live in &shown.live {
                        if let Some(value) = read(live.value.value()) {
                            let value = CellValue::from(&value);
                            cell.conflict.push(self.authors.candidate(self.tree, live, value)?);
                        }
                    }
                }
                if let Some(value) = &value {
                    self.name(&column.ty, value, &mut row.names)?;
                }
                cell.value = value.as_ref().map(CellValue::from);
            }
            row.cells.insert(column.name.clone(), cell);
        }
        Ok(row)
    }

    fn name(&self, ty: &ColumnType, cell: &Cell, names: &mut BTreeMap<String, String>) -> Result<()> {
        let mut put = |id: EntityId, name: String| {
            if !name.is_empty() {
                names.insert(id.to_string(), name);
            }
        };
        match (ty, cell) {
            (ColumnType::Venue, Cell::Id(id)) => {
                if let Some(venue) = venues::row(self.connection, *id, None)? {
                    put(*id, venue.name);
                }
            }
            (ColumnType::Officer, Cell::Id(id)) => put(*id, officer(self.connection, OfficerId(id.0))?.name),
            (ColumnType::Officers, Cell::Ids(ids)) => {
                for id in ids {
                    put(*id, officer(self.connection, OfficerId(id.0))?.name);
                }
            }
            (ColumnType::Team, Cell::Id(id)) => {
                if let Some(tree) = Tree::read(self.connection, *id)? {
                    put(
                        *id,
                        tree.value(*id, field::NAME).and_then(Value::as_text).unwrap_or_default().into(),
                    );
                }
            }
            (ColumnType::Row(of), Cell::Id(id)) => {
                if let (Some(tree), Some(of)) = (Tree::read(self.connection, *id)?, ledger::named(of)) {
                    put(*id, title(&tree, *id, of));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a row is called: its first text that is not private.
pub(super) fn title(tree: &Tree, id: EntityId, of: &Ledger) -> String {
    let text = of.of_type(|ty| *ty == ColumnType::Text).filter(|column| !column.private);
    let cell = text.and_then(|column| rows::cell(tree, id, column));
    cell.as_ref().and_then(Cell::as_text).unwrap_or_default().to_owned()
}

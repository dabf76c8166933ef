//! Ledgers at the console: lists, one row with what hangs on it, rows that HQ begins and edits.

use std::collections::BTreeMap;

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId, Scope};
use xuncha_domain::ledger::{self, Cell, Column, ColumnType, Input, Known, Ledger};
use xuncha_domain::log::body::Entity;
use xuncha_domain::merge::Agreement;

use super::desk::Desk;
use super::resolve::name;
use crate::http::types::{
    CellChoice, CellInput, CellRow, ColumnInfo, LedgerInfo, LedgerPage, LedgerQuery, LedgerRow, NewRow,
    SetRow,
};
use crate::service::author::{Draft, references};
use crate::service::rows::{Thing, Tree, ledger as rows};
use crate::service::{Changed, ConsoleUser, Error, Service};
use crate::storage::{LedgerFilter, Read};

const PAGE: u32 = 50;
/// A search word.
const TEXT_BYTES_MAX: usize = 200;

impl Service {
    pub fn ledgers(&self) -> Vec<LedgerInfo> {
        ledger::ledgers().iter().map(info).collect()
    }

    pub fn ledger(&self, of: &str, query: LedgerQuery) -> Result<LedgerPage, Error> {
        let of = ledger::named(of).ok_or(Error::NotFound)?;
        let id = |text: Option<String>| {
            let id = text.map(|id| id.parse::<EntityId>().map(|id| id.0)).transpose();
            id.map_err(|_| Error::BadRequest("an id"))
        };
        let text = query.text.map(|text| xuncha_domain::text::clean(&text)).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(Error::BadRequest("text"));
        }
        let filter = LedgerFilter {
            kind: of.kind,
            open: query.open,
            status: query.status,
            venue: id(query.venue)?,
            of: id(query.of)?,
            text,
        };
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            let mut page = LedgerPage { rows: Vec::new(), total: read.count_ledger_rows(&filter)? };
            for entity in read.ledger_rows(&filter, query.skip.unwrap_or(0), PAGE)? {
                let tree = Tree::read(read, entity)?;
                page.rows.push(desk.ledger_row(tree.root(), of)?);
            }
            Ok(page)
        })
    }

    /// A row with what hangs on it.
    pub fn ledger_row(&self, id: &[u8; 16]) -> Result<LedgerRow, Error> {
        self.storage.read(|read| {
            let row = read.entity_by_name(&EntityId(*id))?.ok_or(Error::NotFound)?;
            let tree = Tree::read(read, row.root.unwrap_or(row.id))?;
            let of = ledger::of_kind(tree.root().entity.kind).ok_or(Error::NotFound)?;
            let desk = Desk::new(self, read);
            let mut whole = desk.ledger_row(tree.root(), of)?;
            for thing in tree.all().skip(1) {
                if let Some(of) = ledger::of_kind(thing.entity.kind) {
                    whole.under.push(desk.ledger_row(thing, of)?);
                }
            }
            Ok(whole)
        })
    }

    /// Begins a row. One that is there already stays as it is, and is what comes back.
    pub fn add_row(&self, user: &ConsoleUser, of: &str, new: NewRow) -> Result<LedgerRow, Error> {
        user.must_be_admin()?;
        let of = ledger::named(of).ok_or(Error::NotFound)?;
        let sent = new.cells.into_iter().map(|(name, value)| (name, value.into()));
        let mut cells = of.parse(sent).map_err(Error::BadRequest)?;
        let under: Option<EntityId> =
            new.under.map(|id| id.parse()).transpose().map_err(|_| Error::BadRequest("an id"))?;
        let fresh = EntityId::v7(self.clock.now_ms(), &*self.entropy);
        let id = self.storage.write(|tx| {
            let parent = match under {
                Some(id) => Some(tx.entity_by_name(&id)?.ok_or(Error::NotFound)?),
                None => None,
            };
            if !of.may_hang_on(parent.as_ref().map(|row| row.kind)) {
                return Err(Error::BadRequest("a row in the wrong place"));
            }
            let known = self.known(tx, of.venue(&cells))?;
            of.fill(&mut cells, &known);
            if of.missing(&cells).is_some() {
                return Err(Error::BadRequest("a required cell is empty"));
            }
            let scope = match &parent {
                Some(row) => row.scope.clone(),
                None => of.scope(&cells, &known).map_err(|_| Error::BadRequest("a district"))?,
            };
            let on = parent.as_ref().map(|row| tx.entity_as_named(row.id)).transpose()?;
            let entity = of.entity(on.as_ref(), fresh, |name| cells.get(name));
            if tx.entity_by_name(&entity.id)?.is_none() {
                let drafts = of
                    .columns
                    .iter()
                    .filter_map(|column| Some(draft(&entity, column, cells.get(&column.name)?.to_value())));
                self.write_rows(tx, &scope, user, drafts.collect())?;
            }
            Ok(under.unwrap_or(entity.id))
        })?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        self.ledger_row(&id.0)
    }

    /// Sets cells of one row together, each over what the console drew of it.
    pub fn set_row(&self, user: &ConsoleUser, id: &[u8; 16], wanted: SetRow) -> Result<LedgerRow, Error> {
        user.must_be_admin()?;
        self.storage.write(|tx| {
            let row = tx.entity_by_name(&EntityId(*id))?.ok_or(Error::NotFound)?;
            let of = ledger::of_kind(row.kind).ok_or(Error::NotFound)?;
            let tree = Tree::read(tx, row.root.unwrap_or(row.id))?;
            let thing = tree.all().find(|thing| thing.entity.id == row.id).ok_or(Error::NotFound)?;
            let entity = tx.entity_as_named(row.id)?;
            let mut drafts = Vec::new();
            for (name_of, cell) in wanted.cells {
                let column = of.column(&name_of).ok_or(Error::BadRequest("a column"))?;
                let over = cell.over.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>()?;
                let live = thing.fields.get(&column.name);
                // Nothing of what was drawn lives: somebody edited it meanwhile, and the console must draw it again.
                if live.is_some_and(|field| {
                    !field.live.is_empty() && !over.iter().any(|commit| field.live.contains_key(commit))
                }) {
                    return Err(Error::Stale);
                }
                let value = match cell.value {
                    None if column.required => return Err(Error::BadRequest("a required cell")),
                    None => Value::Null,
                    Some(value) => {
                        let cell = column.parse(value.into()).ok_or(Error::BadRequest("a cell"))?;
                        if column.machine().is_some() {
                            drafts.extend(self.enter(user, thing, of, column, &entity, &cell)?);
                        }
                        cell.to_value()
                    }
                };
                drafts.push(Draft { over: references(tx, &over)?, ..draft(&entity, column, value) });
            }
            self.write_rows(tx, &row.scope, user, drafts)
        })?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        self.ledger_row(id)
    }

    /// The times that entering a state fills.
    fn enter(
        &self,
        user: &ConsoleUser,
        thing: &Thing,
        of: &Ledger,
        column: &Column,
        entity: &Entity,
        to: &Cell,
    ) -> Result<Vec<Draft>, Error> {
        let to = to.as_text().unwrap_or_default();
        let shown = thing.shown(&column.name, None);
        let live = shown.as_ref().and_then(|shown| shown.live.first());
        let own = live.is_some_and(|live| live.officer == OfficerId(user.id));
        if !column.may_become(live.and_then(|live| live.value.value()?.as_text()), own, to) {
            return Err(Error::BadRequest("a state that does not follow"));
        }
        let filled = |column: &Column| rows::cell(thing, column).is_some();
        let stamps = of.stamps(to, self.clock.now_ms(), filled).into_iter();
        Ok(stamps.map(|(column, cell)| draft(entity, column, cell.to_value())).collect())
    }

    fn write_rows(
        &self,
        tx: &crate::storage::Tx<'_>,
        scope: &Scope,
        user: &ConsoleUser,
        drafts: Vec<Draft>,
    ) -> Result<(), Error> {
        let counted = self.write_as_hq(tx, scope, OfficerId(user.id), &[drafts])?;
        self.project(tx, &counted)
    }

    fn known(&self, read: &Read<'_>, venue: Option<EntityId>) -> Result<Known, Error> {
        let venue = match venue {
            Some(venue) => read.venue(&venue.0)?,
            None => None,
        };
        let district = venue.map(|venue| venue.district);
        Ok(Known { now_ms: self.clock.now_ms(), district, ..Known::default() })
    }
}

fn draft(entity: &Entity, column: &Column, value: Value) -> Draft {
    Draft { personal: column.private, ..Draft::plain(entity.clone(), &column.name, value) }
}

impl Desk<'_, '_> {
    fn ledger_row(&self, thing: &Thing, of: &Ledger) -> Result<LedgerRow, Error> {
        let mut row = LedgerRow {
            id: thing.entity.name.to_string(),
            ledger: of.name.into(),
            cells: BTreeMap::new(),
            names: BTreeMap::new(),
            open: rows::status(thing, of).1,
            conflicts: 0,
            under: Vec::new(),
        };
        for column in &of.columns {
            let Some(shown) = thing.shown(&column.name, None) else { continue };
            let conflict = shown.state == Agreement::Conflict;
            row.conflicts += u32::from(conflict);
            let Some(first) = shown.live.first() else { continue };
            let mut values = Vec::new();
            for live in shown.live.iter().filter(|_| conflict) {
                if let Some(cell) = live.value.value().and_then(|value| column.read(value)) {
                    self.names_of(&column.ty, &cell, &mut row.names)?;
                    values.push(CellInput::from(&cell));
                }
            }
            let cell = first.value.value().and_then(|value| column.read(value));
            if let Some(cell) = &cell {
                self.names_of(&column.ty, cell, &mut row.names)?;
            }
            let over = shown.live.iter().map(|live| Ok(self.commit(&live.commit)?.hash.to_string()));
            let over = over.collect::<Result<_, Error>>()?;
            row.cells.insert(
                column.name.clone(),
                CellRow {
                    value: cell.as_ref().map(CellInput::from),
                    erased: first.value.erased(),
                    by: self.officer_name(&first.officer)?,
                    at_ms: first.corrected_ms,
                    over,
                    conflict: values,
                },
            );
        }
        Ok(row)
    }

    fn names_of(
        &self,
        ty: &ColumnType,
        cell: &Cell,
        names: &mut BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let ids: &[EntityId] = match cell {
            Cell::Id(id) => std::slice::from_ref(id),
            Cell::Ids(ids) => ids,
            _ => return Ok(()),
        };
        for id in ids {
            let name = match ty {
                ColumnType::Venue => self.read.venue(&id.0)?.map(|venue| venue.name),
                ColumnType::Officer | ColumnType::Officers => Some(self.name(&id.0)?),
                ColumnType::Team => self.read.team(&id.0)?.map(|team| team.name),
                ColumnType::Row(of) => self.title(*id, of)?,
                _ => None,
            };
            names.extend(name.filter(|name| !name.is_empty()).map(|name| (id.to_string(), name)));
        }
        Ok(())
    }

    /// What a row is called: its first text that is not private.
    fn title(&self, id: EntityId, of: &str) -> Result<Option<String>, Error> {
        let (Some(row), Some(of)) = (self.read.entity_by_name(&id)?, ledger::named(of)) else {
            return Ok(None);
        };
        let tree = Tree::read(self.read, row.root.unwrap_or(row.id))?;
        let text = of.of_type(|ty| *ty == ColumnType::Text).filter(|column| !column.private);
        let cell = text.and_then(|column| rows::cell(tree.root(), column));
        Ok(cell.as_ref().and_then(Cell::as_text).map(str::to_owned))
    }
}

fn info(of: &Ledger) -> LedgerInfo {
    LedgerInfo {
        name: of.name.into(),
        zh: of.zh.into(),
        en: of.en.into(),
        parents: of.parents.iter().map(|&parent| parent.to_owned()).collect(),
        columns: of.columns.iter().map(column_info).collect(),
    }
}

fn column_info(column: &Column) -> ColumnInfo {
    let (ty, about) = column.ty.code();
    let options = column.options().into_iter();
    ColumnInfo {
        name: column.name.clone(),
        ty: ty.to_owned(),
        about: about.to_owned(),
        private: column.private,
        required: column.required,
        stamped: !column.stamped_by.is_empty(),
        zh: column.zh.clone(),
        en: column.en.clone(),
        choices: options
            .map(|option| CellChoice {
                code: option.code.to_owned(),
                zh: option.zh.to_owned(),
                en: option.en.to_owned(),
                next: option.next.to_vec(),
            })
            .collect(),
    }
}

impl From<CellInput> for Input {
    fn from(value: CellInput) -> Self {
        match value {
            CellInput::Bool(bool) => Self::Bool(bool),
            CellInput::Int(int) => Self::Int(int),
            CellInput::Text(text) => Self::Text(text),
            CellInput::List(list) => Self::List(list),
        }
    }
}

impl From<&Cell> for CellInput {
    fn from(cell: &Cell) -> Self {
        match Input::from(cell) {
            Input::Bool(bool) => Self::Bool(bool),
            Input::Int(int) => Self::Int(int),
            Input::Text(text) => Self::Text(text),
            Input::List(list) => Self::List(list),
        }
    }
}

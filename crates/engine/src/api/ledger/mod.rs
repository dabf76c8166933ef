//! Rows of ledgers: found, drawn, begun and edited. One way for all of them; what differs stands in `domain::ledger`.

mod draw;
pub mod round;
pub mod targets;
pub mod types;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_domain::ledger::{self, Column, ColumnType, Known, Ledger};
use xuncha_domain::log::body::Entity;

use super::types::{Changes, ErrorCode, Nothing};
use super::visit::{bad, tap};
use super::{reference, venues};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::ledger::{self as rows, Wanted};
use crate::store::things;
use crate::tree::Tree;
use crate::write::{self, Pen, Tap};
use types::{
    AddedRow, CellChoice, ColumnInfo, FindRows, LedgerInfo, LedgerPage, LedgerRow, NewRow, RowRef, SetRow,
};

/// Rows on one page.
const PAGE: u32 = 50;

/// What ledgers there are. The same on every phone of a version.
pub fn ledgers(_: &Engine, _: Nothing) -> Result<Vec<LedgerInfo>> {
    Ok(ledger::ledgers().iter().map(info).collect())
}

fn info(of: &Ledger) -> LedgerInfo {
    LedgerInfo {
        name: of.name.into(),
        zh: of.zh.into(),
        en: of.en.into(),
        hq_only: of.reserved_for_hq(),
        parents: of.parents.iter().map(|&parent| parent.to_owned()).collect(),
        columns: of.columns.iter().map(column_info).collect(),
    }
}

fn column_info(column: &Column) -> ColumnInfo {
    let (ty, about) = column.ty.code();
    ColumnInfo {
        name: column.name.clone(),
        ty: ty.to_owned(),
        about: about.to_owned(),
        private: column.private,
        required: column.required,
        stamped: !column.stamped_by.is_empty(),
        zh: column.zh.clone(),
        en: column.en.clone(),
        choices: column
            .options()
            .into_iter()
            .map(|option| CellChoice {
                code: option.code.to_owned(),
                zh: option.zh.to_owned(),
                en: option.en.to_owned(),
                next: option.next.to_vec(),
            })
            .collect(),
    }
}

fn named(name: &str) -> Result<&'static Ledger> {
    ledger::named(name).ok_or_else(|| bad("no such ledger"))
}

pub fn find(engine: &Engine, wanted: FindRows) -> Result<LedgerPage> {
    let of = named(&wanted.ledger)?;
    let id = |text: Option<String>| text.map(|id| id.parse::<EntityId>()).transpose();
    let mut filter =
        Wanted { kind: of.kind, open: wanted.open, venue: id(wanted.venue)?, of: id(wanted.of)?, mine: None };
    engine.read(|connection| {
        if wanted.mine {
            filter.mine = Some(whose(connection)?);
        }
        let mut ids = rows::find(connection, &filter, wanted.skip, PAGE + 1)?;
        let more = ids.len() > PAGE as usize;
        ids.truncate(PAGE as usize);
        let rows = ids.into_iter().map(|id| draw::row(engine, connection, id, false));
        Ok(LedgerPage { rows: rows.collect::<Result<_>>()?, more })
    })
}

/// This phone's officer and their team.
fn whose(connection: &Connection) -> Result<(OfficerId, Option<EntityId>)> {
    let enrolment = crate::store::meta::enrolment(connection)?
        .ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))?;
    let me = enrolment.officer();
    Ok((me, team_of(connection, me)?))
}

fn team_of(connection: &Connection, officer: OfficerId) -> Result<Option<EntityId>> {
    Ok(reference::officer(connection, officer)?.team.map(|team| team.parse()).transpose()?)
}

pub fn get(engine: &Engine, wanted: RowRef) -> Result<LedgerRow> {
    let id = wanted.row.parse()?;
    engine.read(|connection| draw::row(engine, connection, id, true))
}

/// Begins a row. One that is there already stays as it is.
pub fn add(engine: &Engine, new: NewRow) -> Result<AddedRow> {
    let of = named(&new.ledger)?;
    if of.reserved_for_hq() {
        return Err(bad("HQ alone writes this ledger"));
    }
    let sent = new.cells.into_iter().map(|(name, value)| (name, value.into()));
    let mut cells = of.parse(sent).map_err(bad)?;
    let fresh = EntityId::v7(engine.now_ms(), &*engine.0.options.entropy);
    let under = new.under.map(|id| id.parse::<EntityId>()).transpose()?;
    let (id, added) = engine.write(|connection, pen| {
        let parent = match under {
            Some(id) => Some(thing(connection, id)?),
            None => None,
        };
        if !of.may_hang_on(parent.as_ref().map(|parent| parent.kind)) {
            return Err(bad("a row in the wrong place"));
        }
        let known = known(connection, pen, of.venue(&cells))?;
        of.fill(&mut cells, &known);
        if let Some(missing) = of.missing(&cells) {
            tracing::debug!(column = missing.name, "a row lacks what it needs");
            return Err(Error::Refused(ErrorCode::RowIncomplete, "a required cell is empty"));
        }
        let entity = of.entity(parent.as_ref(), fresh, |name| cells.get(name));
        if things::root(connection, entity.id)?.is_some() && Tree::read(connection, entity.id)?.is_some() {
            return Ok((entity.id, false));
        }
        let scope = match under {
            Some(id) => super::visit::scope_of(connection, id)?,
            None => of.scope(&cells, &known)?,
        };
        let tap = |column: &Column| {
            let value = cells.get(&column.name)?.to_value();
            Some(Tap { detached: column.private, ..tap(&entity, &column.name, value) })
        };
        let taps = of.columns.iter().filter_map(tap).collect();
        write::record(connection, pen, &scope, taps)?;
        // A row is saved at once and whole: nothing is gained by waiting for more.
        write::flush(connection, pen, &scope)?;
        Ok((under.unwrap_or(entity.id), true))
    })?;
    told(engine);
    let row = engine.read(|connection| draw::row(engine, connection, id, true))?;
    Ok(AddedRow { row, added })
}

fn known(connection: &Connection, pen: &Pen<'_>, venue: Option<EntityId>) -> Result<Known> {
    let me = pen.enrolment.officer();
    let venue = match venue {
        Some(venue) => venues::row(connection, venue, None)?,
        None => None,
    };
    let (district, township) = venue.map(|venue| (venue.district, venue.township)).unzip();
    Ok(Known {
        now_ms: pen.clock.now_ms(),
        me: Some(me),
        team: team_of(connection, me)?,
        district,
        township: township.flatten(),
    })
}

pub fn set(engine: &Engine, set: SetRow) -> Result<LedgerRow> {
    let id: EntityId = set.row.parse()?;
    let root = engine.write(|connection, pen| {
        let entity = thing(connection, id)?;
        let of = ledger::of_kind(entity.kind).ok_or_else(no_row)?;
        if of.reserved_for_hq() {
            return Err(bad("HQ alone writes this ledger"));
        }
        let root = entity.root().id;
        let tree = Tree::read(connection, root)?.ok_or_else(no_row)?;
        let mut taps = Vec::new();
        for (name, cell) in set.cells {
            let column = of.column(&name).ok_or_else(|| bad("no such column"))?;
            let value = match cell.value {
                Some(value) => column.parse(value.into()).ok_or_else(|| bad("a cell that does not fit"))?,
                None if column.required => {
                    return Err(Error::Refused(ErrorCode::RowIncomplete, "a required cell"));
                }
                None => {
                    let empty = Tap { token: cell.token, ..tap(&entity, &name, Value::Null) };
                    taps.push(Tap { detached: column.private, ..empty });
                    continue;
                }
            };
            if column.machine().is_some() {
                let to = value.as_text().unwrap_or_default();
                let live = tree.live(id, &name);
                let from = live.and_then(|live| live.value.value()?.as_text());
                let own = live.is_some_and(|live| live.officer == pen.enrolment.officer());
                if !column.may_become(from, own, to) {
                    return Err(bad("a state that does not follow"));
                }
                let filled = |column: &Column| rows::cell(&tree, id, column).is_some();
                for (column, cell) in of.stamps(to, pen.clock.now_ms(), filled) {
                    let stamp = tap(&entity, &column.name, cell.to_value());
                    taps.push(Tap { detached: column.private, ..stamp });
                }
            }
            let tap = Tap { token: cell.token, ..tap(&entity, &name, value.to_value()) };
            taps.push(Tap { detached: column.private, ..tap });
        }
        let scope = super::visit::scope_of(connection, root)?;
        write::record(connection, pen, &scope, taps)?;
        write::flush(connection, pen, &scope)?;
        Ok(root)
    })?;
    told(engine);
    engine.read(|connection| draw::row(engine, connection, root, true))
}

/// The ledger of a row, what the row is about (its venue, else its first words that are not private), and when something
/// of it was written last.
pub(super) fn called(connection: &Connection, id: EntityId) -> Result<(&'static str, String, i64)> {
    let tree = Tree::read(connection, id)?.ok_or_else(no_row)?;
    let of = tree.nodes.get(&id).and_then(|node| ledger::of_kind(node.kind)).ok_or_else(no_row)?;
    let venue = of.of_type(|ty| *ty == ColumnType::Venue).and_then(|column| rows::cell(&tree, id, column));
    let venue = match venue.as_ref().and_then(ledger::Cell::as_id) {
        Some(venue) => venues::row(connection, venue, None)?.map(|venue| venue.name),
        None => None,
    };
    let written_ms = tree.all_live().map(|(_, _, live)| live.corrected_ms).max().unwrap_or_default();
    Ok((of.name, venue.unwrap_or_else(|| draw::title(&tree, id, of)), written_ms))
}

fn thing(connection: &Connection, id: EntityId) -> Result<Entity> {
    let found = things::find(connection, id)?.ok_or_else(no_row)?;
    things::of(connection, found.number)
}

fn no_row() -> Error {
    Error::Refused(ErrorCode::NotFound, "no such row")
}

fn told(engine: &Engine) {
    engine.emit(&Changes { sync: true, ledgers: true, ..Changes::default() });
    engine.wake_sync();
}

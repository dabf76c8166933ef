//! The finding that a failed item opens: what is ordered by when, whom it is referred to, and what a later visit found.

use std::collections::BTreeMap;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::Handling;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::{field, finding, visit as entities};
use xuncha_domain::status::Machine;
use xuncha_domain::time::day_in_china;
use xuncha_domain::workdays;

use super::types::{
    DeadlineChoice, DueOrders, Nothing, OpenFinding, OpenFindings, RecheckFinding, SetFinding, VenueFindings,
    VisitView,
};
use super::venues;
use super::view::{self, Artist};
use super::visit::{bad, checked_text, done, edit, open, scope_of, tap};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::findings::{self, FindingRow};
use crate::tree::Tree;
use crate::write::{self, Tap};

/// The terms that an order is given.
const TERMS: [u16; 4] = [3, 5, 7, 15];
/// Open findings of one venue; more are looked for in its visits.
const OF_VENUE_MAX: u32 = 50;
/// Open findings on the page; the rest follows when these are settled. Each visit among them is read.
const OPEN_MAX: u32 = 100;
/// Orders on the first page.
const FIRST_MAX: u32 = 3;

pub fn set(engine: &Engine, set: SetFinding) -> Result<VisitView> {
    let value = checked_text(&set.value)?;
    let (name, personal, known) = match set.field.as_str() {
        "status" => {
            let machine = Machine::get("finding");
            (field::STATUS, false, machine.is_some_and(|machine| machine.state(&value).is_some()))
        }
        "description" => (field::DESCRIPTION, true, true),
        "deadline" => (field::DEADLINE, false, finding::day(&value).is_some()),
        "authority" => (field::AUTHORITY, false, Handling::from_code(&value).is_some()),
        _ => return Err(bad("no such field")),
    };
    if !known {
        return Err(bad("no such value of a finding"));
    }
    edit(engine, &set.visit, |draft| {
        if draft.tree.checklist.and_then(|checklist| checklist.item(&set.item)).is_none() {
            return Err(bad("the visit's checklist has no such item"));
        }
        let finding = entities::finding(&draft.root, &set.item);
        Ok(vec![Tap { detached: personal, token: set.token, ..tap(&finding, name, Value::text(value)) }])
    })
}

/// The deadlines of an order that is given now.
pub fn deadlines(engine: &Engine, _: Nothing) -> Result<Vec<DeadlineChoice>> {
    let today = day_in_china(engine.now_ms());
    let choice = |workdays| {
        let limit = workdays::after(today, workdays);
        DeadlineChoice { workdays, date: limit.date.to_string(), sure: limit.sure }
    };
    Ok(TERMS.map(choice).into())
}

/// What a visit found of an earlier one's finding. The earlier visit may be sealed: it stands visibly behind its seal.
pub fn recheck(engine: &Engine, wanted: RecheckFinding) -> Result<VisitView> {
    let visit: EntityId = wanted.visit.parse()?;
    let earlier: EntityId = wanted.of.parse()?;
    engine.write(|connection, pen| {
        let draft = open(connection, pen, visit)?;
        let tree = Tree::read(connection, earlier)?.ok_or_else(view::no_visit)?;
        if earlier == visit || tree.venue().is_none() || tree.venue() != draft.tree.venue() {
            return Err(bad("not an earlier visit to the same venue"));
        }
        if tree.checklist.and_then(|checklist| checklist.item(&wanted.item)).is_none() {
            return Err(bad("the earlier visit's checklist has no such item"));
        }
        let entity = entities::finding(&entities::visit(earlier), &wanted.item);
        let known = finding::RECHECKED.contains(&wanted.outcome.as_str());
        if !known || !can_recheck(&tree, entity.id, Some(visit)) {
            return Err(bad("a finding cannot become that"));
        }
        let taps = vec![
            Tap { token: wanted.token, ..tap(&entity, field::STATUS, Value::text(wanted.outcome)) },
            Tap { token: wanted.recheck_token, ..tap(&entity, field::RECHECK, Value::bytes(visit.0)) },
        ];
        write::record(connection, pen, &scope_of(connection, earlier)?, taps)
    })?;
    engine.wrote(&earlier.to_string());
    done(engine, visit)
}

/// Whether a recheck leads on from where a finding is. What a visit said itself it may say otherwise until it is sealed.
fn can_recheck(tree: &Tree, id: EntityId, visit: Option<EntityId>) -> bool {
    let by = tree.value(id, field::RECHECK).and_then(finding::recheck);
    let status = tree.value(id, field::STATUS).and_then(Value::as_text).unwrap_or(finding::OPEN);
    (visit.is_some() && by == visit)
        || finding::RECHECKED.iter().any(|outcome| finding::may_become(status, outcome))
}

/// Findings of other visits to a venue of which something still has to come, and those that this visit looked at again.
pub fn of_venue(engine: &Engine, wanted: VenueFindings) -> Result<Vec<OpenFinding>> {
    let venue: EntityId = wanted.venue.parse()?;
    let visit = wanted.visit.as_deref().map(str::parse).transpose()?;
    engine.read(|connection| {
        let rows = findings::of_venue(connection, venue, visit, OF_VENUE_MAX)?;
        drawn(engine, connection, rows, visit)
    })
}

pub fn all(engine: &Engine, _: Nothing) -> Result<OpenFindings> {
    engine.read(|connection| {
        let mut rows = findings::open(connection, OPEN_MAX + 1)?;
        let more = rows.len() > OPEN_MAX as usize;
        rows.truncate(OPEN_MAX as usize);
        Ok(OpenFindings { rows: drawn(engine, connection, rows, None)?, more })
    })
}

/// Orders that stand, for the first page.
pub(super) fn due(engine: &Engine, connection: &Connection) -> Result<DueOrders> {
    let today = day_in_china(engine.now_ms()).to_string();
    let findings::Due { orders, overdue } = findings::count_due(connection, &today)?;
    let first = drawn(engine, connection, findings::due(connection, FIRST_MAX)?, None)?;
    Ok(DueOrders { orders, overdue, first })
}

/// Each with its item's words. Reads each visit once.
fn drawn(
    engine: &Engine,
    connection: &Connection,
    rows: Vec<FindingRow>,
    visit: Option<EntityId>,
) -> Result<Vec<OpenFinding>> {
    let mut artists: BTreeMap<EntityId, Artist<'_>> = BTreeMap::new();
    let mut drawn = Vec::with_capacity(rows.len());
    for row in rows {
        let artist = match artists.remove(&row.visit) {
            Some(artist) => artist,
            None => Artist::of(engine, connection, row.visit)?,
        };
        let tree = artist.tree();
        let asked = tree.checklist.and_then(|checklist| checklist.item(&row.item));
        let venue = match tree.venue() {
            Some(venue) => venues::row(connection, venue, None)?,
            None => None,
        };
        let view = artist.finding(&row.item)?;
        let id: EntityId = view.id.parse()?;
        let by = tree.value(id, field::RECHECK).and_then(finding::recheck);
        drawn.push(OpenFinding {
            visit: row.visit.to_string(),
            started_ms: tree.started_ms(),
            venue: tree.venue().map(|venue| venue.to_string()).unwrap_or_default(),
            venue_name: venue.map(|venue| venue.name).unwrap_or_default(),
            zh: asked.map(|item| item.zh.clone()).unwrap_or_default(),
            en: asked.map(|item| item.en.clone()).unwrap_or_default(),
            severity: asked.map(|item| item.severity.code().to_owned()).unwrap_or_default(),
            can_recheck: can_recheck(tree, id, visit),
            here: visit.is_some() && by == visit,
            item: row.item,
            finding: view,
        });
        artists.insert(row.visit, artist);
    }
    Ok(drawn)
}

//! Rows that screens list: one per venue and one per visit, made again whenever something of it changed.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Judgement, judge};
use xuncha_domain::ids::{EntityId, OfficerId, Scope};
use xuncha_domain::merge::Agreement;
use xuncha_domain::model::fact::Position;
use xuncha_domain::model::review::{self, Review};
use xuncha_domain::model::same_as::SameAs;
use xuncha_domain::model::{answer, field, kind, visit};
use xuncha_domain::search::Words;

use super::log::Touched;
use super::values::Col;
use super::{checklists, findings, joined, ledger, lost, search};
use crate::error::Result;
use crate::standing;
use crate::tree::{Node, Tree};

/// Makes the rows of the touched roots again. Costs what those roots hold, whatever else is here.
pub fn refresh(connection: &Connection, touched: &Touched) -> Result<()> {
    for (kind, root) in touched {
        match *kind {
            kind::VENUE => refresh_venue(connection, *root)?,
            kind::VISIT => refresh_visit(connection, *root)?,
            kind::SAME_AS => refresh_joined(connection, *root)?,
            kind::CHECKLIST => {
                for visit in checklists::waiting(connection)? {
                    refresh_visit(connection, visit)?;
                }
            }
            kind => {
                if let Some(of) = xuncha_domain::ledger::of_kind(kind) {
                    ledger::refresh(connection, of, *root)?;
                }
            }
        }
    }
    Ok(())
}

fn remove(connection: &Connection, table: &str, id: EntityId) -> Result<()> {
    connection.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?.execute([Col(id)])?;
    Ok(())
}

fn refresh_venue(connection: &Connection, id: EntityId) -> Result<()> {
    let Some(tree) = Tree::read(connection, id)? else { return remove_venue(connection, id) };
    let text = |name| tree.value(id, name).and_then(Value::as_text);
    let venue = Words {
        name: text(field::NAME).unwrap_or_default(),
        address: text(field::ADDRESS).unwrap_or_default(),
        licence_no: text(field::LICENCE_NO).unwrap_or_default(),
    };
    let position = tree.value(id, field::POSITION).and_then(Position::from_value);
    let number = connection
        .prepare_cached(
            "INSERT INTO venue_row
             (id, name, category, district, township, address, licence_no, lat_e7, lon_e7, found)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (id) DO UPDATE SET name = ?2, category = ?3, district = ?4, township = ?5, address = ?6,
               licence_no = ?7, lat_e7 = ?8, lon_e7 = ?9, found = ?10
             RETURNING number",
        )?
        .query_row(
            rusqlite::params![
            Col(id),
            venue.name,
            text(field::CATEGORY).unwrap_or("OTHER"),
            text(field::DISTRICT).unwrap_or_default(),
            text(field::TOWNSHIP),
            venue.address,
            text(field::LICENCE_NO),
            position.map(|p| p.lat_e7),
            position.map(|p| p.lon_e7),
            tree.value(id, field::FOUND).and_then(Value::as_bool).unwrap_or(false),
        ],
            |row| row.get(0),
        )?;
    search::put(connection, number, venue)
}

fn remove_venue(connection: &Connection, id: EntityId) -> Result<()> {
    let number = connection
        .prepare_cached("DELETE FROM venue_row WHERE id = ?1 RETURNING number")?
        .query_row([Col(id)], |row| row.get(0))
        .optional()?;
    number.map_or(Ok(()), |number| search::remove(connection, number))
}

/// What a list shows of a visit, counted from its tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitCounts {
    pub venue: Option<EntityId>,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub sealed: bool,
    pub answered: u32,
    pub items: u32,
    pub findings: u32,
    pub photos: u32,
    pub readings: u32,
    pub conflicts: u32,
    /// Fields on which two devices of one officer differ.
    pub yours: u32,
    pub retracted: bool,
    /// The number of what HQ made of it.
    pub review: Option<i64>,
}

/// What is listed of a visit.
struct Listed {
    counts: VisitCounts,
    /// The items of its findings that were not taken back.
    failed: Vec<&'static str>,
}

impl Listed {
    fn of(connection: &Connection, tree: &Tree) -> Result<Self> {
        let disputed = tree.disputed();
        let of = |state| {
            let fields = disputed.iter().filter(|(_, _, shown)| shown.state == state);
            u32::try_from(fields.count()).unwrap_or(u32::MAX)
        };
        let (conflicts, yours) = (of(Agreement::Conflict), of(Agreement::TwoOfYours));
        let mut counts = VisitCounts { conflicts, yours, ..VisitCounts::default() };
        let mut failed = Vec::new();
        counts.venue = tree.venue();
        for presence in tree.of_kind(kind::PRESENCE) {
            let time = |name| tree.value(presence.id, name).and_then(Value::as_int);
            counts.finished_ms = counts.finished_ms.max(time(field::END));
            counts.sealed |= tree.value(presence.id, field::SEAL).is_some();
        }
        counts.started_ms = tree.started_ms();
        // Things that were taken back do not count; those that need another look count and are a conflict.
        let mut hidden = BTreeSet::new();
        for node in tree.nodes.values() {
            let Some(found) = standing::of(connection, tree, node.id)? else { continue };
            counts.conflicts += u32::from(found.open());
            if found.hidden() {
                hidden.insert(node.id);
            }
        }
        counts.retracted = hidden.contains(&tree.root);
        let root = visit::visit(tree.root);
        let review = tree.value(review::entity(&root).id, field::FACT).and_then(Review::from_value);
        counts.review = review.map(|review| review.state.number());
        for item in tree.sections().into_iter().flat_map(|(_, items)| items) {
            counts.items += 1;
            let value = tree.value(tree.root, &field::answer(&item.id));
            if let Some(answer) = value.and_then(answer::from_value) {
                counts.answered += 1;
                let found = judge(item, &answer) == Judgement::NonCompliant;
                let stands = found && !hidden.contains(&visit::finding(&root, &item.id).id);
                failed.extend(stands.then_some(item.id.as_str()));
            }
        }
        counts.findings = u32::try_from(failed.len()).unwrap_or(u32::MAX);
        let count = |kind| {
            let stands =
                |node: &&Node| !hidden.contains(&node.id) && tree.live(node.id, field::FACT).is_some();
            let facts = tree.of_kind(kind).filter(stands);
            u32::try_from(facts.count()).unwrap_or(u32::MAX)
        };
        counts.photos = count(kind::PHOTO);
        counts.readings = count(kind::READING);
        Ok(Self { counts, failed })
    }
}

fn refresh_visit(connection: &Connection, id: EntityId) -> Result<()> {
    let Some(tree) = Tree::read(connection, id)? else {
        findings::remove(connection, id)?;
        return remove(connection, "visit_row", id);
    };
    let Listed { counts, failed } = Listed::of(connection, &tree)?;
    let open = findings::set(connection, &tree, failed.into_iter().filter(|_| !counts.retracted))?;
    let officer = super::meta::enrolment(connection)?.map(|enrolment| enrolment.officer());
    let mine = tree.all_live().any(|(_, _, live)| Some(live.officer) == officer);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO visit_row
             (id, venue, started_ms, finished_ms, sealed, answered, items, findings, photos, readings, conflicts,
              yours, retracted, review, mine, open)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(rusqlite::params![
            Col(id),
            counts.venue.map(Col),
            counts.started_ms,
            counts.finished_ms,
            counts.sealed,
            counts.answered,
            counts.items,
            counts.findings,
            counts.photos,
            counts.readings,
            counts.conflicts,
            counts.yours,
            counts.retracted,
            counts.review,
            mine,
            open,
        ])?;
    Ok(())
}

fn refresh_joined(connection: &Connection, id: EntityId) -> Result<()> {
    let Some(tree) = Tree::read(connection, id)? else { return Ok(()) };
    match tree.value(id, field::FACT).and_then(SameAs::from_value) {
        Some(pair) => joined::set(connection, &pair),
        None => Ok(()),
    }
}

/// Ids of visits that this officer had a part in, newest first: those that are not sealed, or those that are.
pub fn visits(connection: &Connection, sealed: bool, limit: u32) -> Result<Vec<EntityId>> {
    ids(
        connection,
        "SELECT id FROM visit_row WHERE mine = 1 AND sealed = ?1 ORDER BY started_ms DESC LIMIT ?2",
        (sealed, limit),
    )
}

/// Ids of the visits to a venue that are known here, newest first.
pub fn visits_of_venue(connection: &Connection, venue: EntityId, limit: u32) -> Result<Vec<EntityId>> {
    let sql = "SELECT id FROM visit_row WHERE venue = ?1 ORDER BY started_ms DESC LIMIT ?2";
    ids(connection, sql, (Col(venue), limit))
}

/// Ids of the visits to a venue in which something was measured, newest first, but for one.
pub fn visits_measured(
    connection: &Connection,
    venue: EntityId,
    but: Option<EntityId>,
    limit: u32,
) -> Result<Vec<EntityId>> {
    let sql = "SELECT id FROM visit_row WHERE venue = ?1 AND id IS NOT ?2 AND readings > 0 AND retracted = 0
               ORDER BY started_ms DESC LIMIT ?3";
    ids(connection, sql, (Col(venue), but.map(Col), limit))
}

/// How many visits to a venue measured something.
pub fn measured_count(connection: &Connection, venue: EntityId) -> Result<u32> {
    let sql = "SELECT count(*) FROM visit_row WHERE venue = ?1 AND readings > 0 AND retracted = 0";
    Ok(connection.prepare_cached(sql)?.query_row([Col(venue)], |row| row.get(0))?)
}

/// Ids of visits with fields that hold different values, newest first.
pub fn disputed(connection: &Connection, limit: u32) -> Result<Vec<EntityId>> {
    let sql =
        "SELECT id FROM visit_row WHERE conflicts > 0 OR yours > 0 ORDER BY started_ms DESC, id LIMIT ?1";
    ids(connection, sql, [limit])
}

fn ids(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<EntityId>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| Ok(row.get::<_, Col<EntityId>>(0)?.0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The counts of a visit as last listed.
pub fn visit(connection: &Connection, id: EntityId) -> Result<Option<VisitCounts>> {
    Ok(connection
        .prepare_cached(
            "SELECT venue, started_ms, finished_ms, sealed, answered, items, findings, photos, readings, conflicts, yours,
                    retracted, review
             FROM visit_row WHERE id = ?1",
        )?
        .query_row([Col(id)], |row| {
            Ok(VisitCounts {
                venue: row.get::<_, Option<Col<EntityId>>>(0)?.map(|venue| venue.0),
                started_ms: row.get(1)?,
                finished_ms: row.get(2)?,
                sealed: row.get(3)?,
                answered: row.get(4)?,
                items: row.get(5)?,
                findings: row.get(6)?,
                photos: row.get(7)?,
                readings: row.get(8)?,
                conflicts: row.get(9)?,
                yours: row.get(10)?,
                retracted: row.get(11)?,
                review: row.get(12)?,
            })
        })
        .optional()?)
}

/// Visits and findings of this officer since a moment, and conflicts over all that is here. Visits that HQ joined count
/// once, retracted ones not at all.
pub fn totals(connection: &Connection, since_ms: i64) -> Result<(u32, u32, u32)> {
    Ok(connection.query_row(
        "SELECT count(DISTINCT coalesce(joined.first, id)) FILTER (WHERE mine = 1 AND retracted = 0 AND started_ms >= ?1),
                coalesce(sum(findings) FILTER (WHERE mine = 1 AND retracted = 0 AND started_ms >= ?1), 0),
                coalesce(sum(conflicts), 0)
         FROM visit_row LEFT JOIN joined ON joined.visit = visit_row.id",
        [since_ms],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?)
}

/// Where this phone stands in a scope's feed.
pub fn feed(connection: &Connection, scope: &Scope) -> Result<(u64, [u8; 16])> {
    Ok(connection
        .prepare_cached("SELECT position, rolling FROM feed WHERE scope = ?1")?
        .query_row([scope.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default())
}

/// Scopes of which this phone read something.
pub fn feeds(connection: &Connection) -> Result<Vec<Scope>> {
    let mut statement = connection.prepare_cached("SELECT scope FROM feed")?;
    let scopes = statement.query_map([], |row| row.get::<_, String>(0))?;
    scopes.map(|scope| Ok(scope?.parse()?)).collect()
}

/// How far the officer of this phone has read a scope; what was read before the scope was lost for a while counts.
pub fn feed_position(connection: &Connection, scope: &Scope) -> Result<u64> {
    Ok(feed(connection, scope)?.0.max(lost::read_to(connection, scope)?))
}

pub fn set_feed(connection: &Connection, scope: &Scope, position: u64, rolling: [u8; 16]) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO feed (scope, position, rolling) VALUES (?1, ?2, ?3)
             ON CONFLICT (scope) DO UPDATE SET position = excluded.position, rolling = excluded.rolling",
        )?
        .execute((scope.as_str(), position, rolling))?;
    Ok(())
}

/// Officers that HQ named, by id.
pub fn officers(connection: &Connection) -> Result<Vec<OfficerId>> {
    let sql = format!("SELECT id FROM entity WHERE kind = {} ORDER BY id", kind::OFFICER);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok(OfficerId(row.get::<_, Col<EntityId>>(0)?.0.0)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

//! Tasks for many venues at once: those of a campaign, by district, street and category, for one team.

use std::collections::BTreeMap;

use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::ledger::{self, Cell, Cells, Input, Known, Ledger};

use crate::http::types::{AssignVenues, Assigned, VenueInfo};
use crate::service::author::Draft;
use crate::service::rows::{Tree, ledger as rows};
use crate::service::{Changed, ConsoleUser, Error, Service};
use crate::storage::{Read, VenueFilter, VenueRow};

/// Venues of one order; a city has fewer of one district. Bounds a request.
const VENUES_MAX: u32 = 10_000;
/// Rows written in one transaction: bounds how long phones wait for the lock.
const BATCH: usize = 500;
const FOUND_MAX: u32 = 50;

impl Service {
    /// Venues whose name, address or licence number contains a text.
    pub fn find_venues(&self, text: &str, limit: u32) -> Result<Vec<VenueInfo>, Error> {
        let text = xuncha_domain::text::clean(text);
        let filter =
            VenueFilter { text: Some(text).filter(|text| !text.is_empty()), ..VenueFilter::default() };
        let venues = self.storage.read(|read| read.venues(&filter, limit.clamp(1, FOUND_MAX)))?;
        Ok(venues.into_iter().map(VenueInfo::from).collect())
    }

    /// Gives the venues of a campaign to a team. Rows that are there stay as they are. With `dry_run` nothing is written.
    pub fn assign(&self, user: &ConsoleUser, wanted: &AssignVenues) -> Result<Assigned, Error> {
        user.must_be_admin()?;
        let of = ledger::named("assignment").ok_or(Error::Internal("no ledger of tasks"))?;
        let venues = self.storage.read(|read| venues_of(read, wanted))?;
        let mut assigned = Assigned { added: 0, known: 0 };
        for batch in venues.chunks(BATCH) {
            self.storage.write(|tx| {
                let mut drafts: BTreeMap<Scope, Vec<Vec<Draft>>> = BTreeMap::new();
                for venue in batch {
                    let (scope, entity, cells) = self.task(of, wanted, venue)?;
                    if tx.entity_by_name(&entity.id)?.is_some() {
                        assigned.known += 1;
                        continue;
                    }
                    assigned.added += 1;
                    let cells = of.columns.iter().filter_map(|column| {
                        let value = cells.get(&column.name)?.to_value();
                        Some(Draft {
                            personal: column.private,
                            ..Draft::plain(entity.clone(), &column.name, value)
                        })
                    });
                    drafts.entry(scope).or_default().push(cells.collect());
                }
                for (scope, things) in drafts.iter().filter(|_| !wanted.dry_run) {
                    let by = xuncha_domain::ids::OfficerId(user.id);
                    let counted = self.write_as_hq(tx, scope, by, things)?;
                    self.project(tx, &counted)?;
                }
                Ok::<_, Error>(())
            })?;
        }
        if !wanted.dry_run && assigned.added > 0 {
            self.events.tell(Changed { visits: true, ..Changed::default() });
        }
        Ok(assigned)
    }

    fn task(
        &self,
        of: &Ledger,
        wanted: &AssignVenues,
        venue: &VenueRow,
    ) -> Result<(Scope, xuncha_domain::log::body::Entity, Cells), Error> {
        let mut cells = Cells::new();
        let mut put = |name: &str, input: Option<Input>| -> Result<(), Error> {
            let Some(input) = input else { return Ok(()) };
            let column = of.column(name).ok_or(Error::Internal("a column of tasks"))?;
            let cell = column.parse(input).ok_or(Error::BadRequest("a cell"))?;
            cells.insert(name.to_owned(), cell);
            Ok(())
        };
        put("campaign", Some(Input::Text(wanted.campaign.clone())))?;
        put("task", Some(Input::Text(wanted.task.clone())))?;
        put("team", Some(Input::Text(wanted.team.clone())))?;
        put("status", Some(Input::Text("assigned".into())))?;
        put("venue", Some(Input::Text(hex::encode(venue.id))))?;
        put("due", wanted.due.clone().map(Input::Text))?;
        put("batch", wanted.batch.map(|batch| Input::Int(batch.into())))?;
        let known = Known {
            now_ms: self.clock.now_ms(),
            district: Some(venue.district.clone()),
            township: venue.township.clone(),
            ..Known::default()
        };
        of.fill(&mut cells, &known);
        let scope = of.scope(&cells, &known).map_err(|_| Error::BadRequest("a district"))?;
        let fresh = EntityId::v7(self.clock.now_ms(), &*self.entropy);
        Ok((scope, of.entity(None, fresh, |name| cells.get(name)), cells))
    }
}

/// The venues of a campaign that an order is about.
fn venues_of(read: &Read<'_>, wanted: &AssignVenues) -> Result<Vec<VenueRow>, Error> {
    let campaign: EntityId = wanted.campaign.parse().map_err(|_| Error::NotFound)?;
    let of = ledger::named("campaign").ok_or(Error::Internal("no ledger of campaigns"))?;
    let row = read.entity_by_name(&campaign)?.filter(|row| row.kind == of.kind).ok_or(Error::NotFound)?;
    let tree = Tree::read(read, row.id)?;
    let codes = |name: &str| match of.column(name).and_then(|column| rows::cell(tree.root(), column)) {
        Some(Cell::Texts(codes)) => codes,
        _ => Vec::new(),
    };
    // An order narrows its campaign down; it never reaches beyond.
    let narrowed = |all: Vec<String>, one: &Option<String>| match one {
        Some(one) if all.is_empty() || all.contains(one) => Ok(vec![one.clone()]),
        Some(_) => Err(Error::BadRequest("outside the campaign")),
        None => Ok(all),
    };
    let filter = VenueFilter {
        text: None,
        categories: narrowed(codes("categories"), &wanted.category)?,
        districts: narrowed(codes("districts"), &wanted.district)?,
        township: wanted.township.clone(),
    };
    let venues = read.venues(&filter, VENUES_MAX + 1)?;
    if venues.len() > VENUES_MAX as usize {
        return Err(Error::BadRequest("too many venues at once"));
    }
    Ok(venues)
}

impl From<VenueRow> for VenueInfo {
    fn from(venue: VenueRow) -> Self {
        Self {
            id: hex::encode(venue.id),
            name: venue.name,
            category: venue.category,
            district: venue.district,
            township: venue.township,
            address: venue.address,
            licence_no: venue.licence_no,
        }
    }
}

//! Finding venues: by what somebody typed, by name, or by who is nearest.

use std::collections::BTreeSet;

use rusqlite::{Connection, ToSql};
use xuncha_domain::ids::EntityId;
use xuncha_domain::places;
use xuncha_domain::search::{Rank, Wanted, Words};
use xuncha_domain::text;

use super::status::visit_state;
use super::types::{FindVenues, Position, VenueRow};
use super::venues::{COLUMNS, distance, read};
use crate::engine::Engine;
use crate::error::Result;

const FIND_MAX: u32 = 100;
/// Venues that are held against what was typed, when the best of them are the answer: a search that more venues answer
/// is typed on.
const RANKED_MAX: usize = 1_000;
/// The same when the nearest are.
const MEASURED_MAX: usize = 10_000;
/// Metres around the officer within which the nearest are looked for, before all are measured.
const RINGS_M: [f64; 3] = [1_000.0, 5_000.0, 25_000.0];
const METRES_PER_DEGREE: f64 = 111_320.0;

type Found = (EntityId, VenueRow, Option<places::Position>);

pub fn find(engine: &Engine, query: FindVenues) -> Result<Vec<VenueRow>> {
    let wanted = Wanted::parse(&text::clean(&query.text));
    let limit = query.limit.unwrap_or(FIND_MAX).min(FIND_MAX) as usize;
    engine.read(|connection| {
        let search = Search { connection, query: &query, limit };
        let found = match (wanted.is_empty(), query.near) {
            (true, None) => search.by_name()?,
            (true, Some(near)) => search.nearest(near)?,
            (false, None) => search.best(&wanted)?,
            (false, Some(near)) => search.nearest_of(&wanted, near)?,
        };
        found
            .into_iter()
            .map(|(id, mut venue, place)| {
                venue.distance_m = distance(query.near, place);
                venue.state = visit_state(engine, connection, id)?;
                Ok(venue)
            })
            .collect()
    })
}

struct Search<'a> {
    connection: &'a Connection,
    query: &'a FindVenues,
    limit: usize,
}

impl Search<'_> {
    /// Runs `select … FROM {from}` with the filters, whose parameters are the first two; goes on while `each` wants more.
    fn run(&self, from: &str, more: &[&dyn ToSql], mut each: impl FnMut(Found) -> bool) -> Result<()> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {from} AND (?1 IS NULL OR category = ?1) AND (?2 IS NULL OR district = ?2)"
        ))?;
        let mut parameters: Vec<&dyn ToSql> = vec![&self.query.category, &self.query.district];
        parameters.extend(more);
        for found in statement.query_map(parameters.as_slice(), read)? {
            if !each(found?) {
                break;
            }
        }
        Ok(())
    }

    fn by_name(&self) -> Result<Vec<Found>> {
        let mut first = Vec::new();
        // The index on the names is in their order.
        self.run("venue_row INDEXED BY venue_row_by_name WHERE name >= ''", &[], |found| {
            first.push(found);
            first.len() < self.limit
        })?;
        Ok(first)
    }

    fn nearest(&self, near: Position) -> Result<Vec<Found>> {
        for ring in RINGS_M {
            let mut around = Vec::new();
            let [south, north, west, east] = box_around(near, ring);
            let within = "venue_row INDEXED BY venue_row_by_place
                          WHERE lat_e7 BETWEEN ?3 AND ?4 AND lon_e7 BETWEEN ?5 AND ?6";
            self.run(within, &[&south, &north, &west, &east], |found| {
                around.push(found);
                true
            })?;
            // In the corners of the box some are further away than others outside it.
            around.retain(|(_, _, place)| distance(Some(near), *place).is_some_and(|m| f64::from(m) <= ring));
            if around.len() >= self.limit {
                return Ok(first_of(around, self.limit, near));
            }
        }
        let mut all = Vec::new();
        self.run("venue_row WHERE true", &[], |found| {
            all.push(found);
            true
        })?;
        Ok(first_of(all, self.limit, near))
    }

    fn best(&self, wanted: &Wanted) -> Result<Vec<Found>> {
        let mut ranked: Vec<(Rank, Found)> = Vec::new();
        let mut seen = BTreeSet::new();
        for query in [wanted.query_begins(), wanted.query()] {
            let mut tried = 0;
            self.run(MATCHING, &[&query], |found| {
                tried += 1;
                if let Some(rank) = wanted.rank(words(&found.1))
                    && seen.insert(found.0)
                {
                    ranked.push((rank, found));
                }
                tried < RANKED_MAX
            })?;
            if ranked.iter().filter(|(rank, _)| *rank == Rank::NameBegins).count() >= self.limit {
                break;
            }
        }
        ranked.sort_by(|(rank, (_, one, _)), (other_rank, (_, other, _))| {
            rank.cmp(other_rank).then_with(|| one.name.cmp(&other.name))
        });
        ranked.truncate(self.limit);
        Ok(ranked.into_iter().map(|(_, found)| found).collect())
    }

    fn nearest_of(&self, wanted: &Wanted, near: Position) -> Result<Vec<Found>> {
        let mut answering = Vec::new();
        let mut tried = 0;
        self.run(MATCHING, &[&wanted.query()], |found| {
            tried += 1;
            if wanted.rank(words(&found.1)).is_some() {
                answering.push(found);
            }
            tried < MEASURED_MAX
        })?;
        Ok(first_of(answering, self.limit, near))
    }
}

const MATCHING: &str =
    "venue_search JOIN venue_row ON venue_row.number = venue_search.rowid WHERE venue_search MATCH ?3";

fn words(venue: &VenueRow) -> Words<'_> {
    Words {
        name: &venue.name,
        address: &venue.address,
        licence_no: venue.licence_no.as_deref().unwrap_or_default(),
    }
}

fn first_of(mut found: Vec<Found>, limit: usize, near: Position) -> Vec<Found> {
    found.sort_by_cached_key(|(_, _, place)| distance(Some(near), *place).unwrap_or(u32::MAX));
    found.truncate(limit);
    found
}

/// South, north, west and east of a box that holds the circle, in 1e-7 degrees.
fn box_around(near: Position, metres: f64) -> [i64; 4] {
    let tall = metres / METRES_PER_DEGREE * 1e7;
    let wide = tall / (f64::from(near.lat_e7) / 1e7).to_radians().cos().max(0.01);
    let (lat, lon) = (f64::from(near.lat_e7), f64::from(near.lon_e7));
    [lat - tall, lat + tall, lon - wide, lon + wide].map(|edge| edge.round() as i64)
}

//! Venues on a map: the same that the list finds, gathered into marks that can be touched.
//!
//! Positions are WGS-84. Whatever a screen asks for, at most [`map::MARKS_MAX`] marks answer it.

use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::ids::EntityId;
use xuncha_domain::map::{self, Grid, Marks};
use xuncha_domain::places::{self, Bd09, Bounds, Gcj02};
use xuncha_domain::search::{Wanted, Words};
use xuncha_domain::text;

use super::status::visit_state;
use super::types::{ErrorCode, Position, VenueRef, VenueRow};
use super::venues::{COLUMNS, distance, no_venue, place_and_row, read};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::values::Col;

/// Venues in view that are held against what was typed: a search that more answer is typed on, or the map is moved nearer.
const TRIED_MAX: usize = 10_000;
/// Venues of one place that are listed: more than a building has.
const LISTED_MAX: usize = 100;

/// The same venues that the list finds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct VenueSelection {
    pub text: String,
    pub category: Option<String>,
    pub district: Option<String>,
}

/// A part of the map in 1e-7 degrees; never over the 180th meridian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MapBounds {
    pub south_e7: i32,
    pub west_e7: i32,
    pub north_e7: i32,
    pub east_e7: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenuesOnMap {
    pub selection: VenueSelection,
    pub bounds: MapBounds,
    /// As MapLibre counts: the world is 512 pixels wide at 0.
    pub zoom: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenuesWithin {
    pub selection: VenueSelection,
    pub bounds: MapBounds,
    /// Adds the distances.
    pub near: Option<Position>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueMarks {
    pub marks: Vec<VenueMark>,
    /// More venues in view answer the text than were counted.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueMark {
    pub lat_e7: i32,
    pub lon_e7: i32,
    pub count: u32,
    /// Around all venues that the mark stands for.
    pub bounds: MapBounds,
    /// Of a mark that is one venue.
    pub venue: Option<MarkedVenue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MarkedVenue {
    pub id: String,
    pub name: String,
}

/// Where the selected venues are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VenueExtent {
    /// Around most of them: a wrong position far away is left out. `None` when none has a position.
    pub bounds: Option<MapBounds>,
    /// Venues without a position, which only the list shows.
    pub unplaced: u32,
}

/// A venue's place for the maps that an officer may have elsewhere; latitude first, in degrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PlaceCopies {
    pub wgs84: String,
    /// AMap, Tencent.
    pub gcj02: String,
    /// Baidu.
    pub bd09: String,
}

pub fn marks(engine: &Engine, query: VenuesOnMap) -> Result<VenueMarks> {
    let grid = Grid::over(&bounds(query.bounds)?, query.zoom)
        .ok_or(Error::Refused(ErrorCode::BadRequest, "bounds that end before they begin"))?;
    let wanted = Selected::new(&query.selection);
    engine.read(|connection| {
        let mut marks = Marks::new(grid);
        let whole = wanted.each(connection, Place::Within(grid.bounds()), |number, place| {
            if let Some(place) = place {
                marks.add(number, place);
            }
            true
        })?;
        let marks = marks.finish().into_iter().map(|mark| {
            let venue = if mark.count == 1 { named(connection, mark.one)? } else { None };
            let (lat_e7, lon_e7) = (mark.at.lat_e7, mark.at.lon_e7);
            Ok(VenueMark { lat_e7, lon_e7, count: mark.count, bounds: mark.bounds.into(), venue })
        });
        Ok(VenueMarks { marks: marks.collect::<Result<_>>()?, more: !whole })
    })
}

/// Where to look first.
pub fn extent(engine: &Engine, selection: VenueSelection) -> Result<VenueExtent> {
    let wanted = Selected::new(&selection);
    engine.read(|connection| {
        let mut places = Vec::new();
        wanted.each(connection, Place::Somewhere, |_, place| {
            places.extend(place);
            true
        })?;
        let mut unplaced = 0;
        wanted.each(connection, Place::Nowhere, |_, _| {
            unplaced += 1;
            true
        })?;
        Ok(VenueExtent { bounds: map::extent(&places).map(MapBounds::from), unplaced })
    })
}

/// The venues of a mark that stands for several at one place, by name.
pub fn within(engine: &Engine, query: VenuesWithin) -> Result<Vec<VenueRow>> {
    let bounds = bounds(query.bounds)?;
    let wanted = Selected::new(&query.selection);
    engine.read(|connection| {
        let mut numbers = Vec::new();
        wanted.each(connection, Place::Within(bounds), |number, _| {
            numbers.push(number);
            numbers.len() < LISTED_MAX
        })?;
        let mut venues: Vec<VenueRow> = Vec::new();
        for number in numbers {
            let sql = format!("SELECT {COLUMNS} FROM venue_row WHERE number = ?1");
            let (id, mut venue, place) = connection.prepare_cached(&sql)?.query_row([number], read)?;
            venue.distance_m = distance(query.near, place);
            venue.state = visit_state(engine, connection, id)?;
            venues.push(venue);
        }
        venues.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(venues)
    })
}

/// A venue's place as other maps count it; for those only, nothing here reads it back.
pub fn copies(engine: &Engine, venue: VenueRef) -> Result<Option<PlaceCopies>> {
    let id: EntityId = venue.venue.parse()?;
    engine.read(|connection| {
        let (_, place) = place_and_row(connection, id)?.ok_or_else(no_venue)?;
        // Six decimals are a tenth of a metre.
        let text = |lat: f64, lon: f64| format!("{lat:.6},{lon:.6}");
        Ok(place.map(|place| {
            let (gcj, bd) = (Gcj02::from(place), Bd09::from(place));
            PlaceCopies {
                wgs84: text(place.lat(), place.lon()),
                gcj02: text(gcj.lat, gcj.lon),
                bd09: text(bd.lat, bd.lon),
            }
        }))
    })
}

fn named(connection: &Connection, number: i64) -> Result<Option<MarkedVenue>> {
    Ok(connection
        .prepare_cached("SELECT id, name FROM venue_row WHERE number = ?1")?
        .query_row([number], |row| {
            Ok(MarkedVenue { id: row.get::<_, Col<EntityId>>(0)?.0.to_string(), name: row.get(1)? })
        })
        .optional()?)
}

enum Place {
    Within(Bounds),
    Somewhere,
    Nowhere,
}

struct Selected<'a> {
    selection: &'a VenueSelection,
    wanted: Wanted,
}

impl<'a> Selected<'a> {
    fn new(selection: &'a VenueSelection) -> Self {
        Self { selection, wanted: Wanted::parse(&text::clean(&selection.text)) }
    }

    /// Hands each venue's number and place to `each` while it wants more; false when it stopped at [`TRIED_MAX`].
    fn each(
        &self,
        connection: &Connection,
        place: Place,
        mut each: impl FnMut(i64, Option<places::Position>) -> bool,
    ) -> Result<bool> {
        let query = self.wanted.query();
        let mut conditions = Vec::new();
        let mut parameters: Vec<&dyn ToSql> = Vec::new();
        // With the index on places alone, a venue costs one entry of it and no row.
        let mut columns = "number, lat_e7, lon_e7";
        let mut from = "venue_row";
        if !self.wanted.is_empty() {
            columns = "number, lat_e7, lon_e7, name, address, licence_no";
            from = "venue_search JOIN venue_row ON venue_row.number = venue_search.rowid";
            conditions.push("venue_search MATCH ?");
            parameters.push(&query);
        }
        let bounds = if let Place::Within(bounds) = &place { Some(bounds) } else { None };
        if let Some(bounds) = bounds {
            conditions.push("lat_e7 BETWEEN ? AND ? AND lon_e7 BETWEEN ? AND ?");
            let edges: [&dyn ToSql; 4] =
                [&bounds.lat_min_e7, &bounds.lat_max_e7, &bounds.lon_min_e7, &bounds.lon_max_e7];
            parameters.extend(edges);
        }
        match place {
            Place::Within(_) => {}
            Place::Somewhere => conditions.push("lat_e7 IS NOT NULL AND lon_e7 IS NOT NULL"),
            Place::Nowhere => conditions.push("lat_e7 IS NULL"),
        }
        if let Some(category) = &self.selection.category {
            conditions.push("category = ?");
            parameters.push(category);
        }
        if let Some(district) = &self.selection.district {
            conditions.push("district = ?");
            parameters.push(district);
        }
        let sql = format!("SELECT {columns} FROM {from} WHERE {}", conditions.join(" AND "));
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters.as_slice())?;
        let mut tried = 0;
        while let Some(row) = rows.next()? {
            if !self.wanted.is_empty() {
                tried += 1;
                if tried > TRIED_MAX {
                    return Ok(false);
                }
                if !self.answers(row)? {
                    continue;
                }
            }
            let place = match (row.get(1)?, row.get(2)?) {
                (Some(lat_e7), Some(lon_e7)) => Some(places::Position { lat_e7, lon_e7 }),
                _ => None,
            };
            if !each(row.get(0)?, place) {
                break;
            }
        }
        Ok(true)
    }

    fn answers(&self, row: &Row<'_>) -> Result<bool> {
        let (name, address): (String, String) = (row.get(3)?, row.get(4)?);
        let licence_no: Option<String> = row.get(5)?;
        let licence_no = licence_no.as_deref().unwrap_or_default();
        Ok(self.wanted.rank(Words { name: &name, address: &address, licence_no }).is_some())
    }
}

fn bounds(bounds: MapBounds) -> Result<Bounds> {
    let on_earth =
        |lat: i32, lon: i32| lat.unsigned_abs() <= 900_000_000 && lon.unsigned_abs() <= 1_800_000_000;
    if !on_earth(bounds.south_e7, bounds.west_e7) || !on_earth(bounds.north_e7, bounds.east_e7) {
        return Err(Error::Refused(ErrorCode::BadRequest, "not a part of the earth"));
    }
    Ok(Bounds {
        lat_min_e7: bounds.south_e7,
        lat_max_e7: bounds.north_e7,
        lon_min_e7: bounds.west_e7,
        lon_max_e7: bounds.east_e7,
    })
}

impl From<Bounds> for MapBounds {
    fn from(bounds: Bounds) -> Self {
        Self {
            south_e7: bounds.lat_min_e7,
            west_e7: bounds.lon_min_e7,
            north_e7: bounds.lat_max_e7,
            east_e7: bounds.lon_max_e7,
        }
    }
}

//! One venue with what happened there, and adding one that no register knows.

use rusqlite::{Connection, OptionalExtension, Row};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, Scope};
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::{fact, field, kind};
use xuncha_domain::{places, reference, text};

use super::status::visit_state;
use super::types::{ErrorCode, NewVenue, Position, SaveState, VenueRef, VenueRow, VenueView};
use super::view::summary;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::rows;
use crate::store::values::Col;
use crate::write::{self, Tap};

/// A name or an address; longer ones are not typed on a phone.
const TEXT_CHARS_MAX: usize = 200;
const PREVIOUS_MAX: u32 = 10;

pub(super) const COLUMNS: &str =
    "id, name, category, district, township, address, licence_no, lat_e7, lon_e7, found";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(EntityId, VenueRow, Option<places::Position>)> {
    let id = row.get::<_, Col<EntityId>>(0)?.0;
    let place = match (row.get(7)?, row.get(8)?) {
        (Some(lat_e7), Some(lon_e7)) => Some(places::Position { lat_e7, lon_e7 }),
        _ => None,
    };
    let venue = VenueRow {
        id: id.to_string(),
        name: row.get(1)?,
        category: row.get(2)?,
        district: row.get(3)?,
        township: row.get(4)?,
        address: row.get(5)?,
        licence_no: row.get(6)?,
        distance_m: None,
        found_on_patrol: row.get(9)?,
        state: SaveState::Held,
    };
    Ok((id, venue, place))
}

/// One venue; `near` adds the distance.
pub(super) fn row(connection: &Connection, id: EntityId, near: Option<Position>) -> Result<Option<VenueRow>> {
    Ok(place_and_row(connection, id)?.map(|(mut venue, place)| {
        venue.distance_m = distance(near, place);
        venue
    }))
}

pub(super) fn place_and_row(
    connection: &Connection,
    id: EntityId,
) -> Result<Option<(VenueRow, Option<places::Position>)>> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM venue_row WHERE id = ?1"))?
        .query_row([Col(id)], read)
        .optional()?
        .map(|(_, venue, place)| (venue, place)))
}

/// Where a venue is, as far as its register says so.
pub(super) fn place(connection: &Connection, id: EntityId) -> Result<Option<places::Position>> {
    Ok(place_and_row(connection, id)?.and_then(|(_, place)| place))
}

pub(super) fn distance(near: Option<Position>, place: Option<places::Position>) -> Option<u32> {
    let near = near?;
    let metres = places::Position { lat_e7: near.lat_e7, lon_e7: near.lon_e7 }.distance_m(place?);
    // Never negative, and at most half the earth's circumference.
    Some(metres.round() as u32)
}

pub fn get(engine: &Engine, venue: VenueRef) -> Result<VenueView> {
    let id: EntityId = venue.venue.parse()?;
    engine.read(|connection| {
        let (mut venue, place) = place_and_row(connection, id)?.ok_or_else(no_venue)?;
        venue.state = visit_state(engine, connection, id)?;
        let previous = rows::visits_of_venue(connection, id, PREVIOUS_MAX)?;
        Ok(VenueView {
            venue,
            position: place.map(|place| Position {
                lat_e7: place.lat_e7,
                lon_e7: place.lon_e7,
                accuracy_m: 0,
            }),
            previous: previous
                .into_iter()
                .map(|id| summary(engine, connection, id))
                .collect::<Result<_>>()?,
        })
    })
}

pub fn add(engine: &Engine, new: NewVenue) -> Result<VenueRow> {
    let bad = |what| Error::Refused(ErrorCode::BadRequest, what);
    let name = checked(&new.name)?;
    let address = checked(&new.address)?;
    if name.is_empty() {
        return Err(bad("a venue needs a name"));
    }
    if reference::category(&new.category).is_none() || reference::district(&new.district).is_none() {
        return Err(bad("no such category or district"));
    }
    let id = EntityId::v7(engine.now_ms(), &*engine.0.options.entropy);
    let mut fields = vec![
        (field::NAME, Value::text(name)),
        (field::CATEGORY, Value::text(&new.category)),
        (field::DISTRICT, Value::text(&new.district)),
        (field::ADDRESS, Value::text(address)),
        (field::FOUND, Value::Bool(true)),
    ];
    fields.extend(new.township.as_deref().map(|code| (field::TOWNSHIP, Value::text(code))));
    if let Some(licence) = new.licence_no.as_deref().map(checked).transpose()?.filter(|text| !text.is_empty())
    {
        fields.push((field::LICENCE_NO, Value::text(licence)));
    }
    if let Some(position) = new.position {
        fields.push((field::POSITION, position_value(position)?));
    }
    let taps = fields
        .into_iter()
        .map(|(name, value)| Tap {
            entity: Entity::new(kind::VENUE, id),
            field: name.into(),
            value,
            detached: false,
            token: String::new(),
        })
        .collect();
    engine.write(|connection, pen| {
        write::record(connection, pen, &Scope::city(), taps)?;
        // Leaving the form is a boundary: a visit to the venue must not travel before the venue.
        write::flush(connection, pen, &Scope::city())
    })?;
    engine.emit(&super::types::Changes { venues: true, sync: true, ..Default::default() });
    engine.wake_sync();
    engine.read(|connection| row(connection, id, new.position)?.ok_or_else(no_venue))
}

fn checked(input: &str) -> Result<String> {
    let clean = text::clean(input);
    if clean.chars().count() > TEXT_CHARS_MAX {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a name or address is too long"));
    }
    Ok(clean)
}

/// A position for the log; refused when it is not on Earth.
pub(super) fn position_value(position: Position) -> Result<Value> {
    let position =
        fact::Position { lat_e7: position.lat_e7, lon_e7: position.lon_e7, accuracy_m: position.accuracy_m };
    if position.on_earth() {
        Ok(position.to_value())
    } else {
        Err(Error::Refused(ErrorCode::BadRequest, "not a position on Earth"))
    }
}

pub(super) fn no_venue() -> Error {
    Error::Refused(ErrorCode::NotFound, "no such venue")
}

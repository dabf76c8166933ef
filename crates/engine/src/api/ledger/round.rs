//! The officer's own tasks as a round: in walking order, from where the officer is.

use xuncha_domain::ids::EntityId;
use xuncha_domain::ledger::{self, ColumnType};
use xuncha_domain::model::kind;
use xuncha_domain::places::Position as Place;
use xuncha_domain::route;

use super::types::{Round, RoundFrom, RoundStop};
use super::{draw, no_row, whose};
use crate::api::venues;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::ledger::{self as rows, Wanted};
use crate::tree::Tree;

/// Tasks of one round: more than a day holds.
const TASKS_MAX: u32 = 200;

pub fn of_tasks(engine: &Engine, from: RoundFrom) -> Result<Round> {
    let start = from.near.map(|near| Place { lat_e7: near.lat_e7, lon_e7: near.lon_e7 });
    let of = ledger::of_kind(kind::ASSIGNMENT).ok_or_else(no_row)?;
    let venue_of = of.of_type(|ty| *ty == ColumnType::Venue).ok_or_else(no_row)?;
    engine.read(|connection| {
        let wanted =
            Wanted { kind: of.kind, open: Some(true), mine: Some(whose(connection)?), ..Wanted::default() };
        let mut placed = Vec::new();
        let mut lost = Vec::new();
        for id in rows::find(connection, &wanted, 0, TASKS_MAX)? {
            let tree = Tree::read(connection, id)?.ok_or_else(no_row)?;
            let venue = rows::cell(&tree, id, venue_of).and_then(|cell| cell.as_id());
            let place = match venue {
                Some(venue) => venues::place(connection, venue)?,
                None => None,
            };
            match place {
                Some(place) => placed.push((id, place)),
                None => lost.push(id),
            }
        }
        let places: Vec<Place> = placed.iter().map(|(_, place)| *place).collect();
        let order = route::walking_order(start, &places);
        let length_m = route::length_m(start, &places, &order).round() as u32;
        let mut at = start;
        let mut stops = Vec::new();
        let stop = |id: EntityId, leg_m| -> Result<RoundStop> {
            Ok(RoundStop { row: draw::row(engine, connection, id, false)?, leg_m })
        };
        for (id, place) in order.iter().filter_map(|index| placed.get(*index)) {
            stops.push(stop(*id, at.map(|at| at.distance_m(*place).round() as u32))?);
            at = Some(*place);
        }
        for id in lost {
            stops.push(stop(id, None)?);
        }
        Ok(Round { stops, length_m })
    })
}

//! What a person at the console needs beside the data: names, devices and times of the commits behind it.

use std::cell::RefCell;
use std::collections::HashMap;

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, DeviceId, OfficerId};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Agreement, Display, Live};
use xuncha_domain::model::fact::Position;
use xuncha_domain::model::{answer, display, fact, field, kind, visit as keys};

use super::detail::distance_m;
use crate::http::types::{FieldRow, LiveValue, WrittenAt};
use crate::service::rows::Thing;
use crate::service::{Error, Service};
use crate::storage::{ChainRow, CommitRow, Read, RowId};

/// One look at the database, with what was looked up before.
pub(super) struct Desk<'r, 'c> {
    pub(super) read: &'r Read<'c>,
    service: &'r Service,
    names: RefCell<HashMap<[u8; 16], String>>,
    chains: RefCell<HashMap<RowId, ChainRow>>,
    places: RefCell<HashMap<(RowId, DeviceId), Option<WrittenAt>>>,
}

impl<'r, 'c> Desk<'r, 'c> {
    pub(super) fn new(service: &'r Service, read: &'r Read<'c>) -> Self {
        Self {
            read,
            service,
            names: RefCell::default(),
            chains: RefCell::default(),
            places: RefCell::default(),
        }
    }

    /// The name of an officer or console user; the city's for HQ itself; the beginning of the id for a stranger.
    pub(super) fn name(&self, person: &[u8; 16]) -> Result<String, Error> {
        if let Some(name) = self.names.borrow().get(person) {
            return Ok(name.clone());
        }
        let name = match self.read.person_name(person)? {
            Some(name) => name,
            None if *person == self.service.city.id.0 => self.service.city.name.clone(),
            None => hex::encode(person).chars().take(8).collect(),
        };
        self.names.borrow_mut().insert(*person, name.clone());
        Ok(name)
    }

    pub(super) fn chain(&self, id: RowId) -> Result<ChainRow, Error> {
        if let Some(chain) = self.chains.borrow().get(&id) {
            return Ok(chain.clone());
        }
        let chain = self.read.chain_by_row(id)?;
        self.chains.borrow_mut().insert(id, chain.clone());
        Ok(chain)
    }

    pub(super) fn commit(&self, name: &CommitRef) -> Result<CommitRow, Error> {
        self.read.commit(name)?.ok_or(Error::Internal("a live op without its commit"))
    }

    /// A field with every live value, the displayed one first.
    pub(super) fn field(&self, thing: &Thing, name: &str, shown: &Display<'_>) -> Result<FieldRow, Error> {
        let live = shown.live.iter().map(|live| self.live(thing, name, live));
        Ok(FieldRow {
            entity: thing.entity.name.to_string(),
            field: name.to_owned(),
            conflict: shown.state == Agreement::Conflict,
            live: live.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn live(&self, thing: &Thing, name: &str, live: &Live) -> Result<LiveValue, Error> {
        let row = self.commit(&live.commit)?;
        let device = self.chain(row.chain)?.device;
        let offset_ms = row.clock.map_or(0, |clock| clock.offset_ms);
        Ok(LiveValue {
            value: live.value.value().map(|value| text(thing.entity.kind, name, value)),
            erased: live.value.erased(),
            officer: live.officer.to_string(),
            officer_name: self.name(&live.officer.0)?,
            device: device.to_string(),
            place: self.place(thing, device)?,
            raw_ms: live.corrected_ms.saturating_sub(offset_ms),
            corrected_ms: live.corrected_ms,
            uncertainty_ms: row.clock.map(|clock| clock.error_ms),
            commit: row.hash.to_string(),
        })
    }

    /// Where a device stood in the visit that a thing belongs to, as far as it said so.
    fn place(&self, thing: &Thing, device: DeviceId) -> Result<Option<WrittenAt>, Error> {
        if device.0 == self.service.city.id.0 {
            return Ok(Some(WrittenAt {
                at_hq: true,
                lat_e7: None,
                lon_e7: None,
                accuracy_m: None,
                distance_m: None,
            }));
        }
        let root = thing.entity.root.unwrap_or(thing.entity.id);
        if let Some(place) = self.places.borrow().get(&(root, device)) {
            return Ok(place.clone());
        }
        let place = self.stood_at(root, device)?;
        self.places.borrow_mut().insert((root, device), place.clone());
        Ok(place)
    }

    fn stood_at(&self, root: RowId, device: DeviceId) -> Result<Option<WrittenAt>, Error> {
        let visit = self.read.entity_by_row(root)?;
        let presence = keys::presence(&keys::visit(visit.name), device);
        let Some(presence) = self.read.entity(&visit.scope, presence.kind, &presence.id)? else {
            return Ok(None);
        };
        let positions = self.read.field(presence, field::POSITION)?;
        let position = display::display(kind::PRESENCE, field::POSITION, None, &positions)
            .and_then(|shown| Position::from_value(shown.live.first()?.value.value()?));
        let Some(position) = position else { return Ok(None) };
        let venue = match self.read.visit(&visit.name.0)?.and_then(|visit| visit.venue) {
            Some(venue) => self.read.venue(&venue)?,
            None => None,
        };
        Ok(Some(WrittenAt {
            at_hq: false,
            lat_e7: Some(position.lat_e7),
            lon_e7: Some(position.lon_e7),
            accuracy_m: Some(position.accuracy_m),
            distance_m: venue.and_then(|venue| distance_m(position, &venue)),
        }))
    }

    pub(super) fn officer_name(&self, officer: &OfficerId) -> Result<String, Error> {
        self.name(&officer.0)
    }
}

/// A value as the console shows it: words by their code, readings by their tenths of a degree.
fn text(of: Kind, name: &str, value: &Value) -> String {
    use xuncha_domain::checklist::Answer;
    if of == kind::VISIT && field::answered_item(name).is_some() {
        return match answer::from_value(value) {
            Some(Answer::Yes) => "yes".into(),
            Some(Answer::No) => "no".into(),
            Some(Answer::Na) => "na".into(),
            Some(Answer::Number(n) | Answer::Percent(n) | Answer::Temperature(n)) => n.to_string(),
            Some(Answer::Text(text) | Answer::Choice(text)) => text,
            None => raw(value),
        };
    }
    if of == kind::VISIT
        && let Some(word) = value.as_int().and_then(|number| visit_word(name, number))
    {
        return word.into();
    }
    if of == kind::READING
        && let Some(reading) = fact::Reading::from_value(value)
    {
        return reading.temperature_dc.to_string();
    }
    raw(value)
}

fn visit_word(name: &str, number: i64) -> Option<&'static str> {
    use xuncha_domain::model::words::{LeadLevel, VisitKind, VisitMode};
    match name {
        field::VISIT_KIND => VisitKind::from_number(number).map(VisitKind::as_str),
        field::MODE => VisitMode::from_number(number).map(VisitMode::as_str),
        field::LEAD => LeadLevel::from_number(number).map(LeadLevel::as_str),
        _ => None,
    }
}

fn raw(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex::encode(bytes),
        Value::Array(parts) => parts.iter().map(raw).collect::<Vec<_>>().join(" "),
    }
}

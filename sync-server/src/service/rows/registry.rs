//! Rows of venues, officers and teams, and phones that were closed.

use xuncha_domain::cbor::Value;
use xuncha_domain::model::fact::Position;
use xuncha_domain::model::field;
use xuncha_domain::model::words::LeadLevel;

use super::{Thing, Tree};
use crate::service::Error;
use crate::storage::{OfficerRow, TeamRow, Tx, VenueRow};

pub(super) fn venue(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let thing = tree.root();
    let position = thing.value(field::POSITION).and_then(Position::from_value);
    Ok(tx.put_venue(&VenueRow {
        id: thing.entity.name.0,
        name: text(thing, field::NAME),
        category: text(thing, field::CATEGORY),
        district: text(thing, field::DISTRICT),
        address: text(thing, field::ADDRESS),
        licence_no: thing.text(field::LICENCE_NO).map(str::to_owned),
        lat_e7: position.map(|position| position.lat_e7),
        lon_e7: position.map(|position| position.lon_e7),
        township: thing.text(field::TOWNSHIP).map(str::to_owned),
    })?)
}

pub(super) fn officer(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let thing = tree.root();
    Ok(tx.put_officer(&OfficerRow {
        id: thing.entity.name.0,
        name: text(thing, field::NAME),
        certificate_no: text(thing, field::CERTIFICATE_NO),
        team: thing.value(field::TEAM).and_then(|value| value.as_bytes()?.try_into().ok()),
    })?)
}

pub(super) fn team(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let thing = tree.root();
    let tier = thing.value(field::TIER).and_then(|value| LeadLevel::from_number(value.as_int()?));
    Ok(tx.put_team(&TeamRow {
        id: thing.entity.name.0,
        name: text(thing, field::NAME),
        tier: tier.map_or("", LeadLevel::as_str).to_owned(),
        district: thing.text(field::DISTRICT).map(str::to_owned),
    })?)
}

/// A phone that HQ closed. One that HQ does not know yet is closed when it is known again.
pub(super) fn close(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let close = tree.root();
    match close.value(field::FACT).and_then(Value::as_int) {
        Some(closed_ms) => Ok(tx.close_device(&close.entity.name.0, closed_ms)?),
        None => Ok(()),
    }
}

/// Empty for what nobody has said, or what was erased.
fn text(thing: &Thing, name: &str) -> String {
    thing.text(name).unwrap_or_default().to_owned()
}

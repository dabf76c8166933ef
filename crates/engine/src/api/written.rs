//! Who wrote a value, when, and where: what a person needs to choose between several.

use rusqlite::Connection;
use xuncha_domain::ids::OfficerId;
use xuncha_domain::merge::Live;
use xuncha_domain::model::{fact, field, visit};

use super::reference::officer;
use super::types::{Candidate, Position, WrittenAt};
use super::venues;
use crate::error::Result;
use crate::store::meta::{self, Enrolment};
use crate::store::{journal, log};
use crate::tree::Tree;

/// Looks at the authors of one tree.
pub struct Authors<'a> {
    connection: &'a Connection,
    enrolment: Option<Enrolment>,
}

impl<'a> Authors<'a> {
    pub fn new(connection: &'a Connection) -> Result<Self> {
        Ok(Self { connection, enrolment: meta::enrolment(connection)? })
    }

    /// The officer of this phone.
    pub fn me(&self) -> Option<OfficerId> {
        self.enrolment.as_ref().map(Enrolment::officer)
    }

    pub fn candidate<T>(&self, tree: &Tree, live: &Live, value: T) -> Result<Candidate<T>> {
        Ok(Candidate {
            value,
            op: live.commit.to_string(),
            officer: live.officer.to_string(),
            officer_name: officer(self.connection, live.officer)?.name,
            at_ms: live.corrected_ms,
            mine: Some(live.officer) == self.me(),
            place: self.place(tree, live)?,
        })
    }

    /// Where the device that wrote it stood in this visit, as far as that device said so.
    fn place(&self, tree: &Tree, live: &Live) -> Result<Option<WrittenAt>> {
        let Some(enrolment) = &self.enrolment else { return Ok(None) };
        let device = match journal::journal_id(&live.commit) {
            Some(_) => Some(enrolment.certificate.device),
            None => log::device_of(self.connection, live.commit)?,
        };
        let Some(device) = device else { return Ok(None) };
        if device.0 == enrolment.city.0 {
            return Ok(Some(WrittenAt { at_hq: true, position: None, distance_m: None }));
        }
        let presence = visit::presence(&visit::visit(tree.root), device);
        let Some(position) =
            tree.value(presence.id, field::POSITION).and_then(fact::Position::from_value).map(Position::from)
        else {
            return Ok(None);
        };
        let distance_m = match tree.venue() {
            Some(venue) => {
                venues::row(self.connection, venue, Some(position))?.and_then(|row| row.distance_m)
            }
            None => None,
        };
        Ok(Some(WrittenAt { at_hq: false, position: Some(position), distance_m }))
    }
}

impl From<fact::Position> for Position {
    fn from(position: fact::Position) -> Self {
        Self { lat_e7: position.lat_e7, lon_e7: position.lon_e7, accuracy_m: position.accuracy_m }
    }
}

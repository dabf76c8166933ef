//! The city's register of venues, written by HQ: from a file, or the synthetic city.
//!
//! What the register says already is not written again, so that the same file twice changes nothing, and an edited file
//! costs what was edited. A value that an officer corrected is replaced only when the file says something else.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId, Scope, short, tagged_hash};
use xuncha_domain::log::body::Entity;
use xuncha_domain::merge::Stored;
use xuncha_domain::model::fact::Position;
use xuncha_domain::model::{field, kind};

use super::author::{Draft, references};
use super::{Changed, Error, Service};
use crate::storage::Tx;

/// A venue as a register knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterVenue {
    pub name: String,
    /// A code of the venue categories.
    pub category: String,
    /// Six digits.
    pub district: String,
    /// Nine digits.
    pub township: Option<String>,
    pub address: String,
    pub licence_no: Option<String>,
    pub position: Option<Position>,
}

/// What an import does, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
}

/// Things written in one transaction: bounds how long phones wait for the lock.
const BATCH: usize = 500;

impl RegisterVenue {
    /// The licence number names a venue, whoever imports it; without one, name and address do.
    pub(super) fn id(&self) -> EntityId {
        let key = match &self.licence_no {
            Some(number) => Value::Array(vec![Value::text(&self.category), Value::text(number)]),
            None => Value::Array(vec![Value::Null, Value::text(&self.name), Value::text(&self.address)]),
        };
        EntityId(short(&tagged_hash("xuncha/1 register venue", &[&key.encode()])))
    }

    fn drafts(&self) -> Vec<Draft> {
        let entity = Entity::new(kind::VENUE, self.id());
        let text = |name: &str, value: &str| Draft::plain(entity.clone(), name, Value::text(value));
        let mut drafts = vec![
            text(field::NAME, &self.name),
            text(field::CATEGORY, &self.category),
            text(field::DISTRICT, &self.district),
            text(field::ADDRESS, &self.address),
        ];
        drafts.extend(self.township.iter().map(|code| text(field::TOWNSHIP, code)));
        drafts.extend(self.licence_no.iter().map(|number| text(field::LICENCE_NO, number)));
        drafts.extend(self.position.map(|at| Draft::plain(entity.clone(), field::POSITION, at.to_value())));
        drafts
    }
}

impl Service {
    /// Brings the register up to these venues. With `dry_run` nothing is written.
    pub fn import_venues(
        &self,
        by: OfficerId,
        venues: &[RegisterVenue],
        dry_run: bool,
    ) -> Result<Imported, Error> {
        let things: Vec<Vec<Draft>> = venues.iter().map(RegisterVenue::drafts).collect();
        self.write_register(by, &things, dry_run)
    }

    /// Writes what the city's register does not say yet.
    pub(super) fn write_register(
        &self,
        by: OfficerId,
        things: &[Vec<Draft>],
        dry_run: bool,
    ) -> Result<Imported, Error> {
        let mut imported = Imported::default();
        for batch in things.chunks(BATCH) {
            self.storage.write(|tx| {
                let mut news = Vec::new();
                for thing in batch {
                    let known = thing.first().map(|draft| is_known(tx, draft)).transpose()?.unwrap_or(false);
                    let thing = unsaid(tx, thing)?;
                    match (known, thing.is_empty()) {
                        (_, true) => imported.unchanged += 1,
                        (true, false) => imported.changed += 1,
                        (false, false) => imported.added += 1,
                    }
                    if !thing.is_empty() {
                        news.push(thing);
                    }
                }
                if dry_run || news.is_empty() {
                    return Ok(());
                }
                let counted = self.write_as_hq(tx, &Scope::city(), by, &news)?;
                self.project(tx, &counted)
            })?;
        }
        if !dry_run && imported.added + imported.changed > 0 {
            self.events.tell(Changed { visits: true, devices: true });
        }
        Ok(imported)
    }
}

fn is_known(tx: &Tx<'_>, draft: &Draft) -> Result<bool, Error> {
    Ok(tx.entity(&Scope::city(), draft.entity.kind, &draft.entity.id)?.is_some())
}

/// The drafts that say something new, each over what it replaces.
fn unsaid(tx: &Tx<'_>, thing: &[Draft]) -> Result<Vec<Draft>, Error> {
    let mut news = Vec::new();
    for draft in thing {
        let Some(entity) = tx.entity(&Scope::city(), draft.entity.kind, &draft.entity.id)? else {
            news.push(draft.clone());
            continue;
        };
        let field = tx.field(entity, &draft.field)?;
        let said = |stored: &Stored| stored.value() == Some(&draft.value);
        if !field.live.is_empty() && field.live.values().all(|live| said(&live.value)) {
            continue;
        }
        let over = references(tx, field.live.keys())?;
        news.push(Draft { over, ..draft.clone() });
    }
    Ok(news)
}

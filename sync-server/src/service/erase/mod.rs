//! Erase orders at HQ: given at the console, carried out here, and told by the feed to every phone.
//!
//! An order is an op of HQ in the scope of what it names, so it reaches phones as everything else does and cannot be
//! missed. What it destroys follows from the log alone (`domain::model::erase`). Giving it and carrying it out is one
//! transaction ([`carry`]); what arrives later is stripped before it is stored, so that the bytes never touch the disk.
//! Files and the database's free pages follow at once ([`scrub`]) or, after a crash, at the next start; the old copies of
//! the database are kept track of ([`backups`]).

mod backups;
mod carry;
mod list;
mod scrub;

use std::collections::{BTreeMap, BTreeSet};

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId, Scope};
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::erase::{self, TARGETS_MAX, Target};
use xuncha_domain::model::{field, kind};
use xuncha_domain::text;

use super::author::Draft;
use super::{Changed, ConsoleUser, Error, Service};
use crate::storage::Read;

pub(super) use backups::{again as carry_out_beside, erased_photos as photos_erased_beside, remember};
pub(super) use carry::{arriving, note};

/// A sentence or two: the decision behind it is kept elsewhere.
const REASON_CHARS_MAX: usize = 500;

impl Service {
    /// Gives an erase order and carries it out. Returns its id; it is one order, whatever scopes it concerns.
    ///
    /// # Errors
    /// [`Error::NotFound`] when HQ knows nothing of what is named.
    pub fn erase(&self, user: &ConsoleUser, targets: &[Target], reason: &str) -> Result<EntityId, Error> {
        user.must_be_admin()?;
        let reason = text::clean(reason);
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return Err(Error::BadRequest("a reason has 1 to 500 characters"));
        }
        if targets.is_empty() || targets.len() > TARGETS_MAX {
            return Err(Error::BadRequest("an order names 1 to 500 things"));
        }
        let id = EntityId::v7(self.clock.now_ms(), &*self.entropy);
        self.storage.write(|tx| {
            for (scope, targets) in by_scope(tx, targets)? {
                let entity = Entity::new(kind::ERASE, id);
                let drafts = vec![
                    Draft::plain(entity.clone(), field::FACT, erase::to_value(&targets)),
                    Draft::personal(entity, field::REASON, Value::text(reason.as_str())),
                ];
                let counted = self.write_as_hq(tx, &scope, OfficerId(user.id), &[drafts])?;
                self.project(tx, &counted)?;
            }
            Ok::<_, Error>(())
        })?;
        self.scrub_if_due();
        self.events.tell(Changed { visits: true, devices: true });
        Ok(id)
    }
}

/// What is named, by the scopes that know of it. Everything of a visit includes its photos.
fn by_scope(read: &Read<'_>, targets: &[Target]) -> Result<BTreeMap<Scope, Vec<Target>>, Error> {
    let mut all: BTreeSet<Target> = targets.iter().cloned().collect();
    for target in targets {
        if let Target::Everything(entity) = target {
            all.extend(read.photos_of_visit(entity)?.into_iter().map(Target::Photo));
        }
    }
    if all.len() > TARGETS_MAX {
        return Err(Error::BadRequest("an order names 1 to 500 things"));
    }
    let mut scopes: BTreeMap<Scope, Vec<Target>> = BTreeMap::new();
    for target in all {
        let known = match &target {
            Target::Field { entity, .. } | Target::Everything(entity) => read.scopes_of_entity(entity)?,
            Target::Photo(sha256) => read.scopes_of_photo(sha256)?,
        };
        if known.is_empty() {
            return Err(Error::NotFound);
        }
        // The thumbnail that a phone made is a picture of its own.
        let thumbs = match &target {
            Target::Photo(sha256) => read.thumbs_of_photo(sha256)?,
            _ => Vec::new(),
        };
        for scope in known {
            let named = scopes.entry(scope).or_default();
            named.push(target.clone());
            named.extend(thumbs.iter().copied().map(Target::Photo));
        }
    }
    Ok(scopes)
}

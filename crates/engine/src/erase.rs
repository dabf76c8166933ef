//! Erase orders of HQ on the phone: values, photos and every copy of them.
//!
//! What an order destroys follows from the log alone (`domain::model::erase`), so the order of arrival does not matter:
//! orders are kept, act on what is here, and take their values out of what comes later before it is stored. The open
//! journal becomes a commit first, so that a tap made while the order was on its way is caught like any other edit whose
//! author had not seen it. The officer is told of every own value that went, and may write it again.
//!
//! The log is changed in the transaction of the sync that brings the order. Copies elsewhere (photo files, thumbnails, documents,
//! what was fetched of other phones or is carried for them, rescue bundles, damaged databases that were moved aside, free
//! pages and the write-ahead log) go right after it, before the next request tells HQ that this phone has read its feed
//! past the order; after a crash, at the next start.
//!
//! Packets that a hub carries stay: they are sealed to HQ, hold more than what an order names, and may be the last copy of
//! it. HQ strips them when they arrive.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::Path;

use rusqlite::Connection;
use xuncha_domain::disk::Disk;
use xuncha_domain::ids::{CityId, CommitRef, EntityId, Scope};
use xuncha_domain::log::body::{Op, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::model::erase::{self, Order, Target};

use crate::engine::Options;
use crate::error::Result;
use crate::store::log::Touched;
use crate::store::{Store, chains, erasures, live, log, meta, things};
use crate::{document, hub, recover, rescue, sync};

/// What telling the officer needs to know.
pub struct Telling<'a> {
    pub now_ms: i64,
    /// Commits that HQ receipted in this very answer: they, too, were written while the order was on its way.
    pub fresh: &'a BTreeSet<CommitRef>,
}

/// Keeps an order and carries it out on what is here. A repeat changes nothing.
pub fn take(connection: &Connection, scope: &Scope, order: &Order, telling: &Telling<'_>) -> Result<Touched> {
    let mut entities = BTreeSet::new();
    let mut touched = Touched::new();
    for target in &order.targets {
        let (entity, field) = match target {
            Target::Field { entity, field } => (*entity, field.as_str()),
            Target::Everything(entity) => (*entity, ""),
            Target::Photo(sha256) => {
                touched.extend(take_photo(connection, sha256, telling)?);
                continue;
            }
        };
        if erasures::insert_target(connection, scope, entity, field, order.position, order.id)? {
            entities.insert(entity);
        }
    }
    for entity in entities {
        touched.extend(carry_out(connection, scope, entity, telling)?);
    }
    Ok(touched)
}

/// Forgets a photo for good; its files go with the next [`scrub`].
pub fn take_photo(connection: &Connection, sha256: &[u8; 32], telling: &Telling<'_>) -> Result<Touched> {
    if erasures::photo_erased(connection, sha256)? {
        return Ok(Touched::new());
    }
    let mine = erasures::erase_photo(connection, sha256, telling.now_ms)?;
    if let Some((root, received)) = mine {
        erasures::insert_own(connection, sha256, -1, root, telling.now_ms, !received)?;
    }
    let roots = erasures::roots_of_photo(connection, sha256)?;
    // Also when no visit of this phone names it: a hub may carry it.
    meta::set_scrub_due(connection)?;
    Ok(roots)
}

/// HQ says which values of an own commit it destroyed by an order that this phone does not read. Obeyed only for what a
/// receipt names.
pub fn told(
    connection: &Connection,
    name: CommitRef,
    places: &[u32],
    telling: &Telling<'_>,
) -> Result<Touched> {
    let (Some(commit), true) = (log::get(connection, name)?, log::received(connection, &name)?) else {
        return Ok(Touched::new());
    };
    let there = |place: &usize| commit.detached.value(*place).is_some();
    let places = places.iter().filter_map(|place| usize::try_from(*place).ok()).filter(there).collect();
    destroy(connection, &commit, places, telling)
}

/// A commit that is about to be stored, without what orders name.
pub fn arriving<'a>(connection: &Connection, scope: &Scope, commit: &'a Commit) -> Result<Cow<'a, Commit>> {
    if !erasures::has_targets(connection, scope)? {
        return Ok(Cow::Borrowed(commit));
    }
    let places = named(connection, scope, commit)?;
    Ok(if places.is_empty() { Cow::Borrowed(commit) } else { Cow::Owned(commit.erased(&places)) })
}

/// Carries out every order again, those in the log included: after a database was put together from what could be read.
pub fn again(connection: &Connection, city: Option<CityId>, now_ms: i64) -> Result<()> {
    let telling = Telling { now_ms, fresh: &BTreeSet::new() };
    if let Some(city) = city {
        for (scope, commit) in log::of_device(connection, city.0)? {
            for order in erase::orders(&commit) {
                take(connection, &scope, &order, &telling)?;
            }
        }
    }
    for (scope, entity) in erasures::named(connection)? {
        carry_out(connection, &scope, entity, &telling)?;
    }
    for sha256 in erasures::erased_photos(connection)? {
        erasures::erase_photo(connection, &sha256, now_ms)?;
        meta::set_scrub_due(connection)?;
    }
    Ok(())
}

fn carry_out(
    connection: &Connection,
    scope: &Scope,
    entity: EntityId,
    telling: &Telling<'_>,
) -> Result<Touched> {
    let mut touched = Touched::new();
    for name in erasures::commits_about(connection, entity)? {
        let Some(commit) = log::get(connection, name)? else { continue };
        let of = chains::get(connection, commit.header.chain)?;
        if of.is_none_or(|chain| chain.scope == *scope) {
            let places = named(connection, scope, &commit)?;
            touched.extend(destroy(connection, &commit, places, telling)?);
        }
    }
    // Copies of it may be older than the log: the thing was here.
    if things::scope_of(connection, entity)?.is_some() {
        meta::set_scrub_due(connection)?;
    }
    Ok(touched)
}

/// The values of a commit that orders name and that are still there.
fn named(connection: &Connection, scope: &Scope, commit: &Commit) -> Result<Vec<usize>> {
    let mut named = BTreeSet::new();
    for op in commit.ops().iter().filter(|op| matches!(op.value, OpValue::Detached(_))) {
        for of in erase::lineage(&op.entity) {
            let acts = erasures::targets(connection, scope, of.id)?.iter().any(|target| {
                let names = target.field.is_empty() || (of.id == op.entity.id && target.field == op.field);
                names && erase::unseen(target.seen_from, commit)
            });
            if acts {
                named.insert((op.entity.id, op.field.clone()));
            }
        }
    }
    Ok(erase::slots(commit, |op: &Op| named.contains(&(op.entity.id, op.field.clone()))))
}

fn destroy(
    connection: &Connection,
    commit: &Commit,
    places: Vec<usize>,
    telling: &Telling<'_>,
) -> Result<Touched> {
    let mut touched = Touched::new();
    if places.is_empty() {
        return Ok(touched);
    }
    let name = commit.hash.short();
    let mine = chains::is_mine(connection, commit.header.chain)?;
    let late = !log::received(connection, &name)? || telling.fresh.contains(&name);
    let erased = commit.erased(&places);
    erasures::set_detached(connection, name, &erased.detached.to_bytes())?;
    for op in commit.ops() {
        let OpValue::Detached(place) = op.value else { continue };
        if !places.contains(&place) {
            continue;
        }
        let root = op.entity.root();
        live::erase(connection, &erased, op)?;
        touched.insert((root.kind, root.id));
        if mine {
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            erasures::insert_own(connection, &name.0, place, root.id, telling.now_ms, late)?;
        }
    }
    meta::set_scrub_due(connection)?;
    Ok(touched)
}

/// Destroys the copies that orders, and scopes that were lost, left outside the log. What cannot be done now (another process reads, the disk is full)
/// is done at the next round or start; until then this phone asks for no news, so that HQ does not take it for done.
/// False when there was nothing to destroy.
pub fn try_to_scrub(store: &Store, options: &Options, photos: &Path) -> bool {
    scrub(store, options, photos).unwrap_or_else(|error| {
        tracing::error!(%error, "erased bytes wait to be overwritten");
        true
    })
}

/// False when nothing was due.
fn scrub(store: &Store, options: &Options, photos: &Path) -> Result<bool> {
    if !store.read(meta::scrub_due)? {
        return Ok(false);
    }
    let gone = store.read(erasures::photos_to_remove)?;
    let names: HashSet<String> = gone.iter().map(hex::encode).collect();
    for folder in [photos.into(), sync::fetch::folder(&options.data), hub::sealed_folder(&options.data)] {
        remove_photos(&*options.disk, &folder, &names)?;
    }
    let sweeps = store.read(meta::sweep_due)?;
    if sweeps {
        sync::fetch::sweep(store, options)?;
        sync::snapshot::sweep(store, options)?;
    }
    let documents = document::folder(&options.data);
    store.read(|connection| document::sweep_erased(connection, &*options.disk, &documents))?;
    hub::erase_photos(&options.disk, &options.data, options.clock.now_ms(), &gone)?;
    // What could be read of a damaged database was carried over when it was moved aside; what could not, cannot be
    // searched for what must go. Bundles can be made again.
    recover::discard_damaged(&options.data)?;
    rescue::discard(&options.data)?;
    store.scrub()?;
    store.write(|transaction| {
        gone.iter().try_for_each(|sha256| erasures::set_photo_gone(transaction, sha256))?;
        if sweeps {
            meta::clear_sweep_due(transaction)?;
        }
        meta::clear_scrub_due(transaction)
    })?;
    Ok(true)
}

/// Removes photos and everything derived from them: all files that bear their names.
fn remove_photos(disk: &dyn Disk, folder: &Path, names: &HashSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut removed = false;
    for entry in entries {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            remove_photos(disk, &path, names)?;
        } else if file.get(..64).is_some_and(|name| names.contains(name)) {
            disk.remove(&path)?;
            removed = true;
        }
    }
    if removed { disk.flush_folder(folder) } else { Ok(()) }
}

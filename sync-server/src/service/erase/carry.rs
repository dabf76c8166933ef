//! Carrying orders out: in stored packets, and in what is about to be stored.
//!
//! A packet keeps its place and its signature: only the bytes beside its commits change, and no hash covers those
//! directly.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use xuncha_domain::ids::{CommitRef, EntityId, Scope};
use xuncha_domain::log::body::{Entity, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::model::erase::{self, Order, Target};
use xuncha_domain::model::{field, kind};

use crate::service::author::{Draft, references};
use crate::service::sync::Counted;
use crate::service::{Error, Service};
use crate::storage::{ChainRow, CommitRow, EraseOrderRow, EraseTargetRow, Read, RowId, Tx};

/// Places of detached values with the order that names each.
type Places = Vec<(usize, [u8; 16])>;

/// What was destroyed of a run of commits.
type Destroyed = HashMap<CommitRef, Places>;

/// A packet without what orders name.
pub(in crate::service) struct Stripped {
    pub(in crate::service) bytes: Vec<u8>,
    pub(in crate::service) commits: Vec<Arc<Commit>>,
    pub(in crate::service) destroyed: Destroyed,
}

impl Service {
    /// Carries out the orders that a commit gives, if it is HQ's. Returns the roots of what changed. What HQ had given,
    /// `lost` and gets back from a phone is given again: feed positions do not mean now what they meant then.
    pub(in crate::service) fn obey(
        &self,
        tx: &Tx<'_>,
        chain: &ChainRow,
        row: &CommitRow,
        commit: &Commit,
        lost: bool,
    ) -> Result<Counted, Error> {
        let mut roots = Counted::new();
        if chain.device.0 != self.city.id.0 {
            return Ok(roots);
        }
        for order in erase::orders(commit) {
            let known = EraseOrderRow {
                id: order.id.0,
                scope: chain.scope.clone(),
                commit: row.id,
                seen_from: order.position,
            };
            let new = !tx.is_erase_order(&order.id, &chain.scope)?;
            tx.put_erase_order(&known)?;
            roots.append(&mut self.carry_out(tx, &chain.scope, &order)?);
            if lost && new {
                roots.append(&mut self.give_again(tx, &chain.scope, &order)?);
            }
        }
        Ok(roots)
    }

    /// Gives an order of before a restore from where HQ stands now, or stood then if that is further: so it reaches phones
    /// that had not read it, and acts on what they wrote before and on what was written meanwhile.
    pub(super) fn give_again(&self, tx: &Tx<'_>, scope: &Scope, order: &Order) -> Result<Counted, Error> {
        let entity = Entity::new(kind::ERASE, order.id);
        let mut draft = Draft::plain(entity, field::FACT, erase::to_value(&order.targets));
        if let Some(known) = tx.entity(scope, kind::ERASE, &order.id)? {
            draft.over = references(tx, tx.field(known, field::FACT)?.live.keys())?;
        }
        self.write_as_hq_from(tx, scope, order.by, &[vec![draft]], order.position)
    }

    /// Keeps what an order names and destroys what is here of it.
    pub(super) fn carry_out(&self, tx: &Tx<'_>, scope: &Scope, order: &Order) -> Result<Counted, Error> {
        let mut entities = BTreeSet::new();
        for target in &order.targets {
            let (entity, field) = match target {
                Target::Field { entity, field } => (entity, Some(field.clone())),
                Target::Everything(entity) => (entity, None),
                Target::Photo(sha256) => {
                    tx.erase_photo(sha256, &order.id.0)?;
                    continue;
                }
            };
            let row = EraseTargetRow { field, seen_from: order.position, order: order.id.0 };
            tx.insert_erase_target(scope, entity, &row)?;
            entities.insert(*entity);
        }
        tx.set_scrub_due()?;
        let mut roots = Counted::new();
        for packet in packets_about(tx, scope, &entities)? {
            roots.append(&mut self.strip_stored(tx, scope, packet)?);
        }
        Ok(roots)
    }

    /// Carries out what orders name in a packet whose commits could not be read when it came.
    pub(in crate::service) fn obey_late(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        packet: RowId,
    ) -> Result<(), Error> {
        if tx.has_erase_targets(scope)? && !self.strip_stored(tx, scope, packet)?.is_empty() {
            tx.set_scrub_due()?;
        }
        Ok(())
    }

    /// Destroys in a stored packet what orders name. Live values are read from there.
    fn strip_stored(&self, tx: &Tx<'_>, scope: &Scope, id: RowId) -> Result<Counted, Error> {
        let commits: Vec<Arc<Commit>> = tx.commits_of(id)?.into_iter().map(Arc::new).collect();
        let bytes = tx.packet(id)?.bytes;
        let mut roots = Counted::new();
        let Some(stripped) = strip(tx, scope, &bytes, &commits)? else { return Ok(roots) };
        tx.set_packet_bytes(id, &stripped.bytes)?;
        for commit in &commits {
            let name = commit.hash.short();
            let Some(places) = stripped.destroyed.get(&name) else { continue };
            if let Some(row) = tx.commit(&name)? {
                note(tx, &row, places)?;
            }
            for op in commit.ops() {
                let gone = |(place, _): &(usize, _)| op.value == OpValue::Detached(*place);
                if places.iter().any(gone) {
                    roots.extend(tx.roots_of_entity(scope, &op.entity.id)?);
                }
            }
        }
        Ok(roots)
    }
}

/// Takes out of an arriving packet what orders name, before it is stored. None when that is nothing.
pub(in crate::service) fn arriving(
    read: &Read<'_>,
    scope: &Scope,
    bytes: &[u8],
    commits: &[Arc<Commit>],
) -> Result<Option<Stripped>, Error> {
    if read.has_erase_targets(scope)? { strip(read, scope, bytes, commits) } else { Ok(None) }
}

/// Keeps on record what was destroyed of a commit.
pub(in crate::service) fn note(tx: &Tx<'_>, row: &CommitRow, places: &Places) -> Result<(), Error> {
    for (place, order) in places {
        tx.insert_erased_value(row.chain, row.id, *place, order)?;
    }
    Ok(())
}

/// The packets that may hold values of these things.
fn packets_about(
    read: &Read<'_>,
    scope: &Scope,
    entities: &BTreeSet<EntityId>,
) -> Result<BTreeSet<RowId>, Error> {
    let mut commits = BTreeSet::new();
    for entity in entities {
        commits.extend(read.commits_about(scope, entity)?);
    }
    let mut packets = BTreeSet::new();
    for commit in commits {
        let row = read.commit_by_row(commit)?;
        packets.extend(read.packets_holding(row.chain, row.seq)?);
    }
    Ok(packets)
}

/// Destroys the named values of a run; none when that is nothing.
fn strip(
    read: &Read<'_>,
    scope: &Scope,
    bytes: &[u8],
    commits: &[Arc<Commit>],
) -> Result<Option<Stripped>, Error> {
    let mut destroyed = Destroyed::new();
    let mut targets = HashMap::new();
    for commit in commits {
        let places = named(read, &mut targets, scope, commit)?;
        if !places.is_empty() {
            destroyed.insert(commit.hash.short(), places);
        }
    }
    if destroyed.is_empty() {
        return Ok(None);
    }
    let without = |commit: &Arc<Commit>| match destroyed.get(&commit.hash.short()) {
        Some(places) => commit.erased(&places.iter().map(|(place, _)| *place).collect::<Vec<_>>()),
        None => Commit::clone(commit),
    };
    let commits: Vec<Commit> = commits.iter().map(without).collect();
    let damaged = |_| Error::Internal("a packet that cannot be erased");
    let packet: Packet = Packet::decode(bytes).map_err(damaged)?;
    let repacked = packet.repacked(&commits).map_err(|error: packet::PacketError| damaged(error))?;
    let commits = commits.into_iter().map(Arc::new).collect();
    Ok(Some(Stripped { bytes: repacked.encode(), commits, destroyed }))
}

/// The values of a commit that orders name and that are still there.
fn named(
    read: &Read<'_>,
    known: &mut HashMap<EntityId, Vec<EraseTargetRow>>,
    scope: &Scope,
    commit: &Commit,
) -> Result<Places, Error> {
    let mut places = Places::new();
    for op in commit.ops() {
        let OpValue::Detached(place) = op.value else { continue };
        if commit.detached.value(place).is_none() {
            continue;
        }
        for of in erase::lineage(&op.entity) {
            let targets = match known.entry(of.id) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(read.erase_targets(scope, &of.id)?)
                }
            };
            let acts = |target: &&EraseTargetRow| {
                let field = target.field.as_ref();
                let names = field.is_none_or(|field| of.id == op.entity.id && *field == op.field);
                names && erase::unseen(target.seen_from, commit)
            };
            if let Some(target) = targets.iter().find(acts) {
                places.push((place, target.order));
                break;
            }
        }
    }
    Ok(places)
}

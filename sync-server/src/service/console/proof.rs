//! The evidence behind a visit: its commits with the signed heads over them, and its seals, both checked again now.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{OpValue, Reference};
use xuncha_domain::log::chain::Genesis;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::merge::Stored;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::seal::{self, BasisOp, Seal};
use xuncha_domain::model::{field, kind};

use super::desk::Desk;
use crate::http::types::{CommitRow, SealRow};
use crate::service::rows::{self, Tree};
use crate::service::{Error, Service};
use crate::storage::{self, PacketRow, RowId};

/// Commits of one visit that the console shows; a visit has a handful.
const COMMITS_MAX: u32 = 500;
/// A clock that was further off than this when the phone last met HQ.
const CLOCK_SUSPECT_MS: i64 = 60 * 60 * 1000;

pub(super) struct Evidence {
    pub(super) commits: Vec<CommitRow>,
    pub(super) seals: Vec<SealRow>,
}

/// A stored packet, read and verified again.
struct Checked {
    commits: HashMap<CommitRef, Commit>,
    head_seq: u64,
    head_hash: String,
    signature_valid: bool,
}

impl Service {
    pub(super) fn evidence(&self, desk: &Desk<'_, '_>, tree: &Tree) -> Result<Evidence, Error> {
        let mut packets: HashMap<RowId, Checked> = HashMap::new();
        let mut commits = Vec::new();
        for id in desk.read.commits_touching(tree.root().entity.id, COMMITS_MAX)? {
            let row = desk.read.commit_by_row(id)?;
            let packet = match packets.entry(row.packet) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.check(desk, desk.read.packet(row.packet)?)?),
            };
            commits.push(commit_row(desk, &row, packet)?);
        }
        let whole = packets.into_values().flat_map(|packet| packet.commits).collect();
        let seals = seal_rows(desk, tree, &whole)?;
        Ok(Evidence { commits, seals })
    }

    fn check(&self, desk: &Desk<'_, '_>, row: PacketRow) -> Result<Checked, Error> {
        let chain = desk.chain(row.chain)?;
        let damaged = |_| Error::Internal("a stored packet is damaged");
        let packet = Packet::decode(&row.bytes).map_err(damaged)?;
        let commits =
            packet::link(&packet, packet.unpack().map_err(damaged)?, row.prev_hash).map_err(damaged)?;
        let signature_valid =
            Genesis::verify(&chain.genesis, &self.public_key(), self.city.id).is_ok_and(|genesis| {
                packet::verify_head(&packet, &commits, self.city.id, &genesis.scope, &genesis.certificate.key)
                    .is_ok()
            });
        let last = commits.last().ok_or(Error::Internal("a stored packet is empty"))?;
        Ok(Checked {
            head_seq: last.header.seq,
            head_hash: last.hash.to_string(),
            signature_valid,
            commits: commits.into_iter().map(|commit| (commit.hash.short(), commit)).collect(),
        })
    }
}

fn commit_row(desk: &Desk<'_, '_>, row: &storage::CommitRow, packet: &Checked) -> Result<CommitRow, Error> {
    let chain = desk.chain(row.chain)?;
    let offset_ms = row.clock.map_or(0, |clock| clock.offset_ms);
    Ok(CommitRow {
        commit: row.hash.to_string(),
        chain: chain.name.to_string(),
        seq: row.seq,
        ops: row.ops,
        erased: desk.read.count_erased(row.chain, row.id)?,
        officer_name: desk.officer_name(&row.officer)?,
        device: chain.device.to_string(),
        raw_ms: row.device_ms,
        corrected_ms: row.device_ms.saturating_add(offset_ms),
        uncertainty_ms: row.clock.map(|clock| clock.error_ms),
        received_ms: row.received_ms,
        clock_suspect: offset_ms.saturating_abs() > CLOCK_SUSPECT_MS,
        head_seq: packet.head_seq,
        head_hash: packet.head_hash.clone(),
        signature_valid: packet.signature_valid,
        receipt_position: row.position,
        state: row.state.as_str().to_owned(),
        reason: row.reason.clone(),
        forked: chain.forked,
    })
}

/// An op of a commit with what it replaces, for recomputing a seal.
struct CountedOp<'a> {
    commit: CommitRef,
    entity: &'a xuncha_domain::log::body::Entity,
    field: &'a str,
    over: Vec<CommitRef>,
    value: Stored,
}

fn seal_rows(
    desk: &Desk<'_, '_>,
    tree: &Tree,
    commits: &HashMap<CommitRef, Commit>,
) -> Result<Vec<SealRow>, Error> {
    let visit = tree.root().entity.name;
    let mut rows = Vec::new();
    for thing in tree.of(kind::PRESENCE) {
        for live in thing.fields.get(field::SEAL).into_iter().flat_map(|field| field.live.values()) {
            let Some(seal) = live.value.value().and_then(Seal::from_value) else { continue };
            let covered_by = rows::acts::covered(desk.read, &live.commit, &seal.basis)?;
            let mut basis = covered_by.clone();
            basis.remove(&live.commit);
            let covered = photos_covered(tree, &basis);
            let (mut held, mut erased) = (0, 0);
            for sha256 in &covered {
                held += u32::from(desk.read.blob_size(sha256)?.is_some());
                erased += u32::from(desk.read.photo_erased(sha256)?);
            }
            rows.push(SealRow {
                commit: desk.commit(&live.commit)?.hash.to_string(),
                officer_name: desk.officer_name(&live.officer)?,
                corrected_ms: live.corrected_ms,
                hash_matches: hash_of(desk, visit, commits, &basis)? == Some(seal.hash),
                photos: seal.photos,
                photos_held: held,
                photos_erased: erased,
                after_seal: rows::visit::after(tree, &covered_by),
            });
        }
    }
    rows.sort_by_key(|row| row.corrected_ms);
    Ok(rows)
}

fn photos_covered(tree: &Tree, basis: &BTreeSet<CommitRef>) -> BTreeSet<[u8; 32]> {
    let facts = tree
        .of(kind::PHOTO)
        .filter_map(|thing| thing.fields.get(field::FACT))
        .flat_map(|field| field.live.values());
    facts
        .filter(|live| basis.contains(&live.commit))
        .filter_map(|live| Some(Photo::from_value(live.value.value()?)?.sha256))
        .collect()
}

/// The seal's hash as HQ computes it; none when it lacks a commit of the basis.
fn hash_of(
    desk: &Desk<'_, '_>,
    visit: EntityId,
    commits: &HashMap<CommitRef, Commit>,
    basis: &BTreeSet<CommitRef>,
) -> Result<Option<[u8; 32]>, Error> {
    let mut counted = Vec::new();
    for name in basis {
        let Some(commit) = commits.get(name) else { return Ok(None) };
        let row = desk.commit(name)?;
        let hashes: BTreeMap<usize, [u8; 32]> = commit.detached.hashes().into_iter().enumerate().collect();
        for op in commit.ops().iter().filter(|op| op.entity.root().id == visit) {
            let value = match &op.value {
                OpValue::Plain(value) => Stored::Plain(value.clone()),
                OpValue::Detached(index) => {
                    let Some(hash) = hashes.get(index) else { return Ok(None) };
                    Stored::Detached { hash: *hash, value: commit.detached.value(*index).cloned() }
                }
            };
            let mut over = Vec::new();
            for reference in &op.over {
                match reference {
                    Reference::Other { commit, .. } => over.push(*commit),
                    Reference::Own { seq } => {
                        over.extend(desk.read.ancestor(&row, *seq)?.map(|hash| hash.short()))
                    }
                }
            }
            counted.push(CountedOp { commit: *name, entity: &op.entity, field: &op.field, over, value });
        }
    }
    let ops: Vec<BasisOp<'_>> = counted
        .iter()
        .map(|op| BasisOp {
            commit: op.commit,
            entity: op.entity,
            field: op.field,
            over: &op.over,
            value: &op.value,
        })
        .collect();
    Ok(Some(seal::hash(seal::recompute(visit, &ops))))
}

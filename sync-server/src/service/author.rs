//! HQ as an author: one chain per scope, for the registry, people and teams, resolutions and verdicts.
//!
//! What HQ writes is packed, signed, stored and published like a phone's work, in one transaction.

use std::sync::Arc;

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, DeviceId, OfficerId, Scope, random};
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{Certificate, Continues, Genesis, SuccessorReason};
use xuncha_domain::log::commit::{Commit, Place, Stamp};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{self, Compression, Packet};
use xuncha_domain::time::ClockOffset;

use super::sync::{Counted, append, count};
use super::{Error, Service};
use crate::storage::{ChainRow, CommitState, NewChain, NewPacket, Read, Tx};

/// Ops and bytes after which HQ begins another commit; well below the limits of the format, and one thing more fits.
const COMMIT_OPS: usize = 1_000;
const COMMIT_BYTES: usize = 64 * 1024;

/// One op as HQ means it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) entity: Entity,
    pub(super) field: String,
    pub(super) value: Value,
    /// A value that can be erased.
    pub(super) personal: bool,
    pub(super) over: Vec<Reference>,
}

impl Draft {
    pub(super) fn plain(entity: Entity, field: &str, value: Value) -> Self {
        Self { entity, field: field.to_owned(), value, personal: false, over: Vec::new() }
    }

    pub(super) fn personal(entity: Entity, field: &str, value: Value) -> Self {
        Self { personal: true, ..Self::plain(entity, field, value) }
    }

    fn size(&self) -> usize {
        self.value.encode().len() + self.field.len() + 64 + self.over.len() * 48
    }
}

impl Service {
    /// Who writes when no console user does: HQ itself.
    pub(super) fn hq_officer(&self) -> OfficerId {
        OfficerId(self.city.id.0)
    }

    /// Writes into HQ's chain of a scope. What belongs together (one inner list) stays in one commit.
    pub(super) fn write_as_hq(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        by: OfficerId,
        things: &[Vec<Draft>],
    ) -> Result<Counted, Error> {
        self.write_as_hq_from(tx, scope, by, things, 0)
    }

    /// The same, from a feed position of before a restore when that is higher than today's.
    pub(super) fn write_as_hq_from(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        by: OfficerId,
        things: &[Vec<Draft>],
        position: u64,
    ) -> Result<Counted, Error> {
        let chain = self.hq_chain(tx, scope)?;
        let commits = self.commits(tx, &chain, by, things, position)?;
        let mut rest = commits.as_slice();
        let mut counted = Counted::new();
        while !rest.is_empty() {
            let (run, more) = rest.split_at(packet::fitting(rest).min(rest.len()));
            counted.append(&mut self.publish_own(tx, &chain, run)?);
            rest = more;
        }
        Ok(counted)
    }

    fn hq_chain(&self, tx: &Tx<'_>, scope: &Scope) -> Result<ChainRow, Error> {
        let end = tx.feed_end(scope)?;
        let older = end.hq_chain.map(|chain| tx.chain_by_row(chain)).transpose()?;
        let continues = match older {
            Some(chain) if !end.hq_closed => return Ok(chain),
            Some(chain) => {
                let tip = tx.tips(chain.id)?.into_iter().next();
                let (seq, head) = tip.map_or((0, chain.genesis_hash), |tip| (tip.seq, tip.hash));
                Some(Continues { chain: chain.name, seq, head, reason: SuccessorReason::Restored })
            }
            None => None,
        };
        let device = DeviceId(self.city.id.0);
        let certificate = Certificate::issue(
            &self.key,
            self.city.id,
            device,
            self.public_key(),
            self.hq_officer(),
            self.clock.now_ms(),
        )
        .map_err(|_| Error::Internal("certificate"))?;
        let genesis = Genesis::new(random(&*self.entropy), scope.clone(), certificate, continues);
        let chain = tx.insert_chain(&NewChain {
            name: genesis.chain(),
            scope,
            device,
            genesis: genesis.as_bytes(),
            genesis_hash: genesis.hash(),
        })?;
        tx.set_hq_chain(scope, chain)?;
        Ok(tx.chain_by_row(chain)?)
    }

    fn commits(
        &self,
        tx: &Tx<'_>,
        chain: &ChainRow,
        by: OfficerId,
        things: &[Vec<Draft>],
        position: u64,
    ) -> Result<Vec<Commit>, Error> {
        let stamp = Stamp {
            officer: by,
            device_ms: self.clock.now_ms(),
            // HQ's clock is the one that the others are measured against.
            clock: Some(ClockOffset { offset_ms: 0, error_ms: 0 }),
            boot: self.clock.boot_id(),
            monotonic_ms: self.clock.monotonic_ms(),
            feed_position: tx.feed_end(&chain.scope)?.position.max(position),
        };
        let tip = tx.tips(chain.id)?.into_iter().next();
        let mut place = Place {
            chain: chain.name,
            seq: tip.as_ref().map_or(1, |tip| tip.seq + 1),
            prev: tip.as_ref().map_or(chain.genesis_hash, |tip| tip.hash),
        };
        let mut commits = Vec::new();
        for things in split(things) {
            let (ops, values) = ops(things);
            let detached = Detached::new(random(&*self.entropy), values);
            let commit = Commit::write(place, &stamp, &ops, detached)
                .map_err(|_| Error::BadRequest("more text than one entry can hold"))?;
            place.seq += 1;
            place.prev = commit.hash;
            commits.push(commit);
        }
        Ok(commits)
    }

    fn publish_own(&self, tx: &Tx<'_>, chain: &ChainRow, commits: &[Commit]) -> Result<Counted, Error> {
        let (Some(first), Some(last)) = (commits.first(), commits.last()) else { return Ok(Counted::new()) };
        let head = Head {
            city: self.city.id,
            scope: chain.scope.clone(),
            chain: chain.name,
            seq: last.header.seq,
            hash: last.hash,
        };
        let signature = head.sign(&self.key).map_err(|_| Error::Internal("signature"))?;
        let genesis = (first.header.seq == 1).then_some(chain.genesis.as_slice());
        let packet = Packet::pack(genesis, commits, signature, Compression::Zstd)
            .map_err(|_| Error::Internal("an own packet over a limit"))?;
        let now_ms = self.clock.now_ms();
        let packet = tx.insert_packet(&NewPacket {
            chain: chain.id,
            from_seq: first.header.seq,
            to_seq: last.header.seq,
            prev_hash: first.header.prev,
            head_hash: last.hash,
            sender: chain.device,
            received_ms: now_ms,
            fed: false,
            bytes: &packet.encode(),
        })?;
        let mut rows = Vec::new();
        let mut parent = match first.header.seq {
            1 => None,
            _ => tx.commit(&first.header.prev.short())?.map(|row| row.id),
        };
        for commit in commits {
            let row = tx.insert_commit(commit, chain.id, parent, packet, now_ms)?;
            parent = Some(row);
            rows.push(tx.commit_by_row(row)?);
        }
        let end = append(tx, chain, packet, &rows)?;
        let mut counted = Counted::new();
        for ((row, commit), position) in rows.iter().zip(commits).zip(end - rows.len() as u64 + 1..) {
            tx.set_judged(row.id, CommitState::Applied, None, position)?;
            tx.keep(row.id, &Arc::new(commit.clone()));
            counted.append(&mut count(tx, chain, row, commit)?);
            let row = tx.commit_by_row(row.id)?;
            counted.append(&mut self.obey(tx, chain, &row, commit, false)?);
        }
        Ok(counted)
    }
}

/// Names commits from another chain.
///
/// # Errors
/// [`Error::BadRequest`] for one that HQ does not have.
pub(super) fn references<'a>(
    read: &Read<'_>,
    commits: impl IntoIterator<Item = &'a CommitRef>,
) -> Result<Vec<Reference>, Error> {
    let mut references = Vec::new();
    for commit in commits {
        let row = read.commit(commit)?.ok_or(Error::BadRequest("a commit that HQ does not have"))?;
        let chain = read.chain_by_row(row.chain)?.name;
        references.push(Reference::Other { chain, seq: row.seq, commit: *commit });
    }
    Ok(references)
}

/// Runs of things that fit into one commit each.
fn split(things: &[Vec<Draft>]) -> impl Iterator<Item = &[Vec<Draft>]> {
    let mut rest = things;
    std::iter::from_fn(move || {
        let (mut ops, mut bytes) = (0, 0);
        let fits = |thing: &&Vec<Draft>| {
            ops += thing.len();
            bytes += thing.iter().map(Draft::size).sum::<usize>();
            ops <= COMMIT_OPS && bytes <= COMMIT_BYTES
        };
        let taken = rest.iter().take_while(fits).count().max(1);
        let (run, more) = rest.split_at_checked(taken)?;
        rest = more;
        Some(run)
    })
}

fn ops(things: &[Vec<Draft>]) -> (Vec<Op>, Vec<Value>) {
    let mut values = Vec::new();
    let ops = things.iter().flatten().map(|draft| Op {
        entity: draft.entity.clone(),
        field: draft.field.clone(),
        value: if draft.personal {
            values.push(draft.value.clone());
            OpValue::Detached(values.len() - 1)
        } else {
            OpValue::Plain(draft.value.clone())
        },
        before_s: 0,
        over: draft.over.clone(),
    });
    let ops = ops.collect();
    (ops, values)
}

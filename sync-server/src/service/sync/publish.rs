//! Judges what is stored, gives it its place in the feed, and counts it.
//!
//! One short transaction does all of it for a batch and may be repeated: a reader at position N never misses a commit
//! that shows up later below N, because positions are given in the transaction that makes them visible, one at a time.

use std::collections::{BTreeSet, HashMap};

use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{OpValue, Reference};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::merge::{Field, Live, Stored};
use xuncha_domain::model::{field, verdict};
use xuncha_domain::protocol::v1::sync::roll;

use super::judge::{Author, judge};
use super::verdicts::Judgement;
use crate::service::author::Draft;
use crate::service::{Error, Service};
use crate::storage::{ChainRow, CommitRow, CommitState, Read, RowId, RunRow, SettledRow, Tx};

/// Commits judged in one transaction: a full packet of small ones. Others wait for the lock no longer than that.
const BATCH: u32 = 4_096;

/// Roots of the things that a batch changed.
pub(in crate::service) type Counted = BTreeSet<RowId>;

/// Commits at hand, by name.
pub(in crate::service) type Unpacked = HashMap<CommitRef, Commit>;

impl Service {
    /// Publishes everything that is stored. Breakage here must not cost a receipt: it is logged, and the next sync, or
    /// the next start, tries again. What is not `at_hand` is unpacked from its stored packet.
    pub(in crate::service) fn publish_all(&self, at_hand: &Unpacked) {
        loop {
            match self.storage.write(|tx| self.publish_batch(tx, at_hand)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "stored commits cannot be published");
                    break;
                }
            }
        }
        self.scrub_if_due();
    }

    fn publish_batch(&self, tx: &Tx<'_>, at_hand: &Unpacked) -> Result<usize, Error> {
        let rows = tx.unjudged(BATCH)?;
        let mut counted = Counted::new();
        for run in rows.chunk_by(|a, b| a.packet == b.packet && a.seq + 1 == b.seq) {
            self.publish_run(tx, run, at_hand, &mut counted)?;
        }
        self.project(tx, &counted)?;
        Ok(rows.len())
    }

    fn publish_run(
        &self,
        tx: &Tx<'_>,
        rows: &[CommitRow],
        at_hand: &Unpacked,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let Some(first) = rows.first() else { return Ok(()) };
        let chain = tx.chain_by_row(first.chain)?;
        let stored;
        // Where orders act, what lies in the database counts: an order may have come since these were unpacked.
        let at_hand_is_whole = !tx.has_erase_targets(&chain.scope)?
            && rows.iter().all(|row| at_hand.contains_key(&row.hash.short()));
        let commits = if at_hand_is_whole {
            at_hand
        } else {
            stored = self.unpack(tx, first.packet)?;
            &stored
        };
        let restored = tx.was_restored()?;
        let mut judged = Vec::new();
        for row in rows {
            let commit =
                commits.get(&row.hash.short()).ok_or(Error::Internal("a commit is not in its packet"))?;
            let reason = judge(&self.author(tx, &chain, row)?, commit);
            judged.push((
                row,
                commit,
                if restored { self.as_said(tx, &chain, row, reason)? } else { reason.into() },
            ));
        }
        // Verdicts go first, so that a phone knows what is held before it sees it.
        let verdicts: Vec<Vec<Draft>> = judged
            .iter()
            .filter_map(|(row, _, judgement)| match judgement {
                Judgement::Held { reason, said: false } => {
                    let value = verdict::to_value(false, *reason);
                    Some(vec![Draft::plain(verdict::entity(&row.hash), field::FACT, value)])
                }
                _ => None,
            })
            .collect();
        if !verdicts.is_empty() {
            counted.append(&mut self.write_as_hq(tx, &chain.scope, self.hq_officer(), &verdicts)?);
        }
        let end = append(tx, &chain, first.packet, rows)?;
        for ((row, commit, judgement), position) in judged.into_iter().zip(end - rows.len() as u64 + 1..) {
            let said = match judgement {
                Judgement::Held { reason, .. } => {
                    tx.set_judged(row.id, CommitState::Held, Some(reason.as_str()), position)?;
                    continue;
                }
                Judgement::Applied => None,
                Judgement::AppliedAfterAll(reason) => {
                    counted.append(&mut self.say_applied(tx, &chain, &row.hash, reason)?);
                    Some(reason.as_str())
                }
            };
            tx.set_judged(row.id, CommitState::Applied, said, position)?;
            counted.append(&mut count(tx, &chain, row, commit)?);
            counted.append(&mut self.obey(tx, &chain, row, commit, restored)?);
            if restored {
                self.settle_verdicts(tx, &chain, commit, counted)?;
            }
        }
        Ok(())
    }

    /// What judging needs to know about who wrote a commit.
    pub(super) fn author(&self, tx: &Tx<'_>, chain: &ChainRow, row: &CommitRow) -> Result<Author, Error> {
        let closed_ms = tx.device(&chain.device.0)?.and_then(|device| device.closed_ms);
        let closed = closed_ms.is_some_and(|closed_ms| closed_ms <= row.received_ms);
        Ok(Author {
            is_hq: chain.device.0 == self.city.id.0,
            // What HQ once published was there before; that it was lost meanwhile changes nothing.
            closed: closed && !tx.packet_fed(row.packet)?,
        })
    }

    /// The commits of a stored packet. They were verified when they came; bytes that changed since are breakage.
    pub(in crate::service) fn unpack(&self, read: &Read<'_>, packet: RowId) -> Result<Unpacked, Error> {
        let row = read.packet(packet)?;
        let damaged = |_| Error::Internal("a stored packet is damaged");
        let packet = Packet::decode(&row.bytes).map_err(damaged)?;
        let loose = packet.unpack().map_err(damaged)?;
        let commits = packet::link(&packet, loose, row.prev_hash).map_err(damaged)?;
        Ok(commits.into_iter().map(|commit| (commit.hash.short(), commit)).collect())
    }
}

/// Appends commits that follow each other to their scope's feed. Returns the position of the last.
pub(in crate::service) fn append(
    tx: &Tx<'_>,
    chain: &ChainRow,
    packet: RowId,
    rows: &[CommitRow],
) -> Result<u64, Error> {
    let end = tx.feed_end(&chain.scope)?;
    let position = end.position + rows.len() as u64;
    tx.append_run(
        &chain.scope,
        &RunRow {
            position,
            rolling: rows.iter().fold(end.rolling, |rolling, row| roll(rolling, &row.hash)),
            packet,
            chain: chain.id,
            from_seq: rows.first().map_or(0, |row| row.seq),
            count: u32::try_from(rows.len()).map_err(|_| Error::Internal("a run is too long"))?,
        },
    )?;
    Ok(position)
}

/// Counts a commit: its ops become live and replace what they name. Returns the roots of what it touched.
pub(in crate::service) fn count(
    tx: &Tx<'_>,
    chain: &ChainRow,
    row: &CommitRow,
    commit: &Commit,
) -> Result<Counted, Error> {
    let name = commit.hash.short();
    let hashes = commit.detached.hashes();
    let mut roots = Counted::new();
    let mut entities: HashMap<(u16, EntityId), RowId> = HashMap::new();
    for op in commit.ops() {
        let entity = match entities.get(&(op.entity.kind, op.entity.id)) {
            Some(entity) => *entity,
            None => {
                let entity = tx.entity_row(&chain.scope, &op.entity)?;
                roots.insert(tx.entity_by_row(entity)?.root.unwrap_or(entity));
                entities.insert((op.entity.kind, op.entity.id), entity);
                entity
            }
        };
        let value = match &op.value {
            OpValue::Plain(value) => Stored::Plain(value.clone()),
            OpValue::Detached(index) => Stored::Detached {
                hash: *hashes.get(*index).ok_or(Error::Internal("a detached value is missing"))?,
                value: commit.detached.value(*index).cloned(),
            },
        };
        let live =
            Live { commit: name, value, officer: row.officer, corrected_ms: commit.op_corrected_ms(op) };
        let over = resolve(tx, row, &op.over)?;
        count_op(tx, entity, &op.field, live, &over)?;
    }
    tx.settle_dead(&name)?;
    for root in &roots {
        tx.touch(*root, row.id)?;
    }
    Ok(roots)
}

/// The commits that an op names; a number that no ancestor has names nothing.
pub(in crate::service) fn resolve(
    read: &Read<'_>,
    row: &CommitRow,
    over: &[Reference],
) -> Result<Vec<CommitRef>, Error> {
    let mut names = Vec::new();
    for reference in over {
        match reference {
            Reference::Other { commit, .. } => names.push(*commit),
            Reference::Own { seq } => names.extend(read.ancestor(row, *seq)?.map(|hash| hash.short())),
        }
    }
    Ok(names)
}

/// Runs the merge over one field and writes what it changed.
fn count_op(tx: &Tx<'_>, entity: RowId, name: &str, live: Live, over: &[CommitRef]) -> Result<(), Error> {
    let commit = live.commit;
    let mut field = tx.field(entity, name)?;
    note_settled(tx, entity, name, &field, &live, over)?;
    let mut counted = BTreeSet::new();
    for replaced in over {
        if field.live.contains_key(replaced) {
            tx.remove_live(entity, name, replaced)?;
        } else if tx.applied(replaced)? {
            counted.insert(*replaced);
        }
    }
    if tx.is_dead(entity, name, &commit)? {
        field.dead.insert(commit);
    }
    field.count(live, over, |replaced| counted.contains(replaced));
    for awaited in &field.dead {
        tx.insert_dead(entity, name, awaited)?;
    }
    if let Some(live) = field.live.get(&commit) {
        tx.insert_live(entity, name, live)?;
    }
    Ok(())
}

/// An op over live ops of different values settles a conflict.
fn note_settled(
    tx: &Tx<'_>,
    entity: RowId,
    name: &str,
    field: &Field,
    live: &Live,
    over: &[CommitRef],
) -> Result<(), Error> {
    let mut replaced = over.iter().filter_map(|commit| field.live.get(commit)?.value.value());
    let first = replaced.next();
    if first.is_none_or(|first| replaced.all(|value| value == first)) {
        return Ok(());
    }
    let root = tx.entity_by_row(entity)?.root.unwrap_or(entity);
    let row = SettledRow { root, entity, field: name.to_owned(), commit: live.commit };
    Ok(tx.put_settled(&row, live.corrected_ms)?)
}

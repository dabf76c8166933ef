//! Judges what is stored, gives it its place in the feed, and counts it.
//!
//! One short transaction does all of it for a batch and may be repeated: a reader at position N never misses a commit
//! that shows up later below N, because positions are given in the transaction that makes them visible, one at a time.

use std::collections::{BTreeMap, BTreeSet};

use cpu_time::ThreadTime;
use xuncha_domain::ids::CommitRef;
use xuncha_domain::log::body::{Entity, Op, Reference};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::Field;
use xuncha_domain::model::{field, verdict};
use xuncha_domain::protocol::v1::sync::roll;

use super::judge::{Author, judge};
use super::receive::AtHand;
use super::verdicts::Judgement;
use crate::service::author::Draft;
use crate::service::{Error, Service};
use crate::storage::{ChainRow, CommitRow, CommitState, Read, Root, RowId, RunRow, SettledRow, Things, Tx};

/// Commits judged in one transaction: a full packet of small ones. Others wait for the lock no longer than that.
const BATCH: u32 = 4_096;

/// Roots of the things that a batch changed.
pub(in crate::service) type Counted = BTreeSet<RowId>;

impl Service {
    /// Publishes everything that is stored. Breakage here must not cost a receipt: it is logged, and the next sync, or
    /// the next start, tries again. What is not at hand is unpacked from its stored packet.
    pub fn publish_all(&self) {
        loop {
            match self.storage.write(|tx| self.publish_batch(tx, &AtHand::new())) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "stored commits cannot be published");
                    break;
                }
            }
        }
        self.scrub_if_due();
    }

    /// Publishes what the transaction has just stored. Returns whether nothing is left to publish.
    pub(super) fn publish_stored(&self, tx: &Tx<'_>, stored: &AtHand) -> Result<bool, Error> {
        let cpu = tracing::enabled!(tracing::Level::DEBUG).then(ThreadTime::now);
        let all = self.publish_batch(tx, stored)?;
        if let Some(cpu) = cpu {
            // What this took is told apart from what receiving took.
            let publish_cpu_us = cpu.elapsed().as_micros();
            tracing::debug!(commits = stored.len(), publish_cpu_us, "published");
        }
        Ok(all)
    }

    /// Returns whether nothing is left.
    fn publish_batch(&self, tx: &Tx<'_>, at_hand: &AtHand) -> Result<bool, Error> {
        let rows = tx.unjudged(BATCH)?;
        let mut counted = Counted::new();
        for run in rows.chunk_by(|a, b| a.packet == b.packet && a.seq + 1 == b.seq) {
            self.publish_run(tx, run, at_hand, &mut counted)?;
        }
        self.project(tx, &counted)?;
        Ok(rows.len() < BATCH as usize)
    }

    fn publish_run(
        &self,
        tx: &Tx<'_>,
        rows: &[CommitRow],
        at_hand: &AtHand,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let Some(first) = rows.first() else { return Ok(()) };
        let chain = tx.chain_by_row(first.chain)?;
        // Where orders act, what lies in the database counts: an order may have come since these were unpacked.
        let erased = tx.has_erase_targets(&chain.scope)?;
        let author = self.author(tx, &chain, first.packet)?;
        let restored = tx.was_restored()?;
        let mut judged = Vec::new();
        for row in rows {
            if !erased && let Some(commit) = at_hand.get(&row.id) {
                tx.keep(row.id, commit);
            }
            let commit = tx.whole(row.id)?;
            let reason = judge(&author, row.received_ms, &commit);
            let judgement = if restored { self.as_said(tx, &chain, row, reason)? } else { reason.into() };
            judged.push((row, commit, judgement));
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
            counted.append(&mut count(tx, &chain, row, &commit)?);
            counted.append(&mut self.obey(tx, &chain, row, &commit, restored)?);
            if restored {
                self.settle_verdicts(tx, &chain, &commit, counted)?;
            }
        }
        Ok(())
    }

    /// What judging needs to know about who wrote the commits of a packet.
    pub(super) fn author(&self, tx: &Tx<'_>, chain: &ChainRow, packet: RowId) -> Result<Author, Error> {
        let closed_ms = tx.device(&chain.device.0)?.and_then(|device| device.closed_ms);
        Ok(Author {
            is_hq: chain.device.0 == self.city.id.0,
            // What HQ once published was there before; that it was lost meanwhile changes nothing.
            closed_ms: if tx.packet_fed(packet)? { None } else { closed_ms },
        })
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
    let awaiting = tx.awaiting(&name)?;
    let mut things = Things::new(tx, &chain.scope);
    let mut touched: BTreeMap<Root, Vec<bool>> = BTreeMap::new();
    let mut last: Option<(&Entity, RowId, Root)> = None;
    for op in commit.ops() {
        // Answer follows answer on one visit.
        let (entity, root) = match last {
            Some((of, entity, root)) if of.id == op.entity.id && of.kind == op.entity.kind => (entity, root),
            _ => {
                let (entity, id) = things.rows(&op.entity)?;
                let of = op.entity.root();
                (entity, Root { id, kind: of.kind, name: of.id })
            }
        };
        last = Some((&op.entity, entity, root));
        let awaited = !awaiting.is_empty() && awaiting.contains(&(entity, op.field.clone()));
        let live = count_op(tx, row, (&root, entity), commit, op, awaited)?;
        touched.entry(root).or_default().push(live);
    }
    if !awaiting.is_empty() {
        tx.settle_dead(&name)?;
    }
    for (root, live) in &touched {
        tx.touch(root.id, row.id, live)?;
    }
    Ok(touched.into_keys().map(|root| root.id).collect())
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

/// Runs the merge over what an op can change of its field. Returns whether the op is live.
fn count_op(
    tx: &Tx<'_>,
    row: &CommitRow,
    (root, entity): (&Root, RowId),
    commit: &Commit,
    op: &Op,
    awaited: bool,
) -> Result<bool, Error> {
    // Replaces nothing, and nothing that was counted replaces it: nearly every op.
    if op.over.is_empty() && !awaited {
        return Ok(true);
    }
    let name = commit.hash.short();
    let over = resolve(tx, row, &op.over)?;
    let mut field = Field::default();
    let mut counted = BTreeMap::new();
    for replaced in &over {
        if let Some(id) = tx.applied(replaced)? {
            counted.insert(*replaced, id);
            if let Some(live) = tx.live_at(root, id, op)? {
                field.live.insert(live);
            }
        }
    }
    note_settled(tx, (root, entity), &field, commit, op)?;
    let before = field.live.clone();
    if awaited {
        field.dead.insert(name);
    }
    field.count(commit.live_op(op), &over, |replaced| counted.contains_key(replaced));
    for gone in before.keys().filter(|gone| !field.live.contains_key(gone)) {
        if let Some(id) = counted.get(gone) {
            tx.bury(root, *id, op)?;
        }
    }
    for awaited in &field.dead {
        tx.insert_dead(entity, &op.field, awaited)?;
    }
    Ok(field.live.contains_key(&name))
}

/// An op over live ops of different values settles a conflict.
fn note_settled(
    tx: &Tx<'_>,
    (root, entity): (&Root, RowId),
    replaced: &Field,
    commit: &Commit,
    op: &Op,
) -> Result<(), Error> {
    let mut values = replaced.live.values().filter_map(|live| live.value.value());
    let first = values.next();
    if first.is_none_or(|first| values.all(|value| value == first)) {
        return Ok(());
    }
    let row = SettledRow { root: root.id, entity, field: op.field.clone(), commit: commit.hash.short() };
    Ok(tx.put_settled(&row, commit.op_corrected_ms(op))?)
}

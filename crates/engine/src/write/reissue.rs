//! What can never be sent as it is gets written again, op by op and under the same entity ids, on a successor chain: when
//! the key of a chain is gone, so that nobody can sign its head any more, and when a commit that others follow is damaged or
//! lost. What is written again replaces the original: another copy of the phone, or a hub, may still bring it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CommitRef, EntityId, Scope, random};
use xuncha_domain::limits;
use xuncha_domain::log::body::{Op, OpValue, Reference};
use xuncha_domain::log::chain::{Genesis, SuccessorReason};
use xuncha_domain::log::commit::{Commit, Stamp};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::merge::Stored;
use xuncha_domain::model::basis::Basis;
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::{field, visit};

use super::Pen;
use super::aside::{Drawn, Gone, ours};
use super::commit::{append, entity, named, references, writing_chain};
use super::seal::{seal_op, sealed_visit};
use crate::error::Result;
use crate::store::chains::ChainRow;
use crate::store::values::Col;
use crate::store::{chains, log, renamed, rows, salvaged};

/// Closes every chain that another key started, and writes what HQ does not have of it again, unless it was signed while
/// the key was there. The pen holds the certificate of the new key. The old commits stay in the database. True when
/// anything was written.
pub fn reissue(connection: &Connection, pen: &Pen<'_>) -> Result<bool> {
    let mut lost = Vec::new();
    for chain in chains::mine(connection)? {
        if chain.device == pen.enrolment.certificate.device || !ours(pen, &chain) {
            continue;
        }
        chains::close(connection, chain.id, SuccessorReason::KeyMismatch)?;
        // A phone holds days of unsent work at most; all of it is moved at once.
        for mut branch in log::branches(log::unreceived(connection, chain.id, usize::MAX >> 1)?) {
            let mut signed = 0;
            for (length, commit) in (1..).zip(&branch) {
                if log::signature(connection, commit.hash.short())?.is_some() {
                    signed = length;
                }
            }
            lost.extend(
                branch.drain(signed..).map(|commit| Again::Whole(chain.scope.clone(), Box::new(commit))),
            );
        }
    }
    if lost.is_empty() {
        return Ok(false);
    }
    write_again(connection, pen, lost, Gone::default())?;
    salvaged::drop_loose(connection)?;
    Ok(true)
}

/// After a recovery: closes every chain of ours, because its end may be among what was lost, and writes again what follows
/// a lost commit. What others wrote, and what HQ has of ours, comes back by itself.
pub fn reissue_damaged(connection: &Connection, pen: &Pen<'_>) -> Result<()> {
    for chain in chains::mine(connection)? {
        chains::close(connection, chain.id, SuccessorReason::Damaged)?;
    }
    let lost = salvaged::loose_unsent(connection)?.into_iter();
    let lost = lost.map(|(scope, commit)| Again::Whole(scope, Box::new(commit))).collect();
    write_again(connection, pen, lost, Gone::default())?;
    salvaged::drop_loose(connection)
}

/// What is written again.
pub(super) enum Again {
    Whole(Scope, Box<Commit>),
    /// Of a commit that cannot be read, what screens drew from it.
    Drawn(Drawn),
}

impl Again {
    fn scope(&self) -> &Scope {
        match self {
            Self::Whole(scope, _) => scope,
            Self::Drawn(drawn) => &drawn.scope,
        }
    }

    pub(super) fn chain(&self) -> ChainId {
        match self {
            Self::Whole(_, commit) => commit.header.chain,
            Self::Drawn(drawn) => drawn.chain,
        }
    }

    fn seq(&self) -> u64 {
        match self {
            Self::Whole(_, commit) => commit.header.seq,
            Self::Drawn(drawn) => drawn.seq,
        }
    }

    fn commit(&self) -> CommitRef {
        match self {
            Self::Whole(_, commit) => commit.hash.short(),
            Self::Drawn(drawn) => drawn.commit,
        }
    }

    pub(super) fn fields(&self) -> Vec<(EntityId, String)> {
        match self {
            Self::Whole(_, commit) => {
                commit.ops().iter().map(|op| (op.entity.id, op.field.clone())).collect()
            }
            Self::Drawn(drawn) => {
                drawn.live.iter().map(|(entity, field, _)| (*entity, field.clone())).collect()
            }
        }
    }
}

pub(super) fn write_again(
    connection: &Connection,
    pen: &Pen<'_>,
    mut lost: Vec<Again>,
    gone: Gone,
) -> Result<()> {
    for again in &lost {
        connection
            .prepare_cached("UPDATE log SET reissued = 1 WHERE ref = ?1")?
            .execute([Col(again.commit())])?;
    }
    // In the order in which they were made, whatever chain they were on: a replacement follows what it replaces. Clocks
    // jump, so the order of the chains tells it and not the time.
    let mut generations = BTreeMap::new();
    for chain in lost.iter().map(Again::chain) {
        if let Entry::Vacant(entry) = generations.entry(chain) {
            entry.insert(generation(connection, pen, chain)?);
        }
    }
    lost.sort_by_key(|again| (generations.get(&again.chain()).copied(), again.chain(), again.seq()));
    let touched = log::recount(connection)?;
    let mut writing = Writing { connection, pen, renamed: Renamed::new(), gone };
    for again in &lost {
        writing.write(again)?;
    }
    rows::refresh(connection, &touched)
}

/// How many chains of ours a chain continues, one after the other.
fn generation(connection: &Connection, pen: &Pen<'_>, chain: ChainId) -> Result<usize> {
    let (mut generation, mut at) = (0, chain);
    while let Some(row) = chains::get(connection, at)?
        && let Ok(genesis) = Genesis::verify(&row.genesis, &pen.enrolment.hq_key, pen.enrolment.city)
        && let Some(continues) = genesis.continues
    {
        (generation, at) = (generation + 1, continues.chain);
    }
    Ok(generation)
}

type Renamed = BTreeMap<CommitRef, (ChainId, u64, CommitRef)>;

struct Writing<'a> {
    connection: &'a Connection,
    pen: &'a Pen<'a>,
    /// Where each commit was, and what it is now.
    renamed: Renamed,
    gone: Gone,
}

impl Writing<'_> {
    fn write(&mut self, again: &Again) -> Result<()> {
        let chain = writing_chain(self.connection, self.pen, again.scope())?;
        let (stamp, ops, detached) = match again {
            Again::Whole(_, commit) => {
                let (ops, detached) = self.whole(&chain, commit)?;
                (commit.stamp(), ops, detached)
            }
            Again::Drawn(drawn) => self.drawn(&chain, drawn)?,
        };
        // Erased meanwhile: there is nothing left to write again.
        if ops.is_empty() {
            return Ok(());
        }
        let new = append(self.connection, &chain, &stamp, &ops, detached)?;
        self.renamed.insert(again.commit(), (again.chain(), again.seq(), new));
        self.gone.renamed(again.commit(), new);
        renamed::note(self.connection, again.commit(), new)
    }

    fn new_ref(&self, old: CommitRef) -> CommitRef {
        self.renamed.get(&old).map_or(old, |(.., new)| *new)
    }

    /// The new name of a commit on a branch; none when it cannot be found any more.
    fn own(&self, from: Option<&Commit>, chain: ChainId, seq: u64) -> Result<Option<CommitRef>> {
        let found = match from {
            Some(commit) => log::ancestor(self.connection, commit, seq)?,
            None => log::at(self.connection, chain, seq)?,
        };
        let moved = || self.renamed.values().find(|(of, at, _)| (*of, *at) == (chain, seq));
        Ok(found.map(|old| self.new_ref(old)).or_else(|| moved().map(|(.., new)| *new)))
    }

    /// What an op replaces now. It names itself, too: a hub may still bring to HQ what it was before.
    fn over(
        &self,
        chain: &ChainRow,
        (entity, field): (EntityId, &str),
        itself: Reference,
        old: &[Option<CommitRef>],
    ) -> Result<Vec<Reference>> {
        let mut over: Vec<CommitRef> = old.iter().flatten().copied().collect();
        if old.iter().any(|name| name.is_none_or(|name| self.gone.commits.contains(&name))) {
            over.retain(|name| !self.gone.commits.contains(name));
            over.extend(self.gone.revived(self.connection, entity, field)?);
        }
        over.sort_unstable();
        over.dedup();
        // A commit that names one twice is none, and two names of what is gone may mean one place.
        let mut names = Vec::new();
        for name in references(self.connection, chain, &over)?.iter().chain(self.gone.dead(entity, field)) {
            if *name != itself && !names.contains(name) {
                names.push(*name);
            }
        }
        names.truncate(limits::OVER_MAX - 1);
        names.push(itself);
        Ok(names)
    }

    fn whole(&self, chain: &ChainRow, commit: &Commit) -> Result<(Vec<Op>, Detached)> {
        let header = &commit.header;
        let itself = Reference::Other { chain: header.chain, seq: header.seq, commit: commit.hash.short() };
        let mut personal = Vec::new();
        let mut ops = Vec::with_capacity(commit.ops().len());
        for op in commit.ops() {
            let mut old = Vec::new();
            for reference in &op.over {
                old.push(match reference {
                    Reference::Other { commit, .. } => Some(self.new_ref(*commit)),
                    Reference::Own { seq } => self.own(Some(commit), header.chain, *seq)?,
                });
            }
            let over = self.over(chain, (op.entity.id, &op.field), itself, &old)?;
            if let Some(visit_id) = sealed_visit(commit) {
                ops.push(Op { over, ..self.seal(chain, visit_id)? });
                continue;
            }
            let value = match &op.value {
                OpValue::Plain(value) if op.field == field::RETRACTED => {
                    OpValue::Plain(self.retraction(chain, value, Some(commit), header.chain)?)
                }
                OpValue::Plain(value) => OpValue::Plain(value.clone()),
                OpValue::Detached(index) => match commit.detached.value(*index) {
                    Some(value) => {
                        personal.push(value.clone());
                        OpValue::Detached(personal.len() - 1)
                    }
                    // Erased meanwhile.
                    None => continue,
                },
            };
            ops.push(Op { over, value, ..op.clone() });
        }
        Ok((ops, Detached::new(random(self.pen.entropy), personal)))
    }

    fn drawn(&self, chain: &ChainRow, drawn: &Drawn) -> Result<(Stamp, Vec<Op>, Detached)> {
        let itself = Reference::Other { chain: drawn.chain, seq: drawn.seq.max(1), commit: drawn.commit };
        // The header is not believed either, but when it was made is known from what was drawn.
        let made = drawn.live.iter().map(|(.., live)| (live.corrected_ms, live.officer)).max();
        let (made_ms, officer) = made.unwrap_or((self.pen.clock.now_ms(), self.pen.enrolment.officer()));
        let offset_ms = self.pen.offset.map_or(0, |clock| clock.offset_ms);
        let mut personal = Vec::new();
        let mut ops = Vec::with_capacity(drawn.live.len());
        for (id, name, live) in &drawn.live {
            // What it replaced is not known any more; it replaces again what came to life without it.
            let over = self.over(chain, (*id, name), itself, &[None])?;
            let entity = entity(self.connection, *id)?;
            let value = match &live.value {
                Stored::Plain(_) if name == field::SEAL => {
                    ops.push(Op { over, ..self.seal(chain, entity.root().id)? });
                    continue;
                }
                Stored::Plain(value) if name == field::RETRACTED => {
                    OpValue::Plain(self.retraction(chain, value, None, drawn.chain)?)
                }
                Stored::Plain(value) => OpValue::Plain(value.clone()),
                Stored::Detached { value: Some(value), .. } => {
                    personal.push(value.clone());
                    OpValue::Detached(personal.len() - 1)
                }
                // Erased meanwhile.
                Stored::Detached { value: None, .. } => continue,
            };
            let before_s = made_ms.saturating_sub(live.corrected_ms) / 1_000;
            ops.push(Op { entity, field: name.clone(), value, before_s, over });
        }
        let stamp = Stamp {
            officer,
            device_ms: made_ms.saturating_sub(offset_ms),
            clock: self.pen.offset,
            boot: self.pen.clock.boot_id(),
            monotonic_ms: self.pen.clock.monotonic_ms(),
            feed_position: rows::feed_position(self.connection, &drawn.scope)?,
        };
        Ok((stamp, ops, Detached::new(random(self.pen.entropy), personal)))
    }

    /// A seal names commits: it is made again over the new ones.
    fn seal(&self, chain: &ChainRow, visit_id: EntityId) -> Result<Op> {
        let presence = visit::presence(&visit::visit(visit_id), self.pen.enrolment.certificate.device);
        seal_op(self.connection, chain, visit_id, presence, &[])
    }

    /// So does a retraction.
    fn retraction(
        &self,
        chain: &ChainRow,
        value: &Value,
        from: Option<&Commit>,
        of: ChainId,
    ) -> Result<Value> {
        let Some(retraction) = Retraction::from_value(value) else { return Ok(value.clone()) };
        let mut seen = Vec::new();
        for basis in &retraction.basis {
            seen.extend(match basis {
                Basis::Own(seq) => self.own(from, of, *seq)?,
                Basis::Other(commit) => Some(self.new_ref(*commit)),
            });
        }
        Ok(Retraction { basis: named(self.connection, chain, seen)?, ..retraction }.to_value())
    }
}

//! What can never be sent as it is gets written again, op by op and under the same entity ids, on a successor chain: when
//! the key of a chain is gone, so that nobody can sign its head any more, and when a damaged database lost a commit that
//! others follow. What is written again replaces the original: another copy of the phone, or a hub, may still bring it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitRef, Scope, random};
use xuncha_domain::log::body::{Op, OpValue, Reference};
use xuncha_domain::log::chain::{Genesis, SuccessorReason};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::model::basis::Basis;
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::{field, visit};

use super::Pen;
use super::commit::{append, named, references, writing_chain};
use super::seal::{seal_op, sealed_visit};
use crate::error::Result;
use crate::store::values::Col;
use crate::store::{chains, log, rows, salvaged};

/// Closes every chain that another key started, and writes what HQ does not have of it again, unless it was signed while
/// the key was there. The pen holds the certificate of the new key. The old commits stay in the database. True when
/// anything was written.
pub fn reissue(connection: &Connection, pen: &Pen<'_>) -> Result<bool> {
    let mut lost = Vec::new();
    for chain in chains::mine(connection)? {
        // A phone that came from another city keeps what it recorded there and does not tell it to this one.
        let ours = Genesis::verify(&chain.genesis, &pen.enrolment.hq_key, pen.enrolment.city).is_ok();
        if chain.device == pen.enrolment.certificate.device || !ours {
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
            lost.extend(branch.drain(signed..).map(|commit| (chain.scope.clone(), commit)));
        }
    }
    if lost.is_empty() {
        return Ok(false);
    }
    write_again(connection, pen, lost)?;
    salvaged::drop_loose(connection)?;
    Ok(true)
}

/// After a recovery: closes every chain of ours, because its end may be among what was lost, and writes again what follows
/// a lost commit. What others wrote, and what HQ has of ours, comes back by itself.
pub fn reissue_damaged(connection: &Connection, pen: &Pen<'_>) -> Result<()> {
    for chain in chains::mine(connection)? {
        chains::close(connection, chain.id, SuccessorReason::Damaged)?;
    }
    write_again(connection, pen, salvaged::loose_unsent(connection)?)?;
    salvaged::drop_loose(connection)
}

fn write_again(connection: &Connection, pen: &Pen<'_>, mut lost: Vec<(Scope, Commit)>) -> Result<()> {
    for (_, commit) in &lost {
        connection
            .prepare_cached("UPDATE log SET reissued = 1 WHERE ref = ?1")?
            .execute([Col(commit.hash.short())])?;
    }
    // In the order in which they were made, whatever chain they were on: a replacement follows what it replaces.
    lost.sort_by_key(|(_, commit)| (commit.header.device_ms, commit.header.chain, commit.header.seq));
    let touched = log::recount(connection)?;
    let mut renamed = BTreeMap::new();
    for (scope, commit) in lost {
        let chain = writing_chain(connection, pen, &scope)?;
        let (ops, detached) = again(connection, pen, &chain, &commit, &renamed)?;
        if ops.is_empty() {
            continue;
        }
        let new = append(connection, &chain, &commit.stamp(), &ops, detached)?;
        renamed.insert((commit.header.chain, commit.header.seq, commit.hash.short()), new);
    }
    rows::refresh(connection, &touched)
}

type Renamed = BTreeMap<(ChainId, u64, CommitRef), CommitRef>;

fn again(
    connection: &Connection,
    pen: &Pen<'_>,
    chain: &chains::ChainRow,
    commit: &Commit,
    renamed: &Renamed,
) -> Result<(Vec<Op>, Detached)> {
    let new_ref =
        |old: CommitRef| renamed.iter().find(|((_, _, known), _)| *known == old).map_or(old, |(_, new)| *new);
    let new_name = |connection: &Connection, reference: &Reference| -> Result<Option<CommitRef>> {
        let old = match reference {
            Reference::Other { commit, .. } => Some(*commit),
            Reference::Own { seq } => log::ancestor(connection, commit, *seq)?,
        };
        Ok(old.map(new_ref))
    };
    let mut personal = Vec::new();
    let mut ops = Vec::with_capacity(commit.ops().len());
    for op in commit.ops() {
        let mut over = vec![commit.hash.short()];
        for reference in &op.over {
            over.extend(new_name(connection, reference)?);
        }
        if let Some(visit_id) = sealed_visit(commit) {
            // A seal names commits: it is made again over the new ones.
            let presence = visit::presence(&visit::visit(visit_id), pen.enrolment.certificate.device);
            ops.push(seal_op(connection, chain, visit_id, presence, &over)?);
            continue;
        }
        let value = match &op.value {
            OpValue::Plain(value) if op.field == field::RETRACTED => {
                let mut seen = Vec::new();
                let retraction = Retraction::from_value(value);
                for basis in retraction.iter().flat_map(|retraction| &retraction.basis) {
                    seen.extend(match basis {
                        Basis::Own(seq) => new_name(connection, &Reference::Own { seq: *seq })?,
                        Basis::Other(commit) => Some(new_ref(*commit)),
                    });
                }
                OpValue::Plain(match retraction {
                    Some(retraction) => {
                        Retraction { basis: named(connection, chain, seen)?, ..retraction }.to_value()
                    }
                    None => value.clone(),
                })
            }
            OpValue::Plain(value) => OpValue::Plain(value.clone()),
            OpValue::Detached(index) => match commit.detached.value(*index) {
                Some(value) => {
                    personal.push(value.clone());
                    OpValue::Detached(personal.len() - 1)
                }
                // Erased meanwhile: there is nothing left to write again.
                None => continue,
            },
        };
        ops.push(Op { over: references(connection, chain, &over)?, value, ..op.clone() });
    }
    Ok((ops, Detached::new(random(pen.entropy), personal)))
}

//! When the key of a chain is gone, nobody can sign its head any more. What HQ does not have is then written again, op by
//! op and under the same entity ids, on a successor chain under the new key. The old commits stay in the database.

use std::collections::BTreeMap;

use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitRef, random};
use xuncha_domain::log::body::{Op, OpValue, Reference};
use xuncha_domain::log::chain::SuccessorReason;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::model::visit;

use super::Pen;
use super::commit::{append, references, writing_chain};
use super::seal::{seal_op, sealed_visit};
use crate::error::Result;
use crate::store::values::Col;
use crate::store::{chains, log, rows};

/// Closes every chain that another key started, and writes what HQ does not have of it again. The pen holds the
/// certificate of the new key.
pub fn reissue(connection: &Connection, pen: &Pen<'_>) -> Result<()> {
    let device = pen.enrolment.certificate.device;
    let old: Vec<_> = chains::mine(connection)?.into_iter().filter(|chain| chain.device != device).collect();
    let mut lost = Vec::new();
    for chain in old {
        chains::close(connection, chain.id, SuccessorReason::KeyMismatch)?;
        // A phone holds days of unsent work at most; all of it is moved at once.
        for commit in log::unreceived(connection, chain.id, usize::MAX >> 1)? {
            connection
                .prepare_cached("UPDATE log SET reissued = 1 WHERE ref = ?1")?
                .execute([Col(commit.hash.short())])?;
            lost.push((chain.scope.clone(), commit));
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    // In the order in which they were made, whatever chain they were on: a replacement follows what it replaces.
    lost.sort_by_key(|(_, commit)| (commit.header.device_ms, commit.header.chain, commit.header.seq));
    let touched = log::recount(connection)?;
    let mut renamed = BTreeMap::new();
    for (scope, commit) in lost {
        let chain = writing_chain(connection, pen, &scope)?;
        let (ops, detached) = again(connection, pen, &chain, &commit, &renamed)?;
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
    let new_name = |connection: &Connection, reference: &Reference| -> Result<Option<CommitRef>> {
        let old = match reference {
            Reference::Other { commit, .. } => Some(*commit),
            Reference::Own { seq } => log::ancestor(connection, commit, *seq)?,
        };
        Ok(old
            .map(|old| renamed.iter().find(|((_, _, known), _)| *known == old).map_or(old, |(_, new)| *new)))
    };
    let mut personal = Vec::new();
    let mut ops = Vec::with_capacity(commit.ops().len());
    for op in commit.ops() {
        let mut over = Vec::new();
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

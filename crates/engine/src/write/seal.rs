//! Finishing a visit: one fully durable transaction whose last commit holds the hash over everything the visit is.

use rusqlite::Connection;
use xuncha_domain::ids::{CommitRef, EntityId, Scope, random};
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::merge::Stored;
use xuncha_domain::model::seal::{self, BasisOp, Seal};
use xuncha_domain::model::{field, kind, rules, visit};

use super::commit::{append, named, references, stamp, writing_chain};
use super::{Pen, flush};
use crate::error::Result;
use crate::store::chains::ChainRow;
use crate::store::{journal, log};
use crate::tree::Tree;

/// Turns the open journal into a commit and seals the visit with the next one.
pub fn seal(connection: &Connection, pen: &Pen<'_>, scope: &Scope, visit_id: EntityId) -> Result<()> {
    flush(connection, pen, scope)?;
    let chain = writing_chain(connection, pen, scope)?;
    let entity = visit::presence(&visit::visit(visit_id), pen.enrolment.certificate.device);
    let over = match Tree::read(connection, visit_id)? {
        Some(tree) => crate::tree::read_token(&tree.token(entity.id, field::SEAL))?,
        None => Vec::new(),
    };
    let op = seal_op(connection, &chain, visit_id, entity, &over)?;
    let stamp = stamp(connection, pen, scope)?;
    append(connection, &chain, &stamp, &[op], Detached::new(random(pen.entropy), Vec::new()))?;
    debug_assert!(journal::last(connection, scope)?.is_none());
    Ok(())
}

/// The op that seals what the visit is now.
pub(super) fn seal_op(
    connection: &Connection,
    chain: &ChainRow,
    visit_id: EntityId,
    presence: Entity,
    over: &[CommitRef],
) -> Result<Op> {
    let counted = counted_ops(connection, visit_id)?;
    let ops: Vec<BasisOp<'_>> = counted.iter().map(CountedOp::borrow).collect();
    let basis = seal::basis(visit_id, &ops);
    let covered: Vec<BasisOp<'_>> = ops.iter().filter(|op| basis.contains(&op.commit)).copied().collect();
    let covered = seal::recompute(visit_id, &covered);
    let photos = covered.iter().filter(|op| {
        op.field == field::FACT
            && counted.iter().any(|c| c.op.entity.id == op.entity && c.op.entity.kind == kind::PHOTO)
    });
    let photos = u32::try_from(photos.count()).unwrap_or(u32::MAX);
    let of_visit = |name: &str| {
        covered.iter().find(|op| op.entity == visit_id && op.field == name).and_then(|op| op.value.value())
    };
    let checklist = rules::version_of(of_visit);
    let basis = named(connection, chain, basis)?;
    let value = Seal { hash: seal::hash(covered), checklist, photos, basis }.to_value();
    Ok(Op {
        entity: presence,
        field: field::SEAL.into(),
        value: OpValue::Plain(value),
        before_s: 0,
        over: references(connection, chain, over)?,
    })
}

/// A counted op of a visit with what it replaces.
pub struct CountedOp {
    pub commit: CommitRef,
    pub op: Op,
    pub over: Vec<CommitRef>,
    pub value: Stored,
}

impl CountedOp {
    fn borrow(&self) -> BasisOp<'_> {
        BasisOp {
            commit: self.commit,
            entity: &self.op.entity,
            field: &self.op.field,
            over: &self.over,
            value: &self.value,
        }
    }
}

fn counted_ops(connection: &Connection, visit_id: EntityId) -> Result<Vec<CountedOp>> {
    let mut ops = Vec::new();
    for commit in log::touching(connection, visit_id)? {
        for (op, value) in commit.ops().iter().zip(commit.stored()) {
            if op.entity.root().id == visit_id {
                let over = log::resolve(connection, &commit, &op.over)?;
                ops.push(CountedOp { commit: commit.hash.short(), op: op.clone(), over, value });
            }
        }
    }
    Ok(ops)
}

/// Whether a commit seals a visit, and which.
pub(super) fn sealed_visit(commit: &Commit) -> Option<EntityId> {
    let seal = commit.ops().iter().find(|op| op.entity.kind == kind::PRESENCE && op.field == field::SEAL)?;
    Some(seal.entity.root().id)
}

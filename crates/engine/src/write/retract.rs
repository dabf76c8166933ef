//! Retracting a thing, and taking that back: an act with the basis that its author saw.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, Scope, random};
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::model::field;
use xuncha_domain::model::retraction::Retraction;

use super::commit::{append, named, references, stamp, writing_chain};
use super::{Pen, flush};
use crate::error::Result;
use crate::store::chains::ChainRow;
use crate::store::journal;

/// What a person decided of a thing, with everything that was drawn.
pub struct Decision {
    pub entity: Entity,
    pub retracted: bool,
    pub reason: String,
    /// What was drawn of the thing, of its retraction and of the reason; open taps among them.
    pub basis: Vec<CommitRef>,
    pub over: Vec<CommitRef>,
    pub reason_over: Vec<CommitRef>,
}

/// Decisions of one commit: each with its reason and its basis, which the file of a thermometer repeats for every line.
const TOGETHER_MAX: usize = 50;

/// Turns the open journal into a commit and writes the decisions as the next one; many as the next ones.
pub fn retract(
    connection: &Connection,
    pen: &Pen<'_>,
    scope: &Scope,
    decisions: Vec<Decision>,
) -> Result<()> {
    flush(connection, pen, scope)?;
    let chain = writing_chain(connection, pen, scope)?;
    let mut rest = decisions.into_iter().peekable();
    while rest.peek().is_some() {
        let mut ops = Vec::new();
        let mut reasons = Vec::new();
        for decision in rest.by_ref().take(TOGETHER_MAX) {
            ops.extend(decided(connection, &chain, &decision, reasons.len())?);
            reasons.push(Value::text(decision.reason));
        }
        let reasons = Detached::new(random(pen.entropy), reasons);
        append(connection, &chain, &stamp(connection, pen, scope)?, &ops, reasons)?;
    }
    Ok(())
}

/// The ops of one decision; `reason` is the place of its words among the commit's detached values.
fn decided(connection: &Connection, chain: &ChainRow, decision: &Decision, reason: usize) -> Result<[Op; 2]> {
    let mut seen: Vec<CommitRef> = committed(connection, &decision.basis)?;
    seen.sort_unstable();
    seen.dedup();
    let basis = named(connection, chain, seen)?;
    let value = Retraction { retracted: decision.retracted, basis }.to_value();
    let op = |name: &str, value, over: &[CommitRef]| -> Result<Op> {
        Ok(Op {
            entity: decision.entity.clone(),
            field: name.into(),
            value,
            before_s: 0,
            over: references(connection, chain, &committed(connection, over)?)?,
        })
    };
    Ok([
        op(field::RETRACTED, OpValue::Plain(value), &decision.over)?,
        op(field::RETRACTED_BECAUSE, OpValue::Detached(reason), &decision.reason_over)?,
    ])
}

/// Commits, with those that drawn taps became.
fn committed(connection: &Connection, refs: &[CommitRef]) -> Result<Vec<CommitRef>> {
    let mut committed = Vec::with_capacity(refs.len());
    for reference in refs {
        match journal::journal_id(reference) {
            None => committed.push(*reference),
            Some(id) => committed.extend(journal::commit_of(connection, id)?),
        }
    }
    Ok(committed)
}

//! Taking back what was entered by mistake. Nothing is deleted; a sealed visit can be retracted, too, visibly behind its
//! seal.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::{basis, field, retraction, visit as entities};

use super::types::{ErrorCode, Standing, Token, VisitView};
use super::view;
use super::visit::{bad, checked_text, done, scope_of};
use super::written::Authors;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::standing;
use crate::tree::{self, Tree};
use crate::write::{self, Decision};

/// Retracts a thing of a visit, or the visit itself; `retracted` false takes that back. The tokens are those of the
/// thing's [`Standing`] as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Retract {
    pub visit: String,
    pub entity: String,
    pub retracted: bool,
    /// Needed to retract.
    pub reason: String,
    pub basis: Token,
    pub token: Token,
    pub reason_token: Token,
}

pub fn retract(engine: &Engine, wanted: Retract) -> Result<VisitView> {
    let visit: EntityId = wanted.visit.parse()?;
    let entity: EntityId = wanted.entity.parse()?;
    let reason = checked_text(&wanted.reason)?;
    if wanted.retracted && reason.is_empty() {
        return Err(bad("a retraction needs a reason"));
    }
    engine.write(|connection, pen| {
        let tree = Tree::read(connection, visit)?.ok_or_else(view::no_visit)?;
        let decision = Decision {
            entity: thing(connection, &tree, entity)?,
            retracted: wanted.retracted,
            reason,
            basis: tree::read_basis(&wanted.basis)?,
            over: tree::read_token(&wanted.token)?,
            reason_over: tree::read_token(&wanted.reason_token)?,
        };
        write::retract(connection, pen, &scope_of(connection, visit)?, vec![decision])
    })?;
    engine.wake_sync();
    done(engine, visit)
}

/// The thing as ops name it. A finding is there as soon as its item failed, also before anything was written of it.
fn thing(connection: &Connection, tree: &Tree, id: EntityId) -> Result<Entity> {
    if let Some(node) = tree.nodes.get(&id) {
        return if retraction::applies_to(node.kind) {
            write::entity(connection, id)
        } else {
            Err(bad("this cannot be retracted"))
        };
    }
    let root = entities::visit(tree.root);
    let items = tree.sections().into_iter().flat_map(|(_, items)| items);
    let mut findings = items.map(|item| entities::finding(&root, &item.id));
    findings
        .find(|finding| finding.id == id)
        .ok_or(Error::Refused(ErrorCode::NotFound, "no such thing in this visit"))
}

/// How a thing stands, with what a decision about it hands back.
pub(super) fn shown(
    connection: &Connection,
    authors: &Authors<'_>,
    tree: &Tree,
    id: EntityId,
) -> Result<Standing> {
    let elsewhere: BTreeSet<_> =
        tree.all_live().filter(|(_, _, live)| tree.elsewhere(live)).map(|(_, _, live)| live.commit).collect();
    let mut seen: Vec<_> = standing::entries(tree, id, basis::is_retractable).collect();
    seen.retain(|commit| !elsewhere.contains(commit));
    seen.sort_unstable();
    seen.dedup();
    let found = standing::of(connection, tree, id)?;
    let because = tree.value(id, field::RETRACTED_BECAUSE).and_then(Value::as_text);
    Ok(Standing {
        basis: tree::write_token(seen.into_iter().take(tree::BASIS_MAX)),
        token: tree.token(id, field::RETRACTED),
        reason_token: tree.token(id, field::RETRACTED_BECAUSE),
        retracted: found.as_ref().is_some_and(|found| found.retracted),
        because: because.filter(|text| !text.is_empty()).map(str::to_owned),
        news: found.as_ref().filter(|found| found.retracted).map_or(0, |found| found.news),
        disputed: found.as_ref().is_some_and(|found| found.disputed),
        by: found.map(|found| authors.candidate(tree, found.live, found.retracted)).transpose()?,
    })
}

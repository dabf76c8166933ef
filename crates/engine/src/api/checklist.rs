//! A visit under way and the checklist that new visits use meanwhile.
//!
//! A new version never touches a draft. Its officer may move it there, after seeing what that changes: answers belong to
//! items by their ids, so those of items that both versions ask stay; those of items that are not asked any more stay in
//! the record and are not shown or judged.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, ChecklistItem};
use xuncha_domain::model::{answer, field};
use xuncha_domain::time::day_in_china;

use super::types::{
    ChangedItem, ChecklistChange, ChecklistState, ErrorCode, ItemText, MoveChecklist, VisitRef, VisitView,
};
use super::visit::{bad, done, open, scope_of, tap};
use super::{venues, view};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::checklists;
use crate::tree::Tree;
use crate::write::{self, Tap};

/// How the checklist of a visit stands to what is asked now.
pub(super) fn state(connection: &Connection, tree: &Tree, sealed: bool) -> Result<ChecklistState> {
    if tree.checklist_hash().is_some() && tree.checklist.is_none() {
        return Ok(ChecklistState::Missing);
    }
    Ok(if !sealed && newer(connection, tree)?.is_some() {
        ChecklistState::Superseded
    } else {
        ChecklistState::Current
    })
}

/// The other version that a new visit of this purpose would use now.
fn newer(connection: &Connection, tree: &Tree) -> Result<Option<&'static Checklist>> {
    let (Some(own), Some(venue)) = (tree.checklist, tree.venue()) else { return Ok(None) };
    // All sets of a checklist are asked for one purpose.
    let (Some(set), Some(venue)) = (own.sets.first(), venues::row(connection, venue, None)?) else {
        return Ok(None);
    };
    let current = checklists::current(connection, &venue.category, set.mode)?;
    Ok(current.filter(|current| current.hash != own.hash))
}

/// What moving the visit to the current version changes.
pub fn change(engine: &Engine, visit: VisitRef) -> Result<ChecklistChange> {
    let id = visit.visit.parse()?;
    engine.read(|connection| {
        let tree = Tree::read(connection, id)?.ok_or_else(view::no_visit)?;
        let (own, newer) = tree.checklist.zip(newer(connection, &tree)?).ok_or_else(none_newer)?;
        let day = day_in_china(tree.started_ms());
        let asked = |checklist: &'static Checklist| checklist.items().filter(move |item| item.in_force(day));
        let given =
            |item: &ChecklistItem| tree.value(id, &field::answer(&item.id)).and_then(answer::from_value);
        let mut change = ChecklistChange {
            token: tree.token(id, field::CHECKLIST_MOVED),
            to: hex::encode(newer.hash),
            same: 0,
            changed: Vec::new(),
            added: Vec::new(),
            gone: Vec::new(),
        };
        for item in asked(newer) {
            match asked(own).find(|before| before.id == item.id) {
                None => change.added.push(text(item, given(item).is_some())),
                Some(before) if before == item => change.same += 1,
                Some(before) => {
                    let answer = given(item);
                    change.changed.push(ChangedItem {
                        before: text(before, answer.is_some()),
                        after: text(item, answer.is_some_and(|answer| item.accepts(&answer))),
                    });
                }
            }
        }
        let gone = asked(own).filter(|item| !asked(newer).any(|other| other.id == item.id));
        change.gone = gone.map(|item| text(item, given(item).is_some())).collect();
        Ok(change)
    })
}

/// Moves the visit to the version that the officer was shown.
pub fn move_to(engine: &Engine, wanted: MoveChecklist) -> Result<VisitView> {
    let hash = hex::decode(&wanted.to).ok().and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    let hash = hash.ok_or_else(|| bad("no name of a checklist"))?;
    let id = wanted.visit.parse()?;
    engine.write(|connection, pen| {
        let draft = open(connection, pen, id)?;
        if newer(connection, &draft.tree)?.is_none_or(|newer| newer.hash != hash) {
            return Err(none_newer());
        }
        let tap = Tap { token: wanted.token, ..tap(&draft.root, field::CHECKLIST_MOVED, Value::bytes(hash)) };
        write::record(connection, pen, &scope_of(connection, id)?, vec![tap])
    })?;
    done(engine, id)
}

fn none_newer() -> Error {
    Error::Refused(ErrorCode::StaleToken, "new visits use another checklist by now, or the same")
}

fn text(item: &ChecklistItem, answered: bool) -> ItemText {
    ItemText { id: item.id.clone(), zh: item.zh.clone(), en: item.en.clone(), answered }
}

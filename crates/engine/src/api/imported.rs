//! What was imported from one file, as one thing: how much it is, and taking all of it back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::limits;
use xuncha_domain::model::fact::Reading;
use xuncha_domain::model::{basis, field, kind};

use super::roster::{imported, reading_verdict};
use super::types::{ErrorCode, ReadingVerdict, Standing, Token, VisitView};
use super::view::{Artist, no_visit};
use super::visit::{bad, checked_text, done, scope_of};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::standing;
use crate::tree::{self, Tree};
use crate::write::{self, Decision};

/// Files of one visit that a screen lists.
const FILES_MAX: usize = 20;
/// A reason is written beside each of the readings.
const REASON_CHARS_MAX: usize = 200;

/// Readings of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportView {
    /// Names the file: the first bytes of its SHA-256.
    pub file: String,
    pub readings: u32,
    pub abnormal: u32,
    /// Of all of them together: retracted when each of them is.
    pub standing: Standing,
}

/// Takes back what came from a file, or lets it stand again. The tokens are those of its [`Standing`] as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RetractImport {
    pub visit: String,
    pub file: String,
    pub retracted: bool,
    /// Needed to retract; at most 200 characters.
    pub reason: String,
    pub basis: Token,
    pub token: Token,
    pub reason_token: Token,
}

impl Artist<'_> {
    pub(super) fn imports(&self) -> Result<Vec<ImportView>> {
        let files = files(self.tree());
        files.into_iter().take(FILES_MAX).map(|(file, ids)| self.import(file, &ids)).collect()
    }

    fn import(&self, file: [u8; 8], ids: &BTreeSet<EntityId>) -> Result<ImportView> {
        let tree = self.tree();
        let mut retracted = true;
        let mut abnormal = 0;
        for id in ids {
            let found = standing::of(self.connection, tree, *id)?;
            retracted &= found.is_some_and(|found| found.retracted);
            let reading = tree.value(*id, field::FACT).and_then(Reading::from_value);
            let verdict = reading_verdict(reading.as_ref().and_then(Reading::verdict));
            abnormal += u32::from(verdict == ReadingVerdict::Abnormal);
        }
        let drawn = |counts: &dyn Fn(&str) -> bool| -> BTreeSet<CommitRef> {
            let of = tree
                .all_live()
                .filter(|(id, name, live)| ids.contains(id) && counts(name) && !tree.elsewhere(live));
            of.map(|(_, _, live)| live.commit).collect()
        };
        let seen = drawn(&|name| basis::is_retractable(kind::READING, name));
        let token =
            |field: &str| tree::write_token(drawn(&|name| name == field).into_iter().take(limits::OVER_MAX));
        let one = ids.first().map(|id| self.standing(*id)).transpose()?.ok_or_else(no_visit)?;
        Ok(ImportView {
            file: hex::encode(file),
            readings: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            abnormal,
            standing: Standing {
                basis: tree::write_token(seen.into_iter().take(tree::BASIS_MAX)),
                token: token(field::RETRACTED),
                reason_token: token(field::RETRACTED_BECAUSE),
                retracted,
                ..one
            },
        })
    }
}

/// The readings of each file.
fn files(tree: &Tree) -> BTreeMap<[u8; 8], BTreeSet<EntityId>> {
    let mut files: BTreeMap<_, BTreeSet<EntityId>> = BTreeMap::new();
    for node in tree.of_kind(kind::READING) {
        if let Some(imported) = imported(tree, node)
            && tree.live(node.id, field::FACT).is_some()
        {
            files.entry(imported.file).or_default().insert(node.id);
        }
    }
    files
}

pub fn retract(engine: &Engine, wanted: RetractImport) -> Result<VisitView> {
    let visit: EntityId = wanted.visit.parse()?;
    let reason = checked_text(&wanted.reason)?;
    if wanted.retracted && reason.is_empty() {
        return Err(bad("a retraction needs a reason"));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a reason is too long"));
    }
    engine.write(|connection, pen| {
        let tree = Tree::read(connection, visit)?.ok_or_else(no_visit)?;
        let file = files(&tree).into_iter().find(|(file, _)| hex::encode(file) == wanted.file);
        let (_, ids) = file.ok_or(Error::Refused(ErrorCode::NotFound, "no such import"))?;
        let mut decisions = Vec::new();
        for id in ids {
            let found = standing::of(connection, &tree, id)?;
            if found.is_some_and(|found| found.hidden()) == wanted.retracted {
                continue;
            }
            decisions.push(Decision {
                entity: write::entity(connection, id)?,
                retracted: wanted.retracted,
                reason: reason.clone(),
                // A reference acts only inside its own thing and field, so that all of them may be named everywhere.
                basis: tree::read_basis(&wanted.basis)?,
                over: tree::read_token(&wanted.token)?,
                reason_over: tree::read_token(&wanted.reason_token)?,
            });
        }
        write::retract(connection, pen, &scope_of(connection, visit)?, decisions)
    })?;
    engine.wake_sync();
    done(engine, visit)
}

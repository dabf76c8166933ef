//! HQ was restored from an older backup: what its receipts said of later work is void, and is sent again.
//!
//! Three signs tell it: a cursor that does not fit HQ's feed, a photo mark that does not fit its list of photos, and a
//! receipt that names less of a chain than one before. None of them can be missed by an HQ that grew on meanwhile, since
//! all are hashes over all that came before.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;
use xuncha_domain::ids::{CommitHash, CommitRef, Scope};
use xuncha_domain::protocol::v1::receipt::ReceiptBody;
use xuncha_domain::protocol::v1::sync::{Cursor, Feed, SyncAnswer};

use super::apply::Taking;
use super::request::{Going, Planned};
use crate::api::types::ErrorCode;
use crate::error::{Error, Result};
use crate::store::values::Col;
use crate::store::{base, log, lost, meta, photos, rows, trail};

impl Taking<'_> {
    /// Goes back to the last common points that HQ named, and notes of which scopes it wants to see the trail. True when
    /// anything of this was to do.
    pub(super) fn restarts(
        &mut self,
        planned: &Planned,
        answer: &SyncAnswer,
        going: &mut Going,
    ) -> Result<bool> {
        going.trails.clear();
        let mut restarted = answer.photos_restart;
        for feed in answer.feeds.iter().filter(|feed| feed.restart) {
            restarted = true;
            let scope: Scope = feed.scope.parse()?;
            match common(&planned.request.trail, feed)? {
                Some(common) => self.go_back(&scope, &common)?,
                None => going.trails.push(scope),
            }
        }
        if restarted {
            base::hear_again(self.connection, self.enrolment)?;
        }
        if answer.photos_restart {
            photos::forget_received(self.connection)?;
        }
        if let Some(backup) = &answer.backup {
            meta::set_backup(self.connection, backup)?;
        }
        Ok(restarted)
    }

    fn go_back(&mut self, scope: &Scope, common: &Cursor) -> Result<()> {
        tracing::warn!(%scope, position = common.position, "HQ was restored");
        for reference in log::lose_after(self.connection, scope, common.position)? {
            self.unsay(reference)?;
        }
        trail::cut(self.connection, scope, common.position)?;
        lost::cut_read_to(self.connection, scope, common.position)?;
        self.recount |= log::forget_verdicts(self.connection, scope)?;
        // The snapshot stands for commits that HQ lost: the feed is read from its beginning.
        if base::position(self.connection, scope)?.is_some_and(|position| position > common.position) {
            base::forget(self.connection, scope)?;
            self.recount = true;
            trail::cut(self.connection, scope, 0)?;
            return rows::set_feed(self.connection, scope, 0, [0; 16]);
        }
        rows::set_feed(self.connection, scope, common.position, common.rolling)
    }

    /// Takes back what receipts said before of commits that HQ does not have of our chains now. Costs what HQ lost.
    pub(super) fn lost(
        &mut self,
        planned: &Planned,
        answer: &SyncAnswer,
        receipt: &ReceiptBody,
    ) -> Result<usize> {
        if let Some(mark) = &answer.photos
            && (answer.photos_restart || !receipt.blobs.is_empty())
        {
            meta::set_photo_mark(self.connection, mark)?;
        }
        // Over a quota HQ may not have looked at the branch of this head.
        if answer.retry_after_s.is_some() {
            return Ok(0);
        }
        let held: BTreeSet<[u8; 32]> = receipt.chains.iter().map(|held| held.hash).collect();
        let mut lost = 0;
        for head in &planned.request.heads {
            let mut at = CommitHash(head.hash);
            while !held.contains(&at.0) {
                let row = self
                    .connection
                    .prepare_cached("SELECT prev, received FROM log WHERE ref = ?1")?
                    .query_row([Col(at.short())], |row| {
                        Ok((row.get::<_, Col<CommitHash>>(0)?.0, row.get::<_, bool>(1)?))
                    })
                    .optional()?;
                let Some((prev, received)) = row else { break };
                if received {
                    self.connection
                        .prepare_cached("UPDATE log SET received = 0, position = NULL WHERE ref = ?1")?
                        .execute([Col(at.short())])?;
                    self.unsay(at.short())?;
                    lost += 1;
                }
                at = prev;
            }
        }
        Ok(lost)
    }

    /// With a commit of ours HQ lost what it had said of it. It judges again; what holds it then is said with its receipt.
    fn unsay(&mut self, reference: CommitRef) -> Result<()> {
        let said = self
            .connection
            .prepare_cached(
                "DELETE FROM verdict WHERE ref = ?1 AND EXISTS
                 (SELECT 1 FROM log JOIN chain ON chain.id = log.chain WHERE log.ref = ?1 AND chain.mine = 1)",
            )?
            .execute([Col(reference)])?;
        self.recount |= said > 0 && !log::counted(self.connection, &reference)?;
        self.touch(reference)
    }

    /// With the signatures that were sent, what HQ took can be handed to it again, also when the key is gone.
    pub(super) fn keep_signatures(&mut self, planned: &Planned, answer: &SyncAnswer) -> Result<()> {
        for (index, sent) in (0_u32..).zip(&planned.packets) {
            if !answer.refused.iter().any(|refused| refused.packet == index) {
                log::keep_signature(self.connection, sent.head, &sent.signature)?;
            }
        }
        Ok(())
    }
}

/// The point of the sent trail that HQ named; none when it has not seen the trail of this scope yet.
fn common(trail: &[Cursor], feed: &Feed) -> Result<Option<Cursor>> {
    if !trail.iter().any(|earlier| earlier.scope == feed.scope) {
        return Ok(None);
    }
    match trail.iter().find(|earlier| **earlier == feed.cursor) {
        Some(common) => Ok(Some(common.clone())),
        None => Err(Error::Refused(ErrorCode::ServerAnswer, "a common point that is not of this phone")),
    }
}

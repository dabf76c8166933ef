//! Which scopes this phone reads, as an answer says: what it may not read any more goes, what it may read again begins
//! anew.
//!
//! An answer is the answer to this very request (its receipt repeats the request's nonce), so that none that was cut short
//! or comes late decides here. The scopes that it does not name are lost in the transaction that takes it. An HQ that was
//! restored may have lost the very op that moved the officer here: while it is still to get back what its own chains lost,
//! its word takes nothing away, and the next answers say it again. A closed phone reads no scope at all and keeps what it
//! has: its officer goes on with their visits, and it may be opened again.

use std::collections::BTreeSet;

use xuncha_domain::ids::{DeviceId, Scope};
use xuncha_domain::protocol::v1::receipt::ReceiptBody;
use xuncha_domain::protocol::v1::sync::SyncAnswer;

use super::apply::Taking;
use super::request::Planned;
use crate::error::Result;
use crate::store::{chains, lost, meta};
use crate::write::{self, Pen};

impl Taking<'_> {
    /// Keeps the scopes that the answer names, loses the others and begins again with those that are back. True when there
    /// are feeds that the request could not ask for.
    pub(super) fn scopes(
        &mut self,
        planned: &Planned,
        answer: &SyncAnswer,
        receipt: &ReceiptBody,
    ) -> Result<bool> {
        let reads: BTreeSet<Scope> = match &answer.scopes {
            Some(scopes) => {
                meta::set_scopes(self.connection, scopes)?;
                scopes.iter().map(|scope| scope.parse()).collect::<std::result::Result<_, _>>()?
            }
            None => planned.scopes.iter().cloned().collect(),
        };
        if reads.is_empty() {
            return Ok(false);
        }
        let mut news = false;
        for scope in &reads {
            news |= lost::regain(self.connection, scope)?;
        }
        let cursors = &planned.request.cursors;
        let asked = |scope: &&Scope| cursors.iter().any(|cursor| cursor.scope == scope.as_str());
        news |= !cursors.is_empty() && !reads.iter().all(|scope| asked(&scope));
        if self.is_certain(planned, answer, receipt)? {
            let me = self.enrolment.officer();
            for scope in lost::to_lose(self.connection, &reads, me)? {
                tracing::warn!(%scope, "this phone does not read it any more");
                let pen = Pen::of(&self.engine.0.options, self.enrolment, self.connection)?;
                write::flush(self.connection, &pen, &scope)?;
                let touched = lost::lose(self.connection, &scope, me)?;
                self.touched.extend(touched);
                (self.recount, self.lost_scope) = (true, true);
            }
        }
        Ok(news)
    }

    /// Whether HQ knows all that it ever said of teams and officers, as far as this phone can tell.
    fn is_certain(&self, planned: &Planned, answer: &SyncAnswer, receipt: &ReceiptBody) -> Result<bool> {
        let hq = DeviceId(self.enrolment.city.0);
        let whole =
            || chains::lost_of_others(self.connection, hq).map(|lost| lost.iter().all(|c| c.device != hq));
        Ok(receipt.nonce.is_some()
            && !planned.request.cursors.is_empty()
            && !answer.photos_restart
            && !answer.feeds.iter().any(|feed| feed.restart)
            && whole()?)
    }
}

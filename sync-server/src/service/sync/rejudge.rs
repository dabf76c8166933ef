//! After an upgrade: commits that an older judge held are judged again. Held → applied, never back.
//!
//! The version of the last judge lies in the database and moves only when all are done, so a crash in between repeats
//! the rest: what was applied is no longer held, and what stays held is left as it is.

use xuncha_domain::model::words::HeldReason;

use super::judge::{self, judge};
use super::publish::{Counted, count};
use crate::service::{Error, Service};
use crate::storage::{CommitRow, CommitState, RowId, Tx};

/// Held commits in one transaction; each may bring a packet of 4 MiB into memory.
const BATCH: u32 = 64;
const VERSION_KEY: &str = "judge_version";

impl Service {
    /// Judges again what is held, when this program's judge is newer than the one that held it. Breakage must not keep
    /// HQ from starting: it is logged, and the next start tries again.
    pub(in crate::service) fn judge_again(&self) {
        match self.judge_held() {
            Ok(0) => {}
            Ok(applied) => tracing::info!(applied, "commits that an older server held count now"),
            Err(error) => tracing::error!(%error, "held commits cannot be judged again"),
        }
    }

    /// Returns how many commits were applied after all.
    fn judge_held(&self) -> Result<usize, Error> {
        if self.storage.read(|read| Ok::<_, Error>(read.meta(VERSION_KEY)?))?.is_some_and(current) {
            return Ok(0);
        }
        let mut applied = 0;
        let mut after = 0;
        while let Some((last, more)) = self.storage.write(|tx| self.judge_batch_again(tx, after))? {
            after = last;
            applied += more;
        }
        self.storage.write(|tx| tx.set_meta(VERSION_KEY, &judge::VERSION.to_be_bytes()))?;
        Ok(applied)
    }

    /// The row of the last commit looked at and how many were applied; none when nothing is held after `after`.
    fn judge_batch_again(&self, tx: &Tx<'_>, after: RowId) -> Result<Option<(RowId, usize)>, Error> {
        let rows = tx.held_after(after, BATCH)?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
        let mut counted = Counted::new();
        let mut applied = 0;
        let mut packet = None;
        for row in &rows {
            let chain = tx.chain_by_row(row.chain)?;
            if packet != Some(row.packet) {
                // Held commits come in the order of arrival.
                self.obey_late(tx, &chain.scope, row.packet)?;
                packet = Some(row.packet);
            }
            let commit = tx.whole(row.id)?;
            if judge(&self.author(tx, &chain, row.packet)?, row.received_ms, &commit).is_some() {
                continue;
            }
            counted.append(&mut self.say_applied(tx, &chain, &row.hash, reason(row)?)?);
            // The reason stays: the phone is told that what was held for it counts now.
            let position = row.position.ok_or(Error::Internal("a held commit has no position"))?;
            tx.set_judged(row.id, CommitState::Applied, row.reason.as_deref(), position)?;
            counted.append(&mut count(tx, &chain, row, &commit)?);
            applied += 1;
        }
        self.project(tx, &counted)?;
        Ok(Some((last, applied)))
    }
}

fn current(version: Vec<u8>) -> bool {
    version.try_into().is_ok_and(|bytes| u32::from_be_bytes(bytes) >= judge::VERSION)
}

fn reason(row: &CommitRow) -> Result<HeldReason, Error> {
    let text = row.reason.as_deref().unwrap_or_default();
    HeldReason::parse(text).ok_or(Error::Internal("a commit is held without a reason"))
}

//! Everything that screens read, computed from the log once more: after a repair, or when a rule of a projection changed.
//!
//! One transaction: readers see the old rows until the new ones are complete. Merge is set union, so the order of
//! counting does not matter; commits are taken in the order of arrival because that is how their packets lie.

use super::sync::{Counted, count};
use super::{Changed, Error, Service};
use crate::storage::CommitState;

/// Set by an upgrade that changed what follows from the log.
const DUE: &str = "reproject_due";

impl Service {
    /// What an upgrade left to do. Breakage does not keep HQ from starting: the next start tries again.
    pub(super) fn reproject_if_due(&self) -> Result<(), Error> {
        if self.storage.read(|read| Ok::<_, Error>(read.meta(DUE)?.is_none()))? {
            return Ok(());
        }
        match self.reproject() {
            Ok(counted) => tracing::info!(counted, "the log was counted again after an upgrade"),
            Err(error) => tracing::error!(%error, "the log cannot be counted again after an upgrade"),
        }
        Ok(())
    }

    /// Returns how many commits were counted again. Repeating it changes nothing.
    pub fn reproject(&self) -> Result<usize, Error> {
        let applied = self.storage.write(|tx| {
            let applied = tx.forget_counted()?;
            let mut counted = Counted::new();
            for id in &applied {
                let row = tx.commit_by_row(*id)?;
                let commit = tx.whole(*id)?;
                let position = row.position.ok_or(Error::Internal("an applied commit has no position"))?;
                // Not before its turn: what replaces it and came earlier must still find it uncounted.
                tx.set_judged(row.id, CommitState::Applied, row.reason.as_deref(), position)?;
                counted.append(&mut count(tx, &tx.chain_by_row(row.chain)?, &row, &commit)?);
            }
            self.project(tx, &counted)?;
            tx.remove_meta(DUE)?;
            Ok::<_, Error>(applied.len())
        })?;
        self.events.tell(Changed { visits: true, devices: true });
        Ok(applied)
    }
}

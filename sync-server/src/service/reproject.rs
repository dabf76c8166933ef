//! Everything that screens read, computed from the log once more: after a repair, or when a rule of a projection changed.
//!
//! One transaction: readers see the old rows until the new ones are complete. Merge is set union, so the order of
//! counting does not matter; commits are taken in the order of arrival because that is how their packets lie.

use super::sync::{Counted, Unpacked, count};
use super::{Changed, Error, Service};
use crate::storage::{CommitState, RowId};

impl Service {
    /// Returns how many commits were counted again. Repeating it changes nothing.
    pub fn reproject(&self) -> Result<usize, Error> {
        let applied = self.storage.write(|tx| {
            let applied = tx.forget_counted()?;
            let mut counted = Counted::new();
            let mut packet: Option<(RowId, Unpacked)> = None;
            for id in &applied {
                let row = tx.commit_by_row(*id)?;
                let unpacked = match packet.take() {
                    Some((known, unpacked)) if known == row.packet => unpacked,
                    _ => self.unpack(tx, row.packet)?,
                };
                let commit = unpacked
                    .get(&row.hash.short())
                    .ok_or(Error::Internal("a commit is not in its packet"))?;
                let position = row.position.ok_or(Error::Internal("an applied commit has no position"))?;
                // Not before its turn: what replaces it and came earlier must still find it uncounted.
                tx.set_judged(row.id, CommitState::Applied, row.reason.as_deref(), position)?;
                counted.append(&mut count(tx, &tx.chain_by_row(row.chain)?, &row, commit)?);
                packet = Some((row.packet, unpacked));
            }
            self.project(tx, &counted)?;
            Ok::<_, Error>(applied.len())
        })?;
        self.events.tell(Changed { visits: true, devices: true });
        Ok(applied)
    }
}

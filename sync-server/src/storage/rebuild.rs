//! Forgetting what can be computed from the log.

use super::log::RowId;
use super::{Error, Tx};

impl Tx<'_> {
    /// Empties everything that counting and projecting write, and takes the applied commits back to held. Returns them in
    /// the order of arrival; each must be applied again in this transaction.
    pub fn forget_counted(&self) -> Result<Vec<RowId>, Error> {
        let applied = self
            .conn
            .prepare("SELECT id FROM commits WHERE state = 'applied' ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.conn.execute_batch(
            "DELETE FROM duplicates; DELETE FROM same_as; DELETE FROM joined; DELETE FROM ledger_rows; DELETE FROM visits; DELETE FROM venues; DELETE FROM officers; DELETE FROM teams;
             DELETE FROM touches; DELETE FROM settled; DELETE FROM checklist_missing; DELETE FROM dead; DELETE FROM entities;
             UPDATE commits SET state = 'held' WHERE state = 'applied';",
        )?;
        self.forget_kept();
        Ok(applied)
    }
}

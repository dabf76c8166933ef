//! Visits that wait for the checklist by which they are judged.

use std::collections::BTreeSet;

use xuncha_domain::ids::EntityId;

use super::log::RowId;
use super::{Error, Tx};

impl Tx<'_> {
    /// Says which checklist, if any, a visit waits for.
    pub fn set_checklist_missing(&self, visit: RowId, checklist: Option<EntityId>) -> Result<(), Error> {
        match checklist {
            Some(checklist) => self
                .conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO checklist_missing (visit, checklist) VALUES (?1, ?2)",
                )?
                .execute((visit, checklist.0))?,
            None => self
                .conn
                .prepare_cached("DELETE FROM checklist_missing WHERE visit = ?1")?
                .execute([visit])?,
        };
        Ok(())
    }

    /// The visits that wait for this checklist.
    pub fn without_checklist(&self, checklist: EntityId) -> Result<BTreeSet<RowId>, Error> {
        let mut statement =
            self.conn.prepare_cached("SELECT visit FROM checklist_missing WHERE checklist = ?1")?;
        let rows = statement.query_map([checklist.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

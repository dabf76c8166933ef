//! Ops that settled a conflict.

use xuncha_domain::ids::CommitRef;

use super::log::RowId;
use super::{Error, Read, Tx};

/// A field that was in conflict, and the op that settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledRow {
    pub root: RowId,
    pub entity: RowId,
    pub field: String,
    pub commit: CommitRef,
}

impl Read<'_> {
    /// The last ones, newest first.
    pub fn settled(&self, limit: u32) -> Result<Vec<SettledRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT root, entity, field, ref FROM settled ORDER BY at_ms DESC, ref LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            Ok(SettledRow {
                root: row.get(0)?,
                entity: row.get(1)?,
                field: row.get(2)?,
                commit: CommitRef(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    pub fn put_settled(&self, row: &SettledRow, at_ms: i64) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO settled (entity, field, ref, root, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((row.entity, &row.field, row.commit.0, row.root, at_ms))?;
        Ok(())
    }
}

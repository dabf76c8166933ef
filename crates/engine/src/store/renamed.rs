//! Commits that were written again: a token that was drawn before means what stands in their place.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::CommitRef;

use super::values::Col;
use crate::error::Result;

pub fn note(connection: &Connection, old: CommitRef, new: CommitRef) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO renamed (old, new) VALUES (?1, ?2)")?
        .execute((Col(old), Col(new)))?;
    Ok(())
}

/// What stands in the place of a commit now, itself when it was not written again.
pub fn newest(connection: &Connection, commit: CommitRef) -> Result<CommitRef> {
    let mut newest = commit;
    // Ends: what is written again names, in its hash, what it was before.
    while let Some(new) = connection
        .prepare_cached("SELECT new FROM renamed WHERE old = ?1")?
        .query_row([Col(newest)], |row| Ok(row.get::<_, Col<CommitRef>>(0)?.0))
        .optional()?
    {
        newest = new;
    }
    Ok(newest)
}

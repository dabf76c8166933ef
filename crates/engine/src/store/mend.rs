//! Commits that HQ holds and that cannot be read here any more: their rows go, and HQ is asked for them again. What screens
//! drew from them lies elsewhere and stays until then, so that the officer notices nothing, with or without a network.

use rusqlite::Connection;

use super::{log, meta, rows, salvaged};
use crate::error::Result;

/// Looks at every commit. Costs what the log holds, after damage was met.
pub fn mend(connection: &Connection) -> Result<()> {
    if drop_damaged(connection)? == 0 {
        // Not the log: what follows from it is made again.
        log::recount(connection)?;
        rows::refresh(connection, &salvaged::roots(connection)?)?;
    }
    Ok(())
}

/// Drops what HQ holds of what cannot be read, and asks for it again. Returns how many commits.
pub fn drop_damaged(connection: &Connection) -> Result<usize> {
    let mut dropped = 0;
    for (damaged, unsent) in salvaged::unreadable(connection)? {
        if !unsent {
            tracing::error!(seq = damaged.seq, "a commit cannot be read and is asked for again");
            dropped += connection.execute("DELETE FROM log WHERE ref = ?1", [damaged.key])?;
        }
    }
    if dropped > 0 {
        meta::set_dropped(connection)?;
        connection.execute(
            "INSERT OR IGNORE INTO wanted (name, thing)
             SELECT DISTINCT ref, 0 FROM touch WHERE ref NOT IN (SELECT ref FROM log)",
            [],
        )?;
    }
    Ok(dropped)
}

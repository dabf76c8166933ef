//! Rows that came out of a damaged database: which of them can be used, and how the log becomes one again in which each
//! commit follows another or its genesis.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, Scope};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::model::kind;

use super::quarantine::{self, Damaged};
use super::values::Col;
use super::{base, chains, log, things};
use crate::error::Result;

/// Drops commits whose bytes are not what their hash says (what is left of an unsent one is kept for HQ), and things whose
/// parents are unknown. Returns how many.
pub fn drop_unreadable(connection: &Connection) -> Result<usize> {
    let mut dropped = 0;
    for (damaged, unsent) in unreadable(connection)? {
        if unsent {
            quarantine::set_aside(connection, &damaged)?;
            dropped += 1;
        } else {
            dropped += connection.execute("DELETE FROM log WHERE ref = ?1", [damaged.key])?;
        }
    }
    Ok(dropped + things::adopt(connection)?)
}

/// Commits that cannot be read, and whether HQ does not have them. Whatever comes from others is received.
pub(super) fn unreadable(connection: &Connection) -> Result<Vec<(Damaged, bool)>> {
    let mut statement = connection
        .prepare(&format!("SELECT {}, hash, ref, received = 0 AND reissued = 0 FROM log", log::COLUMNS))?;
    let mut rows = statement.query([])?;
    let mut unreadable = Vec::new();
    while let Some(row) = rows.next()? {
        if quarantine::whole(row).is_err() {
            unreadable.push((quarantine::left_of(row)?, row.get(14)?));
        }
    }
    Ok(unreadable)
}

/// Commits that follow nothing that is here: what they follow, or their chain's genesis, was lost. A snapshot stands for
/// what its scope's log does not have.
fn loose(connection: &Connection) -> Result<Vec<CommitRef>> {
    let mut statement =
        connection.prepare("SELECT chain, seq, ref, hash, prev FROM log ORDER BY chain, seq")?;
    let mut rows = statement.query([])?;
    let mut loose = Vec::new();
    let mut at = None;
    // What a commit with the next number may follow: more than one hash where the chain is forked.
    let (mut before, mut now) = (BTreeSet::new(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        let (chain, seq): (ChainId, u64) = (row.get::<_, Col<ChainId>>(0)?.0, row.get(1)?);
        let hash = |column| row.get::<_, Col<CommitHash>>(column).map(|hash| hash.0);
        match at {
            Some((same, number)) if same == chain && number == seq => {}
            Some((same, number)) if same == chain && seq == number + 1 => before = std::mem::take(&mut now),
            Some((same, _)) if same == chain => before.clear(),
            _ if seq == 1 => {
                let genesis = chains::get(connection, chain)?;
                before = genesis.map(|row| chains::genesis_hash(&row.genesis)).into_iter().collect();
                now.clear();
            }
            _ => before.clear(),
        }
        if at != Some((chain, seq)) {
            now.clear();
        }
        at = Some((chain, seq));
        let own: CommitRef = row.get::<_, Col<_>>(2)?.0;
        let anchored = || -> Result<bool> {
            Ok(base::tip(connection, hash(4)?.short())?.is_some() || base::is_based(connection, own)?)
        };
        if before.contains(&hash(4)?) || anchored()? {
            now.insert(hash(3)?);
        } else {
            loose.push(own);
        }
    }
    Ok(loose)
}

/// Loose commits that no receipt names, with their scopes. Whatever comes from others is received.
pub fn loose_unsent(connection: &Connection) -> Result<Vec<(Scope, Commit)>> {
    let mut unsent = Vec::new();
    for reference in loose(connection)? {
        let reissued = "SELECT reissued FROM log WHERE ref = ?1";
        let reissued: bool = connection.query_row(reissued, [Col(reference)], |row| row.get(0))?;
        if reissued || log::received(connection, &reference)? {
            continue;
        }
        let Some(commit) = log::get(connection, reference)? else { continue };
        if let Some(scope) = scope(connection, &commit)? {
            unsent.push((scope, commit));
        }
    }
    Ok(unsent)
}

/// The scope of the commit's chain, or of what the commit is about.
fn scope(connection: &Connection, commit: &Commit) -> Result<Option<Scope>> {
    if let Some(chain) = chains::get(connection, commit.header.chain)? {
        return Ok(Some(chain.scope));
    }
    match commit.ops().first() {
        Some(op) => things::scope_of(connection, op.entity.root().id),
        None => Ok(None),
    }
}

/// Drops loose commits: they were issued again, or come back from HQ.
pub fn drop_loose(connection: &Connection) -> Result<()> {
    for reference in loose(connection)? {
        connection.prepare_cached("DELETE FROM log WHERE ref = ?1")?.execute([Col(reference)])?;
        connection.prepare_cached("DELETE FROM touch WHERE ref = ?1")?.execute([Col(reference)])?;
    }
    Ok(())
}

/// Drops commits of unknown chains.
pub fn drop_chainless(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM log WHERE chain NOT IN (SELECT id FROM chain)", [])?;
    Ok(())
}

/// Commits that HQ does not have.
pub fn count_unsent(connection: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM log WHERE received = 0 AND reissued = 0";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Everything that has a row on screens.
pub fn roots(connection: &Connection) -> Result<log::Touched> {
    let mut statement =
        connection.prepare("SELECT kind, id FROM entity WHERE kind IN (?1, ?2, ?3) AND root IS NULL")?;
    let rows = statement.query_map((kind::VENUE, kind::VISIT, kind::SAME_AS), |row| {
        Ok((row.get(0)?, row.get::<_, Col<_>>(1)?.0))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

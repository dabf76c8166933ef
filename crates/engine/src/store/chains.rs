//! Chains: ours and those of everybody else in our scopes.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::ids::{ChainId, CommitHash, DeviceId, Scope};
use xuncha_domain::log::chain::{Genesis, SuccessorReason};
use xuncha_domain::log::commit::Place;

use super::meta;
use super::values::Col;
use crate::error::{Error, Result};

/// A chain as a row.
#[derive(Debug, Clone)]
pub struct ChainRow {
    pub id: ChainId,
    pub scope: Scope,
    pub genesis: Vec<u8>,
    pub device: DeviceId,
}

/// A chain forks once per copy of the phone.
const ENDS_MAX: u32 = 8;

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ChainRow> {
    let scope: String = row.get(1)?;
    Ok(ChainRow {
        id: row.get::<_, Col<ChainId>>(0)?.0,
        scope: scope.parse().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
        })?,
        genesis: row.get(2)?,
        device: row.get::<_, Col<DeviceId>>(3)?.0,
    })
}

pub fn get(connection: &Connection, chain: ChainId) -> Result<Option<ChainRow>> {
    Ok(connection
        .prepare_cached("SELECT id, scope, genesis, device FROM chain WHERE id = ?1")?
        .query_row([Col(chain)], from_row)
        .optional()?)
}

pub fn insert(connection: &Connection, genesis: &Genesis, mine: bool) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO chain (id, scope, genesis, device, mine) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((
            Col(genesis.chain()),
            genesis.scope.as_str(),
            genesis.as_bytes(),
            Col(genesis.certificate.device),
            mine,
        ))?;
    Ok(())
}

pub fn is_mine(connection: &Connection, chain: ChainId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT mine FROM chain WHERE id = ?1")?
        .query_row([Col(chain)], |row| row.get(0))
        .optional()?
        .unwrap_or(false))
}

/// All chains of this phone, also those it does not write to any more.
pub fn mine(connection: &Connection) -> Result<Vec<ChainRow>> {
    let mut statement = connection
        .prepare_cached("SELECT id, scope, genesis, device FROM chain WHERE mine = 1 ORDER BY id")?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Chains of others with commits that HQ lost: HQ's own first, for the orders that they hold.
pub fn lost_of_others(connection: &Connection, hq: DeviceId) -> Result<Vec<ChainRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, scope, genesis, device FROM chain
         WHERE mine = 0 AND id IN (SELECT chain FROM log WHERE received = 0 AND reissued = 0)
         ORDER BY device <> ?1, id",
    )?;
    let rows = statement.query_map([Col(hq)], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The chain of ours that takes new commits of a scope.
pub fn writing(connection: &Connection, scope: &Scope) -> Result<Option<ChainRow>> {
    Ok(connection
        .prepare_cached(
            "SELECT id, scope, genesis, device FROM chain WHERE mine = 1 AND closed = 0 AND scope = ?1",
        )?
        .query_row([scope.as_str()], from_row)
        .optional()?)
}

/// The last chain of ours in a scope that we stopped writing to, and why.
pub fn last_closed(connection: &Connection, scope: &Scope) -> Result<Option<(ChainRow, SuccessorReason)>> {
    let row = connection
        .prepare_cached(
            "SELECT id, scope, genesis, device, closed FROM chain
             WHERE mine = 1 AND closed > 0 AND scope = ?1
             ORDER BY (SELECT max(device_ms) FROM log WHERE log.chain = chain.id) DESC LIMIT 1",
        )?
        .query_row([scope.as_str()], |row| Ok((from_row(row)?, row.get::<_, u8>(4)?)))
        .optional()?;
    Ok(row.map(|(chain, closed)| {
        let reason = match closed {
            1 => SuccessorReason::KeyMismatch,
            3 => SuccessorReason::Damaged,
            _ => SuccessorReason::Forked,
        };
        (chain, reason)
    }))
}

/// Never write to this chain again; the next commit of its scope starts a successor.
pub fn close(connection: &Connection, chain: ChainId, reason: SuccessorReason) -> Result<()> {
    connection
        .prepare_cached("UPDATE chain SET closed = ?2 WHERE id = ?1 AND closed = 0")?
        .execute((Col(chain), reason as u8))?;
    Ok(())
}

/// As [`close`], of a chain that has a hole behind its commit `end` (its genesis when there is none): what follows is not
/// told to HQ as ours.
pub fn close_at(connection: &Connection, chain: ChainId, end: Option<u64>) -> Result<()> {
    let held = "SELECT max(seq) FROM log WHERE chain = ?1 AND received = 1";
    let held: Option<u64> = connection.prepare_cached(held)?.query_row([Col(chain)], |row| row.get(0))?;
    connection
        .prepare_cached("UPDATE chain SET whole_to = ?2 WHERE id = ?1")?
        .execute((Col(chain), end.max(held).unwrap_or(0)))?;
    close(connection, chain, SuccessorReason::Damaged)
}

/// The last commit that we wrote or took over on a chain and have all before; its genesis when there is none.
pub fn head(connection: &Connection, chain: &ChainRow) -> Result<(u64, CommitHash)> {
    last(
        connection,
        chain,
        "SELECT seq, hash FROM log WHERE chain = ?1
         AND seq <= coalesce((SELECT whole_to FROM chain WHERE id = ?1), seq) ORDER BY seq DESC LIMIT 1",
    )
}

fn last(connection: &Connection, chain: &ChainRow, sql: &str) -> Result<(u64, CommitHash)> {
    let last = connection
        .prepare_cached(sql)?
        .query_row([Col(chain.id)], |row| Ok((row.get(0)?, row.get::<_, Col<CommitHash>>(1)?.0)))
        .optional()?;
    Ok(last.unwrap_or((0, genesis_hash(&chain.genesis))))
}

/// The last commit that HQ has or will be sent: not what was issued again elsewhere. HQ cannot tell what it holds below a
/// head that it never hears of.
pub fn head_for_hq(connection: &Connection, chain: &ChainRow) -> Result<(u64, CommitHash)> {
    last(
        connection,
        chain,
        "SELECT seq, hash FROM log WHERE chain = ?1 AND reissued = 0 ORDER BY seq DESC LIMIT 1",
    )
}

fn is_closed(connection: &Connection, chain: ChainId) -> Result<bool> {
    let sql = "SELECT closed > 0 FROM chain WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([Col(chain)], |row| row.get(0))?)
}

/// Whether every number up to a commit of a chain is here: a damaged one may have been set aside. Free for the chain that
/// is written on, unless there was damage: whatever else leaves a hole closes it.
pub fn has_all_to(connection: &Connection, chain: ChainId, seq: u64) -> Result<bool> {
    if !is_closed(connection, chain)? && !meta::has_dropped(connection)? {
        return Ok(true);
    }
    let sql = "SELECT count(DISTINCT seq) = ?2 FROM log WHERE chain = ?1 AND seq BETWEEN 1 AND ?2";
    Ok(connection.prepare_cached(sql)?.query_row((Col(chain), seq), |row| row.get(0))?)
}

/// Ends of the branches of a forked chain that HQ receipted and whose place in the feed was not read yet: nothing else
/// would tell that an HQ which was restored since does not have them. None of a chain that is written on.
pub fn unread_ends(connection: &Connection, chain: ChainId) -> Result<Vec<(u64, CommitHash)>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash FROM log AS last
         WHERE chain = (SELECT id FROM chain WHERE id = ?1 AND closed > 0) AND received = 1 AND position IS NULL
         AND NOT EXISTS (SELECT 1 FROM log WHERE chain = ?1 AND seq = last.seq + 1 AND prev = last.hash)
         ORDER BY seq DESC LIMIT ?2",
    )?;
    let ends = statement
        .query_map((Col(chain), ENDS_MAX), |row| Ok((row.get(0)?, row.get::<_, Col<CommitHash>>(1)?.0)))?;
    Ok(ends.collect::<rusqlite::Result<_>>()?)
}

/// Where the next commit goes.
pub fn next_place(connection: &Connection, chain: &ChainRow) -> Result<Place> {
    let (seq, prev) = head(connection, chain)?;
    let seq = seq.checked_add(1).ok_or(Error::Cbor(xuncha_domain::cbor::CborError::Limit("sequence")))?;
    Ok(Place { chain: chain.id, seq, prev })
}

/// What the first commit of a chain names as the hash before it.
pub fn genesis_hash(genesis: &[u8]) -> CommitHash {
    CommitHash(xuncha_domain::ids::tagged_hash(xuncha_domain::log::chain::GENESIS_TAG, &[genesis]))
}

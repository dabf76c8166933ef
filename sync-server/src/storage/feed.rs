//! The feed of each scope, in the order that no reader can miss.

use rusqlite::Row;
use xuncha_domain::ids::Scope;

use super::log::RowId;
use super::{Error, Read, Tx, optional};

/// The name under which the database says that it was restored.
const RESTORED: &str = "restored";

/// The end of a scope's feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedEnd {
    /// Commits in the feed.
    pub position: u64,
    pub rolling: [u8; 16],
    /// HQ's own chain in this scope.
    pub hq_chain: Option<RowId>,
    /// HQ goes on in a successor of that chain.
    pub hq_closed: bool,
}

/// Commits of one packet that follow each other in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRow {
    /// Position of its last commit.
    pub position: u64,
    pub rolling: [u8; 16],
    pub packet: RowId,
    pub chain: RowId,
    pub from_seq: u64,
    pub count: u32,
}

fn run(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        position: row.get(0)?,
        rolling: row.get(1)?,
        packet: row.get(2)?,
        chain: row.get(3)?,
        from_seq: row.get(4)?,
        count: row.get(5)?,
    })
}

impl Read<'_> {
    pub fn feed_end(&self, scope: &Scope) -> Result<FeedEnd, Error> {
        let found = optional(
            self.conn
                .prepare_cached("SELECT position, rolling, hq_chain, hq_closed FROM scopes WHERE name = ?1")?
                .query_row([scope.as_str()], |row| {
                    Ok(FeedEnd {
                        position: row.get(0)?,
                        rolling: row.get(1)?,
                        hq_chain: row.get(2)?,
                        hq_closed: row.get(3)?,
                    })
                }),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Whether a run of the feed ends exactly there.
    pub fn is_run_end(&self, scope: &Scope, position: u64, rolling: &[u8; 16]) -> Result<bool, Error> {
        self.is_run_end_of(scope.as_str(), position, rolling)
    }

    /// The same for a scope as a phone names it.
    pub fn is_run_end_of(&self, scope: &str, position: u64, rolling: &[u8; 16]) -> Result<bool, Error> {
        let Ok(position) = i64::try_from(position) else { return Ok(false) };
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM runs WHERE scope = ?1 AND position = ?2 AND rolling = ?3)",
            )?
            .query_row((scope, position, rolling), |row| row.get(0))?)
    }

    /// Whether this HQ comes from a backup: phones may know more of it than it does.
    pub fn was_restored(&self) -> Result<bool, Error> {
        Ok(self.meta(RESTORED)?.is_some())
    }

    /// Every scope with the end of its feed.
    pub fn feed_ends(&self) -> Result<Vec<(String, u64)>, Error> {
        let mut statement = self.conn.prepare_cached("SELECT name, position FROM scopes ORDER BY name")?;
        Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
    }

    /// Runs after a position, in order.
    pub fn runs_after(&self, scope: &Scope, position: u64, limit: u32) -> Result<Vec<RunRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT r.position, r.rolling, r.packet, p.chain, r.from_seq, r.count
             FROM runs r JOIN packets p ON p.id = r.packet
             WHERE r.scope = ?1 AND r.position > ?2 ORDER BY r.position LIMIT ?3",
        )?;
        Ok(statement.query_map((scope.as_str(), position, limit), run)?.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Appends a run; `run.position` and `run.rolling` become the end of the feed.
    pub fn append_run(&self, scope: &Scope, run: &RunRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO scopes (name, position, rolling) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET position = ?2, rolling = ?3",
            )?
            .execute((scope.as_str(), run.position, run.rolling))?;
        self.conn
            .prepare_cached(
                "INSERT INTO runs (scope, position, rolling, packet, from_seq, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((scope.as_str(), run.position, run.rolling, run.packet, run.from_seq, run.count))?;
        Ok(())
    }

    pub fn set_hq_chain(&self, scope: &Scope, chain: RowId) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO scopes (name, position, rolling, hq_chain) VALUES (?1, 0, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET hq_chain = ?3, hq_closed = 0",
            )?
            .execute((scope.as_str(), [0_u8; 16], chain))?;
        Ok(())
    }

    /// HQ never writes to this chain of its own again.
    pub fn close_hq_chain(&self, chain: RowId) -> Result<(), Error> {
        self.conn.execute("UPDATE scopes SET hq_closed = 1 WHERE hq_chain = ?1", [chain])?;
        self.set_meta(RESTORED, &[])
    }

    /// HQ never writes to any of its chains again.
    pub fn close_hq_chains(&self) -> Result<(), Error> {
        self.conn.execute("UPDATE scopes SET hq_closed = 1 WHERE hq_chain IS NOT NULL", [])?;
        self.set_meta(RESTORED, &[])
    }
}

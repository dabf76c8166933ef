//! Commits of ours that cannot be read any more: found before they are sent, kept with their bytes, told to HQ.
//!
//! Their detached values are not kept with them: nobody could tell which of those an erase order means. What screens drew
//! from them is written again, and is erased like everything else.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, EntityId};
use xuncha_domain::limits;
use xuncha_domain::log::body::Reference;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::protocol::v1::sync::Quarantined;

use super::squeeze::unsqueeze;
use super::values::Col;
use super::{chains, log};
use crate::error::Result;

/// Why a commit is here: its bytes are not what its hash says.
pub const DAMAGED: &str = "commit_damaged";

/// The chain of what does not tell its chain any more.
pub const UNKNOWN: ChainId = ChainId([0; 16]);

/// A commit that cannot be read.
pub struct Damaged {
    /// The key of its row as it is, which may be what is damaged.
    pub key: Vec<u8>,
    /// What its hash was, where that can be read.
    pub hash: Option<CommitHash>,
    pub chain: Option<ChainId>,
    pub seq: u64,
    /// What is left of its core.
    pub bytes: Vec<u8>,
}

impl Damaged {
    /// How others name it: by the key of its row, or by its hash where that is not the same.
    pub fn names(&self) -> BTreeSet<CommitRef> {
        let by_hash = self.hash.map(|hash| hash.short());
        CommitRef::from_slice(&self.key).ok().into_iter().chain(by_hash).collect()
    }

    /// It under one of its names, where it was as far as that can be read.
    pub fn reference(&self, name: CommitRef) -> Reference {
        Reference::Other { chain: self.chain.unwrap_or(UNKNOWN), seq: self.seq.max(1), commit: name }
    }
}

/// What can be sent of the unsent commits of our chains, and what cannot.
#[derive(Default)]
pub struct Unsound {
    pub damaged: Vec<Damaged>,
    /// They can be read, but what they follow is damaged or gone.
    pub loose: Vec<Commit>,
    /// The last commit of each chain that has every one before it.
    pub ends: BTreeMap<ChainId, u64>,
}

impl Unsound {
    pub fn is_empty(&self) -> bool {
        self.damaged.is_empty() && self.loose.is_empty()
    }
}

/// Looks at our commits that no receipt names. Costs what is unsent.
pub fn unsound(connection: &Connection) -> Result<Unsound> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {}, hash, ref FROM log
         WHERE received = 0 AND reissued = 0
           AND (chain IN (SELECT id FROM chain WHERE mine = 1) OR chain NOT IN (SELECT id FROM chain))
         ORDER BY chain, seq",
        log::COLUMNS
    ))?;
    let mut rows = statement.query([])?;
    let mut unsound = Unsound::default();
    let mut sound = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let Ok(commit) = whole(row) else {
            unsound.damaged.push(left_of(row)?);
            continue;
        };
        if sound.contains(&commit.header.prev) || follows_held(connection, &commit)? {
            sound.insert(commit.hash);
            unsound.ends.insert(commit.header.chain, commit.header.seq);
        } else {
            unsound.loose.push(commit);
        }
    }
    Ok(unsound)
}

/// The commit of a row with `log::COLUMNS`, `hash` and `ref`, if it is what its hash says.
pub fn whole(row: &Row<'_>) -> Result<Commit> {
    let (place, stamp, core, detached) = log::read(row)?;
    let commit = Commit::assemble(place, &stamp, core, Detached::from_bytes(&detached)?)?;
    let hash = row.get::<_, Col<CommitHash>>(12)?.0;
    if commit.hash == hash && row.get::<_, Col<CommitRef>>(13)?.0 == hash.short() {
        Ok(commit)
    } else {
        Err(super::open::damaged("a commit is not what its hash says"))
    }
}

/// Whether a commit begins its chain or follows one that HQ holds.
fn follows_held(connection: &Connection, commit: &Commit) -> Result<bool> {
    if commit.header.seq == 1 {
        let chain = chains::get(connection, commit.header.chain)?;
        return Ok(chain.is_some_and(|chain| chains::genesis_hash(&chain.genesis) == commit.header.prev));
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM log WHERE ref = ?1 AND hash = ?2 AND received = 1)";
    let prev = commit.header.prev;
    Ok(connection.prepare_cached(sql)?.query_row((Col(prev.short()), Col(prev)), |row| row.get(0))?)
}

/// What is left of a commit in a row as for [`whole`].
pub fn left_of(row: &Row<'_>) -> Result<Damaged> {
    let bytes = |column| match row.get_ref(column) {
        Ok(ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => bytes.to_vec(),
        _ => Vec::new(),
    };
    let core = bytes(10);
    let mut left = unsqueeze(core.clone(), limits::COMMIT_BYTES_MAX).unwrap_or(core);
    left.truncate(limits::COMMIT_BYTES_MAX);
    Ok(Damaged {
        key: bytes(13),
        hash: row.get::<_, Col<CommitHash>>(12).ok().map(|hash| hash.0),
        chain: row.get::<_, Col<ChainId>>(0).ok().map(|chain| chain.0),
        seq: row.get(1).unwrap_or(0),
        bytes: left,
    })
}

/// Keeps what is left of a commit, and takes its row out of the log.
pub fn set_aside(connection: &Connection, damaged: &Damaged) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantine (hash, chain, seq, reason, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            Col(damaged.hash.unwrap_or(CommitHash([0; 32]))),
            Col(damaged.chain.unwrap_or(UNKNOWN)),
            damaged.seq,
            DAMAGED,
            &damaged.bytes,
        ))?;
    connection.prepare_cached("DELETE FROM log WHERE ref = ?1")?.execute([&damaged.key])?;
    Ok(())
}

/// What was replaced in a field without ever being counted here, or before it was set aside.
pub fn dead(connection: &Connection, entity: EntityId, field: &str) -> Result<Vec<Reference>> {
    let mut statement = connection.prepare_cached(
        "SELECT dead.ref, chain, seq FROM dead LEFT JOIN quarantine ON substr(hash, 1, length(dead.ref)) = dead.ref
         WHERE entity = ?1 AND field = ?2",
    )?;
    let rows = statement.query_map((Col(entity), field), |row| {
        Ok(Reference::Other {
            commit: row.get::<_, Col<CommitRef>>(0)?.0,
            chain: row.get::<_, Option<Col<ChainId>>>(1)?.map_or(UNKNOWN, |chain| chain.0),
            seq: row.get::<_, Option<u64>>(2)?.unwrap_or(1).max(1),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What HQ does not have yet.
pub fn waiting(connection: &Connection, limit: usize) -> Result<Vec<Quarantined>> {
    let mut statement = connection.prepare_cached(
        "SELECT chain, seq, hash, reason, bytes FROM quarantine WHERE received = 0 ORDER BY hash LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| {
        Ok(Quarantined {
            chain: row.get(0)?,
            seq: row.get(1)?,
            hash: row.get(2)?,
            reason: row.get(3)?,
            bytes: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// HQ keeps it. True when that is news.
pub fn set_received(connection: &Connection, hash: &[u8; 32]) -> Result<bool> {
    let sql = "UPDATE quarantine SET received = 1 WHERE hash = ?1 AND received = 0";
    Ok(connection.prepare_cached(sql)?.execute([hash])? > 0)
}

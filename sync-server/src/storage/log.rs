//! The log: chains, packets as received, and one row per commit.

use rusqlite::Row;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, DeviceId, OfficerId, Scope};
use xuncha_domain::log::commit::{Commit, Header};
use xuncha_domain::time::ClockOffset;

use super::{Error, Read, Tx, optional};

/// A row id; means nothing outside this database.
pub type RowId = i64;

#[derive(Debug, Clone)]
pub struct ChainRow {
    pub id: RowId,
    pub name: ChainId,
    pub scope: Scope,
    pub device: DeviceId,
    pub genesis: Vec<u8>,
    pub genesis_hash: CommitHash,
    /// Two commits of this chain have one number: a cloned or restored phone.
    pub forked: bool,
}

pub struct NewChain<'a> {
    pub name: ChainId,
    pub scope: &'a Scope,
    pub device: DeviceId,
    pub genesis: &'a [u8],
    pub genesis_hash: CommitHash,
}

pub struct NewPacket<'a> {
    pub chain: RowId,
    pub from_seq: u64,
    pub to_seq: u64,
    pub prev_hash: CommitHash,
    pub head_hash: CommitHash,
    pub sender: DeviceId,
    pub received_ms: i64,
    /// Another phone than its author's read it in HQ's feed.
    pub fed: bool,
    pub bytes: &'a [u8],
}

#[derive(Debug, Clone)]
pub struct PacketRow {
    pub id: RowId,
    pub chain: RowId,
    pub prev_hash: CommitHash,
    pub bytes: Vec<u8>,
}

/// What HQ made of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitState {
    Unjudged,
    Applied,
    Held,
}

impl CommitState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unjudged => "unjudged",
            Self::Applied => "applied",
            Self::Held => "held",
        }
    }
    fn parse(text: &str) -> rusqlite::Result<Self> {
        [Self::Unjudged, Self::Applied, Self::Held]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(rusqlite::Error::InvalidQuery)
    }
}

#[derive(Debug, Clone)]
pub struct CommitRow {
    pub id: RowId,
    pub hash: CommitHash,
    pub chain: RowId,
    pub seq: u64,
    pub parent: Option<RowId>,
    pub packet: RowId,
    pub ops: u32,
    pub officer: OfficerId,
    pub device_ms: i64,
    pub clock: Option<ClockOffset>,
    pub received_ms: i64,
    pub state: CommitState,
    pub reason: Option<String>,
    pub position: Option<u64>,
}

const COLUMNS: &str = "id, hash, chain, seq, parent, packet, ops, officer, device_ms, offset_ms, error_ms, received_ms, \
    state, reason, position";

fn commit(row: &Row<'_>) -> rusqlite::Result<CommitRow> {
    let offset: Option<i64> = row.get(9)?;
    let error: Option<i64> = row.get(10)?;
    Ok(CommitRow {
        id: row.get(0)?,
        hash: CommitHash(row.get(1)?),
        chain: row.get(2)?,
        seq: row.get(3)?,
        parent: row.get(4)?,
        packet: row.get(5)?,
        ops: row.get(6)?,
        officer: OfficerId(row.get(7)?),
        device_ms: row.get(8)?,
        clock: offset.zip(error).map(|(offset_ms, error_ms)| ClockOffset { offset_ms, error_ms }),
        received_ms: row.get(11)?,
        state: CommitState::parse(&row.get::<_, String>(12)?)?,
        reason: row.get(13)?,
        position: row.get(14)?,
    })
}

fn chain(row: &Row<'_>) -> rusqlite::Result<ChainRow> {
    Ok(ChainRow {
        id: row.get(0)?,
        name: ChainId(row.get(1)?),
        scope: row.get::<_, String>(2)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        device: DeviceId(row.get(3)?),
        genesis: row.get(4)?,
        genesis_hash: CommitHash(row.get(5)?),
        forked: row.get(6)?,
    })
}

const CHAIN: &str = "SELECT id, name, scope, device, genesis, genesis_hash, forked FROM chains";

impl Read<'_> {
    pub fn chain(&self, name: &ChainId) -> Result<Option<ChainRow>, Error> {
        let sql = format!("{CHAIN} WHERE name = ?1");
        optional(self.conn.prepare_cached(&sql)?.query_row([name.0], chain))
    }

    pub fn chain_by_row(&self, id: RowId) -> Result<ChainRow, Error> {
        let sql = format!("{CHAIN} WHERE id = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([id], chain)?)
    }

    /// Whether any chain of a device is forked.
    pub fn device_forked(&self, device: &[u8; 16]) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM chains WHERE device = ?1 AND forked = 1)")?
            .query_row([device], |row| row.get(0))?)
    }

    pub fn commit(&self, name: &CommitRef) -> Result<Option<CommitRow>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM commits WHERE ref = ?1");
        optional(self.conn.prepare_cached(&sql)?.query_row([name.0], commit))
    }

    pub fn commit_by_row(&self, id: RowId) -> Result<CommitRow, Error> {
        let sql = format!("SELECT {COLUMNS} FROM commits WHERE id = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([id], commit)?)
    }

    /// The row of a commit that was counted by the merge.
    pub fn applied(&self, name: &CommitRef) -> Result<Option<RowId>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT id FROM commits WHERE ref = ?1 AND state = 'applied'")?
                .query_row([name.0], |row| row.get(0)),
        )
    }

    /// The ancestor of `descendant` (or itself) with this number, on its own branch.
    pub fn ancestor(&self, descendant: &CommitRow, seq: u64) -> Result<Option<CommitHash>, Error> {
        if seq > descendant.seq {
            return Ok(None);
        }
        let mut numbered =
            self.conn.prepare_cached("SELECT hash FROM commits WHERE chain = ?1 AND seq = ?2 LIMIT 2")?;
        let named: Vec<[u8; 32]> =
            numbered.query_map((descendant.chain, seq), |row| row.get(0))?.collect::<Result<_, _>>()?;
        if let [only] = named.as_slice() {
            return Ok(Some(CommitHash(*only)));
        }
        // A forked chain is walked back; it ends because numbers fall.
        let mut at = descendant.clone();
        while at.seq > seq {
            let Some(parent) = at.parent else { return Ok(None) };
            at = self.commit_by_row(parent)?;
        }
        Ok(Some(at.hash))
    }

    /// Whether everything that is here of a chain lies below a number.
    pub fn is_ahead(&self, chain: RowId, seq: u64) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM commits WHERE chain = ?1 AND seq >= ?2)")?
            .query_row((chain, seq), |row| row.get(0))?)
    }

    /// The ends of a chain's branches, highest number first; bounded.
    pub fn tips(&self, chain: RowId) -> Result<Vec<CommitRow>, Error> {
        let mut ends = self.conn.prepare_cached("SELECT max(seq) FROM commits WHERE chain = ?1")?;
        let last: Option<u64> = ends.query_row([chain], |row| row.get(0))?;
        let Some(last) = last else { return Ok(Vec::new()) };
        let forked: bool = self
            .conn
            .prepare_cached("SELECT forked FROM chains WHERE id = ?1")?
            .query_row([chain], |row| row.get(0))?;
        let sql = if forked {
            format!(
                "SELECT {COLUMNS} FROM commits c WHERE chain = ?1 AND ?2 > 0
                 AND NOT EXISTS (SELECT 1 FROM commits k WHERE k.chain = c.chain AND k.seq = c.seq + 1 AND k.parent = c.id)
                 ORDER BY seq DESC LIMIT 16"
            )
        } else {
            format!("SELECT {COLUMNS} FROM commits WHERE chain = ?1 AND seq = ?2")
        };
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map((chain, last), commit)?.collect::<Result<_, _>>()?)
    }

    /// The highest commit of a chain below a number.
    pub fn last_below(&self, chain: RowId, seq: u64) -> Result<Option<CommitRow>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM commits WHERE chain = ?1 AND seq < ?2 ORDER BY seq DESC, id LIMIT 1"
        );
        optional(self.conn.prepare_cached(&sql)?.query_row((chain, seq), commit))
    }

    /// The lowest number of a chain that is not judged yet. The sign keeps the search in what is not judged of all chains,
    /// which is nearly nothing, and out of the chain's history.
    pub fn first_unjudged(&self, chain: RowId) -> Result<Option<u64>, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT min(seq) FROM commits WHERE +chain = ?1 AND state = 'unjudged'")?
            .query_row([chain], |row| row.get(0))?)
    }

    /// Commits of a chain on which HQ has a verdict, newest first.
    pub fn with_verdict(&self, chain: RowId, limit: u32) -> Result<Vec<CommitRow>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM commits WHERE chain = ?1 AND reason IS NOT NULL ORDER BY seq DESC LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map((chain, limit), commit)?.collect::<Result<_, _>>()?)
    }

    /// Commits that wait for judgement, in the order of arrival.
    pub fn unjudged(&self, limit: u32) -> Result<Vec<CommitRow>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM commits WHERE state = 'unjudged' ORDER BY id LIMIT ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([limit], commit)?.collect::<Result<_, _>>()?)
    }

    /// Commits that are held, in the order of arrival, after a row.
    pub fn held_after(&self, after: RowId, limit: u32) -> Result<Vec<CommitRow>, Error> {
        let sql =
            format!("SELECT {COLUMNS} FROM commits WHERE state = 'held' AND id > ?1 ORDER BY id LIMIT ?2");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map((after, limit), commit)?.collect::<Result<_, _>>()?)
    }

    /// Whether another phone than its author's brought it, which had read it in HQ's feed.
    pub fn packet_fed(&self, id: RowId) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT fed FROM packets WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?)
    }

    pub fn packet(&self, id: RowId) -> Result<PacketRow, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT id, chain, prev_hash, bytes FROM packets WHERE id = ?1")?
            .query_row([id], |row| {
                Ok(PacketRow {
                    id: row.get(0)?,
                    chain: row.get(1)?,
                    prev_hash: CommitHash(row.get(2)?),
                    bytes: row.get(3)?,
                })
            })?)
    }
}

impl Tx<'_> {
    pub fn insert_chain(&self, chain: &NewChain<'_>) -> Result<RowId, Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO chains (name, scope, device, genesis, genesis_hash) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                chain.name.0,
                chain.scope.as_str(),
                chain.device.0,
                chain.genesis,
                chain.genesis_hash.0,
            ))?;
        Ok(self.conn.last_insert_rowid())
    }

    pub fn insert_packet(&self, packet: &NewPacket<'_>) -> Result<RowId, Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO packets (chain, from_seq, to_seq, prev_hash, head_hash, sender, received_ms, fed, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                packet.chain,
                packet.from_seq,
                packet.to_seq,
                packet.prev_hash.0,
                packet.head_hash.0,
                packet.sender.0,
                packet.received_ms,
                packet.fed,
                packet.bytes,
            ))?;
        Ok(self.conn.last_insert_rowid())
    }

    /// A commit is about to come to a chain: a second one with its number makes the chain a forked one.
    pub fn note_twin(&self, chain: RowId, seq: u64) -> Result<(), Error> {
        let twin: bool = self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM commits WHERE chain = ?1 AND seq = ?2)")?
            .query_row((chain, seq), |row| row.get(0))?;
        if twin {
            self.conn.execute("UPDATE chains SET forked = 1 WHERE id = ?1", [chain])?;
        }
        Ok(())
    }

    /// Inserts a commit that is not here yet.
    pub fn insert_commit(
        &self,
        commit: &Commit,
        chain: RowId,
        parent: Option<RowId>,
        packet: RowId,
        received_ms: i64,
    ) -> Result<RowId, Error> {
        let header: &Header = &commit.header;
        self.conn
            .prepare_cached(
                "INSERT INTO commits (ref, hash, chain, seq, parent, packet, ops, officer, device_ms, offset_ms, error_ms,
                   received_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute((
                commit.hash.short().0,
                commit.hash.0,
                chain,
                header.seq,
                parent,
                packet,
                commit.ops().len(),
                header.officer.0,
                header.device_ms,
                header.clock.map(|clock| clock.offset_ms),
                header.clock.map(|clock| clock.error_ms),
                received_ms,
            ))?;
        Ok(self.conn.last_insert_rowid())
    }

    pub fn set_judged(
        &self,
        commit: RowId,
        state: CommitState,
        reason: Option<&str>,
        position: u64,
    ) -> Result<(), Error> {
        self.conn
            .prepare_cached("UPDATE commits SET state = ?2, reason = ?3, position = ?4 WHERE id = ?1")?
            .execute((commit, state.as_str(), reason, position))?;
        Ok(())
    }
}

//! What to send: planned from what no receipt names.

use std::collections::BTreeMap;

use minicbor::bytes::{ByteArray, ByteVec};
use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef};
use xuncha_domain::limits;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{self, Compression, Packet};
use xuncha_domain::protocol::v1::sync::{Cursor, HeadName, Here, SyncRequest};

use crate::api::types::ErrorCode;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::chains::{self, ChainRow};
use crate::store::meta::{self, Enrolment};
use crate::store::{log, photos, rows};

/// Commits looked at for one request: 16 packets hold at most so many.
const COMMITS_PER_REQUEST_MAX: usize = 20_000;
/// Photos asked about in one request, well below what HQ answers.
const BLOBS_PER_REQUEST_MAX: usize = 500;

/// A request and what it is about.
pub struct Planned {
    pub request: SyncRequest,
    /// Per packet: the chain it is of.
    pub packets: Vec<ChainId>,
    /// Own commits that are left for a next request.
    pub more: bool,
}

pub fn plan(engine: &Engine, enrolment: &Enrolment) -> Result<Planned> {
    let signer = engine
        .0
        .options
        .keys
        .load()?
        .filter(|key| key.public_key() == enrolment.certificate.key)
        .ok_or(Error::Refused(ErrorCode::Internal, "the key is not in the key store"))?;
    engine.read(|connection| {
        let mut plan = Plan {
            enrolment,
            signer: &*signer,
            packets: Vec::new(),
            chains: Vec::new(),
            room: engine.0.progress.pace.push.bytes(),
            more: false,
        };
        let mut heads = Vec::new();
        for chain in chains::mine(connection)? {
            let (seq, hash) = chains::head(connection, &chain)?;
            heads.push(HeadName { chain: chain.id.0, seq, hash: hash.0 });
            plan.push_chain(connection, &chain)?;
        }
        let waiting = photos::unreceived(connection, BLOBS_PER_REQUEST_MAX)?;
        Ok(Planned {
            request: SyncRequest {
                app_version: engine.0.options.app_version.clone(),
                device_ms: engine.now_ms(),
                cursors: cursors(connection)?,
                heads,
                here: here(connection, plan.more)?,
                packets: plan.packets,
                blobs: waiting.iter().map(|photo| ByteArray::from(photo.sha256)).collect(),
            },
            packets: plan.chains,
            more: plan.more,
        })
    })
}

struct Plan<'a> {
    enrolment: &'a Enrolment,
    signer: &'a dyn Signer,
    packets: Vec<ByteVec>,
    chains: Vec<ChainId>,
    /// Bytes that the link lets through at once; the first packet always goes.
    room: usize,
    more: bool,
}

impl Plan<'_> {
    fn push_chain(&mut self, connection: &Connection, chain: &ChainRow) -> Result<()> {
        // Only the device that has the key can sign; what another key left behind was issued again.
        if chain.device != self.enrolment.certificate.device {
            return Ok(());
        }
        for branch in branches(log::unreceived(connection, chain.id, COMMITS_PER_REQUEST_MAX)?) {
            let mut rest = branch.as_slice();
            while !rest.is_empty() {
                let full = self.packets.len() == limits::PACKETS_PER_SYNC_MAX || self.room == 0;
                if full && !self.packets.is_empty() {
                    self.more = true;
                    return Ok(());
                }
                let (now, later) = rest.split_at(packet::fitting_within(rest, self.room));
                self.push(chain, now)?;
                rest = later;
            }
        }
        Ok(())
    }

    fn push(&mut self, chain: &ChainRow, commits: &[Commit]) -> Result<()> {
        if let Some(packet) = signed_packet(self.enrolment, self.signer, chain, commits)? {
            self.room = self.room.saturating_sub(packet.len());
            self.packets.push(packet.into());
            self.chains.push(chain.id);
        }
        Ok(())
    }
}

/// A packet of a run of our own commits under a fresh signature; none of an empty run.
pub fn signed_packet(
    enrolment: &Enrolment,
    signer: &dyn Signer,
    chain: &ChainRow,
    commits: &[Commit],
) -> Result<Option<Vec<u8>>> {
    let (Some(first), Some(last)) = (commits.first(), commits.last()) else { return Ok(None) };
    let head = Head {
        city: enrolment.city,
        scope: chain.scope.clone(),
        chain: chain.id,
        seq: last.header.seq,
        hash: last.hash,
    };
    let genesis = (first.header.seq == 1).then_some(chain.genesis.as_slice());
    Ok(Some(Packet::pack(genesis, commits, head.sign(signer)?, Compression::Zstd)?.encode()))
}

/// Runs of commits that follow each other: one, or one per branch of a forked chain.
pub fn branches(commits: Vec<Commit>) -> Vec<Vec<Commit>> {
    let mut by_tip: BTreeMap<CommitHash, Vec<Commit>> = BTreeMap::new();
    for commit in commits {
        let mut run = by_tip.remove(&commit.header.prev).unwrap_or_default();
        let tip = commit.hash;
        run.push(commit);
        by_tip.insert(tip, run);
    }
    by_tip.into_values().collect()
}

fn cursors(connection: &Connection) -> Result<Vec<Cursor>> {
    let mut cursors = Vec::new();
    for scope in meta::scopes(connection)? {
        let (position, rolling) = rows::feed(connection, &scope)?;
        cursors.push(Cursor { scope: scope.to_string(), position, rolling });
    }
    Ok(cursors)
}

/// What stays here when this request succeeds: photos follow by themselves, and `more` commits do not fit into it.
fn here(connection: &Connection, more: bool) -> Result<Here> {
    let (visits, oldest_ms) = connection.query_row(
        "SELECT count(DISTINCT root), min(at_ms) FROM (
           SELECT root, taken_ms AS at_ms FROM photo WHERE received = 0 AND sent < size
           UNION ALL
           SELECT touch.root, log.device_ms FROM log JOIN touch ON touch.ref = log.ref
           JOIN visit_row ON visit_row.id = touch.root WHERE log.received = 0 AND log.reissued = 0 AND ?1)",
        [more],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let photos =
        connection.query_row("SELECT count(*) FROM photo WHERE received = 0 AND sent < size", [], |row| {
            row.get(0)
        })?;
    Ok(Here { visits, photos, oldest_ms, free_bytes: None, battery_percent: None })
}

/// The commit with number `seq` on the branch that ends in a declared head.
pub fn on_branch(connection: &Connection, head: &HeadName, seq: u64) -> Result<Option<CommitRef>> {
    if seq == head.seq {
        return Ok(Some(CommitHash(head.hash).short()));
    }
    match log::get(connection, CommitHash(head.hash).short())? {
        Some(commit) => log::ancestor(connection, &commit, seq),
        None => Ok(None),
    }
}

//! What to send: planned from what no receipt names.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use minicbor::bytes::ByteArray;
use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, DeviceId, Scope, random};
use xuncha_domain::limits;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{self, Compression, Packet};
use xuncha_domain::protocol::v1::sync::{
    Cursor, HeadName, Here, QUARANTINED_MAX, SyncRequest, TRAIL_MAX, scopes_known,
};

use crate::api::types::ErrorCode;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::chains::{self, ChainRow};
use crate::store::meta::{self, Enrolment};
use crate::store::{hubs, log, photos, quarantine, rows, trail};

/// Commits looked at for one request: 16 packets hold at most so many.
const COMMITS_PER_REQUEST_MAX: usize = 20_000;
/// Photos asked about in one request, well below what HQ answers.
pub const BLOBS_PER_REQUEST_MAX: usize = 500;

/// What earlier answers of this run taught.
#[derive(Default)]
pub struct Going {
    /// HQ was restored, and wants to know where this phone stood in these feeds before.
    pub trails: Vec<Scope>,
    /// Everything that HQ has was read: what it still lacks, it lost.
    pub caught_up: bool,
    /// Scopes of which this phone lacks so much that it takes a snapshot.
    pub far: Vec<Scope>,
    /// Scopes of which there is none.
    pub no_snapshot: BTreeSet<Scope>,
    /// A packet follows what only HQ has.
    pub stuck: bool,
}

/// A request and what it is about.
pub struct Planned {
    pub request: SyncRequest,
    pub packets: Vec<Sent>,
    /// Commits that are left for a next request.
    pub more: bool,
    /// Those that the request says this phone reads.
    pub scopes: Vec<Scope>,
}

/// A packet of the request.
pub struct Sent {
    pub chain: ChainId,
    /// Its last commit, and the signature over it.
    pub head: CommitRef,
    pub signature: Vec<u8>,
}

/// The key that the certificate names.
pub fn signer(engine: &Engine, enrolment: &Enrolment) -> Result<Box<dyn Signer>> {
    let stored = engine.0.options.keys.load()?;
    stored
        .filter(|key| key.public_key() == enrolment.certificate.key)
        .ok_or(Error::Refused(ErrorCode::KeyGone, "the key is not in the key store"))
}

pub fn plan(engine: &Engine, enrolment: &Enrolment, going: &Going) -> Result<Planned> {
    let signer = signer(engine, enrolment)?;
    engine.read(|connection| {
        let mut plan = Plan {
            enrolment,
            signer: &*signer,
            request: question(engine, connection)?,
            packets: Vec::new(),
            room: engine.0.progress.pace.push.bytes(),
            compression: engine.0.progress.compression(),
            more: false,
        };
        let hq = DeviceId(enrolment.city.0);
        let others = chains::lost_of_others(connection, hq)?;
        let (hq_own, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|chain| chain.device == hq);
        for chain in &hq_own {
            plan.push_kept(connection, chain, true)?;
        }
        for chain in chains::mine(connection)? {
            plan.push_chain(connection, &chain)?;
        }
        for chain in others.iter().filter(|_| going.caught_up) {
            plan.push_kept(connection, chain, true)?;
        }
        let Plan { mut request, packets, more, .. } = plan;
        request.cursors = cursors(connection)?;
        request.trail = trail(connection, &going.trails)?;
        request.here = here(connection, more)?;
        let waiting = photos::unreceived(connection, BLOBS_PER_REQUEST_MAX)?;
        request.blobs = waiting.iter().map(|photo| ByteArray::from(photo.sha256)).collect();
        request.blobs.extend(hubs::to_ask(connection, BLOBS_PER_REQUEST_MAX)?);
        request.photos = meta::photo_mark(connection)?;
        if !engine.0.progress.aside_full.load(Ordering::Relaxed) {
            request.quarantined = quarantine::waiting(connection, QUARANTINED_MAX)?;
        }
        request.backup_ms = meta::backup(connection)?.map(|backup| backup.made_ms);
        request.beyond = going.no_snapshot.is_empty().then_some(engine.0.options.snapshot_beyond);
        let scopes = meta::scopes(connection)?;
        request.scopes_known = Some(scopes_known(scopes.iter().map(Scope::as_str)).into());
        request.rescue_known = meta::rescue(connection)?.is_some();
        Ok(Planned { request, packets, more, scopes })
    })
}

/// A request that only asks what HQ holds of this phone's chains.
pub fn question(engine: &Engine, connection: &Connection) -> Result<SyncRequest> {
    let mut heads = Vec::new();
    for chain in chains::mine(connection)? {
        let named = |(seq, hash): (u64, CommitHash)| HeadName { chain: chain.id.0, seq, hash: hash.0 };
        let head = chains::head_for_hq(connection, &chain)?;
        let others = chains::unread_ends(connection, chain.id)?;
        for end in others.into_iter().filter(|end| *end != head).chain([head]) {
            // What is declared is left out of the feed: with a hole in it, it must come as a whole.
            if chains::has_all_to(connection, chain.id, end.0)? {
                heads.push(named(end));
            }
        }
    }
    Ok(SyncRequest {
        app_version: engine.0.options.app_version.clone(),
        device_ms: engine.now_ms(),
        heads,
        here: here(connection, true)?,
        nonce: Some(random::<8>(&*engine.0.options.entropy).into()),
        ..SyncRequest::default()
    })
}

struct Plan<'a> {
    enrolment: &'a Enrolment,
    signer: &'a dyn Signer,
    request: SyncRequest,
    packets: Vec<Sent>,
    /// Bytes that the link lets through at once; the first packet always goes.
    room: usize,
    compression: Compression,
    more: bool,
}

impl Plan<'_> {
    /// What no receipt names of a chain of ours, under fresh signatures.
    fn push_chain(&mut self, connection: &Connection, chain: &ChainRow) -> Result<()> {
        // Only the device that has the key can sign; what another key left behind was signed then, or issued again.
        if chain.device != self.enrolment.certificate.device {
            return self.push_kept(connection, chain, false);
        }
        for branch in log::branches(log::unreceived(connection, chain.id, COMMITS_PER_REQUEST_MAX)?) {
            let mut rest = branch.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(packet::fitting_within(rest, self.room));
                if !self.push(chain, now, None)? {
                    return Ok(());
                }
                rest = later;
            }
        }
        Ok(())
    }

    /// What HQ lost of a chain that this phone cannot sign, under the signatures with which it came.
    fn push_kept(&mut self, connection: &Connection, chain: &ChainRow, fed: bool) -> Result<()> {
        for branch in log::branches(log::unreceived(connection, chain.id, COMMITS_PER_REQUEST_MAX)?) {
            let mut rest = branch.as_slice();
            while let Some((length, signature)) = signed_run(connection, rest, self.room)? {
                let (now, later) = rest.split_at(length);
                let index = u32::try_from(self.packets.len()).unwrap_or(u32::MAX);
                if !self.push(chain, now, Some(signature))? {
                    return Ok(());
                }
                self.request.fed.extend(fed.then_some(index));
                rest = later;
            }
        }
        Ok(())
    }

    /// False when the request is full.
    fn push(&mut self, chain: &ChainRow, commits: &[Commit], signature: Option<Vec<u8>>) -> Result<bool> {
        let full = self.packets.len() == limits::PACKETS_PER_SYNC_MAX || self.room == 0;
        if full && !self.packets.is_empty() {
            self.more = true;
            return Ok(false);
        }
        let Some(last) = commits.last() else { return Ok(true) };
        let signature = match signature {
            Some(signature) => signature,
            None => head(self.enrolment, chain, last).sign(self.signer)?,
        };
        let packet = packed(chain, commits, signature.clone(), self.compression)?;
        self.room = self.room.saturating_sub(packet.len());
        self.request.packets.push(packet.into());
        self.packets.push(Sent { chain: chain.id, head: last.hash.short(), signature });
        Ok(true)
    }
}

/// The longest run from the first commit on that one packet holds and a known signature ends; none when nothing does.
fn signed_run(connection: &Connection, commits: &[Commit], room: usize) -> Result<Option<(usize, Vec<u8>)>> {
    if commits.is_empty() {
        return Ok(None);
    }
    let fitting = packet::fitting_within(commits, room);
    let mut found = None;
    for (length, commit) in (1..).zip(commits) {
        // It came in packets, so a run that ends at a signature and is not longer than one fits again.
        if length > fitting && found.is_some() {
            break;
        }
        if let Some(signature) = log::signature(connection, commit.hash.short())? {
            found = Some((length, signature));
        }
    }
    Ok(found)
}

/// A packet of a run of our own commits under a fresh signature, for others than HQ itself; none of an empty run.
pub fn signed_packet(
    enrolment: &Enrolment,
    signer: &dyn Signer,
    chain: &ChainRow,
    commits: &[Commit],
) -> Result<Option<Vec<u8>>> {
    let Some(last) = commits.last() else { return Ok(None) };
    Ok(Some(packed(chain, commits, head(enrolment, chain, last).sign(signer)?, Compression::Zstd)?))
}

fn head(enrolment: &Enrolment, chain: &ChainRow, last: &Commit) -> Head {
    Head {
        city: enrolment.city,
        scope: chain.scope.clone(),
        chain: chain.id,
        seq: last.header.seq,
        hash: last.hash,
    }
}

fn packed(
    chain: &ChainRow,
    commits: &[Commit],
    signature: Vec<u8>,
    compression: Compression,
) -> Result<Vec<u8>> {
    let begins = commits.first().is_some_and(|first| first.header.seq == 1);
    let genesis = begins.then_some(chain.genesis.as_slice());
    Ok(Packet::pack(genesis, commits, signature, compression)?.encode())
}

fn cursors(connection: &Connection) -> Result<Vec<Cursor>> {
    let mut cursors = Vec::new();
    // A cursor behind an erase order says that it was carried out.
    if meta::scrub_due(connection)? {
        return Ok(cursors);
    }
    // Also of a scope that this phone may not read any more: HQ says whether it still has what this phone read there.
    let scopes: BTreeSet<Scope> =
        meta::scopes(connection)?.into_iter().chain(rows::feeds(connection)?).collect();
    for scope in scopes {
        let (position, rolling) = rows::feed(connection, &scope)?;
        cursors.push(Cursor { scope: scope.to_string(), position, rolling });
    }
    Ok(cursors)
}

/// Where this phone stood before; at least at the beginning.
fn trail(connection: &Connection, scopes: &[Scope]) -> Result<Vec<Cursor>> {
    let mut cursors = Vec::new();
    for scope in scopes {
        cursors.push(Cursor { scope: scope.to_string(), position: 0, rolling: [0; 16] });
    }
    for scope in scopes {
        cursors.extend(trail::of(connection, scope)?);
    }
    cursors.truncate(TRAIL_MAX);
    Ok(cursors)
}

/// What stays here when this request succeeds: photos follow by themselves, and `more` commits do not fit into it.
pub fn here(connection: &Connection, more: bool) -> Result<Here> {
    let (visits, oldest_ms) = connection.query_row(
        "SELECT count(DISTINCT root), min(at_ms) FROM (
           SELECT root, taken_ms AS at_ms FROM photo WHERE received = 0 AND sent < size
           UNION ALL
           SELECT visit_row.id, log.device_ms FROM log INDEXED BY log_unreceived
           CROSS JOIN touch ON touch.ref = log.ref CROSS JOIN entity ON entity.rowid = touch.root
           JOIN visit_row ON visit_row.id = entity.id
           WHERE log.received = 0 AND log.reissued = 0 AND ?1)",
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

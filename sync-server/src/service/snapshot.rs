//! Snapshots: one signed file per scope, made of each backup.
//!
//! Whoever begins with a snapshot never reads the commits for which it stands, and could not give them back to an HQ that
//! lost them. What a backup holds is not lost with HQ; so a snapshot stands for no more than that, where the design had it
//! stand for everything. A city without backups has none, and its phones read the feed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, Scope};
use xuncha_domain::merge::Stored;
use xuncha_domain::model::{field, kind};
use xuncha_domain::protocol::v1::snapshot::{
    self, ChainState, DeadOp, Head, LiveOp, LiveValue, SnapshotError, State, TIPS_MAX, Thing, Tip, Under,
};
use xuncha_domain::status::Machine;

use super::{Device, Error, Service};
use crate::blobs::Blobs;
use crate::storage::{LiveOpRow, Read, RowId, ThingRow, read_copy};

/// What a scope keeps on phones beside everything open.
const KEPT_MS: i64 = 730 * 24 * 60 * 60 * 1000;
/// A scope that does not fit is cut to half of the time, so often.
const CUTS_MAX: u32 = 5;
/// Held commits that are named; a scope with more has a hostile phone, and its reader fetches the feed.
const HELD_MAX: u32 = 1_000;

/// A file to serve, and the validator of its content.
#[derive(Debug)]
pub struct SnapshotFile {
    pub path: PathBuf,
    pub content: [u8; 32],
}

impl Service {
    /// The snapshot of a scope that the phone reads, if it goes beyond a position of the feed. Scopes of others do not exist
    /// for it.
    pub fn snapshot(&self, device: &Device, scope: &str, after: u64) -> Result<SnapshotFile, Error> {
        let scope: Scope = scope.parse().map_err(|_| Error::NotFound)?;
        let reads = self.storage.read(|read| self.scopes_of(read, &device.officer))?;
        if !reads.contains(&scope) {
            return Err(Error::NotFound);
        }
        let path = self.snapshot_file(&scope);
        let content = self.usable(&path, &scope, after)?.ok_or(Error::NotFound)?;
        Ok(SnapshotFile { path, content })
    }

    fn snapshot_file(&self, scope: &Scope) -> PathBuf {
        self.blobs.derived_file(&Sha256::digest(scope.as_str()).into(), "snapshot")
    }

    /// The content's hash of a file that fits the feed and goes beyond the position.
    fn usable(&self, path: &Path, scope: &Scope, after: u64) -> Result<Option<[u8; 32]>, Error> {
        let mut beginning = Vec::new();
        let Ok(file) = std::fs::File::open(path) else { return Ok(None) };
        file.take(4_096).read_to_end(&mut beginning).map_err(crate::blobs::Error::from)?;
        let read = snapshot::head(&beginning, &self.public_key(), self.city.id.0, scope.as_str());
        let Ok((head, _)) = read else { return Ok(None) };
        // HQ may have been restored since: then the file speaks of another feed.
        let fits = self.storage.read(|read| read.is_run_end(scope, head.position, &head.rolling))?;
        Ok((fits && head.position > after).then_some(head.content))
    }

    /// Makes the snapshots of a backup's database. A scope in which something waited to be judged keeps its older one.
    pub(super) fn make_snapshots(&self, copy: &Path) -> Result<(), Error> {
        read_copy(copy, |read| {
            for (scope, _) in read.feed_ends()? {
                let scope: Scope = scope.parse().map_err(|_| Error::Internal("the scope of a feed"))?;
                // A packet of which only a part is in the feed could not be gone on with.
                if !read.any_unjudged(&scope)? {
                    Blobs::write_derived(&self.snapshot_file(&scope), &self.make_snapshot(read, &scope)?)?;
                }
            }
            Ok(())
        })
    }

    fn make_snapshot(&self, read: &Read<'_>, scope: &Scope) -> Result<Vec<u8>, Error> {
        let mut kept_ms = KEPT_MS;
        for _ in 0..CUTS_MAX {
            let (head, state) = self.state_of(read, scope, self.clock.now_ms(), kept_ms)?;
            match snapshot::write(head, &state, &self.key) {
                Err(SnapshotError::TooLarge) => kept_ms /= 2,
                Err(_) => return Err(Error::Internal("a snapshot cannot be made")),
                Ok(bytes) => return Ok(bytes),
            }
        }
        Err(Error::Internal("a scope does not fit into a snapshot"))
    }

    fn state_of(
        &self,
        read: &Read<'_>,
        scope: &Scope,
        now_ms: i64,
        kept_ms: i64,
    ) -> Result<(Head, State), Error> {
        let end = read.feed_end(scope)?;
        let kept_since_ms = now_ms.saturating_sub(kept_ms);
        let things = read.things_of(scope)?;
        let live = read.live_ops_of(scope, &things)?;
        let mut closed = read.sealed_before(scope, kept_since_ms)?;
        for root in roots_with_open_findings(&things, &live) {
            closed.remove(&root);
        }
        let mut making = Making::default();
        for chain in read.chains_of(scope)? {
            let tips = read.tips(chain.id)?;
            if chain.forked {
                for (bit, tip) in (0..TIPS_MAX).zip(&tips) {
                    for commit in read.branch(tip.id)? {
                        *making.tips.entry(commit).or_default() |= 1 << bit;
                    }
                }
            }
            let tips = tips.iter().map(|tip| Tip { seq: tip.seq, hash: tip.hash.0 }).collect();
            making.chains.insert(chain.id, number(making.state.chains.len()));
            making.state.chains.push(ChainState { genesis: chain.genesis.into(), tips });
        }
        let kept = things.into_iter().filter(|thing| !closed.contains(&thing.root.unwrap_or(thing.id)));
        kept.for_each(|thing| making.thing(thing));
        live.into_iter().for_each(|op| making.live(op));
        for (entity, field, commit) in read.dead_ops_of(scope)? {
            if let Some(thing) = making.things.get(&entity) {
                making.state.dead.push(DeadOp { thing: *thing, field, commit });
            }
        }
        making.state.held = read.held_commits(scope, HELD_MAX)?.into_iter().map(Into::into).collect();
        let head = Head {
            city: self.city.id.0,
            scope: scope.to_string(),
            position: end.position,
            rolling: end.rolling,
            made_ms: now_ms,
            kept_since_ms,
            left_out: closed.len() as u64,
            unpacked: 0,
            content: [0; 32],
        };
        Ok((head, making.state))
    }
}

/// Visits of which a finding has not come to its end, by one of its live statuses.
fn roots_with_open_findings(things: &[ThingRow], live: &[LiveOpRow]) -> BTreeSet<RowId> {
    let machine = Machine::get("finding");
    let ended = |op: &LiveOpRow| {
        let value = op.live.value.value();
        let state = value.and_then(Value::as_text).and_then(|code| machine?.state(code));
        state.is_some_and(|state| state.terminal)
    };
    let findings: BTreeMap<RowId, RowId> = things
        .iter()
        .filter(|thing| thing.kind == kind::FINDING)
        .filter_map(|thing| Some((thing.id, thing.root?)))
        .collect();
    let open = live.iter().filter(|op| op.field == field::STATUS && !ended(op));
    open.filter_map(|op| findings.get(&op.entity).copied()).collect()
}

/// Numbers for rows.
#[derive(Default)]
struct Making {
    state: State,
    chains: BTreeMap<RowId, u32>,
    things: BTreeMap<RowId, u32>,
    /// Of forked chains: the tips that have a commit behind them.
    tips: BTreeMap<CommitRef, u64>,
}

impl Making {
    fn thing(&mut self, row: ThingRow) {
        let under = match (row.parent, row.key) {
            (Some(parent), Some(key)) => {
                // Its parent was left out, and so is it.
                let Some(parent) = self.things.get(&parent) else { return };
                Some(Under { parent: *parent, key: key.into() })
            }
            _ => None,
        };
        self.things.insert(row.id, number(self.state.things.len()));
        self.state.things.push(Thing { kind: row.kind, id: row.name, under });
    }

    fn live(&mut self, row: LiveOpRow) {
        let (Some(thing), Some(chain)) = (self.things.get(&row.entity), self.chains.get(&row.chain)) else {
            return;
        };
        let value = match row.live.value {
            Stored::Detached { hash, value: Some(_) } => LiveValue::Elsewhere(hash),
            Stored::Detached { hash, value: None } => LiveValue::Erased(hash),
            Stored::Plain(value) => LiveValue::Plain(value.encode().into()),
        };
        self.state.live.push(LiveOp {
            thing: *thing,
            field: row.field,
            chain: *chain,
            seq: row.seq,
            commit: row.live.commit.0,
            officer: row.live.officer.0,
            corrected_ms: row.live.corrected_ms,
            value,
            tips: self.tips.get(&row.live.commit).copied(),
        });
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

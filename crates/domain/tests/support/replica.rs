//! Whoever receives packets: stores commits, counts them, erases values. Keeps everything in memory.

use std::collections::{BTreeMap, BTreeSet};

use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, EntityId};
use xuncha_domain::log::body::{Op, Reference};
use xuncha_domain::log::chain::Genesis;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::packet::{self, Packet, PacketError};
use xuncha_domain::merge::{Field, Live, Stored};

use super::phone::{CITY, hq};

pub type Key = (EntityId, String);

#[derive(Default)]
pub struct Replica {
    pub chains: BTreeMap<ChainId, Genesis>,
    pub store: BTreeMap<CommitRef, Commit>,
    pub counted: BTreeSet<CommitRef>,
    pub fields: BTreeMap<Key, Field>,
}

/// What became of a packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Stored(Vec<CommitRef>),
    /// The commit before is not here yet.
    Waits,
}

impl Replica {
    /// Checks a packet as a stranger would and stores its commits; counts nothing.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Received, PacketError> {
        let packet = Packet::decode(bytes)?;
        if let Some(genesis) = &packet.genesis {
            let genesis =
                Genesis::verify(genesis, &hq().public_key(), CITY).map_err(|_| PacketError::Predecessor)?;
            self.chains.insert(genesis.chain(), genesis);
        }
        let Some(genesis) = self.chains.get(&packet.chain) else { return Ok(Received::Waits) };
        let before: Option<CommitHash> = match packet.prev {
            None => Some(genesis.hash()),
            Some(prev) => self.store.get(&prev).map(|commit| commit.hash),
        };
        let Some(before) = before else { return Ok(Received::Waits) };
        let commits = packet::link(&packet, packet.unpack()?, before)?;
        packet::verify_head(&packet, &commits, CITY, &genesis.scope, &genesis.certificate.key)?;
        let names = commits.iter().map(|commit| commit.hash.short()).collect();
        for commit in commits {
            self.store.entry(commit.hash.short()).or_insert(commit);
        }
        Ok(Received::Stored(names))
    }

    /// The commit that an op's reference names; none for one that no ancestor has.
    pub fn resolve(&self, of: &Commit, reference: &Reference) -> Option<CommitRef> {
        match reference {
            Reference::Other { commit, .. } => Some(*commit),
            Reference::Own { seq } => {
                let mut at = of;
                while at.header.seq > *seq {
                    at = self.store.get(&at.header.prev.short())?;
                }
                Some(at.hash.short())
            }
        }
    }

    fn over(&self, commit: &Commit, op: &Op) -> Vec<CommitRef> {
        op.over.iter().filter_map(|reference| self.resolve(commit, reference)).collect()
    }

    /// Counts a stored commit, once.
    pub fn count(&mut self, name: CommitRef) {
        if !self.counted.insert(name) {
            return;
        }
        let commit = self.store[&name].clone();
        let mut touched = BTreeSet::new();
        for (op, value) in commit.ops().iter().zip(commit.stored()) {
            let over = self.over(&commit, op);
            let key = (op.entity.id, op.field.clone());
            let live = Live {
                commit: name,
                value,
                officer: commit.header.officer,
                corrected_ms: commit.op_corrected_ms(op),
            };
            let counted = &self.counted;
            self.fields.entry(key.clone()).or_default().count(live, &over, |c| counted.contains(c));
            touched.insert(key);
        }
        for (_, field) in self.fields.iter_mut().filter(|(key, _)| !touched.contains(key)) {
            field.settle(&name);
        }
    }

    /// Destroys one detached value, stored and live.
    pub fn erase(&mut self, name: CommitRef, index: usize) {
        let Some(commit) = self.store.get_mut(&name) else { return };
        commit.detached = commit.detached.erase(&[index]);
        let stored = commit.stored();
        for (op, stored) in commit.ops().iter().zip(stored) {
            let field = self.fields.get_mut(&(op.entity.id, op.field.clone()));
            if let Some(field) = field
                && let Some(live) = field.live.remove(&name)
            {
                field.live.insert(Live { value: stored, ..live });
            }
        }
    }

    pub fn token(&self, key: &Key) -> Vec<CommitRef> {
        self.fields.get(key).map(Field::token).unwrap_or_default()
    }

    /// The live values of a field, by commit.
    pub fn live(&self, key: &Key) -> BTreeMap<CommitRef, Stored> {
        let live = self.fields.get(key).map(|field| field.live.clone()).unwrap_or_default();
        live.values().map(|op| (op.commit, op.value.clone())).collect()
    }
}

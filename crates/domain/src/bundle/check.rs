//! Is a bundle whole and does everything in it hold? Answered from the bundle alone, and naming the first thing that is
//! wrong.

use std::collections::HashMap;
use std::io::{Read, sink};

use super::{BundleError, Kind, Reader};
use crate::ids::{ChainId, CityId, CommitHash, CommitRef};
use crate::log::chain::{ChainError, Genesis};
use crate::log::crypto::PublicKey;
use crate::log::packet::{self, Loose, Packet, PacketError};

/// What a whole bundle holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    pub packets: usize,
    pub commits: usize,
    pub photos: usize,
    pub bytes: u64,
}

/// Where a bundle is wrong and which check says so.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Wrong {
    /// Such as `entry 3 (packet), commit 17`.
    pub place: String,
    pub what: Check,
}

/// The check that failed.
#[derive(Debug, thiserror::Error)]
pub enum Check {
    #[error("{0}")]
    Bundle(#[from] BundleError),
    #[error("packet: {0}")]
    Packet(#[from] PacketError),
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    #[error("HQ's key in the list is not one")]
    HqKey,
    #[error("made for another HQ")]
    OtherHq,
    #[error("the chain of this packet begins nowhere in the bundle")]
    NoChain,
    #[error("the commit before this packet is not in the bundle")]
    NoPredecessor,
}

/// Checks all of a bundle. With `hq`, also that it was made for this HQ; else against the key that it names itself.
pub fn check(source: impl Read, hq: Option<&PublicKey>) -> Result<Checked, Wrong> {
    let in_list = |what: Check| Wrong { place: "list".into(), what };
    let mut reader = Reader::new(source).map_err(|error| in_list(error.into()))?;
    let mut known = Known::new(&reader, hq).map_err(in_list)?;
    let mut checked = Checked::default();
    loop {
        let at = reader.at();
        let entry = match reader.peek() {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(checked),
            Err(error) => return Err(Wrong { place: "end".into(), what: error.into() }),
        };
        let place = format!("entry {at} ({})", entry.kind.name());
        let mut bytes = Vec::new();
        let copied = match entry.kind {
            Kind::Packet => reader.copy(&mut bytes),
            Kind::Photo => reader.copy(sink()),
        };
        copied.map_err(|error| Wrong { place: place.clone(), what: error.into() })?;
        checked.bytes += entry.size;
        match entry.kind {
            Kind::Photo => checked.photos += 1,
            Kind::Packet => {
                checked.packets += 1;
                checked.commits += known.take(&bytes).map_err(|(seq, what)| Wrong {
                    place: seq.map_or(place.clone(), |seq| format!("{place}, commit {seq}")),
                    what,
                })?;
            }
        }
    }
}

/// Chains and the commits that packets may follow.
struct Known {
    city: CityId,
    chains: HashMap<ChainId, Genesis>,
    commits: HashMap<(ChainId, u64, CommitRef), CommitHash>,
}

impl Known {
    fn new<R: Read>(reader: &Reader<R>, hq: Option<&PublicKey>) -> Result<Self, Check> {
        let list = reader.list();
        let own =
            PublicKey::from_bytes(PublicKey::ALGORITHM as u8, &list.hq_key).map_err(|_| Check::HqKey)?;
        if hq.is_some_and(|hq| *hq != own) {
            return Err(Check::OtherHq);
        }
        let mut known = Self { city: CityId(list.city), chains: HashMap::new(), commits: HashMap::new() };
        for start in &list.starts {
            let genesis = Genesis::verify(&start.genesis, &own, known.city)?;
            let chain = genesis.chain();
            if start.seq == 0 && start.hash != genesis.hash().0 {
                return Err(Check::NoPredecessor);
            }
            known.remember(chain, start.seq, CommitHash(start.hash));
            known.chains.insert(chain, genesis);
        }
        Ok(known)
    }

    fn remember(&mut self, chain: ChainId, seq: u64, hash: CommitHash) {
        self.commits.insert((chain, seq, hash.short()), hash);
    }

    /// Checks a packet and returns how many commits it holds, or what is wrong, with the number of the commit.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, (Option<u64>, Check)> {
        let whole = |what: Check| (None, what);
        let packet = Packet::decode(bytes).map_err(|error| whole(error.into()))?;
        let genesis = self.chains.get(&packet.chain).ok_or(whole(Check::NoChain))?;
        let named = packet.prev.unwrap_or(CommitRef(packet.chain.0));
        let before = (packet.chain, packet.from_seq.saturating_sub(1), named);
        let prev = *self.commits.get(&before).ok_or(whole(Check::NoPredecessor))?;
        let loose = packet.unpack().map_err(|error| whole(error.into()))?;
        let commits = packet::link(&packet, loose.clone(), prev)
            .map_err(|error| (first_wrong(&packet, &loose, prev), error.into()))?;
        let last = commits.last().map(|last| last.header.seq);
        packet::verify_head(&packet, &commits, self.city, &genesis.scope, &genesis.certificate.key)
            .map_err(|error| (last, error.into()))?;
        for commit in &commits {
            self.remember(packet.chain, commit.header.seq, commit.hash);
        }
        Ok(commits.len())
    }
}

/// The number of the first commit that does not link.
fn first_wrong(packet: &Packet, loose: &[Loose], prev: CommitHash) -> Option<u64> {
    let (mut good, mut bad) = (0, loose.len());
    // What a run links to does not depend on what follows it.
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        match packet::link(packet, loose.get(..middle)?.to_vec(), prev) {
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    Some(packet.from_seq.saturating_add(good as u64))
}

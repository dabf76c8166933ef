//! `POST /v1/things`: what a phone that began with a snapshot lacks of a thing, when somebody opens it or news of it come.
//!
//! A snapshot has no detached values, and of things closed long ago nothing. The phone names the things; HQ answers with
//! every packet that touches them, as it was signed. A repeat brings the same again and changes nothing.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// Names in one request: a screen's worth.
pub const NAMES_MAX: usize = 100;

#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Wanted {
    /// Entities at the root: all commits that touch them.
    #[n(0)]
    pub roots: Vec<ByteArray<16>>,
    /// Single commits: one that a packet follows, or one that HQ held when the snapshot was made.
    #[n(1)]
    pub commits: Vec<ByteArray<16>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Brought {
    #[n(0)]
    pub packets: Vec<Fed>,
    /// Things of which every packet is here. The others are unknown to HQ, or not for this phone.
    #[n(1)]
    pub whole: Vec<ByteArray<16>>,
    /// Names for which there was no room: ask again. Never all of them.
    #[n(2)]
    pub later: Vec<ByteArray<16>>,
}

/// A packet of a scope that the phone reads.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Fed {
    /// An encoded `log::packet::Packet`.
    #[n(0)]
    pub packet: ByteVec,
    /// The whole hash of the commit, or of the genesis, that it follows. The author's signature covers it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub prev: [u8; 32],
    /// Which of its commits are in the feed, and where.
    #[n(2)]
    pub placed: Vec<Placed>,
}

/// Commits that follow each other on the chain and in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Placed {
    #[n(0)]
    pub from_seq: u64,
    #[n(1)]
    pub count: u32,
    /// Of the first.
    #[n(2)]
    pub position: u64,
}

impl Fed {
    /// Where in its scope's feed a commit of this packet is; none when it is not in the feed.
    pub fn position(&self, seq: u64) -> Option<u64> {
        self.placed.iter().find_map(|placed| {
            let step = seq.checked_sub(placed.from_seq).filter(|step| *step < u64::from(placed.count))?;
            placed.position.checked_add(step)
        })
    }
}

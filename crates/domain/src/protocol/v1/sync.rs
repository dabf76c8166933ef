//! `POST /v1/sync`: one round trip does hello, push and pull.
//!
//! The phone says what it has (heads, cursors), what is still on it, and sends packets. HQ stores and receipts each
//! packet, judges, publishes, and answers with what came after each cursor. A repeat stores nothing new and is receipted
//! again. Whatever gets lost on the way, the next request goes on from the heads that HQ names.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::ids::{CommitHash, tagged_hash};

use super::receipt::Receipt;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncRequest {
    #[n(0)]
    pub app_version: String,
    /// The phone's clock when it sent this.
    #[n(1)]
    pub device_ms: i64,
    #[n(2)]
    pub cursors: Vec<Cursor>,
    /// Own chains' heads. Commits up to them are left out of the answer, and a receipt answers each.
    #[n(3)]
    pub heads: Vec<HeadName>,
    #[n(4)]
    pub here: Here,
    /// Each an encoded `log::packet::Packet`; at most `limits::PACKETS_PER_SYNC_MAX`.
    #[n(5)]
    pub packets: Vec<ByteVec>,
    /// Photos whose arrival the phone wants confirmed; at most 1,000.
    #[n(6)]
    pub blobs: Vec<ByteArray<32>>,
}

/// Where a reader stands in a scope's feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    #[n(0)]
    pub scope: String,
    /// Commits read so far; 0 before the first.
    #[n(1)]
    pub position: u64,
    /// Rolling hash of the feed up to it, see [`roll`]; all zero at 0.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub rolling: [u8; 16],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct HeadName {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub chain: [u8; 16],
    #[n(1)]
    pub seq: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// What is still on the phone after this request, should it succeed: HQ's console and bulletins show it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Here {
    #[n(0)]
    pub visits: u32,
    #[n(1)]
    pub photos: u32,
    #[n(2)]
    pub oldest_ms: Option<i64>,
    #[n(3)]
    pub free_bytes: Option<u64>,
    #[n(4)]
    pub battery_percent: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncAnswer {
    /// HQ's clock in the middle of handling the request.
    #[n(0)]
    pub time_ms: i64,
    #[n(1)]
    pub receipt: Receipt,
    #[n(2)]
    pub refused: Vec<Refused>,
    #[n(3)]
    pub feeds: Vec<Feed>,
    /// Verdicts on commits of the declared chains, whatever the phone may read.
    #[n(4)]
    pub verdicts: Vec<VerdictNotice>,
    /// Heads that HQ knows of the declared chains and the request did not declare: somebody else writes to this chain.
    #[n(5)]
    pub unknown_heads: Vec<HeadName>,
    /// The scopes that the phone reads from now on.
    #[n(6)]
    pub scopes: Vec<String>,
    /// There is more after the new cursors: ask again at once.
    #[n(7)]
    pub more: bool,
    /// Over the device's quota: the last packets of the request were neither stored nor refused, and may come again then.
    #[n(8)]
    pub retry_after_s: Option<u32>,
    /// As at enrolment, for phones that enrolled before HQ had one. A phone that knows one keeps it.
    #[n(9)]
    pub rescue: Option<String>,
}

/// One packet that HQ did not take.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refused {
    /// Index into the request's packets.
    #[n(0)]
    pub packet: u32,
    /// One of `refusal::packet`.
    #[n(1)]
    pub reason: String,
    /// With `predecessor`: the last commit of that chain that HQ and the packet's chain may share. Seq 0 names the genesis.
    #[n(2)]
    pub last_common: Option<HeadName>,
}

/// What came after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Feed {
    #[n(0)]
    pub scope: String,
    /// The cursor did not fit HQ's feed (HQ was restored): this feed starts at position 0 and the old cursor is void.
    #[n(1)]
    pub restart: bool,
    #[n(2)]
    pub packets: Vec<ByteVec>,
    /// The order of the feed, so that the reader can compute the rolling hash.
    #[n(3)]
    pub order: Vec<Run>,
    /// The cursor after this answer.
    #[n(4)]
    pub cursor: Cursor,
}

/// A run of the feed: `count` commits that follow each other on one chain and in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Run {
    #[n(0)]
    pub source: Source,
    #[n(1)]
    pub from_seq: u64,
    #[n(2)]
    pub count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Source {
    /// Index into the feed's packets.
    #[n(0)]
    Packet(#[n(0)] u32),
    /// Left out: an ancestor of the request's n-th declared head, or that head itself.
    #[n(1)]
    Declared(#[n(0)] u32),
}

/// HQ holds a commit back, or applied it after all.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct VerdictNotice {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    #[n(1)]
    pub applied: bool,
    /// `model::words::HeldReason` as text.
    #[n(2)]
    pub reason: String,
}

/// The rolling hash of a feed after one more commit.
pub fn roll(rolling: [u8; 16], commit: &CommitHash) -> [u8; 16] {
    crate::ids::short(&tagged_hash("xuncha/1 feed", &[&rolling, commit.as_bytes()]))
}

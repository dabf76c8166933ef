//! `POST /v1/sync`: one round trip does hello, push and pull.
//!
//! The phone says what it has (heads, cursors), what is still on it, and sends packets. HQ stores and receipts each
//! packet, judges, publishes, and answers with what came after each cursor. A repeat stores nothing new and is receipted
//! again. Whatever gets lost on the way, the next request goes on from the heads that HQ names.
//!
//! **Restored HQ.** HQ notices by a cursor, or a photo mark, that does not fit, and the phone by a receipt that names less
//! of its chains than one before. HQ answers such a cursor with `restart`; the phone sends its trail of earlier cursors; HQ
//! names the last one that fits. Receipts of what came after it are void. With the next request the phone offers what HQ's
//! own chains lost, so that erase and close orders act before anything is served; when it has read all that HQ still or
//! again has, it offers the rest, whoever wrote it.

//!
//! **Lost and regained scopes.** The answer names the scopes that the phone reads. Nothing is served any more of one that it
//! does not name, while packets of it are taken, receipted and judged as ever. The phone loses what it had of others there,
//! in the transaction that takes the answer; it keeps its officer's own work, its chains, how far it had read (which its
//! commits go on to say) and the erase orders that it had read. It does so only by the answer to this very request, and not
//! while an HQ that was restored is to get back what its own chains lost: the op that moved the officer may be among it. No
//! scope at all is a closed phone, which keeps what it has. A scope that is named again is read from its beginning.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::ids::{CommitHash, tagged_hash};

use super::receipt::Receipt;

#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
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
    /// Drawn for this request; the receipt that answers it repeats it, so that no late or replayed answer is taken for it.
    #[n(7)]
    pub nonce: Option<ByteArray<8>>,
    /// Earlier cursors, newest first and ever sparser, of scopes that HQ answered with `restart`; at most [`TRAIL_MAX`].
    #[cbor(n(8), default)]
    pub trail: Vec<Cursor>,
    /// Packets, by index, of other authors that HQ's own feed brought here once.
    #[cbor(n(9), default)]
    pub fed: Vec<u32>,
    /// Where HQ's list of photos stood when it last confirmed one to this phone.
    #[n(10)]
    pub photos: Option<Mark>,
    /// `made_ms` of the backup that the phone knows of.
    #[n(11)]
    pub backup_ms: Option<i64>,
    /// Of a scope of which the phone lacks more commits than this it takes a snapshot: HQ answers with the feed's end alone.
    #[n(12)]
    pub beyond: Option<u64>,
    /// Commits of this device that cannot be read any more; at most [`QUARANTINED_MAX`]. Their work was issued again as far
    /// as it was known.
    #[cbor(n(13), default)]
    pub quarantined: Vec<Quarantined>,
    /// [`scopes_known`] of the scopes that the phone reads: an answer that would name the same names none.
    #[n(14)]
    pub scopes_known: Option<ByteArray<8>>,
    /// The phone knows to whom rescue bundles are sealed, and keeps that: the answer leaves it out.
    #[cbor(n(15), default)]
    pub rescue_known: bool,
}

/// Of one request: each may be as large as a commit.
pub const QUARANTINED_MAX: usize = 1;

/// Bytes that are no commit any more, as they lie on the phone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Quarantined {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub chain: [u8; 16],
    #[n(1)]
    pub seq: u64,
    /// What the commit's hash was.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// Why, as a reason code.
    #[n(3)]
    pub reason: String,
    /// Of its core, without detached values, which an erase order could not find here. At most `limits::COMMIT_BYTES_MAX`.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Cursors of one request's trail: 64 a scope for a brigade that reads all of a city.
pub const TRAIL_MAX: usize = 1_024;

/// Where HQ's list of photos stands: in the order in which they were held, with the same rolling hash as a feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    #[n(0)]
    pub position: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub rolling: [u8; 16],
}

/// What HQ's newest backup covers. A phone keeps everything above it, whatever receipts say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Backup {
    /// By HQ's clock; 0 when there is no backup.
    #[n(0)]
    pub made_ms: i64,
    /// Of the scopes that the phone reads.
    #[n(1)]
    pub scopes: Vec<Covered>,
    /// Photos up to this position of HQ's list.
    #[n(2)]
    pub photos: u64,
}

/// The feed of a scope is covered up to a position.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Covered {
    #[n(0)]
    pub scope: String,
    #[n(1)]
    pub position: u64,
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
    /// The scopes that the phone reads from now on, an empty list for a closed one; none when they are those that the request
    /// knows.
    #[n(6)]
    pub scopes: Option<Vec<String>>,
    /// There is more after the new cursors: ask again at once.
    #[n(7)]
    pub more: bool,
    /// Over the device's quota: the last packets of the request were neither stored nor refused, and may come again then.
    #[n(8)]
    pub retry_after_s: Option<u32>,
    /// As at enrolment, for phones that enrolled before HQ had one; none when the request says that the phone knows one.
    #[n(9)]
    pub rescue: Option<String>,
    /// Where HQ's list of photos stands; when the request asked about photos, or its mark did not fit.
    #[n(10)]
    pub photos: Option<Mark>,
    /// The request's mark did not fit HQ's list: which photos are held must be asked again.
    #[cbor(n(11), default)]
    pub photos_restart: bool,
    /// When it is not the one that the request names.
    #[n(12)]
    pub backup: Option<Backup>,
    /// What erase orders destroyed that this phone does not read.
    #[n(13)]
    pub erased: Option<Erased>,
    /// Of the request's quarantined commits, the hashes of those that HQ keeps.
    #[cbor(n(14), default)]
    pub quarantined: Vec<ByteArray<32>>,
}

/// What erase orders of scopes that the phone does not read destroyed of its own work, and photos it asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Erased {
    /// Commits of the declared chains. A phone obeys only for commits that a receipt names: HQ holds the rest of them.
    #[n(0)]
    pub values: Vec<ErasedValues>,
    /// Of the photos asked about: these are wanted no more, and HQ takes them no more.
    #[n(1)]
    pub photos: Vec<ByteArray<32>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ErasedValues {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// Places of its detached values.
    #[n(1)]
    pub places: Vec<u32>,
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
    /// The cursor did not fit HQ's feed (HQ was restored). `cursor` is the newest of the request's trail that fits, else the
    /// beginning, and nothing else is in this feed. Also of a scope that the phone may not read any more.
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
    /// Commits in the whole feed, when that is more.
    #[n(5)]
    pub end: Option<u64>,
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

/// The rolling hash of HQ's list of photos after one more.
pub fn roll_photo(rolling: [u8; 16], sha256: &[u8; 32]) -> [u8; 16] {
    crate::ids::short(&tagged_hash("xuncha/1 photos", &[&rolling, sha256]))
}

/// Names a list of scopes, in the order in which HQ gave them.
pub fn scopes_known<'a>(scopes: impl Iterator<Item = &'a str>) -> [u8; 8] {
    let list = scopes.collect::<Vec<_>>().join("\n");
    let hash = tagged_hash("xuncha/1 scopes", &[list.as_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

/// The rolling hash of a feed after one more commit.
pub fn roll(rolling: [u8; 16], commit: &CommitHash) -> [u8; 16] {
    crate::ids::short(&tagged_hash("xuncha/1 feed", &[&rolling, commit.as_bytes()]))
}

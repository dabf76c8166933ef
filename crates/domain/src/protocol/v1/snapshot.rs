//! `GET /v1/snapshot/{scope}`: the live state of a scope at a position of its feed, one signed file.
//!
//! HQ makes it now and then and serves the same bytes to all, with ranges and a validator. A phone that starts from it
//! asks for the feed after its position; the merge goes on from the live ops and the dead set as if it had counted every
//! commit before. It never holds a detached value, and of closed things only those of the time that phones keep.
//!
//! File: `"xuncha snapshot 1\n"` ‖ length of the head (4, big endian) ‖ head ‖ content, a single zstd frame.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::cbor::{CborError, Value};
use crate::ids::tagged_hash;
use crate::log::crypto::{CryptoError, PublicKey, Signer};

pub const SNAPSHOT_TAG: &str = "xuncha/1 snapshot";
const MAGIC: &[u8] = b"xuncha snapshot 1\n";
/// A scope's name and some numbers.
const HEAD_BYTES_MAX: usize = 1_024;
/// A file as it travels: minutes on a bad link, with a break costing nothing.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What it may unpack to: a phone of 2 GB holds it once.
pub const UNPACKED_BYTES_MAX: usize = 96 * 1024 * 1024;
/// A chain that was copied more often is one of a hostile phone; HQ names the newest.
pub const TIPS_MAX: usize = 64;
/// Fast to make, and a tenth of the size.
const ZSTD_LEVEL: i32 = 6;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("not a snapshot")]
    NotOne,
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error(transparent)]
    Cbor(#[from] CborError),
    #[error("of another city or scope")]
    Elsewhere,
    #[error("the content is not what the head says")]
    Content,
    #[error("a number names nothing")]
    Dangling,
    /// The scope has more live ops than one file may hold.
    #[error("too large")]
    TooLarge,
}

/// What HQ signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub city: [u8; 16],
    #[n(1)]
    pub scope: String,
    /// Commits of the feed that are counted in it.
    #[n(2)]
    pub position: u64,
    /// Of the feed up to there.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub rolling: [u8; 16],
    #[n(4)]
    pub made_ms: i64,
    /// Closed visits that began before are left out.
    #[n(5)]
    pub kept_since_ms: i64,
    /// How many were left out.
    #[n(6)]
    pub left_out: u64,
    #[n(7)]
    pub unpacked: u64,
    /// `H("xuncha/1 snapshot content", content)`.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub content: [u8; 32],
}

#[derive(Encode, Decode)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: Vec<u8>,
}

/// Everything that the merge needs to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct State {
    #[n(0)]
    pub chains: Vec<ChainState>,
    #[n(1)]
    pub things: Vec<Thing>,
    #[n(2)]
    pub live: Vec<LiveOp>,
    #[n(3)]
    pub dead: Vec<DeadOp>,
    /// Commits that HQ holds back: counted by nobody, and not in here. A verdict that applies one later is a reason to
    /// fetch it.
    #[n(4)]
    pub held: Vec<ByteArray<32>>,
}

/// A chain as far as the feed has it: who may go on with it, and after which commits.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ChainState {
    #[n(0)]
    pub genesis: ByteVec,
    /// The ends of its branches; one if it never forked. At most [`TIPS_MAX`].
    #[n(1)]
    pub tips: Vec<Tip>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Tip {
    #[n(0)]
    pub seq: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// An entity, after the one that it hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Thing {
    #[n(0)]
    pub kind: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// Number of its parent, and the CBOR of its key there.
    #[n(2)]
    pub under: Option<Under>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Under {
    #[n(0)]
    pub parent: u32,
    #[n(1)]
    pub key: ByteVec,
}

/// A live op.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LiveOp {
    #[n(0)]
    pub thing: u32,
    #[n(1)]
    pub field: String,
    /// Number of its commit's chain, and the commit's place there: a later commit of that chain names it by number.
    #[n(2)]
    pub chain: u32,
    #[n(3)]
    pub seq: u64,
    #[cbor(n(4), with = "minicbor::bytes")]
    pub commit: [u8; 16],
    #[cbor(n(5), with = "minicbor::bytes")]
    pub officer: [u8; 16],
    #[n(6)]
    pub corrected_ms: i64,
    #[n(7)]
    pub value: LiveValue,
    /// On a chain with several tips, those that have the commit behind them: bit n for the n-th. Else none.
    #[n(8)]
    pub tips: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum LiveValue {
    /// The CBOR of a plain value.
    #[n(0)]
    Plain(#[n(0)] ByteVec),
    /// The hash of a detached value, which is fetched when somebody opens the thing.
    #[n(1)]
    Elsewhere(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
    /// The hash of a detached value that was destroyed.
    #[n(2)]
    Erased(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
}

/// The name of an op that was replaced before it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeadOp {
    #[n(0)]
    pub thing: u32,
    #[n(1)]
    pub field: String,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub commit: [u8; 16],
}

/// Makes the file. `head.unpacked` and `head.content` are filled in.
pub fn write(mut head: Head, state: &State, hq: &dyn Signer) -> Result<Vec<u8>, SnapshotError> {
    let plain = super::encode(state);
    if plain.len() > UNPACKED_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    let content = zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(|_| SnapshotError::Content)?;
    head.unpacked = plain.len() as u64;
    head.content = content_hash(&content);
    let body = super::encode(&head);
    let signature = hq.sign(SNAPSHOT_TAG, &body)?;
    let head = super::encode(&Signed { body, signature });
    let length = u32::try_from(head.len()).map_err(|_| SnapshotError::TooLarge)?;
    let file = [MAGIC, &length.to_be_bytes(), &head, &content].concat();
    if file.len() > FILE_BYTES_MAX { Err(SnapshotError::TooLarge) } else { Ok(file) }
}

/// The head of a file that begins like this, when HQ signed it for this city and scope; and where the content begins.
pub fn head(
    beginning: &[u8],
    hq: &PublicKey,
    city: [u8; 16],
    scope: &str,
) -> Result<(Head, usize), SnapshotError> {
    let rest = beginning.strip_prefix(MAGIC).ok_or(SnapshotError::NotOne)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(SnapshotError::NotOne)?;
    let length = u32::from_be_bytes(*length) as usize;
    let signed = rest.get(..length).filter(|_| length <= HEAD_BYTES_MAX).ok_or(SnapshotError::NotOne)?;
    let Signed { body, signature } = super::decode(signed)?;
    hq.verify(SNAPSHOT_TAG, &body, &signature)?;
    let head: Head = super::decode(&body)?;
    if head.city != city || head.scope != scope {
        return Err(SnapshotError::Elsewhere);
    }
    Ok((head, MAGIC.len() + 4 + length))
}

/// Reads a whole file: signature, hash, bounds and every number in it are checked before anything is believed.
pub fn read(
    file: &[u8],
    hq: &PublicKey,
    city: [u8; 16],
    scope: &str,
) -> Result<(Head, State), SnapshotError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    let (head, at) = head(file, hq, city, scope)?;
    let content = file.get(at..).unwrap_or_default();
    let unpacked = usize::try_from(head.unpacked).unwrap_or(usize::MAX);
    if unpacked > UNPACKED_BYTES_MAX || content_hash(content) != head.content {
        return Err(SnapshotError::Content);
    }
    let plain = zstd::bulk::decompress(content, unpacked).map_err(|_| SnapshotError::Content)?;
    if plain.len() != unpacked {
        return Err(SnapshotError::Content);
    }
    let state: State = super::decode(&plain)?;
    state.check()?;
    Ok((head, state))
}

fn content_hash(content: &[u8]) -> [u8; 32] {
    tagged_hash("xuncha/1 snapshot content", &[content])
}

impl State {
    fn check(&self) -> Result<(), SnapshotError> {
        let within = |number: u32, length: usize| (number as usize) < length;
        let parents = (0_u32..).zip(&self.things).all(|(number, thing)| {
            let under = thing.under.as_ref();
            under.is_none_or(|under| under.parent < number && Value::decode(&under.key).is_ok())
        });
        let things = self.things.len();
        let live = self.live.iter().all(|op| {
            let plain = match &op.value {
                LiveValue::Plain(bytes) => Value::decode(bytes).is_ok(),
                LiveValue::Elsewhere(_) | LiveValue::Erased(_) => true,
            };
            plain && within(op.thing, things) && within(op.chain, self.chains.len())
        });
        let dead = self.dead.iter().all(|op| within(op.thing, things));
        let live = live && self.chains.iter().all(|chain| chain.tips.len() <= TIPS_MAX);
        if parents && live && dead { Ok(()) } else { Err(SnapshotError::Dangling) }
    }
}

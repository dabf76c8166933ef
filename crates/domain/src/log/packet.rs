//! Packets: any run of commits of one chain up to a signed head, as it travels by sync, in a bundle or over a hub.
//!
//! Hashes that a receiver can compute do not travel: not the header hashes, not the body hashes, not the salted hashes
//! of detached values. The receiver links the run to the commit before it and checks one signature at the end.

use std::sync::LazyLock;

use minicbor::{Decoder, Encoder};
use zstd::dict::DecoderDictionary;

use crate::cbor::{self, CborError};
use crate::ids::{ChainId, CityId, CommitHash, CommitRef, Scope, tagged_hash};
use crate::limits;

use super::commit::{Commit, Place};
use super::crypto::{Algorithm, CryptoError, PublicKey};
use super::detached::Detached;
use super::head::Head;
use super::payload;

pub use super::payload::Loose;

/// The shared dictionary: what the cores of ordinary visits look like. Named on the wire by its hash; a receiver that
/// does not have it says so and the sender falls back to `Compression::None`.
pub const DICTIONARY: &[u8] = include_bytes!("../../data/dictionary-1.bin");
/// Made ready once: HQ unpacks thousands of packets with it.
static UNPACKING: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
/// A seventh fewer bytes than level 3, for milliseconds on a phone; higher levels gain nothing more.
const ZSTD_LEVEL: i32 = 15;
/// How a zstd frame begins. A payload is exactly one: the older formats that a zstd library may still read, and frames
/// after frames, are not let near it.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What a commit adds to a payload beside its core and values, at most: tables, times, lengths.
const COMMIT_OVERHEAD_BYTES: usize = 96;
/// What a packet adds to its payload, at most: the genesis record, signature, names and lengths.
const PACKET_OVERHEAD_BYTES: usize = 2_048;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    #[error(transparent)]
    Cbor(#[from] CborError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error("packet version {0} is not known here")]
    Version(u64),
    #[error("compression or dictionary is not known here")]
    Compression,
    #[error("unpacks to more than it says or may")]
    Unpacking,
    #[error("does not follow the commit that it names")]
    Predecessor,
    #[error("over a limit: {0}")]
    Limit(&'static str),
}

impl From<minicbor::decode::Error> for PacketError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Cbor(CborError::Malformed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    /// zstd (RFC 8878) with the shared dictionary.
    Zstd,
}

/// The name of the shared dictionary: the first 8 bytes of its hash.
pub fn dictionary_name() -> [u8; 8] {
    let hash = tagged_hash("xuncha/1 dictionary", &[DICTIONARY]);
    let (name, _) = hash.split_at(8);
    name.try_into().unwrap_or([0; 8])
}

/// A packet whose outside is read and whose payload is not unpacked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    pub chain: ChainId,
    /// Travels with the first commit.
    pub genesis: Option<Vec<u8>>,
    pub from_seq: u64,
    /// Names the commit before the run, which decides the branch when a chain is forked. None before the first.
    pub prev: Option<CommitRef>,
    compression: Compression,
    unpacked_len: usize,
    payload: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Packet {
    /// Packs `commits`, which follow each other on one chain, under the signature of the last one's head. Refuses what no
    /// receiver would take; see [`fitting`].
    pub fn pack(
        genesis: Option<&[u8]>,
        commits: &[Commit],
        signature: Vec<u8>,
        compression: Compression,
    ) -> Result<Self, PacketError> {
        let first = commits.first().ok_or(PacketError::Limit("empty"))?;
        if commits.len() > limits::PACKET_COMMITS_MAX {
            return Err(PacketError::Limit("commits"));
        }
        let follow = |pair: &[Commit]| match pair {
            [a, b] => {
                (b.header.chain, b.header.prev) == (a.header.chain, a.hash)
                    && b.header.seq == a.header.seq + 1
            }
            _ => true,
        };
        if !commits.windows(2).all(follow) {
            return Err(PacketError::Predecessor);
        }
        let plain = payload::write(commits);
        if plain.len() > limits::PACKET_UNPACKED_MAX {
            return Err(PacketError::Limit("unpacked size"));
        }
        let unpacked_len = plain.len();
        let payload = match compression {
            Compression::None => plain,
            Compression::Zstd => zstd::bulk::Compressor::with_dictionary(ZSTD_LEVEL, DICTIONARY)
                .and_then(|mut compressor| {
                    // The frame repeats neither length nor dictionary number: the packet says both.
                    compressor.include_contentsize(false)?;
                    compressor.include_dictid(false)?;
                    compressor.compress(&plain)
                })
                .map_err(|_| PacketError::Compression)?,
        };
        if payload.len() > bytes_max(commits.iter().map(|commit| &commit.detached)) - PACKET_OVERHEAD_BYTES {
            return Err(PacketError::Limit("size"));
        }
        Ok(Self {
            chain: first.header.chain,
            genesis: genesis.map(<[u8]>::to_vec),
            from_seq: first.header.seq,
            prev: (first.header.seq > 1).then(|| first.header.prev.short()),
            compression,
            unpacked_len,
            payload,
            signature,
        })
    }

    /// `[1, chain, null | genesis, from seq, null | prev, null | dictionary, unpacked length, payload, algorithm, signature]`.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encoded(|e| {
            drop(e.array(10));
            drop(e.u64(1));
            drop(e.bytes(self.chain.as_bytes()));
            optional(e, self.genesis.as_deref());
            drop(e.u64(self.from_seq));
            optional(e, self.prev.as_ref().map(CommitRef::as_bytes));
            optional(
                e,
                (self.compression == Compression::Zstd)
                    .then(dictionary_name)
                    .as_ref()
                    .map(<[u8; 8]>::as_slice),
            );
            drop(e.u64(self.unpacked_len as u64));
            drop(e.bytes(&self.payload));
            drop(e.u8(Algorithm::P256Sha256 as u8));
            drop(e.bytes(&self.signature));
        })
    }

    /// Reads the outside of a packet.
    pub fn decode(bytes: &[u8]) -> Result<Self, PacketError> {
        if bytes.len() > limits::PACKET_ERASED_BYTES_MAX {
            return Err(PacketError::Limit("size"));
        }
        let mut d = Decoder::new(bytes);
        let parts = cbor::array_len(&mut d, 64)?;
        let version = d.u64()?;
        if version != 1 {
            return Err(PacketError::Version(version));
        }
        if parts != 10 {
            return Err(CborError::Malformed.into());
        }
        let chain = ChainId(cbor::fixed(&mut d)?);
        let genesis = read_optional(&mut d)?;
        let from_seq = d.u64()?;
        let prev = match read_optional(&mut d)? {
            None => None,
            Some(bytes) => Some(CommitRef::from_slice(&bytes).map_err(|_| CborError::Malformed)?),
        };
        let compression = match read_optional(&mut d)? {
            None => Compression::None,
            Some(name) if name == dictionary_name() => Compression::Zstd,
            Some(_) => return Err(PacketError::Compression),
        };
        let unpacked_len = usize::try_from(d.u64()?).map_err(|_| PacketError::Unpacking)?;
        if unpacked_len > limits::PACKET_UNPACKED_MAX {
            return Err(PacketError::Unpacking);
        }
        let payload = d.bytes()?.to_vec();
        Algorithm::from_number(d.u8()?)?;
        let signature = d.bytes()?.to_vec();
        cbor::expect_end(&d, bytes)?;
        if (from_seq == 0) || (from_seq == 1) != prev.is_none() {
            return Err(CborError::Malformed.into());
        }
        Ok(Self { chain, genesis, from_seq, prev, compression, unpacked_len, payload, signature })
    }

    /// Unpacks within the bounds and reads what is there; nothing is verified yet.
    pub fn unpack(&self) -> Result<Vec<Loose>, PacketError> {
        let plain = match self.compression {
            Compression::None => self.payload.clone(),
            Compression::Zstd if !one_frame(&self.payload) => return Err(PacketError::Unpacking),
            Compression::Zstd => zstd::bulk::Decompressor::with_prepared_dictionary(&UNPACKING)
                .and_then(|mut decompressor| decompressor.decompress(&self.payload, self.unpacked_len))
                .map_err(|_| PacketError::Unpacking)?,
        };
        if plain.len() != self.unpacked_len {
            return Err(PacketError::Unpacking);
        }
        let loose = payload::read(&plain)?;
        if self.payload.len() > bytes_max(loose.iter().map(|commit| &commit.detached)) {
            return Err(PacketError::Limit("size"));
        }
        Ok(loose)
    }

    /// The same run under the same signature, with commits in which something was erased.
    pub fn repacked(&self, commits: &[Commit]) -> Result<Self, PacketError> {
        Self::pack(self.genesis.as_deref(), commits, self.signature.clone(), Compression::Zstd)
    }
}

/// How big a packet of these values may be.
fn bytes_max<'a>(mut values: impl Iterator<Item = &'a Detached>) -> usize {
    let whole = values.all(|values| values.is_empty() || matches!(values, Detached::Whole { .. }));
    if whole { limits::PACKET_BYTES_MAX } else { limits::PACKET_ERASED_BYTES_MAX }
}

/// Whether any of a packet's values can still be erased, so that the packet stays within what receivers take.
pub fn can_be_erased(packet: &Packet, commits: &[Commit]) -> bool {
    let values: usize = commits.iter().map(|commit| commit.detached.len()).sum();
    let more = values.saturating_mul(limits::ERASED_VALUE_BYTES);
    packet.payload.len().saturating_add(more) <= limits::PACKET_ERASED_BYTES_MAX - PACKET_OVERHEAD_BYTES
        && packet.unpacked_len.saturating_add(more) <= limits::PACKET_UNPACKED_MAX
}

fn one_frame(payload: &[u8]) -> bool {
    payload.starts_with(&ZSTD_MAGIC)
        && zstd::zstd_safe::find_frame_compressed_size(payload).is_ok_and(|size| size == payload.len())
}

/// Links a run to the commit (or genesis) before it: computes every header and hash.
///
/// `prev` is the whole hash of what the packet names as its predecessor; for the first commit, of the genesis record.
pub fn link(packet: &Packet, loose: Vec<Loose>, prev: CommitHash) -> Result<Vec<Commit>, PacketError> {
    // The genesis record needs no naming: the chain's id is its hash.
    let named = packet.prev.unwrap_or(CommitRef(packet.chain.0));
    if named != prev.short() {
        return Err(PacketError::Predecessor);
    }
    let mut place = Place { chain: packet.chain, seq: packet.from_seq, prev };
    let mut commits = Vec::with_capacity(loose.len());
    for loose in loose {
        let commit = loose.link(place)?;
        place.seq = place.seq.checked_add(1).ok_or(PacketError::Limit("sequence"))?;
        place.prev = commit.hash;
        commits.push(commit);
    }
    Ok(commits)
}

/// Checks the packet's signature over the head of the linked run.
pub fn verify_head(
    packet: &Packet,
    commits: &[Commit],
    city: CityId,
    scope: &Scope,
    key: &PublicKey,
) -> Result<(), PacketError> {
    let last = commits.last().ok_or(PacketError::Limit("empty"))?;
    let head =
        Head { city, scope: scope.clone(), chain: packet.chain, seq: last.header.seq, hash: last.hash };
    Ok(head.verify(key, &packet.signature)?)
}

/// How many of `commits`, from the first, fit into one packet; at least one.
pub fn fitting(commits: &[Commit]) -> usize {
    fitting_within(commits, limits::PACKET_BYTES_MAX)
}

/// How many of `commits`, from the first, fit into a packet of so many bytes; at least one.
pub fn fitting_within(commits: &[Commit], bytes_max: usize) -> usize {
    let room = (bytes_max.min(limits::PACKET_BYTES_MAX) / 100 * 99).saturating_sub(PACKET_OVERHEAD_BYTES);
    let (mut bytes, mut values) = (0, 0);
    let fits = |commit: &&Commit| {
        bytes += commit.core.len() + commit.detached.to_bytes().len() + COMMIT_OVERHEAD_BYTES;
        values += commit.detached.len();
        // Even what does not compress at all must fit, and zstd then adds less than a hundredth.
        bytes < room && values <= limits::PACKET_VALUES_MAX
    };
    commits.iter().take(limits::PACKET_COMMITS_MAX).take_while(fits).count().max(1)
}

fn optional(e: &mut Encoder<Vec<u8>>, bytes: Option<&[u8]>) {
    match bytes {
        None => drop(e.null()),
        Some(bytes) => drop(e.bytes(bytes)),
    }
}

fn read_optional(d: &mut Decoder<'_>) -> Result<Option<Vec<u8>>, CborError> {
    if cbor::take_null(d)? { Ok(None) } else { Ok(Some(d.bytes()?.to_vec())) }
}

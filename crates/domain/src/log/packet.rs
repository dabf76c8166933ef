//! Packets: any run of commits of one chain up to a signed head, as it travels by sync, in a bundle or over a hub.
//!
//! Hashes that a receiver can compute do not travel: not the header hashes, not the body hashes, not the salted hashes
//! of detached values. The receiver links the run to the commit before it and checks one signature at the end.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::cbor::{self, CborError};
use crate::ids::{ChainId, CityId, CommitHash, CommitRef, OfficerId, Scope, tagged_hash};
use crate::limits;
use crate::time::ClockOffset;

use super::commit::{Commit, Place, Stamp};
use super::crypto::{Algorithm, CryptoError, PublicKey};
use super::detached::Detached;
use super::head::Head;

/// The shared dictionary: what the cores of ordinary visits look like. Named on the wire by its hash; a receiver that
/// does not have it says so and the sender falls back to `Compression::None`.
const DICTIONARY: &[u8] = include_bytes!("../../data/dictionary-1.bin");
/// Trades a millisecond on the phone for 4 % fewer bytes than level 3.
const ZSTD_LEVEL: i32 = 12;

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

/// A commit of a packet before it is linked to its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    stamp: Stamp,
    core: Vec<u8>,
    detached: Detached,
}

impl Packet {
    /// Packs `commits`, which follow each other on one chain, under the signature of the last one's head.
    pub fn pack(
        genesis: Option<&[u8]>,
        commits: &[Commit],
        signature: Vec<u8>,
        compression: Compression,
    ) -> Result<Self, PacketError> {
        let first = commits.first().ok_or(PacketError::Limit("empty"))?;
        let plain = write_payload(commits);
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
        if bytes.len() > limits::PACKET_BYTES_MAX {
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
            Compression::Zstd => zstd::bulk::Decompressor::with_dictionary(DICTIONARY)
                .and_then(|mut decompressor| decompressor.decompress(&self.payload, self.unpacked_len))
                .map_err(|_| PacketError::Unpacking)?,
        };
        if plain.len() != self.unpacked_len {
            return Err(PacketError::Unpacking);
        }
        read_payload(&plain)
    }
}

/// Links a run to the commit (or genesis) before it: computes every header and hash.
///
/// `prev` is the whole hash of what the packet names as its predecessor.
pub fn link(packet: &Packet, loose: Vec<Loose>, prev: CommitHash) -> Result<Vec<Commit>, PacketError> {
    if packet.prev.is_some_and(|named| named != prev.short()) {
        return Err(PacketError::Predecessor);
    }
    let mut place = Place { chain: packet.chain, seq: packet.from_seq, prev };
    let mut commits = Vec::with_capacity(loose.len());
    for Loose { stamp, core, detached } in loose {
        let commit = Commit::assemble(place, &stamp, core, detached)?;
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
    let mut bytes = 0;
    let fits = |commit: &&Commit| {
        bytes += commit.core.len() + commit.detached.to_bytes().len() + 64;
        // Even what does not compress at all must fit.
        bytes < limits::PACKET_BYTES_MAX - 4_096
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

/// `[officers, boots, [[officer, time, clock, boot, monotonic, feed position, core, detached]…]]`; times and positions
/// against the commit before, the clock as `null`, `[offset, error]`, or `true` when it is as before.
fn write_payload(commits: &[Commit]) -> Vec<u8> {
    let mut officers: Vec<OfficerId> = Vec::new();
    let mut boots: Vec<[u8; 8]> = Vec::new();
    for commit in commits {
        intern(&mut officers, commit.header.officer);
        intern(&mut boots, commit.header.boot);
    }
    cbor::encoded(|e| {
        drop(e.array(3));
        drop(e.array(officers.len() as u64));
        officers.iter().for_each(|officer| drop(e.bytes(officer.as_bytes())));
        drop(e.array(boots.len() as u64));
        boots.iter().for_each(|boot| drop(e.bytes(boot)));
        drop(e.array(commits.len() as u64));
        let mut last = Last::default();
        for commit in commits {
            let header = &commit.header;
            drop(e.array(8));
            drop(e.u64(index_of(&officers, &header.officer)));
            drop(e.i64(header.device_ms.wrapping_sub(last.device_ms)));
            match header.clock {
                None => drop(e.null()),
                clock if clock == last.clock => drop(e.bool(true)),
                Some(clock) => {
                    drop(e.array(2));
                    drop(e.i64(clock.offset_ms));
                    drop(e.i64(clock.error_ms));
                }
            }
            drop(e.u64(index_of(&boots, &header.boot)));
            drop(e.i64(header.monotonic_ms.wrapping_sub(last.monotonic_ms)));
            drop(e.i64(header.feed_position.cast_signed().wrapping_sub(last.feed_position.cast_signed())));
            drop(e.bytes(&commit.core));
            commit.detached.write(e);
            last = Last::of(&commit.stamp());
        }
    })
}

#[derive(Default)]
struct Last {
    device_ms: i64,
    clock: Option<ClockOffset>,
    monotonic_ms: i64,
    feed_position: u64,
}

impl Last {
    fn of(stamp: &Stamp) -> Self {
        Self {
            device_ms: stamp.device_ms,
            clock: stamp.clock,
            monotonic_ms: stamp.monotonic_ms,
            feed_position: stamp.feed_position,
        }
    }
}

fn intern<T: PartialEq>(table: &mut Vec<T>, item: T) {
    if !table.contains(&item) {
        table.push(item);
    }
}

fn index_of<T: PartialEq>(table: &[T], item: &T) -> u64 {
    table.iter().position(|known| known == item).unwrap_or(table.len()) as u64
}

fn read_payload(plain: &[u8]) -> Result<Vec<Loose>, PacketError> {
    let mut d = Decoder::new(plain);
    cbor::expect_array(&mut d, 3)?;
    let officers = read_table::<16>(&mut d)?;
    let boots = read_table::<8>(&mut d)?;
    let count = cbor::array_len(&mut d, limits::PACKET_COMMITS_MAX)?;
    let mut last = Last::default();
    let mut commits = Vec::new();
    for _ in 0..count {
        cbor::expect_array(&mut d, 8)?;
        let officer = OfficerId(pick(&mut d, &officers)?);
        let device_ms = last.device_ms.wrapping_add(d.i64()?);
        let clock = match d.datatype()? {
            Type::Null => {
                d.null()?;
                None
            }
            Type::Bool => match (d.bool()?, last.clock) {
                (true, Some(clock)) => Some(clock),
                _ => return Err(CborError::NotDeterministic.into()),
            },
            _ => {
                cbor::expect_array(&mut d, 2)?;
                Some(ClockOffset { offset_ms: d.i64()?, error_ms: d.i64()? })
            }
        };
        let boot = pick(&mut d, &boots)?;
        let monotonic_ms = last.monotonic_ms.wrapping_add(d.i64()?);
        let feed_position = last.feed_position.cast_signed().wrapping_add(d.i64()?).cast_unsigned();
        let stamp = Stamp { officer, device_ms, clock, boot, monotonic_ms, feed_position };
        last = Last::of(&stamp);
        let core = d.bytes()?.to_vec();
        commits.push(Loose { stamp, core, detached: Detached::read(&mut d)? });
    }
    cbor::expect_end(&d, plain)?;
    if commits.is_empty() { Err(PacketError::Limit("empty")) } else { Ok(commits) }
}

fn read_table<const N: usize>(d: &mut Decoder<'_>) -> Result<Vec<[u8; N]>, CborError> {
    let len = cbor::array_len(d, limits::PACKET_COMMITS_MAX)?;
    (0..len).map(|_| cbor::fixed(d)).collect()
}

fn pick<const N: usize>(d: &mut Decoder<'_>, table: &[[u8; N]]) -> Result<[u8; N], CborError> {
    let index = usize::try_from(d.u64()?).map_err(|_| CborError::Malformed)?;
    table.get(index).copied().ok_or(CborError::Malformed)
}

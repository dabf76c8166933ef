//! What a packet holds: commits without anything that a receiver can compute.

use minicbor::Decoder;
use minicbor::data::Type;

use crate::cbor::{self, CborError};
use crate::ids::OfficerId;
use crate::limits;
use crate::time::ClockOffset;

use super::commit::{Commit, Place, Stamp};
use super::detached::Detached;
use super::packet::PacketError;
use super::table::Table;

/// A commit of a packet before it is linked to its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    pub(super) stamp: Stamp,
    pub(super) core: Vec<u8>,
    pub(super) detached: Detached,
}

impl Loose {
    /// The commit at its place: computes its header and hash.
    pub fn link(self, place: Place) -> Result<Commit, CborError> {
        Commit::assemble(place, &self.stamp, self.core, self.detached)
    }

    /// Bytes of its core.
    pub fn core_len(&self) -> usize {
        self.core.len()
    }
}

/// `[officers, boots, [[officer, time, clock, boot, monotonic, feed position, core, detached]…]]`.
///
/// Time and feed position are given against the commit before. The clock is `null`, `[offset, error]`, or `true` when it
/// is as before. The monotonic time is given against that of the commit before plus the time that passed, which leaves
/// the drift between two clocks; after another boot it is given as it is.
pub fn write(commits: &[Commit]) -> Vec<u8> {
    let (mut officers, mut boots) = (Table::new(), Table::new());
    for commit in commits {
        officers.add(commit.header.officer);
        boots.add(commit.header.boot);
    }
    cbor::encoded(|e| {
        drop(e.array(3));
        drop(e.array(officers.items().len() as u64));
        officers.items().iter().for_each(|officer| drop(e.bytes(officer.as_bytes())));
        drop(e.array(boots.items().len() as u64));
        boots.items().iter().for_each(|boot| drop(e.bytes(boot)));
        drop(e.array(commits.len() as u64));
        let mut last: Option<Stamp> = None;
        for commit in commits {
            let stamp = commit.stamp();
            let before = Before::of(last.as_ref());
            drop(e.array(8));
            drop(e.u64(officers.index(&stamp.officer)));
            drop(e.i64(stamp.device_ms.wrapping_sub(before.device_ms)));
            match stamp.clock {
                None => drop(e.null()),
                clock if clock == before.clock => drop(e.bool(true)),
                Some(clock) => {
                    drop(e.array(2));
                    drop(e.i64(clock.offset_ms));
                    drop(e.i64(clock.error_ms));
                }
            }
            drop(e.u64(boots.index(&stamp.boot)));
            drop(e.i64(stamp.monotonic_ms.wrapping_sub(before.monotonic_ms(stamp.boot, stamp.device_ms))));
            drop(e.i64(stamp.feed_position.wrapping_sub(before.feed_position).cast_signed()));
            drop(e.bytes(&commit.core));
            commit.detached.write(e);
            last = Some(stamp);
        }
    })
}

/// What the next commit's numbers are given against.
#[derive(Default)]
struct Before {
    device_ms: i64,
    clock: Option<ClockOffset>,
    boot: Option<[u8; 8]>,
    monotonic_ms: i64,
    feed_position: u64,
}

impl Before {
    fn of(stamp: Option<&Stamp>) -> Self {
        stamp.map_or_else(Self::default, |stamp| Self {
            device_ms: stamp.device_ms,
            clock: stamp.clock,
            boot: Some(stamp.boot),
            monotonic_ms: stamp.monotonic_ms,
            feed_position: stamp.feed_position,
        })
    }

    /// The monotonic time to expect at `device_ms`: none is known of another boot.
    fn monotonic_ms(&self, boot: [u8; 8], device_ms: i64) -> i64 {
        if self.boot != Some(boot) {
            return 0;
        }
        self.monotonic_ms.wrapping_add(device_ms.wrapping_sub(self.device_ms))
    }
}

/// Reads what [`write`] wrote. Nothing is verified but shape and bounds.
pub(super) fn read(plain: &[u8]) -> Result<Vec<Loose>, PacketError> {
    let mut d = Decoder::new(plain);
    cbor::expect_array(&mut d, 3)?;
    let officers = read_table::<16>(&mut d)?;
    let boots = read_table::<8>(&mut d)?;
    let count = cbor::array_len(&mut d, limits::PACKET_COMMITS_MAX)?;
    let mut commits: Vec<Loose> = Vec::new();
    for _ in 0..count {
        let before = Before::of(commits.last().map(|commit| &commit.stamp));
        cbor::expect_array(&mut d, 8)?;
        let officer = OfficerId(pick(&mut d, &officers)?);
        let device_ms = before.device_ms.wrapping_add(d.i64()?);
        let clock = match d.datatype()? {
            Type::Null => {
                d.null()?;
                None
            }
            Type::Bool => match (d.bool()?, before.clock) {
                (true, Some(clock)) => Some(clock),
                _ => return Err(CborError::NotDeterministic.into()),
            },
            _ => {
                cbor::expect_array(&mut d, 2)?;
                Some(ClockOffset { offset_ms: d.i64()?, error_ms: d.i64()? })
            }
        };
        let boot = pick(&mut d, &boots)?;
        let monotonic_ms = before.monotonic_ms(boot, device_ms).wrapping_add(d.i64()?);
        let feed_position = before.feed_position.wrapping_add(d.i64()?.cast_unsigned());
        let stamp = Stamp { officer, device_ms, clock, boot, monotonic_ms, feed_position };
        let core = d.bytes()?.to_vec();
        let detached = Detached::read(&mut d)?;
        if core.len() + detached.counted_len() > limits::COMMIT_BYTES_MAX {
            return Err(PacketError::Limit("commit"));
        }
        commits.push(Loose { stamp, core, detached });
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

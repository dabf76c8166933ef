//! A commit: one or more ops of one scope, applied wholly or not at all; the unit of sequence, hash and transaction.

use crate::cbor::{self, CborError};
use crate::ids::{ChainId, CommitHash, OfficerId, tagged_hash};
use crate::limits;
use crate::merge::{Live, Stored};
use crate::time::ClockOffset;

use super::body::{self, Body, Op, OpValue, Reference};
use super::detached::{Detached, DetachedHash};

pub const HEADER_VERSION: u64 = 1;
pub const HEADER_TAG: &str = "xuncha/1 header";
/// Sequence numbers and feed positions stay within what databases and other languages hold as a signed number.
pub const NUMBER_MAX: u64 = i64::MAX as u64;

/// What the author knew and claims. Its encoding is hashed; the hash names the commit and the chain runs over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub chain: ChainId,
    /// 1, 2, 3 …
    pub seq: u64,
    /// Hash of the header before, or of the genesis record for the first.
    pub prev: CommitHash,
    pub officer: OfficerId,
    pub device_ms: i64,
    pub clock: Option<ClockOffset>,
    pub boot: [u8; 8],
    pub monotonic_ms: i64,
    /// The author's position in the scope's feed when the commit was made.
    pub feed_position: u64,
    pub body_hash: [u8; 32],
}

impl Header {
    /// `[1, chain, seq, prev, officer, time, null | [offset, error], boot, monotonic, feed position, body hash]`.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encoded(|e| {
            drop(e.array(11));
            drop(e.u64(HEADER_VERSION));
            drop(e.bytes(self.chain.as_bytes()));
            drop(e.u64(self.seq));
            drop(e.bytes(self.prev.as_bytes()));
            drop(e.bytes(self.officer.as_bytes()));
            drop(e.i64(self.device_ms));
            match self.clock {
                None => drop(e.null()),
                Some(clock) => {
                    drop(e.array(2));
                    drop(e.i64(clock.offset_ms));
                    drop(e.i64(clock.error_ms));
                }
            }
            drop(e.bytes(&self.boot));
            drop(e.i64(self.monotonic_ms));
            drop(e.u64(self.feed_position));
            drop(e.bytes(&self.body_hash));
        })
    }

    pub fn hash(&self) -> CommitHash {
        CommitHash(tagged_hash(HEADER_TAG, &[&self.encode()]))
    }

    /// The device time put right by the last known offset.
    pub fn corrected_ms(&self) -> i64 {
        ClockOffset::correct(self.clock, self.device_ms)
    }
}

/// A commit that is whole: its hash covers its header, its header covers core and detached values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub header: Header,
    pub hash: CommitHash,
    /// The bytes that were hashed, as written or received.
    pub core: Vec<u8>,
    pub body: Body,
    pub detached: Detached,
    /// Of every detached value, also of those that were erased.
    detached_hashes: Vec<DetachedHash>,
}

/// Everything of a header but what follows from the ops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub officer: OfficerId,
    pub device_ms: i64,
    pub clock: Option<ClockOffset>,
    pub boot: [u8; 8],
    pub monotonic_ms: i64,
    pub feed_position: u64,
}

/// Where on which chain a commit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub chain: ChainId,
    pub seq: u64,
    pub prev: CommitHash,
}

/// An own ancestor has a lower number: what an op names by number alone must already be there.
fn check_ancestors(body: &Body, seq: u64) -> Result<(), CborError> {
    let Body::Known(ops) = body else { return Ok(()) };
    let ahead =
        |reference: &Reference| matches!(reference, Reference::Own { seq: own } if *own == 0 || *own >= seq);
    if ops.iter().any(|op| op.over.iter().any(ahead)) { Err(CborError::Limit("ancestor")) } else { Ok(()) }
}

impl Commit {
    /// Makes a commit of `ops`; refuses what no receiver would take.
    pub fn write(place: Place, stamp: &Stamp, ops: &[Op], detached: Detached) -> Result<Self, CborError> {
        Self::assemble(place, stamp, body::write_core(ops), detached)
    }

    /// Puts a commit together from bytes, own or received, and reads its body.
    pub fn assemble(
        place: Place,
        stamp: &Stamp,
        core: Vec<u8>,
        detached: Detached,
    ) -> Result<Self, CborError> {
        if core.len() + detached.counted_len() > limits::COMMIT_BYTES_MAX {
            return Err(CborError::Limit("commit"));
        }
        if place.seq == 0 || place.seq.max(stamp.feed_position) > NUMBER_MAX {
            return Err(CborError::Limit("sequence"));
        }
        let body = body::read_core(&core, detached.len())?;
        check_ancestors(&body, place.seq)?;
        let detached_hashes = detached.hashes();
        let header = Header {
            chain: place.chain,
            seq: place.seq,
            prev: place.prev,
            officer: stamp.officer,
            device_ms: stamp.device_ms,
            clock: stamp.clock,
            boot: stamp.boot,
            monotonic_ms: stamp.monotonic_ms,
            feed_position: stamp.feed_position,
            body_hash: body::body_hash(&core, &detached_hashes),
        };
        Ok(Self { hash: header.hash(), header, core, body, detached, detached_hashes })
    }

    /// The ops; none when the body is of a newer version.
    pub fn ops(&self) -> &[Op] {
        match &self.body {
            Body::Known(ops) => ops,
            Body::Newer { .. } => &[],
        }
    }

    /// The same commit with the detached values at these places destroyed. Its hash stays as it is.
    pub fn erased(&self, places: &[usize]) -> Self {
        Self { detached: self.detached.erase(places), ..self.clone() }
    }

    /// What each op sets, in the order of [`Self::ops`], as a store keeps it.
    pub fn stored(&self) -> Vec<Stored> {
        self.ops().iter().map(|op| self.stored_op(op)).collect()
    }

    /// What one of the ops sets.
    pub fn stored_op(&self, op: &Op) -> Stored {
        match &op.value {
            OpValue::Plain(value) => Stored::Plain(value.clone()),
            // `read_core` counted them: there is one for each such op.
            OpValue::Detached(index) => Stored::Detached {
                hash: self.detached_hashes.get(*index).copied().unwrap_or_default(),
                value: self.detached.value(*index).cloned(),
            },
        }
    }

    /// One of the ops as it stands in a field.
    pub fn live_op(&self, op: &Op) -> Live {
        Live {
            commit: self.hash.short(),
            value: self.stored_op(op),
            officer: self.header.officer,
            corrected_ms: self.op_corrected_ms(op),
        }
    }

    /// When `op` was made, by the corrected clock, in milliseconds.
    pub fn op_corrected_ms(&self, op: &Op) -> i64 {
        self.header.corrected_ms().saturating_sub(op.before_s.saturating_mul(1_000))
    }

    pub fn stamp(&self) -> Stamp {
        Stamp {
            officer: self.header.officer,
            device_ms: self.header.device_ms,
            clock: self.header.clock,
            boot: self.header.boot,
            monotonic_ms: self.header.monotonic_ms,
            feed_position: self.header.feed_position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::Value;
    use crate::ids::EntityId;
    use crate::log::body::Entity;

    fn written(seq: u64, device_ms: i64, before_s: i64, over: Vec<Reference>) -> Result<Commit, CborError> {
        let place = Place { chain: ChainId([1; 16]), seq, prev: CommitHash([2; 32]) };
        let stamp = Stamp {
            officer: OfficerId([3; 16]),
            device_ms,
            clock: Some(ClockOffset { offset_ms: i64::MIN, error_ms: 0 }),
            boot: [4; 8],
            monotonic_ms: i64::MAX,
            feed_position: 0,
        };
        let op = Op {
            entity: Entity::new(5, EntityId([5; 16])),
            field: "f".into(),
            value: OpValue::Plain(Value::Null),
            before_s,
            over,
        };
        Commit::write(place, &stamp, &[op], Detached::none())
    }

    #[test]
    fn an_own_ancestor_has_a_lower_number() {
        let own = |seq| vec![Reference::Own { seq }];
        assert!(written(3, 0, 0, own(2)).is_ok());
        for seq in [0, 3, 4, u64::MAX] {
            assert_eq!(written(3, 0, 0, own(seq)).unwrap_err(), CborError::Limit("ancestor"), "{seq}");
        }
    }

    #[test]
    fn extreme_clocks_never_overflow() {
        let commit = written(1, i64::MIN, 0, Vec::new()).unwrap();
        assert_eq!(commit.op_corrected_ms(&commit.ops()[0]), i64::MIN);
        let commit = written(1, 0, body::DELAY_S_MAX, Vec::new()).unwrap();
        assert_eq!(commit.op_corrected_ms(&commit.ops()[0]), i64::MIN);
        assert_eq!(written(1, 0, i64::MAX, Vec::new()).unwrap_err(), CborError::Limit("delay"));
        assert!(written(1, 0, i64::MIN, Vec::new()).is_err());
    }

    #[test]
    fn numbers_fit_a_signed_column() {
        assert!(written(NUMBER_MAX, 0, 0, Vec::new()).is_ok());
        assert_eq!(written(NUMBER_MAX + 1, 0, 0, Vec::new()).unwrap_err(), CborError::Limit("sequence"));
        assert_eq!(written(0, 0, 0, Vec::new()).unwrap_err(), CborError::Limit("sequence"));
    }
}

//! Which ops are live. Their values lie in the packets alone, so that nothing of them is kept twice: a touch says of a
//! commit which of its ops on a root are live.
//!
//! A transaction keeps the commits that it has looked at, so that storing, judging, merging and projecting read each once.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use xuncha_domain::ids::{ChainId, CommitHash, EntityId};
use xuncha_domain::log::body::{Kind, Op};
use xuncha_domain::log::commit::{Commit, Place};
use xuncha_domain::log::packet::{self, Loose, Packet};
use xuncha_domain::merge::{Field, Live};

use super::log::RowId;
use super::made::Made;
use super::merge::EntityRow;
use super::{Error, Read, Tx, optional};

/// Ops of the commits that a transaction keeps: some MiB.
const KEPT_OPS_MAX: usize = 16_384;
/// Bytes of the packets that it keeps beside the newest.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a transaction has read of the log, and what it has made of it.
#[derive(Default)]
pub(super) struct Kept {
    commits: RefCell<HashMap<RowId, Arc<Commit>>>,
    ops: RefCell<usize>,
    packets: RefCell<VecDeque<Unpacked>>,
    pub(super) made: Made,
}

struct Unpacked {
    packet: RowId,
    from_seq: u64,
    loose: Vec<Loose>,
    bytes: usize,
}

/// A thing that hangs on nothing, by its row and as ops name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root {
    pub id: RowId,
    pub kind: Kind,
    pub name: EntityId,
}

impl Root {
    /// The ops of a commit on this root and on what hangs on it.
    pub fn ops<'c>(&self, commit: &'c Commit) -> impl Iterator<Item = &'c Op> {
        let (kind, name) = (self.kind, self.name);
        commit.ops().iter().filter(move |op| {
            let root = op.entity.root();
            root.id == name && root.kind == kind
        })
    }
}

/// Which of a commit's ops on a root are live: one bit per op without the last zeros, or null for the usual case that all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(pub(super) Option<Vec<u8>>);

impl Bits {
    fn of(live: &[bool]) -> Self {
        if live.iter().all(|live| *live) {
            return Self(None);
        }
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        let mut bytes: Vec<u8> = live.chunks(8).map(byte).collect();
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        Self(Some(bytes))
    }

    pub(super) fn any(&self) -> bool {
        self.0.as_ref().is_none_or(|bytes| !bytes.is_empty())
    }

    fn has(&self, place: usize) -> bool {
        let byte = |bytes: &Vec<u8>| bytes.get(place / 8).copied().unwrap_or_default();
        self.0.as_ref().is_none_or(|bytes| byte(bytes) >> (place % 8) & 1 == 1)
    }

    fn without(&self, place: usize, of: usize) -> Self {
        let live: Vec<bool> = (0..of).map(|at| at != place && self.has(at)).collect();
        Self::of(&live)
    }
}

/// Where an op stands among those of its commit on a root.
struct Touch {
    bits: Bits,
    place: usize,
    ops: usize,
}

impl Read<'_> {
    /// A stored commit with its ops. It was verified when it came; bytes that changed since are breakage.
    pub fn whole(&self, id: RowId) -> Result<Arc<Commit>, Error> {
        if let Some(kept) = self.kept.commits.borrow().get(&id) {
            return Ok(Arc::clone(kept));
        }
        let (packet, hash, place) = self
            .conn
            .prepare_cached(
                "SELECT c.packet, c.hash, h.name, c.seq, coalesce(p.hash, h.genesis_hash)
                 FROM commits c JOIN chains h ON h.id = c.chain LEFT JOIN commits p ON p.id = c.parent WHERE c.id = ?1",
            )?
            .query_row([id], |row| {
                let place =
                    Place { chain: ChainId(row.get(2)?), seq: row.get(3)?, prev: CommitHash(row.get(4)?) };
                Ok((row.get(0)?, CommitHash(row.get(1)?), place))
            })?;
        let damaged = Error::Corrupt("a packet does not hold its commit");
        let Some(loose) = self.loose(packet, place.seq)? else { return Err(damaged) };
        let commit = loose.link(place).map_err(|_| Error::Corrupt("a commit"))?;
        if commit.hash != hash {
            return Err(damaged);
        }
        let commit = Arc::new(commit);
        self.keep(id, &commit);
        Ok(commit)
    }

    /// Has a commit at hand for whoever asks for it.
    pub fn keep(&self, id: RowId, commit: &Arc<Commit>) {
        let (mut commits, mut ops) = (self.kept.commits.borrow_mut(), self.kept.ops.borrow_mut());
        if *ops > KEPT_OPS_MAX {
            commits.clear();
            *ops = 0;
        }
        *ops += commit.ops().len() + 1;
        commits.insert(id, Arc::clone(commit));
    }

    fn loose(&self, packet: RowId, seq: u64) -> Result<Option<Loose>, Error> {
        let mut packets = self.kept.packets.borrow_mut();
        if !packets.iter().any(|kept| kept.packet == packet) {
            let unpacked = self.unpack(packet)?;
            while packets.iter().map(|kept| kept.bytes).sum::<usize>() > KEPT_BYTES_MAX {
                packets.pop_front();
            }
            packets.push_back(unpacked);
        }
        let kept = packets.iter().find(|kept| kept.packet == packet);
        Ok(kept.and_then(|kept| {
            let place = usize::try_from(seq.checked_sub(kept.from_seq)?).ok()?;
            kept.loose.get(place).cloned()
        }))
    }

    fn unpack(&self, id: RowId) -> Result<Unpacked, Error> {
        let damaged = |_| Error::Corrupt("a packet");
        let packet = Packet::decode(&self.packet(id)?.bytes).map_err(damaged)?;
        let loose = packet.unpack().map_err(damaged)?;
        let bytes = loose.iter().map(Loose::core_len).sum();
        Ok(Unpacked { packet: id, from_seq: packet.from_seq, loose, bytes })
    }

    /// What was read of the log is not what lies there any more.
    pub(super) fn forget_kept(&self) {
        self.kept.commits.borrow_mut().clear();
        self.kept.packets.borrow_mut().clear();
        self.kept.made.forget();
    }

    /// Every commit of a packet.
    pub fn commits_of(&self, packet: RowId) -> Result<Vec<Commit>, Error> {
        let damaged = |_| Error::Corrupt("a packet");
        let row = self.packet(packet)?;
        let packet = Packet::decode(&row.bytes).map_err(damaged)?;
        packet::link(&packet, packet.unpack().map_err(damaged)?, row.prev_hash).map_err(damaged)
    }

    pub fn root(&self, entity: &EntityRow) -> Result<Root, Error> {
        let of = |row: &EntityRow| Root { id: row.id, kind: row.kind, name: row.name };
        match entity.root {
            Some(root) => Ok(of(&self.entity_by_row(root)?)),
            None => Ok(of(entity)),
        }
    }

    /// Shows every live op of a root and of what hangs on it, with the commit that holds it.
    pub fn live_under(&self, root: &Root, mut show: impl FnMut(&Commit, &Op)) -> Result<(), Error> {
        let touches = match self.kept.made.touches(root.id) {
            Some(made) => made,
            None => self.touches(root.id)?,
        };
        touches.iter().try_for_each(|(id, bits)| self.live_in(root, *id, bits, &mut show))
    }

    fn touches(&self, root: RowId) -> Result<Vec<(RowId, Bits)>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT commit_id, live FROM touches WHERE root = ?1 AND (live IS NULL OR live <> x'') ORDER BY commit_id",
        )?;
        let touches = statement.query_map([root], |row| Ok((row.get(0)?, Bits(row.get(1)?))))?;
        Ok(touches.collect::<Result<_, _>>()?)
    }

    pub(super) fn live_in(
        &self,
        root: &Root,
        commit: RowId,
        bits: &Bits,
        mut show: impl FnMut(&Commit, &Op),
    ) -> Result<(), Error> {
        let commit = self.whole(commit)?;
        let live = root.ops(&commit).enumerate().filter(|(place, _)| bits.has(*place));
        live.for_each(|(_, op)| show(&commit, op));
        Ok(())
    }

    /// What a commit holds in the field of another op, if that is live.
    pub fn live_at(&self, root: &Root, commit: RowId, op: &Op) -> Result<Option<Live>, Error> {
        let Some(touch) = self.place(root, commit, op)? else { return Ok(None) };
        let whole = self.whole(commit)?;
        let live = root.ops(&whole).nth(touch.place).filter(|_| touch.bits.has(touch.place));
        Ok(live.map(|op| whole.live_op(op)))
    }

    fn place(&self, root: &Root, commit: RowId, op: &Op) -> Result<Option<Touch>, Error> {
        let bits = optional(
            self.conn
                .prepare_cached("SELECT live FROM touches WHERE root = ?1 AND commit_id = ?2")?
                .query_row((root.id, commit), |row| Ok(Bits(row.get(0)?))),
        )?;
        let Some(bits) = bits else { return Ok(None) };
        let whole = self.whole(commit)?;
        let same = |other: &Op| {
            other.field == op.field && other.entity.id == op.entity.id && other.entity.kind == op.entity.kind
        };
        let place = root.ops(&whole).position(same);
        Ok(place.map(|place| Touch { bits, place, ops: root.ops(&whole).count() }))
    }

    /// One field as counted so far, without the names of replaced ops that have not arrived.
    pub fn field(&self, entity: RowId, name: &str) -> Result<Field, Error> {
        let entity = self.entity_by_row(entity)?;
        let mut field = Field::default();
        self.live_under(&self.root(&entity)?, |commit, op| {
            if op.field == name && op.entity.id == entity.name && op.entity.kind == entity.kind {
                field.live.insert(commit.live_op(op));
            }
        })?;
        Ok(field)
    }
}

impl Tx<'_> {
    /// A commit touches a root; `live` says of each of its ops there, in their order, whether it is live.
    pub fn touch(&self, root: RowId, commit: RowId, live: &[bool]) -> Result<(), Error> {
        let bits = Bits::of(live);
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO touches (root, commit_id, live) VALUES (?1, ?2, ?3)")?
            .execute((root, commit, &bits.0))?;
        self.kept.made.touch(root, commit, bits);
        Ok(())
    }

    /// What a counted commit holds in the field of an op stops being live.
    pub fn bury(&self, root: &Root, commit: RowId, by: &Op) -> Result<(), Error> {
        if let Some(touch) = self.place(root, commit, by)? {
            self.kept.made.forget_root(root.id);
            self.conn
                .prepare_cached("UPDATE touches SET live = ?3 WHERE root = ?1 AND commit_id = ?2")?
                .execute((root.id, commit, touch.bits.without(touch.place, touch.ops).0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_kept_for_what_is_not_all_live() {
        let all = Bits::of(&[true; 19]);
        assert_eq!(all.0, None);
        let two_gone = all.without(0, 19).without(17, 19);
        let live: Vec<usize> = (0..19).filter(|place| two_gone.has(*place)).collect();
        assert_eq!(live, (1..19).filter(|place| *place != 17).collect::<Vec<_>>());
        assert_eq!(Bits::of(&[false; 3]).0, Some(Vec::new()));
    }
}

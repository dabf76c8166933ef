//! The live ops of a root and of everything that hangs on it, as the one row that a phone keeps of them.
//!
//! A visit has some fifty live ops. As rows of their own they cost ten times the disk of the visit's packet, and merging and
//! drawing want all of them at once anyway. They lie beside the log and not in it, so that they outlast commits that a phone
//! drops. No part of the format: the row never leaves its database, follows from the log, and is made again when it changes.
//!
//! ```text
//! set = [[officer, …], [[commit, officer number, last time], …],
//!        [entity number − that of the root, …], [field, …], [commit number, …], [time, …], [value, …]]
//! ```
//!
//! A row of the columns is a live op. Its time is what it lies before the last one of its commit: whole seconds, or
//! `[milliseconds]`. A plain value stands as itself, a detached one under tag 1, the hash of an erased one under tag 0:
//! two live values have different salts, so that a hash is of use only once its value is gone.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};
use xuncha_domain::cbor::{self, CborError, Value};
use xuncha_domain::ids::{CommitRef, OfficerId};
use xuncha_domain::merge::{Live, LiveOps, Stored};

use super::squeeze::{squeeze, unsqueeze};
use super::things::Number;

/// A root with more is none that people make; bounds what a damaged row can make us allocate.
const UNPACKED_MAX: usize = 64 * 1024 * 1024;
const ROWS_MAX: usize = 4 * 1024 * 1024;
const ERASED: Tag = Tag::new(0);
const DETACHED: Tag = Tag::new(1);

/// The fields of one entity.
pub type Fields = BTreeMap<String, LiveOps>;

/// Live ops by entity, field and commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveSet(BTreeMap<Number, Fields>);

impl LiveSet {
    pub fn field(&self, entity: Number, name: &str) -> Option<&LiveOps> {
        self.0.get(&entity)?.get(name)
    }

    /// Sets the live ops of one field.
    pub fn put(&mut self, entity: Number, name: &str, live: LiveOps) {
        let fields = self.0.entry(entity).or_default();
        if live.is_empty() {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), live);
        }
    }

    pub fn into_entities(self) -> impl Iterator<Item = (Number, Fields)> {
        self.0.into_iter()
    }

    pub fn write(&self, root: Number) -> Vec<u8> {
        squeeze(plain(root, self))
    }

    /// None for bytes that [`Self::write`] did not make. The hash of a detached value that is still there is not kept.
    pub fn read(root: Number, bytes: Vec<u8>) -> Option<Self> {
        unplain(root, &unsqueeze(bytes, UNPACKED_MAX)?).ok()
    }
}

/// What the ops of one commit share.
struct CommitEntry {
    officer: usize,
    last_ms: i64,
    number: usize,
}

fn plain(root: Number, set: &LiveSet) -> Vec<u8> {
    let rows: Vec<(Number, &str, &Live)> = set
        .0
        .iter()
        .flat_map(|(entity, fields)| fields.iter().map(move |(name, live)| (*entity, name.as_str(), live)))
        .flat_map(|(entity, name, live)| live.values().map(move |live| (entity, name, live)))
        .collect();
    let officers: BTreeSet<OfficerId> = rows.iter().map(|(_, _, live)| live.officer).collect();
    let officers: Vec<OfficerId> = officers.into_iter().collect();
    let mut commits: BTreeMap<CommitRef, CommitEntry> = BTreeMap::new();
    for (_, _, live) in &rows {
        let officer = officers.binary_search(&live.officer).unwrap_or_default();
        let fresh = CommitEntry { officer, last_ms: live.corrected_ms, number: 0 };
        let entry = commits.entry(live.commit).or_insert(fresh);
        entry.last_ms = entry.last_ms.max(live.corrected_ms);
    }
    commits.values_mut().enumerate().for_each(|(number, entry)| entry.number = number);
    let of = |live: &Live| commits.get(&live.commit);
    cbor::encoded(|e| {
        drop(e.array(7));
        column(e, &officers, |e, officer| drop(e.bytes(officer.as_bytes())));
        drop(e.array(commits.len() as u64));
        for (commit, entry) in &commits {
            drop(e.array(3));
            drop(e.bytes(commit.as_bytes()));
            drop(e.u64(entry.officer as u64));
            drop(e.i64(entry.last_ms));
        }
        column(e, &rows, |e, (entity, _, _)| drop(e.i64(entity.wrapping_sub(root))));
        column(e, &rows, |e, (_, name, _)| drop(e.str(name)));
        column(e, &rows, |e, (_, _, live)| drop(e.u64(of(live).map_or(0, |entry| entry.number) as u64)));
        column(e, &rows, |e, (_, _, live)| {
            let before = of(live).map_or(0, |entry| entry.last_ms.wrapping_sub(live.corrected_ms));
            if before % 1_000 == 0 {
                drop(e.i64(before / 1_000));
            } else {
                drop(e.array(1));
                drop(e.i64(before));
            }
        });
        column(e, &rows, |e, (_, _, live)| match &live.value {
            Stored::Plain(value) => value.write(e),
            Stored::Detached { value: Some(value), .. } => {
                drop(e.tag(DETACHED));
                value.write(e);
            }
            Stored::Detached { hash, value: None } => {
                drop(e.tag(ERASED));
                drop(e.bytes(hash));
            }
        });
    })
}

fn column<T>(e: &mut Encoder<Vec<u8>>, items: &[T], write: impl Fn(&mut Encoder<Vec<u8>>, &T)) {
    drop(e.array(items.len() as u64));
    items.iter().for_each(|item| write(e, item));
}

fn unplain(root: Number, plain: &[u8]) -> Result<LiveSet, CborError> {
    let mut d = Decoder::new(plain);
    cbor::expect_array(&mut d, 7)?;
    let officers = list(&mut d, |d| Ok(OfficerId(cbor::fixed(d)?)))?;
    let commits = list(&mut d, |d| {
        cbor::expect_array(d, 3)?;
        let commit = CommitRef(cbor::fixed(d)?);
        let officer = *at(&officers, d.u64()?)?;
        Ok((commit, officer, d.i64()?))
    })?;
    let entities = list(&mut d, |d| Ok(root.wrapping_add(d.i64()?)))?;
    let fields = list(&mut d, |d| Ok(d.str()?.to_owned()))?;
    let numbers = list(&mut d, |d| Ok(d.u64()?))?;
    let times = list(&mut d, before_ms)?;
    let values = list(&mut d, value)?;
    cbor::expect_end(&d, plain)?;
    if [entities.len(), fields.len(), numbers.len(), times.len()] != [values.len(); 4] {
        return Err(CborError::Malformed);
    }
    let mut set = LiveSet::default();
    let columns = entities.into_iter().zip(fields).zip(numbers).zip(times).zip(values);
    for ((((entity, field), number), time), value) in columns {
        let (commit, officer, last_ms) = *at(&commits, number)?;
        let live = Live { commit, value, officer, corrected_ms: last_ms.wrapping_sub(time) };
        set.0.entry(entity).or_default().entry(field).or_default().insert(live);
    }
    Ok(set)
}

fn before_ms(d: &mut Decoder<'_>) -> Result<i64, CborError> {
    if d.datatype()? == Type::Array {
        cbor::expect_array(d, 1)?;
        return Ok(d.i64()?);
    }
    Ok(d.i64()?.wrapping_mul(1_000))
}

fn value(d: &mut Decoder<'_>) -> Result<Stored, CborError> {
    if d.datatype()? != Type::Tag {
        return Ok(Stored::Plain(Value::read(d)?));
    }
    match d.tag()? {
        ERASED => Ok(Stored::Detached { hash: cbor::fixed(d)?, value: None }),
        DETACHED => Ok(Stored::Detached { hash: [0; 32], value: Some(Value::read(d)?) }),
        _ => Err(CborError::Type),
    }
}

fn list<T>(
    d: &mut Decoder<'_>,
    read: impl Fn(&mut Decoder<'_>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let len = cbor::array_len(d, ROWS_MAX)?;
    // Grows with what is really there, not with what the length claims.
    let mut items = Vec::new();
    for _ in 0..len {
        items.push(read(d)?);
    }
    Ok(items)
}

fn at<T>(items: &[T], number: u64) -> Result<&T, CborError> {
    usize::try_from(number).ok().and_then(|number| items.get(number)).ok_or(CborError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(commit: u8, value: Stored, officer: u8, at: i64) -> Live {
        Live { commit: CommitRef([commit; 16]), value, officer: OfficerId([officer; 16]), corrected_ms: at }
    }

    fn set(rows: Vec<(Number, &str, Live)>) -> LiveSet {
        let mut set = LiveSet::default();
        for (entity, name, live) in rows {
            set.0.entry(entity).or_default().entry(name.into()).or_default().insert(live);
        }
        set
    }

    #[test]
    fn what_was_written_is_read() {
        let open = |text: &str| Stored::Detached { hash: [0; 32], value: Some(Value::text(text)) };
        let pair = Value::Array(vec![Value::Int(1), Value::text("x")]);
        let written = set(vec![
            (40, "a/CMN-R-01", live(1, Stored::Plain(Value::Bool(true)), 1, 1_760_000_000_123)),
            (40, "a/CMN-R-01", live(2, Stored::Plain(Value::Null), 2, 1_760_000_001_123)),
            (40, "position", live(2, Stored::Plain(pair), 2, 1_759_999_999_000)),
            (41, "text", live(2, open("漏水"), 2, i64::MIN)),
            (12, "text", live(3, Stored::Detached { hash: [9; 32], value: None }, 1, i64::MAX)),
        ]);
        assert_eq!(LiveSet::read(40, written.write(40)), Some(written));
        let empty = LiveSet::default();
        assert_eq!(LiveSet::read(40, empty.write(40)), Some(empty));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = set(vec![(1, "f", live(1, Stored::Plain(Value::Null), 1, 5))]).write(1);
        assert!((0..bytes.len()).all(|len| LiveSet::read(1, bytes[..len].to_vec()).is_none()));
    }
}

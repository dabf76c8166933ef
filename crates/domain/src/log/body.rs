//! Ops, and the bytes of a commit's core.
//!
//! The core is columnar: all field numbers, then all values, then all delays. Thirty answers then differ from the last
//! visit's thirty only where people differed, which is what a compressor can use.
//!
//! A commit sets a field of an entity at most once, so an op is named by its commit and its field, and `over` lists
//! commits. Ops that overwrite each other before a commit collapse into one in the journal.

use std::collections::BTreeSet;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::cbor::{self, CborError, Value};
use crate::ids::{ChainId, CommitRef, EntityId, short, tagged_hash};
use crate::limits;

use super::detached::DetachedHash;

pub const CORE_VERSION: u64 = 1;
pub const BODY_TAG: &str = "xuncha/1 body";
pub const ENTITY_TAG: &str = "xuncha/1 entity";

/// The kind of an entity by its number; the names stand in [`crate::model::kind`].
pub type Kind = u16;

/// An entity and where its id comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    pub kind: Kind,
    pub id: EntityId,
    /// For an entity with a natural key: what it hangs on, and the key there.
    pub origin: Option<Origin>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub parent: Box<Entity>,
    pub key: Value,
}

impl Entity {
    /// An entity named by its own id.
    pub fn new(kind: Kind, id: EntityId) -> Self {
        Self { kind, id, origin: None }
    }

    /// An entity whose id is a hash of kind, parent and key, so that two phones which create the same thing create one.
    pub fn keyed(kind: Kind, parent: &Entity, key: Value) -> Self {
        let id = EntityId(short(&tagged_hash(
            ENTITY_TAG,
            &[&kind.to_be_bytes(), parent.id.as_bytes(), &key.encode()],
        )));
        Self { kind, id, origin: Some(Origin { parent: Box::new(parent.clone()), key }) }
    }

    /// The entity at the root of the natural keys: the visit of a reading.
    pub fn root(&self) -> &Entity {
        self.origin.as_ref().map_or(self, |origin| origin.parent.root())
    }
}

/// How an op names a commit that it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// An ancestor on the op's own chain.
    Own {
        seq: u64,
    },
    Other {
        chain: ChainId,
        seq: u64,
        commit: CommitRef,
    },
}

/// What an op sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpValue {
    Plain(Value),
    /// The n-th detached value of the commit.
    Detached(usize),
}

/// One field of one entity set to one value, replacing what its author saw there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    pub entity: Entity,
    pub field: String,
    pub value: OpValue,
    /// Seconds before the commit's device time at which the op was made.
    pub before_s: i64,
    pub over: Vec<Reference>,
}

/// The core of a commit as far as this version can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Known(Vec<Op>),
    /// Written by a newer version: kept, hashed and fed, and read after the upgrade.
    Newer {
        version: u64,
    },
}

/// The body hash of a header: over the hash of the core as received, and the hash of every detached value.
pub fn body_hash(core: &[u8], detached: &[DetachedHash]) -> [u8; 32] {
    let core = tagged_hash("xuncha/1 core", &[core]);
    let mut parts: Vec<&[u8]> = vec![&core];
    parts.extend(detached.iter().map(<[u8; 32]>::as_slice));
    tagged_hash(BODY_TAG, &parts)
}

/// Writes the core of `ops`:
/// `[1, entities, fields, references, entity column, field column, value column, delay column, overs]`.
pub fn write_core(ops: &[Op]) -> Vec<u8> {
    let mut entities: Vec<&Entity> = Vec::new();
    let mut fields: Vec<&str> = Vec::new();
    let mut references: Vec<Reference> = Vec::new();
    for op in ops {
        add_entity(&mut entities, &op.entity);
        intern(&mut fields, op.field.as_str());
        op.over.iter().for_each(|reference| intern(&mut references, *reference));
    }
    cbor::encoded(|e| {
        drop(e.array(9));
        drop(e.u64(CORE_VERSION));
        drop(e.array(entities.len() as u64));
        entities.iter().for_each(|entity| write_entity(e, &entities, entity));
        drop(e.array(fields.len() as u64));
        fields.iter().for_each(|field| drop(e.str(field)));
        drop(e.array(references.len() as u64));
        references.iter().for_each(|reference| write_reference(e, reference));
        column(e, ops, |e, op| drop(e.u64(position(&entities, &&op.entity))));
        column(e, ops, |e, op| drop(e.u64(position(&fields, &op.field.as_str()))));
        column(e, ops, |e, op| match &op.value {
            OpValue::Plain(value) => value.write(e),
            OpValue::Detached(_) => drop(e.undefined()),
        });
        // Each delay against that of the op before: taps a few seconds apart give small numbers.
        let mut last = 0;
        column(e, ops, |e, op| {
            drop(e.i64(last - op.before_s));
            last = op.before_s;
        });
        let with_over: Vec<(usize, &Op)> =
            ops.iter().enumerate().filter(|(_, op)| !op.over.is_empty()).collect();
        drop(e.array(with_over.len() as u64));
        for (index, op) in with_over {
            drop(e.array(op.over.len() as u64 + 1));
            drop(e.u64(index as u64));
            op.over.iter().for_each(|reference| drop(e.u64(position(&references, reference))));
        }
    })
}

fn column(e: &mut Encoder<Vec<u8>>, ops: &[Op], mut write: impl FnMut(&mut Encoder<Vec<u8>>, &Op)) {
    drop(e.array(ops.len() as u64));
    ops.iter().for_each(|op| write(e, op));
}

fn intern<T: PartialEq>(table: &mut Vec<T>, item: T) {
    if !table.contains(&item) {
        table.push(item);
    }
}

fn position<T: PartialEq>(table: &[T], item: &T) -> u64 {
    table.iter().position(|known| known == item).unwrap_or(table.len()) as u64
}

fn add_entity<'a>(table: &mut Vec<&'a Entity>, entity: &'a Entity) {
    if let Some(origin) = &entity.origin {
        add_entity(table, &origin.parent);
    }
    intern(table, entity);
}

fn write_entity(e: &mut Encoder<Vec<u8>>, table: &[&Entity], entity: &Entity) {
    match &entity.origin {
        None => {
            drop(e.array(2));
            drop(e.u16(entity.kind));
            drop(e.bytes(entity.id.as_bytes()));
        }
        Some(origin) => {
            drop(e.array(3));
            drop(e.u16(entity.kind));
            drop(e.u64(position(table, &origin.parent.as_ref())));
            origin.key.write(e);
        }
    }
}

fn write_reference(e: &mut Encoder<Vec<u8>>, reference: &Reference) {
    match reference {
        Reference::Own { seq } => drop(e.u64(*seq)),
        Reference::Other { chain, seq, commit } => {
            drop(e.array(3));
            drop(e.bytes(chain.as_bytes()));
            drop(e.u64(*seq));
            drop(e.bytes(commit.as_bytes()));
        }
    }
}

/// Reads a core and checks everything about it that needs no other commit. `detached` is how many values lie beside it.
pub fn read_core(core: &[u8], detached: usize) -> Result<Body, CborError> {
    let mut d = Decoder::new(core);
    let columns = cbor::array_len(&mut d, 64)?;
    let version = d.u64()?;
    if version != CORE_VERSION {
        return if version == 0 { Err(CborError::Malformed) } else { Ok(Body::Newer { version }) };
    }
    if columns != 9 {
        return Err(CborError::Malformed);
    }
    let entities = read_entities(&mut d)?;
    let fields = read_list(&mut d, |d| {
        let field = d.str()?;
        if field.is_empty() || field.len() > limits::FIELD_NAME_BYTES_MAX {
            return Err(CborError::Limit("field name"));
        }
        Ok(field.to_owned())
    })?;
    let references = read_list(&mut d, read_reference)?;
    let entity_column = read_list(&mut d, |d| pick(d, &entities))?;
    let field_column = read_list(&mut d, |d| pick(d, &fields))?;
    let mut next_detached = 0;
    let value_column = read_list(&mut d, |d| {
        if d.datatype()? == Type::Undefined {
            d.undefined()?;
            next_detached += 1;
            return Ok(OpValue::Detached(next_detached - 1));
        }
        Value::read(d).map(OpValue::Plain)
    })?;
    let mut last = 0_i64;
    let delay_column = read_list(&mut d, |d| {
        last = last.checked_sub(d.i64()?).ok_or(CborError::Limit("delay"))?;
        Ok(last)
    })?;
    let lengths = [field_column.len(), value_column.len(), delay_column.len()];
    if entity_column.is_empty()
        || lengths.iter().any(|len| *len != entity_column.len())
        || next_detached != detached
    {
        return Err(CborError::Malformed);
    }
    let mut ops: Vec<Op> = entity_column
        .into_iter()
        .zip(field_column)
        .zip(value_column)
        .zip(delay_column)
        .map(|(((entity, field), value), before_s)| Op { entity, field, value, before_s, over: Vec::new() })
        .collect();
    read_overs(&mut d, &references, &mut ops)?;
    cbor::expect_end(&d, core)?;
    let mut seen = BTreeSet::new();
    if !ops.iter().all(|op| seen.insert((op.entity.id, op.field.as_str()))) {
        return Err(CborError::Limit("a field set twice"));
    }
    // The tables may be ordered only as our writer orders them: the same ops have one core.
    if write_core(&ops) != core {
        return Err(CborError::NotDeterministic);
    }
    Ok(Body::Known(ops))
}

fn read_list<T>(
    d: &mut Decoder<'_>,
    mut read: impl FnMut(&mut Decoder<'_>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let len = cbor::array_len(d, limits::COMMIT_OPS_MAX)?;
    let mut items = Vec::new();
    for _ in 0..len {
        items.push(read(d)?);
    }
    Ok(items)
}

fn pick<T: Clone>(d: &mut Decoder<'_>, table: &[T]) -> Result<T, CborError> {
    let index = usize::try_from(d.u64()?).map_err(|_| CborError::Malformed)?;
    table.get(index).cloned().ok_or(CborError::Malformed)
}

fn read_entities(d: &mut Decoder<'_>) -> Result<Vec<Entity>, CborError> {
    let len = cbor::array_len(d, limits::COMMIT_OPS_MAX)?;
    let mut entities: Vec<Entity> = Vec::new();
    for _ in 0..len {
        let parts = cbor::array_len(d, 3)?;
        let kind = d.u16()?;
        let entity = match parts {
            2 => Entity::new(kind, EntityId(cbor::fixed(d)?)),
            3 => {
                let parent = pick(d, &entities)?;
                // Natural keys hang on each other at most three deep: bounds the recursion over parents.
                if parent.origin.as_ref().is_some_and(|o| o.parent.origin.is_some()) {
                    return Err(CborError::Limit("parents"));
                }
                Entity::keyed(kind, &parent, Value::read(d)?)
            }
            _ => return Err(CborError::Malformed),
        };
        entities.push(entity);
    }
    Ok(entities)
}

fn read_reference(d: &mut Decoder<'_>) -> Result<Reference, CborError> {
    if d.datatype()? == Type::Array {
        cbor::expect_array(d, 3)?;
        let chain = ChainId(cbor::fixed(d)?);
        let seq = d.u64()?;
        return Ok(Reference::Other { chain, seq, commit: CommitRef(cbor::fixed(d)?) });
    }
    Ok(Reference::Own { seq: d.u64()? })
}

fn read_overs(d: &mut Decoder<'_>, references: &[Reference], ops: &mut [Op]) -> Result<(), CborError> {
    let len = cbor::array_len(d, ops.len())?;
    let mut last: Option<usize> = None;
    for _ in 0..len {
        let count = cbor::array_len(d, limits::OVER_MAX + 1)?.checked_sub(1).ok_or(CborError::Malformed)?;
        let index = usize::try_from(d.u64()?).map_err(|_| CborError::Malformed)?;
        if count == 0 || last.is_some_and(|last| index <= last) {
            return Err(CborError::NotDeterministic);
        }
        last = Some(index);
        let op = ops.get_mut(index).ok_or(CborError::Malformed)?;
        for _ in 0..count {
            let reference = pick(d, references)?;
            if op.over.contains(&reference) {
                return Err(CborError::Malformed);
            }
            op.over.push(reference);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(entity: &Entity, field: &str, value: OpValue, before_s: i64) -> Op {
        Op { entity: entity.clone(), field: field.into(), value, before_s, over: Vec::new() }
    }

    fn sample() -> Vec<Op> {
        let visit = Entity::new(5, EntityId([1; 16]));
        let finding = Entity::keyed(6, &visit, Value::text("ICF-R-01"));
        let mut ops = vec![
            op(&visit, "a/ICF-R-01", OpValue::Plain(Value::Int(1)), 40),
            op(&finding, "description", OpValue::Detached(0), 20),
            op(&visit, "a/ICF-R-02", OpValue::Plain(Value::Int(0)), 3),
        ];
        ops[2].over = vec![
            Reference::Own { seq: 4 },
            Reference::Other { chain: ChainId([2; 16]), seq: 9, commit: CommitRef([3; 16]) },
        ];
        ops
    }

    #[test]
    fn a_core_reads_back() {
        assert_eq!(read_core(&write_core(&sample()), 1), Ok(Body::Known(sample())));
    }

    #[test]
    fn truncation_at_any_byte_is_an_error() {
        let core = write_core(&sample());
        for end in 0..core.len() {
            assert!(read_core(&core[..end], 1).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_flipped_bit_never_panics_and_never_reads_as_the_same_ops() {
        let core = write_core(&sample());
        for bit in 0..core.len() * 8 {
            let mut bytes = core.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(read_core(&bytes, 1), Ok(Body::Known(sample())));
        }
    }

    #[test]
    fn a_newer_version_is_kept_unread() {
        assert_eq!(read_core(&[0x82, 0x02, 0x80], 0), Ok(Body::Newer { version: 2 }));
    }

    #[test]
    fn a_field_is_set_once_per_commit() {
        let mut ops = sample();
        ops.push(ops[0].clone());
        assert_eq!(read_core(&write_core(&ops), 1), Err(CborError::Limit("a field set twice")));
    }

    #[test]
    fn detached_values_must_all_be_there() {
        assert_eq!(read_core(&write_core(&sample()), 0), Err(CborError::Malformed));
        assert_eq!(read_core(&write_core(&sample()), 2), Err(CborError::Malformed));
    }
}

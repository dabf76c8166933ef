//! The bytes of a commit's core.
//!
//! The core is columnar: all field numbers, then all values, then all delays. Thirty answers then differ from the last
//! visit's thirty only where people differed, which is what a compressor can use.

use std::collections::HashMap;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::cbor::{self, CborError, Value};
use crate::ids::{ChainId, CommitRef, EntityId};
use crate::limits;

use super::body::{Body, Entity, Op, OpValue, Reference};
use super::table::Table;

pub const CORE_VERSION: u64 = 1;
/// A natural key as CBOR. Ours are an item and an officer; a reader keeps a copy per op, so a long one would multiply.
pub const KEY_BYTES_MAX: usize = 128;
/// Replacements named in one commit: twice the ops, far above what people do, far below 64 for each of 2,000.
pub const COMMIT_OVERS_MAX: usize = 2 * limits::COMMIT_OPS_MAX;
/// How far an op may lie from its commit's time, in seconds: 68 years, so that sums of received delays stay small.
pub const DELAY_S_MAX: i64 = i32::MAX as i64;

/// A core as it is written: tables, and the columns that point into them by number.
struct Columns<'a> {
    /// Each with the number of what it hangs on.
    entities: Vec<(&'a Entity, Option<u64>)>,
    fields: Vec<&'a str>,
    references: Vec<Reference>,
    entity_column: Vec<u64>,
    field_column: Vec<u64>,
    ops: &'a [Op],
    /// `[op, reference…]` for every op that replaces something.
    overs: Vec<Vec<u64>>,
}

/// Writes the core of `ops`:
/// `[1, entities, fields, references, entity column, field column, value column, delay column, overs]`.
pub fn write_core(ops: &[Op]) -> Vec<u8> {
    let (mut entities, mut fields, mut references) = (Table::new(), Table::new(), Table::new());
    let mut parents = Vec::new();
    let mut entity_column = Vec::with_capacity(ops.len());
    let mut field_column = Vec::with_capacity(ops.len());
    let mut overs: Vec<Vec<u64>> = Vec::new();
    for (index, op) in (0..).zip(ops) {
        entity_column.push(add_entity(&mut entities, &mut parents, &op.entity));
        field_column.push(fields.add(op.field.as_str()));
        if !op.over.is_empty() {
            overs.push(std::iter::once(index).chain(op.over.iter().map(|r| references.add(*r))).collect());
        }
    }
    let columns = Columns {
        entities: entities.items().iter().copied().zip(parents).collect(),
        fields: fields.items().to_vec(),
        references: references.items().to_vec(),
        entity_column,
        field_column,
        ops,
        overs,
    };
    columns.encode(0)
}

impl Columns<'_> {
    /// `about`: how many bytes it will be.
    fn encode(&self, about: usize) -> Vec<u8> {
        cbor::encoded_in(about, |e| {
            drop(e.array(9));
            drop(e.u64(CORE_VERSION));
            list(e, &self.entities, |e, (entity, parent)| write_entity(e, entity, *parent));
            list(e, &self.fields, |e, field| write_name(e, field));
            list(e, &self.references, write_reference);
            list(e, &self.entity_column, |e, number| drop(e.u64(*number)));
            list(e, &self.field_column, |e, number| drop(e.u64(*number)));
            list(e, self.ops, |e, op| match &op.value {
                OpValue::Plain(value) => value.write(e),
                OpValue::Detached(_) => drop(e.undefined()),
            });
            // Each delay against that of the op before: taps a few seconds apart give small numbers.
            let mut last = 0_i64;
            list(e, self.ops, |e, op| {
                drop(e.i64(last.saturating_sub(op.before_s)));
                last = op.before_s;
            });
            list(e, &self.overs, |e, over| list(e, over, |e, number| drop(e.u64(*number))));
        })
    }

    /// Whether the tables are as [`write_core`] makes them: nothing twice, and everything in the order of its first use.
    /// Then equal bytes mean that the writer writes these, without looking everything up as it does.
    fn in_order(&self) -> bool {
        let entities = self.entity_column.iter().flat_map(|number| self.line(*number));
        let references = self.overs.iter().flat_map(|over| over.iter().skip(1).copied());
        distinct(self.entities.iter().map(|(entity, _)| entity))
            && distinct(self.fields.iter())
            && distinct(self.references.iter())
            && by_first_use(entities, self.entities.len())
            && by_first_use(self.field_column.iter().copied(), self.fields.len())
            && by_first_use(references, self.references.len())
    }

    /// A thing with what it hangs on, in the order in which they are added.
    fn line(&self, number: u64) -> impl Iterator<Item = u64> {
        let above = |number: &u64| {
            let number = usize::try_from(*number).ok()?;
            self.entities.get(number).and_then(|(_, parent)| *parent)
        };
        let parent = above(&number);
        let grandparent = parent.as_ref().and_then(above);
        [grandparent, parent, Some(number)].into_iter().flatten()
    }

    /// Whether no field of a thing is set twice.
    fn set_once(&self) -> bool {
        let mut ids = HashMap::new();
        let numbers: Vec<usize> = self
            .entities
            .iter()
            .enumerate()
            .map(|(number, (entity, _))| *ids.entry(entity.id).or_insert(number))
            .collect();
        let number = |entity: &u64| numbers.get(usize::try_from(*entity).ok()?);
        let set = self.entity_column.iter().zip(&self.field_column);
        distinct(set.map(|(entity, field)| (number(entity), *field)))
    }
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.windows(2).all(|pair| pair.first() != pair.last())
}

/// Whether numbers up to `len` come for the first time one after the other, and all of them.
fn by_first_use(mut column: impl Iterator<Item = u64>, len: usize) -> bool {
    let mut next = 0_u64;
    let known = column.all(|number| {
        next += u64::from(number == next);
        number < next
    });
    known && next == len as u64
}

fn list<T>(e: &mut Encoder<Vec<u8>>, items: &[T], mut write: impl FnMut(&mut Encoder<Vec<u8>>, &T)) {
    drop(e.array(items.len() as u64));
    items.iter().for_each(|item| write(e, item));
}

/// A name that ends in an id is `[what stands before, the 16 bytes of the id]`, any other a text: digits would cost twice
/// the bytes, and could not be found again where the same id stands as bytes.
fn write_name(e: &mut Encoder<Vec<u8>>, name: &str) {
    match split_id(name) {
        Some((prefix, id)) => {
            drop(e.array(2));
            drop(e.str(prefix));
            drop(e.bytes(&id.0));
        }
        None => drop(e.str(name)),
    }
}

fn split_id(name: &str) -> Option<(&str, EntityId)> {
    let (prefix, digits) = name.split_at_checked(name.len().checked_sub(32)?)?;
    let lowercase = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lowercase { Some((prefix, digits.parse().ok()?)) } else { None }
}

fn read_name(d: &mut Decoder<'_>) -> Result<String, CborError> {
    let name = if d.datatype()? == Type::Array {
        cbor::expect_array(d, 2)?;
        format!("{}{}", d.str()?, EntityId(cbor::fixed(d)?))
    } else {
        d.str()?.to_owned()
    };
    // Visible ASCII: nothing that a console could draw as something else.
    let visible = name.bytes().all(|byte| byte.is_ascii_graphic());
    if name.is_empty() || name.len() > limits::FIELD_NAME_BYTES_MAX || !visible {
        return Err(CborError::Limit("field name"));
    }
    Ok(name)
}

/// Parents stand before what hangs on them.
fn add_entity<'a>(table: &mut Table<&'a Entity>, parents: &mut Vec<Option<u64>>, entity: &'a Entity) -> u64 {
    let parent = entity.origin.as_ref().map(|origin| add_entity(table, parents, &origin.parent));
    let number = table.add(entity);
    if parents.len() < table.items().len() {
        parents.push(parent);
    }
    number
}

fn write_entity(e: &mut Encoder<Vec<u8>>, entity: &Entity, parent: Option<u64>) {
    match entity.origin.as_ref().zip(parent) {
        None => {
            drop(e.array(2));
            drop(e.u16(entity.kind));
            drop(e.bytes(entity.id.as_bytes()));
        }
        Some((origin, parent)) => {
            drop(e.array(3));
            drop(e.u16(entity.kind));
            drop(e.u64(parent));
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
    let fields = read_list(&mut d, read_name)?;
    let references = read_list(&mut d, read_reference)?;
    let entity_column = read_list(&mut d, |d| Ok(d.u64()?))?;
    let field_column = read_list(&mut d, |d| Ok(d.u64()?))?;
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
        if last.saturating_abs() > DELAY_S_MAX { Err(CborError::Limit("delay")) } else { Ok(last) }
    })?;
    let lengths = [field_column.len(), value_column.len(), delay_column.len()];
    if entity_column.is_empty()
        || lengths.iter().any(|len| *len != entity_column.len())
        || next_detached != detached
    {
        return Err(CborError::Malformed);
    }
    let mut ops = Vec::with_capacity(entity_column.len());
    let rows = entity_column.iter().zip(&field_column).zip(value_column).zip(delay_column);
    for (((entity, field), value), before_s) in rows {
        let ((entity, _), field) = (at(&entities, *entity)?, at(&fields, *field)?);
        let (entity, field) = (entity.clone(), field.clone());
        ops.push(Op { entity, field, value, before_s, over: Vec::new() });
    }
    let overs = read_overs(&mut d, &references, &mut ops)?;
    cbor::expect_end(&d, core)?;
    let columns = Columns {
        entities: entities.iter().map(|(entity, parent)| (entity, *parent)).collect(),
        fields: fields.iter().map(String::as_str).collect(),
        references,
        entity_column,
        field_column,
        ops: &ops,
        overs,
    };
    if !columns.set_once() {
        return Err(CborError::Limit("a field set twice"));
    }
    // The same ops have one core.
    if !columns.in_order() || columns.encode(core.len()) != core {
        return Err(CborError::NotDeterministic);
    }
    Ok(Body::Known(ops))
}

fn read_list<T>(
    d: &mut Decoder<'_>,
    mut read: impl FnMut(&mut Decoder<'_>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let len = cbor::array_len(d, limits::COMMIT_OPS_MAX)?;
    let mut items = cbor::room(d, len);
    for _ in 0..len {
        items.push(read(d)?);
    }
    Ok(items)
}

fn at<T>(table: &[T], number: u64) -> Result<&T, CborError> {
    usize::try_from(number).ok().and_then(|number| table.get(number)).ok_or(CborError::Malformed)
}

/// Each with the number of what it hangs on.
fn read_entities(d: &mut Decoder<'_>) -> Result<Vec<(Entity, Option<u64>)>, CborError> {
    let len = cbor::array_len(d, limits::COMMIT_OPS_MAX)?;
    let mut entities: Vec<(Entity, Option<u64>)> = cbor::room(d, len);
    for _ in 0..len {
        let parts = cbor::array_len(d, 3)?;
        let kind = d.u16()?;
        let entity = match parts {
            2 => (Entity::new(kind, EntityId(cbor::fixed(d)?)), None),
            3 => {
                let number = d.u64()?;
                let (parent, _) = at(&entities, number)?;
                // Natural keys hang on each other at most three deep: bounds the recursion over parents.
                if parent.origin.as_ref().is_some_and(|o| o.parent.origin.is_some()) {
                    return Err(CborError::Limit("parents"));
                }
                let start = d.position();
                let key = Value::read(d)?;
                if d.position().saturating_sub(start) > KEY_BYTES_MAX {
                    return Err(CborError::Limit("key"));
                }
                (Entity::keyed(kind, parent, key), Some(number))
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

/// Gives the ops what they replace. Returns the column as it stands.
fn read_overs(
    d: &mut Decoder<'_>,
    references: &[Reference],
    ops: &mut [Op],
) -> Result<Vec<Vec<u64>>, CborError> {
    let len = cbor::array_len(d, ops.len())?;
    let mut column: Vec<Vec<u64>> = Vec::new();
    let mut total = 0_usize;
    for _ in 0..len {
        let count = cbor::array_len(d, limits::OVER_MAX + 1)?.checked_sub(1).ok_or(CborError::Malformed)?;
        let index = d.u64()?;
        if count == 0 || column.last().and_then(|last| last.first()).is_some_and(|last| index <= *last) {
            return Err(CborError::NotDeterministic);
        }
        total = total.saturating_add(count);
        if total > COMMIT_OVERS_MAX {
            return Err(CborError::Limit("overs"));
        }
        let op = usize::try_from(index).ok().and_then(|index| ops.get_mut(index));
        let op = op.ok_or(CborError::Malformed)?;
        let mut over = vec![index];
        for _ in 0..count {
            let number = d.u64()?;
            let reference = *at(references, number)?;
            if op.over.contains(&reference) {
                return Err(CborError::Malformed);
            }
            op.over.push(reference);
            over.push(number);
        }
        column.push(over);
    }
    Ok(column)
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

    #[test]
    fn names_are_visible_ascii_and_short() {
        let visit = Entity::new(5, EntityId([1; 16]));
        for name in ["", "a b", "\u{202e}", &"x".repeat(65)] {
            let core = write_core(&[op(&visit, name, OpValue::Plain(Value::Null), 0)]);
            assert_eq!(read_core(&core, 0), Err(CborError::Limit("field name")), "{name:?}");
        }
    }

    #[test]
    fn a_long_key_is_refused_before_it_is_copied_to_every_op() {
        let visit = Entity::new(5, EntityId([1; 16]));
        let finding = |len| Entity::keyed(6, &visit, Value::text("k".repeat(len)));
        let read = |len| read_core(&write_core(&[op(&finding(len), "f", OpValue::Plain(Value::Null), 0)]), 0);
        assert!(read(KEY_BYTES_MAX - 2).is_ok());
        assert_eq!(read(KEY_BYTES_MAX - 1), Err(CborError::Limit("key")));
    }

    #[test]
    fn parents_are_three_deep_at_most() {
        let mut entity = Entity::new(1, EntityId([1; 16]));
        let read =
            |entity: &Entity| read_core(&write_core(&[op(entity, "f", OpValue::Plain(Value::Null), 0)]), 0);
        for _ in 0..2 {
            entity = Entity::keyed(2, &entity, Value::Null);
            assert!(read(&entity).is_ok());
        }
        assert_eq!(read(&Entity::keyed(2, &entity, Value::Null)), Err(CborError::Limit("parents")));
    }

    #[test]
    fn a_commit_names_64_replaced_per_op_and_4000_in_all() {
        let visit = Entity::new(5, EntityId([1; 16]));
        let read = |ops: usize, overs: u64| {
            let op = |n| Op {
                over: (1..=overs).map(|seq| Reference::Own { seq }).collect(),
                ..op(&visit, &format!("f{n}"), OpValue::Plain(Value::Null), 0)
            };
            read_core(&write_core(&(0..ops).map(op).collect::<Vec<_>>()), 0)
        };
        assert!(read(62, 64).is_ok());
        assert_eq!(read(1, 65), Err(CborError::Limit("array")));
        assert_eq!(read(63, 64), Err(CborError::Limit("overs")));
    }

    #[test]
    fn two_thousand_ops_on_two_thousand_things_and_not_one_more() {
        let id = |n: u32| EntityId(std::array::from_fn(|i| n.to_be_bytes()[i % 4]));
        let ops = |n| {
            (0..n)
                .map(|n| op(&Entity::new(5, id(n)), "f", OpValue::Plain(Value::Null), 0))
                .collect::<Vec<_>>()
        };
        assert!(read_core(&write_core(&ops(2_000)), 0).is_ok());
        assert_eq!(read_core(&write_core(&ops(2_001)), 0), Err(CborError::Limit("array")));
    }

    #[test]
    fn an_id_in_a_name_is_written_as_bytes() {
        let visit = Entity::new(5, EntityId([1; 16]));
        let write = |name: &str| write_core(&[op(&visit, name, OpValue::Plain(Value::Null), 0)]);
        for digits in ["0123456789abcdef".repeat(2), "0123456789ABCDEF".repeat(2)] {
            let name = format!("m/{digits}");
            let core = write(&name);
            let Ok(Body::Known(ops)) = read_core(&core, 0) else { panic!("unread") };
            assert_eq!(ops[0].field, name);
            assert_eq!(core.windows(32).any(|w| w == digits.as_bytes()), digits.contains('A'));
        }
    }
}

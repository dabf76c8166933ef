//! Reading a damaged database row by row, table by table.
//!
//! A scan ends at the first page that cannot be read. So each table is read in stretches of its key, each from both of
//! its ends: one bad page costs the rows on it and not those behind it. When something is missing after that, the pages
//! are read one by one ([`super::pages`]), whatever the schema and the inner pages of the tables look like.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::pages::{Pages, RawRow};
use crate::error::{Error, Result};
use crate::store::journal::JOURNALED_MAX;

/// What is the work of people, or is needed to send it. All other tables follow from these.
const TABLES: [Table; 10] = [
    Table { name: "meta", key: "key", keys: Keys::Text, shape: "tb", numbered: Numbered::Never },
    Table { name: "chain", key: "id", keys: Keys::Bytes, shape: "btbbii", numbered: Numbered::Never },
    Table { name: "log", key: "ref", keys: Keys::Bytes, shape: "bbbibbi??biibbiii", numbered: Numbered::Now },
    // In the order in which things were first seen.
    Table { name: "entity", key: "rowid", keys: Keys::Numbers, shape: "bit???", numbered: Numbered::Always },
    Table {
        name: "journal",
        key: "id",
        keys: Keys::Numbers,
        shape: "ntbtbibbibi",
        numbered: Numbered::Always,
    },
    Table { name: "verdict", key: "ref", keys: Keys::Bytes, shape: "bit", numbered: Numbered::Never },
    Table { name: "photo", key: "sha256", keys: Keys::Bytes, shape: "hbtii?ii?", numbered: Numbered::Never },
    Table {
        name: "erase_target",
        key: "rowid",
        keys: Keys::Numbers,
        shape: "tbtib",
        numbered: Numbered::Always,
    },
    Table { name: "erased_photo", key: "sha256", keys: Keys::Bytes, shape: "hii", numbered: Numbered::Never },
    Table { name: "quarantine", key: "hash", keys: Keys::Bytes, shape: "hbitbi", numbered: Numbered::Never },
];

struct Table {
    name: &'static str,
    key: &'static str,
    keys: Keys,
    /// The types of its first columns, as its first shape had them: text, blob, hash of 32
    /// bytes, integer, null, or any. No other table or
    /// index has these.
    shape: &'static str,
    numbered: Numbered,
}

/// Whether the rows of a table have numbers.
#[derive(PartialEq, Eq)]
enum Numbered {
    Always,
    Never,
    /// Not in its first shape.
    Now,
}

/// How a key is cut into stretches.
#[derive(Clone, Copy)]
enum Keys {
    /// Hashes and random ids: by the first byte.
    Bytes,
    /// Counted up: this many in a row.
    Numbers,
    /// A handful of rows: one stretch.
    Text,
}

/// Rows of a numbered stretch: about a page of the smallest.
const STRETCH: i64 = 64;
/// Numbered stretches of one table: beyond 16 million rows the rest is one stretch.
const STRETCHES_MAX: i64 = 262_144;

/// Copies every readable row of the damaged file into `new`; true when that was all of them. Never writes to the damaged
/// file.
pub fn copy(damaged: &Path, new: &Connection) -> Result<bool> {
    new.pragma_update(None, "defer_foreign_keys", true)?;
    // Opened as a database, an emptied file would lose the log beside it.
    if std::fs::metadata(damaged).map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(false);
    }
    let whole = match Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY) {
        Ok(old) => copy_tables(&old, new)?,
        Err(_) => false,
    };
    if !whole {
        copy_pages(damaged, new)?;
    }
    Ok(whole)
}

fn copy_tables(old: &Connection, new: &Connection) -> Result<bool> {
    let mut whole = true;
    for table in &TABLES {
        let mut columns = shared_columns(old, new, table.name)?;
        if columns.is_empty() {
            whole = false;
            continue;
        }
        if table.key == "rowid" {
            columns.push(table.key.to_owned());
        }
        let names = columns.join(", ");
        let insert = insert(table, &columns);
        for (low, high) in stretches(old, table) {
            let stretch = Stretch { table, names: &names, insert: &insert, low, high };
            if !stretch.copy(old, new, "ASC")? {
                whole = false;
                stretch.copy(old, new, "DESC")?;
            }
        }
    }
    Ok(whole)
}

/// Every row of ours on any page. Rows that are there already stay as they are.
fn copy_pages(damaged: &Path, new: &Connection) -> Result<()> {
    // A tap that became a commit may still lie on a page that nothing uses any more.
    let mut committed = BTreeSet::new();
    let mut pages = Pages::open(damaged)?;
    pages.rows(|row| {
        match (row.rowid, row.values.as_slice()) {
            // A commit's reference; a set of live ops is shorter when it is empty, and else longer.
            (Some(id), [Value::Null, Value::Blob(name)]) if name.len() == 16 => drop(committed.insert(id)),
            (Some(last), [Value::Null, Value::Integer(first), Value::Blob(_)]) => {
                committed.extend((*first).max(last.saturating_sub(JOURNALED_MAX))..=last);
            }
            _ => {}
        }
        Ok::<_, Error>(())
    })?;
    let columns: Vec<Vec<String>> =
        TABLES.iter().map(|table| columns_of(new, table.name)).collect::<rusqlite::Result<_>>()?;
    pages.rows(|row| {
        let Some((table, columns)) =
            TABLES.iter().zip(&columns).find(|(table, columns)| table.holds(&row, columns.len()))
        else {
            return Ok(());
        };
        let mut names: Vec<String> = columns.iter().take(row.values.len()).cloned().collect();
        let mut values = row.values;
        if let (Some(rowid), Numbered::Always) = (row.rowid, &table.numbered) {
            if table.name == "journal" && committed.contains(&rowid) {
                return Ok(());
            }
            // A key that is the rowid is not repeated in the row.
            match (names.iter().position(|name| name == table.key), values.first_mut()) {
                (Some(0), Some(key)) => *key = Value::Integer(rowid),
                _ => {
                    names.push("rowid".into());
                    values.push(Value::Integer(rowid));
                }
            }
        }
        keep(new, &insert(table, &names), values)?;
        Ok(())
    })
}

impl Table {
    /// Whether a row found on a page is one of this table, which has so many columns today.
    fn holds(&self, row: &RawRow, columns: usize) -> bool {
        let is = |(value, kind): (&Value, char)| match value {
            Value::Null => matches!(kind, 'n' | '?'),
            Value::Integer(_) => matches!(kind, 'i' | '?'),
            Value::Text(_) => matches!(kind, 't' | '?'),
            Value::Blob(bytes) => matches!(kind, 'b' | '?') || (kind == 'h' && bytes.len() == 32),
            Value::Real(_) => false,
        };
        // An index of names and ids has the types of `meta`, whose keys are words.
        let word = |value: &Value| match value {
            Value::Text(text) => text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            _ => true,
        };
        let numbered = match self.numbered {
            Numbered::Always => row.rowid.is_some(),
            Numbered::Never => row.rowid.is_none(),
            Numbered::Now => true,
        };
        numbered
            && (self.shape.len()..=columns).contains(&row.values.len())
            && row.values.iter().zip(self.shape.chars()).all(is)
            && (!matches!(self.keys, Keys::Text) || row.values.first().is_some_and(word))
    }
}

fn insert(table: &Table, columns: &[String]) -> String {
    let marks = vec!["?"; columns.len()].join(", ");
    format!("INSERT OR IGNORE INTO {} ({}) VALUES ({marks})", table.name, columns.join(", "))
}

/// False for a row that the new database does not take: a wrong type, a missing value.
fn keep(new: &Connection, insert: &str, row: Vec<Value>) -> Result<bool> {
    match new.prepare_cached(insert)?.execute(params_from_iter(row)) {
        Ok(_) => Ok(true),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ConstraintViolation =>
        {
            Ok(false)
        }
        // The disk is full, for example: the recovery is repeated at the next start.
        Err(error) => Err(error.into()),
    }
}

/// Columns that both have; none when the damaged file does not even say which it has.
fn shared_columns(old: &Connection, new: &Connection, table: &str) -> Result<Vec<String>> {
    let old = columns_of(old, table).unwrap_or_default();
    Ok(columns_of(new, table)?.into_iter().filter(|column| old.contains(column)).collect())
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// From a key on, and up to a key; none is open.
type Bounds = (Option<Value>, Option<Value>);

fn stretches(old: &Connection, table: &Table) -> Vec<Bounds> {
    match table.keys {
        Keys::Text => vec![(None, None)],
        Keys::Bytes => (0..=u8::MAX)
            .map(|first| {
                let high = first.checked_add(1).map(|next| Value::Blob(vec![next]));
                (Some(Value::Blob(vec![first])), high)
            })
            .collect(),
        Keys::Numbers => {
            let sql = format!("SELECT max({}) FROM {}", table.key, table.name);
            let last: Option<i64> =
                old.query_row(&sql, [], |row| row.get(0)).unwrap_or(Some(STRETCH * STRETCHES_MAX));
            let last = last.unwrap_or(0);
            let count = (last / STRETCH).clamp(0, STRETCHES_MAX - 1);
            (0..=count)
                .map(|n| {
                    let high = (n < count).then_some(Value::Integer((n + 1) * STRETCH));
                    (Some(Value::Integer(n * STRETCH)), high)
                })
                .collect()
        }
    }
}

struct Stretch<'a> {
    table: &'a Table,
    names: &'a str,
    insert: &'a str,
    low: Option<Value>,
    high: Option<Value>,
}

impl Stretch<'_> {
    /// Copies rows in the order of the key until one cannot be read; true when all could. Rows that the new database
    /// does not take (a wrong type, a missing value) are left.
    fn copy(&self, old: &Connection, new: &Connection, order: &str) -> Result<bool> {
        let Table { name, key, .. } = self.table;
        let mut bounds = Vec::new();
        let mut values = Vec::new();
        if let Some(low) = &self.low {
            bounds.push(format!("{key} >= ?"));
            values.push(low);
        }
        if let Some(high) = &self.high {
            bounds.push(format!("{key} < ?"));
            values.push(high);
        }
        let filter = if bounds.is_empty() { "1".to_owned() } else { bounds.join(" AND ") };
        let sql = format!("SELECT {} FROM {name} WHERE {filter} ORDER BY {key} {order}", self.names);
        let Ok(mut statement) = old.prepare_cached(&sql) else { return Ok(false) };
        let width = statement.column_count();
        let Ok(mut rows) = statement.query(params_from_iter(values)) else { return Ok(false) };
        let mut whole = true;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(whole),
                Err(_) => return Ok(false),
            };
            let columns: rusqlite::Result<Vec<Value>> = (0..width).map(|at| row.get(at)).collect();
            let Ok(columns) = columns else {
                whole = false;
                continue;
            };
            whole &= keep(new, self.insert, columns)?;
        }
    }
}

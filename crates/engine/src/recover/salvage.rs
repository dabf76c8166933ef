//! Reading a damaged database row by row, table by table.
//!
//! A scan ends at the first page that cannot be read. So each table is read in stretches of its key, each from both of
//! its ends: one bad page costs the rows on it and not those behind it.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::error::Result;

/// What is the work of people, or is needed to send it. All other tables follow from these.
const TABLES: [Table; 7] = [
    Table { name: "meta", key: "key", keys: Keys::Text },
    Table { name: "chain", key: "id", keys: Keys::Bytes },
    Table { name: "log", key: "ref", keys: Keys::Bytes },
    // In the order in which things were first seen.
    Table { name: "entity", key: "rowid", keys: Keys::Numbers },
    Table { name: "journal", key: "id", keys: Keys::Numbers },
    Table { name: "verdict", key: "ref", keys: Keys::Bytes },
    Table { name: "photo", key: "sha256", keys: Keys::Bytes },
];

struct Table {
    name: &'static str,
    key: &'static str,
    keys: Keys,
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
    let mut whole = true;
    // Opened as a database, an emptied file would lose the log beside it.
    if std::fs::metadata(damaged).map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(false);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(old) = Connection::open_with_flags(damaged, flags) else { return Ok(false) };
    for table in &TABLES {
        let mut columns = shared_columns(&old, new, table.name)?;
        if columns.is_empty() {
            whole = false;
            continue;
        }
        if table.key == "rowid" {
            columns.push(table.key.to_owned());
        }
        let names = columns.join(", ");
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {} ({names}) VALUES ({marks})", table.name);
        for (low, high) in stretches(&old, table) {
            let stretch = Stretch { table, names: &names, insert: &insert, low, high };
            if !stretch.copy(&old, new, "ASC")? {
                whole = false;
                stretch.copy(&old, new, "DESC")?;
            }
        }
    }
    Ok(whole)
}

/// Columns that both have; none when the damaged file does not even say which it has.
fn shared_columns(old: &Connection, new: &Connection, table: &str) -> Result<Vec<String>> {
    let columns = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        statement.query_map([table], |row| row.get(0))?.collect()
    };
    let old = columns(old).unwrap_or_default();
    Ok(columns(new)?.into_iter().filter(|column| old.contains(column)).collect())
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
            let last: i64 = old.query_row(&sql, [], |row| row.get(0)).unwrap_or(STRETCH * STRETCHES_MAX);
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
            match new.prepare_cached(self.insert)?.execute(params_from_iter(columns)) {
                Ok(_) => {}
                Err(rusqlite::Error::SqliteFailure(error, _))
                    if error.code == rusqlite::ErrorCode::ConstraintViolation =>
                {
                    whole = false;
                }
                // The disk is full, for example: the recovery is repeated at the next start.
                Err(error) => return Err(error.into()),
            }
        }
    }
}

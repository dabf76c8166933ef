//! The rows on the pages of a damaged database, read without its schema and its trees.
//!
//! SQL needs the schema, the root of a table and every page between it and a row. Losing one of those would cost whole
//! tables whose rows are all there. Here each page is read for itself: a leaf (and, of a table without rowids, an inner
//! page) says where its rows are, and a row says the types of its columns, which is enough to tell our tables apart.
//! What a row claims to be is checked afterwards, as for every salvaged row: a commit by its hash, a chain by its genesis.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>. Pages of the log beside the database take the place of the file's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::types::Value;

use super::with_ending;

/// What SQLite makes when nobody asks for another size; used where the file's first page does not say.
const PAGE_BYTES: usize = 4096;
/// No row of ours is larger: a commit has 128 KiB, its detached values 64 KiB each and a few of them.
const ROW_BYTES_MAX: usize = 4 << 20;
/// The file header stands before the first page's own.
const FILE_HEADER: usize = 100;
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A row as it lies on a page.
pub struct RawRow {
    /// None in a table without rowids, and in an index.
    pub rowid: Option<i64>,
    pub values: Vec<Value>,
}

/// The pages of a database and of the log beside it.
pub struct Pages {
    file: File,
    page_bytes: usize,
    count: u32,
    /// Pages whose newest copy is in the log, with its place there.
    log: Option<(File, BTreeMap<u32, u64>)>,
}

impl Pages {
    pub fn open(database: &Path) -> io::Result<Self> {
        let mut file = File::open(database)?;
        let mut header = [0; FILE_HEADER];
        let page_bytes = match file.read_exact(&mut header) {
            Ok(()) => page_bytes(&header).unwrap_or(PAGE_BYTES),
            Err(_) => PAGE_BYTES,
        };
        let in_file = file.metadata()?.len() / page_bytes as u64;
        let log = match File::open(with_ending(database, "-wal")) {
            Ok(log) => Some(newest(log, page_bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let in_log = log.as_ref().and_then(|(_, pages)| pages.keys().next_back().copied()).unwrap_or(0);
        let count = u32::try_from(in_file).unwrap_or(u32::MAX).max(in_log);
        Ok(Self { file, page_bytes, count, log })
    }

    /// Calls `each` with every row that can be read.
    pub fn rows<E>(&mut self, mut each: impl FnMut(RawRow) -> Result<(), E>) -> Result<(), E> {
        for number in 1..=self.count {
            let Some(page) = self.page(number) else { continue };
            for cell in cells(&page, if number == 1 { FILE_HEADER } else { 0 }) {
                if let Some(row) = self.row(&page, cell) {
                    each(row)?;
                }
            }
        }
        Ok(())
    }

    fn page(&mut self, number: u32) -> Option<Vec<u8>> {
        let mut page = vec![0; self.page_bytes];
        let newer = self.log.as_mut().and_then(|(log, pages)| Some((log, *pages.get(&number)?)));
        let (file, at) = match newer {
            Some((log, at)) => (log, at),
            None => (&mut self.file, u64::from(number.checked_sub(1)?) * self.page_bytes as u64),
        };
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut page).ok()?;
        Some(page)
    }

    fn row(&mut self, page: &[u8], cell: Cell) -> Option<RawRow> {
        let mut rest = page.get(cell.at..)?;
        let bytes = usize::try_from(varint(&mut rest)?).ok().filter(|bytes| *bytes <= ROW_BYTES_MAX)?;
        let rowid = if cell.has_rowid { Some(varint(&mut rest)?) } else { None };
        let local = local_bytes(bytes, self.page_bytes, cell.has_rowid)?;
        let mut payload = rest.get(..local)?.to_vec();
        if local < bytes {
            let mut next = number(rest.get(local..)?)?;
            while payload.len() < bytes {
                let page = self.page(next)?;
                let (link, content) = page.split_at_checked(4)?;
                payload.extend(content.iter().take(bytes - payload.len()));
                next = number(link)?;
            }
        }
        Some(RawRow { rowid, values: record(&payload)? })
    }
}

fn page_bytes(header: &[u8]) -> Option<usize> {
    let named = usize::from(u16::from_be_bytes(header.get(16..18)?.try_into().ok()?));
    let bytes = if named == 1 { 65_536 } else { named };
    (header.starts_with(b"SQLite format 3\0") && bytes.is_power_of_two() && bytes >= 512).then_some(bytes)
}

/// The newest committed copy of each page in the log. Frames of an older round have another salt.
fn newest(mut log: File, page_bytes: usize) -> io::Result<(File, BTreeMap<u32, u64>)> {
    let (mut committed, mut open) = (BTreeMap::new(), BTreeMap::new());
    let mut header = [0; WAL_HEADER];
    if log.read_exact(&mut header).is_ok() {
        let mut at = WAL_HEADER as u64;
        let mut frame = [0; FRAME_HEADER];
        while log.seek(SeekFrom::Start(at)).is_ok() && log.read_exact(&mut frame).is_ok() {
            if frame.get(8..16) != header.get(16..24) {
                break;
            }
            let [page, pages_after_commit] = [0, 4].map(|at| frame.get(at..).and_then(number).unwrap_or(0));
            open.insert(page, at + FRAME_HEADER as u64);
            if pages_after_commit != 0 {
                committed.append(&mut open);
            }
            at += (FRAME_HEADER + page_bytes) as u64;
        }
    }
    Ok((log, committed))
}

#[derive(Clone, Copy)]
struct Cell {
    at: usize,
    has_rowid: bool,
}

/// Where the rows of a page are; none of a page that holds no rows.
fn cells(page: &[u8], start: usize) -> Vec<Cell> {
    let header = page.get(start..).unwrap_or_default();
    // A row of an inner page stands behind the number of the page below it.
    let (has_rowid, header_bytes, skip) = match header.first() {
        Some(0x0d) => (true, 8, 0),
        Some(0x0a) => (false, 8, 0),
        Some(0x02) => (false, 12, 4),
        _ => return Vec::new(),
    };
    let count = header.get(3..5).and_then(|two| two.try_into().ok()).map_or(0, u16::from_be_bytes);
    let pointers = header.get(header_bytes..).unwrap_or_default().chunks_exact(2);
    pointers
        .take(count.into())
        .filter_map(|pointer| pointer.try_into().ok().map(u16::from_be_bytes))
        .map(|at| Cell { at: usize::from(at) + skip, has_rowid })
        .collect()
}

/// How many bytes of a row lie on its page; the others follow on pages of their own.
fn local_bytes(bytes: usize, page_bytes: usize, has_rowid: bool) -> Option<usize> {
    let share = |of: usize| -> Option<usize> { (page_bytes.checked_sub(12)? * of / 255).checked_sub(23) };
    let max = if has_rowid { page_bytes.checked_sub(35)? } else { share(64)? };
    if bytes <= max {
        return Some(bytes);
    }
    let min = share(32)?;
    let fitting = min + bytes.checked_sub(min)? % page_bytes.checked_sub(4)?;
    Some(if fitting <= max { fitting } else { min })
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_be_bytes)
}

/// Up to eight bytes of seven bits, then one of eight.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value: u64 = 0;
    for at in 0..9 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        if at == 8 {
            return Some((value << 8 | u64::from(*first)).cast_signed());
        }
        value = value << 7 | u64::from(first & 0x7f);
        if first & 0x80 == 0 {
            break;
        }
    }
    Some(value.cast_signed())
}

/// The columns of a row: their types first, then their bytes.
fn record(payload: &[u8]) -> Option<Vec<Value>> {
    let mut rest = payload;
    let header = usize::try_from(varint(&mut rest)?).ok()?;
    let mut types = rest.get(..header.checked_sub(payload.len() - rest.len())?)?;
    let mut body = payload.get(header..)?;
    let mut values = Vec::new();
    while !types.is_empty() {
        let kind = varint(&mut types)?;
        values.push(column(kind, &mut body)?);
    }
    Some(values)
}

fn column(kind: i64, body: &mut &[u8]) -> Option<Value> {
    let mut take = |bytes: usize| -> Option<&[u8]> {
        let (column, rest) = body.split_at_checked(bytes)?;
        *body = rest;
        Some(column)
    };
    Some(match kind {
        0 => Value::Null,
        1..=6 => {
            let bytes = take([1, 2, 3, 4, 6, 8].get(usize::try_from(kind - 1).ok()?).copied()?)?;
            let sign = if bytes.first()? & 0x80 == 0 { 0_i64 } else { -1 };
            Value::Integer(bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)))
        }
        7 => Value::Real(f64::from_be_bytes(take(8)?.try_into().ok()?)),
        8 | 9 => Value::Integer(kind - 8),
        12.. => {
            let bytes = take(usize::try_from((kind - 12) / 2).ok()?)?;
            if kind % 2 == 0 {
                Value::Blob(bytes.into())
            } else {
                Value::Text(str::from_utf8(bytes).ok()?.into())
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Rows of every size and type, in a table of each kind, partly in the file and partly in the log.
    #[test]
    fn every_row_is_read_as_sqlite_reads_it_without_its_first_page() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE rows (id INTEGER PRIMARY KEY, n INTEGER, t TEXT, b BLOB, r REAL);
                 CREATE TABLE keyed (k BLOB PRIMARY KEY, n INTEGER, t TEXT, b BLOB, r REAL) WITHOUT ROWID;",
            )
            .unwrap();
        let numbers = [0, 1, -1, 127, -129, 40_000, -9_000_000, 1 << 40, i64::MIN, i64::MAX];
        let fill = |from: usize| {
            for at in from..from + 200 {
                let n = numbers[at % numbers.len()];
                let text = (at % 3 > 0).then(|| "检".repeat(at % 50));
                let bytes = vec![at as u8; (at * at) % 30_000];
                let values = (at as i64, n, &text, &bytes, at as f64 + 0.1);
                writer.execute("INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5)", values).unwrap();
                let key = (at as u64 * 0x9e37_79b9).to_be_bytes();
                let values = (key, n, &text, &bytes, at as f64 + 0.1);
                writer.execute("INSERT INTO keyed VALUES (?1, ?2, ?3, ?4, ?5)", values).unwrap();
            }
        };
        fill(0);
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fill(200);

        let wanted = |sql: &str| -> Vec<Vec<Value>> {
            let mut statement = writer.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| (0..5).map(|at| row.get(at)).collect()).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        let mut file = std::fs::read(&path).unwrap();
        file[..PAGE_BYTES].fill(0xa5);
        let damaged = folder.path().join("damaged.db");
        std::fs::write(&damaged, file).unwrap();
        std::fs::copy(with_ending(&path, "-wal"), with_ending(&damaged, "-wal")).unwrap();
        let (mut rows, mut keyed) = (Vec::new(), Vec::new());
        Pages::open(&damaged)
            .unwrap()
            .rows(|row| {
                match (row.rowid, row.values) {
                    (Some(rowid), mut values) if values.len() == 5 && values[0] == Value::Null => {
                        values[0] = Value::Integer(rowid);
                        rows.push(values);
                    }
                    (None, values) if values.len() == 5 => keyed.push(values),
                    _ => {}
                }
                Ok::<_, ()>(())
            })
            .unwrap();
        let key = |row: &Vec<Value>| format!("{:?}", row[0]);
        keyed.sort_by_key(key);
        rows.sort_by_key(key);
        for (found, sql) in [(rows, "SELECT * FROM rows"), (keyed, "SELECT * FROM keyed")] {
            let mut wanted = wanted(sql);
            wanted.sort_by_key(key);
            assert_eq!(wanted.len(), 400);
            assert!(found == wanted, "{sql}: {} rows", found.len());
        }
    }

    #[test]
    fn a_file_of_noise_gives_answers_and_never_ends_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.db");
        let mut state = 1_u64;
        for kind in [0x02, 0x0a, 0x0d] {
            let mut noise: Vec<u8> = (0..64 * PAGE_BYTES)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            for page in noise.chunks_mut(PAGE_BYTES) {
                page[0] = kind;
            }
            std::fs::write(&path, &noise).unwrap();
            std::fs::write(with_ending(&path, "-wal"), &noise).unwrap();
            Pages::open(&path).unwrap().rows(|_| Ok::<_, ()>(())).unwrap();
        }
    }
}

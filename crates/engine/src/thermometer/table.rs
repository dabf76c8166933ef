//! From bytes to a table of texts.

use encoding_rs::{Encoding, GB18030};

/// Some 2,000 lines of 60 bytes. With base64 it still fits into one call of a page.
pub const FILE_BYTES_MAX: usize = 128 * 1024;
/// More is imported in several files: with two ops a reading this is one boundary of a few commits.
pub const LINES_MAX: usize = 500;
/// A thermometer writes a handful.
pub const COLUMNS_MAX: usize = 30;
/// What a cell may hold and still be shown.
const CELL_CHARS_MAX: usize = 200;

/// A file as a table. Lines are counted from 1 as a spreadsheet counts them, headings included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// `UTF-8`, `gb18030` and so on, as the WHATWG names them.
    pub encoding: &'static str,
    /// Empty when the first line holds values.
    pub headings: Vec<String>,
    pub lines: Vec<(u32, Vec<String>)>,
    /// The widest line.
    pub width: usize,
}

/// Why a file is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// No text in an encoding that is known, or no line with more than one cell.
    NoTable,
    /// More bytes, lines or columns than are read.
    TooLarge,
}

/// Reads a file of a thermometer: UTF-8, UTF-16 with its mark, or GB18030; cells parted by comma, semicolon or tab.
pub fn read_table(bytes: &[u8]) -> Result<Table, Unreadable> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    let (text, encoding) = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    let (mut line, mut counted) = (1_u32, 0);
    for record in reader.records() {
        let record = record.map_err(|_| Unreadable::NoTable)?;
        let begins = record.position().map_or(counted, |at| begin(&text, at.byte()));
        line += newlines(&text, counted..begins);
        counted = begins;
        let cells: Vec<String> = record.iter().map(cell).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if cells.len() > COLUMNS_MAX || lines.len() > LINES_MAX {
            return Err(Unreadable::TooLarge);
        }
        lines.push((line, cells));
    }
    let width = lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    if width < 2 {
        return Err(Unreadable::NoTable);
    }
    let named = lines.first().is_some_and(|(_, cells)| !cells.iter().any(|cell| starts_with_digit(cell)));
    let headings = if named { lines.remove(0).1 } else { Vec::new() };
    if lines.len() > LINES_MAX {
        return Err(Unreadable::TooLarge);
    }
    Ok(Table { encoding: encoding.name(), headings, lines, width })
}

/// Where a record begins whose reading began at a byte: the reader leaves ends of lines to the next record.
fn begin(text: &str, byte: u64) -> usize {
    let at = usize::try_from(byte).unwrap_or(usize::MAX);
    let ends = text.as_bytes().iter().skip(at).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.saturating_add(ends.count())
}

fn newlines(text: &str, range: std::ops::Range<usize>) -> u32 {
    let ends = text.as_bytes().get(range).unwrap_or_default().iter().filter(|byte| **byte == b'\n');
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

/// A heading says what it is in words.
fn starts_with_digit(cell: &str) -> bool {
    cell.chars().next().is_some_and(|first| first.is_ascii_digit())
}

fn cell(text: &str) -> String {
    text.trim().chars().filter(|char| !char.is_control()).take(CELL_CHARS_MAX).collect()
}

fn decode(bytes: &[u8]) -> Result<(String, &'static Encoding), Unreadable> {
    let sure = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let utf8 = std::str::from_utf8(bytes).is_ok().then_some(encoding_rs::UTF_8);
    let encoding = sure.or(utf8).unwrap_or(GB18030);
    let (text, _, broken) = encoding.decode(bytes);
    if broken || text.contains('\0') {
        return Err(Unreadable::NoTable);
    }
    Ok((text.into_owned(), encoding))
}

/// The one that parts the first line most often.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|byte| *byte == delimiter).count();
    // The last of equals is taken, so that a line without any is parted by commas.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(table: &Table) -> Vec<Vec<&str>> {
        table.lines.iter().map(|(_, cells)| cells.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn the_same_table_is_read_in_every_encoding() {
        let text = "编号,体温\r\n员工1,36.5\r\n";
        let (gb, _, _) = GB18030.encode(text);
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked: Vec<u8> = [0xEF, 0xBB, 0xBF].into_iter().chain(text.bytes()).collect();
        for (bytes, encoding) in
            [(text.as_bytes(), "UTF-8"), (&*gb, "gb18030"), (&*utf16, "UTF-16LE"), (&*marked, "UTF-8")]
        {
            let table = read_table(bytes).unwrap();
            assert_eq!(table.encoding, encoding);
            assert_eq!(table.headings, ["编号", "体温"]);
            assert_eq!(cells(&table), [["员工1", "36.5"]]);
            assert_eq!(table.lines[0].0, 2);
        }
    }

    #[test]
    fn lines_keep_their_numbers_and_empty_ones_are_left_out() {
        let table = read_table("1;36.5\n\n;\n\"2\r\n\";36.6\r\n3;36.7".as_bytes()).unwrap();
        assert!(table.headings.is_empty());
        assert_eq!(table.lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 4, 6]);
        assert_eq!(cells(&table), [["1", "36.5"], ["2", "36.6"], ["3", "36.7"]]);
        assert_eq!(cells(&read_table(b"id\ttemp\n1\t36.5\n").unwrap()), [["1", "36.5"]]);
    }

    #[test]
    fn what_is_no_table_or_too_large_is_refused() {
        for bytes in [&b""[..], b"one\ntwo\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &[0xFF; 64]] {
            assert_eq!(read_table(bytes), Err(Unreadable::NoTable), "{bytes:?}");
        }
        assert_eq!(read_table(&vec![b'a'; FILE_BYTES_MAX + 1]), Err(Unreadable::TooLarge));
        assert_eq!(read_table("1,".repeat(COLUMNS_MAX + 1).as_bytes()), Err(Unreadable::TooLarge));
        assert_eq!(read_table("1,36.5\n".repeat(LINES_MAX + 1).as_bytes()), Err(Unreadable::TooLarge));
        assert!(read_table(format!("id,t\n{}", "1,36.5\n".repeat(LINES_MAX)).as_bytes()).is_ok());
    }
}

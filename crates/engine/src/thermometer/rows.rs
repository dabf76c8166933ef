//! Lines of a table as readings, or with the reason why they are none.

use std::collections::{BTreeMap, BTreeSet};

use xuncha_domain::{checklist, text};

use super::columns::Columns;
use super::table::Table;
use super::times::moment_of;

/// A label such as "收银员" or "保安2".
pub const SUBJECT_CHARS_MAX: usize = 40;
/// A thermometer's clock may be a little ahead of the phone's.
const AHEAD_MS: i64 = 10 * 60_000;
/// Older readings are of a thermometer whose clock stopped, or of no use to an inspection.
const OLD_MS: i64 = 400 * 86_400_000;

/// A line that is a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub line: u32,
    pub subject: Option<String>,
    pub temperature_dc: i32,
    /// By the thermometer's clock, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Why a line is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    NoTemperature,
    /// No thermometer for people shows this.
    OutOfRange,
    NoTime,
    TimeAhead,
    TimeOld,
    LabelTooLong,
    /// The same person, time and value stand in an earlier line.
    Repeated,
    /// Imported before.
    Known,
}

impl Reason {
    /// As screens translate it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoTemperature => "no_temperature",
            Self::OutOfRange => "out_of_range",
            Self::NoTime => "no_time",
            Self::TimeAhead => "time_ahead",
            Self::TimeOld => "time_old",
            Self::LabelTooLong => "label_too_long",
            Self::Repeated => "repeated",
            Self::Known => "known",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub line: u32,
    pub reason: Reason,
    /// The line's cells that were to be read.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    pub lines: Vec<Line>,
    pub rejected: Vec<Rejected>,
}

/// Reads the lines by these columns. With `codes`, each different label is replaced by that word and a number, in the
/// order of the lines: names do not get any further than this.
pub fn read_rows(table: &Table, columns: Columns, codes: Option<&str>, now_ms: i64) -> Rows {
    let mut rows = Rows::default();
    let mut coded: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (number, cells) in &table.lines {
        let cell = |place: Option<usize>| place.and_then(|place| cells.get(place)).map(String::as_str);
        let mut line = read(
            *number,
            cell(columns.temperature),
            cell(columns.date),
            columns.time.map(|time| cell(Some(time)).unwrap_or_default()),
            now_ms,
        );
        let subject = cell(columns.subject).map(text::clean).filter(|subject| !subject.is_empty());
        if let Ok(line) = &mut line {
            line.subject = match (subject.clone(), codes) {
                (Some(subject), Some(word)) => {
                    let next = coded.len() + 1;
                    Some(coded.entry(subject).or_insert_with(|| format!("{word}{next}")).clone())
                }
                (subject, _) => subject,
            };
        }
        let checked = line.and_then(|line| {
            let long = line.subject.as_ref().is_some_and(|text| text.chars().count() > SUBJECT_CHARS_MAX);
            if long {
                return Err(Reason::LabelTooLong);
            }
            let new = seen.insert((line.subject.clone(), line.at_ms, line.temperature_dc));
            if new { Ok(line) } else { Err(Reason::Repeated) }
        });
        match checked {
            Ok(line) => rows.lines.push(line),
            Err(reason) => {
                let shown = [columns.temperature, columns.date, columns.time].map(cell);
                let text = shown.into_iter().flatten().collect::<Vec<_>>().join(" ");
                rows.rejected.push(Rejected { line: *number, reason, text });
            }
        }
    }
    rows
}

fn read(
    line: u32,
    temperature: Option<&str>,
    date: Option<&str>,
    time: Option<&str>,
    now_ms: i64,
) -> Result<Line, Reason> {
    let temperature_dc = temperature.and_then(number).ok_or(Reason::NoTemperature)?;
    if !shown().contains(&temperature_dc) {
        return Err(Reason::OutOfRange);
    }
    let at_ms = date.and_then(|date| moment_of(date, time)).ok_or(Reason::NoTime)?;
    if at_ms > now_ms.saturating_add(AHEAD_MS) {
        return Err(Reason::TimeAhead);
    }
    if at_ms < now_ms.saturating_sub(OLD_MS) {
        return Err(Reason::TimeOld);
    }
    Ok(Line { line, subject: None, temperature_dc, at_ms })
}

/// What a thermometer for people can show, in tenths of a degree.
fn shown() -> std::ops::RangeInclusive<i32> {
    let [low, high] = checklist::parameters().temperature.device_range;
    low..=high
}

/// A cell as tenths of a degree that a thermometer for people can show.
pub(super) fn degrees(cell: &str) -> Option<i32> {
    number(cell).filter(|dc| shown().contains(dc))
}

/// `36.5`, `36.5℃`, `36,5 °C`, `36.50` as tenths; more digits are rounded half up. None for what is no such number.
fn number(cell: &str) -> Option<i32> {
    let cell = cell.trim().trim_end_matches(['℃', '°', 'C', 'c', '度', ' ']);
    let (whole, part) = cell.split_once(['.', ',', '．']).unwrap_or((cell, ""));
    let digits = |text: &str| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let hundredths: i32 = format!("{part:0<3}").get(..2)?.parse().ok()?;
    whole.parse::<i32>().ok().map(|whole| whole * 10 + (hundredths + 5) / 10)
}

/// Whether a cell names a moment and not only a day.
pub(super) fn has_time_of_day(cell: &str) -> bool {
    moment_of(cell, None).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::{detect, read_table};
    use super::*;

    const NOW: i64 = 1_580_702_400_000; // 2020-02-03 12:00 in China

    fn rows(text: &str, codes: Option<&str>) -> Rows {
        let table = read_table(text.as_bytes()).unwrap();
        read_rows(&table, detect(&table), codes, NOW)
    }

    #[test]
    fn numbers_are_read_with_and_without_their_unit() {
        for (cell, dc) in [
            ("36.5", Some(365)),
            ("36.5℃", Some(365)),
            ("36,5 °C", Some(365)),
            ("37", Some(370)),
            ("36.54", Some(365)),
            ("36.55", Some(366)),
            ("36.96", Some(370)),
            ("", None),
            ("正常", None),
            ("-1.0", None),
            ("36.5.1", None),
            ("99999999999", None),
        ] {
            assert_eq!(number(cell), dc, "{cell}");
        }
    }

    #[test]
    fn every_line_is_a_reading_or_says_why_not() {
        let read = rows(
            "编号,体温,时间\n\
             1,36.5,2020-02-03 08:10\n\
             2,低,2020-02-03 08:11\n\
             3,18.5,2020-02-03 08:12\n\
             4,36.6,08:13\n\
             5,36.6,2020-02-03 12:30\n\
             6,36.6,2000-01-01 00:00\n\
             1,36.5,2020-02-03 08:10\n\
             7\n\
             ,37.6,2020-02-03 08:15\n",
            None,
        );
        assert_eq!(
            read.rejected.iter().map(|row| (row.line, row.reason)).collect::<Vec<_>>(),
            [
                (3, Reason::NoTemperature),
                (4, Reason::OutOfRange),
                (5, Reason::NoTime),
                (6, Reason::TimeAhead),
                (7, Reason::TimeOld),
                (8, Reason::Repeated),
                (9, Reason::NoTemperature)
            ]
        );
        assert_eq!(
            read.lines
                .iter()
                .map(|line| (line.line, line.subject.as_deref(), line.temperature_dc))
                .collect::<Vec<_>>(),
            [(2, Some("1"), 365), (10, None, 376)]
        );
        assert_eq!(read.lines[0].at_ms, 1_580_688_600_000);
    }

    #[test]
    fn labels_become_codes_in_the_order_of_the_lines() {
        let read = rows(
            "姓名,体温,时间\n甲,36.5,2020-02-03 08:10\n乙,36.6,2020-02-03 08:11\n甲,36.4,2020-02-03 08:12\n",
            Some("员工"),
        );
        let labels: Vec<_> = read.lines.iter().filter_map(|line| line.subject.as_deref()).collect();
        assert_eq!(labels, ["员工1", "员工2", "员工1"]);
    }
}

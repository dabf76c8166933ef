//! Working days in China: weekdays without the statutory holidays, and the weekend days on which work is made up for.
//!
//! Read once from `data/holidays.csv`, which the State Council's notices fill year by year. Where the table ends, only
//! weekends are known, and [`Limit::sure`] says so.

use std::sync::OnceLock;

use jiff::civil::{Date, Weekday, date};
use serde::Deserialize;

/// The end of a term in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub date: Date,
    /// False when the term leaves the years of the table: holidays that nobody has announced yet would move it.
    pub sure: bool,
}

/// The last of so many working days after `start`, which does not count itself; `start` for none. Stays at the end of the
/// calendar, unsure.
pub fn after(start: Date, workdays: u16) -> Limit {
    let table = table();
    let mut day = start;
    let mut left = workdays;
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return Limit { date: day, sure: false } };
        day = next;
        left -= u16::from(is_workday(day));
    }
    Limit { date: day, sure: table.first <= start && day <= table.known_until }
}

/// Whether people work on a day, as far as the table knows.
pub fn is_workday(day: Date) -> bool {
    let runs = &table().runs;
    let at = runs.partition_point(|run| run.to < day);
    match runs.get(at).filter(|run| run.from <= day) {
        Some(run) => run.work,
        None => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
    }
}

/// The notice for a year has taken days off the end of the year before (that of 2019 began with 2018-12-29).
const NEXT_NOTICE: (i8, i8) = (12, 28);

/// Consecutive days of one kind.
struct Run {
    from: Date,
    to: Date,
    work: bool,
}

struct Table {
    /// By date, without overlaps.
    runs: Vec<Run>,
    first: Date,
    known_until: Date,
}

fn table() -> &'static Table {
    static DATA: OnceLock<Table> = OnceLock::new();
    DATA.get_or_init(|| {
        // The file is part of the program: `the_file_parses` proves that the empty list is never taken.
        let runs = parse(HOLIDAYS).unwrap_or_default();
        let years = runs.first().zip(runs.last()).map(|(first, last)| (first.from.year(), last.from.year()));
        let (first, last) = years.unwrap_or((1, 1));
        let (month, day) = NEXT_NOTICE;
        Table { runs, first: date(first, 1, 1), known_until: date(last, month, day) }
    })
}

const HOLIDAYS: &str = include_str!("../data/holidays.csv");

#[derive(Deserialize)]
struct Row {
    from: String,
    to: String,
    kind: Kind,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Off,
    Work,
}

/// None for a file that is not the table.
fn parse(text: &str) -> Option<Vec<Run>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(|row: Result<Row, _>| {
        let row = row.ok()?;
        Some(Run { from: row.from.parse().ok()?, to: row.to.parse().ok()?, work: row.kind == Kind::Work })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn after_days(start: &str, workdays: u16) -> (String, bool) {
        let limit = after(day(start), workdays);
        (limit.date.to_string(), limit.sure)
    }

    #[test]
    fn the_file_parses() {
        let runs = parse(HOLIDAYS).unwrap();
        assert_eq!(runs.len(), 103);
        assert!(runs.iter().all(|run| run.from <= run.to));
        assert!(runs.windows(2).all(|pair| pair[0].to < pair[1].from), "by date, without overlaps");
        assert!(parse("from,to,kind\n2020-01-01,soon,off\n").is_none());
    }

    #[test]
    fn a_day_that_is_made_up_for_is_a_weekend_day() {
        for run in parse(HOLIDAYS).unwrap().iter().filter(|run| run.work) {
            for day in [run.from, run.to] {
                assert!(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday), "{day}");
            }
        }
    }

    #[test]
    fn holidays_are_passed_over_and_make_up_days_count() {
        // The Spring Festival of 2020 was extended to Sunday, 2 February.
        assert_eq!(after_days("2020-01-22", 1), ("2020-01-23".into(), true));
        assert_eq!(after_days("2020-01-22", 3), ("2020-02-04".into(), true));
        // National Day of 2026 was from 1 to 7 October, then Thursday, Friday and a Saturday that is worked.
        assert_eq!(after_days("2026-09-30", 3), ("2026-10-10".into(), true));
        // Sunday, 19 January 2020 was worked.
        assert_eq!(after_days("2020-01-18", 1), ("2020-01-19".into(), true));
        // An ordinary weekend.
        assert_eq!(after_days("2020-03-13", 1), ("2020-03-16".into(), true));
        assert_eq!(after_days("2020-03-14", 5), ("2020-03-20".into(), true));
        assert_eq!(after_days("2020-03-14", 0), ("2020-03-14".into(), true));
    }

    #[test]
    fn a_term_that_leaves_the_table_is_not_sure() {
        assert_eq!(after_days("2026-12-25", 1), ("2026-12-28".into(), true));
        assert_eq!(after_days("2026-12-25", 2), ("2026-12-29".into(), false));
        assert_eq!(after_days("2027-05-03", 3), ("2027-05-06".into(), false));
        assert_eq!(after_days("2018-12-31", 1), ("2019-01-02".into(), false));
        assert_eq!(after(Date::MAX, 3), Limit { date: Date::MAX, sure: false });
    }
}

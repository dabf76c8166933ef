//! A log of temperatures over days: which slots are missing in it, and what looks copied instead of measured.
//!
//! Flags are questions for a person, never verdicts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::time::{CHINA, day_in_china};
use crate::words::words;

words!(
    /// Everybody is measured twice a day.
    Slot { Morning = "morning", Evening = "evening" }
);

impl Slot {
    /// The hour, in China, from which the evening's slot runs.
    const EVENING_FROM: i8 = 12;

    /// The day in China of a moment, and the half of it.
    pub fn of(at_ms: i64) -> (Date, Self) {
        let hour = jiff::Timestamp::from_millisecond(at_ms).map(|at| CHINA.to_datetime(at).hour());
        let evening = hour.is_ok_and(|hour| hour >= Self::EVENING_FROM);
        (day_in_china(at_ms), if evening { Self::Evening } else { Self::Morning })
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was measured, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    pub subject: String,
    /// Tenths of a degree Celsius.
    pub temperature_dc: i32,
}

/// Slots in a row in which a person was not measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub subject: String,
    /// The first of them.
    pub day: Date,
    pub slot: Slot,
    pub slots: u32,
}

/// What is longer than this is no gap of a log, but the end of one: a person left, or the thermometer's clock was wrong.
/// Also bounds the work for entries that lie years apart.
const GAP_SLOTS_MAX: u32 = 28;

/// The slots that are missing in a log that is kept twice a day: of each person, from the first slot in which that person
/// was measured to the last one in which anybody was.
pub fn gaps(log: &[Entry]) -> Vec<Gap> {
    let mut people: BTreeMap<&str, BTreeSet<(Date, u8)>> = BTreeMap::new();
    for entry in log {
        let (day, slot) = Slot::of(entry.at_ms);
        people.entry(&entry.subject).or_default().insert((day, slot as u8));
    }
    let Some(last) = people.values().filter_map(BTreeSet::last).max().copied() else { return Vec::new() };
    let mut gaps = Vec::new();
    for (subject, measured) in people {
        let ends = measured.iter().skip(1).copied().map(Some).chain([None]);
        for (from, to) in measured.iter().copied().zip(ends) {
            // After the person's last slot the log goes on to `last`, which then is missing, too.
            let open = to.is_none();
            let (Some(first), end) = (after(from), to.unwrap_or(last)) else { continue };
            let slots = between(first, end).saturating_add(u32::from(open && first <= end));
            if slots > 0 && slots <= GAP_SLOTS_MAX {
                let slot = if first.1 == Slot::Morning as u8 { Slot::Morning } else { Slot::Evening };
                gaps.push(Gap { subject: subject.to_owned(), day: first.0, slot, slots });
            }
        }
    }
    gaps
}

/// The next slot; none after the last day of the calendar.
fn after((day, slot): (Date, u8)) -> Option<(Date, u8)> {
    if slot == Slot::Morning as u8 {
        Some((day, Slot::Evening as u8))
    } else {
        Some((day.tomorrow().ok()?, Slot::Morning as u8))
    }
}

/// Slots from `from` up to, and without, `to`.
fn between(from: (Date, u8), to: (Date, u8)) -> u32 {
    let days = from.0.until(to.0).map_or(0, |span| i64::from(span.get_days()));
    u32::try_from(days * 2 + i64::from(to.1) - i64::from(from.1)).unwrap_or(0)
}

/// The same value again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Of one person over time; none for different people measured one after the other.
    pub subject: Option<String>,
    pub temperature_dc: i32,
    pub count: u32,
    pub from_ms: i64,
    pub to_ms: i64,
}

/// With a spread of 0.2 °C, two readings in tenths of a degree agree one time in seven; five in a row do by chance some
/// four times in ten thousand.
const RUN_MIN: usize = 5;

/// Runs of equal values that look copied: of one person over time, and of people measured one after the other in one
/// slot. The log is in the order in which it was written.
pub fn runs(log: &[Entry]) -> Vec<Run> {
    let mut people: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    let mut sheets: BTreeMap<(Date, u8), Vec<&Entry>> = BTreeMap::new();
    for entry in log {
        people.entry(&entry.subject).or_default().push(entry);
        let (day, slot) = Slot::of(entry.at_ms);
        sheets.entry((day, slot as u8)).or_default().push(entry);
    }
    let mut runs = Vec::new();
    for (subject, mut entries) in people {
        entries.sort_by_key(|entry| entry.at_ms);
        runs.extend(equal(&entries).map(|run| Run { subject: Some(subject.to_owned()), ..run }));
    }
    for entries in sheets.into_values() {
        let subjects: BTreeSet<&str> = entries.iter().map(|entry| entry.subject.as_str()).collect();
        if subjects.len() >= RUN_MIN {
            runs.extend(equal(&entries));
        }
    }
    runs
}

fn equal(entries: &[&Entry]) -> impl Iterator<Item = Run> {
    let groups = entries.chunk_by(|a, b| a.temperature_dc == b.temperature_dc);
    groups.filter(|group| group.len() >= RUN_MIN).filter_map(|group| {
        let times = || group.iter().map(|entry| entry.at_ms);
        Some(Run {
            subject: None,
            temperature_dc: group.first()?.temperature_dc,
            count: u32::try_from(group.len()).unwrap_or(u32::MAX),
            from_ms: times().min()?,
            to_ms: times().max()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// A day of February 2020 and an hour in China.
    fn at(day: i8, hour: i8) -> i64 {
        let local = Date::constant(2020, 2, day).at(hour, 0, 0, 0);
        CHINA.to_timestamp(local).unwrap().as_millisecond()
    }

    fn entry(subject: &str, at_ms: i64, temperature_dc: i32) -> Entry {
        Entry { at_ms, subject: subject.into(), temperature_dc }
    }

    fn found(log: &[Entry]) -> Vec<(String, i8, &'static str, u32)> {
        gaps(log).into_iter().map(|gap| (gap.subject, gap.day.day(), gap.slot.code(), gap.slots)).collect()
    }

    #[test]
    fn noon_in_china_begins_the_evening() {
        assert_eq!(Slot::of(at(3, 11) + 59 * MINUTE), (Date::constant(2020, 2, 3), Slot::Morning));
        assert_eq!(Slot::of(at(3, 12)), (Date::constant(2020, 2, 3), Slot::Evening));
        assert_eq!(Slot::of(at(3, 0)).0, Date::constant(2020, 2, 3), "already the next day in China");
    }

    #[test]
    fn slots_are_missing_between_the_first_of_a_person_and_the_last_of_anybody() {
        let log = [
            entry("1", at(3, 8), 365),
            entry("1", at(3, 18), 366),
            entry("1", at(4, 8), 364),
            entry("1", at(4, 18), 364),
            // Comes in the evening, misses the next morning, and is there again.
            entry("2", at(3, 17), 365),
            entry("2", at(4, 19), 366),
            // Misses the last evening.
            entry("3", at(4, 9), 362),
        ];
        assert_eq!(found(&log), [("2".into(), 4, "morning", 1), ("3".into(), 4, "evening", 1)]);
        assert_eq!(found(&log[..4]), []);
        assert_eq!(found(&[]), []);
        let away = [entry("1", at(3, 8), 365), entry("1", at(5, 8), 365)];
        assert_eq!(found(&away), [("1".into(), 3, "evening", 3)]);
    }

    #[test]
    fn what_is_measured_twice_in_a_slot_is_one_and_years_are_no_gap() {
        let log = [entry("1", at(3, 8), 376), entry("1", at(3, 9), 366), entry("1", at(3, 13), 365)];
        assert_eq!(found(&log), []);
        let years = [entry("1", 0, 365), entry("1", at(3, 8), 365), entry("1", i64::MAX, 365)];
        assert_eq!(found(&years), []);
    }

    #[test]
    fn five_equal_values_in_a_row_look_copied_and_four_do_not() {
        let mut log: Vec<Entry> = (3..=7).map(|day| entry("1", at(day, 8), 365)).collect();
        assert_eq!(runs(&log[..4]), []);
        assert_eq!(
            runs(&log),
            [Run {
                subject: Some("1".into()),
                temperature_dc: 365,
                count: 5,
                from_ms: at(3, 8),
                to_ms: at(7, 8)
            }]
        );
        log.insert(2, entry("1", at(4, 18), 366));
        assert_eq!(runs(&log), [], "one other value in between");
    }

    #[test]
    fn a_sheet_of_equal_values_looks_copied_whoever_they_are_of() {
        let sheet = |dc: [i32; 6]| -> Vec<Entry> {
            (0..).zip(dc).map(|(n, dc)| entry(&format!("{n}"), at(3, 8) + n * MINUTE, dc)).collect()
        };
        let copied = runs(&sheet([364, 365, 365, 365, 365, 365]));
        assert_eq!(
            copied.iter().map(|run| (run.subject.clone(), run.count)).collect::<Vec<_>>(),
            [(None, 5)]
        );
        assert_eq!(runs(&sheet([365, 365, 366, 365, 365, 365])), []);
    }
}

//! The temperatures of a venue, or of one of its people, over time: every reading with where it came from, the slots that
//! are missing in the venue's own log, and what looks copied.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::ids::EntityId;
use xuncha_domain::reading::TemperatureRule;
use xuncha_domain::temperature_log::{self as log, Entry, Slot};

use super::roster::{reading_verdict, taken};
use super::types::ReadingVerdict;
use super::venues;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::rows;
use crate::tree::Tree;

/// The newest visits with readings; each is read.
const VISITS_MAX: u32 = 60;
/// The newest readings: more dots than a phone has room for.
const POINTS_MAX: usize = 1_000;
/// Of each kind of flag; whoever sees so many looks at the log itself.
const FLAGS_MAX: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryOf {
    pub venue: String,
    /// A role or a code; none for everybody.
    pub subject: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TemperatureHistory {
    pub venue_name: String,
    /// Everybody who can be chosen.
    pub subjects: Vec<String>,
    /// Oldest first.
    pub points: Vec<HistoryPoint>,
    /// Of what was imported: only that is kept twice a day.
    pub gaps: Vec<HistoryGap>,
    pub runs: Vec<HistoryRun>,
    /// From this on a reading is abnormal, in tenths of a degree.
    pub abnormal_at_dc: i32,
    /// There are older readings.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryPoint {
    pub at_ms: i64,
    /// `morning` or `evening`, in China.
    pub slot: String,
    pub subject: Option<String>,
    pub temperature_dc: i32,
    pub verdict: ReadingVerdict,
    /// From a file of a thermometer, and not measured by an officer.
    pub imported: bool,
    pub visit: String,
}

/// Slots in a row in which a person was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryGap {
    pub subject: String,
    /// The first of them: a day such as `2020-02-04`, and `morning` or `evening`.
    pub day: String,
    pub slot: String,
    pub slots: u32,
}

/// The same value again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryRun {
    /// Of one person over time; none for different people one after the other.
    pub subject: Option<String>,
    pub temperature_dc: i32,
    pub count: u32,
    pub from_ms: i64,
    pub to_ms: i64,
}

pub fn of(engine: &Engine, wanted: HistoryOf) -> Result<TemperatureHistory> {
    let venue: EntityId = wanted.venue.parse()?;
    engine.read(|connection| {
        let venue_name = venues::row(connection, venue, None)?.ok_or_else(venues::no_venue)?.name;
        let mut points = points(connection, venue)?;
        points.sort_by_key(|point| point.at_ms);
        let mut subjects: Vec<String> = points.iter().filter_map(|point| point.subject.clone()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let chosen =
            |subject: Option<&String>| wanted.subject.is_none() || subject == wanted.subject.as_ref();
        let entries = |all: bool| -> Vec<Entry> {
            let named = points.iter().filter(|point| all || point.imported);
            named
                .filter_map(|point| {
                    let subject = point.subject.clone()?;
                    Some(Entry { at_ms: point.at_ms, subject, temperature_dc: point.temperature_dc })
                })
                .collect()
        };
        let gaps = log::gaps(&entries(false)).into_iter().filter(|gap| chosen(Some(&gap.subject)));
        let runs = log::runs(&entries(true)).into_iter().filter(|run| chosen(run.subject.as_ref()));
        let (gaps, runs) = (gaps.take(FLAGS_MAX).map(gap).collect(), runs.take(FLAGS_MAX).map(run).collect());
        points.retain(|point| chosen(point.subject.as_ref()));
        let left_out = points.len().saturating_sub(POINTS_MAX);
        let more = left_out > 0 || rows::measured_count(connection, venue)? > VISITS_MAX;
        Ok(TemperatureHistory {
            venue_name,
            subjects,
            points: points.split_off(left_out),
            gaps,
            runs,
            abnormal_at_dc: TemperatureRule::STANDING.abnormal_at_dc,
            more,
        })
    })
}

/// Every standing reading of a body in the newest visits to a venue.
pub(super) fn points(connection: &Connection, venue: EntityId) -> Result<Vec<HistoryPoint>> {
    let mut points = Vec::new();
    for visit in rows::visits_measured(connection, venue, None, VISITS_MAX)? {
        let Some(tree) = Tree::read(connection, visit)? else { continue };
        for reading in taken(connection, &tree)? {
            points.push(HistoryPoint {
                at_ms: reading.at_ms,
                slot: Slot::of(reading.at_ms).1.code().into(),
                subject: reading.measured.subject,
                temperature_dc: reading.measured.temperature_dc,
                verdict: reading_verdict(Some(reading.measured.verdict)),
                imported: reading.imported,
                visit: visit.to_string(),
            });
        }
    }
    Ok(points)
}

fn gap(gap: log::Gap) -> HistoryGap {
    HistoryGap {
        subject: gap.subject,
        day: gap.day.to_string(),
        slot: gap.slot.code().into(),
        slots: gap.slots,
    }
}

fn run(run: log::Run) -> HistoryRun {
    HistoryRun {
        subject: run.subject,
        temperature_dc: run.temperature_dc,
        count: run.count,
        from_ms: run.from_ms,
        to_ms: run.to_ms,
    }
}

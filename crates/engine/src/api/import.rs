//! The file of a thermometer, looked at before it is taken into a visit.
//!
//! Both calls read the same bytes by the same rules, so that what is imported is what was shown. A file that is imported
//! again makes the same readings, and what the venue has already is left out.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::fact::{Imported, Reading};
use xuncha_domain::model::words::{Sequence, Site};
use xuncha_domain::model::{field, visit as entities};

use super::history::points;
use super::reading::fact;
use super::roster::reading_verdict;
use super::types::{ErrorCode, ReadingVerdict, VisitView};
use super::view::no_visit;
use super::visit::{bad, done, open, scope_of, tap};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::thermometer::{self, Columns, Line, Reason, Rejected, Rows, Table, Unreadable};
use crate::tree::Tree;
use crate::write;

/// Lines of each kind that a preview shows; the counts are of all.
const SHOWN_MAX: usize = 50;
/// The stem of a code, such as "员工3".
const STEM_CHARS_MAX: usize = 10;

/// A file and how it is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportFile {
    pub visit: String,
    /// Base64 of at most 128 KiB.
    pub bytes: String,
    /// None: as the headings and the contents say.
    pub columns: Option<ImportColumns>,
    /// Whether each different label is replaced by a number, so that names get no further than the file.
    pub codes: ImportCodes,
    /// The word before such a number, such as "员工".
    pub stem: String,
    /// forehead, wrist, ear or axilla.
    pub site: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportCodes {
    /// Replace where the heading says that the labels are names.
    Auto,
    Replace,
    Keep,
}

/// Places of columns, counted from nought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportColumns {
    pub subject: Option<u32>,
    pub temperature: Option<u32>,
    /// The moment, or the day when there is a column for the time of day.
    pub date: Option<u32>,
    pub time: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportPreview {
    pub encoding: String,
    /// Of each column: its heading, and the first value below it.
    pub headings: Vec<ImportHeading>,
    pub columns: ImportColumns,
    /// Labels are replaced by codes.
    pub coded: bool,
    /// The first of what will be imported.
    pub rows: Vec<ImportRow>,
    pub accepted: u32,
    pub people: u32,
    pub abnormal: u32,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
    /// The first of what will not.
    pub rejected: Vec<ImportRejected>,
    pub rejected_count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportHeading {
    pub heading: Option<String>,
    pub example: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportRow {
    pub line: u32,
    pub subject: Option<String>,
    pub temperature_dc: i32,
    pub at_ms: i64,
    pub verdict: ReadingVerdict,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportRejected {
    pub line: u32,
    /// no_temperature, out_of_range, no_time, time_ahead, time_old, label_too_long, repeated or known.
    pub reason: String,
    pub text: String,
}

/// A file as it was read.
struct Read {
    table: Table,
    columns: Columns,
    coded: bool,
    rows: Rows,
    site: Site,
    sha256: [u8; 32],
}

pub fn preview(engine: &Engine, file: ImportFile) -> Result<ImportPreview> {
    let visit: EntityId = file.visit.parse()?;
    let read = read(engine, &file, visit)?;
    let verdict = |line: &Line| reading(line, read.site).verdict();
    let people: BTreeSet<_> = read.rows.lines.iter().filter_map(|line| line.subject.as_ref()).collect();
    let abnormal =
        read.rows.lines.iter().filter(|line| reading_verdict(verdict(line)) == ReadingVerdict::Abnormal);
    let times = || read.rows.lines.iter().map(|line| line.at_ms);
    Ok(ImportPreview {
        encoding: read.table.encoding.into(),
        headings: headings(&read.table),
        columns: ImportColumns::from(read.columns),
        coded: read.coded,
        accepted: count(read.rows.lines.len()),
        people: count(people.len()),
        abnormal: count(abnormal.count()),
        from_ms: times().min(),
        to_ms: times().max(),
        rejected_count: count(read.rows.rejected.len()),
        rows: read
            .rows
            .lines
            .iter()
            .take(SHOWN_MAX)
            .map(|line| ImportRow {
                line: line.line,
                subject: line.subject.clone(),
                temperature_dc: line.temperature_dc,
                at_ms: line.at_ms,
                verdict: reading_verdict(verdict(line)),
            })
            .collect(),
        rejected: read
            .rows
            .rejected
            .iter()
            .take(SHOWN_MAX)
            .map(|row| ImportRejected {
                line: row.line,
                reason: row.reason.code().into(),
                text: row.text.clone(),
            })
            .collect(),
    })
}

/// All lines that the preview accepted, in one transaction, and at once as commits.
pub fn import(engine: &Engine, file: ImportFile) -> Result<VisitView> {
    let id: EntityId = file.visit.parse()?;
    let read = read(engine, &file, id)?;
    let [a, b, c, d, e, f, g, h, ..] = read.sha256;
    let short = [a, b, c, d, e, f, g, h];
    engine.write(|connection, pen| {
        let draft = open(connection, pen, id)?;
        let scope = scope_of(connection, id)?;
        let mut taps = Vec::with_capacity(read.rows.lines.len() * 2);
        for line in &read.rows.lines {
            let entity = entities::imported_reading(&draft.root, &read.sha256, line.line);
            // Taken in between by another tap of the same button: it is there already.
            if draft.tree.nodes.contains_key(&entity.id) {
                continue;
            }
            let imported = Imported { at_ms: line.at_ms, file: short, line: line.line };
            taps.push(fact(&entity, &reading(line, read.site), String::new()));
            taps.push(tap(&entity, field::IMPORTED, imported.to_value()));
        }
        if taps.is_empty() {
            return Err(Error::Refused(ErrorCode::ImportNothing, "no line of the file is a new reading"));
        }
        write::record(connection, pen, &scope, taps)?;
        write::flush(connection, pen, &scope)
    })?;
    engine.wake_sync();
    done(engine, id)
}

fn read(engine: &Engine, file: &ImportFile, visit: EntityId) -> Result<Read> {
    let bytes = BASE64_STANDARD.decode(&file.bytes).map_err(|_| bad("not base64"))?;
    let table = thermometer::read_table(&bytes).map_err(|problem| match problem {
        Unreadable::NoTable => Error::Refused(ErrorCode::ImportUnreadable, "the file is no table"),
        Unreadable::TooLarge => Error::Refused(ErrorCode::ImportTooLarge, "the file is too large"),
    })?;
    let site =
        Site::parse(&file.site).filter(|site| *site != Site::Air).ok_or_else(|| bad("no such site"))?;
    let columns = file.columns.map_or_else(|| thermometer::detect(&table), Columns::from);
    let coded = match file.codes {
        ImportCodes::Auto => columns.subject.is_some_and(|place| thermometer::holds_names(&table, place)),
        ImportCodes::Replace => true,
        ImportCodes::Keep => false,
    };
    let stem: String = file.stem.trim().chars().take(STEM_CHARS_MAX).collect();
    let mut rows = thermometer::read_rows(&table, columns, coded.then_some(&stem), engine.now_ms());
    let sha256 = Sha256::digest(&bytes).into();
    let (tree, known) = engine.read(|connection| {
        let tree = Tree::read(connection, visit)?.ok_or_else(no_visit)?;
        let known = tree.venue().map_or_else(|| Ok(Vec::new()), |venue| points(connection, venue))?;
        Ok((tree, known))
    })?;
    let known: BTreeSet<_> = known
        .into_iter()
        .filter(|point| point.imported)
        .map(|point| (point.at_ms, point.temperature_dc, point.subject))
        .collect();
    // What this very file brought before is there, also when it was taken back.
    let root = entities::visit(visit);
    let is_known = |line: &Line| {
        known.contains(&(line.at_ms, line.temperature_dc, line.subject.clone()))
            || tree.nodes.contains_key(&entities::imported_reading(&root, &sha256, line.line).id)
    };
    for line in rows.lines.extract_if(.., |line| is_known(line)) {
        let text = format!("{}.{}", line.temperature_dc / 10, line.temperature_dc % 10);
        rows.rejected.push(Rejected { line: line.line, reason: Reason::Known, text });
    }
    rows.rejected.sort_by_key(|row| row.line);
    Ok(Read { table, columns, coded, rows, site, sha256 })
}

fn reading(line: &Line, site: Site) -> Reading {
    Reading {
        temperature_dc: line.temperature_dc,
        site,
        sequence: Sequence::First,
        indoor: true,
        ambient_dc: None,
        subject: line.subject.clone(),
    }
}

fn headings(table: &Table) -> Vec<ImportHeading> {
    let column = |place: usize| ImportHeading {
        heading: table.headings.get(place).filter(|heading| !heading.is_empty()).cloned(),
        example: table.lines.iter().find_map(|(_, cells)| cells.get(place)).cloned().unwrap_or_default(),
    };
    (0..table.width).map(column).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<ImportColumns> for Columns {
    fn from(columns: ImportColumns) -> Self {
        let place = |place: Option<u32>| place.and_then(|place| usize::try_from(place).ok());
        Self {
            subject: place(columns.subject),
            temperature: place(columns.temperature),
            date: place(columns.date),
            time: place(columns.time),
        }
    }
}

impl From<Columns> for ImportColumns {
    fn from(columns: Columns) -> Self {
        let place = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok());
        Self {
            subject: place(columns.subject),
            temperature: place(columns.temperature),
            date: place(columns.date),
            time: place(columns.time),
        }
    }
}

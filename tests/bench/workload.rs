//! The workload files: one inspection or one pair of phones a line.
//!
//! The product has no checklist of thirty questions with three answers. Its longest asks thirty questions to be answered
//! yes or no, so that "na" is written as "no" (a fifth of a bit per answer less to carry). In the concurrent edits the one
//! side turns an answer round and the other confirms it: two different values, both to be kept.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xuncha_domain::checklist::{AnswerKind, Checklist, Mode};
use xuncha_engine::api::types::Answer;

/// Its routine checklist is the longest.
pub(crate) const CATEGORY: &str = "ENT_SONG";

#[derive(Deserialize)]
pub(crate) struct Inspection {
    pub(crate) venue: String,
    pub(crate) insp: Vec<String>,
    pub(crate) start: i64,
    pub(crate) finish: i64,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) answers: Vec<AnswerLine>,
    pub(crate) temps: Vec<Temp>,
}

#[derive(Deserialize)]
pub(crate) struct AnswerLine {
    pub(crate) i: String,
    pub(crate) v: String,
    pub(crate) n: Option<String>,
    pub(crate) t: i64,
}

#[derive(Deserialize)]
pub(crate) struct Temp {
    pub(crate) s: String,
    pub(crate) d: String,
    pub(crate) t: i64,
}

#[derive(Deserialize)]
pub(crate) struct Pair {
    pub(crate) pair: u32,
    pub(crate) insp: Vec<PairInspection>,
}

#[derive(Deserialize)]
pub(crate) struct PairInspection {
    pub(crate) base: Inspection,
    pub(crate) a: Vec<Edit>,
    pub(crate) b: Vec<Edit>,
    pub(crate) overlap: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Edit {
    pub(crate) i: String,
    pub(crate) t: i64,
}

/// One list per phone of the first workload.
pub(crate) fn days(folder: &Path) -> Result<Vec<Vec<Inspection>>> {
    let mut days = Vec::new();
    while let Ok(file) = File::open(folder.join(format!("w1/dev-{:05}.ndjson", days.len()))) {
        days.push(lines(file)?);
    }
    Ok(days)
}

pub(crate) fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    lines(File::open(folder.join("w2.ndjson")).context("w2.ndjson")?)
}

fn lines<T: DeserializeOwned>(file: File) -> Result<Vec<T>> {
    BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// The checklist item that an item of the workload (`item-001` …) stands for.
///
/// # Panics
/// When the workload asks more than the checklist.
pub(crate) fn item(name: &str) -> &'static str {
    let nth: usize = name.strip_prefix("item-").and_then(|digits| digits.parse().ok()).expect("item-NNN");
    let checklist = Checklist::for_venue(CATEGORY, Mode::Routine).expect("a checklist");
    let mut asked = checklist.items().filter(|item| item.answer == AnswerKind::YesNo);
    &asked.nth(nth - 1).expect("thirty questions").id
}

pub(crate) fn answer(word: &str) -> Answer {
    if word == "ok" { Answer::Yes } else { Answer::No }
}

pub(crate) fn turned(answer: &Answer) -> Answer {
    if *answer == Answer::Yes { Answer::No } else { Answer::Yes }
}

//! The columns of ledgers and what may be chosen in them, parsed once from data files.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::reference::list;
use crate::status::Machine;

/// What a cell of a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// Counted things; never below zero.
    Int,
    /// In fen.
    Money,
    /// In tenths of a degree Celsius.
    Temperature,
    Bool,
    /// A day of the city's calendar, ISO 8601.
    Day,
    /// Milliseconds since 1970 UTC.
    Time,
    /// A code of this list.
    Choice(String),
    /// Codes of this list.
    Choices(String),
    /// A state of this machine.
    State(String),
    /// Codes of venue categories.
    Categories,
    District,
    Districts,
    Township,
    Venue,
    Visit,
    Team,
    Officer,
    Officers,
    /// A row of this ledger.
    Row(String),
    /// SHA-256 of a photo that hangs on the row.
    Photo,
    /// A signature as lines.
    Ink,
}

impl ColumnType {
    /// As `data/ledgers.csv` writes it: the word, and after a colon what it is about.
    fn parse(text: &str) -> Option<Self> {
        let (word, about) = text.split_once(':').unwrap_or((text, ""));
        Some(match word {
            "text" => Self::Text,
            "int" => Self::Int,
            "money" => Self::Money,
            "temperature" => Self::Temperature,
            "bool" => Self::Bool,
            "day" => Self::Day,
            "time" => Self::Time,
            "choice" => Self::Choice(about.to_owned()),
            "choices" => Self::Choices(about.to_owned()),
            "state" => Self::State(about.to_owned()),
            "categories" => Self::Categories,
            "district" => Self::District,
            "districts" => Self::Districts,
            "township" => Self::Township,
            "venue" => Self::Venue,
            "visit" => Self::Visit,
            "team" => Self::Team,
            "officer" => Self::Officer,
            "officers" => Self::Officers,
            "row" => Self::Row(about.to_owned()),
            "photo" => Self::Photo,
            "ink" => Self::Ink,
            _ => return None,
        })
    }

    /// The word, and what it is about.
    pub fn code(&self) -> (&'static str, &str) {
        match self {
            Self::Text => ("text", ""),
            Self::Int => ("int", ""),
            Self::Money => ("money", ""),
            Self::Temperature => ("temperature", ""),
            Self::Bool => ("bool", ""),
            Self::Day => ("day", ""),
            Self::Time => ("time", ""),
            Self::Choice(list) => ("choice", list),
            Self::Choices(list) => ("choices", list),
            Self::State(machine) => ("state", machine),
            Self::Categories => ("categories", ""),
            Self::District => ("district", ""),
            Self::Districts => ("districts", ""),
            Self::Township => ("township", ""),
            Self::Venue => ("venue", ""),
            Self::Visit => ("visit", ""),
            Self::Team => ("team", ""),
            Self::Officer => ("officer", ""),
            Self::Officers => ("officers", ""),
            Self::Row(ledger) => ("row", ledger),
            Self::Photo => ("photo", ""),
            Self::Ink => ("ink", ""),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Also the name of the field in the log.
    pub name: String,
    pub ty: ColumnType,
    /// Detached in the log: it can be erased.
    pub private: bool,
    /// A row without it is not begun.
    pub required: bool,
    /// Orders the rows of its ledger.
    pub order: bool,
    /// States whose entering fills it with the time, when it is empty. Two phones that did so agree.
    pub stamped_by: Vec<String>,
    pub zh: String,
    pub en: String,
}

impl Column {
    /// What a choice offers or a state can be, in the order of screens; empty for other columns.
    pub fn options(&self) -> Vec<Choosable<'static>> {
        match &self.ty {
            ColumnType::Choice(list) | ColumnType::Choices(list) => choices(list)
                .into_iter()
                .map(|choice| Choosable { code: &choice.code, zh: &choice.zh, en: &choice.en, next: &[] })
                .collect(),
            ColumnType::State(_) => {
                let states = self.machine().into_iter().flat_map(|machine| &machine.states);
                let option = |state: &'static crate::status::State| Choosable {
                    code: &state.code,
                    zh: &state.zh,
                    en: &state.en,
                    next: &state.next,
                };
                states.map(option).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The state machine of a status.
    pub fn machine(&self) -> Option<&'static Machine> {
        match &self.ty {
            ColumnType::State(machine) => Machine::get(machine),
            _ => None,
        }
    }
}

/// One of the values of a choice or a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosable<'a> {
    pub code: &'a str,
    pub zh: &'a str,
    pub en: &'a str,
    /// States that may follow directly.
    pub next: &'a [String],
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Choice {
    pub list: String,
    pub code: String,
    pub zh: String,
    pub en: String,
}

/// What a list offers, in the order of screens.
pub fn choices(list: &str) -> Vec<&'static Choice> {
    static DATA: OnceLock<Vec<Choice>> = OnceLock::new();
    let all = DATA.get_or_init(|| {
        let mut reader = csv::Reader::from_reader(CHOICES.as_bytes());
        // The file is part of the program: a test of the ledgers finds every list that they name.
        reader.deserialize().collect::<Result<_, _>>().unwrap_or_default()
    });
    all.iter().filter(|choice| choice.list == list).collect()
}

const LEDGERS: &str = include_str!("../../data/ledgers.csv");
const CHOICES: &str = include_str!("../../data/choices.csv");

#[derive(Deserialize)]
struct Row {
    ledger: String,
    column: String,
    #[serde(rename = "type")]
    ty: String,
    private: String,
    required: String,
    role: String,
    stamp: String,
    zh: String,
    en: String,
}

/// Every column with the name of its ledger. None for a type that does not exist.
pub(super) fn all() -> Option<Vec<(String, Column)>> {
    let mut reader = csv::Reader::from_reader(LEDGERS.as_bytes());
    reader
        .deserialize()
        .map(|row| {
            let row: Row = row.ok()?;
            let column = Column {
                name: row.column,
                ty: ColumnType::parse(&row.ty)?,
                private: row.private == "yes",
                required: row.required == "yes",
                order: row.role == "order",
                stamped_by: list(&row.stamp, '|'),
                zh: row.zh,
                en: row.en,
            };
            Some((row.ledger, column))
        })
        .collect()
}

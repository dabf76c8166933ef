//! What crosses between ledgers and their screens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::ledger::{Cell, Input};

use crate::api::types::{Position, SaveState, Shown, Token, VenueRow};

/// A ledger as a screen builds its lists and forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerInfo {
    pub name: String,
    pub zh: String,
    pub en: String,
    /// Only HQ writes it.
    pub hq_only: bool,
    /// Ledgers whose rows it hangs on; empty when it stands by itself.
    pub parents: Vec<String>,
    pub columns: Vec<ColumnInfo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ColumnInfo {
    pub name: String,
    /// `text`, `int`, `money` (fen), `temperature` (tenths of a degree), `bool`, `day`, `time`, `choice`, `choices`,
    /// `state`, `categories`, `district`, `districts`, `township`, `venue`, `visit`, `team`, `officer`, `officers`, `row`,
    /// `photo` or `ink`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The ledger of a `row`.
    pub about: String,
    pub private: bool,
    pub required: bool,
    /// Filled by itself when a state is entered.
    pub stamped: bool,
    pub zh: String,
    pub en: String,
    /// Of a choice or a state, in the order of screens.
    pub choices: Vec<CellChoice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CellChoice {
    pub code: String,
    pub zh: String,
    pub en: String,
    /// States that may follow; empty for the end, and for what is no state.
    pub next: Vec<String>,
}

/// A cell: codes and ids as text, ids and hashes in lowercase hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum CellValue {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

impl From<CellValue> for Input {
    fn from(value: CellValue) -> Self {
        match value {
            CellValue::Bool(bool) => Self::Bool(bool),
            CellValue::Int(int) => Self::Int(int),
            CellValue::Text(text) => Self::Text(text),
            CellValue::List(list) => Self::List(list),
        }
    }
}

impl From<&Cell> for CellValue {
    fn from(cell: &Cell) -> Self {
        match Input::from(cell) {
            Input::Bool(bool) => Self::Bool(bool),
            Input::Int(int) => Self::Int(int),
            Input::Text(text) => Self::Text(text),
            Input::List(list) => Self::List(list),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindRows {
    pub ledger: String,
    /// Only rows of which something still has to come, or only the others.
    #[serde(default)]
    pub open: Option<bool>,
    /// Only rows that name this officer, or no officer and this officer's team.
    #[serde(default)]
    pub mine: bool,
    #[serde(default)]
    pub venue: Option<String>,
    /// The row of another ledger that they belong to.
    #[serde(default)]
    pub of: Option<String>,
    #[serde(default)]
    pub skip: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LedgerPage {
    /// Of open rows those due first, of all others the newest first; at most 50.
    pub rows: Vec<LedgerRow>,
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LedgerRow {
    pub id: String,
    pub ledger: String,
    /// By column; those that nobody ever filled are there with an empty value and their token.
    pub cells: BTreeMap<String, Shown<CellValue>>,
    /// What ids among the cells are called: venues, officers, teams, rows of other ledgers. What is not held here has none.
    pub names: BTreeMap<String, String>,
    /// Something still has to come of it.
    pub open: bool,
    /// Of the row with all that hangs on it.
    pub state: SaveState,
    /// Fields that hold different values.
    pub conflicts: u32,
    /// What hangs on it, in the order in which this phone first saw it. Empty in lists.
    pub under: Vec<LedgerRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RowRef {
    pub row: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NewRow {
    pub ledger: String,
    /// The row that it hangs on.
    #[serde(default)]
    pub under: Option<String>,
    pub cells: BTreeMap<String, CellValue>,
}

/// `row` is the new one or, when the same was there already, that one as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddedRow {
    pub row: LedgerRow,
    pub added: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetRow {
    /// Itself a row, or what hangs on one.
    pub row: String,
    /// Written together or not at all.
    pub cells: BTreeMap<String, SetCell>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SetCell {
    /// None empties the cell.
    pub value: Option<CellValue>,
    /// What the screen had drawn.
    pub token: Token,
}

/// Asks for the venues of a notice or a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindTargets {
    pub row: String,
    #[serde(default)]
    pub district: Option<String>,
    /// Only those where nobody did anything yet.
    #[serde(default)]
    pub rest: bool,
    #[serde(default)]
    pub skip: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LedgerTargets {
    /// In which ledger is written how far a venue is: `delivery` or `closure`.
    pub ledger: String,
    /// Venues that it is for, as far as the register is here.
    pub total: u32,
    /// Of these, those that have a row.
    pub begun: u32,
    /// By district, street and name; at most 50.
    pub rows: Vec<LedgerTarget>,
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LedgerTarget {
    pub venue: VenueRow,
    pub row: Option<LedgerRow>,
}

/// Open rows of a ledger on this phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerCount {
    pub ledger: String,
    pub open: u32,
    /// Of these, those whose time is over.
    pub overdue: u32,
    /// Those that name this officer, or no officer and this officer's team.
    pub mine: u32,
    pub mine_overdue: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoundFrom {
    /// Where the officer is, when known.
    #[serde(default)]
    pub near: Option<Position>,
}

/// Tasks in walking order, as the crow flies. A suggestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Round {
    /// At most 200; those whose venue has no position come last.
    pub stops: Vec<RoundStop>,
    pub length_m: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RoundStop {
    pub row: LedgerRow,
    /// From the stop before it.
    pub leg_m: Option<u32>,
}

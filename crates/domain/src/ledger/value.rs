//! One cell: as the log holds it, and as a screen sends it.

use super::column::{Column, ColumnType, choices};
use crate::cbor::Value;
use crate::ids::EntityId;
use crate::model::finding;
use crate::time::midnight_in_china_ms;
use crate::{reference, text};

/// A text; more belongs into a document.
const TEXT_CHARS_MAX: usize = 4_000;
/// A signature, well below what a detached value may hold.
const INK_BYTES_MAX: usize = 32 * 1024;
/// Officers of an outing, categories of a notice: more than there are.
const LIST_MAX: usize = 64;
/// Beyond any stock, price or count of people: a thousand million.
const INT_MAX: i64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Int(i64),
    Bool(bool),
    Id(EntityId),
    Hash([u8; 32]),
    Texts(Vec<String>),
    Ids(Vec<EntityId>),
}

impl Cell {
    /// As the log holds it: text, int, bool, 16 or 32 bytes, or an array of texts or of 16 bytes.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::text(text),
            Self::Int(int) => Value::Int(*int),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Id(id) => Value::bytes(id.0),
            Self::Hash(hash) => Value::bytes(*hash),
            Self::Texts(texts) => Value::Array(texts.iter().map(Value::text).collect()),
            Self::Ids(ids) => Value::Array(ids.iter().map(|id| Value::bytes(id.0)).collect()),
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A time as it is, a day by its first moment in the city, in milliseconds since 1970 UTC; 0 for anything else.
    pub fn instant_ms(&self) -> i64 {
        match self {
            Self::Int(ms) => *ms,
            Self::Text(day) => finding::day(day).map_or(0, midnight_in_china_ms),
            _ => 0,
        }
    }

    pub fn as_id(&self) -> Option<EntityId> {
        match self {
            Self::Id(id) => Some(*id),
            _ => None,
        }
    }
}

impl Column {
    /// A value of the log as this column reads it; none when it has another shape, such as a newer app's.
    pub fn read(&self, value: &Value) -> Option<Cell> {
        let id = |value: &Value| EntityId::from_slice(value.as_bytes()?).ok();
        let cell = match &self.ty {
            ColumnType::Int | ColumnType::Money | ColumnType::Temperature | ColumnType::Time => {
                Cell::Int(value.as_int()?)
            }
            ColumnType::Bool => Cell::Bool(value.as_bool()?),
            ColumnType::Venue
            | ColumnType::Visit
            | ColumnType::Team
            | ColumnType::Officer
            | ColumnType::Row(_) => Cell::Id(id(value)?),
            ColumnType::Photo => Cell::Hash(value.as_bytes()?.try_into().ok()?),
            ColumnType::Officers => {
                let ids = value.as_array().filter(|ids| ids.len() <= LIST_MAX)?;
                Cell::Ids(ids.iter().map(id).collect::<Option<_>>()?)
            }
            ColumnType::Choices(_) | ColumnType::Categories | ColumnType::Districts => {
                let texts = value.as_array().filter(|texts| texts.len() <= LIST_MAX)?;
                Cell::Texts(
                    texts.iter().map(|text| text.as_text().map(str::to_owned)).collect::<Option<_>>()?,
                )
            }
            ColumnType::Text
            | ColumnType::Ink
            | ColumnType::Day
            | ColumnType::Choice(_)
            | ColumnType::State(_)
            | ColumnType::District
            | ColumnType::Township => Cell::Text(value.as_text()?.to_owned()),
        };
        Some(cell)
    }

    /// A cell as it may be written here, in the one way of writing it; none when it does not fit the column.
    pub fn accept(&self, cell: Cell) -> Option<Cell> {
        match (&self.ty, cell) {
            (ColumnType::Text, Cell::Text(input)) => {
                let clean = text::clean(&input);
                (clean.chars().count() <= TEXT_CHARS_MAX).then_some(Cell::Text(clean))
            }
            (ColumnType::Ink, Cell::Text(ink)) => (ink.len() <= INK_BYTES_MAX).then_some(Cell::Text(ink)),
            (ColumnType::Int | ColumnType::Money, Cell::Int(int)) => {
                (0..=INT_MAX).contains(&int).then_some(Cell::Int(int))
            }
            (ColumnType::Temperature, Cell::Int(dc)) => (0..=1_000).contains(&dc).then_some(Cell::Int(dc)),
            (ColumnType::Time, Cell::Int(ms)) => (ms >= 0).then_some(Cell::Int(ms)),
            (ColumnType::Bool, cell @ Cell::Bool(_)) => Some(cell),
            (ColumnType::Day, Cell::Text(day)) => finding::day(&day).map(|_| Cell::Text(day)),
            (ColumnType::Choice(list), Cell::Text(code)) => {
                choices(list).iter().any(|choice| choice.code == code).then_some(Cell::Text(code))
            }
            (ColumnType::State(_), Cell::Text(code)) => {
                self.machine()?.state(&code).is_some().then_some(Cell::Text(code))
            }
            (ColumnType::District, Cell::Text(code)) => {
                reference::district(&code).is_some().then_some(Cell::Text(code))
            }
            (ColumnType::Township, Cell::Text(code)) => reference::townships()
                .iter()
                .any(|township| township.code == code)
                .then_some(Cell::Text(code)),
            (
                ColumnType::Venue
                | ColumnType::Visit
                | ColumnType::Team
                | ColumnType::Officer
                | ColumnType::Row(_),
                cell @ Cell::Id(_),
            )
            | (ColumnType::Photo, cell @ Cell::Hash(_)) => Some(cell),
            (ColumnType::Officers, Cell::Ids(mut ids)) => {
                ids.sort_unstable();
                ids.dedup();
                (ids.len() <= LIST_MAX).then_some(Cell::Ids(ids))
            }
            (ColumnType::Choices(list), Cell::Texts(codes)) => {
                let all = choices(list);
                set_of(codes, |code| all.iter().any(|choice| choice.code == code))
            }
            (ColumnType::Categories, Cell::Texts(codes)) => {
                set_of(codes, |code| reference::category(code).is_some())
            }
            (ColumnType::Districts, Cell::Texts(codes)) => {
                set_of(codes, |code| reference::district(code).is_some())
            }
            _ => None,
        }
    }

    /// What a screen sent, as a cell: codes and ids as text, numbers, lists.
    pub fn parse(&self, input: Input) -> Option<Cell> {
        let cell = match (&self.ty, input) {
            (_, Input::Bool(bool)) => Cell::Bool(bool),
            (_, Input::Int(int)) => Cell::Int(int),
            (ColumnType::Officers, Input::List(ids)) => {
                Cell::Ids(ids.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?)
            }
            (_, Input::List(codes)) => Cell::Texts(codes),
            (
                ColumnType::Venue
                | ColumnType::Visit
                | ColumnType::Team
                | ColumnType::Officer
                | ColumnType::Row(_),
                Input::Text(id),
            ) => Cell::Id(id.parse().ok()?),
            (ColumnType::Photo, Input::Text(hash)) => Cell::Hash(hex::decode(hash).ok()?.try_into().ok()?),
            (_, Input::Text(text)) => Cell::Text(text),
        };
        self.accept(cell)
    }
}

/// A set of codes, sorted: two people who choose the same agree.
fn set_of(mut codes: Vec<String>, known: impl Fn(&str) -> bool) -> Option<Cell> {
    codes.sort_unstable();
    codes.dedup();
    (codes.len() <= LIST_MAX && codes.iter().all(|code| known(code))).then_some(Cell::Texts(codes))
}

/// A cell as it crosses to and from screens: ids and hashes in lowercase hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

impl From<&Cell> for Input {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Text(text) => Self::Text(text.clone()),
            Cell::Int(int) => Self::Int(*int),
            Cell::Bool(bool) => Self::Bool(*bool),
            Cell::Id(id) => Self::Text(id.to_string()),
            Cell::Hash(hash) => Self::Text(hex::encode(hash)),
            Cell::Texts(texts) => Self::List(texts.clone()),
            Cell::Ids(ids) => Self::List(ids.iter().map(ToString::to_string).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{ledgers, named};

    fn column(ledger: &str, name: &str) -> &'static Column {
        named(ledger).unwrap().column(name).unwrap()
    }

    #[test]
    fn what_is_accepted_comes_back_from_the_log_and_to_the_screen() {
        let text = |text: &str| Input::Text(text.into());
        for (ledger, name, input) in [
            ("case", "request", text("退团，押金未退")),
            ("case", "channel", text("12345")),
            ("case", "status", text("handling")),
            ("case", "received", Input::Int(1_580_700_000_000)),
            ("case", "due", text("2020-02-10")),
            ("case", "district", text("140105")),
            ("case", "venue", text("00112233445566778899aabbccddeeff")),
            ("closure", "proof", text(&"ab".repeat(32))),
            ("health", "contact", Input::Bool(false)),
            ("notice", "categories", Input::List(vec!["ICAFE".into(), "LIBRARY".into()])),
            ("dispatch", "officers", Input::List(vec!["00".repeat(16), "11".repeat(16)])),
        ] {
            let column = column(ledger, name);
            let cell = column.parse(input.clone()).unwrap_or_else(|| panic!("{ledger}.{name}"));
            assert_eq!(column.read(&cell.to_value()), Some(cell.clone()), "{ledger}.{name}");
            assert_eq!(Input::from(&cell), input);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_sets_are_sorted() {
        let text = |text: &str| Input::Text(text.into());
        for (ledger, name, input) in [
            ("case", "channel", text("911")),
            ("case", "status", text("verified")),
            ("case", "due", text("2020-2-1")),
            ("case", "received", Input::Int(-1)),
            ("case", "request", Input::Text("长".repeat(4_001))),
            ("movement", "quantity", Input::Int(-5)),
            ("movement", "quantity", text("5")),
            ("closure", "proof", text("abcd")),
            ("notice", "categories", Input::List(vec!["NONE".into()])),
        ] {
            assert_eq!(column(ledger, name).parse(input), None, "{ledger}.{name}");
        }
        let districts = column("campaign", "districts");
        let list = |codes: &[&str]| Input::List(codes.iter().map(|code| (*code).to_owned()).collect());
        assert_eq!(
            districts.parse(list(&["140106", "140105", "140106"])),
            districts.parse(list(&["140105", "140106"]))
        );
    }

    /// Bytes from outside: whatever a field holds, reading it gives a cell of the column or nothing.
    #[test]
    fn no_value_of_the_log_is_read_as_what_it_is_not() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::text("x"),
            Value::bytes([1; 16]),
            Value::bytes([1; 15]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::text("x"); LIST_MAX + 1]),
        ];
        for column in ledgers().iter().flat_map(|ledger| &ledger.columns) {
            for value in &values {
                if let Some(cell) = column.read(value) {
                    assert_eq!(cell.to_value(), *value);
                }
            }
        }
    }
}

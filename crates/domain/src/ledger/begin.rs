//! How a row begins and goes on: what fills itself, in which scope it is written, which state may follow.

use std::collections::BTreeMap;

use super::{Cell, Column, ColumnType, Home, Input, Ledger};
use crate::ids::{BadId, EntityId, OfficerId, Scope};
use crate::log::body::Kind;
use crate::model::kind;
use crate::reference;
use crate::time::day_in_china;

/// The cells of a row by their columns.
pub type Cells = BTreeMap<String, Cell>;

/// What is known without asking anybody.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub now_ms: i64,
    /// Who begins the row; none at a desk of HQ.
    pub me: Option<OfficerId>,
    pub team: Option<EntityId>,
    /// District and township of the row's venue.
    pub district: Option<String>,
    pub township: Option<String>,
}

impl Ledger {
    /// What a screen sent for a new row.
    ///
    /// # Errors
    /// What is wrong with it: a column that this ledger does not have, or a cell that does not fit its column.
    pub fn parse(&self, sent: impl IntoIterator<Item = (String, Input)>) -> Result<Cells, &'static str> {
        let cell = |(name, input): (String, Input)| {
            let column = self.column(&name).ok_or("no such column")?;
            Ok((name, column.parse(input).ok_or("a cell that does not fit")?))
        };
        sent.into_iter().map(cell).collect()
    }

    /// Whether a row may hang on a thing of this kind; none stands for nothing.
    pub fn may_hang_on(&self, parent: Option<Kind>) -> bool {
        match parent {
            None => self.parents.is_empty(),
            Some(kind) => super::of_kind(kind).is_some_and(|on| self.parents.contains(&on.name)),
        }
    }

    /// The venue that a row names first.
    pub fn venue(&self, cells: &Cells) -> Option<EntityId> {
        self.typed(cells, |ty| *ty == ColumnType::Venue)?.as_id()
    }

    /// Fills what a screen need not ask for: now, this officer and team, where the venue is, and the times of the states
    /// that the row begins in.
    pub fn fill(&self, cells: &mut Cells, known: &Known) {
        for column in self.columns.iter().filter(|column| column.stamped_by.is_empty()) {
            if cells.contains_key(&column.name) {
                continue;
            }
            let cell = match (&column.ty, column.required) {
                (ColumnType::Time, true) => Some(Cell::Int(known.now_ms)),
                (ColumnType::Day, true) => Some(Cell::Text(day_in_china(known.now_ms).to_string())),
                (ColumnType::Officer, _) if self.tells_who_did_it() => {
                    known.me.map(|me| Cell::Id(EntityId(me.0)))
                }
                (ColumnType::Team, true) => known.team.map(Cell::Id),
                (ColumnType::District, _) => known.district.clone().map(Cell::Text),
                (ColumnType::Township, _) => known.township.clone().map(Cell::Text),
                _ => None,
            };
            cells.extend(cell.and_then(|cell| column.accept(cell)).map(|cell| (column.name.clone(), cell)));
        }
        for column in self.columns.iter().filter(|column| column.machine().is_some()) {
            let Some(state) = cells.get(&column.name).and_then(Cell::as_text).map(str::to_owned) else {
                continue;
            };
            let stamps = self.stamps(&state, known.now_ms, |column| cells.contains_key(&column.name));
            cells.extend(stamps.into_iter().map(|(column, cell)| (column.name.clone(), cell)));
        }
    }

    /// Whether who begins a row is meant by its officer: in a record of something done, not in a task for somebody.
    fn tells_who_did_it(&self) -> bool {
        let done = [kind::DELIVERY, kind::CLOSURE, kind::CONTACT, kind::DISINFECTION, kind::HEALTH];
        done.contains(&self.kind)
    }

    /// The first column without which a row is not begun and that is empty.
    pub fn missing(&self, cells: &Cells) -> Option<&Column> {
        let empty = |column: &&Column| match cells.get(&column.name) {
            None => true,
            Some(cell) => cell.as_text().is_some_and(str::is_empty),
        };
        self.columns.iter().filter(|column| column.required).find(empty)
    }

    /// The scope of a row that hangs on nothing.
    pub fn scope(&self, cells: &Cells, known: &Known) -> Result<Scope, BadId> {
        match self.home {
            Home::City | Home::Parent => Ok(Scope::city()),
            Home::Team => {
                let team = self.typed(cells, |ty| *ty == ColumnType::Team).and_then(Cell::as_id);
                Ok(team.map_or_else(Scope::city, Scope::team))
            }
            Home::District => {
                let named = self.typed(cells, |ty| *ty == ColumnType::District).and_then(Cell::as_text);
                named
                    .or(known.district.as_deref())
                    .map_or_else(|| Ok(Scope::city()), reference::scope_of_district)
            }
        }
    }

    /// What entering a state fills by itself where nobody said anything: times, or the day.
    pub fn stamps(&self, state: &str, now_ms: i64, filled: impl Fn(&Column) -> bool) -> Vec<(&Column, Cell)> {
        let stamped = |column: &&Column| column.stamped_by.iter().any(|by| by == state) && !filled(column);
        let cell = |column: &Column| match column.ty {
            ColumnType::Day => Cell::Text(day_in_china(now_ms).to_string()),
            _ => Cell::Int(now_ms),
        };
        self.columns.iter().filter(stamped).map(|column| (column, cell(column))).collect()
    }

    fn typed<'c>(&self, cells: &'c Cells, is: impl Fn(&ColumnType) -> bool) -> Option<&'c Cell> {
        cells.get(&self.of_type(is)?.name)
    }
}

impl Column {
    /// Whether a state may follow `from`, none standing for the first one. What somebody said last they may say otherwise
    /// (`own`): a slip of the finger.
    pub fn may_become(&self, from: Option<&str>, own: bool, to: &str) -> bool {
        let Some(machine) = self.machine() else { return false };
        let first = machine.states.iter().find(|state| state.initial).map(|state| state.code.as_str());
        let Some(from) = from.or(first) else { return false };
        machine.state(to).is_some() && (own || from == to || machine.can_reach(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::named;

    fn known() -> Known {
        Known {
            now_ms: 1_580_692_320_000,
            me: Some(OfficerId([3; 16])),
            team: Some(EntityId([4; 16])),
            district: Some("140105".into()),
            township: None,
        }
    }

    #[test]
    fn a_row_fills_what_is_known_and_names_what_lacks() {
        let closure = named("closure").unwrap();
        let mut cells = Cells::from([
            ("venue".to_owned(), Cell::Id(EntityId([2; 16]))),
            ("status".to_owned(), Cell::Text("verified".into())),
        ]);
        closure.fill(&mut cells, &known());
        assert_eq!(cells.get("officer"), Some(&Cell::Id(EntityId([3; 16]))));
        assert_eq!(cells.get("at"), Some(&Cell::Int(1_580_692_320_000)), "entering the state fills its time");
        assert_eq!(closure.missing(&cells).map(|column| column.name.as_str()), Some("verb"));
        assert_eq!(closure.scope(&cells, &known()).unwrap().as_str(), "district/140105");
        let task = named("assignment").unwrap();
        let mut cells = Cells::new();
        task.fill(&mut cells, &known());
        assert_eq!(cells.get("officer"), None, "a task is for whom it names");
    }

    #[test]
    fn a_row_is_taken_as_a_whole_and_hangs_where_its_ledger_does() {
        let case = named("case").unwrap();
        let sent = |name: &str, text: &str| [(name.to_owned(), Input::Text(text.into()))];
        assert_eq!(case.parse(sent("channel", "12345")).map(|cells| cells.len()), Ok(1));
        assert_eq!(case.parse(sent("channel", "911")), Err("a cell that does not fit"));
        assert_eq!(case.parse(sent("nonsense", "x")), Err("no such column"));
        assert!(case.may_hang_on(None) && !case.may_hang_on(Some(kind::CASE)));
        let contact = named("contact").unwrap();
        assert!(contact.may_hang_on(Some(kind::CASE)) && contact.may_hang_on(Some(kind::INCIDENT)));
        assert!(!contact.may_hang_on(None) && !contact.may_hang_on(Some(kind::VISIT)));
    }

    #[test]
    fn what_is_the_teams_is_written_in_its_scope() {
        let movement = named("movement").unwrap();
        let mut cells = Cells::new();
        movement.fill(&mut cells, &known());
        assert_eq!(movement.scope(&cells, &known()).unwrap(), Scope::team(EntityId([4; 16])));
    }

    #[test]
    fn states_lead_on_and_only_their_author_takes_one_back() {
        let status = named("incident").unwrap().column("status").unwrap();
        assert!(status.may_become(None, false, "arrived"), "two steps at once");
        assert!(status.may_become(Some("arrived"), false, "handled"));
        assert!(!status.may_become(Some("handled"), false, "arrived"));
        assert!(status.may_become(Some("handled"), true, "arrived"));
        assert!(!status.may_become(Some("handled"), true, "nonsense"));
    }
}

//! Ledgers 台账: what a campaign keeps beside its visits. Notices and whom they reached, tasks, closures, cases, refunds,
//! cancelled tour groups, incidents, duty, supplies, the team's own health.
//!
//! A row of a ledger is an entity, each column a field of it, so that everything the log promises holds here without more
//! code: no edit is lost, two that differ show as a conflict, private columns are detached and can be erased. Which ledgers
//! there are stands in [`LEDGERS`], their columns in `data/ledgers.csv`, what may be chosen in `data/choices.csv`.
//!
//! Contacts, movements, visitors and the like are facts, which elsewhere are one op with the whole record. Here they are
//! rows like all others: what is written together lies in one commit, a correction replaces one column, and the log keeps
//! what it replaced.

mod begin;
mod column;
mod value;

use std::sync::OnceLock;

use crate::cbor::Value;
use crate::ids::{EntityId, short, tagged_hash};
use crate::log::body::{Entity, Kind};
use crate::model::kind;
use crate::status::Machine;

pub use begin::{Cells, Known};
pub use column::{Choice, Choosable, Column, ColumnType, choices};
pub use value::{Cell, Input};

const TAG: &str = "xuncha/1 ledger";

/// Where a row is written, and so who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    City,
    /// Of the row's district, else of its venue; the city when neither is known.
    District,
    /// Of the row's team.
    Team,
    /// Of the row that it hangs on.
    Parent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// Such as `case`; stable.
    pub name: &'static str,
    pub kind: Kind,
    pub zh: &'static str,
    pub en: &'static str,
    pub home: Home,
    /// Columns that name the row: two phones that begin the same row begin one. Empty: each is a new one.
    key: &'static [&'static str],
    /// Ledgers whose rows it may hang on.
    pub parents: &'static [&'static str],
    /// In the order of the file, which is the order of screens.
    pub columns: Vec<Column>,
}

type Made =
    (&'static str, Kind, &'static str, &'static str, Home, &'static [&'static str], &'static [&'static str]);

/// Name, kind, Chinese and English, home, key, parents.
const LEDGERS: [Made; 16] = [
    ("campaign", kind::CAMPAIGN, "专项行动", "Campaigns", Home::City, &[], &[]),
    ("notice", kind::NOTICE, "通告", "Notices", Home::City, &[], &[]),
    ("assignment", kind::ASSIGNMENT, "任务", "Tasks", Home::District, &["campaign", "task", "venue"], &[]),
    ("delivery", kind::DELIVERY, "通告传达", "Deliveries", Home::District, &["notice", "venue"], &[]),
    ("closure", kind::CLOSURE, "停业", "Closures", Home::District, &["campaign", "venue", "verb"], &[]),
    ("case", kind::CASE, "投诉举报", "Cases", Home::District, &["channel", "number"], &[]),
    ("contact", kind::CONTACT, "联系记录", "Contacts", Home::Parent, &[], &["case", "incident"]),
    ("refund", kind::REFUND, "退款", "Refunds", Home::Parent, &[], &["case", "tour_group"]),
    ("tour_group", kind::TOUR_GROUP, "旅游团队", "Tour groups", Home::District, &["agency", "number"], &[]),
    ("incident", kind::INCIDENT, "突发事件", "Incidents", Home::District, &[], &[]),
    ("shift", kind::SHIFT, "值班", "Duty", Home::Team, &["team", "day", "slot", "officer"], &[]),
    ("movement", kind::MOVEMENT, "防护物资", "Supplies", Home::Team, &[], &[]),
    ("health", kind::HEALTH, "健康登记", "Health", Home::Team, &["officer", "day", "slot"], &[]),
    ("disinfection", kind::DISINFECTION, "消杀", "Disinfection", Home::Team, &[], &[]),
    ("visitor", kind::VISITOR, "来访登记", "Visitors", Home::Team, &[], &[]),
    ("dispatch", kind::DISPATCH, "出动", "Outings", Home::Team, &[], &[]),
];

/// All ledgers, in the order of screens.
pub fn ledgers() -> &'static [Ledger] {
    static DATA: OnceLock<Vec<Ledger>> = OnceLock::new();
    DATA.get_or_init(|| {
        // The file is part of the program: `every_ledger_has_columns` proves that none is left empty.
        let columns = column::all().unwrap_or_default();
        let made = LEDGERS.into_iter().map(|(name, kind, zh, en, home, key, parents)| Ledger {
            columns: columns.iter().filter(|(of, _)| of == name).map(|(_, column)| column.clone()).collect(),
            name,
            kind,
            zh,
            en,
            home,
            key,
            parents,
        });
        made.collect()
    })
}

/// The ledger of a kind.
pub fn of_kind(kind: Kind) -> Option<&'static Ledger> {
    // Fields of visits, which are nearly all there are, need no look at the list.
    if kind < crate::model::kind::ASSIGNMENT {
        return None;
    }
    ledgers().iter().find(|ledger| ledger.kind == kind)
}

/// The ledger with this name.
pub fn named(name: &str) -> Option<&'static Ledger> {
    ledgers().iter().find(|ledger| ledger.name == name)
}

impl Ledger {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The first column of a type.
    pub fn of_type(&self, is: impl Fn(&ColumnType) -> bool) -> Option<&Column> {
        self.columns.iter().find(|column| is(&column.ty))
    }

    /// The column that orders its rows: when it is due, or when it happened.
    pub fn order(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.order)
    }

    /// The column whose state says whether something still has to come of a row.
    pub fn status(&self) -> Option<(&Column, &'static Machine)> {
        let column = self.of_type(|ty| matches!(ty, ColumnType::State(_)))?;
        Some((column, column.machine()?))
    }

    /// Whether only HQ may write it.
    pub fn reserved_for_hq(&self) -> bool {
        kind::reserved_for_hq(self.kind)
    }

    /// The entity of a row that begins with these cells: the one that its key names, else a new one under `fresh`.
    pub fn entity<'v>(
        &self,
        parent: Option<&Entity>,
        fresh: EntityId,
        cell: impl Fn(&str) -> Option<&'v Cell>,
    ) -> Entity {
        if let Some(parent) = parent {
            let tail: Vec<u8> = fresh.0.iter().skip(8).copied().collect();
            return Entity::keyed(self.kind, parent, Value::Bytes(tail));
        }
        let key: Vec<Value> = self.key.iter().map(|name| Value::option(cell(name), Cell::to_value)).collect();
        // What has no name of its own, such as a call without a ticket's number, is a row of its own.
        if key.last().is_none_or(|last| *last == Value::Null) {
            return Entity::new(self.kind, fresh);
        }
        let named = tagged_hash(TAG, &[&self.kind.to_be_bytes(), &Value::Array(key).encode()]);
        Entity::new(self.kind, EntityId(short(&named)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_ledger_has_columns_and_every_column_a_ledger() {
        let columns = column::all().unwrap();
        assert_eq!(columns.len(), ledgers().iter().map(|ledger| ledger.columns.len()).sum::<usize>());
        let kinds: BTreeSet<Kind> = ledgers().iter().map(|ledger| ledger.kind).collect();
        assert_eq!(kinds.len(), ledgers().len());
        for ledger in ledgers() {
            assert!(!ledger.columns.is_empty(), "{}", ledger.name);
            assert!(ledger.order().is_some(), "{} has no order", ledger.name);
            for key in ledger.key {
                let column = ledger.column(key).unwrap_or_else(|| panic!("{}: {key}", ledger.name));
                assert!(!column.private, "{}: an id would hold what can be erased", ledger.name);
            }
            for column in &ledger.columns {
                match &column.ty {
                    ColumnType::State(_) => assert!(column.machine().is_some(), "{}", column.name),
                    ColumnType::Choice(list) | ColumnType::Choices(list) => {
                        assert!(!choices(list).is_empty(), "{list}");
                    }
                    ColumnType::Row(of) => assert!(named(of).is_some(), "{of}"),
                    _ => {}
                }
                let (_, machine) = ledger.status().map_or((None, None), |(c, m)| (Some(c), Some(m)));
                for state in &column.stamped_by {
                    assert!(machine.is_some_and(|machine| machine.state(state).is_some()), "{state}");
                }
            }
        }
    }

    #[test]
    fn two_phones_that_begin_the_same_row_begin_one() {
        let ledger = named("delivery").unwrap();
        let (notice, venue) = (Cell::Id(EntityId([1; 16])), Cell::Id(EntityId([2; 16])));
        let cell = |name: &str| match name {
            "notice" => Some(&notice),
            "venue" => Some(&venue),
            _ => None,
        };
        let at = |fresh| ledger.entity(None, EntityId([fresh; 16]), cell).id;
        assert_eq!(at(7), at(8));
        let case = named("case").unwrap();
        let channel = Cell::Text("12345".into());
        let unnumbered = |fresh| {
            case.entity(None, EntityId([fresh; 16]), |name| (name == "channel").then_some(&channel)).id
        };
        assert_ne!(unnumbered(7), unnumbered(8));
    }
}

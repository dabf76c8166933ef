//! Whom a notice or a campaign is for: the venues of its categories and districts, each with the row that says how far it
//! is. Nobody writes a row for a venue before something was done there.

use rusqlite::{Connection, params_from_iter};
use xuncha_domain::ids::EntityId;
use xuncha_domain::ledger::{self, Cell, Ledger};
use xuncha_domain::model::kind;

use super::types::{FindTargets, LedgerCount, LedgerTarget, LedgerTargets};
use super::{draw, no_row, whose};
use crate::api::types::Nothing;
use crate::api::venues;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::ledger::{self as rows, Wanted};
use crate::store::values::Col;
use crate::tree::Tree;

/// Venues on one page.
const PAGE: u32 = 50;

pub fn find(engine: &Engine, wanted: FindTargets) -> Result<LedgerTargets> {
    let id: EntityId = wanted.row.parse()?;
    engine.read(|connection| {
        let tree = Tree::read(connection, id)?.ok_or_else(no_row)?;
        let root = tree.nodes.get(&id).ok_or_else(no_row)?;
        let of = ledger::of_kind(root.kind).ok_or_else(no_row)?;
        // A notice is delivered, a campaign closes.
        let done = match root.kind {
            kind::NOTICE => ledger::of_kind(kind::DELIVERY),
            kind::CAMPAIGN => ledger::of_kind(kind::CLOSURE),
            _ => None,
        };
        let done = done.ok_or_else(no_row)?;
        Asked { connection, of, tree: &tree, done, wanted: &wanted }.targets(engine)
    })
}

struct Asked<'a> {
    connection: &'a Connection,
    of: &'a Ledger,
    tree: &'a Tree,
    done: &'a Ledger,
    wanted: &'a FindTargets,
}

impl Asked<'_> {
    fn codes(&self, column: &str) -> Vec<String> {
        let column = self.of.column(column);
        match column.and_then(|column| rows::cell(self.tree, self.tree.root, column)) {
            Some(Cell::Texts(codes)) => codes,
            _ => Vec::new(),
        }
    }

    fn targets(&self, engine: &Engine) -> Result<LedgerTargets> {
        let (categories, districts) = (self.codes("categories"), self.codes("districts"));
        let mut parameters: Vec<rusqlite::types::Value> =
            vec![self.tree.root.0.to_vec().into(), i64::from(self.done.kind).into()];
        let mut among = |column: &str, codes: Vec<String>| {
            if codes.is_empty() {
                return String::new();
            }
            let first = parameters.len() + 1;
            let marks: Vec<String> = (first..first + codes.len()).map(|n| format!("?{n}")).collect();
            parameters.extend(codes.into_iter().map(Into::into));
            format!(" AND venue_row.{column} IN ({})", marks.join(", "))
        };
        let which = [
            among("category", categories),
            among("district", districts),
            among("district", self.wanted.district.clone().into_iter().collect()),
        ]
        .concat();
        let from = format!(
            "FROM venue_row LEFT JOIN ledger_row AS done ON done.venue = venue_row.id AND done.of = ?1 AND done.kind = ?2
             WHERE true{which}"
        );
        let (total, begun): (u32, u32) = self
            .connection
            .prepare_cached(&format!("SELECT count(*), count(done.root) {from}"))?
            .query_row(params_from_iter(&parameters), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rest = if self.wanted.rest { " AND done.root IS NULL" } else { "" };
        let sql = format!(
            "SELECT venue_row.id, done.id {from}{rest} ORDER BY venue_row.district, venue_row.township, venue_row.name
             LIMIT {} OFFSET {}",
            PAGE + 1,
            self.wanted.skip
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(&parameters), |row| {
            Ok((row.get::<_, Col<EntityId>>(0)?.0, row.get::<_, Option<Col<EntityId>>>(1)?.map(|id| id.0)))
        })?;
        let mut found: Vec<(EntityId, Option<EntityId>)> = found.collect::<rusqlite::Result<_>>()?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        let mut page = LedgerTargets { ledger: self.done.name.into(), total, begun, rows: Vec::new(), more };
        for (venue, row) in found {
            let Some(venue) = venues::row(self.connection, venue, None)? else { continue };
            let row = row.map(|row| draw::row(engine, self.connection, row, false)).transpose()?;
            page.rows.push(LedgerTarget { venue, row });
        }
        Ok(page)
    }
}

/// How much is open in each ledger that has states.
pub fn counts(engine: &Engine, _: Nothing) -> Result<Vec<LedgerCount>> {
    engine.read(|connection| {
        let mine = whose(connection)?;
        let mut counts = Vec::new();
        for of in ledger::ledgers().iter().filter(|of| of.status().is_some() && of.parents.is_empty()) {
            let wanted = Wanted { kind: of.kind, ..Wanted::default() };
            let (open, overdue) = rows::count_open(connection, &wanted, engine.now_ms())?;
            let mine = Wanted { mine: Some(mine), ..wanted };
            let (mine, mine_overdue) = rows::count_open(connection, &mine, engine.now_ms())?;
            counts.push(LedgerCount { ledger: of.name.into(), open, overdue, mine, mine_overdue });
        }
        Ok(counts)
    })
}

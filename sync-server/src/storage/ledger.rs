//! Rows of ledgers as lists read them; the log is where they are written.

use xuncha_domain::log::body::Kind;

use super::{Error, Read, RowId, Tx};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    pub entity: RowId,
    pub id: [u8; 16],
    pub kind: Kind,
    /// Something still has to come of it.
    pub open: bool,
    pub status: String,
    pub at_ms: i64,
    pub venue: Option<[u8; 16]>,
    /// The row of another ledger that it belongs to.
    pub of: Option<[u8; 16]>,
    pub team: Option<[u8; 16]>,
    pub officer: Option<[u8; 16]>,
    pub words: String,
}

#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    pub kind: Kind,
    pub open: Option<bool>,
    pub status: Option<String>,
    pub venue: Option<[u8; 16]>,
    pub of: Option<[u8; 16]>,
    /// Part of its words or of its venue's name.
    pub text: Option<String>,
}

const WHERE: &str = "FROM ledger_rows r LEFT JOIN venues v ON v.id = r.venue
    WHERE r.kind = ?1 AND (?2 IS NULL OR r.open = ?2) AND (?3 IS NULL OR r.status = ?3)
      AND (?4 IS NULL OR r.venue = ?4) AND (?5 IS NULL OR r.of = ?5)
      AND (?6 IS NULL OR instr(r.words, ?6) > 0 OR instr(v.name, ?6) > 0)";

impl LedgerFilter {
    fn parameters(&self) -> impl rusqlite::Params {
        (self.kind, self.open, self.status.clone(), self.venue, self.of, self.text.clone())
    }
}

impl Read<'_> {
    /// Entities of rows: of open ones those due first, of all others the newest first.
    pub fn ledger_rows(&self, filter: &LedgerFilter, skip: u32, limit: u32) -> Result<Vec<RowId>, Error> {
        let order = if filter.open == Some(true) {
            "r.at_ms = 0, r.at_ms, r.entity"
        } else {
            "r.at_ms DESC, r.entity DESC"
        };
        let sql = format!("SELECT r.entity {WHERE} ORDER BY {order} LIMIT {limit} OFFSET {skip}");
        let mut statement = self.conn.prepare(&sql)?;
        Ok(statement.query_map(filter.parameters(), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    pub fn count_ledger_rows(&self, filter: &LedgerFilter) -> Result<u64, Error> {
        let sql = format!("SELECT count(*) {WHERE}");
        Ok(self.conn.prepare_cached(&sql)?.query_row(filter.parameters(), |row| row.get(0))?)
    }
}

impl Tx<'_> {
    pub fn put_ledger_row(&self, row: &LedgerRecord) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO ledger_rows
                 (entity, id, kind, open, status, at_ms, venue, of, team, officer, words)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute((
                row.entity,
                row.id,
                row.kind,
                row.open,
                &row.status,
                row.at_ms,
                row.venue,
                row.of,
                row.team,
                row.officer,
                &row.words,
            ))?;
        Ok(())
    }
}

//! Visits that may be one call, what HQ decided of them, and the groups that count once.

use rusqlite::Row;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::kind;
use xuncha_domain::model::same_as::{SameAs, Span};

use super::log::RowId;
use super::visits::VisitRecord;
use super::{Error, Read, Tx};

/// Visits of one group that are looked at; no call was recorded more often.
const GROUP_MAX: u32 = 1_000;
/// Visits to one venue around one time that are compared; more are a crowd, and HQ sees that by the first of them.
const NEAR_MAX: u32 = 50;

/// Two visits that may be one, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub lower: [u8; 16],
    pub higher: [u8; 16],
    /// They share an officer.
    pub members: bool,
    /// Different phones recorded them.
    pub phones: bool,
}

fn pair(row: &Row<'_>) -> rusqlite::Result<Pair> {
    Ok(Pair { lower: row.get(0)?, higher: row.get(1)?, members: row.get(2)?, phones: row.get(3)? })
}

/// A pair counts while both visits do.
const BOTH_COUNT: &str =
    "NOT EXISTS (SELECT 1 FROM visits v WHERE v.id IN (d.lower, d.higher) AND v.retracted = 1)";

impl Read<'_> {
    /// Pairs that nobody decided on, the newest first.
    pub fn duplicates(&self, limit: u32) -> Result<Vec<Pair>, Error> {
        let sql = format!(
            "SELECT d.lower, d.higher, d.members, d.phones FROM duplicates d
             LEFT JOIN same_as s ON s.lower = d.lower AND s.higher = d.higher
             WHERE s.lower IS NULL AND {BOTH_COUNT} ORDER BY d.at_ms DESC, d.lower LIMIT ?1"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_map([limit], pair)?.collect::<Result<_, _>>()?)
    }

    /// Decided pairs, those of the visits that began last first.
    pub fn decided(&self, limit: u32) -> Result<Vec<(Pair, bool)>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT s.lower, s.higher, coalesce(d.members, 0), coalesce(d.phones, 0), s.same FROM same_as s
             LEFT JOIN duplicates d ON s.lower = d.lower AND s.higher = d.higher
             ORDER BY d.at_ms DESC, s.lower LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| Ok((pair(row)?, row.get(4)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many other visits count as one with this.
    pub fn joined_with(&self, visit: &[u8; 16]) -> Result<u32, Error> {
        let sql = "SELECT count(*) FROM joined own JOIN joined other ON other.first = own.first
                   WHERE own.visit = ?1 AND other.visit <> ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([visit], |row| row.get(0))?)
    }

    /// Visits that count, those of one call once, begun in a span of time.
    pub fn count_calls(&self, from_ms: i64, to_ms: i64) -> Result<u64, Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT count(DISTINCT coalesce(j.first, v.id)) FROM visits v LEFT JOIN joined j ON j.visit = v.id
                 WHERE v.retracted = 0 AND v.started_ms >= ?1 AND v.started_ms < ?2",
            )?
            .query_row((from_ms, to_ms), |row| row.get(0))?)
    }

    fn group(&self, visit: &EntityId) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self.conn.prepare_cached(
            "WITH RECURSIVE found (visit) AS (
               VALUES (?1)
               UNION SELECT higher FROM same_as JOIN found ON lower = found.visit WHERE same = 1
               UNION SELECT lower FROM same_as JOIN found ON higher = found.visit WHERE same = 1
               LIMIT ?2)
             SELECT visit FROM found",
        )?;
        Ok(statement.query_map((visit.0, GROUP_MAX), |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Finds the visits that may be one with this, anew: the same venue at the same time, with a member in common or
    /// another phone. Costs what was recorded at the venue around that time.
    pub fn find_duplicates(&self, visit: &VisitRecord) -> Result<(), Error> {
        self.conn
            .prepare_cached("DELETE FROM duplicates WHERE lower = ?1 OR higher = ?1")?
            .execute([visit.id])?;
        let Some(venue) = visit.venue else { return Ok(()) };
        for (entity, other, started_ms) in self.near(visit, &venue)? {
            let (members, phones) = self.in_common(visit.entity, entity)?;
            if !members && !phones {
                continue;
            }
            self.conn
                .prepare_cached(
                    "INSERT OR REPLACE INTO duplicates (lower, higher, members, phones, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((visit.id.min(other), visit.id.max(other), members, phones, started_ms))?;
        }
        Ok(())
    }

    /// Visits to the venue at the same time.
    fn near(&self, visit: &VisitRecord, venue: &[u8; 16]) -> Result<Vec<(RowId, [u8; 16], i64)>, Error> {
        let span = Span::new(visit.started_ms, visit.finished_ms);
        let (from_ms, to_ms) = span.others_start();
        let mut statement = self.conn.prepare_cached(
            "SELECT entity, id, started_ms, finished_ms FROM visits
             WHERE venue = ?1 AND started_ms BETWEEN ?2 AND ?3 AND id <> ?4 ORDER BY started_ms LIMIT ?5",
        )?;
        let mut rows = statement.query((venue, from_ms, to_ms, visit.id, NEAR_MAX))?;
        let mut near = Vec::new();
        while let Some(row) = rows.next()? {
            let started_ms = row.get(2)?;
            if span.overlaps(&Span::new(started_ms, row.get(3)?)) {
                near.push((row.get(0)?, row.get(1)?, started_ms));
            }
        }
        Ok(near)
    }

    /// Whether two visits share an officer, and whether one was recorded by a phone that the other was not.
    fn in_common(&self, own: RowId, other: RowId) -> Result<(bool, bool), Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM visit_members a JOIN visit_members b ON a.officer = b.officer
                            WHERE a.visit = ?1 AND b.visit = ?2),
                    EXISTS (SELECT key FROM entities WHERE root = ?2 AND kind = ?3
                            EXCEPT SELECT key FROM entities WHERE root = ?1 AND kind = ?3)",
        )?;
        // A phone is in a visit by the presence that hangs on it.
        Ok(statement.query_row((own, other, kind::PRESENCE), |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Takes what HQ decided of a pair, and groups what it touches anew. Costs what the two groups hold.
    pub fn put_same_as(&self, decided: &SameAs) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO same_as (lower, higher, same) VALUES (?1, ?2, ?3)
                 ON CONFLICT (lower, higher) DO UPDATE SET same = excluded.same",
            )?
            .execute((decided.lower.0, decided.higher.0, decided.same))?;
        for visit in [&decided.lower, &decided.higher] {
            let group = self.group(visit)?;
            let first = group.iter().min().copied().unwrap_or(visit.0);
            for member in &group {
                self.conn.prepare_cached("DELETE FROM joined WHERE visit = ?1")?.execute([member])?;
                if group.len() > 1 {
                    self.conn
                        .prepare_cached("INSERT INTO joined (visit, first) VALUES (?1, ?2)")?
                        .execute((member, first))?;
                }
            }
        }
        Ok(())
    }
}

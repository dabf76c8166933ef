//! Visits as the console lists them.

use std::collections::BTreeMap;

use rusqlite::{Row, ToSql};
use xuncha_domain::ids::Scope;

use super::log::RowId;
use super::{Error, Read, Tx, optional};

/// What a projection writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitRecord {
    pub entity: RowId,
    pub id: [u8; 16],
    pub scope: String,
    pub venue: Option<[u8; 16]>,
    pub kind: Option<&'static str>,
    pub mode: Option<&'static str>,
    pub lead: Option<&'static str>,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub answered: u32,
    pub failed: u32,
    pub readings: u32,
    pub abnormal: u32,
    pub conflicts: u32,
    pub sealed: bool,
    pub after_seal: u32,
    pub received_ms: i64,
    pub retracted: bool,
    pub review: Option<&'static str>,
    pub after_review: u32,
}

/// What a list reads: the record with its venue and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitListed {
    pub entity: RowId,
    pub id: [u8; 16],
    pub scope: String,
    pub venue: Option<[u8; 16]>,
    pub venue_name: Option<String>,
    pub category: Option<String>,
    pub district: Option<String>,
    pub kind: Option<String>,
    pub mode: Option<String>,
    pub lead: Option<String>,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub answered: u32,
    pub failed: u32,
    pub readings: u32,
    pub abnormal: u32,
    pub photos: u32,
    pub photos_held: u32,
    pub conflicts: u32,
    pub sealed: bool,
    pub after_seal: u32,
    pub received_ms: i64,
    pub retracted: bool,
    pub review: Option<String>,
    pub after_review: u32,
}

/// What a list is narrowed by; none leaves a condition out.
#[derive(Debug, Clone, Default)]
pub struct VisitFilter {
    pub before_ms: Option<i64>,
    pub district: Option<String>,
    pub category: Option<String>,
    /// Part of the venue's name.
    pub text: Option<String>,
    pub conflicts_only: bool,
}

const LISTED: &str =
    "SELECT v.entity, v.id, v.scope, v.venue, p.name, p.category, p.district, v.kind, v.mode, v.lead,
    v.started_ms, v.finished_ms, v.answered, v.failed, v.readings, v.abnormal,
    (SELECT count(*) FROM visit_photos f WHERE f.visit = v.entity
       AND f.sha256 NOT IN (SELECT sha256 FROM erased_photos)),
    (SELECT count(*) FROM visit_photos f JOIN blobs b ON b.sha256 = f.sha256 WHERE f.visit = v.entity),
    v.conflicts, v.sealed, v.after_seal, v.received_ms, v.retracted, v.review, v.after_review
  FROM visits v LEFT JOIN venues p ON p.id = v.venue";

const FILTER: &str = "(?1 IS NULL OR v.started_ms < ?1) AND (?2 IS NULL OR p.district = ?2)
    AND (?3 IS NULL OR p.category = ?3) AND (?4 IS NULL OR instr(lower(p.name), lower(?4)) > 0)
    AND (?5 = 0 OR v.conflicts > 0)";

fn listed(row: &Row<'_>) -> rusqlite::Result<VisitListed> {
    Ok(VisitListed {
        entity: row.get(0)?,
        id: row.get(1)?,
        scope: row.get(2)?,
        venue: row.get(3)?,
        venue_name: row.get(4)?,
        category: row.get(5)?,
        district: row.get(6)?,
        kind: row.get(7)?,
        mode: row.get(8)?,
        lead: row.get(9)?,
        started_ms: row.get(10)?,
        finished_ms: row.get(11)?,
        answered: row.get(12)?,
        failed: row.get(13)?,
        readings: row.get(14)?,
        abnormal: row.get(15)?,
        photos: row.get(16)?,
        photos_held: row.get(17)?,
        conflicts: row.get(18)?,
        sealed: row.get(19)?,
        after_seal: row.get(20)?,
        received_ms: row.get(21)?,
        retracted: row.get(22)?,
        review: row.get(23)?,
        after_review: row.get(24)?,
    })
}

impl Read<'_> {
    /// Newest first.
    pub fn visits(&self, filter: &VisitFilter, limit: u32) -> Result<Vec<VisitListed>, Error> {
        let sql = format!("{LISTED} WHERE {FILTER} ORDER BY v.started_ms DESC, v.entity DESC LIMIT ?6");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let filter: [&dyn ToSql; 6] = [
            &filter.before_ms,
            &filter.district,
            &filter.category,
            &filter.text,
            &filter.conflicts_only,
            &limit,
        ];
        Ok(statement.query_map(filter, listed)?.collect::<Result<_, _>>()?)
    }

    /// How many there are, whatever the page.
    pub fn count_visits(&self, filter: &VisitFilter) -> Result<u64, Error> {
        let sql =
            format!("SELECT count(*) FROM visits v LEFT JOIN venues p ON p.id = v.venue WHERE {FILTER}");
        let filter: [&dyn ToSql; 5] =
            [&None::<i64>, &filter.district, &filter.category, &filter.text, &filter.conflicts_only];
        Ok(self.conn.prepare_cached(&sql)?.query_row(filter, |row| row.get(0))?)
    }

    pub fn visit(&self, id: &[u8; 16]) -> Result<Option<VisitListed>, Error> {
        let sql = format!("{LISTED} WHERE v.id = ?1 ORDER BY v.entity LIMIT 1");
        optional(self.conn.prepare_cached(&sql)?.query_row([id], listed))
    }

    pub fn visit_members(&self, visit: RowId) -> Result<Vec<[u8; 16]>, Error> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT officer FROM visit_members WHERE visit = ?1 ORDER BY officer")?;
        Ok(statement.query_map([visit], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Photos that visits name and HQ does not hold yet.
    pub fn count_photos_missing(&self) -> Result<u64, Error> {
        Ok(self.conn.query_row(
            "SELECT count(DISTINCT f.sha256) FROM visit_photos f LEFT JOIN blobs b ON b.sha256 = f.sha256
             WHERE b.sha256 IS NULL AND f.sha256 NOT IN (SELECT sha256 FROM erased_photos)",
            [],
            |row| row.get(0),
        )?)
    }

    /// Whether a visit of this scope names the picture, as a photo or as the thumbnail of one.
    pub fn is_picture_of(&self, scope: &Scope, sha256: &[u8; 32]) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM visit_photos f JOIN visits v ON v.entity = f.visit
                                WHERE f.sha256 = ?1 AND v.scope = ?2)
                     OR EXISTS (SELECT 1 FROM visit_photos f JOIN visits v ON v.entity = f.visit
                                WHERE f.thumb = ?1 AND v.scope = ?2)",
            )?
            .query_row((sha256, scope.as_str()), |row| row.get(0))?)
    }

    /// Whether any visit names this photo or thumbnail.
    pub fn is_picture(&self, sha256: &[u8; 32]) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM visit_photos WHERE sha256 = ?1)
                     OR EXISTS (SELECT 1 FROM visit_photos WHERE thumb = ?1)",
            )?
            .query_row([sha256], |row| row.get(0))?)
    }

    /// When the last commit that touched a root was received.
    pub fn last_touched_ms(&self, root: RowId) -> Result<Option<i64>, Error> {
        optional(
            self.conn
            .prepare_cached(
                "SELECT c.received_ms FROM touches t JOIN commits c ON c.id = t.commit_id WHERE t.root = ?1
                 ORDER BY t.commit_id DESC LIMIT 1",
            )?
            .query_row([root], |row| row.get(0)),
        )
    }
}

impl Tx<'_> {
    pub fn put_visit(
        &self,
        visit: &VisitRecord,
        members: &[[u8; 16]],
        photos: &BTreeMap<[u8; 32], Option<[u8; 32]>>,
    ) -> Result<(), Error> {
        // Replacing the row also removes its members and photos.
        self.conn.prepare_cached("DELETE FROM visits WHERE entity = ?1")?.execute([visit.entity])?;
        let values: [&dyn ToSql; 20] = [
            &visit.entity,
            &visit.id,
            &visit.scope,
            &visit.venue,
            &visit.kind,
            &visit.mode,
            &visit.lead,
            &visit.started_ms,
            &visit.finished_ms,
            &visit.answered,
            &visit.failed,
            &visit.readings,
            &visit.abnormal,
            &visit.conflicts,
            &visit.sealed,
            &visit.after_seal,
            &visit.received_ms,
            &visit.retracted,
            &visit.review,
            &visit.after_review,
        ];
        self.conn
            .prepare_cached(
                "INSERT INTO visits (entity, id, scope, venue, kind, mode, lead, started_ms, finished_ms, answered, failed,
                   readings, abnormal, conflicts, sealed, after_seal, received_ms, retracted, review, after_review)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            )?
            .execute(values)?;
        let mut member = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO visit_members (visit, officer) VALUES (?1, ?2)")?;
        for officer in members {
            member.execute((visit.entity, officer))?;
        }
        let mut photo = self
            .conn
            .prepare_cached("INSERT INTO visit_photos (visit, sha256, thumb) VALUES (?1, ?2, ?3)")?;
        for (sha256, thumb) in photos {
            photo.execute((visit.entity, sha256, thumb))?;
        }
        Ok(())
    }
}

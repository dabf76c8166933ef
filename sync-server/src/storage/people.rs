//! Officers and teams as screens read them; the log is where they are written.

use rusqlite::Row;

use super::{Error, Read, Tx, optional};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRow {
    pub id: [u8; 16],
    pub name: String,
    /// bureau, brigade or district.
    pub tier: String,
    pub district: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerRow {
    pub id: [u8; 16],
    pub name: String,
    pub certificate_no: String,
    pub team: Option<[u8; 16]>,
}

fn team(row: &Row<'_>) -> rusqlite::Result<TeamRow> {
    Ok(TeamRow { id: row.get(0)?, name: row.get(1)?, tier: row.get(2)?, district: row.get(3)? })
}

fn officer(row: &Row<'_>) -> rusqlite::Result<OfficerRow> {
    Ok(OfficerRow { id: row.get(0)?, name: row.get(1)?, certificate_no: row.get(2)?, team: row.get(3)? })
}

impl Read<'_> {
    pub fn team(&self, id: &[u8; 16]) -> Result<Option<TeamRow>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT id, name, tier, district FROM teams WHERE id = ?1")?
                .query_row([id], team),
        )
    }

    pub fn teams(&self) -> Result<Vec<TeamRow>, Error> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT id, name, tier, district FROM teams ORDER BY tier, district, name")?;
        Ok(statement.query_map([], team)?.collect::<Result<_, _>>()?)
    }

    pub fn officer(&self, id: &[u8; 16]) -> Result<Option<OfficerRow>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT id, name, certificate_no, team FROM officers WHERE id = ?1")?
                .query_row([id], officer),
        )
    }

    pub fn officers(&self) -> Result<Vec<OfficerRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, name, certificate_no, team FROM officers ORDER BY certificate_no, id",
        )?;
        Ok(statement.query_map([], officer)?.collect::<Result<_, _>>()?)
    }

    /// The name of an officer or console user for screens; none for somebody unknown here.
    pub fn person_name(&self, id: &[u8; 16]) -> Result<Option<String>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT name FROM officers WHERE id = ?1 UNION ALL SELECT name FROM users WHERE id = ?1 LIMIT 1",
                )?
                .query_row([id], |row| row.get(0)),
        )
    }
}

impl Tx<'_> {
    pub fn put_team(&self, team: &TeamRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO teams (id, name, tier, district) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((team.id, &team.name, &team.tier, &team.district))?;
        Ok(())
    }

    pub fn put_officer(&self, officer: &OfficerRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO officers (id, name, certificate_no, team) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((officer.id, &officer.name, &officer.certificate_no, officer.team))?;
        Ok(())
    }
}

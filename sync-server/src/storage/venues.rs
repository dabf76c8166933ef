//! Venues as screens read them; the log is where they are written.

use rusqlite::Row;

use super::{Error, Read, Tx, optional};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueRow {
    pub id: [u8; 16],
    pub name: String,
    pub category: String,
    pub district: String,
    pub address: String,
    pub licence_no: Option<String>,
    pub lat_e7: Option<i32>,
    pub lon_e7: Option<i32>,
}

fn venue(row: &Row<'_>) -> rusqlite::Result<VenueRow> {
    Ok(VenueRow {
        id: row.get(0)?,
        name: row.get(1)?,
        category: row.get(2)?,
        district: row.get(3)?,
        address: row.get(4)?,
        licence_no: row.get(5)?,
        lat_e7: row.get(6)?,
        lon_e7: row.get(7)?,
    })
}

impl Read<'_> {
    pub fn venue(&self, id: &[u8; 16]) -> Result<Option<VenueRow>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT id, name, category, district, address, licence_no, lat_e7, lon_e7 FROM venues WHERE id = ?1",
                )?
                .query_row([id], venue),
        )
    }

    pub fn count_venues(&self) -> Result<u64, Error> {
        Ok(self.conn.query_row("SELECT count(*) FROM venues", [], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    pub fn put_venue(&self, venue: &VenueRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO venues (id, name, category, district, address, licence_no, lat_e7, lon_e7)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute((
                venue.id,
                &venue.name,
                &venue.category,
                &venue.district,
                &venue.address,
                &venue.licence_no,
                venue.lat_e7,
                venue.lon_e7,
            ))?;
        Ok(())
    }
}

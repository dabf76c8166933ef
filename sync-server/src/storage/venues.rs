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
    /// Nine digits.
    pub township: Option<String>,
}

/// Which venues; an empty list means any.
#[derive(Debug, Clone, Default)]
pub struct VenueFilter {
    /// Part of a name, an address or a licence number.
    pub text: Option<String>,
    pub categories: Vec<String>,
    pub districts: Vec<String>,
    pub township: Option<String>,
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
        township: row.get(8)?,
    })
}

impl Read<'_> {
    pub fn venue(&self, id: &[u8; 16]) -> Result<Option<VenueRow>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT id, name, category, district, address, licence_no, lat_e7, lon_e7, township FROM venues WHERE id = ?1",
                )?
                .query_row([id], venue),
        )
    }

    /// By district and name.
    pub fn venues(&self, filter: &VenueFilter, limit: u32) -> Result<Vec<VenueRow>, Error> {
        let (categories, districts) = (list(&filter.categories), list(&filter.districts));
        let mut statement = self.conn.prepare_cached(
            "SELECT id, name, category, district, address, licence_no, lat_e7, lon_e7, township FROM venues
             WHERE (?1 IS NULL OR instr(name, ?1) > 0 OR instr(address, ?1) > 0 OR instr(licence_no, ?1) > 0)
               AND (?2 IS NULL OR category IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR district IN (SELECT value FROM json_each(?3)))
               AND (?4 IS NULL OR township = ?4)
             ORDER BY district, name, id LIMIT ?5",
        )?;
        let rows =
            statement.query_map((&filter.text, categories, districts, &filter.township, limit), venue)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn count_venues(&self) -> Result<u64, Error> {
        Ok(self.conn.query_row("SELECT count(*) FROM venues", [], |row| row.get(0))?)
    }
}

/// Codes as a list of JSON, none for any.
fn list(codes: &[String]) -> Option<String> {
    (!codes.is_empty()).then(|| serde_json::json!(codes).to_string())
}

impl Tx<'_> {
    pub fn put_venue(&self, venue: &VenueRow) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO venues (id, name, category, district, address, licence_no, lat_e7, lon_e7, township)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
                &venue.township,
            ))?;
        Ok(())
    }
}

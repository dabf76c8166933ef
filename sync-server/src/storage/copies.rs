//! Copies of the database: how one is made while others write, and how one is looked into.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Error, Read, Storage, open};

/// Tables whose rows a backup counts: the work, who did it, and what came with it.
const COUNTED: [&str; 7] = ["blobs", "chains", "commits", "devices", "packets", "users", "visits"];

impl Storage {
    /// Writes one consistent state of the database to a new file. Others go on writing meanwhile.
    pub fn snapshot_into(&self, target: &Path) -> Result<(), Error> {
        // A connection of its own: the readers cannot do it, and the writer would keep every phone waiting.
        let conn = open::copier(&self.path)?;
        conn.execute("VACUUM INTO ?1", [target.to_string_lossy()])?;
        Ok(())
    }
}

/// Reads a database file that no server has open, without changing it.
pub fn read_copy<T, E: From<Error>>(
    path: &Path,
    work: impl FnOnce(&Read<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let conn = open::reader(path)?;
    work(&Read::of(&conn))
}

impl Read<'_> {
    /// Rows of what matters, by table.
    pub fn counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        let count = |table: &str| {
            let rows = self.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
            Ok((table.to_owned(), rows))
        };
        COUNTED.into_iter().map(count).collect()
    }

    /// Every blob that HQ holds.
    pub fn all_blobs(&self) -> Result<Vec<[u8; 32]>, Error> {
        let mut statement = self.conn.prepare("SELECT sha256 FROM blobs ORDER BY sha256")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// How many of the list of held photos come before the first of these; none when none of them is in it.
    pub fn photos_before(&self, photos: &BTreeSet<[u8; 32]>) -> Result<Option<u64>, Error> {
        let mut statement = self.conn.prepare("SELECT position, sha256 FROM blob_order ORDER BY position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if photos.contains(&row.get::<_, [u8; 32]>(1)?) {
                return Ok(Some(row.get::<_, u64>(0)?.saturating_sub(1)));
            }
        }
        Ok(None)
    }

    /// Whether SQLite finds every page and every reference in order.
    pub fn is_sound(&self) -> Result<bool, Error> {
        let said: String = self.conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let dangling = self.conn.prepare("PRAGMA foreign_key_check")?.exists([])?;
        Ok(said == "ok" && !dangling)
    }
}

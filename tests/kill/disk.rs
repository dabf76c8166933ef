//! What a killed program left on disk, looked at without its help.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use xuncha_tests::script::sha256;

/// A database as a kill left it: a copy, so that looking at it mends nothing.
pub struct Left {
    connection: Connection,
    _folder: TempDir,
}

impl Left {
    pub fn copy(database: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = database.file_name().unwrap().to_str().unwrap();
        let copy = folder.path().join(name);
        std::fs::copy(database, &copy).unwrap();
        // The shared-memory file is made again from the log, as after a power cut.
        let wal = database.with_file_name(format!("{name}-wal"));
        if wal.exists() {
            std::fs::copy(wal, folder.path().join(format!("{name}-wal"))).unwrap();
        }
        Self { connection: Connection::open(copy).unwrap(), _folder: folder }
    }

    /// What SQLite finds wrong; empty when nothing is.
    pub fn damage(&self) -> Vec<String> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut damage: Vec<String> = rows.map(Result::unwrap).filter(|row| row != "ok").collect();
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        damage.extend(rows.map(|table| format!("a reference of {} leads nowhere", table.unwrap())));
        damage
    }

    /// The one column that `select` gives.
    pub fn column(&self, select: &str) -> BTreeSet<String> {
        column(&self.connection, select)
    }
}

pub fn column(connection: &Connection, select: &str) -> BTreeSet<String> {
    let mut statement = connection.prepare(select).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Whether a file is there and has this hash.
pub fn is_whole(path: &Path, hash: &str) -> bool {
    std::fs::read(path).is_ok_and(|bytes| sha256(&bytes) == hash)
}

/// The files in a folder whose name ends so.
pub fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == end)).collect()
}

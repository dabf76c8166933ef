//! All SQL of the server. The service composes the methods of [`Read`] and [`Tx`] inside [`Storage::read`] and
//! [`Storage::write`] and never sees a statement, so that PostgreSQL can stand behind the same names.
//!
//! One connection writes, a few read and cannot write: SQLite has one writer anyway, a mutex gives it a fair queue
//! where SQLite would answer "busy", and readers on their own connections never wait for it (WAL). Calls block; the
//! HTTP side runs them on the blocking pool.

mod blobs;
mod checklists;
mod copies;
mod devices;
mod duplicates;
mod erasures;
mod feed;
mod ledger;
mod live;
mod log;
mod made;
mod merge;
mod open;
mod people;
mod quarantine;
mod quotas;
mod readers;
mod rebuild;
mod reports;
mod sessions;
mod settled;
mod snapshot;
mod things;
mod users;
mod venues;
mod visits;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use xuncha_domain::disk::{Disk, RealDisk};

pub use blobs::{UploadRow, UploadState};
pub use copies::read_copy;
pub use devices::{DeviceRecord, EnrolCodeRow, NewDevice};
pub use duplicates::Pair;
pub use erasures::{EraseOrderRow, EraseTargetRow};
pub use feed::{FeedEnd, RunRow};
pub use ledger::{LedgerFilter, LedgerRecord};
pub use live::Root;
pub use log::{ChainRow, CommitRow, CommitState, NewChain, NewPacket, PacketRow, RowId};
pub use merge::{EntityRow, Things};
pub use people::{OfficerRow, TeamRow};
pub use quarantine::QuarantineRow;
pub use quotas::Brought;
pub use reports::Report;
pub use settled::SettledRow;
pub use snapshot::{LiveOpRow, ThingRow};
pub use users::{Role, UserRow};
pub use venues::{VenueFilter, VenueRow};
pub use visits::{VisitFilter, VisitListed, VisitRecord};

/// Breakage of the store. Expected outcomes are values of the methods.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("database file: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "this database was written by a newer server (step {found}); it needs a server of step {needed} or later"
    )]
    Newer { found: u32, needed: u32 },
    #[error("the database holds what it should not: {0}")]
    Corrupt(&'static str),
}

pub struct Storage {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    readers: readers::Readers,
    // Dropped last: only a connection that may write can empty the log into the database when the server stops.
    writer: Mutex<Connection>,
}

/// Read access to one consistent state of the store.
pub struct Read<'c> {
    conn: &'c Connection,
    kept: live::Kept,
}

/// One write transaction; it reads its own writes.
pub struct Tx<'c> {
    read: Read<'c>,
}

impl<'c> Deref for Tx<'c> {
    type Target = Read<'c>;
    fn deref(&self) -> &Read<'c> {
        &self.read
    }
}

impl Storage {
    /// Opens or creates the file, upgrading it when it is older. `path` is the database file itself.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealDisk), path)
    }

    pub fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, Error> {
        let writer = open::writer(path)?;
        Ok(Self {
            disk,
            path: path.into(),
            writer: Mutex::new(writer),
            readers: readers::Readers::open(path)?,
        })
    }

    /// Runs `work` in one read transaction.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&Read<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.readers.take()?;
        let tx = conn.transaction().map_err(Error::from)?;
        work(&Read::of(&tx))
    }

    /// Runs `work` in one immediate transaction: durable when this returns `Ok`, without effect when it returns `Err`.
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.disk.before_transaction().map_err(Error::from)?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::from)?;
        let out = work(&Tx { read: Read::of(&tx) })?;
        tx.commit().map_err(Error::from)?;
        drop(conn);
        self.disk.after_transaction();
        Ok(out)
    }
}

impl<'c> Read<'c> {
    fn of(conn: &'c Connection) -> Self {
        Self { conn, kept: live::Kept::default() }
    }

    /// A named value of this installation, such as its city id.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        optional(
            self.conn
                .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([key], |row| row.get(0)),
        )
    }
}

impl Tx<'_> {
    pub fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            )?
            .execute((key, value))?;
        Ok(())
    }

    pub fn remove_meta(&self, key: &str) -> Result<(), Error> {
        self.conn.prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([key])?;
        Ok(())
    }
}

/// No row is a value, not an error.
fn optional<T>(result: rusqlite::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

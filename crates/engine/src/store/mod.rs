//! SQLite on the phone. One opener, one writer, one table per file.

pub mod base;
pub mod basis;
pub mod chains;
pub mod checklists;
pub mod erasures;
pub mod fetched;
pub mod findings;
pub mod hubs;
pub mod joined;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod live_set;
pub mod log;
pub mod lost;
pub mod mend;
pub mod meta;
pub mod open;
pub mod photos;
pub mod pin;
pub mod quarantine;
pub mod renamed;
pub mod rows;
pub mod salvaged;
pub mod search;
pub mod settled;
pub mod squeeze;
pub mod things;
pub mod thumbs;
pub mod trail;
pub mod values;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use xuncha_domain::disk::Disk;

use crate::api::types::ErrorCode;
use crate::error::{Error, Result};

/// The database: one connection that writes and one that cannot.
pub struct Store {
    disk: Arc<dyn Disk>,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// The database says that it ended orderly; the next write takes that back.
    ended: AtomicBool,
    /// Damage was met: the next start looks at every page.
    damaged: AtomicBool,
    /// It was met since it was last mended.
    to_mend: AtomicBool,
}

impl Store {
    pub fn open(path: &Path, app_version: &str, disk: Arc<dyn Disk>) -> Result<Self> {
        let writer = open::writer(path, app_version)?;
        let reader = open::reader(path)?;
        Ok(Self {
            disk,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            ended: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            to_mend: AtomicBool::new(false),
        })
    }

    /// Runs `work` in one transaction that is on disk when this returns, or changed nothing.
    pub fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.writer);
        let result = durably(&mut connection, &*self.disk, |transaction| {
            if self.ended.load(Ordering::Acquire) {
                open::begin(transaction)?;
            }
            work(transaction)
        });
        let result = self.watched(result)?;
        self.ended.store(false, Ordering::Release);
        Ok(result)
    }

    /// Nothing is being done any more: should the process end now, that is an orderly end.
    pub fn end(&self) -> Result<()> {
        if self.damaged.load(Ordering::Acquire) || self.ended.load(Ordering::Acquire) {
            return Ok(());
        }
        self.write(|transaction| open::end(transaction))?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether damage was met since this was asked last.
    pub fn met_damage(&self) -> bool {
        self.to_mend.swap(false, Ordering::AcqRel)
    }

    fn watched<T>(&self, result: Result<T>) -> Result<T> {
        if result.as_ref().is_err_and(Error::is_damage) {
            self.damaged.store(true, Ordering::Release);
            self.to_mend.store(true, Ordering::Release);
        }
        result
    }

    /// Writes the whole database anew and empties the write-ahead log, so that no free page, gap or old frame holds what
    /// was destroyed.
    ///
    /// # Errors
    /// `Internal` while another process reads: to be tried again.
    pub fn scrub(&self) -> Result<()> {
        let writer = lock(&self.writer);
        let _nobody_reads = lock(&self.reader);
        self.disk.before_transaction()?;
        writer.execute_batch("VACUUM")?;
        let busy: bool = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy {
            return Err(Error::Refused(ErrorCode::Internal, "another process reads the database"));
        }
        self.disk.after_transaction();
        Ok(())
    }

    /// Runs `work` over one consistent state.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.reader);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        self.watched(work(&transaction))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the next start looks at every page");
        }
    }
}

/// Runs `work` in one transaction that is on disk when this returns, or changed nothing.
pub fn durably<T>(
    connection: &mut Connection,
    disk: &dyn Disk,
    work: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    disk.before_transaction()?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    disk.after_transaction();
    Ok(result)
}

/// A panic in another thread left the connection between transactions: rusqlite rolled back what was open.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

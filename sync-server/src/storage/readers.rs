//! A fixed set of read-only connections.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

use super::{Error, open};

/// As many as an office PC has cores to spare; queries are short.
const READERS: usize = 4;

pub(super) struct Readers {
    conns: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let conns = (0..READERS).map(|_| open::reader(path).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { conns, next: AtomicUsize::new(0) })
    }

    /// A free connection, or the turn of one when all are busy.
    pub(super) fn take(&self) -> Result<MutexGuard<'_, Connection>, Error> {
        for conn in &self.conns {
            match conn.try_lock() {
                Ok(guard) => return Ok(guard),
                // Nobody leaves a transaction open: it rolls back when its holder unwinds.
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % READERS;
        let conn = self.conns.get(turn).ok_or(Error::Corrupt("reader pool"))?;
        Ok(conn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

//! What a hub keeps: a database and a folder of sealed photos of their own, apart from this phone's own records.
//!
//! Nothing here exists here only, so a database that cannot be read is put aside and a new one begun.

mod bundles;
mod packets;
mod part;
mod phones;
mod photos;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use xuncha_domain::disk::Disk;

use super::tls::Identity;
use crate::error::Result;
use crate::store::durably;

pub use bundles::{
    BundleRow, bundle_delivered, bundle_problem, bundles_waiting, has_bundle, insert_bundle,
    set_bundle_upload,
};
pub use packets::{
    NewPacket, Waiting, insert_packet, insert_receipt, packet_received, packet_refused, receipt,
    receipt_of_photo, receipts_of_chain, run_state, runs, waiting,
};
pub use part::Part;
pub use phones::{PhoneRow, joined_with, new_secret, phone_by_token, phones, put_phone, secret};
pub use photos::{
    PhotoRow, drop_photo, has_photo, insert_photo, photo, photo_arrived, photo_erased, photo_problem,
    photo_received, photo_refused, photos_waiting, set_upload,
};

const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/0001_first.sql"), include_str!("../migrations/0002_bundles.sql")];
/// Ten phones with a hundred photos of 2 MB each; most phones have that much to spare.
pub const QUOTA_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// What HQ has receipted is remembered this long, so that its phone hears of it.
const REMEMBERED_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// An upload that its phone has not ended by then gives its room back; the phone creates it again.
const UNFINISHED_MS: i64 = 24 * 60 * 60 * 1000;

const PHOTOS: &str = "photos";
const BUNDLES: &str = "bundles";

pub struct HubStore {
    disk: Arc<dyn Disk>,
    connection: Mutex<Connection>,
    folder: PathBuf,
    pub identity: Identity,
}

/// What the hub has, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    pub packets: u32,
    pub photos: u32,
    pub bytes: u64,
    pub delivered_packets: u32,
    pub delivered_photos: u32,
    /// Rescue bundles that wait, that HQ imported, and that it did not take.
    pub bundles: u32,
    pub delivered_bundles: u32,
    pub refused_bundles: u32,
}

impl HubStore {
    /// Opens the hub's folder below the app's data, making what is missing.
    pub fn open(disk: Arc<dyn Disk>, data: &Path, now_ms: i64) -> Result<Self> {
        let folder = data.join("hub");
        let (photos, bundles) = (folder.join(PHOTOS), folder.join(BUNDLES));
        if !photos.exists() || !bundles.exists() {
            disk.create_folder(&photos)?;
            disk.create_folder(&bundles)?;
            disk.flush_folder(&folder)?;
            disk.flush_folder(data)?;
        }
        disk.before_transaction()?;
        let database = folder.join("hub.db");
        let mut connection = match database_of(&database) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "the hub's database is put aside");
                disk.rename(&database, &folder.join("hub.damaged.db"))?;
                database_of(&database)?
            }
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let identity = identity(&transaction)?;
        sweep(&transaction, now_ms)?;
        transaction.commit()?;
        disk.after_transaction();
        let store = Self { disk, connection: Mutex::new(connection), folder, identity };
        store.remove_left_files(&photos, photos::with_files)?;
        store.remove_left_files(&bundles, |connection| {
            Ok(bundles_waiting(connection)?.into_iter().map(|bundle| bundle.id).collect())
        })?;
        Ok(store)
    }

    /// Removes the files that nothing waiting has: between a row and its file the power may fail.
    fn remove_left_files(
        &self,
        folder: &Path,
        wanted: impl FnOnce(&Connection) -> Result<Vec<[u8; 16]>>,
    ) -> Result<()> {
        // In this order: a photo's row is there before its file is.
        let files = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        let wanted = self.read(wanted)?;
        for path in files.iter().map(fs::DirEntry::path) {
            if !wanted.iter().any(|id| path == folder.join(hex::encode(id))) {
                self.disk.remove(&path)?;
            }
        }
        Ok(())
    }

    /// Whether a hub was ever opened on this data.
    pub fn exists(data: &Path) -> bool {
        data.join("hub").join("hub.db").exists()
    }

    /// Runs `work` in one durable transaction. A hub is asked a few times a second at most, so one connection does.
    pub fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        durably(&mut connection, &*self.disk, work)
    }

    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file of a sealed photo.
    pub fn file(&self, id: &[u8; 16]) -> PathBuf {
        self.folder.join(PHOTOS).join(hex::encode(id))
    }

    /// The file of a rescue bundle.
    pub fn bundle_file(&self, id: &[u8; 16]) -> PathBuf {
        self.folder.join(BUNDLES).join(hex::encode(id))
    }

    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Makes the names of bundles durable.
    pub fn flush_bundles(&self) -> Result<()> {
        Ok(self.disk.flush_folder(&self.folder.join(BUNDLES))?)
    }

    /// Removes a bundle's bytes; harmless when there are none.
    pub fn remove_bundle(&self, id: &[u8; 16]) -> Result<()> {
        self.remove(&self.bundle_file(id))
    }

    /// Destroys erased photos and takes them no more.
    pub fn erase_photos(&self, photos: &[[u8; 32]]) -> Result<()> {
        let files = self.write(|transaction| {
            let mut files = Vec::new();
            for sha256 in photos {
                files.extend(photo_erased(transaction, sha256)?);
            }
            Ok(files)
        })?;
        files.iter().try_for_each(|id| self.remove_file(id))
    }

    /// Removes a sealed photo's bytes; harmless when there are none.
    pub fn remove_file(&self, id: &[u8; 16]) -> Result<()> {
        self.remove(&self.file(id))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The file of a sealed photo behind the first `arrived` bytes; none when it does not have so many any more.
    pub fn part(&self, id: &[u8; 16], arrived: u64) -> io::Result<Option<Part>> {
        Part::open(Arc::clone(&self.disk), self.file(id), arrived)
    }
}

fn database_of(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(connection)
}

/// Made once, so that phones that joined find the same hub after a restart.
fn identity(connection: &Connection) -> Result<Identity> {
    if let (Some(certificate), Some(key)) =
        (meta(connection, "certificate")?, meta(connection, "certificate_key")?)
    {
        return Ok(Identity { certificate, key });
    }
    let identity = Identity::generate()?;
    set_meta(connection, "certificate", &identity.certificate)?;
    set_meta(connection, "certificate_key", &identity.key)?;
    Ok(identity)
}

fn meta(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>> {
    Ok(connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?)
}

fn set_meta(connection: &Connection, key: &str, value: &[u8]) -> Result<()> {
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )?;
    Ok(())
}

/// Forgets what is long at HQ and uploads that were left.
fn sweep(connection: &Connection, now_ms: i64) -> Result<()> {
    let (old, left) = (now_ms.saturating_sub(REMEMBERED_MS), now_ms.saturating_sub(UNFINISHED_MS));
    connection.execute("DELETE FROM packet WHERE bytes IS NULL AND arrived_ms < ?1", [old])?;
    connection.execute(
        "DELETE FROM photo WHERE (whole = 0 AND created_ms < ?2)
         OR ((receipt IS NOT NULL OR problem IS NOT NULL) AND created_ms < ?1)",
        (old, left),
    )?;
    connection.execute(
        "DELETE FROM bundle WHERE (delivered_ms IS NOT NULL OR problem IS NOT NULL) AND arrived_ms < ?1",
        [old],
    )?;
    connection.execute(
        "DELETE FROM receipt WHERE at_ms < ?1 AND id NOT IN
         (SELECT receipt FROM packet WHERE receipt IS NOT NULL UNION SELECT receipt FROM photo WHERE receipt IS NOT NULL)",
        [old],
    )?;
    Ok(())
}

/// Bytes that may lie here for others.
pub fn quota(connection: &Connection) -> Result<u64> {
    let bytes = meta(connection, "quota")?.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(QUOTA_BYTES, u64::from_be_bytes))
}

pub fn set_quota(connection: &Connection, bytes: u64) -> Result<()> {
    set_meta(connection, "quota", &bytes.to_be_bytes())
}

/// Bytes that lie here or are announced.
pub fn used(connection: &Connection) -> Result<u64> {
    Ok(connection.query_row(
        "SELECT (SELECT coalesce(sum(size), 0) FROM packet WHERE bytes IS NOT NULL)
              + (SELECT coalesce(sum(size), 0) FROM photo WHERE receipt IS NULL AND problem IS NULL)
              + (SELECT coalesce(sum(size), 0) FROM bundle WHERE delivered_ms IS NULL AND problem IS NULL)",
        [],
        |row| row.get(0),
    )?)
}

pub fn load(connection: &Connection) -> Result<Load> {
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM packet WHERE bytes IS NOT NULL),
                (SELECT count(*) FROM photo WHERE whole = 1 AND receipt IS NULL AND problem IS NULL),
                (SELECT count(*) FROM packet WHERE receipt IS NOT NULL),
                (SELECT count(*) FROM photo WHERE receipt IS NOT NULL),
                (SELECT count(*) FROM bundle WHERE delivered_ms IS NULL AND problem IS NULL),
                (SELECT count(*) FROM bundle WHERE delivered_ms IS NOT NULL),
                (SELECT count(*) FROM bundle WHERE problem IS NOT NULL)",
        [],
        |row| {
            Ok(Load {
                packets: row.get(0)?,
                photos: row.get(1)?,
                bytes: used(connection).unwrap_or_default(),
                delivered_packets: row.get(2)?,
                delivered_photos: row.get(3)?,
                bundles: row.get(4)?,
                delivered_bundles: row.get(5)?,
                refused_bundles: row.get(6)?,
            })
        },
    )?)
}

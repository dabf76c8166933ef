//! What a hub keeps: a database and a folder of sealed photos of their own, apart from this phone's own records.
//!
//! Nothing here exists here only, so a database that cannot be read is put aside and a new one begun.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use sha2::{Digest, Sha256};
use xuncha_domain::ids::{DeviceId, Entropy, OfficerId, random};
use xuncha_domain::protocol::v1::hub::HubRun;
use xuncha_domain::protocol::v1::receipt::Receipt;
use xuncha_domain::protocol::v1::{self};

use super::tls::Identity;
use crate::error::Result;
use crate::store::values::Col;

const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_first.sql")];
/// Ten phones with a hundred photos of 2 MB each; most phones have that much to spare.
pub const QUOTA_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Two brigades on one hotspot; the one that was not heard of for longest makes room and may join again.
const PHONES_MAX: u32 = 64;
/// What HQ has receipted is remembered this long, so that its phone hears of it.
const REMEMBERED_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// An upload that its phone has not ended by then gives its room back; the phone creates it again.
const UNFINISHED_MS: i64 = 24 * 60 * 60 * 1000;
/// Runs named in one answer, newest first: months of one phone's packets.
const RUNS_MAX: u32 = 1_000;

pub struct HubStore {
    connection: Mutex<Connection>,
    folder: PathBuf,
    pub identity: Identity,
}

/// A phone that joined.
#[derive(Debug, Clone, Copy)]
pub struct PhoneRow {
    pub device: DeviceId,
    pub officer: OfficerId,
    pub joined_ms: i64,
    pub seen_ms: i64,
}

/// A run of commits to be kept.
pub struct NewPacket<'a> {
    pub run: HubRun,
    pub bytes: &'a [u8],
    pub arrived_ms: i64,
}

/// A packet that waits for HQ.
pub struct Waiting {
    pub id: i64,
    pub run: HubRun,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct PhotoRow {
    pub id: [u8; 16],
    pub device: [u8; 16],
    /// Of the photo.
    pub sha256: [u8; 32],
    /// Of the sealed file.
    pub sealed: [u8; 32],
    pub size: u64,
    pub arrived: u64,
    pub whole: bool,
    pub upload_url: Option<String>,
    pub sent: u64,
}

/// What the hub has, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    pub packets: u32,
    pub photos: u32,
    pub bytes: u64,
    pub delivered_packets: u32,
    pub delivered_photos: u32,
}

impl HubStore {
    /// Opens the hub's folder below the app's data, making what is missing.
    pub fn open(data: &Path, now_ms: i64) -> Result<Self> {
        let folder = data.join("hub");
        fs::create_dir_all(folder.join("photos"))?;
        let database = folder.join("hub.db");
        let mut connection = match database_of(&database) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::error!(%error, "the hub's database is put aside");
                fs::rename(&database, folder.join("hub.damaged.db"))?;
                database_of(&database)?
            }
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let identity = identity(&transaction)?;
        let gone = sweep(&transaction, now_ms)?;
        transaction.commit()?;
        let store = Self { connection: Mutex::new(connection), folder, identity };
        gone.iter().try_for_each(|id| store.remove_file(id))?;
        Ok(store)
    }

    /// Whether a hub was ever opened on this data.
    pub fn exists(data: &Path) -> bool {
        data.join("hub").join("hub.db").exists()
    }

    /// Runs `work` in one durable transaction. A hub is asked a few times a second at most, so one connection does.
    pub fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file of a sealed photo.
    pub fn file(&self, id: &[u8; 16]) -> PathBuf {
        self.folder.join("photos").join(hex::encode(id))
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
        match fs::remove_file(self.file(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
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

/// Forgets what is long at HQ and uploads that were left. Returns whose files may go.
fn sweep(connection: &Connection, now_ms: i64) -> Result<Vec<[u8; 16]>> {
    let (old, left) = (now_ms.saturating_sub(REMEMBERED_MS), now_ms.saturating_sub(UNFINISHED_MS));
    connection.execute("DELETE FROM packet WHERE bytes IS NULL AND arrived_ms < ?1", [old])?;
    let mut statement = connection.prepare(
        "DELETE FROM photo WHERE (whole = 0 AND created_ms < ?2)
         OR ((receipt IS NOT NULL OR problem IS NOT NULL) AND created_ms < ?1) RETURNING id",
    )?;
    let gone = statement.query_map((old, left), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    connection.execute(
        "DELETE FROM receipt WHERE at_ms < ?1 AND id NOT IN
         (SELECT receipt FROM packet WHERE receipt IS NOT NULL UNION SELECT receipt FROM photo WHERE receipt IS NOT NULL)",
        [old],
    )?;
    Ok(gone)
}

/// The secret of the code that is shown now.
pub fn secret(connection: &Connection, entropy: &dyn Entropy) -> Result<[u8; 16]> {
    if let Some(secret) = meta(connection, "secret")?.and_then(|bytes| bytes.try_into().ok()) {
        return Ok(secret);
    }
    new_secret(connection, entropy)
}

pub fn new_secret(connection: &Connection, entropy: &dyn Entropy) -> Result<[u8; 16]> {
    let secret = random(entropy);
    set_meta(connection, "secret", &secret)?;
    Ok(secret)
}

/// Bytes that may lie here for others.
pub fn quota(connection: &Connection) -> Result<u64> {
    let bytes = meta(connection, "quota")?.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(QUOTA_BYTES, u64::from_be_bytes))
}

pub fn set_quota(connection: &Connection, bytes: u64) -> Result<()> {
    set_meta(connection, "quota", &bytes.to_be_bytes())
}

/// Whether this device joined with that secret before.
pub fn joined_with(connection: &Connection, device: DeviceId, secret: &[u8; 16]) -> Result<bool> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM phone WHERE device = ?1 AND secret = ?2)",
        (Col(device), secret),
        |row| row.get(0),
    )?)
}

/// Lets a phone in under this token; an older token of it is void.
pub fn put_phone(
    connection: &Connection,
    phone: &PhoneRow,
    secret: &[u8; 16],
    token: &[u8; 32],
) -> Result<()> {
    connection.execute(
        "INSERT INTO phone (device, officer, secret, token_hash, joined_ms, seen_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (device) DO UPDATE SET secret = excluded.secret, token_hash = excluded.token_hash,
           joined_ms = excluded.joined_ms, seen_ms = excluded.seen_ms",
        (Col(phone.device), Col(phone.officer), secret, token_hash(token), phone.joined_ms, phone.seen_ms),
    )?;
    connection.execute(
        "DELETE FROM phone WHERE device NOT IN (SELECT device FROM phone ORDER BY seen_ms DESC, device LIMIT ?1)",
        [PHONES_MAX],
    )?;
    Ok(())
}

/// The phone with this token; notes that it was here.
pub fn phone_by_token(connection: &Connection, token: &[u8; 32], now_ms: i64) -> Result<Option<DeviceId>> {
    let device = connection
        .query_row(
            "UPDATE phone SET seen_ms = ?2 WHERE token_hash = ?1 RETURNING device",
            (token_hash(token), now_ms),
            |row| row.get::<_, Col<DeviceId>>(0),
        )
        .optional()?;
    Ok(device.map(|device| device.0))
}

/// Last seen first.
pub fn phones(connection: &Connection) -> Result<Vec<PhoneRow>> {
    let mut statement = connection
        .prepare("SELECT device, officer, joined_ms, seen_ms FROM phone ORDER BY seen_ms DESC, device")?;
    let rows = statement.query_map([], |row| {
        Ok(PhoneRow {
            device: row.get::<_, Col<DeviceId>>(0)?.0,
            officer: row.get::<_, Col<OfficerId>>(1)?.0,
            joined_ms: row.get(2)?,
            seen_ms: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn token_hash(token: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Bytes that lie here or are announced.
pub fn used(connection: &Connection) -> Result<u64> {
    Ok(connection.query_row(
        "SELECT (SELECT coalesce(sum(size), 0) FROM packet WHERE bytes IS NOT NULL)
              + (SELECT coalesce(sum(size), 0) FROM photo WHERE receipt IS NULL AND problem IS NULL)",
        [],
        |row| row.get(0),
    )?)
}

pub fn load(connection: &Connection) -> Result<Load> {
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM packet WHERE bytes IS NOT NULL),
                (SELECT count(*) FROM photo WHERE whole = 1 AND receipt IS NULL AND problem IS NULL),
                (SELECT count(*) FROM packet WHERE receipt IS NOT NULL),
                (SELECT count(*) FROM photo WHERE receipt IS NOT NULL)",
        [],
        |row| {
            Ok(Load {
                packets: row.get(0)?,
                photos: row.get(1)?,
                bytes: used(connection).unwrap_or_default(),
                delivered_packets: row.get(2)?,
                delivered_photos: row.get(3)?,
            })
        },
    )?)
}

/// What became of a run that is here; none when it is not. `Some(None)`: kept, `Some(Some(reason))`: HQ did not take it.
pub fn run_state(connection: &Connection, run: &HubRun) -> Result<Option<Option<String>>> {
    Ok(connection
        .prepare_cached("SELECT problem FROM packet WHERE chain = ?1 AND hash = ?2 AND from_seq <= ?3")?
        .query_row((run.chain, run.hash, run.from_seq), |row| row.get(0))
        .optional()?)
}

pub fn insert_packet(connection: &Connection, packet: &NewPacket<'_>) -> Result<()> {
    let run = &packet.run;
    connection
        .prepare_cached(
            "INSERT INTO packet (chain, from_seq, seq, hash, bytes, size, arrived_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO NOTHING",
        )?
        .execute((run.chain, run.from_seq, run.seq, run.hash, packet.bytes, packet.bytes.len(), packet.arrived_ms))?;
    Ok(())
}

fn run(row: &rusqlite::Row<'_>) -> rusqlite::Result<HubRun> {
    Ok(HubRun { chain: row.get(0)?, from_seq: row.get(1)?, seq: row.get(2)?, hash: row.get(3)? })
}

/// What is here of a chain, and what HQ receipted of it.
pub fn runs(connection: &Connection, chain: &[u8; 16]) -> Result<Vec<HubRun>> {
    let mut statement = connection.prepare_cached(
        "SELECT chain, from_seq, seq, hash FROM packet WHERE chain = ?1 AND problem IS NULL ORDER BY id DESC LIMIT ?2",
    )?;
    Ok(statement.query_map((chain, RUNS_MAX), run)?.collect::<rusqlite::Result<_>>()?)
}

/// Packets that HQ has not receipted, in the order of their chains.
pub fn waiting(connection: &Connection, after: i64, limit: usize) -> Result<Vec<Waiting>> {
    let mut statement = connection.prepare_cached(
        "SELECT chain, from_seq, seq, hash, id, bytes FROM packet WHERE bytes IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map((after, limit), |row| {
        Ok(Waiting { run: run(row)?, id: row.get(4)?, bytes: row.get(5)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// HQ receipted the run: its bytes may go.
pub fn packet_received(connection: &Connection, id: i64, receipt: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE packet SET receipt = ?2, bytes = NULL, problem = NULL WHERE id = ?1")?
        .execute((id, receipt))?;
    Ok(())
}

/// HQ will never take it: its phone has it still and hears why.
pub fn packet_refused(connection: &Connection, id: i64, reason: &str) -> Result<()> {
    connection
        .prepare_cached("UPDATE packet SET problem = ?2, bytes = NULL WHERE id = ?1 AND receipt IS NULL")?
        .execute((id, reason))?;
    Ok(())
}

pub fn insert_receipt(connection: &Connection, receipt: &Receipt, at_ms: i64) -> Result<i64> {
    connection.execute("INSERT INTO receipt (bytes, at_ms) VALUES (?1, ?2)", (v1::encode(receipt), at_ms))?;
    Ok(connection.last_insert_rowid())
}

/// Receipts of HQ that name something of this chain.
pub fn receipts_of_chain(connection: &Connection, chain: &[u8; 16]) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT receipt FROM packet WHERE chain = ?1 AND receipt IS NOT NULL ORDER BY receipt DESC",
    )?;
    Ok(statement.query_map([chain], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

pub fn receipt_of_photo(connection: &Connection, sha256: &[u8; 32]) -> Result<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT max(receipt) FROM photo WHERE sha256 = ?1")?
        .query_row([sha256], |row| row.get(0))?)
}

pub fn receipt(connection: &Connection, id: i64) -> Result<Option<Receipt>> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM receipt WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(bytes.and_then(|bytes| v1::decode(&bytes).ok()))
}

const PHOTO: &str = "id, device, sha256, sealed, size, arrived, whole, upload_url, sent";

fn photo_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<PhotoRow> {
    Ok(PhotoRow {
        id: row.get(0)?,
        device: row.get(1)?,
        sha256: row.get(2)?,
        sealed: row.get(3)?,
        size: row.get(4)?,
        arrived: row.get(5)?,
        whole: row.get(6)?,
        upload_url: row.get(7)?,
        sent: row.get(8)?,
    })
}

pub fn photo(connection: &Connection, id: &[u8; 16]) -> Result<Option<PhotoRow>> {
    Ok(connection
        .query_row(&format!("SELECT {PHOTO} FROM photo WHERE id = ?1 AND problem IS NULL"), [id], photo_row)
        .optional()?)
}

/// Whether the hub has a photo whole, or HQ receipted it.
pub fn has_photo(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM photo WHERE sha256 = ?1 AND whole = 1 AND problem IS NULL)",
        )?
        .query_row([sha256], |row| row.get(0))?)
}

/// Whether HQ did not take this photo from here.
pub fn photo_refused(connection: &Connection, sha256: &[u8; 32]) -> Result<bool> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM photo WHERE sha256 = ?1 AND problem IS NOT NULL)",
        [sha256],
        |row| row.get(0),
    )?)
}

/// Takes an announced upload in place of unfinished ones of the same device, which sends one after the other. Returns
/// whose bytes may go.
pub fn insert_photo(connection: &Connection, photo: &PhotoRow, created_ms: i64) -> Result<Vec<[u8; 16]>> {
    let mut statement =
        connection.prepare_cached("DELETE FROM photo WHERE device = ?1 AND whole = 0 RETURNING id")?;
    let gone = statement.query_map([photo.device], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    connection.execute(
        "INSERT INTO photo (id, device, sha256, sealed, size, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (photo.id, photo.device, photo.sha256, photo.sealed, photo.size, created_ms),
    )?;
    Ok(gone)
}

pub fn photo_arrived(connection: &Connection, id: &[u8; 16], arrived: u64, whole: bool) -> Result<()> {
    connection.execute("UPDATE photo SET arrived = ?2, whole = ?3 WHERE id = ?1", (id, arrived, whole))?;
    Ok(())
}

pub fn drop_photo(connection: &Connection, id: &[u8; 16]) -> Result<()> {
    connection.execute("DELETE FROM photo WHERE id = ?1", [id])?;
    Ok(())
}

/// Whole photos that HQ has not receipted, oldest first.
pub fn photos_waiting(connection: &Connection, limit: usize) -> Result<Vec<PhotoRow>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {PHOTO} FROM photo WHERE whole = 1 AND receipt IS NULL AND problem IS NULL ORDER BY created_ms, id LIMIT ?1"
    ))?;
    Ok(statement.query_map([limit], photo_row)?.collect::<rusqlite::Result<_>>()?)
}

pub fn set_upload(connection: &Connection, id: &[u8; 16], url: Option<&str>, sent: u64) -> Result<()> {
    connection.execute("UPDATE photo SET upload_url = ?2, sent = ?3 WHERE id = ?1", (id, url, sent))?;
    Ok(())
}

/// A receipt of HQ names the photo. Returns whose bytes may go.
pub fn photo_received(connection: &Connection, sha256: &[u8; 32], receipt: i64) -> Result<Vec<[u8; 16]>> {
    let mut statement = connection.prepare_cached(
        "UPDATE photo SET receipt = ?2, problem = NULL WHERE sha256 = ?1 AND receipt IS NULL RETURNING id",
    )?;
    Ok(statement.query_map((sha256, receipt), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// HQ erased the photo and takes it no more. Returns whose bytes may go.
pub fn photo_erased(connection: &Connection, sha256: &[u8; 32]) -> Result<Vec<[u8; 16]>> {
    let mut statement =
        connection.prepare_cached("UPDATE photo SET problem = 'erased' WHERE sha256 = ?1 RETURNING id")?;
    Ok(statement.query_map([sha256], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

pub fn photo_problem(connection: &Connection, id: &[u8; 16], reason: &str) -> Result<()> {
    connection.execute("UPDATE photo SET problem = ?2 WHERE id = ?1 AND receipt IS NULL", (id, reason))?;
    Ok(())
}

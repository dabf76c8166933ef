//! Runs of commits on their way to HQ, and HQ's receipts for them and for photos.

use rusqlite::{Connection, OptionalExtension};
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::hub::HubRun;
use xuncha_domain::protocol::v1::receipt::Receipt;

use crate::error::Result;

/// Runs named in one answer, newest first: months of one phone's packets.
const RUNS_MAX: u32 = 1_000;

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

//! What is left of commits that phones cannot read any more.

use xuncha_domain::protocol::v1::sync::Quarantined;

use super::{Error, Read, Tx};

/// Bytes of a damaged commit, as HQ lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    pub device: [u8; 16],
    pub chain: [u8; 16],
    pub seq: u64,
    pub hash: [u8; 32],
    pub reason: String,
    pub size: u64,
    pub received_ms: i64,
}

impl Read<'_> {
    pub fn is_quarantined(&self, device: &[u8; 16], hash: &[u8; 32]) -> Result<bool, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM quarantine WHERE device = ?1 AND hash = ?2)")?
            .query_row((device, hash), |row| row.get(0))?)
    }

    pub fn count_quarantined(&self, device: &[u8; 16]) -> Result<u32, Error> {
        Ok(self
            .conn
            .prepare_cached("SELECT count(*) FROM quarantine WHERE device = ?1")?
            .query_row([device], |row| row.get(0))?)
    }

    /// Newest first.
    pub fn quarantined(&self, limit: u32) -> Result<Vec<QuarantineRow>, Error> {
        let mut statement = self.conn.prepare_cached(
            "SELECT device, chain, seq, hash, reason, length(bytes), received_ms FROM quarantine
             ORDER BY received_ms DESC, hash LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            Ok(QuarantineRow {
                device: row.get(0)?,
                chain: row.get(1)?,
                seq: row.get(2)?,
                hash: row.get(3)?,
                reason: row.get(4)?,
                size: row.get(5)?,
                received_ms: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// The same again changes nothing.
    pub fn insert_quarantined(
        &self,
        device: &[u8; 16],
        what: &Quarantined,
        now_ms: i64,
    ) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO quarantine (device, hash, chain, seq, reason, bytes, received_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                device,
                what.hash,
                what.chain,
                i64::try_from(what.seq).unwrap_or(i64::MAX),
                &what.reason,
                &what.bytes,
                now_ms,
            ))?;
        Ok(())
    }
}

//! What devices brought lately: sums for their quotas.

use super::{Error, Read};

/// What one device brought since some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    pub bytes: u64,
    /// When the first of it came; none when nothing came.
    pub first_ms: Option<i64>,
}

impl Read<'_> {
    /// Packets of a device that were stored after `since_ms`.
    pub fn packets_brought(&self, device: &[u8; 16], since_ms: i64) -> Result<Brought, Error> {
        self.brought(
            "SELECT coalesce(sum(length(bytes)), 0), min(received_ms) FROM packets
             WHERE sender = ?1 AND received_ms > ?2",
            device,
            since_ms,
        )
    }

    /// Uploads that a device announced after `since_ms`, whole, whatever became of them.
    pub fn uploads_announced(&self, device: &[u8; 16], since_ms: i64) -> Result<Brought, Error> {
        self.brought(
            "SELECT coalesce(sum(size), 0), min(created_ms) FROM uploads WHERE device = ?1 AND created_ms > ?2",
            device,
            since_ms,
        )
    }

    fn brought(&self, sql: &str, device: &[u8; 16], since_ms: i64) -> Result<Brought, Error> {
        Ok(self
            .conn
            .prepare_cached(sql)?
            .query_row((device, since_ms), |row| Ok(Brought { bytes: row.get(0)?, first_ms: row.get(1)? }))?)
    }
}

//! What phones said about themselves when HQ last heard from them.

use super::{Error, Read, Tx, optional};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub seen_ms: i64,
    pub app_version: String,
    /// The phone's clock minus HQ's, half a round trip included.
    pub clock_ahead_ms: i64,
    pub visits_here: u32,
    pub photos_here: u32,
    pub oldest_here_ms: Option<i64>,
    pub free_bytes: Option<u64>,
    pub battery_percent: Option<u8>,
}

/// How stale a repeated report may be in the console.
const FRESH_MS: i64 = 60 * 1000;
/// A clock that drifts less than this is the same clock.
const CLOCK_SAME_MS: i64 = 2_000;

impl Report {
    /// Whether writing `later` would tell nobody anything.
    pub fn says_the_same(&self, later: &Self) -> bool {
        later.seen_ms.saturating_sub(self.seen_ms).abs() < FRESH_MS
            && later.clock_ahead_ms.saturating_sub(self.clock_ahead_ms).abs() < CLOCK_SAME_MS
            && *later
                == Self {
                    seen_ms: later.seen_ms,
                    clock_ahead_ms: later.clock_ahead_ms,
                    free_bytes: later.free_bytes,
                    ..self.clone()
                }
    }
}

impl Read<'_> {
    pub fn report(&self, device: &[u8; 16]) -> Result<Option<Report>, Error> {
        optional(
            self.conn
                .prepare_cached(
                    "SELECT seen_ms, app_version, clock_ahead_ms, visits_here, photos_here, oldest_here_ms, free_bytes,
                       battery_percent FROM reports WHERE device = ?1",
                )?
                .query_row([device], |row| {
                    Ok(Report {
                        seen_ms: row.get(0)?,
                        app_version: row.get(1)?,
                        clock_ahead_ms: row.get(2)?,
                        visits_here: row.get(3)?,
                        photos_here: row.get(4)?,
                        oldest_here_ms: row.get(5)?,
                        free_bytes: row.get(6)?,
                        battery_percent: row.get(7)?,
                    })
                }),
        )
    }
}

impl Tx<'_> {
    pub fn put_report(&self, device: &[u8; 16], report: &Report) -> Result<(), Error> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO reports (device, seen_ms, app_version, clock_ahead_ms, visits_here, photos_here,
                   oldest_here_ms, free_bytes, battery_percent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                device,
                report.seen_ms,
                &report.app_version,
                report.clock_ahead_ms,
                report.visits_here,
                report.photos_here,
                report.oldest_here_ms,
                report.free_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
                report.battery_percent,
            ))?;
        Ok(())
    }
}

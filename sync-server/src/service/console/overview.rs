//! The figures at the top of the console.

use crate::http::types::Overview;
use crate::service::{Error, Service};
use crate::storage::VisitFilter;

/// A phone that was not heard of for this long is silent: what it holds is unknown, not zero.
const SILENT_MS: i64 = 12 * 60 * 60 * 1000;
/// The city's day begins at midnight of UTC+8, all year.
const ZONE_MS: i64 = 8 * 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Service {
    pub fn overview(&self) -> Result<Overview, Error> {
        let now_ms = self.clock.now_ms();
        let today_ms = (now_ms + ZONE_MS).div_euclid(DAY_MS) * DAY_MS - ZONE_MS;
        self.storage.read(|read| {
            let conflicts = VisitFilter { conflicts_only: true, ..VisitFilter::default() };
            Ok(Overview {
                visits: read.count_calls(i64::MIN, i64::MAX)?,
                visits_today: read.count_calls(today_ms, today_ms + DAY_MS)?,
                conflicts: read.count_visits(&conflicts)?,
                venues: read.count_venues()?,
                devices: read.count_devices_open()?,
                devices_silent: read.count_devices_silent(now_ms.saturating_sub(SILENT_MS))?,
                photos_missing: read.count_photos_missing()?,
            })
        })
    }
}

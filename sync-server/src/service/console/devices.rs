//! Phones as the console lists them.

use super::desk::Desk;
use crate::http::types::DeviceRow;
use crate::service::{Error, Service};
use crate::storage::DeviceRecord;

impl Service {
    pub fn devices(&self) -> Result<Vec<DeviceRow>, Error> {
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            read.devices()?.into_iter().map(|device| desk.device(device)).collect()
        })
    }

    pub fn device_row(&self, id: &[u8; 16]) -> Result<DeviceRow, Error> {
        self.storage.read(|read| Desk::new(self, read).device(read.device(id)?.ok_or(Error::NotFound)?))
    }
}

impl Desk<'_, '_> {
    fn device(&self, device: DeviceRecord) -> Result<DeviceRow, Error> {
        let report = self.read.report(&device.id)?;
        let officer = self.read.officer(&device.officer)?;
        let team = match officer.and_then(|officer| officer.team) {
            Some(team) => self.read.team(&team)?,
            None => None,
        };
        Ok(DeviceRow {
            id: hex::encode(device.id),
            officer: hex::encode(device.officer),
            officer_name: self.name(&device.officer)?,
            team_name: team.map(|team| team.name),
            enrolled_ms: device.enrolled_ms,
            replaces: device.replaces.map(hex::encode),
            closed_ms: device.closed_ms,
            last_seen_ms: report.as_ref().map(|r| r.seen_ms),
            app_version: report.as_ref().map(|r| r.app_version.clone()),
            visits_here: report.as_ref().map(|r| r.visits_here),
            photos_here: report.as_ref().map(|r| r.photos_here),
            oldest_here_ms: report.as_ref().and_then(|r| r.oldest_here_ms),
            battery_percent: report.as_ref().and_then(|r| r.battery_percent).map(u32::from),
            free_bytes: report.as_ref().and_then(|r| r.free_bytes),
            clock_ahead_ms: report.as_ref().map(|r| r.clock_ahead_ms),
            forked: self.read.device_forked(&device.id)?,
            quarantined: self.read.count_quarantined(&device.id)?,
        })
    }
}

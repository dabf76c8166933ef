//! Phones: who a bearer token stands for, and closing them.

use super::{Changed, ConsoleUser, Error, Service, secret};
use crate::storage::DeviceRecord;

/// An enrolled phone that showed its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub id: [u8; 16],
    pub officer: [u8; 16],
    pub closed: bool,
}

impl Service {
    /// Who a bearer token stands for. A closed device still is somebody: its work is taken, its reading is not.
    pub fn device(&self, token: &[u8; 32]) -> Result<Device, Error> {
        let hash = secret::hash(token);
        let found = self.storage.read(|r| Ok::<_, Error>(r.device_by_token(&hash)?))?;
        let DeviceRecord { id, officer, closed_ms, .. } = found.ok_or(Error::DeviceUnknown)?;
        Ok(Device { id, officer, closed: closed_ms.is_some() })
    }

    /// Lost or handed in: nothing is served to it any more; what it still pushes is kept and held. Repeating is harmless.
    pub fn close_device(&self, user: &ConsoleUser, id: &[u8; 16]) -> Result<(), Error> {
        user.must_be_admin()?;
        self.storage.write(|tx| {
            tx.device(id)?.ok_or(Error::NotFound)?;
            Ok::<_, Error>(tx.close_device(id, self.clock.now_ms())?)
        })?;
        self.events.tell(Changed { devices: true, ..Changed::default() });
        Ok(())
    }
}

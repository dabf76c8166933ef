//! Phones: who a bearer token stands for, and closing them.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{EntityId, OfficerId, Scope, random};
use xuncha_domain::log::body::Entity;
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::model::{field, kind};

use super::author::Draft;
use super::{Changed, ConsoleUser, Error, Service, secret};
use crate::storage::{DeviceRecord, NewDevice, Tx};

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
    ///
    /// An op of HQ in the city scope: an HQ restored from an older backup gets it back from any phone.
    pub fn close_device(&self, user: &ConsoleUser, id: &[u8; 16]) -> Result<(), Error> {
        user.must_be_admin()?;
        self.storage.write(|tx| {
            if tx.device(id)?.ok_or(Error::NotFound)?.closed_ms.is_some() {
                return Ok(());
            }
            let close = Entity::new(kind::CLOSE, EntityId(*id));
            let draft = Draft::plain(close, field::FACT, Value::Int(self.clock.now_ms()));
            let counted = self.write_as_hq(tx, &Scope::city(), OfficerId(user.id), &[vec![draft]])?;
            self.project(tx, &counted)
        })?;
        self.events.tell(Changed { devices: true, ..Changed::default() });
        Ok(())
    }

    /// Writes a device into the register again whose certificate HQ signed and of which a backup knew nothing. Nobody has
    /// its token until the phone itself comes.
    pub(super) fn know_again(&self, tx: &Tx<'_>, certificate: &Certificate) -> Result<(), Error> {
        let id = certificate.device.0;
        if id == self.city.id.0 || tx.device(&id)?.is_some() {
            return Ok(());
        }
        let nobody: [u8; 32] = random(&*self.entropy);
        tx.insert_device(&NewDevice {
            id,
            officer: certificate.officer.0,
            public_key: &certificate.key.to_bytes(),
            certificate: certificate.as_bytes(),
            token_hash: secret::hash(nobody),
            replaces: None,
            enrolled_ms: certificate.issued_ms,
        })?;
        // The order to close it may have come back first.
        match tx.entity(&Scope::city(), kind::CLOSE, &EntityId(id))? {
            Some(close) => self.project(tx, &[close].into()),
            None => Ok(()),
        }
    }
}

//! What phones cannot read any more of their own commits: kept, and listed at the console with its reason.

use xuncha_domain::limits::COMMIT_BYTES_MAX;
use xuncha_domain::protocol::v1::sync::{QUARANTINED_MAX, Quarantined};

use super::{Device, Error, Service};
use crate::storage::QuarantineRow;

/// Of one device: a phone with more has lost its memory, and whoever sends more fills no disk with it.
const PER_DEVICE_MAX: u32 = 64;
const REASON_BYTES_MAX: usize = 64;
/// Rows of the list.
const LIST_MAX: u32 = 500;

impl Service {
    /// Keeps what a phone sent; what is over a limit stays with it.
    pub(super) fn keep_quarantined(
        &self,
        device: &Device,
        sent: &[Quarantined],
        now_ms: i64,
    ) -> Result<(), Error> {
        let fits =
            |one: &&Quarantined| one.bytes.len() <= COMMIT_BYTES_MAX && one.reason.len() <= REASON_BYTES_MAX;
        let sent: Vec<_> = sent.iter().take(QUARANTINED_MAX).filter(fits).collect();
        if sent.is_empty() {
            return Ok(());
        }
        self.storage.write(|tx| {
            for one in sent {
                if tx.count_quarantined(&device.id)? < PER_DEVICE_MAX {
                    tx.insert_quarantined(&device.id, one, now_ms)?;
                }
            }
            Ok(())
        })
    }

    pub fn quarantined(&self) -> Result<Vec<QuarantineRow>, Error> {
        self.storage.read(|read| Ok(read.quarantined(LIST_MAX)?))
    }
}

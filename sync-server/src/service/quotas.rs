//! How much one device may bring within an hour. What does not fit is not refused: it stays on the phone, which is told
//! when to come again.
//!
//! The sums are read from what is stored, so a restart forgets nothing, and repeats, which store nothing, cost nothing.
//! Two requests of one device at once may each use what is left; a quota keeps a disk from filling, and that much is spare.

use super::Device;
use crate::storage::Brought;

const HOUR_MS: i64 = 60 * 60 * 1000;
const MIB: u64 = 1024 * 1024;

/// A brigade's whole month is under 10 MiB; a hub that brings the work of many phones at once still fits.
const PACKETS_OPEN: u64 = 64 * MIB;
/// One full request: years of one officer's entries, and whoever found a lost phone fills no disk with it.
const PACKETS_CLOSED: u64 = 4 * MIB;
/// A thousand originals; no phone has the connection for more in an hour.
const UPLOADS_OPEN: u64 = 4_096 * MIB;
/// A full day's photos of one officer.
const UPLOADS_CLOSED: u64 = 256 * MIB;

/// What is left of an hour's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) bytes: u64,
    /// When the first of what fills it will have left the hour; seconds, at least one.
    pub(super) retry_after_s: u32,
}

/// The beginning of the hour that counts.
pub(super) fn since_ms(now_ms: i64) -> i64 {
    now_ms.saturating_sub(HOUR_MS)
}

pub(super) fn packets(device: &Device, brought: Brought, now_ms: i64) -> Room {
    room(if device.closed { PACKETS_CLOSED } else { PACKETS_OPEN }, brought, now_ms)
}

pub(super) fn uploads(device: &Device, brought: Brought, now_ms: i64) -> Room {
    room(if device.closed { UPLOADS_CLOSED } else { UPLOADS_OPEN }, brought, now_ms)
}

fn room(quota: u64, brought: Brought, now_ms: i64) -> Room {
    let waits_ms =
        brought.first_ms.map_or(0, |first_ms| first_ms.saturating_add(HOUR_MS).saturating_sub(now_ms));
    // Receipts of a clock that stood wrong must not shut a phone out for longer than the hour.
    let retry_after_s = u32::try_from(waits_ms.clamp(1, HOUR_MS).unsigned_abs().div_ceil(1_000)).unwrap_or(1);
    Room { bytes: quota.saturating_sub(brought.bytes), retry_after_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_comes_back_when_the_hour_has_passed() {
        let brought = |bytes, first_ms| Brought { bytes, first_ms };
        assert_eq!(room(10, brought(0, None), 5), Room { bytes: 10, retry_after_s: 1 });
        assert_eq!(room(10, brought(4, Some(1_000)), 2_000), Room { bytes: 6, retry_after_s: 3_599 });
        assert_eq!(room(10, brought(11, Some(9_000_000)), 0), Room { bytes: 0, retry_after_s: 3_600 });
        assert_eq!(room(10, brought(11, Some(0)), 9_000_000).retry_after_s, 1);
    }
}

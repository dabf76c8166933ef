//! Clocks. Time orders what is displayed and decides nothing else: work is never refused for its clock.

use jiff::civil::Date;
use jiff::tz::Offset;

/// China has one time zone, all year.
pub const CHINA: Offset = Offset::constant(8);

/// The day in China of a moment in milliseconds since 1970; day zero for what no calendar has.
pub fn day_in_china(at_ms: i64) -> Date {
    jiff::Timestamp::from_millisecond(at_ms).map(|at| CHINA.to_datetime(at).date()).unwrap_or_default()
}

/// The first moment of a day in China, in milliseconds since 1970 UTC; 0 for a day that no clock reaches.
pub fn midnight_in_china_ms(date: Date) -> i64 {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    CHINA.to_timestamp(midnight).map(|at| at.as_millisecond()).unwrap_or_default()
}

/// Where time comes from. Tests own one and can move it, also backwards.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC as the device believes them.
    fn now_ms(&self) -> i64;
    /// Milliseconds since some moment of this boot; never goes back within a boot.
    fn monotonic_ms(&self) -> i64;
    /// Names this boot of the device, so that monotonic times are compared only within one.
    fn boot_id(&self) -> [u8; 8];
}

/// How far HQ's clock is ahead of the device's, as measured at their last contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// HQ minus device.
    pub offset_ms: i64,
    /// Half the round trip of that contact.
    pub error_ms: i64,
}

impl ClockOffset {
    /// Takes HQ's `theirs_ms` to lie in the middle of a round trip from `sent_ms` to `received_ms` (as in NTP, RFC 5905).
    pub fn measured(sent_ms: i64, received_ms: i64, theirs_ms: i64) -> Self {
        // A clock of whole milliseconds is never surer than one.
        let half = (received_ms.saturating_sub(sent_ms) / 2).max(1);
        Self { offset_ms: theirs_ms.saturating_sub(sent_ms.saturating_add(half)), error_ms: half }
    }

    /// A device time put right; without a measured offset it is left as it is.
    pub fn correct(offset: Option<Self>, device_ms: i64) -> i64 {
        device_ms.saturating_add(offset.map_or(0, |o| o.offset_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_round_trip_counts() {
        let offset = ClockOffset::measured(1_000, 1_200, 5_100);
        assert_eq!(offset, ClockOffset { offset_ms: 4_000, error_ms: 100 });
        assert_eq!(ClockOffset::correct(Some(offset), 1_000), 5_000);
    }

    #[test]
    fn the_day_turns_at_midnight_in_china() {
        // 2020-01-23 16:30 UTC is half past midnight on the 24th.
        let date = day_in_china(1_579_797_000_000);
        assert_eq!(
            (date.to_string().as_str(), midnight_in_china_ms(date)),
            ("2020-01-24", 1_579_795_200_000)
        );
    }

    #[test]
    fn a_clock_that_jumps_back_during_the_contact_gives_the_least_error() {
        assert_eq!(ClockOffset::measured(1_000, 500, 1_000).error_ms, 1);
    }
}

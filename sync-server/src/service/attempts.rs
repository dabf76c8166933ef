//! How often someone may guess. Counts failures per key (a user name, an address) in a fixed window.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const WINDOW_MS: i64 = 5 * 60 * 1000;
/// A tired administrator gets it right within ten; ten in five minutes is far too slow for guessing.
const FAILURES_MAX: u32 = 10;
/// Keys come from outside. A full table means an attack with many names: then everyone new waits, nobody else.
const KEYS_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Attempts {
    failures: Mutex<HashMap<String, (i64, u32)>>,
}

impl Attempts {
    /// Seconds to wait before another attempt may be made under this key; none when it may be made now.
    pub(super) fn wait_s(&self, key: &str, now_ms: i64) -> Option<u32> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(key) {
            Some((since, count)) if *count >= FAILURES_MAX => remaining_s(*since, now_ms),
            None if failures.len() >= KEYS_MAX => remaining_s(now_ms, now_ms),
            _ => None,
        }
    }

    pub(super) fn failed(&self, key: &str, now_ms: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= KEYS_MAX {
            failures.retain(|_, (since, _)| remaining_s(*since, now_ms).is_some());
        }
        if failures.len() >= KEYS_MAX && !failures.contains_key(key) {
            return;
        }
        let entry = failures.entry(key.to_owned()).or_insert((now_ms, 0));
        if remaining_s(entry.0, now_ms).is_none() {
            *entry = (now_ms, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }

    pub(super) fn succeeded(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

fn remaining_s(since_ms: i64, now_ms: i64) -> Option<u32> {
    // A clock that was put back must not lock anyone out for longer than a window.
    let passed = now_ms.saturating_sub(since_ms).max(0);
    let left = WINDOW_MS - passed;
    if left <= 0 { None } else { Some(u32::try_from(left / 1000 + 1).unwrap_or(u32::MAX)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_wait_out_the_window() {
        let attempts = Attempts::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(attempts.wait_s("a", 0), None);
            attempts.failed("a", 0);
        }
        assert_eq!(attempts.wait_s("a", 0), Some(301));
        assert_eq!(attempts.wait_s("b", 0), None);
        assert_eq!(attempts.wait_s("a", WINDOW_MS), None);
    }

    #[test]
    fn the_table_is_bounded_and_empties_itself() {
        let attempts = Attempts::default();
        for i in 0..KEYS_MAX + 5 {
            attempts.failed(&format!("k{i}"), 0);
        }
        assert_eq!(attempts.failures.lock().unwrap().len(), KEYS_MAX);
        assert!(attempts.wait_s("new", 0).is_some());
        attempts.failed("later", WINDOW_MS);
        assert_eq!(attempts.failures.lock().unwrap().len(), 1);
        assert_eq!(attempts.wait_s("new", WINDOW_MS), None);
    }
}

//! What went well or wrong lately, by code and nothing else: no ids, no texts, no addresses. In memory and bounded, so a
//! start of the app begins anew.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::types::ErrorCode;

/// An hour of syncs of a phone that lies still, or the failures of one bad visit.
const KEPT_MAX: usize = 30;

#[derive(Default)]
pub struct Health(Mutex<Lately>);

#[derive(Clone, Default)]
pub struct Lately {
    /// When a sync ended, and why it failed; the last one first.
    pub syncs: VecDeque<(i64, Option<ErrorCode>)>,
    /// When a call failed, its name and its code; the last one first.
    pub failures: VecDeque<(i64, &'static str, ErrorCode)>,
}

impl Health {
    pub fn synced(&self, at_ms: i64, failed: Option<ErrorCode>) {
        let mut lately = self.state();
        lately.syncs.push_front((at_ms, failed));
        lately.syncs.truncate(KEPT_MAX);
    }

    pub fn failed(&self, at_ms: i64, call: &'static str, code: ErrorCode) {
        let mut lately = self.state();
        lately.failures.push_front((at_ms, call, code));
        lately.failures.truncate(KEPT_MAX);
    }

    pub fn lately(&self) -> Lately {
        self.state().clone()
    }

    fn state(&self) -> MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

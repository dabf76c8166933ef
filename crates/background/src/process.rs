//! The one phone of this process, and syncs that are asked for from outside of Rust.

#![cfg_attr(desktop, allow(dead_code, reason = "called by the schedulers of phones, and by the tests"))]

use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use xuncha_engine::{Options, Phone, Woken};

static PHONE: Mutex<Option<Phone>> = Mutex::new(None);

/// Counts the calls to stop.
static STOPS: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::Sender::new(0));

/// The phone of this process. The first caller opens it on `data`, whether that is the app or the platform's scheduler;
/// one that could not be opened is tried again.
pub fn phone(data: &Path) -> Phone {
    let mut held = PHONE.lock().unwrap_or_else(PoisonError::into_inner);
    match &*held {
        Some(phone) if phone.engine().is_ok() => phone.clone(),
        _ => held.insert(Phone::open(Options::system(data.into()))).clone(),
    }
}

/// One sync of at most `limit`; ends early when [`stop`] is called. Blocks.
pub(crate) fn sync(data: &Path, metered: Option<bool>, limit: Duration) -> Woken {
    let mut stops = STOPS.subscribe();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "no sync in the background");
            return Woken::Again;
        }
    };
    match phone(data).engine() {
        Ok(engine) => runtime.block_on(async {
            tokio::select! {
                woken = engine.sync_in_background(metered, limit) => woken,
                _ = stops.changed() => Woken::Again,
            }
        }),
        // A newer or damaged database: the officer is told when the app is opened, and no wait mends it.
        Err(why) => {
            tracing::warn!(?why, "no sync in the background");
            Woken::Done
        }
    }
}

/// Ends every sync of [`sync`]; what was sent so far counts.
pub(crate) fn stop() {
    STOPS.send_modify(|count| *count = count.wrapping_add(1));
}

/// How the other side names whether a connection costs by the byte: 0 no, 1 yes, anything else unknown.
pub(crate) fn metered(code: i32) -> Option<bool> {
    match code {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// What the other side is told: 0 done, 1 come back.
pub(crate) fn code(woken: Woken) -> i32 {
    match woken {
        Woken::Done => 0,
        Woken::Again => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because a process has one engine.
    #[test]
    fn a_woken_process_opens_its_engine_once_and_has_nothing_to_send_before_enrolment() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(code(sync(folder.path(), metered(-1), Duration::from_secs(60))), 0);
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(phone(elsewhere.path()).engine().is_ok());
        assert!(folder.path().join("xuncha.db").exists());
        assert!(!elsewhere.path().join("xuncha.db").exists());
    }
}

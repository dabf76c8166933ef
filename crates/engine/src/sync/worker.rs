//! The worker: syncs when there is new work, when asked, and now and then; backs off while HQ is out of reach.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::nudges::backoff;
use crate::api::types::ErrorCode;
use crate::engine::Engine;
use crate::error::Error;

/// With nothing to send, this often the phone asks for news.
const IDLE: Duration = Duration::from_secs(60);
/// After a failure: doubled each time that nothing got through, with jitter so that a city's phones do not come back
/// together.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Below [`IDLE`]: a phone that has work to send must not ask less often than one that has none.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// A link that carried something lately is mostly gone for seconds: then no wait is longer.
const LATELY_MS: i64 = 2 * 60 * 1000;
const BACKOFF_LATELY: Duration = Duration::from_secs(4);
/// HQ's quotas are by the hour; a mistaken answer must not silence a phone for longer than this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);
/// Several photos are taken in a row: wait a moment and send them together.
const SETTLE: Duration = Duration::from_millis(500);

/// Runs until the runtime ends.
pub async fn run(engine: Engine) {
    let mut failures: u32 = 0;
    let mut moved_ms = None;
    loop {
        let wait = match super::run(&engine).await {
            Ok(()) => {
                failures = 0;
                IDLE
            }
            Err(Error::Refused(ErrorCode::NotEnrolled, _)) => IDLE,
            Err(error) => {
                // A link that breaks every few seconds still carries something each time: only a run in vain makes the
                // next wait longer, or a day's photos would wait minutes for each few seconds of network.
                let now_ms = engine.0.options.clock.monotonic_ms();
                if engine.0.progress.moved.load(Ordering::Relaxed) {
                    failures = 0;
                    moved_ms = Some(now_ms);
                }
                let lately = moved_ms.is_some_and(|moved_ms| now_ms.saturating_sub(moved_ms) < LATELY_MS);
                let most = if lately { BACKOFF_LATELY } else { BACKOFF_MAX };
                tracing::debug!(%error, failures, "sync waits");
                let wait = backoff(&engine, BACKOFF_MIN, most, failures);
                failures = failures.saturating_add(1);
                wait
            }
        };
        let asked = Duration::from_secs(engine.0.progress.retry_after_s.load(Ordering::Relaxed).into());
        if !asked.is_zero() {
            // Nothing that happens here makes room at HQ.
            tokio::time::sleep(asked.min(RETRY_AFTER_MAX)).await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // New work does not shorten the back-off to nothing: HQ is still out of reach.
            () = engine.0.work.notified() => {
                tokio::time::sleep(if failures == 0 { SETTLE } else { BACKOFF_MIN.min(wait) }).await;
            }
            // Whatever failed over the old network may work now.
            () = engine.0.network.notified() => failures = 0,
        }
    }
}

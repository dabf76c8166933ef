//! HQ's nudges: an event stream that says "something new" while the app is in the foreground, so that a colleague's work
//! appears within seconds and not with the next look.

use std::time::Duration;

use xuncha_domain::ids::random;

use super::client::Client;
use crate::engine::Engine;
use crate::store::meta;

/// After a stream that ended or never began; doubled each time, with jitter.
const BACKOFF_MIN: Duration = Duration::from_secs(2);
const BACKOFF_MAX: Duration = Duration::from_secs(120);
/// A stream that lived so long was a good one: the next begins at once.
const GOOD_MS: i64 = 60_000;
/// Phones that hear the same nudge come one after the other, and not more often than this.
const SPREAD: Duration = Duration::from_secs(4);

/// Listens whenever the app is in the foreground. Runs until the runtime ends.
pub async fn run(engine: Engine) {
    let mut failures: u32 = 0;
    loop {
        let began = engine.0.options.clock.monotonic_ms();
        tokio::select! {
            () = listen(&engine) => {}
            () = in_background(&engine) => {}
        }
        foreground(&engine).await;
        let lived = engine.0.options.clock.monotonic_ms().saturating_sub(began);
        failures = if lived >= GOOD_MS { 0 } else { failures.saturating_add(1) };
        tokio::select! {
            () = tokio::time::sleep(backoff(&engine, BACKOFF_MIN, BACKOFF_MAX, failures)) => {}
            // Another network: whatever failed may work now.
            () = engine.0.network.notified() => failures = 0,
        }
    }
}

/// One stream, until it ends.
async fn listen(engine: &Engine) {
    let Ok(Some(enrolment)) = engine.read(meta::enrolment) else { return };
    let client = Client::new(&*engine.0.options.transport, &enrolment.server_url, &enrolment.token);
    let nudged = tokio::sync::Notify::new();
    let heard = |data: &[u8]| {
        // Every sync tells HQ of a phone's state: only news of records is a reason to ask.
        if contains(data, br#""visits":true"#) {
            nudged.notify_one();
        }
    };
    let spread = async {
        loop {
            nudged.notified().await;
            tokio::time::sleep(SPREAD.mul_f64(share(engine))).await;
            engine.wake_sync();
        }
    };
    tokio::select! {
        ended = client.listen(&heard) => tracing::debug!(?ended, "the event stream ended"),
        () = spread => {}
    }
}

async fn foreground(engine: &Engine) {
    let mut foreground = engine.0.foreground.subscribe();
    // Fails only when the engine is gone, and this task with it.
    let _ = foreground.wait_for(|is| *is).await;
}

async fn in_background(engine: &Engine) {
    let mut foreground = engine.0.foreground.subscribe();
    let _ = foreground.wait_for(|is| !*is).await;
}

/// How long to wait after so many failures: `min`, doubled each time up to `max`, with jitter.
pub fn backoff(engine: &Engine, min: Duration, max: Duration, failures: u32) -> Duration {
    min.saturating_mul(2_u32.saturating_pow(failures.min(10))).min(max).mul_f64(share(engine))
}

/// Between half and all.
fn share(engine: &Engine) -> f64 {
    let [byte] = random::<1>(&*engine.0.options.entropy);
    0.5 + f64::from(byte) / 512.0
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}

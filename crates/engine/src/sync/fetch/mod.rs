//! Other phones' photos, when somebody opens them: thumbnails by themselves, originals on a tap.
//!
//! Fetched by ranges, so that a break costs one piece; shown only when the SHA-256 that the photo's record names is right.
//! What is fetched is a cache of what HQ holds, and the only thing on a phone that is removed to make room.

mod cache;
mod wanted;

use std::time::Duration;

use futures_util::future::join_all;

use super::Session;
use super::client::BlobPart;
use super::nudges::backoff;
use crate::api::types::{Changes, FetchState};
use crate::engine::Engine;
use crate::error::{Error, Result};

pub use cache::{clear, folder, open, sweep};
pub use wanted::{Want, Wanted};

/// After a failure of the link; doubled each time, with jitter.
const BACKOFF_MIN: Duration = Duration::from_secs(2);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Fetches whatever is wanted. Runs until the runtime ends.
pub async fn run(engine: Engine) {
    let mut failures: u32 = 0;
    loop {
        match once(&engine).await {
            Ok(()) => {
                failures = 0;
                engine.0.wanted.rung.notified().await;
            }
            Err(error) => {
                tracing::debug!(%error, failures, "photos are fetched later");
                tokio::select! {
                    () = tokio::time::sleep(backoff(&engine, BACKOFF_MIN, BACKOFF_MAX, failures)) => {}
                    () = engine.0.network.notified() => failures = 0,
                }
                failures = failures.saturating_add(1);
            }
        }
    }
}

/// Fetches what is wanted now. What cannot be had is no longer wanted, and its reason is kept for the screen.
///
/// # Errors
/// The link failed; what is wanted stays wanted, and goes on at the byte where it broke off.
pub async fn once(engine: &Engine) -> Result<()> {
    let Some(session) = Session::of(engine)? else { return Ok(()) };
    loop {
        let wants = engine.0.wanted.next(engine.0.options.transport.lanes());
        if wants.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        for (want, result) in join_all(wants.into_iter().map(|want| one(&session, want))).await {
            match result {
                Ok(state) => engine.0.wanted.done(&want, state),
                Err(error) if error.lost() || matches!(error, Error::HqBusy { .. }) => failed = Some(error),
                Err(error) => {
                    tracing::warn!(%error, "a photo was not fetched");
                    engine.0.wanted.done(&want, Some(FetchState::Failed));
                }
            }
            engine.emit(&Changes { visits: vec![want.visit.to_string()], ..Changes::default() });
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

async fn one(session: &Session<'_>, want: Want) -> (Want, Result<Option<FetchState>>) {
    let result = bring(session, &want).await;
    (want, result)
}

/// Why it is not here now; none when it is.
async fn bring(session: &Session<'_>, want: &Want) -> Result<Option<FetchState>> {
    let Session { engine, client, .. } = session;
    let pull = &engine.0.progress.pace.pull;
    let mut part = cache::Part::open(engine, want)?;
    while !part.complete() {
        let began = engine.0.options.clock.monotonic_ms();
        let answer = client.blob_part(&want.sha256, part.at(), pull.bytes() as u64).await;
        match answer.inspect_err(|_| pull.lost())? {
            BlobPart::Part { bytes, size } => {
                pull.acknowledged(bytes.len(), engine.0.options.clock.monotonic_ms() - began);
                part.append(&bytes, size)?;
            }
            BlobPart::NotThere => return Ok(Some(FetchState::NotAtHq)),
            // What lies here is not a beginning of it.
            BlobPart::Beyond => part.restart()?,
        }
        engine.emit(&Changes { visits: vec![want.visit.to_string()], ..Changes::default() });
    }
    part.finish()?;
    Ok(None)
}

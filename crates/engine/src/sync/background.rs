//! One bounded sync for a platform's scheduler: Android's WorkManager and iOS's BGTaskScheduler wake the phone for seconds
//! or minutes, and ask afterwards whether to come back soon.

use std::time::Duration;

use crate::api::sending;
use crate::api::status::counts_here;
use crate::api::types::{ErrorCode, PictureKind};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta;

/// What a scheduler that woke the phone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Everything that may go is at HQ, or only the officer can do more: the next regular time is soon enough.
    Done,
    /// Work is left or HQ was out of reach: come back, with the scheduler's own back-off.
    Again,
}

/// A run that is under way is waited for: returning at once would let the platform freeze the process in its middle.
pub async fn run(engine: &Engine, metered: Option<bool>, limit: Duration) -> Woken {
    engine.set_metered(metered);
    let outcome = match tokio::time::timeout(limit, super::run_next(engine)).await {
        Ok(Ok(())) => left(engine),
        Ok(Err(Error::Refused(ErrorCode::NotEnrolled, _))) => Ok(Woken::Done),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(Woken::Again),
    };
    outcome.unwrap_or_else(|error| {
        tracing::debug!(%error, "the sync in the background waits");
        Woken::Again
    })
}

fn left(engine: &Engine) -> Result<Woken> {
    let (photos, commits, policy) = engine.read(|connection| {
        let (_, photos, commits) = counts_here(connection, false)?;
        Ok((photos, commits, meta::photo_policy(connection, PictureKind::Original)?))
    })?;
    let photos_may_go = photos > 0 && sending::wait(engine, policy).is_none();
    Ok(if commits > 0 || photos_may_go { Woken::Again } else { Woken::Done })
}

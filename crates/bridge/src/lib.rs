//! The engine behind HTTP on loopback, so that a plain browser drives the real phone UI: for development, for machines
//! without a display, and for tests in Chromium.
//!
//! It is no part of a release and carries no rule: it translates calls, photos and events. Any page in any browser
//! on this machine can reach a loopback port, so everything but the public files of the UI asks for a random key.

mod answer;
mod events;
mod routes;

use std::future::Future;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use xuncha_engine::Phone;

/// Serves `phone` and the built UI in `ui_dist` on `listener` until `shutdown` completes, then suspends it.
///
/// Whoever knows `key` can do whatever the officer can. Open connections are dropped at the end, because the event
/// stream of a page never ends by itself.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    phone: Phone,
    listener: TcpListener,
    ui_dist: &Path,
    key: String,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    let router = routes::router(phone.clone(), ui_dist, key);
    let ended = tokio::select! {
        served = axum::serve(listener, router) => served.context("serving the bridge"),
        () = shutdown => Ok(()),
    };
    tokio::task::spawn_blocking(move || phone.suspend()).await.context("suspending the engine")?;
    ended
}

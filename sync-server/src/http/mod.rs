//! HTTP: reads headers, bounds bodies, calls the service on a blocking thread, translates back. No rule lives here.
//!
//! The router is the map: console, phones, pages.

mod accounts;
mod app;
mod blobs;
mod console_user;
mod device;
mod enrol;
mod erase;
mod error;
mod events;
mod json;
mod ledger;
mod openapi;
mod pages;
mod people;
mod photos;
mod ranged;
mod snapshot;
mod sync;
mod things;
pub mod types;
mod visits;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xuncha_domain::limits::SYNC_BODY_BYTES_MAX;

use crate::service::Service;

pub use app::App;
pub use openapi::document;

/// Console requests are forms.
const CONSOLE_BODY_BYTES_MAX: usize = 64 * 1024;

/// A code and a key.
const ENROL_BODY_BYTES_MAX: usize = 4 * 1024;

/// A hundred names.
const THINGS_BODY_BYTES_MAX: usize = 4 * 1024;

/// Serves until `shutdown` ends, then lets running requests finish; event streams are ended.
pub(crate) async fn serve(
    service: Arc<Service>,
    ui: Option<PathBuf>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (ending, ended) = tokio::sync::watch::channel(false);
    let app = App::new(service, ended);
    let service = router(app, ui).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            shutdown.await;
            let _ = ending.send(true);
        })
        .await
}

/// Everything that HQ answers.
pub fn router(app: App, ui: Option<PathBuf>) -> Router {
    let (console, document) = console().split_for_parts();
    let console = console
        .route("/api/openapi.json", openapi::route(document))
        .layer(DefaultBodyLimit::max(CONSOLE_BODY_BYTES_MAX))
        .layer(from_fn(console_user::no_forgery));
    Router::new()
        .merge(console)
        .merge(phones())
        .merge(pages::router(ui))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// The console, by cookie session. Route and OpenAPI entry are one thing, so they cannot differ.
fn console() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::head())
        // signing in
        .routes(routes!(accounts::setup_needed, accounts::set_up))
        .routes(routes!(accounts::session, accounts::sign_in, accounts::sign_out))
        // reading
        .routes(routes!(people::reference))
        .routes(routes!(visits::overview))
        .routes(routes!(visits::visits))
        .routes(routes!(visits::visit))
        .routes(routes!(visits::conflicts))
        .routes(routes!(visits::duplicates))
        .routes(routes!(photos::photo))
        .routes(routes!(events::console))
        // ledgers
        .routes(routes!(ledger::ledgers))
        .routes(routes!(ledger::ledger, ledger::add_row))
        .routes(routes!(ledger::ledger_row, ledger::set_row))
        .routes(routes!(ledger::venues))
        .routes(routes!(ledger::assign))
        // settling
        .routes(routes!(visits::resolve))
        .routes(routes!(visits::review))
        .routes(routes!(visits::decide_duplicate))
        // erasing
        .routes(routes!(erase::erase_orders, erase::give_erase_order))
        // people and devices
        .routes(routes!(people::officers, people::add_officer))
        .routes(routes!(people::move_officer))
        .routes(routes!(people::teams))
        .routes(routes!(people::devices))
        .routes(routes!(people::quarantine))
        .routes(routes!(people::close_device))
        .routes(routes!(people::enrol_code))
}

/// Phones, by device token.
fn phones() -> Router<App> {
    Router::new()
        .route("/v1/enroll", post(enrol::enrol).layer(DefaultBodyLimit::max(ENROL_BODY_BYTES_MAX)))
        .route("/v1/sync", post(sync::sync).layer(DefaultBodyLimit::max(SYNC_BODY_BYTES_MAX)))
        .route("/v1/events", get(events::phone))
        .route("/v1/snapshot/{*scope}", get(snapshot::snapshot))
        .route("/v1/things", post(things::things).layer(DefaultBodyLimit::max(THINGS_BODY_BYTES_MAX)))
        .merge(blobs::router())
        .layer(map_response(error::for_phones))
}

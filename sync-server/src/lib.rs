//! HQ: takes what the phones recorded, keeps it, judges it, and shows the city.
//!
//! `http` translates, [`service`] holds the rules, [`storage`] the SQL, [`blobs`] the bytes of photos. [`serve`] runs all of
//! it on any listener until a future ends, so that tests and the simulation start it like the binary does.

pub mod blobs;
pub mod http;
pub mod service;
pub mod storage;
pub mod system;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::service::{BackupError, Error, Manifest, Service, Settings};

/// What a server needs to know.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Folder of the database and the photos; made when missing.
    pub data: PathBuf,
    /// Folder with the built console (`console.html`, `assets`).
    pub ui: Option<PathBuf>,
    /// Under which phones and browsers reach this server.
    pub public_url: Option<String>,
    /// Name of the city for screens; none keeps the one given before.
    pub city_name: Option<String>,
}

impl Config {
    /// Opens the data with the machine's own clock and randomness.
    pub fn open(&self) -> Result<Arc<Service>, Error> {
        let settings = Settings {
            data: &self.data,
            public_url: self.public_url.clone(),
            city_name: self.city_name.clone(),
        };
        let clock = Arc::new(system::SystemClock::new());
        Service::open(settings, clock, Arc::new(system::SystemEntropy)).map(Arc::new)
    }
}

/// [`service::restore`] with the machine's own clock and randomness.
pub fn restore(backup: &Path, data: &Path) -> Result<Manifest, BackupError> {
    service::restore(backup, data, Arc::new(system::SystemClock::new()), Arc::new(system::SystemEntropy))
}

/// Opens the data that `config` names and serves it on `listener` until `shutdown` ends.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let service = config.open()?;
    Ok(serve_service(service, config.ui, listener, shutdown).await?)
}

/// Serves an open service, with whatever clock it was opened, until `shutdown` ends; then lets running requests finish.
pub async fn serve_service(
    service: Arc<Service>,
    ui: Option<PathBuf>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    http::serve(service, ui, listener, shutdown).await
}

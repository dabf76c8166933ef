//! What every handler gets.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::error::Problem;
use crate::service::{Error, Service};

/// Blocking calls at once. Two cores are busy with far fewer; the rest would only hold memory.
const BLOCKING_MAX: usize = 32;
/// Calls that may wait for their turn. Beyond it a storm is told to come back instead of growing a queue.
const WAITING_MAX: usize = 1_000;
/// Open event streams: every console and phone of a city, several times over.
const STREAMS_MAX: usize = 2_000;

#[derive(Clone)]
pub struct App {
    service: Arc<Service>,
    blocking: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    pub(super) streams: Arc<Semaphore>,
    pub(super) ended: watch::Receiver<bool>,
}

impl App {
    /// `ended` turns true when the server shuts down.
    pub fn new(service: Arc<Service>, ended: watch::Receiver<bool>) -> Self {
        Self {
            service,
            blocking: Arc::new(Semaphore::new(BLOCKING_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            ended,
        }
    }

    /// For calls that do not block.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Runs a call of the service on a blocking thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Service) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        let permit = Arc::clone(&self.blocking).acquire_owned().await.map_err(|_| Error::Busy)?;
        let service = Arc::clone(&self.service);
        let called = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            call(&service)
        });
        Ok(called.await.map_err(|_| Error::Internal("a call of the service ended early"))??)
    }
}

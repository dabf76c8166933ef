//! HQ in this process: its real rules behind its real HTTP, without a socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use tempfile::TempDir;
use tower::ServiceExt as _;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;
use xuncha_engine::transport::{Request, Response};
use xuncha_server::http::{App, router};
use xuncha_server::service::{Service, Settings};
use xuncha_tests::world::copy_folder;

use crate::nature::folder;

/// Nothing of HQ's is larger.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
pub const ADDRESS: &str = "http://hq.example";

pub struct Hq {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    running: Mutex<Running>,
}

struct Running {
    service: Arc<Service>,
    folder: TempDir,
}

impl Hq {
    /// HQ on a copy of `data`.
    pub fn on(data: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let running = Mutex::new(start(data, &clock, &entropy));
        Self { clock, entropy, running }
    }

    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.running.lock().expect("no panic under the lock").service)
    }

    /// The machine loses power: what goes on is what lay in the folder at that moment.
    pub fn crash(&self) {
        let mut running = self.running.lock().expect("no panic under the lock");
        let now = start(running.folder.path(), &self.clock, &self.entropy);
        *running = now;
    }

    /// A copy of everything, as a backup takes it.
    pub fn backup(&self) -> TempDir {
        let copy = folder();
        copy_folder(self.running.lock().expect("no panic under the lock").folder.path(), copy.path());
        copy
    }

    pub fn restore(&self, backup: &Path) {
        *self.running.lock().expect("no panic under the lock") = start(backup, &self.clock, &self.entropy);
    }

    /// Answers a request of which the bytes after `cut` never come.
    pub async fn hear(&self, request: Request, cut: Option<usize>) -> Response {
        let (_ending, ended) = tokio::sync::watch::channel(false);
        let router = router(App::new(self.service(), ended), None);
        let mut builder = axum::http::Request::builder()
            .method(request.method)
            .uri(request.url.strip_prefix(ADDRESS).unwrap_or("/"))
            .header("content-length", request.body.len())
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let whole = Bytes::from(request.body);
        let body = match cut {
            None => Body::from(whole),
            Some(end) => Body::from_stream(tokio_stream::iter([
                Ok(whole.slice(..end)),
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
            ])),
        };
        let answer = router.oneshot(builder.body(body).expect("a request")).await.expect("infallible");
        let (head, body) = answer.into_parts();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        let body = axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.expect("a body in memory");
        Response { status: head.status.as_u16(), headers: headers.collect(), body: body.to_vec() }
    }
}

fn start(data: &Path, clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> Running {
    let folder = folder();
    copy_folder(data, folder.path());
    let settings = Settings { data: folder.path(), public_url: Some(ADDRESS.into()), city_name: None };
    let service = Service::open(settings, Arc::clone(clock), Arc::clone(entropy)).expect("HQ opens");
    Running { service: Arc::new(service), folder }
}

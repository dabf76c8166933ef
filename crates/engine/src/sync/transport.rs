//! What carries a request to HQ and its answer back: the seam between what is said and how it travels.
//!
//! On phones [`Http`]; the simulation puts HQ itself and a faulty network behind the same trait.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::timeout;
use xuncha_domain::limits;

use super::body;
use super::patience::{self, Moved};

/// A link that does not even connect in this time is tried again later.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A hub on the same hotspot answers at once; its other addresses are tried after this.
const HUB_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// HQ's event stream says something every 15 seconds.
const EVENTS_SILENT_MAX: Duration = Duration::from_secs(30);
/// A connection that was idle for longer may have died with a network that the phone has left.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// Uploads at once.
const LANES: usize = 3;
/// A feed page is at most as large as a push.
const ANSWER_BYTES_MAX: usize = 2 * limits::SYNC_BODY_BYTES_MAX;
const EVENT_STREAM: &str = "text/event-stream";
/// HQ's events are a few words of JSON.
const EVENT_LINE_BYTES_MAX: usize = 4 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `HEAD`, `PATCH` or `GET`.
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Lowercase names.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Without any progress for so long, in either direction, the connection is taken for dead.
    pub patience: Duration,
}

/// An answer as it arrived, which need not be HQ's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Lowercase names.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this lowercase name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// No whole answer came. Whether the request arrived is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    Unreachable,
    /// The answer is longer than any of HQ's.
    TooLong,
}

pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, Lost>> + Send + 'a>>;

pub trait Transport: Send + Sync {
    /// Sends a request and waits for the whole answer. Follows no redirect and repeats nothing by itself.
    fn send(&self, request: Request) -> Answer<'_>;

    /// How many uploads at once carry more than one after the other: a link with long delays stands idle while a single
    /// one waits for its answer.
    fn lanes(&self) -> usize {
        1
    }

    /// Opens a stream of events and calls `heard` with the data of each, until it ends. Without one of its own, a
    /// transport hears nothing, and the phone asks now and then.
    fn listen<'a>(&'a self, _request: Request, _heard: &'a Heard<'a>) -> Ended<'a> {
        Box::pin(std::future::pending())
    }
}

/// Takes the data of an event.
pub type Heard<'a> = dyn Fn(&[u8]) + Send + Sync + 'a;
/// Why an event stream ended; none when HQ closed it.
pub type Ended<'a> = Pin<Box<dyn Future<Output = Result<(), Lost>> + Send + 'a>>;

/// How a phone reaches hubs.
pub trait Hubs: Send + Sync {
    /// What carries requests to the hub whose TLS certificate has this SHA-256, and to no other.
    fn reach(&self, pin: [u8; 32]) -> Arc<dyn Transport>;
}

/// Hubs over the phone's own network.
pub struct PinnedHttp;

impl Hubs for PinnedHttp {
    fn reach(&self, pin: [u8; 32]) -> Arc<dyn Transport> {
        Arc::new(Http { pin: Some(pin), ..Http::default() })
    }
}

/// HTTP over the phone's own network.
#[derive(Default)]
pub struct Http {
    /// Made at the first request; none when this device cannot do TLS at all.
    client: OnceLock<Option<reqwest::Client>>,
    /// The only certificate that is accepted, by its SHA-256; none for those of the web.
    pin: Option<[u8; 32]>,
}

impl Http {
    fn client(&self) -> Result<&reqwest::Client, Lost> {
        self.client.get_or_init(|| client(self.pin)).as_ref().ok_or(Lost::Unreachable)
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let client = self.client()?;
            let method = reqwest::Method::from_bytes(request.method.as_bytes());
            let mut builder = client.request(method.map_err(|_| Lost::Unreachable)?, request.url);
            for (name, value) in request.headers {
                builder = builder.header(name, value);
            }
            let moved = Moved::default();
            let sending = builder.body(body::counted(request.body, &moved)).send();
            let exchange = async { received(sending.await.map_err(unreachable)?, &moved).await };
            patience::watch(request.patience, &moved, exchange).await.unwrap_or(Err(Lost::Unreachable))
        })
    }

    fn lanes(&self) -> usize {
        LANES
    }

    fn listen<'a>(&'a self, request: Request, heard: &'a Heard<'a>) -> Ended<'a> {
        Box::pin(async move {
            let client = self.client()?;
            let mut builder = client.get(request.url);
            for (name, value) in request.headers {
                builder = builder.header(name, value);
            }
            let response = timeout(EVENTS_SILENT_MAX, builder.send()).await.map_err(|_| Lost::Unreachable)?;
            let response = response.map_err(unreachable)?;
            let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
            // A captive portal answers with a page, and a refusal has another status.
            if response.status().as_u16() != 200 || !kind.is_some_and(|kind| kind.starts_with(EVENT_STREAM)) {
                return Err(Lost::Unreachable);
            }
            events(response, heard).await
        })
    }
}

/// Reads the lines of an event stream, until it is dead.
async fn events(mut response: reqwest::Response, heard: &Heard<'_>) -> Result<(), Lost> {
    let mut line = Vec::new();
    loop {
        let chunk = timeout(EVENTS_SILENT_MAX, response.chunk()).await.map_err(|_| Lost::Unreachable)?;
        let Some(chunk) = chunk.map_err(unreachable)? else { return Ok(()) };
        for byte in chunk {
            if byte == b'\n' {
                if let Some(data) = line.strip_prefix(b"data:") {
                    heard(data.trim_ascii());
                }
                line.clear();
            } else if line.len() < EVENT_LINE_BYTES_MAX {
                line.push(byte);
            } else {
                return Err(Lost::TooLong);
            }
        }
    }
}

fn client(pin: Option<[u8; 32]>) -> Option<reqwest::Client> {
    let (tls, connect_timeout) = match pin {
        Some(pin) => (crate::hub::tls::client(pin)?, HUB_CONNECT_TIMEOUT),
        None => (tls(), CONNECT_TIMEOUT),
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // One connection for each request under way: what is given up takes its dead connection with it, and what is lost
        // on one holds up no other.
        .http1_only()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .inspect_err(|error| tracing::error!(%error, "no HTTP client"))
        .ok()
}

/// Certificates of the web, checked with ring: it builds for every phone without a C toolchain of its own.
fn tls() -> rustls::ClientConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    match rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        // ring supports the default versions.
        Err(_) => unreachable!("ring supports TLS 1.2 and 1.3"),
    }
}

async fn received(mut response: reqwest::Response, moved: &Moved) -> Result<Response, Lost> {
    moved.more();
    let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers = response.headers().iter();
    let headers =
        headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        moved.more();
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Lost::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

fn unreachable(error: reqwest::Error) -> Lost {
    tracing::debug!(error = %error.without_url(), "HQ is out of reach");
    Lost::Unreachable
}

//! The hub's listener: TLS and HTTP/1.1 in, [`hear`] does the rest.
//!
//! It runs on a thread of its own while the officer's screen says so. A phone's system stops it when the app is not in
//! the foreground (Android freezes sockets of background apps, iOS ends them): the screen says to leave it open.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use xuncha_domain::protocol::v1::hub::{ADDRESSES_MAX, BODY_BYTES_MAX};

use super::hear::hear;
use super::store::HubStore;
use crate::engine::{Engine, Inner};
use crate::error::Result;
use crate::sync::transport::{Request, Response};

/// Eight to ten phones fit on a phone's hotspot; each body may take some MB of memory.
const CONNECTIONS_MAX: usize = 16;
/// A phone on the same hotspot needs a fraction of a second.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// No byte for so long: the phone has left.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A piece of a photo is 512 KiB; only a sync request may be longer.
const PIECE_BYTES_MAX: usize = 1024 * 1024;
/// The headers that are read; the others are not.
const HEADERS: [&str; 4] = ["authorization", "upload-length", "upload-metadata", "upload-offset"];

/// A running listener; dropping it ends it.
pub struct Listening {
    pub port: u16,
    _stop: oneshot::Sender<()>,
}

/// Listens on every IPv4 network of this device. `port` 0 takes a free one.
pub fn listen(engine: &Engine, store: Arc<HubStore>, port: u16) -> Result<Listening> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let tls = TlsAcceptor::from(Arc::new(store.identity.server()?));
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // A listener does not keep the engine open.
    let engine = Arc::downgrade(&engine.0);
    std::thread::Builder::new().name("hub".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                () = accept(listener, tls, engine, store) => {}
                _ = stopped => {}
            }
        });
        // What blocks on the disk ends by itself.
        runtime.shutdown_timeout(Duration::from_secs(1));
    })?;
    Ok(Listening { port, _stop: stop })
}

/// This device's addresses, private networks first: a hotspot is one.
pub fn addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut found: Vec<Ipv4Addr> = interfaces
        .iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(address) if !address.is_loopback() && !address.is_link_local() => Some(address),
            _ => None,
        })
        .collect();
    found.sort_by_key(|address| !address.is_private());
    found.dedup();
    found.truncate(ADDRESSES_MAX);
    if found.is_empty() {
        // Without any network only this device itself can connect, and a code needs an address.
        found.push(Ipv4Addr::LOCALHOST);
    }
    found.into_iter().map(IpAddr::V4).collect()
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, engine: Weak<Inner>, store: Arc<HubStore>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the hub cannot listen"),
    };
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let socket = match listener.accept().await {
            Ok((socket, _)) => socket,
            Err(error) => {
                // Out of sockets: some are given back by timeouts.
                tracing::warn!(%error, "the hub could not accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        // Whoever comes when all places are taken tries again by itself.
        let Ok(place) = Arc::clone(&connections).try_acquire_owned() else { continue };
        let (tls, engine, store) = (tls.clone(), Weak::clone(&engine), Arc::clone(&store));
        tokio::spawn(async move {
            let _place = place;
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(socket)).await else {
                return;
            };
            let service = service_fn(|request| answer(&engine, &store, request));
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(READ_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                tracing::debug!(%error, "a phone left the hub");
            }
        });
    }
}

/// The engine is gone: the connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the hub is closed")]
struct Closed;

async fn answer(
    engine: &Weak<Inner>,
    store: &Arc<HubStore>,
    request: hyper::Request<Incoming>,
) -> std::result::Result<hyper::Response<Full<Bytes>>, Closed> {
    let (head, body) = request.into_parts();
    let method = match head.method.as_str() {
        "POST" => "POST",
        "HEAD" => "HEAD",
        "PATCH" => "PATCH",
        _ => return Ok(status(405)),
    };
    let path = head.uri.path().to_owned();
    let max = if path == "/v1/sync" { BODY_BYTES_MAX } else { PIECE_BYTES_MAX };
    let Some((body, whole)) = read(body, max).await else { return Ok(status(413)) };
    let header = |name: &'static str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).map(|value| (name, value.to_owned()))
    };
    let headers = HEADERS.into_iter().filter_map(header).collect();
    let request = Request { method, url: path, headers, body, patience: READ_TIMEOUT };
    let (engine, store) = (Weak::clone(engine), Arc::clone(store));
    let heard = tokio::task::spawn_blocking(move || {
        let engine = Engine(engine.upgrade()?);
        Some(hear(&engine, &store, &request, whole))
    });
    heard.await.ok().flatten().map(response).ok_or(Closed)
}

/// The body as far as it came, and whether that is all of it; none when it is longer than `max`.
async fn read(mut body: Incoming, max: usize) -> Option<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    loop {
        match tokio::time::timeout(READ_TIMEOUT, body.frame()).await {
            Ok(None) => return Some((bytes, true)),
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                if bytes.len() + data.len() > max {
                    return None;
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Some(Err(_))) | Err(_) => return Some((bytes, false)),
        }
    }
}

fn status(status: u16) -> hyper::Response<Full<Bytes>> {
    response(Response { status, headers: Vec::new(), body: Vec::new() })
}

fn response(answer: Response) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        hyper::StatusCode::from_u16(answer.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

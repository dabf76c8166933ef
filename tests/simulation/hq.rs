//! HQ in this process: its real rules behind its real HTTP, without a socket. Two nodes serve one store.

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
use xuncha_server::service::{Service, Settings, restore};
use xuncha_tests::random::Random;
use xuncha_tests::world::copy_folder;

use crate::disk::{Fate, Machine, SimDisk};
use crate::nature::folder;
use crate::network::Counts;

/// Nothing of HQ's is larger.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
pub const ADDRESS: &str = "http://hq.example";
const NODES: usize = 2;
/// Requests that the other node answers before a killed one is started again, at most.
const DOWN_MAX: u64 = 12;
/// A request makes at most about so many writes.
const WRITES: u64 = 12;

pub struct Hq {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    counts: Counts,
    running: Mutex<Running>,
}

struct Running {
    random: Random,
    folder: TempDir,
    machine: Arc<Machine>,
    nodes: Vec<Node>,
    /// Everything works, and the first node serves.
    calm: bool,
    /// What another phone does in the middle of one of the next requests.
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

struct Node {
    /// None while it is down.
    service: Option<Arc<Service>>,
    disk: Arc<SimDisk>,
    busy: bool,
    /// Requests until it is started again.
    down_for: u64,
}

/// A node that answers a request.
struct Serving {
    node: usize,
    service: Arc<Service>,
    disk: Arc<SimDisk>,
    power_fails: bool,
}

impl Hq {
    /// HQ on a copy of `data`, without faults until it is told otherwise.
    pub fn on(
        data: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        counts: Counts,
        seed: u64,
    ) -> Self {
        let folder = folder();
        copy_folder(data, folder.path());
        let running = Running {
            random: Random::seeded(seed),
            folder,
            machine: Arc::default(),
            nodes: Vec::new(),
            calm: true,
            meanwhile: None,
        };
        let hq = Self { clock, entropy, counts, running: Mutex::new(running) };
        hq.with(|running| hq.start(running));
        hq
    }

    /// A node that runs.
    pub fn service(&self) -> Arc<Service> {
        self.with(|running| {
            let up = running.nodes.iter().find_map(|node| node.service.clone());
            up.unwrap_or_else(|| self.start_node(running, 0))
        })
    }

    pub fn set_calm(&self, calm: bool) {
        self.with(|running| {
            running.calm = calm;
            for node in 0..NODES {
                if calm && running.nodes[node].service.is_none() {
                    self.start_node(running, node);
                }
            }
        });
    }

    /// Lets something happen in the middle of one of the next requests.
    pub fn set_meanwhile(&self, meanwhile: Option<Box<dyn FnOnce() + Send>>) {
        self.with(|running| running.meanwhile = meanwhile);
    }

    /// The machine loses power: what goes on is what had reached the disk.
    pub fn power_cut(&self) {
        self.with(|running| {
            running.nodes.iter().for_each(|node| node.disk.end());
            let Running { machine, folder, random, .. } = running;
            running.folder = machine.after_power_cut(folder.path(), random);
            self.start(running);
        });
    }

    /// One node is stopped and started.
    pub fn restart_node(&self) {
        self.with(|running| {
            let node = running.random.below(NODES as u64) as usize;
            running.nodes[node].service = None;
            self.start_node(running, node);
        });
    }

    /// Changes the register and what HQ made of commits as an upgrade or a person at HQ would, then restarts a node.
    pub fn change(&self, sql: &str) {
        self.with(|running| {
            let database = rusqlite::Connection::open(running.folder.path().join("hq.sqlite"));
            database.expect("the database").execute_batch(sql).expect("a change");
        });
        self.restart_node();
    }

    /// Looks at its data folder.
    pub fn look<T>(&self, look: impl FnOnce(&Path) -> T) -> T {
        self.with(|running| look(running.folder.path()))
    }

    /// A copy of its data folder.
    pub fn copied(&self) -> TempDir {
        let copy = folder();
        self.with(|running| copy_folder(running.folder.path(), copy.path()));
        copy
    }

    /// What somebody at HQ does every night.
    pub fn back_up(&self) -> TempDir {
        let backup = folder();
        self.service().backup(backup.path()).expect("a backup");
        backup
    }

    pub fn restore(&self, backup: &Path) {
        self.with(|running| {
            running.folder = folder();
            let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
            restore(backup, running.folder.path(), clock, entropy).expect("a restored HQ");
            self.start(running);
        });
    }

    /// Answers a request of which the bytes after `cut` never come; none when the connection breaks.
    pub async fn hear(&self, request: Request, cut: Option<usize>) -> Option<Response> {
        let serving = self.with(|running| self.take_node(running))?;
        let answer = answer(Arc::clone(&serving.service), request, cut).await;
        self.with(|running| self.put_back(running, &serving));
        if serving.power_fails && serving.disk.ended() {
            self.power_cut();
        }
        (!serving.disk.ended()).then_some(answer)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Running) -> T) -> T {
        work(&mut self.running.lock().expect("no panic under the lock"))
    }

    fn start(&self, running: &mut Running) {
        running.machine = Arc::default();
        running.nodes.clear();
        for node in 0..NODES {
            let disk = SimDisk::of(&running.machine);
            running.nodes.push(Node { service: None, disk, busy: false, down_for: 0 });
            self.start_node(running, node);
        }
    }

    fn start_node(&self, running: &mut Running, node: usize) -> Arc<Service> {
        let disk = SimDisk::of(&running.machine);
        let settings =
            Settings { data: running.folder.path(), public_url: Some(ADDRESS.into()), city_name: None };
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let service = Service::open_on(Arc::clone(&disk) as Arc<_>, settings, clock, entropy);
        let service = Arc::new(service.expect("HQ opens"));
        running.nodes[node] = Node { service: Some(Arc::clone(&service)), disk, busy: false, down_for: 0 };
        service
    }

    /// Chooses a node and what befalls it.
    fn take_node(&self, running: &mut Running) -> Option<Serving> {
        for node in 0..NODES {
            running.nodes[node].down_for = running.nodes[node].down_for.saturating_sub(1);
            if running.nodes[node].service.is_none() && running.nodes[node].down_for == 0 {
                self.start_node(running, node);
            }
        }
        let free = |node: &usize| running.nodes[*node].service.is_some() && !running.nodes[*node].busy;
        let free: Vec<usize> = (0..NODES).filter(free).collect();
        if free.is_empty() {
            return None;
        }
        let node = if running.calm { free[0] } else { *running.random.one_of(&free) };
        let nested = running.nodes.iter().any(|node| node.busy);
        let disk = Arc::clone(&running.nodes[node].disk);
        let power_fails = !nested && !running.calm && self.doom(running, &disk);
        running.nodes[node].busy = true;
        let service = running.nodes[node].service.clone()?;
        Some(Serving { node, service, disk, power_fails })
    }

    /// Whether a fate that strikes takes the whole machine along.
    fn doom(&self, running: &mut Running, disk: &SimDisk) -> bool {
        let after = running.random.below(WRITES);
        if running.random.chance(50)
            && let Some(meanwhile) = running.meanwhile.take()
        {
            disk.doom(after, Fate::Waits(meanwhile));
            return false;
        }
        match running.random.below(100) {
            0..3 => disk.doom(after, Fate::Ends),
            3..6 => {
                disk.doom(after, Fate::Ends);
                return true;
            }
            6..9 => disk.doom(after, Fate::Full),
            _ => {}
        }
        false
    }

    fn put_back(&self, running: &mut Running, serving: &Serving) {
        if serving.disk.full() {
            self.counts.add("HQ's disk full");
        }
        match serving.disk.relieve() {
            Some(Fate::Waits(meanwhile)) => running.meanwhile = Some(meanwhile),
            Some(_) => {}
            None if serving.disk.ended() && serving.power_fails => {
                self.counts.add("HQ lost power in a request")
            }
            None if serving.disk.ended() => self.counts.add("a node killed in a request"),
            None => {}
        }
        let down_for = 1 + running.random.below(DOWN_MAX);
        let node = &mut running.nodes[serving.node];
        // After a power cut of a request inside this one, other processes run.
        if Arc::ptr_eq(&node.disk, &serving.disk) {
            node.busy = false;
            if serving.disk.ended() {
                (node.service, node.down_for) = (None, down_for);
            }
        }
    }
}

async fn answer(service: Arc<Service>, request: Request, cut: Option<usize>) -> Response {
    let (_ending, ended) = tokio::sync::watch::channel(false);
    let router = router(App::new(service, ended), None);
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

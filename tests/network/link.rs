//! A bad link as a TCP proxy: bandwidth and delay shared by all connections, times without any network, connections that
//! are cut in the middle of a body or go dead without a word.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use xuncha_tests::random::Random;

/// About a packet.
const PIECE_BYTES: usize = 1_400;
/// More than the link holds at its bandwidth and delay.
const PIECES_IN_FLIGHT: usize = 1_024;
/// A connection that breaks by itself does so within its first bytes upwards, this many at most: mostly inside a photo.
const BREAKS_WITHIN_BYTES: u64 = 400_000;
/// HQ learns of a dead connection so much later than the phone.
const HQ_KNOWS_LATER: Duration = Duration::from_secs(60);
/// Without network nobody answers a phone that wants to connect, and it gives up after its connect time-out. A proxy can
/// only accept, say nothing, and end it when the phone would have.
const UNANSWERED: Duration = Duration::from_secs(10);
/// Nobody keeps a dead connection longer.
const DEAD_MAX: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// In each direction.
    pub bits_per_second: u64,
    /// One way.
    pub delay: Duration,
    pub on: Duration,
    pub off: Duration,
    /// How many connections break by themselves.
    pub breaking_percent: u64,
    /// Whether some go dead instead of being cut.
    pub dead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Weather {
    Good,
    On,
    Off,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Closed,
    Cut,
    /// Nothing comes through any more and nobody says so.
    Dead,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    cut: AtomicU64,
    dead: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

struct Shared {
    shape: Shape,
    target: String,
    weather: watch::Sender<Weather>,
    up: Lane,
    down: Lane,
    random: Mutex<Random>,
    counters: Counters,
}

/// Lives until it is dropped.
pub struct Link {
    shared: Arc<Shared>,
    address: String,
    runtime: Runtime,
}

impl Link {
    /// A link to HQ that is good for now.
    pub fn to(hq: &str, shape: Shape, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            shape,
            target: hq.strip_prefix("http://").unwrap().to_owned(),
            weather: watch::Sender::new(Weather::Good),
            up: Lane::default(),
            down: Lane::default(),
            random: Mutex::new(Random::seeded(seed)),
            counters: Counters::default(),
        });
        let accepting = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&accepting).connection(phone));
            }
        });
        Self { shared, address, runtime }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// From here on it is on and off by turns.
    pub fn becomes_bad(&self) {
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move {
            loop {
                shared.weather.send_replace(Weather::On);
                sleep(shared.shape.on).await;
                shared.weather.send_replace(Weather::Off);
                sleep(shared.shape.off).await;
            }
        });
    }

    /// What went through and what did not, against the bytes that had to.
    pub fn report(&self, bytes: usize) -> String {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { connections, refused, unanswered, cut, dead, up, down } = &self.shared.counters;
        format!(
            "{} connections: {} cut, {} gone dead, {} refused and {} unanswered without network; {} bytes up \
             ({:.2} times the photos), {} bytes down",
            of(connections),
            of(cut),
            of(dead),
            of(refused),
            of(unanswered),
            of(up),
            of(up) as f64 / bytes as f64,
            of(down),
        )
    }
}

impl Shared {
    fn chance(&self, percent: u64) -> bool {
        self.random.lock().unwrap().chance(percent)
    }

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A cut, or where the link has such, half of the time a silent death.
    fn a_bad_end(&self) -> End {
        if self.shape.dead && self.chance(50) { End::Dead } else { End::Cut }
    }

    async fn connection(self: Arc<Self>, phone: TcpStream) {
        Self::count(&self.counters.connections);
        let weather = *self.weather.borrow();
        let (mut from_phone, mut to_phone) = phone.into_split();
        if weather == Weather::Off {
            match self.a_bad_end() {
                End::Dead => {
                    Self::count(&self.counters.unanswered);
                    swallow(&mut from_phone, UNANSWERED).await;
                }
                _ => Self::count(&self.counters.refused),
            }
            return;
        }
        let Ok(hq) = TcpStream::connect(&self.target).await else { return };
        let (mut from_hq, mut to_hq) = hq.into_split();
        let breaks = weather == Weather::On && self.chance(self.shape.breaking_percent);
        let breaks_after =
            if breaks { self.random.lock().unwrap().below(BREAKS_WITHIN_BYTES) } else { u64::MAX };
        let broken = Notify::new();
        let end = {
            let Counters { up, down, .. } = &self.counters;
            let up = self.carry(&mut from_phone, &mut to_hq, &self.up, up, (breaks_after, &broken));
            let down = self.carry(&mut from_hq, &mut to_phone, &self.down, down, (u64::MAX, &broken));
            tokio::select! {
                _ = async { tokio::join!(up, down) } => End::Closed,
                () = broken.notified() => self.a_bad_end(),
                end = self.ended_by_weather() => end,
            }
        };
        match end {
            End::Closed => {}
            End::Cut => Self::count(&self.counters.cut),
            End::Dead => {
                Self::count(&self.counters.dead);
                swallow(&mut from_phone, DEAD_MAX).await;
                drop(to_phone);
                sleep(HQ_KNOWS_LATER).await;
            }
        }
    }

    /// Of the connections that meet a time without network a third survives it and goes on behind it.
    async fn ended_by_weather(&self) -> End {
        let mut weather = self.weather.subscribe();
        loop {
            if weather.wait_for(|now| *now == Weather::Off).await.is_err() || !self.chance(33) {
                return self.a_bad_end();
            }
            if weather.wait_for(|now| *now != Weather::Off).await.is_err() {
                return End::Cut;
            }
        }
    }

    /// One direction of one connection: each piece takes its share of the bandwidth, and arrives a delay later.
    async fn carry(
        &self,
        from: &mut OwnedReadHalf,
        to: &mut OwnedWriteHalf,
        lane: &Lane,
        counter: &AtomicU64,
        (breaks_after, broken): (u64, &Notify),
    ) {
        let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_IN_FLIGHT);
        let read = async move {
            let mut carried = 0;
            let mut piece = vec![0; PIECE_BYTES];
            while let Ok(length @ 1..) = from.read(&mut piece).await {
                let bad = *self.weather.borrow() != Weather::Good;
                if bad {
                    lane.turn(length, self.shape.bits_per_second).await;
                }
                let due = Instant::now() + if bad { self.shape.delay } else { Duration::ZERO };
                carried += length as u64;
                counter.fetch_add(length as u64, Ordering::Relaxed);
                if carried > breaks_after {
                    broken.notify_one();
                    // The connection ends before another byte of it is carried.
                    std::future::pending::<()>().await;
                }
                if sender.send((due, piece[..length].to_vec())).await.is_err() {
                    break;
                }
            }
        };
        let mut weather = self.weather.subscribe();
        let write = async move {
            while let Some((due, piece)) = pieces.recv().await {
                sleep_until(due).await;
                let through = weather.wait_for(|now| *now != Weather::Off).await.is_ok();
                if !through || to.write_all(&piece).await.is_err() {
                    return;
                }
            }
            let _ = to.shutdown().await;
        };
        tokio::join!(read, write);
    }
}

/// Takes what still comes and answers nothing, until the other side gives up or `longest` is over.
async fn swallow(from: &mut OwnedReadHalf, longest: Duration) {
    let mut rest = vec![0; PIECE_BYTES];
    let _ = timeout(longest, async { while let Ok(1..) = from.read(&mut rest).await {} }).await;
}

/// The bandwidth of one direction, which all connections share.
#[derive(Default)]
struct Lane(Mutex<Option<Instant>>);

impl Lane {
    async fn turn(&self, bytes: usize, bits_per_second: u64) {
        let takes = Duration::from_nanos(bytes as u64 * 8 * 1_000_000_000 / bits_per_second);
        let done = {
            let mut free = self.0.lock().unwrap();
            let now = Instant::now();
            let done = free.map_or(now, |free| free.max(now)) + takes;
            *free = Some(done);
            done
        };
        sleep_until(done).await;
    }
}

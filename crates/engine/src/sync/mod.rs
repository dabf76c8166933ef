//! Sync: one round trip pushes and pulls; photos follow by tus. Nothing here is ever waited for by a screen.
//!
//! [`run`] repeats rounds until nothing is left: [`request`] plans what to send from what no receipt names, [`client`]
//! says it over a [`transport`], [`apply`] takes the answer into the database, [`photos`] sends pictures, each by an
//! [`upload`], as large as [`pace`] allows. [`worker`] decides when.

pub mod apply;
pub mod background;
mod body;
pub mod client;
pub mod enroll;
pub mod fetch;
pub mod nudges;
mod pace;
pub mod patience;
mod photos;
pub mod request;
mod restored;
mod scopes;
pub mod snapshot;
mod things;
pub mod transport;
pub mod upload;
pub mod worker;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta;
use crate::{hub, write};

use xuncha_domain::log::packet::Compression;

use client::Client;
use pace::Pace;
use request::Going;

/// Rounds of one run. Each moves up to 16 packets or a page of the feed: a phone that was away for a year needs fewer.
const ROUNDS_MAX: usize = 2_000;

/// Commits that were fetched because a packet follows them, in one run. Each is the place of another fork.
const STUCK_MAX: u32 = 100;

/// How far the running sync is; read by every screen, kept in memory only.
#[derive(Default)]
pub struct Progress {
    /// Held by the one run there is.
    turn: tokio::sync::Mutex<()>,
    pub running: AtomicBool,
    pub bytes_sent: AtomicU64,
    pub bytes_total: AtomicU64,
    /// Whether this run left less to do: a receipt, news, or a piece of a photo.
    pub moved: AtomicBool,
    /// Seconds that HQ asked this phone to stay away after this run; 0 when it did not.
    pub retry_after_s: AtomicU32,
    /// 0 before the first attempt.
    pub last_attempt_ms: AtomicI64,
    pub last_error: Mutex<Option<ErrorCode>>,
    pub pace: Pace,
    /// HQ does not know our dictionary: packets go uncompressed until the app ends.
    pub uncompressed: AtomicBool,
    /// HQ keeps no more damaged commits of this phone: none is offered until the app ends.
    pub aside_full: AtomicBool,
}

impl Progress {
    fn set_error(&self, error: Option<ErrorCode>) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    pub fn error(&self) -> Option<ErrorCode> {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many more bytes are to be sent.
    pub fn expect(&self, bytes: u64) {
        self.bytes_total.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn compression(&self) -> Compression {
        if self.uncompressed.load(Ordering::Relaxed) { Compression::None } else { Compression::Zstd }
    }

    pub fn set_retry_after(&self, seconds: Option<u32>) {
        self.retry_after_s.store(seconds.unwrap_or(0), Ordering::Relaxed);
    }
}

/// What a round leaves to do.
pub struct Round {
    /// HQ or this phone has more, and this round moved something.
    more: bool,
    changes: Changes,
}

/// Syncs until nothing is left to send or to fetch. A second run beside a running one returns at once.
pub async fn run(engine: &Engine) -> Result<()> {
    match engine.0.progress.turn.try_lock() {
        Ok(turn) => run_in(engine, turn).await,
        Err(_) => Ok(()),
    }
}

/// As [`run`], after the run that there may be now.
pub async fn run_next(engine: &Engine) -> Result<()> {
    run_in(engine, engine.0.progress.turn.lock().await).await
}

/// Says that a sync runs, until it is dropped: a platform's scheduler may drop a run at any point.
struct Running<'a> {
    engine: &'a Engine,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.engine.0.progress.running.store(false, Ordering::Release);
        self.engine.emit(&Changes { sync: true, ..Changes::default() });
    }
}

async fn run_in(engine: &Engine, turn: tokio::sync::MutexGuard<'_, ()>) -> Result<()> {
    let progress = &engine.0.progress;
    progress.running.store(true, Ordering::Release);
    let _running = Running { engine, _turn: turn };
    progress.last_attempt_ms.store(engine.now_ms(), Ordering::Relaxed);
    progress.bytes_sent.store(0, Ordering::Relaxed);
    progress.bytes_total.store(0, Ordering::Relaxed);
    progress.moved.store(false, Ordering::Relaxed);
    progress.retry_after_s.store(0, Ordering::Relaxed);
    engine.emit(&Changes { sync: true, ..Changes::default() });
    let mut result = rounds(engine).await;
    if result.as_ref().is_err_and(Error::is_damage) {
        engine.mend();
        result = rounds(engine).await;
    }
    if let Err(Error::HqBusy { retry_after_s }) = &result {
        progress.retry_after_s.store(*retry_after_s, Ordering::Relaxed);
    }
    let failed = result.as_ref().err().map(Error::code);
    progress.set_error(failed);
    engine.0.health.synced(engine.now_ms(), failed);
    hub::after_sync(engine, &result).await;
    result
}

async fn rounds(engine: &Engine) -> Result<()> {
    // The journal becomes a commit at a sync.
    engine.write(|transaction, pen| write::flush_all(transaction, pen))?;
    engine.set_damaged_aside()?;
    enroll::renew_if_key_is_gone(engine).await?;
    let session =
        Session::of(engine)?.ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))?;
    session.exchange().await?;
    if engine.write(|transaction, pen| write::reissue(transaction, pen))? {
        session.exchange().await?;
    }
    session.bring_wanted().await?;
    photos::send(&session).await?;
    hub::forward(engine, &session.client, &session.enrolment).await
}

/// A conversation with HQ.
struct Session<'a> {
    engine: &'a Engine,
    client: Client<'a>,
    enrolment: meta::Enrolment,
}

impl<'a> Session<'a> {
    /// None before enrolment.
    fn of(engine: &'a Engine) -> Result<Option<Self>> {
        let Some(enrolment) = engine.read(meta::enrolment)? else { return Ok(None) };
        let client = Client::new(&*engine.0.options.transport, &enrolment.server_url, &enrolment.token);
        Ok(Some(Self { engine, client, enrolment }))
    }

    /// Pushes and pulls until neither side has more.
    async fn exchange(&self) -> Result<()> {
        let mut going = Going::default();
        let mut known = true;
        let mut stuck = 0;
        // Erase orders for which a snapshot stands act before HQ hears that it was read.
        self.bring_wanted().await?;
        for _ in 0..ROUNDS_MAX {
            match self.round(&mut going).await {
                // HQ was restored from a backup that is older than this phone's enrolment.
                Err(error) if known && error.code() == ErrorCode::DeviceUnknown => {
                    enroll::come_back(self.engine, &self.client, &self.enrolment).await?;
                    known = false;
                }
                Err(error) => return Err(error),
                Ok(round) => {
                    self.engine.emit(&round.changes);
                    if std::mem::take(&mut going.stuck) {
                        stuck += 1;
                        if stuck > STUCK_MAX {
                            return Err(Error::Refused(
                                ErrorCode::ServerAnswer,
                                "a packet follows what HQ lacks",
                            ));
                        }
                        self.bring_wanted().await?;
                    } else if !self.jump(&mut going).await? && !round.more {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Fetches what is wanted. What HQ cannot give keeps nothing else back.
    async fn bring_wanted(&self) -> Result<()> {
        match things::bring(self).await {
            Err(error) if error.lost() || matches!(error, Error::HqBusy { .. }) => Err(error),
            Err(error) => {
                tracing::error!(%error, "what a snapshot lacks does not come");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Takes snapshots of scopes of which this phone lacks much. True when there was one, or it is known now that there is
    /// none and the feed is to be read.
    async fn jump(&self, going: &mut Going) -> Result<bool> {
        let mut goes_on = false;
        for scope in std::mem::take(&mut going.far) {
            if going.no_snapshot.contains(&scope) {
                continue;
            }
            goes_on = true;
            match snapshot::take(self, &scope).await {
                Ok(true) => self.bring_wanted().await?,
                Err(error) if snapshot::comes_back(&error) => return Err(error),
                other => {
                    tracing::warn!(%scope, ?other, "the feed is read instead of a snapshot");
                    going.no_snapshot.insert(scope);
                }
            }
        }
        Ok(goes_on)
    }

    async fn round(&self, going: &mut Going) -> Result<Round> {
        let Self { engine, client, enrolment } = self;
        let progress = &engine.0.progress;
        // Before the cursors say that this phone has obeyed.
        engine.scrub();
        let planned = request::plan(engine, enrolment, going)?;
        let bytes = xuncha_domain::protocol::v1::encode(&planned.request);
        let size = bytes.len();
        progress.expect(size as u64);
        let started = engine.0.options.clock.monotonic_ms();
        let answer = client.sync(bytes).await.inspect_err(|error| {
            if error.lost() {
                progress.pace.push.lost();
            }
        })?;
        let took = engine.0.options.clock.monotonic_ms().saturating_sub(started);
        progress.pace.push.acknowledged(size, took);
        progress.sent(size as u64);
        progress.set_retry_after(answer.retry_after_s);
        let round = apply::apply(engine, enrolment, going, &planned, answer, took)?;
        engine.scrub();
        Ok(round)
    }
}

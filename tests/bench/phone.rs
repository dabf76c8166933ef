//! A phone of the bench: the real engine on a folder, with the workload's time and a count of what goes over the air.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use xuncha_domain::time::Clock;
use xuncha_engine::api::types::{
    AddReading, Answer, ApiError, Enroll, FindVenues, ItemView, LeadLevel, NewVisit, Position, ReadingInput,
    SetAnswer, SetMember, SetNote, VisitKind, VisitMode, VisitRef, VisitView,
};
use xuncha_engine::system::SystemClock;
use xuncha_engine::transport::{self, Http, Request, Transport};
use xuncha_engine::{Engine, Options};

use crate::workload::{self, Inspection};

/// What the workload's clock says, or the machine's while that is 0.
#[derive(Default)]
struct WorkClock(AtomicI64);

impl Clock for WorkClock {
    fn now_ms(&self) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            0 => SystemClock.now_ms(),
            at => at,
        }
    }
    /// Runs with the wall clock, so that it never seems to have jumped.
    fn monotonic_ms(&self) -> i64 {
        self.now_ms()
    }
    fn boot_id(&self) -> [u8; 8] {
        [1; 8]
    }
}

/// Requests and their bytes with headers, without TCP and IP.
#[derive(Default)]
pub(crate) struct Traffic {
    http: Http,
    pub(crate) requests: AtomicU64,
    pub(crate) up: AtomicU64,
    pub(crate) down: AtomicU64,
}

impl Transport for Traffic {
    fn send(&self, request: Request) -> transport::Answer<'_> {
        Box::pin(async move {
            let headers =
                request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
            let line = request.method.len() + request.url.len() + 12;
            self.up.fetch_add((line + headers + request.body.len()) as u64, Ordering::Relaxed);
            self.requests.fetch_add(1, Ordering::Relaxed);
            let response = self.http.send(request).await?;
            let headers =
                response.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
            self.down.fetch_add((headers + response.body.len()) as u64, Ordering::Relaxed);
            Ok(response)
        })
    }
}

pub(crate) struct Phone {
    pub(crate) engine: Engine,
    pub(crate) traffic: Arc<Traffic>,
    /// How long each answer took until it was on the disk and drawn.
    pub(crate) taps: Mutex<Vec<Duration>>,
    clock: Arc<WorkClock>,
    folder: PathBuf,
}

impl Phone {
    /// Opens the phone in this folder, making it when it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let (clock, traffic) = (Arc::new(WorkClock::default()), Arc::new(Traffic::default()));
        let options = Options {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            transport: Arc::clone(&traffic) as Arc<dyn Transport>,
            ..Options::system(folder.into())
        };
        let (engine, taps) = (Engine::open(options)?, Mutex::default());
        Ok(Self { engine, traffic, taps, clock, folder: folder.into() })
    }

    pub(crate) fn enrol(&self, code: &str, address: &str) -> Result<()> {
        let enroll = Enroll { text: code.into(), server_url: Some(address.into()) };
        self.engine.enroll(enroll).map(drop).map_err(said)
    }

    /// The app is closed; its database is one file then. Returns its folder.
    pub(crate) fn close(self) -> PathBuf {
        drop(self.engine);
        self.folder
    }

    pub(crate) fn set_clock(&self, ms: i64) {
        self.clock.0.store(ms, Ordering::Relaxed);
    }

    pub(crate) fn sync(&self) -> Result<()> {
        self.set_clock(0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.engine.sync_once()).map_err(said)
    }

    /// Taps a whole inspection as an officer would, one durable call after the other. Returns the visit's id.
    pub(crate) fn inspect(&self, venue: &str, done: &Inspection) -> Result<String> {
        self.set_clock(done.start);
        let found = FindVenues { text: venue.into(), ..FindVenues::default() };
        let venue = self.engine.venues_find(found).map_err(said)?;
        let mut view = self
            .engine
            .visit_start(NewVisit {
                venue: venue.first().context("the register has not arrived")?.id.clone(),
                kind: VisitKind::Inspection,
                mode: VisitMode::OnSite,
                lead_level: LeadLevel::Brigade,
                purpose: "routine".into(),
                position: Some(Position {
                    lat_e7: (done.lat * 1e7) as i32,
                    lon_e7: (done.lon * 1e7) as i32,
                    accuracy_m: 20,
                }),
            })
            .map_err(said)?;
        let visit = view.summary.id.clone();
        for officer in done.insp.iter().skip(1) {
            let (officer, token) = (officer.clone(), String::new());
            let member = SetMember { visit: visit.clone(), officer, present: true, token };
            view = self.engine.visit_member(member).map_err(said)?;
        }
        for line in &done.answers {
            self.set_clock(line.t);
            let item = workload::item(&line.i);
            view = self.answer(&view, item, workload::answer(&line.v))?;
            if let Some(text) = &line.n {
                let (text, token) = (text.clone(), String::new());
                let note = SetNote { visit: visit.clone(), item: Some(item.into()), text, token };
                view = self.engine.visit_note(note).map_err(said)?;
            }
        }
        for temp in &done.temps {
            self.set_clock(temp.t);
            let reading = ReadingInput {
                temperature_dc: (temp.d.parse::<f64>()? * 10.0).round() as i32,
                site: "air".into(),
                indoor: true,
                ambient_dc: None,
                sequence: "first".into(),
                subject: Some(temp.s.clone()),
            };
            self.engine
                .reading_add(AddReading { visit: visit.clone(), reading, retest_of: None })
                .map_err(said)?;
        }
        self.set_clock(done.finish);
        Ok(visit)
    }

    pub(crate) fn finish(&self, visit: &str) -> Result<()> {
        self.engine.visit_finish(VisitRef { visit: visit.into() }).map(drop).map_err(said)
    }

    pub(crate) fn leave(&self, visit: &str) -> Result<()> {
        self.engine.visit_leave(VisitRef { visit: visit.into() }).map(drop).map_err(said)
    }

    pub(crate) fn view(&self, visit: &str) -> Result<VisitView> {
        self.engine.visit_get(VisitRef { visit: visit.into() }).map_err(said)
    }

    /// Answers an item on what `view` draws of it.
    #[expect(clippy::disallowed_methods, reason = "how long a tap really took")]
    pub(crate) fn answer(&self, view: &VisitView, item: &str, answer: Answer) -> Result<VisitView> {
        let token = drawn(view, item)?.answer.token.clone();
        let visit = view.summary.id.clone();
        let tapped = Instant::now();
        let view =
            self.engine.visit_answer(SetAnswer { visit, item: item.into(), answer, token }).map_err(said);
        self.taps.lock().expect("no panic").push(tapped.elapsed());
        view
    }
}

pub(crate) fn drawn<'v>(view: &'v VisitView, item: &str) -> Result<&'v ItemView> {
    let mut items = view.sections.iter().flat_map(|section| &section.items);
    items.find(|row| row.id == item).with_context(|| format!("{item} is not asked"))
}

fn said(error: ApiError) -> anyhow::Error {
    anyhow!("{error:?}")
}

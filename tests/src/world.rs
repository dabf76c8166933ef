//! A city in one process: the real server on a real port, and phones that are real engines on real folders. Tests here
//! need no screen; those that do are on the `stage`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use xuncha_domain::ids::OfficerId;
use xuncha_domain::time::Clock;
use xuncha_engine::api::types::{
    Answer, ApiError, Enroll, FindVenues, ItemView, LeadLevel, NewVisit, Nothing, SetAnswer, VisitKind,
    VisitMode, VisitRef, VisitView,
};
use xuncha_engine::system::SystemClock;
use xuncha_engine::transport::{self, Http, Hubs, Lost, Transport};
use xuncha_engine::{Engine, Options};
use xuncha_server::http::types::{AnswerRow, VisitDetail};
use xuncha_server::service::Service;

/// The clock of one phone: the machine's, set wrong by as much as a test wants.
#[derive(Default)]
pub struct PhoneClock {
    ahead_ms: AtomicI64,
}

impl PhoneClock {
    pub fn set_ahead(&self, ms: i64) {
        self.ahead_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for PhoneClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.ahead_ms.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> i64 {
        SystemClock.monotonic_ms()
    }
    fn boot_id(&self) -> [u8; 8] {
        SystemClock.boot_id()
    }
}

/// The mobile network of one phone, which can be switched off. A hotspot beside it is not concerned.
pub struct Signal {
    network: Arc<dyn Transport>,
    away: AtomicBool,
}

impl Signal {
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }
}

impl Transport for Signal {
    fn send(&self, request: transport::Request) -> transport::Answer<'_> {
        if self.away.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(Lost::Unreachable)));
        }
        self.network.send(request)
    }

    fn lanes(&self) -> usize {
        self.network.lanes()
    }

    fn listen<'a>(
        &'a self,
        request: transport::Request,
        heard: &'a transport::Heard<'a>,
    ) -> transport::Ended<'a> {
        self.network.listen(request, heard)
    }
}

/// HQ with the synthetic city, serving on loopback.
pub struct City {
    pub service: Arc<Service>,
    runtime: Runtime,
    address: String,
    folder: TempDir,
    _stop: oneshot::Sender<()>,
}

impl City {
    pub fn new() -> Self {
        let city = Self::on(tempfile::tempdir().expect("a folder for HQ"));
        city.service.write_demo().expect("the synthetic city");
        city
    }

    /// HQ with the data that are in the folder.
    pub fn on(folder: TempDir) -> Self {
        Self::at(folder, "127.0.0.1:0")
    }

    fn at(folder: TempDir, address: &str) -> Self {
        let config = xuncha_server::Config { data: folder.path().into(), ..Default::default() };
        let service = config.open().expect("HQ opens");
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = xuncha_server::serve_service(Arc::clone(&service), None, listener, async {
            let _ = stopped.await;
        });
        runtime.spawn(async { serving.await.expect("HQ serves") });
        Self { service, runtime, address, folder, _stop: stop }
    }

    /// A one-time code for the n-th officer of the register.
    pub fn code(&self, officer: usize) -> String {
        let officers = self.service.officers().expect("officers");
        let id = OfficerId(officers[officer].row.id);
        self.service.new_enrol_code(id, &self.address).expect("a code").code
    }

    /// HQ is stopped; its data stay.
    pub fn stopped(self) -> TempDir {
        let Self { service, runtime, folder, .. } = self;
        drop(runtime);
        drop(service);
        folder
    }

    /// HQ is lost, and comes back at its address from a backup.
    pub fn restored(self, backup: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder for HQ");
        xuncha_server::restore(backup, folder.path()).expect("it is restored");
        self.replaced(folder)
    }

    /// Somebody puts other data into HQ's place, and tells nobody.
    pub fn replaced(self, folder: TempDir) -> Self {
        let address = self.address.trim_start_matches("http://").to_owned();
        drop(self.stopped());
        Self::at(folder, &address)
    }

    /// Where HQ's data are.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new phone of the n-th officer, enrolled and with the register on it.
    pub fn phone(&self, officer: usize) -> Phone {
        self.enrolled(Phone::new(), officer)
    }

    /// The phone, enrolled and with the register on it.
    pub fn enrolled(&self, phone: Phone, officer: usize) -> Phone {
        phone.enrol(self, &self.code(officer)).expect("it enrols");
        self.sync(&phone);
        phone
    }

    /// Connectivity returns to a phone until nothing is left to send or fetch.
    ///
    /// # Panics
    /// When HQ does not answer.
    pub fn sync(&self, phone: &Phone) {
        self.try_sync(phone).expect("HQ answers");
    }

    /// One attempt to sync.
    pub fn try_sync(&self, phone: &Phone) -> Result<(), ApiError> {
        self.runtime.block_on(phone.engine.sync_once())
    }

    /// Fetches the pictures that the phone's screens asked for.
    pub fn try_fetch(&self, phone: &Phone) -> Result<(), ApiError> {
        self.runtime.block_on(phone.engine.fetch_once())
    }

    /// A visit as HQ's console shows it.
    pub fn visit(&self, id: &str) -> VisitDetail {
        let id: xuncha_domain::ids::EntityId = id.parse().expect("an id");
        self.service.visit(&id.0).expect("HQ has the visit")
    }

    /// Every live value of an item at HQ, sorted.
    pub fn answers(&self, visit: &str, item: &str) -> Vec<String> {
        let detail = self.visit(visit);
        let row: Option<&AnswerRow> = detail.answers.iter().find(|row| row.item == item);
        let live = row.into_iter().flat_map(|row| &row.shown.live);
        let mut values: Vec<String> = live.filter_map(|live| live.value.clone()).collect();
        values.sort();
        values
    }
}

impl Default for City {
    fn default() -> Self {
        Self::new()
    }
}

/// A phone without a screen.
pub struct Phone {
    pub engine: Engine,
    pub clock: Arc<PhoneClock>,
    pub signal: Arc<Signal>,
    folder: TempDir,
}

impl Phone {
    pub fn new() -> Self {
        Self::on(tempfile::tempdir().expect("a folder"))
    }

    /// A phone with the data that are in the folder.
    pub fn on(folder: TempDir) -> Self {
        Self::over(folder, Arc::new(Http::default()))
    }

    /// A phone with the data that are in the folder, behind a network of the test's own.
    pub fn over(folder: TempDir, transport: Arc<dyn Transport>) -> Self {
        Self::made(folder, transport, |_| {})
    }

    /// A new phone that reaches hubs by a transport of the test.
    pub fn reaching(hubs: Arc<dyn Hubs>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::made(folder, Arc::new(Http::default()), |options| options.hubs = hubs)
    }

    /// A phone that begins every scope of which it lacks so many commits with a snapshot.
    pub fn leaping(folder: TempDir, transport: Arc<dyn Transport>, beyond: u64) -> Self {
        Self::made(folder, transport, |options| options.snapshot_beyond = beyond)
    }

    fn made(folder: TempDir, network: Arc<dyn Transport>, set: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(PhoneClock::default());
        let signal = Arc::new(Signal { network, away: AtomicBool::new(false) });
        let mut options = Options {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            transport: Arc::clone(&signal) as Arc<dyn Transport>,
            ..Options::system(folder.path().into())
        };
        set(&mut options);
        Self { engine: Engine::open(options).expect("the phone opens"), clock, signal, folder }
    }

    /// The app's data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn enrol(&self, city: &City, code: &str) -> Result<(), xuncha_engine::api::types::ErrorCode> {
        self.enrol_at(&city.address, code)
    }

    /// Enrols at an HQ of its own process.
    pub fn enrol_at(&self, address: &str, code: &str) -> Result<(), xuncha_engine::api::types::ErrorCode> {
        let enroll = Enroll { text: code.into(), server_url: Some(address.into()) };
        self.engine.enroll(enroll).map(drop).map_err(|error| error.code)
    }

    /// The app is killed and started again.
    pub fn restarted(self) -> Self {
        Self::on(self.killed())
    }

    /// The app is killed; its data stay.
    pub fn killed(self) -> TempDir {
        let Self { engine, folder, .. } = self;
        drop(engine);
        folder
    }

    /// The app is closed, its whole folder copied to another phone, and both are started. Without `key` the copy is a
    /// restored backup: the key store of the old phone did not come along.
    pub fn copied(self, key: bool) -> (Self, Self) {
        let folder = self.killed();
        let copy = tempfile::tempdir().expect("a folder");
        copy_folder(folder.path(), copy.path());
        if !key {
            std::fs::remove_file(copy.path().join("device.key")).expect("the key was there");
        }
        (Self::on(folder), Self::on(copy))
    }

    /// Begins a visit to the first venue whose name holds `name`.
    pub fn begin_visit(&self, name: &str) -> VisitView {
        let found =
            self.engine.venues_find(FindVenues { text: name.into(), ..Default::default() }).expect("venues");
        self.begin_visit_to(&found.first().expect("such a venue").id)
    }

    /// Begins a visit to a venue.
    pub fn begin_visit_to(&self, venue: &str) -> VisitView {
        self.engine
            .visit_start(NewVisit {
                venue: venue.into(),
                kind: VisitKind::Inspection,
                mode: VisitMode::OnSite,
                lead_level: LeadLevel::Brigade,
                purpose: "routine".into(),
                position: None,
            })
            .expect("a visit begins")
    }

    pub fn visit(&self, id: &str) -> VisitView {
        self.engine.visit_get(VisitRef { visit: id.into() }).expect("the visit is here")
    }

    /// Answers the item on what this phone draws of it now.
    pub fn answer(&self, visit: &str, item: &str, answer: Answer) -> VisitView {
        let token = drawn(&self.visit(visit), item).answer.token.clone();
        self.answer_on(visit, item, answer, token)
    }

    /// Answers the item on a drawing made before.
    pub fn answer_on(&self, visit: &str, item: &str, answer: Answer, token: String) -> VisitView {
        self.engine
            .visit_answer(SetAnswer { visit: visit.into(), item: item.into(), answer, token })
            .expect("it is recorded")
    }

    /// Every live value of an item as this phone shows it, sorted by name.
    pub fn answers(&self, visit: &str, item: &str) -> Vec<String> {
        let view = self.visit(visit);
        let shown = &drawn(&view, item).answer;
        let conflict = shown.conflict.iter().map(|candidate| &candidate.value);
        let mut values: Vec<String> = conflict.map(named).collect();
        if values.is_empty() {
            values.extend(shown.value.as_ref().map(named));
        }
        values.sort();
        values
    }

    pub fn sync_status(&self) -> xuncha_engine::api::types::SyncStatus {
        self.engine.sync_status(Nothing {}).expect("a status")
    }
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

/// An item of a drawn visit.
pub fn drawn<'v>(view: &'v VisitView, item: &str) -> &'v ItemView {
    let mut items = view.sections.iter().flat_map(|section| &section.items);
    items.find(|row| row.id == item).expect("the item is asked")
}

fn named(answer: &Answer) -> String {
    match answer {
        Answer::Yes => "yes".into(),
        Answer::No => "no".into(),
        Answer::Na => "na".into(),
        other => format!("{other:?}"),
    }
}

/// Copies a folder as it is, open files included.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

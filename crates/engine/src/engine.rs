//! The engine: one open database, one folder of photos, one key. Cheap to clone; every call may block on disk, none on
//! the network.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use xuncha_domain::disk::Disk;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;

use crate::api::types::{AddPhoto, ApiError, Changes, ErrorCode, VisitView};
use crate::error::{Error, Result};
use crate::health::Health;
use crate::hub::{self, Hub};
use crate::keys::{FileKeyStore, KeyStore};
use crate::lock::Lock;
use crate::store::Store;
use crate::store::{mend, meta, pin, quarantine};
use crate::sync::Progress;
use crate::sync::background::Woken;
use crate::sync::fetch::Wanted;
use crate::sync::transport::{Http, Hubs, PinnedHttp, Request, Response, Transport};
use crate::system::{SystemClock, SystemDisk, SystemEntropy};
use crate::write::{self, Pen};
use crate::{api, code, document, erase, photo, recover};

/// What an engine is made of. Time, randomness, the disk, keys and the network come from outside.
#[derive(Clone)]
pub struct Options {
    /// Holds `xuncha.db` and `photos/`.
    pub data: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub disk: Arc<dyn Disk>,
    pub keys: Arc<dyn KeyStore>,
    /// What carries requests to HQ.
    pub transport: Arc<dyn Transport>,
    /// How hubs are reached.
    pub hubs: Arc<dyn Hubs>,
    /// A scope of which this phone lacks more commits than this begins with a snapshot.
    pub snapshot_beyond: u64,
    pub app_version: String,
}

impl Options {
    /// The system's clock, randomness and network, and the key in a file beside the database.
    pub fn system(data: PathBuf) -> Self {
        Self {
            keys: Arc::new(FileKeyStore::new(data.join("device.key"))),
            data,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            disk: Arc::new(SystemDisk),
            transport: Arc::new(Http::default()),
            hubs: Arc::new(PinnedHttp),
            snapshot_beyond: SNAPSHOT_BEYOND,
            app_version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

/// A page of the feed brings two thousand; a snapshot costs a request, and the values that are fetched later.
const SNAPSHOT_BEYOND: u64 = 5_000;

type Listener = Box<dyn Fn(Changes) + Send + Sync>;

pub(crate) struct Inner {
    pub store: Store,
    pub photos: PathBuf,
    pub options: Options,
    pub progress: Progress,
    pub hub: Hub,
    pub lock: Lock,
    pub health: Health,
    /// Rung when there is something new to send.
    pub work: tokio::sync::Notify,
    /// Rung when the phone is on another network, or in an officer's hand again.
    pub network: tokio::sync::Notify,
    pub foreground: tokio::sync::watch::Sender<bool>,
    /// Other phones' pictures that screens asked for.
    pub wanted: Wanted,
    /// The paper that a screen looks at.
    pub desk: document::Desk,
    /// The officer wants the photos that wait to be sent now.
    pub photos_now: AtomicBool,
    metered: Mutex<Option<bool>>,
    listeners: Mutex<Vec<Listener>>,
}

#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

impl Engine {
    /// Opens the data folder, making it when it is not there. Removes what a kill left half-made; what was shown as saved
    /// is all there. A damaged database is moved aside and what can be read of it is carried over.
    ///
    /// # Errors
    /// [`Error::DatabaseNewer`] when a newer app wrote it.
    pub fn open(options: Options) -> Result<Self> {
        std::fs::create_dir_all(&options.data)?;
        let photos = options.data.join("photos");
        options.disk.create_folder(&photos)?;
        // Its name, or a power cut takes the photos of the first day with it.
        options.disk.flush_folder(&options.data)?;
        photo::sweep(&photos)?;
        let documents = document::folder(&options.data);
        options.disk.create_folder(&documents)?;
        photo::sweep(&documents)?;
        let store = recover::open(&options, &photos)?;
        erase::try_to_scrub(&store, &options, &photos);
        let kept = store.read(pin::kept).unwrap_or_else(|error| {
            // Damage must not lock an officer out.
            tracing::error!(%error, "the PIN cannot be read");
            pin::Kept::default()
        });
        let enrolled = store.read(meta::enrolment).is_ok_and(|enrolment| enrolment.is_some());
        let lock = Lock::open(kept, enrolled, &*options.clock);
        Ok(Self(Arc::new(Inner {
            store,
            photos,
            options,
            progress: Progress::default(),
            hub: Hub::default(),
            lock,
            health: Health::default(),
            work: tokio::sync::Notify::new(),
            network: tokio::sync::Notify::new(),
            foreground: tokio::sync::watch::Sender::new(true),
            wanted: Wanted::default(),
            desk: document::Desk::default(),
            photos_now: AtomicBool::new(false),
            metered: Mutex::new(None),
            listeners: Mutex::new(Vec::new()),
        })))
    }

    /// What cannot be read of what HQ does not have is written again as far as it is known. Costs what is unsent.
    pub(crate) fn set_damaged_aside(&self) -> Result<()> {
        let enrolled = self.read(meta::enrolment)?.is_some();
        if enrolled && !self.read(quarantine::unsound)?.is_empty() {
            self.write(|transaction, pen| write::set_damaged_aside(transaction, pen))?;
        }
        Ok(())
    }

    /// After damage was met: what HQ holds and cannot be read here is dropped and asked for again. What failed may be tried
    /// again then. False when there was none.
    pub(crate) fn mend(&self) -> bool {
        if !self.0.store.met_damage() {
            return false;
        }
        match self.0.store.write(|transaction| mend::mend(transaction)) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the next start looks at every page");
                self.0.store.met_damage();
                false
            }
        }
    }

    /// Calls an api function by name with JSON, as Tauri and the bridge do. Blocks on disk, never on the network.
    pub fn call(
        &self,
        name: &str,
        arguments: serde_json::Value,
    ) -> std::result::Result<serde_json::Value, ApiError> {
        api::dispatch(self, name, arguments)
    }

    /// Keeps a photo. The bytes are safe on disk under their hash before anything mentions them.
    pub fn add_photo(
        &self,
        meta: &AddPhoto,
        bytes: &mut dyn Read,
    ) -> std::result::Result<VisitView, ApiError> {
        self.admit("photo_add")?;
        Ok(api::photos::add(self, meta, bytes)?)
    }

    /// Takes a rescue file of another phone; it goes on to HQ with the next syncs.
    ///
    /// # Errors
    /// `RescueUnreadable`, `HubFull`, or the disk's.
    pub fn carry_rescue(&self, file: &mut dyn Read) -> std::result::Result<(), ApiError> {
        self.admit("rescue_carry")?;
        Ok(hub::carry_bundle(self, file)?)
    }

    /// The text of the QR that a photo shows. The photo is not kept.
    pub fn read_code(&self, photo: &mut dyn Read) -> std::result::Result<String, ApiError> {
        Ok(code::read(photo)?)
    }

    /// A photo that is on this phone, original or thumbnail, with its MIME type.
    pub fn photo(&self, sha256: &str, thumb: bool) -> std::result::Result<(String, Vec<u8>), ApiError> {
        self.admit("photo")?;
        Ok(api::photos::get(self, sha256, thumb)?)
    }

    /// A page of the paper that `document_preview` or `document_open` laid out, as SVG.
    ///
    /// # Errors
    /// `NotFound` past the last page, or when another paper lies there.
    pub fn document_page(&self, name: &str, page: usize) -> std::result::Result<String, ApiError> {
        self.admit("document_page")?;
        let gone = || ApiError::new(ErrorCode::NotFound, "no such page");
        self.0.desk.page(name, page).ok_or_else(gone)
    }

    /// A document as PDF with its file name, from its file or made again from the log.
    ///
    /// # Errors
    /// `NotFound`, `Erased`, or `DocumentDiffers`: then the bytes are not those that were signed.
    pub fn document_pdf(
        &self,
        visit: &str,
        document: &str,
    ) -> std::result::Result<(String, Vec<u8>), ApiError> {
        self.admit("document_pdf")?;
        let ids = visit.parse().and_then(|visit| Ok((visit, document.parse()?)));
        let (visit, id) = ids.map_err(Error::from)?;
        Ok(document::pdf(self, visit, id)?)
    }

    /// Tells `listener` after every write and sync what changed. Listeners stay for the engine's life.
    pub fn subscribe(&self, listener: Listener) {
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// The app goes to the background: the open journal becomes a commit, and HQ's nudges are not listened to.
    pub fn suspend(&self) {
        self.0.foreground.send_replace(false);
        self.0.lock.shown(false, &*self.0.options.clock);
        if let Err(error) = self.write(|transaction, pen| write::flush_all(transaction, pen)) {
            tracing::warn!(%error, "the journal stays open");
        }
        // In the background the system may end the app at any time.
        if let Err(error) = self.0.store.end() {
            tracing::warn!(%error, "the next start looks at every page");
        }
    }

    /// Starts the workers that sync by themselves on `runtime`. Call it once.
    pub fn start_sync(&self, runtime: &tokio::runtime::Handle) {
        runtime.spawn(crate::sync::nudges::run(self.clone()));
        runtime.spawn(crate::sync::worker::run(self.clone()));
        runtime.spawn(crate::sync::fetch::run(self.clone()));
    }

    /// Syncs until nothing is left to send or to fetch. What the worker does; tests call it directly.
    pub async fn sync_once(&self) -> std::result::Result<(), ApiError> {
        Ok(crate::sync::run(self).await?)
    }

    /// Fetches the pictures that screens asked for. What a worker does; tests call it directly.
    pub async fn fetch_once(&self) -> std::result::Result<(), ApiError> {
        Ok(crate::sync::fetch::once(self).await?)
    }

    /// One sync of at most `limit` for the platform's scheduler, which wakes the phone when the app is not on the screen.
    /// `metered` as in `network_changed`. May be dropped at any point.
    pub async fn sync_in_background(&self, metered: Option<bool>, limit: Duration) -> Woken {
        crate::sync::background::run(self, metered, limit).await
    }

    /// Makes this device a hub without a listener, for a transport of its own (a simulation): returns the code that the
    /// next phone scans. Requests are given to [`Engine::hub_hear`].
    pub fn hub_open(&self) -> std::result::Result<xuncha_domain::protocol::v1::hub::Pairing, ApiError> {
        self.admit("hub_open")?;
        Ok(crate::hub::open_quietly(self)?)
    }

    /// What this device answers as a hub. `whole` is false when the connection broke within the body.
    pub fn hub_hear(&self, request: &Request, whole: bool) -> std::result::Result<Response, ApiError> {
        Ok(crate::hub::heard(self, request, whole)?)
    }

    /// # Errors
    /// `Locked`, when this phone is and the call is none of those at its lock.
    pub(crate) fn admit(&self, call: &str) -> Result<()> {
        self.0.lock.admit(call, &*self.0.options.clock)
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let result = self.0.store.read(work);
        self.mend();
        result
    }

    /// Runs `work` with a pen in one durable transaction. Refused before enrolment.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>, &Pen<'_>) -> Result<T>) -> Result<T> {
        let result = self.0.store.write(|transaction| {
            let enrolment = meta::enrolment(transaction)?
                .ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))?;
            work(transaction, &Pen::of(&self.0.options, &enrolment, transaction)?)
        });
        self.mend();
        result
    }

    /// How a row names a file of the photo folder.
    pub(crate) fn photo_name(&self, path: &Path) -> String {
        path.strip_prefix(&self.0.photos).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Destroys what erase orders left outside the log.
    pub(crate) fn scrub(&self) {
        if erase::try_to_scrub(&self.0.store, &self.0.options, &self.0.photos) {
            self.0.desk.clear();
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.options.clock.now_ms()
    }

    pub(crate) fn emit(&self, changes: &Changes) {
        for listener in self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(changes.clone());
        }
    }

    /// A write touched a visit: screens refetch it. The worker is not woken by every tap, or each would be a commit.
    pub(crate) fn wrote(&self, visit: &str) {
        self.emit(&Changes { sync: true, visits: vec![visit.into()], ..Changes::default() });
    }

    /// The app is in the foreground, perhaps on another network.
    pub(crate) fn look_again(&self, metered: Option<bool>) {
        self.set_metered(metered);
        self.0.foreground.send_replace(true);
        self.0.network.notify_waiters();
        // A run that is failing right now is followed by another.
        self.wake_sync();
    }

    pub(crate) fn set_metered(&self, metered: Option<bool>) {
        *self.0.metered.lock().unwrap_or_else(PoisonError::into_inner) = metered;
    }

    /// Whether the connection costs by the byte; none when nobody told.
    pub(crate) fn metered(&self) -> Option<bool> {
        *self.0.metered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is ready to be sent.
    pub(crate) fn wake_sync(&self) {
        self.0.work.notify_one();
    }
}

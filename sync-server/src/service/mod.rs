//! The rules of HQ. Nothing here knows HTTP: the same calls are made by the router, the command line and the simulation.
//!
//! Calls block on SQLite and files; whoever calls from async code does so on a blocking thread.

mod accounts;
mod attempts;
mod author;
mod backup;
mod checklists;
mod console;
mod demo;
mod devices;
mod enrol;
mod erase;
mod error;
mod events;
mod history;
mod import;
mod key;
mod people;
mod photos;
mod quarantine;
mod quotas;
mod registry;
mod reproject;
pub mod rescue;
mod rows;
mod secret;
mod snapshot;
mod sync;
mod things;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use xuncha_domain::disk::{Disk, RealDisk};
use xuncha_domain::ids::{CityId, Entropy, random};
use xuncha_domain::log::crypto::{PublicKey, SecretKey, Signer};
use xuncha_domain::time::Clock;

use crate::blobs::Blobs;
use crate::storage::Storage;

pub use accounts::{ConsoleUser, Opened};
pub use backup::{BackupError, Entry, Lack, Manifest, Missing, listed, restore};
pub use devices::Device;
pub use enrol::NewCode;
pub use error::Error;
pub use events::{Changed, Events};
pub use import::{RowError, read_venues};
pub use people::{NewTeam, Officer};
pub use photos::Photo;
pub use photos::PhotoSize;
pub use registry::{Imported, RegisterVenue};
pub use snapshot::SnapshotFile;
pub use uploads::{
    Announced, Checksum, ChecksumAlgorithm, Creation, HeldTurn, PatchEnd, Receiving, Turn, Upload, UploadRef,
};

// What lies in the data folder.
const DATABASE: &str = "hq.sqlite";
const KEY: &str = "hq.key";
const PHOTOS: &str = "blobs";

/// One installation of HQ. The id is drawn at the first start, the name comes from the command line.
#[derive(Debug, Clone)]
pub struct City {
    pub id: CityId,
    pub name: String,
}

pub struct Service {
    storage: Storage,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    city: City,
    key: SecretKey,
    rescue: age::x25519::Identity,
    public_url: Option<String>,
    attempts: attempts::Attempts,
    turns: uploads::Turns,
    events: Events,
}

/// Where a service keeps its things and what it is called.
pub struct Settings<'a> {
    /// Folder of the database and the photos; made when missing.
    pub data: &'a Path,
    /// Under which phones and browsers reach this server, such as `https://hq.example.org`.
    pub public_url: Option<String>,
    /// Name of the city for screens; none keeps the one given before.
    pub city_name: Option<String>,
}

impl Service {
    pub fn open(
        settings: Settings<'_>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealDisk), settings, clock, entropy)
    }

    /// Opens a service whose disk comes from outside, too.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        settings: Settings<'_>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        std::fs::create_dir_all(settings.data).map_err(crate::storage::Error::from)?;
        let storage = Storage::open_on(Arc::clone(&disk), &settings.data.join(DATABASE))?;
        let blobs = Blobs::folder_on(disk, settings.data.join(PHOTOS))?;
        let city = storage.write(|tx| city(tx, &*entropy, settings.city_name))?;
        let key = key::open(&settings.data.join(KEY), &storage, &*entropy)?;
        let rescue = rescue::open(&settings.data.join(rescue::KEY), &storage)?;
        let service = Self {
            storage,
            blobs,
            clock,
            entropy,
            city,
            key,
            rescue,
            public_url: settings.public_url,
            attempts: attempts::Attempts::default(),
            turns: uploads::Turns::default(),
            events: Events::default(),
        };
        service.reproject_if_due()?;
        // What a crash left stored but not published.
        service.publish_all();
        service.judge_again();
        service.scrub_if_due();
        Ok(service)
    }

    pub fn city(&self) -> &City {
        &self.city
    }

    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The trust anchor of everything that this city signs.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    /// Whether browsers reach this server by TLS, so that cookies may insist on it.
    pub fn behind_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

fn city(tx: &crate::storage::Tx<'_>, entropy: &dyn Entropy, name: Option<String>) -> Result<City, Error> {
    let id = match tx.meta("city_id")? {
        Some(bytes) => CityId::from_slice(&bytes).map_err(|_| Error::Internal("city id"))?,
        None => {
            let id = CityId(random(entropy));
            tx.set_meta("city_id", id.as_bytes())?;
            id
        }
    };
    if let Some(name) = name {
        tx.set_meta("city_name", name.as_bytes())?;
    }
    let name = tx.meta("city_name")?.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(City { id, name: name.unwrap_or_else(|| "太原市".into()) })
}

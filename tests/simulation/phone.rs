//! One phone: the real engine on a real folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use xuncha_domain::disk::Disk;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;
use xuncha_engine::api::types::{ApiError, Nothing, SyncStatus, VisitRef, VisitView};
use xuncha_engine::transport::Transport;
use xuncha_engine::{Engine, Options};
use xuncha_tests::random::Random;
use xuncha_tests::world::copy_folder;

use crate::disk::{Machine, SimDisk};
use crate::hotspot::{Air, Hotspot, Ways};
use crate::model::{Author, Model, Order, Visit};
use crate::nature::{MachineClock, folder};
use crate::network::Network;
use crate::rot;
use crate::unsure::Unsure;

pub struct Phone {
    pub engine: Engine,
    pub clock: Arc<MachineClock>,
    pub network: Arc<Network>,
    pub hotspot: Arc<Hotspot>,
    /// To hubs.
    pub air: Arc<Air>,
    pub disk: Arc<SimDisk>,
    machine: Arc<Machine>,
    entropy: Arc<dyn Entropy>,
    folder: TempDir,
    /// Whose edits are made on it.
    pub author: Author,
    /// The one district that its officer reads; none reads all.
    pub district: Option<String>,
    /// What lies on its screens, however old.
    pub screens: BTreeMap<String, VisitView>,
    /// Without a signal until then.
    pub away_until_ms: i64,
    /// An old copy of its folder, and the HQ that it had heard of then.
    pub old_copy: Option<(TempDir, u64)>,
    pub cloned: bool,
    /// HQ closed it.
    pub estranged: bool,
    /// Its officer is with another team, says HQ.
    pub moved: bool,
    /// The restored HQ that it last synced with, by number.
    pub heard_of: u64,
    /// False since it was put in place of a lost one, until it has got back what only HQ has of it.
    pub whole: bool,
    /// Restored without its key, and HQ does not have yet what it issues again.
    pub keyless: bool,
    /// The last of all that was recorded when HQ held everything of it.
    pub held_at: usize,
    /// What its officer was doing when the power was cut.
    pub unsure: Option<Unsure>,
}

impl Phone {
    /// A phone on a copy of `data`.
    pub fn on(
        data: &Path,
        number: usize,
        clock: Arc<MachineClock>,
        entropy: Arc<dyn Entropy>,
        network: Arc<Network>,
        (hotspot, air): (&Arc<Hotspot>, Arc<Air>),
    ) -> Self {
        let folder = folder();
        copy_folder(data, folder.path());
        let (machine, disk, engine) = open(folder.path(), &clock, &entropy, &network, &air);
        hotspot.set(number, &engine, &disk);
        let status = engine.status(Nothing {}).expect("a status");
        let officer = status.officer.map(|officer| officer.id).unwrap_or_default();
        Self {
            author: Author { officer, phone: number, read: BTreeSet::new() },
            district: None,
            engine,
            clock,
            network,
            hotspot: Arc::clone(hotspot),
            air,
            disk,
            machine,
            entropy,
            folder,
            screens: BTreeMap::new(),
            away_until_ms: 0,
            old_copy: None,
            cloned: false,
            estranged: false,
            moved: false,
            heard_of: 0,
            whole: true,
            keyless: false,
            held_at: 0,
            unsure: None,
        }
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data().join("xuncha.db")).expect("the database")
    }

    /// Which of these erase orders it has read, by what its log holds.
    pub fn orders_read(&self, orders: &[Order]) -> BTreeSet<String> {
        if orders.is_empty() {
            return BTreeSet::new();
        }
        let database = self.database();
        // What a lost scope's orders named stays known when the orders themselves are gone.
        let sql = "SELECT 1 FROM entity WHERE id = unhex(replace(?1, '-', ''))
                   UNION SELECT 1 FROM erase_target WHERE order_id = unhex(replace(?1, '-', ''))";
        let mut find = database.prepare(sql).expect("sql");
        let read = orders.iter().filter(|order| find.exists([&order.id]).expect("an answer"));
        read.map(|order| order.id.clone()).collect()
    }

    /// Whether it ever lost a scope.
    pub fn lost_a_scope(&self) -> bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM lost_scope)";
        self.database().query_row(sql, [], |row| row.get(0)).expect("an answer")
    }

    /// Whether it still has an order, so that it would give it back to an HQ that lost it.
    pub fn has_order(&self, order: &Order) -> bool {
        let sql = "SELECT 1 FROM entity WHERE id = unhex(replace(?1, '-', ''))";
        self.database().prepare(sql).expect("sql").exists([&order.id]).expect("an answer")
    }

    /// The battery is pulled: what goes on is what had reached the disk.
    pub fn kill(&mut self, random: &mut Random) {
        let left = self.machine.after_power_cut(self.data(), random);
        self.clock.reboot();
        self.replace(left);
    }

    /// Flips a bit of one column of one commit that HQ does not have, if there is one, while the app is closed.
    pub fn rot(&mut self, random: &mut Random) -> bool {
        self.engine.suspend();
        let left = folder();
        copy_folder(self.data(), left.path());
        let flipped = rot::flip(&left.path().join("xuncha.db"), random);
        self.clock.reboot();
        self.replace(left);
        flipped
    }

    /// Its folder becomes this one.
    pub fn replace(&mut self, folder: TempDir) {
        (self.machine, self.disk, self.engine) =
            open(folder.path(), &self.clock, &self.entropy, &self.network, &self.air);
        self.hotspot.set(self.author.phone, &self.engine, &self.disk);
        self.folder = folder;
        self.screens.clear();
    }

    pub fn line(&self) -> Line {
        Line { engine: self.engine.clone(), network: Arc::clone(&self.network) }
    }

    pub fn status(&self) -> SyncStatus {
        self.engine.sync_status(Nothing {}).expect("a status")
    }

    /// Whether it says that HQ holds everything of it.
    pub fn all_held(&self) -> bool {
        let status = self.status();
        status.commits_here + status.photos_here == 0
    }

    /// The photos of which it has the originals.
    pub fn photos_here(&self, model: &Model) -> BTreeSet<String> {
        let views =
            model.visits.keys().filter_map(|id| self.engine.visit_get(VisitRef { visit: id.clone() }).ok());
        let here = views.flat_map(|view| view.photos).filter(|photo| photo.here);
        here.map(|photo| photo.sha256).collect()
    }

    /// Whether its officer may read a visit.
    pub fn reads(&self, visit: &Visit) -> bool {
        self.district.as_ref().is_none_or(|district| *district == visit.district)
    }
}

/// What a sync needs of a phone, wherever it runs.
pub struct Line {
    engine: Engine,
    network: Arc<Network>,
}

impl Line {
    /// One attempt to sync; none when the phone was killed in it.
    pub async fn sync(&self) -> Option<Result<(), ApiError>> {
        tokio::select! {
            biased;
            done = self.engine.sync_once() => Some(done),
            () = self.network.killed.notified() => None,
        }
    }
}

fn open(
    data: &Path,
    clock: &Arc<MachineClock>,
    entropy: &Arc<dyn Entropy>,
    network: &Arc<Network>,
    air: &Arc<Air>,
) -> (Arc<Machine>, Arc<SimDisk>, Engine) {
    let machine = Arc::default();
    let disk = SimDisk::of(&machine);
    network.set_disk(&disk);
    let options = Options {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::clone(entropy),
        disk: Arc::clone(&disk) as Arc<dyn Disk>,
        transport: Arc::clone(network) as Arc<dyn Transport>,
        hubs: Arc::new(Ways(Arc::clone(air))),
        snapshot_beyond: network.snapshot_beyond(),
        ..Options::system(data.into())
    };
    (machine, disk, Engine::open(options).expect("the phone opens"))
}

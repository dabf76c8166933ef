//! One phone: the real engine on a real folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;
use xuncha_engine::api::types::{ApiError, Nothing, SyncStatus, VisitView};
use xuncha_engine::transport::Transport;
use xuncha_engine::{Engine, Options};
use xuncha_tests::world::copy_folder;

use crate::model::Author;
use crate::nature::{MachineClock, folder};
use crate::network::Network;

pub struct Phone {
    pub engine: Engine,
    pub clock: Arc<MachineClock>,
    pub network: Arc<Network>,
    entropy: Arc<dyn Entropy>,
    folder: TempDir,
    /// Whose edits are made on it.
    pub author: Author,
    /// What lies on its screens, however old.
    pub screens: BTreeMap<String, VisitView>,
    /// Without a signal until then.
    pub away_until_ms: i64,
    /// An old copy of its folder.
    pub old_copy: Option<TempDir>,
    pub cloned: bool,
}

impl Phone {
    /// A phone on a copy of `data`.
    pub fn on(
        data: &Path,
        number: usize,
        clock: Arc<MachineClock>,
        entropy: Arc<dyn Entropy>,
        network: Arc<Network>,
    ) -> Self {
        let folder = folder();
        copy_folder(data, folder.path());
        let engine = open(folder.path(), &clock, &entropy, &network);
        let status = engine.status(Nothing {}).expect("a status");
        let officer = status.officer.map(|officer| officer.id).unwrap_or_default();
        Self {
            author: Author { officer, phone: number },
            engine,
            clock,
            network,
            entropy,
            folder,
            screens: BTreeMap::new(),
            away_until_ms: 0,
            old_copy: None,
            cloned: false,
        }
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The battery is pulled: what goes on is what lay in the folder at that moment.
    pub fn kill(&mut self) {
        let at_that_moment = folder();
        copy_folder(self.data(), at_that_moment.path());
        self.clock.reboot();
        self.replace(at_that_moment);
    }

    /// Its folder becomes this one.
    pub fn replace(&mut self, folder: TempDir) {
        self.engine = open(folder.path(), &self.clock, &self.entropy, &self.network);
        self.folder = folder;
        self.screens.clear();
    }

    /// One attempt to sync; none when the phone was killed in it.
    pub fn sync(&self, runtime: &Runtime) -> Option<Result<(), ApiError>> {
        runtime.block_on(async {
            tokio::select! {
                biased;
                done = self.engine.sync_once() => Some(done),
                () = self.network.killed.notified() => None,
            }
        })
    }

    pub fn status(&self) -> SyncStatus {
        self.engine.sync_status(Nothing {}).expect("a status")
    }

    /// Whether it says that HQ holds everything of it.
    pub fn all_held(&self) -> bool {
        let status = self.status();
        status.commits_here + status.photos_here == 0
    }
}

fn open(
    data: &Path,
    clock: &Arc<MachineClock>,
    entropy: &Arc<dyn Entropy>,
    network: &Arc<Network>,
) -> Engine {
    let options = Options {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::clone(entropy),
        transport: Arc::clone(network) as Arc<dyn Transport>,
        ..Options::system(data.into())
    };
    Engine::open(options).expect("the phone opens")
}

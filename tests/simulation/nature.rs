//! Time, chance and folders of a simulated world. Nothing here asks the machine.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use xuncha_domain::ids::Entropy;
use xuncha_domain::time::Clock;
use xuncha_tests::random::Random;

/// 1 March 2026 in China: every item of today's checklists is in force.
pub const BEGIN_MS: i64 = 1_772_294_400_000;

/// The true time, shared by all.
#[derive(Clone)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(BEGIN_MS)))
    }

    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// One machine's clock: the true time, wrong by as much as was set.
pub struct MachineClock {
    time: Time,
    wrong_ms: AtomicI64,
    boot: AtomicI64,
}

impl MachineClock {
    pub fn new(time: &Time) -> Self {
        Self { time: time.clone(), wrong_ms: AtomicI64::new(0), boot: AtomicI64::new(1) }
    }

    pub fn set_wrong(&self, ms: i64) {
        self.wrong_ms.store(ms, Ordering::SeqCst);
    }

    pub fn reboot(&self) {
        self.boot.fetch_add(1, Ordering::SeqCst);
    }
}

impl Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        self.time.now_ms() + self.wrong_ms.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> i64 {
        self.time.now_ms() - BEGIN_MS
    }

    fn boot_id(&self) -> [u8; 8] {
        self.boot.load(Ordering::SeqCst).to_be_bytes()
    }
}

/// Randomness of one machine, from the seed.
pub struct MachineEntropy(Mutex<Random>);

impl MachineEntropy {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Random::seeded(seed)))
    }
}

impl Entropy for MachineEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut random = self.0.lock().expect("no panic under the lock");
        for chunk in bytes.chunks_mut(8) {
            let number = random.number().to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}

/// A folder in memory where the machine has that: nothing of a simulation needs to survive it.
pub fn folder() -> TempDir {
    const IN_MEMORY: &str = "/dev/shm";
    let folder = tempfile::tempdir_in(IN_MEMORY).or_else(|_| tempfile::tempdir());
    folder.expect("a folder")
}

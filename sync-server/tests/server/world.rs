//! A city under test: a clock that tests move, randomness that repeats, one HQ on a temporary folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tempfile::TempDir;
use xuncha_domain::ids::{Entropy, OfficerId};
use xuncha_domain::model::words::LeadLevel;
use xuncha_domain::time::Clock;
use xuncha_server::service::{NewTeam, Service, Settings};

use crate::phone::Phone;

/// 2020-02-01 08:00 in Taiyuan.
pub const MORNING_MS: i64 = 1_580_515_200_000;

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
    fn monotonic_ms(&self) -> i64 {
        self.now_ms() - MORNING_MS
    }
    fn boot_id(&self) -> [u8; 8] {
        [1; 8]
    }
}

/// SplitMix64: different numbers, the same in every run.
pub struct TestEntropy(AtomicU64);

impl TestEntropy {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z =
                self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

pub struct World {
    pub clock: Arc<TestClock>,
    pub entropy: Arc<TestEntropy>,
    pub service: Arc<Service>,
    pub dir: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::seeded(7)
    }

    /// Worlds of different seeds are different cities with different keys.
    pub fn seeded(seed: u64) -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING_MS)));
        let entropy = Arc::new(TestEntropy::new(seed));
        let service = open(&dir, &clock, &entropy);
        Self { clock, entropy, service, dir }
    }

    /// The same data behind a server that was started again.
    pub fn restart(&mut self) {
        self.service = open(&self.dir, &self.clock, &self.entropy);
    }

    /// An officer of a team that works in one district, or in all.
    pub fn officer(&self, name: &str, district: Option<&str>) -> OfficerId {
        let hq = OfficerId([0; 16]);
        let tier = if district.is_some() { LeadLevel::District } else { LeadLevel::Brigade };
        let team = NewTeam { name: format!("{name}队"), tier, district: district.map(str::to_owned) };
        let team = self.service.add_team(hq, &team).unwrap();
        self.service.add_officer(hq, name, &format!("C-{name}"), Some(team.0)).unwrap()
    }

    /// A phone of an officer, enrolled by a code.
    pub fn phone(&self, officer: OfficerId) -> Phone {
        let code = self.service.new_enrol_code(officer, "http://hq.test").unwrap().code;
        Phone::enrol(self, &code).unwrap()
    }

    /// A phone of a new officer of the brigade.
    pub fn brigade_phone(&self, name: &str) -> Phone {
        self.phone(self.officer(name, None))
    }
}

fn open(dir: &TempDir, clock: &Arc<TestClock>, entropy: &Arc<TestEntropy>) -> Arc<Service> {
    let settings = Settings { data: dir.path(), public_url: None, city_name: None };
    Arc::new(Service::open(settings, clock.clone(), entropy.clone()).unwrap())
}

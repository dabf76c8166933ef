//! One run: a fleet, its officers and everything that befalls them, from one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use xuncha_domain::ids::Entropy;
use xuncha_engine::api::types::VisitRef;
use xuncha_tests::random::Random;

use crate::check::{self, Tally};
use crate::disk::Fate;
use crate::hostile::Hostile;
use crate::hotspot::{Air, Hotspot};
use crate::hq::Hq;
use crate::model::Model;
use crate::nature::{MachineClock, MachineEntropy, Time};
use crate::network::{Counts, Network};
use crate::officer::Hand;
use crate::phone::Phone;
use crate::stage::{self, PHONES_MIN, Stage, runtime};
use crate::teams::{self, Homes};
use crate::unsure::Unsure;

/// Steps of a small fleet, and more for each phone beyond.
const STEPS: usize = 160;
const STEPS_EACH: usize = 25;
/// Syncs of every phone after the last fault. A fork is known after one, its successor is sent by the next, and the
/// others fetch it after that.
const HEALING_PASSES: usize = 5;
/// An edit makes few writes, a photo or a sync more.
const WRITES: [u64; 2] = [3, 14];
/// So few commits that a phone without a signal for a day begins with a snapshot.
const SNAPSHOT_BEYOND: u64 = 6;
pub const MINUTE_MS: i64 = 60_000;
pub const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

pub struct Outcome {
    pub phones: usize,
    pub operations: BTreeMap<&'static str, u64>,
    pub faults: BTreeMap<&'static str, u64>,
    pub wrong: Vec<String>,
    /// Equal for equal runs.
    pub digest: u64,
}

pub struct Fleet {
    pub random: Random,
    pub time: Time,
    pub runtime: Runtime,
    pub hq: Arc<Hq>,
    pub phones: Vec<Phone>,
    pub hotspot: Arc<Hotspot>,
    pub model: Model,
    pub counts: Counts,
    pub wrong: Vec<String>,
    /// The newest of HQ, and the officers who were closed or elsewhere then.
    pub backup: Option<(TempDir, BTreeSet<String>)>,
    /// People at HQ decide; else HQ is restored from backups.
    pub staffed: bool,
    /// How often HQ was restored from one.
    pub restored: u64,
    pub hostile: Hostile,
    pub homes: Homes,
    serial: i32,
    visits_max: usize,
    /// Phones begin with snapshots.
    leaps: bool,
    /// No bit flips on a phone's disk.
    pub sound_disks: bool,
    /// Phones that the run began with.
    size: usize,
    pub operations: BTreeMap<&'static str, u64>,
}

/// Plays one seed. A panic of the engine or of HQ is a violation like any other.
pub fn play(stage: &Stage, seed: u64, sound_disks: bool) -> Outcome {
    let mut fleet = Fleet::new(stage, seed);
    fleet.sound_disks = sound_disks;
    if catch_unwind(AssertUnwindSafe(|| fleet.live())).is_err() {
        fleet.wrong.push("a panic".into());
    }
    Outcome {
        phones: fleet.size,
        operations: fleet.operations,
        faults: fleet.counts.all(),
        wrong: fleet.wrong,
        digest: fleet.random.number(),
    }
}

impl Fleet {
    fn new(stage: &Stage, seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let time = Time::new();
        time.pass(DAY_MS);
        let clock = Arc::new(MachineClock::new(&time));
        let entropy = Arc::new(MachineEntropy::new(random.number()));
        let counts = Counts::default();
        let hq = Arc::new(Hq::on(stage.hq.path(), clock, entropy, counts.clone(), random.number()));
        let size = stage::size(&mut random).min(stage.phones.len());
        let staffed = random.chance(50);
        let homes = teams::homes(&hq.service());
        let hostile = Hostile::enrol(&hq, stage.phones[size / 2].officer, random.number());
        hq.set_calm(false);
        let leaps = random.chance(50);
        let mut fleet = Self {
            random,
            time,
            runtime: runtime(),
            hq,
            phones: Vec::new(),
            hotspot: Arc::default(),
            model: Model::default(),
            counts,
            wrong: Vec::new(),
            backup: None,
            staffed,
            restored: 0,
            hostile,
            homes,
            serial: 0,
            visits_max: 4 + size / 4,
            leaps,
            sound_disks: false,
            size,
            operations: BTreeMap::new(),
        };
        for enrolled in &stage.phones[..size] {
            fleet.add_phone(enrolled.folder.path(), enrolled.district.clone());
        }
        fleet
    }

    pub fn add_phone(&mut self, data: &Path, district: Option<String>) {
        let network = Network::new(Arc::clone(&self.hq), self.counts.clone(), self.random.number());
        if self.leaps {
            network.set_snapshot_beyond(SNAPSHOT_BEYOND);
        }
        let clock = Arc::new(MachineClock::new(&self.time));
        let entropy: Arc<dyn Entropy> = Arc::new(MachineEntropy::new(self.random.number()));
        let (number, network) = (self.phones.len(), Arc::new(network));
        let air = Air::new(&self.hotspot, &network, self.counts.clone(), self.random.number());
        let mut phone = Phone::on(data, number, clock, entropy, network, (&self.hotspot, air));
        phone.district = district;
        self.phones.push(phone);
    }

    /// How many phones may be cloned in this run.
    pub fn may_clone(&self) -> bool {
        self.phones.len() < self.size + 2
    }

    fn live(&mut self) {
        if self.leaps {
            self.back_up();
        }
        for _ in 0..STEPS + STEPS_EACH * (self.size - PHONES_MIN) {
            let minutes = self.random.below(20);
            self.time.pass(i64::try_from(minutes).unwrap_or_default() * MINUTE_MS + 1_000);
            let number = usize::try_from(self.random.below(self.phones.len() as u64)).unwrap_or_default();
            match self.random.below(100) {
                0..58 => self.act(number),
                58..81 => self.sync(number),
                _ => self.befall(number),
            }
            if self.wrong.len() > 5 {
                return;
            }
        }
        self.heal();
    }

    pub fn act(&mut self, number: usize) {
        self.doom(number);
        self.phones[number].author.read = self.phones[number].orders_read(&self.model.orders);
        let done = self.hand(number).act();
        match done {
            Ok(None) => {}
            Ok(Some(name)) => *self.operations.entry(name).or_default() += 1,
            Err(wrong) => self.wrong.push(format!("phone {number}: {wrong}")),
        }
        self.revive(number);
    }

    fn hand(&mut self, number: usize) -> Hand<'_> {
        let Self { phones, model, random, serial, visits_max, restored, .. } = self;
        let (phone, causal) = (&mut phones[number], *restored == 0);
        Hand { phone, model, random, serial, causal, visits_max: *visits_max }
    }

    /// Now and then the power fails, or the disk is full, at one of the next writes of a phone.
    fn doom(&mut self, number: usize) {
        let writes = *self.random.one_of(&WRITES);
        let after = self.random.below(writes);
        match self.random.below(100) {
            0..7 => self.phones[number].disk.doom(after, Fate::Ends),
            7..11 => self.phones[number].disk.doom(after, Fate::Full),
            _ => {}
        }
    }

    /// After a call: a phone without power is started again, and its officer looks what it kept.
    fn revive(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        if phone.disk.full() {
            self.counts.add("a phone's disk full");
        }
        phone.disk.relieve();
        if !phone.disk.ended() {
            return;
        }
        let in_photo = matches!(phone.unsure, Some(Unsure::Photo { .. }));
        let fault = if in_photo { "power cut inside photo capture" } else { "power cut between two writes" };
        self.counts.add(fault);
        phone.kill(&mut self.random);
        if let Err(wrong) = self.hand(number).look_again() {
            self.wrong.push(format!("phone {number}: {wrong}"));
        }
    }

    pub fn sync(&mut self, number: usize) {
        self.doom(number);
        let now_ms = self.time.now_ms();
        let phone = &self.phones[number];
        phone.network.set_away(now_ms < phone.away_until_ms);
        let other = self.meanwhile(number);
        let was_moved = self.phones[number].moved;
        let done = self.runtime.block_on(self.phones[number].line().sync());
        self.hq.set_meanwhile(None);
        if let Some((other, died)) = other
            && died.load(Ordering::SeqCst)
        {
            self.phones[other].kill(&mut self.random);
        }
        *self.operations.entry("sync").or_default() += 1;
        self.hubs_without_power(number);
        if done.is_none() {
            self.phones[number].disk.relieve();
            self.phones[number].kill(&mut self.random);
            return;
        }
        if matches!(done, Some(Ok(()))) {
            // A restored HQ may have heard of a move from this very phone.
            self.look_at_teams();
            let phone = &mut self.phones[number];
            phone.heard_of = self.restored;
            phone.whole |= !phone.estranged && !phone.moved && !was_moved;
            if phone.all_held() {
                phone.held_at = self.model.last_tick();
                phone.keyless &= phone.estranged;
            }
        }
        self.revive(number);
        // Until a phone has heard of a restored HQ, it believes what the old one receipted.
        if self.phones[number].heard_of == self.restored {
            // A receipt says that HQ keeps it. What a full disk left to be judged shows with the next request.
            self.hq.service().publish_all();
            check::receipts_hold(&self.model, &self.phones[number], &self.hq.service(), &mut self.wrong);
        }
    }

    /// Lets another phone sync in the middle of this one's requests, if there is one with a signal. Returns which, and
    /// whether it was killed in it.
    fn meanwhile(&mut self, number: usize) -> Option<(usize, Arc<AtomicBool>)> {
        if !self.random.chance(25) {
            return None;
        }
        let (handle, counts) = (self.runtime.handle().clone(), self.counts.clone());
        if self.random.chance(30) {
            let (hq, old) = (Arc::clone(&self.hq), self.phones[number].network.overheard()?);
            self.hq.set_meanwhile(Some(Box::new(move || {
                counts.add("an old request heard by the other node in the middle of a request");
                handle.block_on(hq.hear(old, None));
            })));
            return None;
        }
        let other = usize::try_from(self.random.below(self.phones.len() as u64)).unwrap_or_default();
        let phone = &self.phones[other];
        if other == number || self.time.now_ms() < phone.away_until_ms {
            return None;
        }
        phone.network.set_away(false);
        let line = phone.line();
        let died = Arc::new(AtomicBool::new(false));
        let killed = Arc::clone(&died);
        self.hq.set_meanwhile(Some(Box::new(move || {
            counts.add("another phone heard by the other node in the middle of a request");
            killed.store(handle.block_on(line.sync()).is_none(), Ordering::SeqCst);
        })));
        Some((other, died))
    }

    /// Officers open every visit: what a snapshot lacks of it comes with the next sync.
    fn look_at_everything(&self) {
        for phone in &self.phones {
            for visit in self.model.visits.keys() {
                let _ = phone.engine.visit_get(VisitRef { visit: visit.clone() });
            }
        }
    }

    /// Everything works again; clocks stay as wrong as they are.
    fn heal(&mut self) {
        self.hq.set_calm(true);
        for phone in &self.phones {
            phone.network.heal();
            phone.air.heal();
        }
        self.lost_scopes_are_gone();
        self.all_go_home();
        self.reconcile();
        self.hq.set_calm(true);
        self.reach_hq_by_hubs();
        for pass in 0..HEALING_PASSES {
            // An old move may come back with a phone that had read it before HQ was restored.
            self.all_go_home();
            self.look_at_everything();
            for number in 0..self.phones.len() {
                self.time.pass(MINUTE_MS);
                match self.runtime.block_on(self.phones[number].line().sync()) {
                    None => self.phones[number].kill(&mut self.random),
                    Some(Err(error)) if pass > 0 => {
                        self.wrong.push(format!("phone {number} cannot sync after all is healed: {error:?}"));
                    }
                    Some(_) => {}
                }
            }
        }
        for (number, phone) in self.phones.iter().enumerate() {
            let status = phone.status();
            if !phone.all_held() || !status.attention.is_empty() {
                self.wrong.push(format!("phone {number} still holds work back: {status:?}"));
            }
        }
        self.look_into_hubs();
        self.nothing_erased_remains();
        let mut tally = Tally::default();
        check::all_agree(&self.model, &self.phones, &self.hq.service(), &mut tally, &mut self.wrong);
        let Tally { conflicts, joint_visits, false_conflicts, retracted, open_standings } = tally;
        self.operations.extend([
            ("conflicts", conflicts),
            ("joint visits", joint_visits),
            ("false conflicts", false_conflicts),
            ("visits that do not count", retracted),
            ("retractions to look at again", open_standings),
        ]);
    }
}

//! One run: a fleet, its officers and everything that befalls them, from one seed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use xuncha_domain::ids::{Entropy, OfficerId};
use xuncha_engine::api::types::Enroll;
use xuncha_tests::random::Random;
use xuncha_tests::world::copy_folder;

use crate::check;
use crate::hq::{ADDRESS, Hq};
use crate::model::Model;
use crate::nature::{MachineClock, MachineEntropy, Time, folder};
use crate::network::{Counts, Network};
use crate::officer::Hand;
use crate::phone::Phone;

const PHONES: usize = 3;
/// Phones of one run with the cloned ones.
const PHONES_MAX: usize = 5;
const STEPS: usize = 160;
/// Syncs of every phone after the last fault. A fork is known after one, its successor is sent by the next, and the
/// others fetch it after that.
const HEALING_PASSES: usize = 5;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Faults that today's code is known not to heal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unhealed {
    /// HQ restored from a backup that lacks what it had receipted since.
    pub hq_restored: bool,
    /// A phone restored from an old copy of its folder without its key.
    pub key_lost: bool,
}

/// HQ with the synthetic city and enrolled phones: every run starts on copies of it.
pub struct Stage {
    hq: TempDir,
    phones: Vec<TempDir>,
}

pub struct Outcome {
    pub operations: BTreeMap<&'static str, u64>,
    pub faults: BTreeMap<&'static str, u64>,
    pub wrong: Vec<String>,
    /// Equal for equal runs.
    pub digest: u64,
}

impl Stage {
    pub fn build() -> Self {
        let (time, runtime) = (Time::new(), runtime());
        let clock = || Arc::new(MachineClock::new(&time));
        let hq = Arc::new(Hq::on(folder().path(), clock(), Arc::new(MachineEntropy::new(1))));
        hq.service().write_demo().expect("the synthetic city");
        let officers = hq.service().officers().expect("officers");
        let mut phones = Vec::new();
        for (number, officer) in officers.iter().take(PHONES).enumerate() {
            let seed = 2 + number as u64;
            let network = Arc::new(Network::new(Arc::clone(&hq), Counts::default(), seed));
            network.heal();
            let empty = folder();
            let phone =
                Phone::on(empty.path(), number, clock(), Arc::new(MachineEntropy::new(seed)), network);
            let id = OfficerId(officer.row.id);
            let code = hq.service().new_enrol_code(id, ADDRESS).expect("a code").code;
            phone.engine.enroll(Enroll { text: code, server_url: Some(ADDRESS.into()) }).expect("it enrols");
            phone.sync(&runtime).expect("alive").expect("HQ answers");
            let copy = folder();
            copy_folder(phone.data(), copy.path());
            phones.push(copy);
        }
        Self { hq: hq.backup(), phones }
    }

    /// Plays one seed. A panic of the engine or of HQ is a violation like any other.
    pub fn play(&self, seed: u64, unhealed: Unhealed) -> Outcome {
        let mut fleet = Fleet::new(self, seed, unhealed);
        if catch_unwind(AssertUnwindSafe(|| fleet.live())).is_err() {
            fleet.wrong.push("a panic".into());
        }
        Outcome {
            operations: fleet.operations,
            faults: fleet.counts.all(),
            wrong: fleet.wrong,
            digest: fleet.random.number(),
        }
    }
}

struct Fleet {
    random: Random,
    time: Time,
    runtime: Runtime,
    hq: Arc<Hq>,
    phones: Vec<Phone>,
    model: Model,
    serial: i32,
    counts: Counts,
    operations: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
    unhealed: Unhealed,
    backup: Option<TempDir>,
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

impl Fleet {
    fn new(stage: &Stage, seed: u64, unhealed: Unhealed) -> Self {
        let mut random = Random::seeded(seed);
        let time = Time::new();
        time.pass(DAY_MS);
        let clock = Arc::new(MachineClock::new(&time));
        let entropy = Arc::new(MachineEntropy::new(random.number()));
        let hq = Arc::new(Hq::on(stage.hq.path(), clock, entropy));
        let mut fleet = Self {
            random,
            time,
            runtime: runtime(),
            hq,
            phones: Vec::new(),
            model: Model::default(),
            serial: 0,
            counts: Counts::default(),
            operations: BTreeMap::new(),
            wrong: Vec::new(),
            unhealed,
            backup: None,
        };
        for data in &stage.phones {
            fleet.add_phone(data.path());
        }
        fleet
    }

    fn add_phone(&mut self, data: &std::path::Path) {
        let network = Network::new(Arc::clone(&self.hq), self.counts.clone(), self.random.number());
        let clock = Arc::new(MachineClock::new(&self.time));
        let entropy: Arc<dyn Entropy> = Arc::new(MachineEntropy::new(self.random.number()));
        let number = self.phones.len();
        self.phones.push(Phone::on(data, number, clock, entropy, Arc::new(network)));
    }

    fn live(&mut self) {
        for _ in 0..STEPS {
            let minutes = self.random.below(20);
            self.time.pass(i64::try_from(minutes).unwrap_or_default() * MINUTE_MS + 1_000);
            let number = usize::try_from(self.random.below(self.phones.len() as u64)).unwrap_or_default();
            self.step(number);
            if self.wrong.len() > 5 {
                return;
            }
        }
        self.heal();
    }

    fn step(&mut self, number: usize) {
        match self.random.below(100) {
            0..58 => self.act(number),
            58..81 => self.sync(number),
            81..83 => self.kill(number),
            83..85 => self.hq_crashes(),
            85..87 => self.go_away(number),
            87..89 => self.clock_jumps(number),
            89..92 => self.keep_copy(number),
            92..96 => self.restore_phone(number),
            96..97 => self.clone_phone(number),
            97..99 => self.strangers(number),
            _ => self.restore_hq(),
        }
    }

    fn act(&mut self, number: usize) {
        let Self { phones, model, random, serial, .. } = self;
        let mut hand = Hand { phone: &mut phones[number], model, random, serial };
        match hand.act() {
            Ok(None) => {}
            Ok(Some(name)) => *self.operations.entry(name).or_default() += 1,
            Err(wrong) => self.wrong.push(format!("phone {number}: {wrong}")),
        }
    }

    fn sync(&mut self, number: usize) {
        let now_ms = self.time.now_ms();
        let phone = &mut self.phones[number];
        phone.network.set_away(now_ms < phone.away_until_ms);
        match phone.sync(&self.runtime) {
            None => phone.kill(),
            // Until a phone has heard of a restored HQ, it believes what the old one receipted.
            Some(_) if self.unhealed.hq_restored => {}
            Some(_) => check::receipts_hold(&self.model, phone, &self.hq.service(), &mut self.wrong),
        }
        *self.operations.entry("sync").or_default() += 1;
    }

    fn kill(&mut self, number: usize) {
        self.counts.add("phone killed");
        self.phones[number].kill();
    }

    fn hq_crashes(&mut self) {
        self.counts.add("HQ crashed");
        self.hq.crash();
    }

    fn go_away(&mut self, number: usize) {
        self.counts.add("days without a signal");
        self.phones[number].away_until_ms = self.time.now_ms() + DAY_MS / 2 * (1 + (number as i64 % 3));
        // Hours pass for all, or a partition would outlast every run.
        self.time.pass(DAY_MS / 4);
    }

    fn clock_jumps(&mut self, number: usize) {
        self.counts.add("clock jumped");
        let to_1970 = -self.time.now_ms();
        let wrong = *self.random.one_of(&[to_1970, 2 * DAY_MS, -2 * DAY_MS, 0]);
        self.phones[number].clock.set_wrong(wrong);
    }

    /// The app is in the background when its folder is copied.
    fn keep_copy(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        phone.engine.suspend();
        let copy = folder();
        copy_folder(phone.data(), copy.path());
        phone.old_copy = Some(copy);
    }

    /// The phone is lost when HQ holds all of it, and its officer goes on with an old copy on another.
    fn restore_phone(&mut self, number: usize) {
        self.sync(number);
        let phone = &mut self.phones[number];
        if !phone.all_held() {
            return;
        }
        let Some(copy) = phone.old_copy.take() else { return };
        if self.unhealed.key_lost && !phone.cloned && self.random.chance(50) {
            self.counts.add("phone restored without its key");
            std::fs::remove_file(copy.path().join("device.key")).expect("the key was there");
        } else {
            self.counts.add("phone restored from an old copy");
        }
        phone.clock.reboot();
        phone.replace(copy);
    }

    fn clone_phone(&mut self, number: usize) {
        if self.phones.len() >= PHONES_MAX {
            return;
        }
        self.counts.add("phone cloned");
        let phone = &mut self.phones[number];
        phone.engine.suspend();
        phone.cloned = true;
        let copy = folder();
        copy_folder(phone.data(), copy.path());
        self.add_phone(copy.path());
        if let Some(clone) = self.phones.last_mut() {
            clone.cloned = true;
        }
    }

    /// Noise, and what somebody on the wire made of a phone's own requests.
    fn strangers(&mut self, number: usize) {
        self.counts.add("hostile requests");
        let Some(mut request) = self.phones[number].network.overheard() else { return };
        let length = request.body.len();
        if self.random.chance(30) {
            request.body = (0..self.random.below(2_000)).map(|n| (n * 7 % 251) as u8).collect();
        } else if length > 0 {
            for _ in 0..=self.random.below(3) {
                let at = usize::try_from(self.random.below(length as u64)).unwrap_or_default();
                request.body[at] ^= 1 << self.random.below(8);
            }
            if self.random.chance(30) {
                request.body.truncate(length / 2);
            }
        }
        let answer = self.runtime.block_on(self.hq.hear(request, None));
        if answer.status >= 500 {
            self.wrong.push(format!("HQ answers {} to a stranger", answer.status));
        }
    }

    fn restore_hq(&mut self) {
        if !self.unhealed.hq_restored {
            return;
        }
        match self.backup.take() {
            None => self.backup = Some(self.hq.backup()),
            Some(backup) => {
                self.counts.add("HQ restored from an old backup");
                self.hq.restore(backup.path());
            }
        }
    }

    /// Everything works again; clocks stay as wrong as they are.
    fn heal(&mut self) {
        for phone in &self.phones {
            phone.network.heal();
        }
        for pass in 0..HEALING_PASSES {
            for number in 0..self.phones.len() {
                self.time.pass(MINUTE_MS);
                match self.phones[number].sync(&self.runtime) {
                    None => self.phones[number].kill(),
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
        let conflicts = self.model.visits.values().map(|visit| visit.conflicts() as u64).sum();
        self.operations.insert("conflicts", conflicts);
        check::all_agree(&self.model, &self.phones, &self.hq.service(), &mut self.wrong);
    }
}

//! HQ with the synthetic city and enrolled phones: every run starts on copies of it.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use xuncha_domain::ids::OfficerId;
use xuncha_engine::api::types::Enroll;
use xuncha_tests::random::Random;
use xuncha_tests::world::copy_folder;

use crate::hotspot::Air;
use crate::hq::{ADDRESS, Hq};
use crate::nature::{MachineClock, MachineEntropy, Time, folder};
use crate::network::{Counts, Network};
use crate::phone::Phone;

pub const PHONES_MIN: usize = 3;
pub const PHONES_MAX: usize = 40;

pub struct Stage {
    pub hq: TempDir,
    pub phones: Vec<Enrolled>,
}

/// The folder of an enrolled phone.
pub struct Enrolled {
    pub folder: TempDir,
    pub officer: OfficerId,
    /// The one district that its officer reads; none reads all.
    pub district: Option<String>,
}

impl Stage {
    /// A city with so many phones; the first ones are those of every smaller stage.
    pub fn build(phones: usize) -> Self {
        let (time, runtime) = (Time::new(), runtime());
        let clock = || Arc::new(MachineClock::new(&time));
        let hq = Hq::on(folder().path(), clock(), Arc::new(MachineEntropy::new(1)), Counts::default(), 1);
        let hq = Arc::new(hq);
        hq.service().write_demo().expect("the synthetic city");
        let officers = officers(&hq);
        let mut enrolled = Vec::new();
        for (number, (officer, district)) in officers.into_iter().take(phones).enumerate() {
            let seed = 2 + number as u64;
            let network = Arc::new(Network::new(Arc::clone(&hq), Counts::default(), seed));
            network.heal();
            let (empty, hotspot) = (folder(), Arc::default());
            let air = Air::new(&hotspot, &network, Counts::default(), seed);
            let entropy = Arc::new(MachineEntropy::new(seed));
            let phone = Phone::on(empty.path(), number, clock(), entropy, network, (&hotspot, air));
            let code = hq.service().new_enrol_code(officer, ADDRESS).expect("a code").code;
            phone.engine.enroll(Enroll { text: code, server_url: Some(ADDRESS.into()) }).expect("it enrols");
            runtime.block_on(phone.line().sync()).expect("alive").expect("HQ answers");
            let copy = folder();
            copy_folder(phone.data(), copy.path());
            enrolled.push(Enrolled { folder: copy, officer, district });
        }
        Self { hq: hq.copied(), phones: enrolled }
    }
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// Whose the n-th phone is: first those who read the whole city, so that they meet; then every third of theirs is a second
/// phone of one of them, and the others belong to district groups.
fn officers(hq: &Hq) -> Vec<(OfficerId, Option<String>)> {
    let teams = hq.service().teams().expect("teams");
    let district = |team: Option<[u8; 16]>| {
        teams.iter().find(|row| Some(row.id) == team).and_then(|row| row.district.clone())
    };
    let all = hq.service().officers().expect("officers");
    let mut all: Vec<_> =
        all.iter().map(|officer| (OfficerId(officer.row.id), district(officer.row.team))).collect();
    // The register lists them by name; ids are the same in every city.
    all.sort_by_key(|(id, district)| (district.is_some(), id.0));
    let (city, districts): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, district)| district.is_none());
    let rest = (0..PHONES_MAX).map(|n| {
        let group = if n % 3 == 0 { &city } else { &districts };
        group[n / 2 % group.len()].clone()
    });
    city.iter().cloned().chain(rest).take(PHONES_MAX).collect()
}

/// Mostly small fleets, in which phones meet often; now and then a whole brigade.
pub fn size(random: &mut Random) -> usize {
    let size = match random.below(100) {
        0..70 => 3 + random.below(3),
        70..95 => 6 + random.below(7),
        _ => 13 + random.below(28),
    };
    usize::try_from(size).unwrap_or_default()
}

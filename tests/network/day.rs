//! The work, and the proof that all of it arrived.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use xuncha_domain::ids::EntityId;
use xuncha_engine::api::types::{SaveState, SyncStatus, VenueRow};
use xuncha_tests::processes::eventually;
use xuncha_tests::program::{RunningPhone, ask};
use xuncha_tests::random::Random;
use xuncha_tests::script::{Facts, Tap, answer, begin, facts, facts_at_hq, reading, sha256};
use xuncha_tests::stage::{Hq, Phone};

use crate::link::{Link, Shape};

const ANSWERS: usize = 12;
const READINGS: usize = 5;
/// What an upload copy of a phone's photo takes, in bytes: this and up to half of it more.
const PHOTO_BYTES: u64 = 200_000;
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A line for whoever watches the long run.
const SAY_EVERY: Duration = Duration::from_secs(30);

pub struct Day {
    pub visits: usize,
    pub photos_per_visit: usize,
    /// Longer means that it will never arrive.
    pub within: Duration,
}

impl Day {
    pub fn arrives_through(&self, shape: Shape) {
        let mut random = Random::new();
        let seed = random.seed;
        println!("seed {seed}; the link is a TCP proxy: {shape:?}");
        let mut hq = Hq::with_demo_city();
        let link = Link::to(&hq.address(), shape, random.number());
        let phone = Phone::enrolled_through(&hq, &link.address());
        let phone = RunningPhone::start(phone.data());
        eventually("the register is on the phone", || {
            let venues: Vec<VenueRow> = ask(&phone.calls, "venues_find", json!({ "text": "" })).unwrap();
            (!venues.is_empty()).then_some(())
        });

        link.becomes_bad();
        let began = Instant::now();
        let (visits, bytes) = self.work(&phone, &mut random);
        println!("recorded {} visits with {bytes} bytes of photos in {:.1?}", visits.len(), began.elapsed());
        self.wait_until_held(&phone, began);
        let took = began.elapsed();

        let printed = phone.process.printed();
        let lines = |part: &str| printed.lines().filter(|line| line.contains(part)).count();
        println!(
            "arrived after {took:.1?}; {} runs of the worker failed and backed off, {} requests were lost\n{}",
            lines("sync waits"),
            lines("HQ is out of reach"),
            link.report(bytes)
        );
        hq.crash();
        everything_is_there(&hq, &visits, self.visits * self.photos_per_visit);
    }

    /// The officer does not wait for the network: all of it is recorded while the link is bad.
    fn work(&self, phone: &RunningPhone, random: &mut Random) -> (BTreeMap<String, Facts>, usize) {
        let mut visits = BTreeMap::new();
        let mut bytes = 0;
        for _ in 0..self.visits {
            let mut view = begin(&phone.calls, random).unwrap();
            let mut taps: Vec<Tap> = (0..ANSWERS).map(|_| answer(random, &view)).collect();
            taps.extend((0..READINGS).map(|_| reading(random)));
            taps.push(Tap::Note(format!("note {}", random.number())));
            for _ in 0..self.photos_per_visit {
                let size = PHOTO_BYTES + random.below(PHOTO_BYTES / 2);
                let photo = random.photo(usize::try_from(size).unwrap());
                bytes += photo.len();
                taps.push(Tap::Photo(photo));
            }
            taps.push(Tap::Finish);
            for tap in taps {
                view = tap.perform(&phone.calls, &view).unwrap();
            }
            visits.insert(view.summary.id.clone(), facts(&view));
        }
        (visits, bytes)
    }

    fn wait_until_held(&self, phone: &RunningPhone, began: Instant) {
        let mut said = Duration::ZERO;
        loop {
            let status: SyncStatus = ask(&phone.calls, "sync_status", json!({})).unwrap();
            if status.state == SaveState::Held {
                break;
            }
            let elapsed = began.elapsed();
            assert!(elapsed < self.within, "still here after {elapsed:.0?}: {status:?}");
            assert!(status.attention.is_empty(), "a bad network needs nobody's attention: {status:?}");
            if elapsed > said + SAY_EVERY {
                said = elapsed;
                println!("{elapsed:.0?}: {} photos still here", status.photos_here);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

fn everything_is_there(hq: &Hq, visits: &BTreeMap<String, Facts>, photos: usize) {
    let service =
        xuncha_server::Config { data: hq.data().into(), ..Default::default() }.open().expect("HQ opens");
    for (visit, expected) in visits {
        let id: EntityId = visit.parse().unwrap();
        assert_eq!(&facts_at_hq(&service.visit(&id.0).unwrap()), expected, "visit {visit}");
    }
    let all = visits.values().flatten().filter_map(|fact| fact.strip_prefix("photo "));
    let mut whole = 0;
    for photo in all {
        let file = hq.data().join("blobs/held").join(&photo[..2]).join(photo);
        assert_eq!(sha256(&std::fs::read(file).unwrap()), photo);
        whole += 1;
    }
    assert_eq!(whole, photos);
    println!("{} visits and {whole} photos are whole at HQ", visits.len());
}

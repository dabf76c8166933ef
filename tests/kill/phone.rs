//! The phone is killed while an officer works and the worker syncs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::json;
use xuncha_engine::api::types::{SaveState, SyncStatus, Today, VenueRow, VisitView};
use xuncha_tests::processes::eventually;
use xuncha_tests::program::{Hand, RunningPhone, ask};
use xuncha_tests::random::Random;
use xuncha_tests::script::{Facts, Tap, any_tap, begin, facts, facts_at_hq};
use xuncha_tests::stage::{Hq, Phone};

use crate::disk::{self, Left};
use crate::tally::Tally;

/// Calls between two kills, at most.
const CALLS_MAX: u64 = 8;
/// A kill falls within this time of its call, in microseconds: a debug build takes a little less for the call.
const TAP_US: u64 = 15_000;
const PHOTO_US: u64 = 50_000;
/// A kill of a starting program falls within this time, in microseconds.
const START_US: u64 = 150_000;
const PHOTO_BYTES: u64 = 300_000;

#[test]
fn nothing_acknowledged_is_missing_after_kills_of_the_phone() {
    let random = Random::new();
    let seed = random.seed;
    println!("seed {seed}");
    let mut hq = Hq::with_demo_city();
    let phone = Phone::enrolled_at(&hq);
    let mut trial = Trial::begin(phone.data(), random);
    for _ in 0..crate::times() {
        trial.work();
        let cut = trial.strike();
        trial.look_at_disk();
        trial.start_again();
        trial.compare(cut);
    }
    trial.compare_everything();
    trial.everything_arrives(&mut hq);
    trial.tally.report("phone", seed);
}

/// What was under way when the kill came, and was not acknowledged.
enum Cut {
    Nothing,
    Begin,
    Tap { visit: String, tap: Tap },
}

struct Trial<'a> {
    data: &'a Path,
    random: Random,
    phone: RunningPhone,
    /// What each visit must show: everything acknowledged.
    visits: BTreeMap<String, Facts>,
    open: Option<VisitView>,
    touched: BTreeSet<String>,
    whole_files: BTreeSet<String>,
    tally: Tally,
}

impl<'a> Trial<'a> {
    fn begin(data: &'a Path, random: Random) -> Self {
        let phone = RunningPhone::start(data);
        eventually("the register is on the phone", || {
            let venues: Vec<VenueRow> = ask(&phone.calls, "venues_find", json!({ "text": "" })).unwrap();
            (!venues.is_empty()).then_some(())
        });
        Self {
            data,
            random,
            phone,
            visits: BTreeMap::new(),
            open: None,
            touched: BTreeSet::new(),
            whole_files: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    /// Calls that nothing disturbs.
    fn work(&mut self) {
        for _ in 0..self.random.below(CALLS_MAX) {
            match self.open.clone() {
                None => {
                    let view = begin(&self.phone.calls, &mut self.random).unwrap();
                    self.begun(view);
                }
                Some(view) => {
                    let tap = any_tap(&mut self.random, &view, PHOTO_BYTES);
                    let view = tap.perform(&self.phone.calls, &view).unwrap();
                    self.acknowledged(&tap, view);
                }
            }
        }
    }

    /// One more call, and the kill while it runs or just after.
    fn strike(&mut self) -> Cut {
        let tap = self.open.as_ref().map(|view| any_tap(&mut self.random, view, PHOTO_BYTES));
        let within = if matches!(tap, Some(Tap::Photo(_))) { PHOTO_US } else { TAP_US };
        let delay = Duration::from_micros(self.random.below(within));
        let mut choice = Random::seeded(self.random.number());
        let (calls, process, open) = (&self.phone.calls, &mut self.phone.process, &self.open);
        let answer = thread::scope(|scope| {
            let call = scope.spawn(|| match (&tap, open) {
                (Some(tap), Some(view)) => tap.perform(calls, view),
                _ => begin(calls, &mut choice),
            });
            thread::sleep(delay);
            process.kill();
            call.join().unwrap()
        });
        self.tally.kills += 1;
        match (answer, tap) {
            (Ok(view), Some(tap)) => self.acknowledged(&tap, view),
            (Ok(view), None) => self.begun(view),
            (Err(why), tap) => {
                self.tally.cut += 1;
                self.tally.must(!why.contains("was refused"), || why);
                let open = self.open.as_ref().map(|view| view.summary.id.clone());
                return open.zip(tap).map_or(Cut::Begin, |(visit, tap)| Cut::Tap { visit, tap });
            }
        }
        Cut::Nothing
    }

    fn begun(&mut self, view: VisitView) {
        self.tally.acknowledged += 1;
        self.visits.insert(view.summary.id.clone(), facts(&view));
        self.touched.insert(view.summary.id.clone());
        self.open = Some(view);
    }

    fn acknowledged(&mut self, tap: &Tap, view: VisitView) {
        self.tally.acknowledged += 1;
        self.tally.photos += usize::from(matches!(tap, Tap::Photo(_)));
        let id = view.summary.id.clone();
        let expected = tap.after(&self.visits[&id]);
        let shown = facts(&view);
        self.tally.must(shown == expected, || format!("acknowledged otherwise than done: {tap:?}"));
        self.visits.insert(id.clone(), expected);
        self.touched.insert(id);
        self.open = (!view.summary.sealed).then_some(view);
    }

    /// The database is sound, and every photo that a row names is whole.
    fn look_at_disk(&mut self) {
        let left = Left::copy(&self.data.join("xuncha.db"));
        let damage = left.damage();
        self.tally.must(damage.is_empty(), || format!("the database is damaged: {damage:?}"));
        let rows = left.column("SELECT lower(hex(sha256)) || ' ' || file FROM photo");
        for row in rows.difference(&self.whole_files.clone()) {
            let (hash, file) = row.split_once(' ').unwrap();
            let whole = disk::is_whole(&self.data.join("photos").join(file), hash);
            self.tally.must(whole, || format!("photo {hash} is not whole"));
        }
        self.whole_files = rows;
    }

    /// Started on the same folder; now and then killed once more before it is ready.
    fn start_again(&mut self) {
        if self.random.chance(15) {
            let mut starting = RunningPhone::starting(self.data);
            thread::sleep(Duration::from_micros(self.random.below(START_US)));
            starting.kill();
            self.tally.kills += 1;
            self.tally.starting += 1;
            self.look_at_disk();
        }
        self.phone = RunningPhone::start(self.data);
        let unfinished = disk::ending(&self.data.join("photos"), "part");
        self.tally.must(unfinished.is_empty(), || format!("half-made files stayed: {unfinished:?}"));
    }

    /// What was touched since the last kill, and a few older visits.
    fn compare(&mut self, cut: Cut) {
        if let Cut::Begin = cut {
            self.adopt_begun();
        }
        let mut wanted = std::mem::take(&mut self.touched);
        let all: Vec<String> = self.visits.keys().cloned().collect();
        if !all.is_empty() {
            wanted.extend((0..3).map(|_| self.random.one_of(&all).clone()));
        }
        if let Cut::Tap { visit, tap } = &cut {
            let before = &self.visits[visit];
            let (after, shown) = (tap.after(before), self.shown(visit));
            if shown == after {
                self.tally.cut_and_kept += usize::from(after != *before);
                self.tally.photos += usize::from(matches!(tap, Tap::Photo(_)));
                self.visits.insert(visit.clone(), after);
            }
            wanted.insert(visit.clone());
        }
        wanted.iter().for_each(|visit| self.compare_one(visit));
        let open = self.open.take().map(|view| view.summary.id);
        self.open = open.map(|id| self.view(&id)).filter(|view| !view.summary.sealed);
    }

    /// A visit whose beginning was cut off is there as begun, or not at all.
    fn adopt_begun(&mut self) {
        let today: Today = ask(&self.phone.calls, "today", json!({})).unwrap();
        let unknown: Vec<String> = today.drafts.into_iter().map(|summary| summary.id).collect();
        let unknown: Vec<&String> = unknown.iter().filter(|id| !self.visits.contains_key(*id)).collect();
        self.tally.must(unknown.len() <= 1, || format!("{} visits that nobody began", unknown.len()));
        for id in unknown {
            self.tally.cut_and_kept += 1;
            self.visits.insert(id.clone(), Facts::new());
            self.touched.insert(id.clone());
            self.open = Some(self.view(id));
        }
    }

    fn compare_one(&mut self, visit: &str) {
        let (shown, expected) = (self.shown(visit), &self.visits[visit]);
        let missing: Vec<_> = expected.difference(&shown).cloned().collect();
        let surplus: Vec<_> = shown.difference(expected).cloned().collect();
        let well = missing.is_empty() && surplus.is_empty();
        self.tally.must(well, || format!("visit {visit}: missing {missing:?}, not recorded {surplus:?}"));
    }

    fn compare_everything(&mut self) {
        let all: Vec<String> = self.visits.keys().cloned().collect();
        all.iter().for_each(|visit| self.compare_one(visit));
        self.whole_files.clear();
        self.look_at_disk();
    }

    /// The worker sends all of it, and HQ shows exactly what the phone shows.
    fn everything_arrives(&mut self, hq: &mut Hq) {
        self.phone.calls.call("sync_now", json!({})).unwrap();
        let held = || {
            let status: SyncStatus = ask(&self.phone.calls, "sync_status", json!({})).unwrap();
            (status.state == SaveState::Held).then_some(())
        };
        eventually("everything is held by HQ", held);
        hq.crash();
        let service =
            xuncha_server::Config { data: hq.data().into(), ..Default::default() }.open().expect("HQ opens");
        for (visit, expected) in &self.visits {
            let id: xuncha_domain::ids::EntityId = visit.parse().unwrap();
            let there = service.visit(&id.0).map(|detail| facts_at_hq(&detail));
            self.tally.must(there.as_ref().is_ok_and(|there| there == expected), || {
                format!("visit {visit} at HQ: {there:?} instead of {expected:?}")
            });
        }
    }

    fn shown(&self, visit: &str) -> Facts {
        facts(&self.view(visit))
    }

    fn view(&self, visit: &str) -> VisitView {
        ask(&self.phone.calls, "visit_get", json!({ "visit": visit })).unwrap()
    }
}

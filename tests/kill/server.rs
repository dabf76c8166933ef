//! HQ is killed while phones push and upload.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tempfile::TempDir;
use xuncha_engine::api::types::VisitView;
use xuncha_engine::{Engine, Options};
use xuncha_tests::random::Random;
use xuncha_tests::script::{Facts, Tap, any_tap, begin, facts, facts_at_hq};
use xuncha_tests::stage::Hq;

use crate::disk::{self, Left};
use crate::tally::Tally;

const PHONES: usize = 2;
/// New work of a phone before each sync.
const TAPS: u64 = 6;
/// Beyond one piece of an upload (512 KiB), so that kills fall between pieces, too.
const PHOTO_BYTES: usize = 900_000;
/// A kill falls within this time of the syncs' start, in microseconds; a debug build takes about half of it for them.
const SYNC_US: u64 = 150_000;
/// Syncs at the end until nothing is left; each goes on where the last one broke off.
const SYNCS_MAX: usize = 5;

#[test]
fn every_receipt_is_true_after_kills_of_hq() {
    let mut random = Random::new();
    let seed = random.seed;
    println!("seed {seed}");
    let mut hq = Hq::with_demo_city();
    let mut phones: Vec<Working> = (0..PHONES).map(|_| Working::enrolled_at(&hq)).collect();
    let mut tally = Tally::default();
    for _ in 0..crate::times() {
        phones.iter_mut().for_each(|phone| phone.work(&mut random, &mut tally));
        let delay = Duration::from_micros(random.below(SYNC_US));
        let syncs = thread::scope(|scope| {
            let syncs: Vec<_> = phones.iter().map(|phone| scope.spawn(|| phone.sync())).collect();
            thread::sleep(delay);
            hq.crash();
            syncs.into_iter().map(|sync| sync.join().unwrap()).collect::<Vec<_>>()
        });
        tally.kills += 1;
        tally.acknowledged += syncs.iter().filter(|sync| sync.is_ok()).count();
        tally.cut += syncs.iter().filter(|sync| sync.is_err()).count();
        receipts_are_true(&phones, hq.data(), &mut tally);
        hq.restart();
    }
    for phone in &phones {
        let synced = (0..SYNCS_MAX).any(|_| phone.sync().is_ok() && phone.is_empty());
        tally.must(synced, || {
            format!("a phone keeps work: {:?}", phone.engine.call("sync_status", json!({})))
        });
    }
    hq.crash();
    receipts_are_true(&phones, hq.data(), &mut tally);
    everything_is_there(&phones, hq.data(), &mut tally);
    tally.report("HQ", seed);
}

/// Whatever a phone counts as received lies at HQ: looked up in both databases, and in the bytes of the photos.
fn receipts_are_true(phones: &[Working], hq: &Path, tally: &mut Tally) {
    let left = Left::copy(&hq.join("hq.sqlite"));
    let damage = left.damage();
    tally.must(damage.is_empty(), || format!("HQ's database is damaged: {damage:?}"));
    let commits = left.column("SELECT hex(hash) FROM commits");
    let blobs = left.column("SELECT lower(hex(sha256)) FROM blobs");
    for phone in phones {
        let received = phone.column("SELECT hex(hash) FROM log WHERE received = 1");
        let missing: Vec<_> = received.difference(&commits).collect();
        tally.must(missing.is_empty(), || format!("received by HQ and not there: commits {missing:?}"));
        for photo in phone.column("SELECT lower(hex(sha256)) FROM photo WHERE received = 1") {
            let file = hq.join("blobs/held").join(&photo[..2]).join(&photo);
            let there = blobs.contains(&photo) && disk::is_whole(&file, &photo);
            tally.must(there, || format!("received by HQ and not there: photo {photo}"));
        }
    }
}

fn everything_is_there(phones: &[Working], hq: &Path, tally: &mut Tally) {
    let service = xuncha_server::Config { data: hq.into(), ..Default::default() }.open().expect("HQ opens");
    for (visit, expected) in phones.iter().flat_map(|phone| &phone.visits) {
        let id: xuncha_domain::ids::EntityId = visit.parse().unwrap();
        let there = service.visit(&id.0).map(|detail| facts_at_hq(&detail));
        tally.must(there.as_ref().is_ok_and(|there| there == expected), || {
            format!("visit {visit} at HQ: {there:?} instead of {expected:?}")
        });
    }
}

/// A phone in this process: its syncs are started by hand, so that the kill can be aimed at them.
struct Working {
    engine: Engine,
    folder: TempDir,
    visits: BTreeMap<String, Facts>,
    open: Option<VisitView>,
}

impl Working {
    fn enrolled_at(hq: &Hq) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(Options::system(folder.path().into())).unwrap();
        let enroll = json!({ "text": hq.enroll_code(), "server_url": hq.address() });
        engine.call("enroll", enroll).unwrap();
        let phone = Self { engine, folder, visits: BTreeMap::new(), open: None };
        phone.sync().unwrap();
        phone
    }

    fn sync(&self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.engine.sync_once()).map_err(|error| format!("{error:?}"))
    }

    /// Some taps and one photo.
    fn work(&mut self, random: &mut Random, tally: &mut Tally) {
        let view = self.open.take().unwrap_or_else(|| begin(&self.engine, random).unwrap());
        let mut view = self.done(&Tap::Photo(random.photo(PHOTO_BYTES)), &view, tally);
        for _ in 0..random.below(TAPS) {
            if view.summary.sealed {
                break;
            }
            let tap = any_tap(random, &view, 50_000);
            view = self.done(&tap, &view, tally);
        }
        self.open = (!view.summary.sealed).then_some(view);
    }

    fn done(&mut self, tap: &Tap, view: &VisitView, tally: &mut Tally) -> VisitView {
        let view = tap.perform(&self.engine, view).unwrap();
        tally.acknowledged += 1;
        tally.photos += usize::from(matches!(tap, Tap::Photo(_)));
        self.visits.insert(view.summary.id.clone(), facts(&view));
        view
    }

    fn is_empty(&self) -> bool {
        self.column("SELECT hex(hash) FROM log WHERE received = 0").is_empty()
            && self.column("SELECT hex(sha256) FROM photo WHERE received = 0").is_empty()
    }

    fn column(&self, select: &str) -> std::collections::BTreeSet<String> {
        let path = self.folder.path().join("xuncha.db");
        disk::column(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap(), select)
    }
}

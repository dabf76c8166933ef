//! A phone that begins with HQ's snapshots: it stands where one does that read every commit, and fetches what they lack.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rusqlite::Connection;
use tempfile::TempDir;
use xuncha_engine::api::types::{Answer, ErrorCode, SetNote, VisitRef, VisitView};
use xuncha_engine::transport::{self, Http, Lost, Request, Transport};
use xuncha_server::service::ConsoleUser;
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone};

use super::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";
/// Fewer than the commits of the synthetic city's register.
const BEYOND: u64 = 3;
const YEARS_3_MS: i64 = 3 * 366 * 24 * 60 * 60 * 1000;

/// Counts what is asked for, and breaks every second piece of a snapshot while it is told to.
#[derive(Default)]
struct Watched {
    http: Http,
    snapshots: AtomicUsize,
    things: AtomicUsize,
    breaks: AtomicBool,
}

impl Transport for Watched {
    fn send(&self, request: Request) -> transport::Answer<'_> {
        let piece = request.url.contains("/v1/snapshot/");
        if request.url.ends_with("/v1/things") {
            self.things.fetch_add(1, Ordering::SeqCst);
        }
        let asked = if piece { self.snapshots.fetch_add(1, Ordering::SeqCst) } else { 0 };
        if piece && asked % 2 == 1 && self.breaks.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(Lost::Unreachable)));
        }
        self.http.send(request)
    }
}

/// A new phone of the n-th officer that begins with snapshots of a backup made now.
fn leaping(city: &City, officer: usize) -> (Phone, Arc<Watched>) {
    back_up(city);
    let watched = Arc::new(Watched::default());
    let phone = Phone::leaping(tempfile::tempdir().unwrap(), watched.clone(), BEYOND);
    (city.enrolled(phone, officer), watched)
}

fn back_up(city: &City) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    city.service.backup(folder.path()).unwrap();
    folder
}

fn note(phone: &Phone, visit: &str, text: &str) {
    let token = phone.visit(visit).note_token;
    let note = SetNote { visit: visit.into(), item: None, text: text.into(), token };
    phone.engine.visit_note(note).unwrap();
}

/// What does not depend on who looks: everything that people recorded.
fn recorded(view: &VisitView) -> String {
    let items = view.sections.iter().flat_map(|section| &section.items);
    let items: Vec<_> = items
        .map(|item| {
            (&item.id, &item.answer.value, item.answer.conflict.len(), &item.answer.token, item.failed)
        })
        .collect();
    let notes: Vec<_> =
        view.notes.iter().map(|note| (&note.officer, &note.text.value, &note.text.token)).collect();
    let readings: Vec<_> =
        view.readings.iter().map(|reading| (&reading.id, &reading.reading.value)).collect();
    let photos: Vec<_> = view.photos.iter().map(|photo| (&photo.sha256, photo.at_ms)).collect();
    let summary = (&view.summary.venue.name, view.summary.sealed, view.summary.conflicts, view.after_seal);
    format!("{items:?} {notes:?} {readings:?} {photos:?} {summary:?}")
}

/// A joint visit with a conflict, a replaced answer, a note, a reading and a photo.
fn joint_visit(city: &City, one: &Phone, two: &Phone) -> String {
    let visit = one.begin_visit("网吧").summary.id;
    // Each sync makes a commit: more of them than the phone that comes late would read.
    for answer in [Answer::No, Answer::Yes, Answer::No, Answer::Yes] {
        one.answer(&visit, OTHER, answer);
        city.sync(one);
    }
    city.sync(two);
    two.answer(&visit, OTHER, Answer::No);
    one.answer(&visit, ITEM, Answer::Yes);
    two.answer(&visit, ITEM, Answer::No);
    note(two, &visit, "后门上锁");
    measure(one, &visit, 366, None);
    take_photo(one, &visit, "gps.jpg");
    for phone in [one, two, one] {
        city.sync(phone);
    }
    visit
}

#[test]
fn a_phone_that_begins_with_snapshots_shows_the_same_and_goes_on_with_it() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(1));
    let visit = joint_visit(&city, &one, &two);
    let (late, watched) = leaping(&city, 2);
    assert!(watched.snapshots.load(Ordering::SeqCst) > 0, "it read the feed");

    // Everything but the words is there; the words come when somebody opens the visit.
    let before = late.visit(&visit);
    assert!(before.partly);
    assert_eq!(before.notes[0].text.value, None);
    assert_eq!(late.answers(&visit, ITEM), one.answers(&visit, ITEM));
    assert_eq!(before.summary.venue, one.visit(&visit).summary.venue);
    city.sync(&late);
    let after = late.visit(&visit);
    assert!(!after.partly);
    assert_eq!(recorded(&after), recorded(&one.visit(&visit)));
    let asked = watched.things.load(Ordering::SeqCst);
    city.sync(&late);
    assert_eq!(watched.things.load(Ordering::SeqCst), asked, "nothing is fetched twice");

    // Both go on over what the snapshot stands for, and the conflict is settled by the one who came late.
    one.answer(&visit, OTHER, Answer::Yes);
    late.answer(&visit, ITEM, Answer::No);
    for phone in [&one, &late, &two, &one] {
        city.sync(phone);
    }
    for phone in [&one, &two, &late] {
        assert_eq!(phone.answers(&visit, ITEM), ["no"]);
        assert_eq!(phone.answers(&visit, OTHER), ["yes"]);
        assert_eq!(recorded(&phone.visit(&visit)), recorded(&one.visit(&visit)));
    }
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
}

#[test]
fn what_replaces_a_value_of_the_snapshot_replaces_it_before_anything_is_fetched() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(1));
    let visit = joint_visit(&city, &one, &two);
    let (late, watched) = leaping(&city, 2);
    // An own reference of the first phone, and one of it to the second's commit.
    one.answer(&visit, OTHER, Answer::Yes);
    one.answer(&visit, ITEM, Answer::Yes);
    city.sync(&one);
    city.sync(&late);
    assert_eq!(watched.things.load(Ordering::SeqCst), 1, "only names were fetched");
    assert_eq!(late.answers(&visit, OTHER), ["yes"]);
    assert_eq!(late.answers(&visit, ITEM), ["yes"]);
    let late = late.restarted();
    assert_eq!(late.answers(&visit, ITEM), ["yes"]);
}

#[test]
fn a_visit_of_which_a_part_is_at_hq_is_finished_when_that_has_come() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(1));
    let visit = joint_visit(&city, &one, &two);
    let (late, _) = leaping(&city, 2);
    late.answer(&visit, OTHER, Answer::Yes);
    let refused = late.engine.visit_finish(VisitRef { visit: visit.clone() }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::VisitPartly);
    city.sync(&late);
    finish(&late, &visit);
    for phone in [&late, &one, &two] {
        city.sync(phone);
    }
    let detail = city.visit(&visit);
    assert!(detail.seals.iter().all(|seal| seal.hash_matches) && !detail.seals.is_empty());
    assert_eq!((one.visit(&visit).after_seal, detail.row.after_seal), (0, 0));
    // One of its own is never in doubt.
    let own = late.begin_visit("影城").summary.id;
    late.answer(&own, ITEM, Answer::Yes);
    finish(&late, &own);
}

#[test]
fn news_of_a_visit_that_was_left_out_bring_it_along() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(1));
    one.clock.set_ahead(-YEARS_3_MS);
    let old = one.begin_visit("网吧").summary.id;
    one.answer(&old, ITEM, Answer::Yes);
    city.sync(&one);
    city.sync(&two);
    finish(&one, &old);
    one.clock.set_ahead(0);
    let (three, four) = (city.phone(2), city.phone(3));
    joint_visit(&city, &three, &four);
    city.sync(&one);
    let (late, _) = leaping(&city, 4);
    let gone = late.engine.visit_get(VisitRef { visit: old.clone() }).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    // Without a signal since before the seal.
    two.answer(&old, OTHER, Answer::No);
    city.sync(&two);
    city.sync(&late);
    city.sync(&one);
    assert_eq!(recorded(&late.visit(&old)), recorded(&one.visit(&old)));
    assert_eq!(late.visit(&old).after_seal, 1);
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    let city = City::new();
    back_up(&city);
    let watched = Arc::new(Watched::default());
    watched.breaks.store(true, Ordering::SeqCst);
    let phone = Phone::leaping(tempfile::tempdir().unwrap(), watched.clone(), BEYOND);
    phone.enrol(&city, &city.code(0)).unwrap();
    let tries = (0..50).take_while(|_| city.try_sync(&phone).is_err()).count();
    assert!(tries < 50, "it never arrived");
    assert!(!phone.begin_visit("网吧").summary.sealed);
}

#[test]
fn an_hq_that_was_restored_to_before_the_snapshot_is_read_from_its_beginning() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(1));
    let backup = back_up(&city);
    let visit = joint_visit(&city, &one, &two);
    let (late, _) = leaping(&city, 2);
    late.answer(&visit, OTHER, Answer::Yes);
    city.sync(&late);
    let city = city.restored(backup.path());
    for _ in 0..3 {
        for phone in [&late, &one, &two] {
            let _ = late.visit(&visit);
            city.sync(phone);
        }
    }
    for phone in [&one, &two, &late] {
        assert_eq!(recorded(&phone.visit(&visit)), recorded(&one.visit(&visit)));
    }
    assert_eq!(city.answers(&visit, OTHER), ["yes"]);
}

/// HQ after an upgrade whose judge lets through what the one before held.
fn lenient(city: City) -> City {
    let (backup, folder) = (back_up(&city), tempfile::tempdir().unwrap());
    xuncha_server::restore(backup.path(), folder.path()).unwrap();
    let hq = Connection::open(folder.path().join("hq.sqlite")).unwrap();
    hq.execute_batch(
        "UPDATE devices SET closed_ms = NULL; UPDATE meta SET value = x'00000000' WHERE key = 'judge_version';",
    )
    .unwrap();
    city.replaced(folder)
}

/// What was held comes one by one, in an order that nobody chose, and each names by its number what it replaces.
#[test]
fn what_hq_held_when_the_snapshot_was_made_comes_later_and_replaces_what_it_replaced() {
    let city = City::new();
    let one = city.phone(0);
    let visit = one.begin_visit("网吧").summary.id;
    city.sync(&one);
    let admin = ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin };
    let device = city.service.devices().unwrap().remove(0).id;
    city.service.close_device(&admin, &hex::decode(device).unwrap().try_into().unwrap()).unwrap();
    for item in [ITEM, OTHER] {
        for answer in [Answer::No, Answer::Yes, Answer::No, Answer::Yes, Answer::No, Answer::Yes] {
            one.answer(&visit, item, answer);
            city.sync(&one);
        }
    }
    let (late, watched) = leaping(&city, 2);
    city.sync(&late);
    assert!(watched.snapshots.load(Ordering::SeqCst) > 0, "it read the feed");
    assert_eq!(late.answers(&visit, ITEM), Vec::<String>::new());

    let city = lenient(city);
    for phone in [&one, &late, &late] {
        city.sync(phone);
    }
    for item in [ITEM, OTHER] {
        assert_eq!(
            (late.answers(&visit, item), city.answers(&visit, item)),
            (vec!["yes".into()], vec!["yes".into()])
        );
    }
}

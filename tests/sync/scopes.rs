//! An officer is moved to another team: their phone loses scopes and gets them back.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tempfile::TempDir;
use xuncha_domain::ids::OfficerId;
use xuncha_engine::api::types::{
    Answer, PhotoPolicy, PhotoRef, PictureKind, SaveState, SetPhotoPolicy, VisitRef, VisitView,
};
use xuncha_engine::transport::{self, Http, Lost, Request, Response, Transport};
use xuncha_tests::world::{City, Phone};

use super::erase::{note, supervisor, take};
use super::{finish, hub};

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";
const NOTE: &str = "他队所记：后门上锁 7713";
const OWN_NOTE: &str = "自己所记：前门通畅 7714";
const PHOTO: &[u8] = b"LOST-PHOTO-COMMENT-7713-0001";

/// Moves the n-th officer of the register to the first other team that is of one district and not of this one.
fn move_away(city: &City, officer: usize, district: &str) {
    let teams = city.service.teams().unwrap();
    let other = |of: &Option<String>| of.as_deref().is_some_and(|of| of != district);
    move_to(city, officer, teams.iter().find(|team| other(&team.district)).unwrap().id);
}

/// Moves them to a team that reads the whole city.
fn move_back(city: &City, officer: usize) {
    let teams = city.service.teams().unwrap();
    move_to(city, officer, teams.iter().find(|team| team.tier == "brigade").unwrap().id);
}

fn move_to(city: &City, officer: usize, team: [u8; 16]) {
    let row = &city.service.officers().unwrap()[officer].row;
    city.service.move_officer(&supervisor(), &OfficerId(row.id), row.team, team).unwrap();
}

/// What is here of others in a district: commits, counted from the log itself.
fn of_others(phone: &Phone, district: &str) -> i64 {
    let sql = "SELECT count(*) FROM log JOIN chain ON chain.id = log.chain
               WHERE chain.scope = 'district/' || ?1
                 AND log.officer NOT IN (SELECT officer FROM log JOIN chain ON chain.id = log.chain WHERE mine = 1)";
    database(phone).query_row(sql, [district], |row| row.get(0)).unwrap()
}

fn database(phone: &Phone) -> Connection {
    Connection::open(phone.data().join("xuncha.db")).unwrap()
}

fn has_bytes(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            has_bytes(&path, bytes)
        } else {
            memchr::memmem::find(&std::fs::read(&path).unwrap(), bytes).is_some()
        }
    })
}

fn backup(city: &City) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    city.service.backup(folder.path()).unwrap();
    folder
}

fn is_here(phone: &Phone, visit: &str) -> bool {
    phone.engine.visit_get(VisitRef { visit: visit.into() }).is_ok()
}

/// What people recorded, whoever looks.
fn recorded(view: &VisitView) -> String {
    let items = view.sections.iter().flat_map(|section| &section.items);
    let items: Vec<_> =
        items.map(|item| (&item.id, &item.answer.value, item.answer.conflict.len())).collect();
    let notes: Vec<_> = view.notes.iter().map(|note| (&note.officer, &note.text.value)).collect();
    let photos: Vec<_> = view.photos.iter().map(|photo| &photo.sha256).collect();
    format!("{items:?} {notes:?} {photos:?} {} {}", view.summary.conflicts, view.summary.venue.name)
}

/// Two of the brigade, a visit that the second began and the first took part in, and one of the second alone. Returns the
/// district, the joint visit and the other one.
fn joint(city: &City, mover: &Phone, other: &Phone) -> (String, String, String) {
    let view = other.begin_visit("网吧");
    let (visit, district) = (view.summary.id, view.summary.venue.district);
    other.answer(&visit, ITEM, Answer::No);
    note(other, &visit, None, NOTE);
    take(other, &visit, PHOTO).unwrap();
    let venue = view.summary.venue.id;
    let alone = other.begin_visit_to(&venue).summary.id;
    other.answer(&alone, ITEM, Answer::Yes);
    city.sync(other);
    city.sync(mover);
    mover.answer(&visit, OTHER, Answer::Yes);
    note(mover, &visit, None, OWN_NOTE);
    city.sync(mover);
    city.sync(other);
    (district, visit, alone)
}

/// Everything of others is gone, and the officer's own entries are theirs to see.
fn has_lost(phone: &Phone, (district, visit, alone): &(String, String, String)) {
    assert_eq!(of_others(phone, district), 0);
    assert!(!is_here(phone, alone));
    let view = phone.visit(visit);
    assert!(view.summary.outside, "it says that the rest is not held here");
    assert!(!view.summary.venue.name.is_empty() && view.summary.items > 0, "a form to go on with");
    assert!(phone.answers(visit, ITEM).is_empty());
    assert_eq!(phone.answers(visit, OTHER), ["yes"]);
    let notes: Vec<_> = view.notes.iter().filter_map(|note| note.text.value.as_deref()).collect();
    assert_eq!(notes, [OWN_NOTE]);
    assert!(view.photos.is_empty());
    let of_unknown = "SELECT count(*) FROM finding_row WHERE visit NOT IN
                      (SELECT entity.rowid FROM entity JOIN visit_row USING (id))";
    assert_eq!(database(phone).query_row(of_unknown, [], |row| row.get(0)), Ok(0));
    for bytes in [NOTE.as_bytes(), PHOTO] {
        assert!(!has_bytes(phone.data(), bytes), "{}", String::from_utf8_lossy(bytes));
    }
    assert!(has_bytes(phone.data(), OWN_NOTE.as_bytes()));
}

/// Both phones and HQ show the same of the visits.
fn agree(city: &City, phones: &[&Phone], visits: [&str; 2]) {
    for visit in visits {
        for phone in phones {
            assert_eq!(recorded(&phone.visit(visit)), recorded(&phones[0].visit(visit)));
            assert!(!phone.visit(visit).summary.outside);
        }
        for item in [ITEM, OTHER] {
            assert_eq!(city.answers(visit, item), phones[0].answers(visit, item));
        }
    }
}

#[test]
fn what_came_from_others_goes_with_the_scope_and_comes_back_with_it() {
    let city = City::new();
    let (mover, other) = (city.phone(0), city.phone(1));
    let all = joint(&city, &mover, &other);
    let (district, visit, alone) = &all;
    let sha256 = mover.visit(visit).photos[0].sha256.clone();
    mover.engine.photo_thumbs_fetch(VisitRef { visit: visit.clone() }).unwrap();
    mover.engine.photo_fetch(PhotoRef { visit: visit.clone(), sha256: sha256.clone() }).unwrap();
    city.try_fetch(&mover).unwrap();
    assert!(has_bytes(mover.data(), PHOTO) && of_others(&mover, district) > 0);

    move_away(&city, 0, district);
    city.sync(&mover);
    has_lost(&mover, &all);
    let mover = mover.restarted();
    has_lost(&mover, &all);
    assert!(mover.engine.photo(&sha256, false).is_err() && mover.engine.photo(&sha256, true).is_err());
    assert_eq!(mover.sync_status().state, SaveState::Held);
    city.sync(&mover);

    other.answer(visit, OTHER, Answer::No);
    city.sync(&other);
    city.sync(&mover);
    has_lost(&mover, &all);
    move_back(&city, 0);
    city.sync(&mover);
    agree(&city, &[&other, &mover], [visit, alone]);
    assert_eq!(
        mover.answers(visit, OTHER),
        ["no"],
        "what replaced an own answer meanwhile replaces it here, too"
    );
    assert_eq!(mover.visit(visit).summary.conflicts, 0);
    mover.engine.photo_fetch(PhotoRef { visit: visit.clone(), sha256 }).unwrap();
    city.try_fetch(&mover).unwrap();
    assert!(has_bytes(mover.data(), PHOTO));
}

/// Does something while an answer is on its way to the phone, drops answers, or gives an old one in place of a new one.
#[derive(Default)]
struct Meddler {
    http: Http,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    drops: Mutex<usize>,
    kept: Mutex<Vec<Response>>,
    replays: Mutex<bool>,
}

impl Transport for Meddler {
    fn send(&self, request: Request) -> transport::Answer<'_> {
        let sync = request.url.ends_with("/v1/sync");
        Box::pin(async move {
            let answer = self.http.send(request).await?;
            if !sync {
                return Ok(answer);
            }
            if let Some(meanwhile) = self.meanwhile.lock().unwrap().take() {
                meanwhile();
            }
            let mut drops = self.drops.lock().unwrap();
            if *drops > 0 {
                *drops -= 1;
                return Err(Lost::Unreachable);
            }
            let mut kept = self.kept.lock().unwrap();
            if *self.replays.lock().unwrap()
                && let Some(old) = kept.pop()
            {
                return Ok(old);
            }
            kept.push(Response {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.body.clone(),
            });
            Ok(answer)
        })
    }
}

fn meddled(city: &City, officer: usize) -> (Phone, Arc<Meddler>) {
    let meddler = Arc::new(Meddler::default());
    let phone = Phone::over(tempfile::tempdir().unwrap(), Arc::clone(&meddler) as Arc<dyn Transport>);
    (city.enrolled(phone, officer), meddler)
}

#[test]
fn an_open_draft_stays_open_is_finished_and_reaches_hq() {
    let city = City::new();
    let ((mover, network), other) = (meddled(&city, 0), city.phone(1));
    let (district, visit, alone) = joint(&city, &mover, &other);
    let set = SetPhotoPolicy { kind: PictureKind::Original, policy: PhotoPolicy::Manual };
    mover.engine.photo_policy_set(set).unwrap();
    take(&mover, &visit, b"OWN-PHOTO-7714").unwrap();
    // What the officer has before them since before: the other one's answer, too.
    let drawn = mover.visit(&visit);
    let token = xuncha_tests::world::drawn(&drawn, ITEM).answer.token.clone();

    move_away(&city, 0, &district);
    // While the answer that takes the scope is on its way, the officer taps.
    let (engine, at) = (mover.engine.clone(), visit.clone());
    *network.meanwhile.lock().unwrap() = Some(Box::new(move || {
        let view = engine.visit_get(VisitRef { visit: at.clone() }).unwrap();
        let token = xuncha_tests::world::drawn(&view, OTHER).answer.token.clone();
        let answer =
            xuncha_engine::api::types::SetAnswer { visit: at, item: OTHER.into(), answer: Answer::No, token };
        engine.visit_answer(answer).unwrap();
    }));
    city.sync(&mover);
    assert_eq!(of_others(&mover, &district), 0);
    assert!(!is_here(&mover, &alone));
    assert_eq!(mover.answers(&visit, OTHER), ["no"]);
    let status = mover.sync_status();
    assert_eq!(status.photos_here, 1, "the photo still waits, and is still here");
    assert_eq!(mover.visit(&visit).photos.len(), 1);

    // On the old drawing, over the answer that is not held here any more.
    mover.answer_on(&visit, ITEM, Answer::Yes, token);
    finish(&mover, &visit);
    mover.engine.photos_send_now(xuncha_engine::api::types::Nothing {}).unwrap();
    city.sync(&mover);
    assert_eq!(mover.sync_status().state, SaveState::Held, "receipts come whatever the rights");
    let at_hq = city.visit(&visit);
    assert_eq!(
        city.answers(&visit, ITEM),
        ["yes"],
        "it replaces what its officer had seen: no false conflict"
    );
    assert_eq!((at_hq.row.conflicts, at_hq.row.photos_held), (0, 2));
    assert!(at_hq.seals.iter().all(|seal| seal.hash_matches) && !at_hq.seals.is_empty());
    let mover = mover.restarted();
    assert!(mover.visit(&visit).summary.sealed);

    move_back(&city, 0);
    for phone in [&mover, &other] {
        city.sync(phone);
    }
    agree(&city, &[&other, &mover], [&visit, &alone]);
}

#[test]
fn an_answer_that_is_lost_or_comes_late_takes_and_gives_nothing() {
    let city = City::new();
    let ((mover, network), other) = (meddled(&city, 0), city.phone(1));
    let all = joint(&city, &mover, &other);
    let (district, visit, alone) = &all;
    move_away(&city, 0, district);
    mover.answer(visit, OTHER, Answer::Yes);
    *network.drops.lock().unwrap() = 1;
    assert!(city.try_sync(&mover).is_err());
    assert!(is_here(&mover, alone), "it has not heard of it");

    // The answer of before the move instead of the one that takes the scope.
    *network.replays.lock().unwrap() = true;
    assert!(city.try_sync(&mover).is_err());
    assert!(is_here(&mover, alone));
    *network.replays.lock().unwrap() = false;
    network.kept.lock().unwrap().clear();
    city.sync(&mover);
    has_lost(&mover, &all);

    // The one that took the scope, once more, after it was given back.
    let taking = network.kept.lock().unwrap().len();
    assert!(taking > 0);
    move_back(&city, 0);
    *network.replays.lock().unwrap() = true;
    assert!(city.try_sync(&mover).is_err());
    *network.replays.lock().unwrap() = false;
    city.sync(&mover);
    agree(&city, &[&other, &mover], [visit, alone]);
    network.kept.lock().unwrap().truncate(taking);
    *network.replays.lock().unwrap() = true;
    assert!(city.try_sync(&mover).is_err());
    agree(&city, &[&other, &mover], [visit, alone]);
}

#[test]
fn a_scope_that_is_back_may_begin_with_a_snapshot() {
    let city = City::new();
    let mover = city.enrolled(Phone::leaping(tempfile::tempdir().unwrap(), Arc::new(Http::default()), 3), 0);
    let other = city.phone(1);
    let all = joint(&city, &mover, &other);
    let (district, visit, alone) = &all;
    move_away(&city, 0, district);
    city.sync(&mover);
    has_lost(&mover, &all);
    for answer in [Answer::No, Answer::Yes, Answer::No] {
        other.answer(visit, OTHER, answer);
        city.sync(&other);
    }
    drop(backup(&city));
    mover.answer(visit, "CMN-R-04", Answer::Yes);
    city.sync(&mover);
    other.answer(alone, ITEM, Answer::No);
    city.sync(&other);
    move_back(&city, 0);
    city.sync(&mover);
    let base: i64 = database(&mover)
        .query_row("SELECT count(*) FROM base WHERE scope LIKE 'district/%'", [], |row| row.get(0))
        .unwrap();
    assert!(base > 0, "it read the feed");
    for id in [visit, alone] {
        mover.visit(id);
    }
    city.sync(&mover);
    city.sync(&other);
    agree(&city, &[&other, &mover], [visit, alone]);
    assert_eq!(mover.visit(visit).summary.conflicts, 0);
    // Away and back once more, now from a scope that began with a snapshot.
    move_away(&city, 0, district);
    city.sync(&mover);
    assert_eq!(of_others(&mover, district), 0);
    move_back(&city, 0);
    for _ in 0..2 {
        city.sync(&mover);
        let _ = mover.visit(visit);
    }
    agree(&city, &[&other, &mover], [visit, alone]);
}

#[test]
fn an_hq_that_was_restored_to_before_the_move_loses_nothing_and_takes_nothing_by_mistake() {
    let city = City::new();
    let (mover, other, third) = (city.phone(0), city.phone(1), city.phone(2));
    let kept = backup(&city);
    let all = joint(&city, &mover, &other);
    let (district, visit, alone) = &all;
    move_away(&city, 0, district);
    city.sync(&mover);
    has_lost(&mover, &all);
    city.sync(&third);

    // HQ lost the visits and the move; the phones give back both, and no answer in between takes or gives too much.
    let city = city.restored(kept.path());
    for _ in 0..3 {
        for phone in [&mover, &other, &third] {
            city.sync(phone);
        }
    }
    assert_eq!(city.answers(visit, OTHER), ["yes"], "own work of a scope that is lost comes back, too");
    assert_eq!(of_others(&mover, district), 0);
    assert!(mover.visit(visit).summary.outside);
    move_back(&city, 0);
    for phone in [&mover, &other, &third] {
        city.sync(phone);
    }
    agree(&city, &[&other, &mover, &third], [visit, alone]);
}

#[test]
fn a_hub_that_lost_the_scope_hands_on_what_it_carries_and_takes_no_more() {
    let city = City::new();
    let mover = city.phone(0);
    let away = hub::away(&city, &mover);
    let view = away.begin_visit("网吧");
    let (visit, district) = (view.summary.id, view.summary.venue.district);
    away.answer(&visit, ITEM, Answer::No);
    assert!(city.try_sync(&away).is_err());
    mover.signal.set_away(true);
    let carried = hub::status(&mover).packets;
    assert!(carried > 0);
    move_away(&city, 0, &district);
    mover.signal.set_away(false);
    // The first sync loses the scope, and brings what is carried all the same.
    city.sync(&mover);
    city.sync(&mover);
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    assert!(!is_here(&mover, &visit));
    away.answer(&visit, ITEM, Answer::Yes);
    let _ = city.try_sync(&away);
    city.sync(&mover);
    assert_eq!(city.answers(&visit, ITEM), ["no"], "not carried any more");
    away.signal.set_away(false);
    city.sync(&away);
    assert_eq!(city.answers(&visit, ITEM), ["yes"]);
}

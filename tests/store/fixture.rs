//! A phone and its HQ as version 0.1.0 left them, opened by today's code.
//!
//! `crates/engine/tests/fixtures/0.1.0` was made once by [`make`], with the code of that version, and is never made again.
//! Each file is compressed with zstd. A version with another shape of the database adds its own folder.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use xuncha_engine::api::types::{AddPhoto, Answer, Nothing, SaveState, VisitRef};
use xuncha_tests::world::{City, Phone, drawn};

const VERSION: &str = "0.1.0";
const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";
/// The venues of the three visits: sent and sealed, sent and edited since, never sent.
const SEALED: &str = "影城";
const EDITED: &str = "网吧";
const UNSENT: &str = "酒店";

fn folder() -> PathBuf {
    xuncha_tests::package().join("../crates/engine/tests/fixtures").join(VERSION)
}

pub fn photo(phone: &Phone, visit: &str, name: &str) {
    let path = xuncha_tests::package().join("fixtures/photos").join(name);
    let meta = AddPhoto { visit: visit.into(), item: None, position: None };
    phone.engine.add_photo(&meta, &mut fs::File::open(path).unwrap()).unwrap();
}

/// A phone whose work is partly at HQ: one visit sealed and sent, one edited since it was sent, one never sent.
pub fn worked(city: &City) -> (Phone, [String; 3]) {
    let phone = city.phone(0);
    let [sealed, edited] = [SEALED, EDITED].map(|venue| {
        let visit = phone.begin_visit(venue).summary.id;
        phone.answer(&visit, ITEM, Answer::Yes);
        visit
    });
    photo(&phone, &sealed, "baseline.jpg");
    phone.engine.visit_finish(VisitRef { visit: sealed.clone() }).unwrap();
    city.sync(&phone);
    phone.answer(&edited, ITEM, Answer::No);
    phone.engine.suspend();
    let unsent = phone.begin_visit(UNSENT).summary.id;
    phone.answer(&unsent, ITEM, Answer::Yes);
    photo(&phone, &unsent, "picture.png");
    phone.engine.suspend();
    // And one open tap.
    phone.answer(&unsent, OTHER, Answer::No);
    (phone, [sealed, edited, unsent])
}

/// Makes the fixture: `cargo nextest run --workspace --all-targets --run-ignored only -E 'test(fixture::make)'`.
#[test]
#[ignore = "writes the fixture of the current version, once per shape of the database"]
fn make() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let phone = phone.killed();
    let hq = city.stopped();
    Connection::open(hq.path().join("hq.sqlite")).unwrap().execute_batch("VACUUM").unwrap();
    for (from, name) in [(phone.path(), "phone"), (hq.path(), "hq")] {
        pack(from, &folder().join(name));
    }
}

/// Compresses every file below `from`.
fn pack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            pack(&path, &to.join(name));
        } else {
            let bytes = zstd::encode_all(&*fs::read(&path).unwrap(), 19).unwrap();
            fs::write(to.join(format!("{name}.zst")), bytes).unwrap();
        }
    }
}

fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            unpack(&path, &to.join(path.file_name().unwrap()));
        } else {
            let bytes = zstd::decode_all(&*fs::read(&path).unwrap()).unwrap();
            fs::write(to.join(path.file_stem().unwrap()), bytes).unwrap();
        }
    }
}

fn unpacked(name: &str) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    unpack(&folder().join(name), to.path());
    to
}

/// The phone finds its HQ at another port.
pub fn point_to(phone: &Path, city: &City) {
    let database = Connection::open(phone.join("xuncha.db")).unwrap();
    let set = "UPDATE meta SET value = CAST(?1 AS BLOB) WHERE key = 'server_url'";
    assert_eq!(database.execute(set, [city.address()]).unwrap(), 1);
}

#[test]
fn a_phone_of_this_version_is_opened_shown_and_goes_on() {
    let city = City::on(unpacked("hq"));
    let folder = unpacked("phone");
    point_to(folder.path(), &city);
    let phone = Phone::on(folder);

    let visits = [SEALED, EDITED, UNSENT].map(|venue| {
        let today = phone.engine.today(Nothing {}).unwrap();
        let mut all = today.drafts.into_iter().chain(today.finished);
        all.find(|visit| visit.venue.name.contains(venue)).unwrap()
    });
    assert_eq!(visits.each_ref().map(|visit| visit.sealed), [true, false, false]);
    let states = [SaveState::Held, SaveState::OnPhone, SaveState::OnPhone];
    assert_eq!(visits.each_ref().map(|visit| visit.state), states);
    let [sealed, edited, unsent] = visits.map(|visit| visit.id);
    assert_eq!(phone.answers(&edited, ITEM), ["no"]);
    assert_eq!(
        (phone.answers(&unsent, ITEM), phone.answers(&unsent, OTHER)),
        (vec!["yes".into()], vec!["no".into()])
    );
    for visit in [&sealed, &unsent] {
        let shown = phone.visit(visit).photos.remove(0);
        assert!(!phone.engine.photo(&shown.sha256, false).unwrap().1.is_empty());
    }

    // Rows that this version did not have yet.
    let open = phone.engine.findings_open(Nothing {}).unwrap().rows;
    let open: Vec<_> = open.into_iter().map(|row| (row.visit, row.item)).collect();
    assert_eq!(open, [(unsent.clone(), OTHER.to_owned()), (edited.clone(), ITEM.to_owned())]);

    phone.answer(&edited, OTHER, Answer::Yes);
    let next = phone.begin_visit(SEALED).summary.id;
    city.sync(&phone);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    assert_eq!(
        (city.answers(&edited, ITEM), city.answers(&edited, OTHER)),
        (vec!["no".into()], vec!["yes".into()])
    );
    assert_eq!(
        (city.answers(&unsent, ITEM), city.answers(&unsent, OTHER)),
        (vec!["yes".into()], vec!["no".into()])
    );
    assert!(city.visit(&unsent).photos[0].held && city.visit(&sealed).seals[0].hash_matches);
    assert_eq!(city.visit(&next).row.id, next);
    assert_eq!(drawn(&phone.visit(&edited), OTHER).answer.value, Some(Answer::Yes));
}

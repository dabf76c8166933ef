//! A database that cannot be read any more is moved aside whole, and what can be read of it is carried over.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xuncha_engine::api::types::{Answer, Nothing, Recovered, SaveState};
use xuncha_tests::world::{City, Phone, copy_folder};

use super::fixture::worked;

const PAGE: usize = 4096;

fn database(folder: &Path) -> PathBuf {
    folder.join("xuncha.db")
}

/// The phone with its whole database in one file, as after an orderly end.
fn closed(phone: Phone) -> TempDir {
    let folder = phone.killed();
    assert!(!folder.path().join("xuncha.db-wal").exists());
    folder
}

fn copied(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), copy.path());
    copy
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn recovered(phone: &Phone) -> Option<Recovered> {
    phone.engine.status(Nothing {}).unwrap().recovered
}

/// Opens a damaged folder. The notice is there until it was read, and the damaged bytes are all kept.
fn opened(folder: TempDir, damaged: &[u8]) -> (Phone, Recovered) {
    let data = folder.path().to_owned();
    let phone = Phone::on(folder);
    let notice = recovered(&phone).expect("the officer is told");
    assert_eq!(fs::read(database(&data.join("damaged").join(&notice.folder))).unwrap(), damaged);
    let phone = phone.restarted();
    assert_eq!(recovered(&phone).as_ref(), Some(&notice), "a restart recovers nothing again");
    assert_eq!(phone.engine.recovery_seen(Nothing {}).unwrap().recovered, None);
    (phone, notice)
}

#[test]
fn a_file_of_noise_is_moved_aside_and_the_phone_can_be_enrolled_again() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let folder = closed(phone);
    let damaged = noise(10 * PAGE);
    fs::write(database(folder.path()), &damaged).unwrap();
    let (phone, notice) = opened(folder, &damaged);
    assert!(notice.incomplete);
    assert!(!phone.engine.status(Nothing {}).unwrap().enrolled);
    phone.enrol(&city, &city.code(0)).unwrap();
    city.sync(&phone);
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    assert_eq!(city.visit(&visit).row.id, visit);
}

#[test]
fn an_emptied_file_does_not_cost_the_log_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("xuncha.db-wal");
    fs::write(database(folder.path()), b"").unwrap();
    fs::write(&log, noise(PAGE)).unwrap();
    let data = folder.path().to_owned();
    let (_phone, notice) = opened(folder, b"");
    assert_eq!(
        fs::read(data.join("damaged").join(notice.folder).join("xuncha.db-wal")).unwrap(),
        noise(PAGE)
    );
}

#[test]
fn a_truncated_file_gives_what_its_first_pages_hold() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let folder = closed(phone);
    let whole = fs::read(database(folder.path())).unwrap();
    let damaged = &whole[..whole.len() / 2];
    fs::write(database(folder.path()), damaged).unwrap();
    let (phone, notice) = opened(folder, damaged);
    assert!(notice.incomplete);
    goes_on(&city, &phone, 1);
}

/// Whatever was lost, the phone records and everything reaches HQ.
fn goes_on(city: &City, phone: &Phone, page: usize) {
    if !phone.engine.status(Nothing {}).unwrap().enrolled {
        phone.enrol(city, &city.code(0)).unwrap();
    }
    city.sync(phone);
    let visit = phone.begin_visit("组团社").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    city.sync(phone);
    assert_eq!(city.answers(&visit, "CMN-R-01"), ["yes"], "page {page}");
    let status = phone.sync_status();
    assert_eq!((status.commits_here, status.photos_here), (0, 0), "page {page}");
    assert_eq!(status.state, SaveState::Held, "page {page}");
}

#[test]
fn whichever_page_is_overwritten_the_phone_goes_on_and_loses_at_most_that_page() {
    let city = City::new();
    let (phone, [sealed, edited, unsent]) = worked(&city);
    let folder = closed(phone);
    let whole = fs::read(database(folder.path())).unwrap();
    let (mut found, mut complete) = (0, 0);
    // The first pages hold the schema and the roots of tables; of the others every eighth.
    for page in (0..whole.len() / PAGE).filter(|page| *page < 4 || page % 8 == 0) {
        let copy = copied(&folder);
        let mut damaged = whole.clone();
        damaged[page * PAGE..(page + 1) * PAGE].copy_from_slice(&noise(PAGE));
        fs::write(database(copy.path()), &damaged).unwrap();
        let data = copy.path().to_owned();
        let phone = Phone::on(copy);
        let Some(notice) = recovered(&phone) else {
            // A free page: nothing was on it.
            continue;
        };
        found += 1;
        let aside = data.join("damaged").join(&notice.folder);
        assert_eq!(fs::read(database(&aside)).unwrap(), damaged, "page {page}");
        goes_on(&city, &phone, page);
        // What HQ had comes back by itself.
        assert!(phone.visit(&sealed).summary.sealed, "page {page}");
        if (notice.commits, notice.taps, notice.photos) != (2, 1, 2) {
            println!("page {page}: {notice:?}");
            continue;
        }
        complete += 1;
        assert_eq!(phone.visit(&unsent).summary.photos, 1, "page {page}");
        assert_eq!(phone.answers(&unsent, "CMN-R-02"), ["no"], "page {page}");
        assert!(phone.answers(&edited, "CMN-R-01").contains(&"no".to_owned()), "page {page}");
    }
    println!("{complete} of {found} damaged pages cost nothing");
    assert!(found > 20 && complete * 10 >= found * 8);
}

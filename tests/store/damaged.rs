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

/// The phone with its whole database in one file, which does not say that it ended orderly.
fn closed(phone: Phone) -> TempDir {
    let folder = phone.killed();
    assert!(!folder.path().join("xuncha.db-wal").exists());
    let connection = rusqlite::Connection::open(database(folder.path())).unwrap();
    assert_eq!(connection.execute("DELETE FROM meta WHERE key = 'ended'", []).unwrap(), 1);
    drop(connection);
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

/// The unsent work of [`worked`] in the notice: commits, open taps, photos.
fn carried(notice: &Recovered) -> (u64, u64, u64) {
    (notice.commits, notice.taps, notice.photos)
}

/// Opens a copy of the folder whose page was overwritten; none where nothing was on that page.
fn with_bad_page(folder: &TempDir, page: usize) -> Option<(Phone, Recovered)> {
    let copy = copied(folder);
    let mut damaged = fs::read(database(folder.path())).unwrap();
    damaged[page * PAGE..(page + 1) * PAGE].copy_from_slice(&noise(PAGE));
    fs::write(database(copy.path()), &damaged).unwrap();
    let data = copy.path().to_owned();
    let phone = Phone::on(copy);
    let notice = recovered(&phone)?;
    let aside = data.join("damaged").join(&notice.folder);
    assert_eq!(fs::read(database(&aside)).unwrap(), damaged, "page {page}");
    Some((phone, notice))
}

/// Every page in turn. Of the schema, of inner pages and of the chains nothing that people made depends: only a page that
/// holds a row alone takes it along.
#[test]
fn whichever_page_is_overwritten_only_the_rows_on_it_are_lost() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let folder = closed(phone);
    let pages = fs::read(database(folder.path())).unwrap().len() / PAGE;
    let (mut found, mut lossy) = (0, Vec::new());
    for page in 0..pages {
        let Some((phone, notice)) = with_bad_page(&folder, page) else { continue };
        found += 1;
        if carried(&notice) != (2, 1, 2) || !phone.engine.status(Nothing {}).unwrap().enrolled {
            lossy.push((page, carried(&notice)));
        }
    }
    println!("{} of {found} damaged pages cost nothing; the others: {lossy:?}", found - lossy.len());
    assert!(found > 20);
    // The one open tap lies on one page, the phone's enrolment on one, each unsent commit on one.
    assert!(lossy.len() <= 4, "{lossy:?}");
}

/// The pages that hold the schema, the roots of tables and what the phone is; of the others every sixteenth.
#[test]
fn whichever_page_is_overwritten_the_phone_goes_on_and_everything_reaches_hq() {
    let city = City::new();
    let (phone, [sealed, edited, unsent]) = worked(&city);
    let folder = closed(phone);
    let pages = fs::read(database(folder.path())).unwrap().len() / PAGE;
    for page in (0..pages).filter(|page| *page < 4 || page % 16 == 0) {
        let Some((phone, notice)) = with_bad_page(&folder, page) else { continue };
        goes_on(&city, &phone, page);
        // What HQ had comes back by itself.
        assert!(phone.visit(&sealed).summary.sealed, "page {page}");
        if carried(&notice) == (2, 1, 2) {
            assert_eq!(phone.visit(&unsent).summary.photos, 1, "page {page}");
            assert_eq!(phone.answers(&unsent, "CMN-R-02"), ["no"], "page {page}");
            assert!(phone.answers(&edited, "CMN-R-01").contains(&"no".to_owned()), "page {page}");
        }
    }
}

#[test]
fn a_lost_first_page_costs_nothing_also_when_the_newest_rows_are_in_the_log_beside_it() {
    let city = City::new();
    let (phone, [.., unsent]) = worked(&city);
    let phone = phone.restarted();
    phone.answer(&unsent, "CMN-R-02", Answer::Yes);
    // Copied while the app runs: the last tap lies in the log.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(phone.data(), copy.path());
    let mut damaged = fs::read(database(copy.path())).unwrap();
    damaged[..PAGE].copy_from_slice(&noise(PAGE));
    fs::write(database(copy.path()), &damaged).unwrap();
    let (phone, notice) = opened(copy, &damaged);
    assert_eq!(carried(&notice), (2, 1, 2));
    assert_eq!(phone.answers(&unsent, "CMN-R-02"), ["yes"]);
    goes_on(&city, &phone, 0);
}

#[test]
fn damaged_sets_are_pruned_by_number_and_age_once_hq_holds_what_they_gave() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let folder = closed(phone);
    let sets = |folder: &Path| fs::read_dir(folder.join("damaged")).map_or(0, |sets| sets.count());
    let mut damaged = fs::read(database(folder.path())).unwrap();
    damaged[..PAGE].copy_from_slice(&noise(PAGE));
    fs::write(database(folder.path()), &damaged).unwrap();
    let data = folder.path().to_owned();
    for day in 1..=5 {
        fs::create_dir_all(data.join(format!("damaged/2026010{day}T000000.000Z"))).unwrap();
    }
    let phone = Phone::on(folder).restarted();
    assert_eq!(sets(&data), 6, "the officer was not told");
    phone.engine.recovery_seen(Nothing {}).unwrap();
    let phone = phone.restarted();
    assert_eq!(sets(&data), 6, "HQ does not hold it all");
    city.sync(&phone);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    let notice = data.join("damaged");
    let phone = phone.restarted();
    // Whatever is left of the old ones is older than 90 days.
    assert_eq!(sets(&data), 1);
    assert!(fs::read_dir(&notice).unwrap().all(|set| database(&set.unwrap().path()).exists()));
    drop(phone);
}

/// After an orderly end the pages are not read one by one. Damage that came later is met where it is read, and by the
/// start after that at the latest.
#[test]
fn damage_after_an_orderly_end_is_met_when_it_is_read() {
    let city = City::new();
    let (phone, _) = worked(&city);
    let folder = phone.killed();
    let pages = fs::read(database(folder.path())).unwrap().len() / PAGE;
    let mut later = 0;
    for page in (1..pages).step_by(pages / 12) {
        let copy = copied(&folder);
        let mut bytes = fs::read(database(copy.path())).unwrap();
        bytes[page * PAGE..(page + 1) * PAGE].copy_from_slice(&noise(PAGE));
        fs::write(database(copy.path()), bytes).unwrap();
        let phone = Phone::on(copy);
        let status = phone.engine.status(Nothing {}).map(|status| status.recovered.is_some());
        if status.as_ref().ok() == Some(&true) {
            goes_on(&city, &phone, page);
            continue;
        }
        let met = status.is_err() | city.try_sync(&phone).is_err() | phone.engine.today(Nothing {}).is_err();
        let phone = phone.restarted();
        assert!(
            !met || recovered(&phone).is_some(),
            "page {page}: what was met is recovered by the next start"
        );
        if met {
            later += 1;
            goes_on(&city, &phone, page);
        }
    }
    assert!(later > 0, "every page is read by every start");
}

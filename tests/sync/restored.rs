//! HQ restored from an older backup: phones notice, and give it back what it lost.

use tempfile::TempDir;
use xuncha_domain::ids::OfficerId;
use xuncha_domain::model::words::LeadLevel;
use xuncha_engine::api::types::{Answer, SaveState};
use xuncha_server::service::{ConsoleUser, NewTeam};
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone, copy_folder};

use super::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";

fn admin() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

fn backup(city: &City) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    city.service.backup(folder.path()).unwrap();
    folder
}

/// A copy that somebody made without the program, of the data as they lie there.
fn copied(city: &City) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(city.data(), folder.path());
    folder
}

/// The device of a phone, as HQ lists it last.
fn newest_device(city: &City) -> [u8; 16] {
    let newest = city.service.devices().unwrap().remove(0);
    let id: xuncha_domain::ids::EntityId = newest.id.parse().unwrap();
    id.0
}

fn is_held(phone: &Phone) -> bool {
    phone.sync_status().state == SaveState::Held
}

#[test]
fn a_restored_hq_gets_back_what_it_lost_also_of_a_phone_that_is_gone() {
    let city = City::new();
    let (gone, other) = (city.phone(0), city.phone(1));
    let before = gone.begin_visit("网吧").summary.id;
    gone.answer(&before, ITEM, Answer::Yes);
    city.sync(&gone);
    city.sync(&other);
    let kept = backup(&city);

    // After the backup: work of both on one visit, a sealed one, an order of HQ, a new officer, a closed phone.
    let closed = city.phone(2);
    city.service.close_device(&admin(), &newest_device(&city)).unwrap();
    other.answer(&before, OTHER, Answer::No);
    city.sync(&other);
    let after = gone.begin_visit("影城").summary.id;
    gone.answer(&after, ITEM, Answer::Yes);
    measure(&gone, &after, 366, Some("保安2"));
    finish(&gone, &after);
    gone.answer(&before, ITEM, Answer::No);
    let team = NewTeam { name: "机动队".into(), tier: LeadLevel::Brigade, district: None };
    let team = city.service.add_team(OfficerId([9; 16]), &team).unwrap();
    let officer = city.service.add_officer(OfficerId([9; 16]), "新人", "C-9", Some(team.0)).unwrap();
    for phone in [&gone, &other] {
        city.sync(phone);
        assert!(is_held(phone));
    }
    drop(gone);

    let city = city.restored(kept.path());
    assert!(city.service.visit(&id(&after)).is_err(), "the backup does not have it");
    city.sync(&other);
    assert!(is_held(&other));
    assert_eq!(city.answers(&before, ITEM), ["no"]);
    assert_eq!(city.answers(&before, OTHER), ["no"]);
    let detail = city.visit(&after);
    assert_eq!((detail.row.conflicts, detail.readings.len()), (0, 1));
    assert!(detail.seals[0].hash_matches);
    assert!(detail.proof.iter().all(|commit| commit.signature_valid && commit.state == "applied"));
    assert_eq!(city.service.officer(&officer).unwrap().row.name, "新人", "what HQ itself wrote came back");

    // The order to close a phone came back before the phone that the backup does not know.
    let refused = city.try_sync(&closed).unwrap_err();
    assert_eq!(refused.code, xuncha_engine::api::types::ErrorCode::DeviceClosed);

    // HQ goes on in successor chains: what it writes now does not clash with what it wrote then.
    city.service.add_officer(OfficerId([9; 16]), "再新人", "C-10", Some(team.0)).unwrap();
    city.sync(&other);
    assert!(is_held(&other));
    assert!(city.service.devices().unwrap().iter().all(|device| !device.forked));
    let late = city.phone(0);
    assert_eq!(late.answers(&after, ITEM), ["yes"], "a new phone reads all of it");
}

#[test]
fn an_hq_that_grew_past_every_phone_meanwhile_is_still_noticed() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let shared = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);
    let old = copied(&city);
    a.answer(&shared, ITEM, Answer::Yes);
    let lost = a.begin_visit("影城").summary.id;
    city.sync(&a);
    assert!(is_held(&a));

    // Nobody tells HQ that its data are old ones: it even writes to its own chains, and others bring more than was lost.
    let city = city.replaced(old);
    city.service.add_officer(OfficerId([9; 16]), "新人", "C-9", None).unwrap();
    for item in [ITEM, OTHER] {
        for answer in [Answer::Yes, Answer::No, Answer::Yes, Answer::No] {
            b.answer(&shared, item, answer);
            city.sync(&b);
        }
    }
    city.sync(&a);
    city.sync(&b);
    city.sync(&a);
    assert_eq!(city.visit(&lost).row.id, lost);
    assert_eq!(city.answers(&shared, ITEM), ["no", "yes"]);
    for phone in [&a, &b] {
        assert!(is_held(phone));
        assert_eq!(phone.answers(&shared, ITEM), ["no", "yes"]);
        assert_eq!(phone.visit(&lost).summary.id, lost);
    }
}

#[test]
fn a_photo_that_hq_lost_is_not_held_any_more_and_is_sent_again() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    take_photo(&phone, &visit, "baseline.jpg");
    city.sync(&phone);
    let old = copied(&city);
    // The feed is the same after this: only the list of photos is not.
    take_photo(&phone, &visit, "picture.png");
    phone.engine.suspend();
    city.sync(&phone);
    let early = backup(&city);
    assert!(is_held(&phone) && city.visit(&visit).photos.iter().all(|photo| photo.held));

    let city = city.replaced(old);
    city.sync(&phone);
    assert!(is_held(&phone) && city.visit(&visit).photos.iter().all(|photo| photo.held));
    let city = city.restored(early.path());
    city.sync(&phone);
    assert!(is_held(&phone) && city.visit(&visit).photos.iter().all(|photo| photo.held));
}

#[test]
fn a_phone_that_joined_after_the_backup_is_known_again() {
    let city = City::new();
    let first = city.phone(0);
    let old = backup(&city);
    let phone = city.phone(1);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::Yes);
    city.sync(&phone);
    city.sync(&first);
    let devices = city.service.devices().unwrap().len();

    let city = city.restored(old.path());
    city.sync(&phone);
    assert!(is_held(&phone));
    assert_eq!(city.answers(&visit, ITEM), ["yes"]);
    assert_eq!(city.service.devices().unwrap().len(), devices, "it is the device that it was");
    city.sync(&first);
    assert!(is_held(&first));
}

#[test]
fn phones_know_what_the_newest_backup_covers() {
    let city = City::new();
    let phone = city.phone(0);
    assert_eq!(phone.sync_status().backup_ms, None);
    let kept = backup(&city);
    city.sync(&phone);
    let first = phone.sync_status().backup_ms.expect("HQ said so");
    let again = backup(&city);
    city.sync(&phone);
    assert!(phone.sync_status().backup_ms >= Some(first));
    // The restored one knows of no backup: it was made after its data were copied.
    let city = city.restored(kept.path());
    city.sync(&phone);
    assert_eq!(phone.sync_status().backup_ms, None);
    drop(again);
}

fn id(text: &str) -> [u8; 16] {
    text.parse::<xuncha_domain::ids::EntityId>().unwrap().0
}

#[test]
fn what_hq_held_before_it_was_restored_is_not_held_on_the_phone_for_ever() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    let early = backup(&city);
    city.service.close_device(&admin(), &newest_device(&city)).unwrap();
    phone.answer(&visit, ITEM, Answer::No);
    city.try_sync(&phone).unwrap();
    assert_eq!(phone.sync_status().attention[0].reason, "device_closed");

    // Nobody else heard of the order to close it.
    let city = city.restored(early.path());
    city.sync(&phone);
    assert_eq!(city.visit(&visit).answers[0].shown.live[0].value.as_deref(), Some("no"));
    assert_eq!((phone.sync_status().attention, phone.answers(&visit, ITEM)), (vec![], vec!["no".into()]));
    assert!(is_held(&phone));
}

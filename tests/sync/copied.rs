//! Phones that were copied or restored from a backup.

use xuncha_engine::api::types::{Answer, SaveState};
use xuncha_tests::world::City;

use super::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";

#[test]
fn a_copied_folder_and_its_original_both_go_on_and_hq_gets_every_edit() {
    let city = City::new();
    let phone = city.phone(0);
    let shared = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    phone.answer(&shared, ITEM, Answer::Yes);
    let (a, b) = phone.copied(true);

    // Both write the next commits of the same chain, without knowing of each other.
    let only_a = a.begin_visit("影城").summary.id;
    a.answer(&shared, OTHER, Answer::Yes);
    let only_b = b.begin_visit("酒店").summary.id;
    b.answer(&shared, OTHER, Answer::No);
    for phone in [&a, &b, &a, &b] {
        city.sync(phone);
    }
    // And they go on working, each on its own successor chain.
    a.answer(&only_a, ITEM, Answer::Yes);
    b.answer(&only_b, ITEM, Answer::No);
    let later = b.begin_visit("组团社").summary.id;
    for phone in [&a, &b, &a, &b] {
        city.sync(phone);
    }

    // The open tap was copied too: both made a commit of it, and equal values agree.
    assert_eq!(city.answers(&shared, ITEM), ["yes", "yes"]);
    assert_eq!(city.answers(&shared, OTHER), ["no", "yes"]);
    assert_eq!(city.answers(&only_a, ITEM), ["yes"]);
    assert_eq!(city.answers(&only_b, ITEM), ["no"]);
    assert_eq!(city.visit(&later).row.id, later);
    for phone in [&a, &b] {
        assert_eq!(phone.sync_status().state, SaveState::Held);
        assert_eq!(phone.answers(&shared, OTHER), ["no", "yes"]);
        assert_eq!(phone.answers(&only_a, ITEM), ["yes"]);
        assert_eq!(phone.answers(&only_b, ITEM), ["no"]);
    }
    assert!(
        city.service.devices().unwrap().iter().any(|device| device.forked),
        "the administrator sees the fork"
    );
}

#[test]
fn a_restored_phone_whose_key_is_gone_loses_nothing() {
    let city = City::new();
    let phone = city.phone(0);
    let sent = phone.begin_visit("网吧").summary.id;
    phone.answer(&sent, ITEM, Answer::Yes);
    city.sync(&phone);
    // Not sent when the phone broke: an edit of the sent visit, and a sealed visit with a photo and a named reading.
    phone.answer(&sent, ITEM, Answer::No);
    let unsent = phone.begin_visit("影城").summary.id;
    phone.answer(&unsent, ITEM, Answer::Yes);
    measure(&phone, &unsent, 378, Some("保安2"));
    take_photo(&phone, &unsent, "baseline.jpg");
    finish(&phone, &unsent);
    let (_broken, restored) = phone.copied(false);

    city.sync(&restored);
    assert_eq!(restored.sync_status().state, SaveState::Held);
    assert_eq!(city.answers(&sent, ITEM), ["no"], "the edit still replaces what it replaced");
    let detail = city.visit(&unsent);
    assert_eq!(city.answers(&unsent, ITEM), ["yes"]);
    assert_eq!((detail.readings.len(), detail.photos.len(), detail.row.conflicts), (1, 1, 0));
    assert!(detail.photos[0].held);
    assert!(detail.seals[0].hash_matches, "the seal was made again over the commits that HQ has");
    assert!(detail.proof.iter().all(|commit| commit.signature_valid && commit.state == "applied"));
    let devices = city.service.devices().unwrap();
    assert!(devices.iter().any(|device| device.replaces.is_some()), "HQ shows that the phone was renewed");

    // It goes on like any other phone.
    let next = restored.begin_visit("酒店").summary.id;
    city.sync(&restored);
    assert_eq!(city.visit(&next).row.id, next);
    // A second sync has nothing left to say.
    city.sync(&restored);
    assert_eq!(restored.sync_status().commits_here, 0);
}

#[test]
fn an_old_copy_without_its_key_issues_nothing_again_that_hq_has() {
    let city = City::new();
    let (phone, other) = (city.phone(0), city.phone(1));
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    phone.answer(&visit, ITEM, Answer::Yes);
    phone.engine.suspend();
    let (phone, restored) = phone.copied(false);
    // What the copy holds as unsent arrives, and somebody else builds upon it.
    city.sync(&phone);
    city.sync(&other);
    other.answer(&visit, ITEM, Answer::No);
    city.sync(&other);
    drop(phone);

    city.sync(&restored);
    assert_eq!(restored.sync_status().state, SaveState::Held);
    assert_eq!(city.answers(&visit, ITEM), ["no"], "no conflict with what was replaced");
    assert_eq!(restored.answers(&visit, ITEM), ["no"]);
}

#[test]
fn an_old_copy_that_went_on_by_itself_issues_only_its_own_part_again() {
    let city = City::new();
    let (phone, other) = (city.phone(0), city.phone(1));
    let visit = phone.begin_visit("网吧").summary.id;
    phone.engine.suspend();
    let (phone, restored) = phone.copied(false);
    // HQ's end of the chain is one that the copy does not know.
    phone.answer(&visit, ITEM, Answer::Yes);
    city.sync(&phone);
    city.sync(&other);
    other.answer(&visit, ITEM, Answer::No);
    city.sync(&other);
    drop(phone);
    restored.answer(&visit, OTHER, Answer::Yes);
    restored.engine.suspend();

    city.sync(&restored);
    city.sync(&restored);
    let detail = city.visit(&visit);
    assert_eq!(
        (city.answers(&visit, OTHER), city.answers(&visit, ITEM)),
        (vec!["yes".into()], vec!["no".into()])
    );
    // The beginning, the answer, the other's, and the copy's own.
    assert_eq!((detail.proof.len(), detail.row.conflicts), (4, 0), "nothing was issued again that HQ had");
}

#[test]
fn what_was_issued_again_replaces_its_original_when_that_comes_after_all() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    phone.answer(&visit, ITEM, Answer::Yes);
    measure(&phone, &visit, 378, Some("保安2"));
    phone.engine.suspend();
    phone.answer(&visit, ITEM, Answer::No);
    finish(&phone, &visit);
    let (original, restored) = phone.copied(false);
    city.sync(&restored);
    city.sync(&original);
    city.sync(&restored);
    let detail = city.visit(&visit);
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    assert_eq!((detail.row.conflicts, detail.readings.len()), (0, 1));
    for phone in [&original, &restored] {
        assert_eq!(phone.sync_status().state, SaveState::Held);
        assert_eq!(
            (phone.answers(&visit, ITEM), phone.visit(&visit).summary.conflicts),
            (vec!["no".into()], 0)
        );
    }
}

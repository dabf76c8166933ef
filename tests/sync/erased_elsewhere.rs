//! Law 7 off the straight way: what was fetched of other phones, what a hub carries, and an HQ that lost the order itself.

use std::path::Path;

use xuncha_domain::ids::EntityId;
use xuncha_domain::model::erase::Target;
use xuncha_domain::model::visit as entities;
use xuncha_engine::api::types::{
    ErrorCode, PhotoPolicy, PhotoRef, PictureKind, SaveState, SetPhotoPolicy, VisitRef,
};
use xuncha_tests::world::{City, Phone, copy_folder};

use super::erase::{
    ITEM, KEPT_NOTE, NOTE, OTHER_ITEM, PHOTO, RACING, Replica, hash, hex, note, officer, picture, supervisor,
    take,
};
use super::hub::{away, status};

fn root(visit: &str) -> EntityId {
    visit.parse().unwrap()
}

/// Notes of the first officer on a visit.
fn note_of(city: &City, visit: &str) -> Target {
    Target::Everything(entities::note(&entities::visit(root(visit)), None, officer(city, 0)).id)
}

fn order(city: &City, targets: &[Target]) {
    city.service.erase(&supervisor(), targets, "本人要求").unwrap();
}

fn photo_name() -> String {
    hex(&hash(&picture(PHOTO)))
}

/// Neither the values nor the picture, by its bytes or by the name of a file.
fn must_be_clean(name: &'static str, folder: &Path) {
    let replica = Replica::of(name, folder);
    [NOTE.as_bytes(), RACING.as_bytes(), PHOTO].iter().for_each(|what| replica.must_not_hold(what));
    assert_eq!(replica.named(&photo_name()), [""; 0], "{name}");
}

#[test]
fn what_was_fetched_of_another_phone_goes_and_is_not_fetched_again() {
    let city = City::new();
    let (taker, reader) = (city.phone(0), city.phone(1));
    let visit = taker.begin_visit("网吧").summary.id;
    take(&taker, &visit, PHOTO).unwrap();
    for phone in [&taker, &reader] {
        city.sync(phone);
    }
    let fetch = |phone: &Phone| {
        phone.engine.photo_thumbs_fetch(VisitRef { visit: visit.clone() }).unwrap();
        phone.engine.photo_fetch(PhotoRef { visit: visit.clone(), sha256: photo_name() }).unwrap();
        city.try_fetch(phone).unwrap();
    };
    fetch(&reader);
    assert!(reader.visit(&visit).photos[0].here);
    Replica::of("the reader", reader.data()).must_hold(PHOTO);

    order(&city, &[Target::Photo(hash(&picture(PHOTO)))]);
    for phone in [&taker, &reader] {
        city.sync(phone);
        fetch(phone);
        let photo = &phone.visit(&visit).photos[0];
        assert!(photo.erased && !photo.here && !photo.thumb_here);
        assert_eq!(
            (photo.fetch, photo.state),
            (None, None),
            "nobody asks for it, and nothing is claimed of it"
        );
        must_be_clean("a phone", phone.data());
    }
    must_be_clean("HQ", city.data());
    assert_eq!(taker.sync_status().state, SaveState::Held, "what is erased is not waited for");
    let fresh = city.phone(1);
    fetch(&fresh);
    must_be_clean("a new phone", fresh.data());
}

#[test]
fn a_hub_hands_on_what_it_carries_and_keeps_no_erased_photo() {
    let city = City::new();
    let hub = city.phone(0);
    let set = SetPhotoPolicy { kind: PictureKind::Original, policy: PhotoPolicy::Manual };
    hub.engine.photo_policy_set(set).unwrap();
    let author = away(&city, &hub);
    let visit = author.begin_visit("网吧").summary.id;
    note(&author, &visit, None, NOTE);
    note(&author, &visit, Some(OTHER_ITEM), KEPT_NOTE);
    take(&author, &visit, PHOTO).unwrap();
    city.try_sync(&author).unwrap_err();
    city.sync(&hub);
    assert_eq!((status(&hub).packets, status(&hub).photos), (0, 1), "the photo waits for another network");
    note(&author, &visit, None, RACING);
    city.try_sync(&author).unwrap_err();
    assert_eq!(status(&hub).packets, 1);

    let author_note = entities::note(&entities::visit(root(&visit)), None, officer(&city, 1)).id;
    order(&city, &[Target::Everything(author_note), Target::Photo(hash(&picture(PHOTO)))]);
    city.sync(&hub);
    assert_eq!((status(&hub).packets, status(&hub).photos), (0, 0));
    must_be_clean("HQ", city.data());
    must_be_clean("the hub", hub.data());
    // Its phone offers the photo again, since it cannot know.
    city.try_sync(&author).unwrap_err();
    assert_eq!(status(&hub).photos, 0);

    author.signal.set_away(false);
    city.sync(&author);
    must_be_clean("the author", author.data());
    let told = &author.sync_status().erased[0];
    assert_eq!((told.entries, told.photos, told.late), (2, 1, 1));
    assert_eq!(author.sync_status().state, SaveState::Held);
    for replica in [Replica::of("HQ", city.data()), Replica::of("the author", author.data())] {
        replica.must_hold(KEPT_NOTE.as_bytes());
    }
}

/// A visit of the first phone with what is to be erased, on both phones; then a backup.
fn backed_up(city: &City) -> (Phone, Phone, String, tempfile::TempDir) {
    let (a, b) = (city.phone(0), city.phone(0));
    let visit = a.begin_visit("网吧").summary.id;
    note(&a, &visit, None, NOTE);
    note(&a, &visit, Some(ITEM), KEPT_NOTE);
    take(&a, &visit, PHOTO).unwrap();
    city.sync(&a);
    city.sync(&b);
    let backup = tempfile::tempdir().unwrap();
    city.service.backup(backup.path()).unwrap();
    (a, b, visit, backup)
}

fn everything(city: &City, visit: &str) -> [Target; 2] {
    [note_of(city, visit), Target::Photo(hash(&picture(PHOTO)))]
}

fn all_clean(city: &City, a: &Phone, b: &Phone) {
    must_be_clean("the restored HQ", city.data());
    must_be_clean("phone a", a.data());
    must_be_clean("phone b", b.data());
    for replica in [Replica::of("the restored HQ", city.data()), Replica::of("phone b", b.data())] {
        replica.must_hold(KEPT_NOTE.as_bytes());
    }
    for phone in [a, b] {
        assert_eq!(phone.sync_status().state, SaveState::Held);
    }
    assert_eq!(city.service.overview().unwrap().photos_missing, 0);
    let orders = city.service.erase_orders().unwrap();
    assert_eq!((orders.len(), orders[0].phones, orders[0].phones_done), (1, 2, 2));
}

#[test]
fn an_order_that_a_restored_hq_lost_comes_back_with_a_phone_and_acts_on_what_was_written_meanwhile() {
    let city = City::new();
    let (a, b, visit, backup) = backed_up(&city);
    // Kept elsewhere: no order is written beside it.
    let moved = tempfile::tempdir().unwrap();
    copy_folder(backup.path(), moved.path());
    drop(backup);
    order(&city, &everything(&city, &visit));
    city.sync(&a);
    city.sync(&a);
    must_be_clean("phone a", a.data());

    let city = city.restored(moved.path());
    Replica::of("the restored HQ", city.data()).must_hold(PHOTO);
    // Its feed has long passed the place of the order, which nobody who reads it has seen.
    let busy = b.begin_visit("影城").summary.id;
    for n in 0..40 {
        note(&b, &busy, None, &format!("第{n}次"));
        city.sync(&b);
    }
    note(&b, &visit, None, RACING);
    city.sync(&b);
    Replica::of("the restored HQ", city.data()).must_hold(RACING.as_bytes());

    let between = tempfile::tempdir().unwrap();
    city.service.backup(between.path()).unwrap();
    for phone in [&a, &b, &a, &b] {
        city.sync(phone);
    }
    all_clean(&city, &a, &b);
    let again = tempfile::tempdir().unwrap();
    xuncha_server::restore(between.path(), again.path()).unwrap();
    must_be_clean("a restored backup of between", again.path());
    note(&b, &visit, None, "重新填写");
    city.sync(&b);
    city.sync(&a);
    assert_eq!(
        a.visit(&visit).notes.iter().filter_map(|note| note.text.value.as_deref()).next(),
        Some("重新填写")
    );
    assert_eq!(take(&b, &visit, PHOTO), Err(ErrorCode::Erased));
}

#[test]
fn an_order_that_no_phone_had_read_is_given_again_by_the_restored_hq() {
    let city = City::new();
    let (a, b, visit, backup) = backed_up(&city);
    order(&city, &everything(&city, &visit));
    let city = city.restored(backup.path());
    must_be_clean("the restored HQ", city.data());
    for phone in [&a, &b, &a, &b] {
        city.sync(phone);
    }
    all_clean(&city, &a, &b);
}

//! Shown as saved means saved, and held means held.

use xuncha_engine::api::types::{Answer, AnswerKind, ErrorCode, ItemView, RestItem, SaveState, SetRest};
use xuncha_tests::world::{City, drawn};

use super::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";

#[test]
fn everything_shown_survives_a_kill_before_any_commit() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    measure(&phone, &visit, 365, None);
    let shown = take_photo(&phone, &visit, "progressive.jpg");
    // Nothing told the engine that it ends: the journal is still a journal.
    let phone = phone.restarted();
    assert_eq!(phone.visit(&visit), shown);
}

#[test]
fn the_rest_is_answered_at_once_but_for_what_is_looked_at_one_by_one() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    let before = phone.answer(&visit, ITEM, Answer::No);
    let items = || before.sections.iter().flat_map(|section| &section.items);
    let plain = |item: &&ItemView| {
        item.answer_kind == AnswerKind::YesNo && item.severity != "critical" && item.id != ITEM
    };
    let named = |item: &ItemView| RestItem { item: item.id.clone(), token: item.answer.token.clone() };
    let rest: Vec<RestItem> = items().filter(plain).map(named).collect();
    let answer =
        |items: Vec<RestItem>| phone.engine.visit_answer_rest(SetRest { visit: visit.clone(), items });
    // All of them or none: one that is critical, needs a value, is named twice or unknown refuses the others, too.
    let critical = items().find(|item| item.severity == "critical").map(named);
    let text = items().find(|item| item.answer_kind == AnswerKind::Text).map(named);
    let unknown = RestItem { item: "CMN-R-99".into(), token: String::new() };
    for wrong in [critical.unwrap(), text.unwrap(), rest[0].clone(), unknown] {
        let all = rest.iter().cloned().chain([wrong]).collect();
        assert_eq!(answer(all).unwrap_err().code, ErrorCode::BadRequest);
        assert_eq!(phone.visit(&visit), before);
    }
    let shown = answer(rest.clone()).unwrap();
    let phone = phone.restarted();
    assert_eq!(phone.visit(&visit), shown);
    let of = |answer: &Answer| {
        shown
            .sections
            .iter()
            .flat_map(|s| &s.items)
            .filter(|item| item.answer.value.as_ref() == Some(answer))
            .count()
    };
    assert_eq!((of(&Answer::Yes), of(&Answer::No)), (rest.len(), 1));
    city.sync(&phone);
    assert_eq!(city.visit(&visit).row.answered as usize, rest.len() + 1);
}

#[test]
fn held_needs_the_receipt_of_every_commit_and_every_photo() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::Yes);
    let view = take_photo(&phone, &visit, "baseline.jpg");
    assert_eq!((view.summary.state, view.photos[0].state), (SaveState::OnPhone, Some(SaveState::OnPhone)));
    assert_eq!(phone.sync_status().photos_here, 1);
    city.sync(&phone);
    let view = phone.visit(&visit);
    assert_eq!((view.summary.state, view.photos[0].state), (SaveState::Held, Some(SaveState::Held)));
    assert!(city.visit(&visit).photos[0].held);
    // One more tap, and it is on this phone again.
    assert_eq!(phone.answer(&visit, "CMN-R-02", Answer::Yes).summary.state, SaveState::OnPhone);
}

#[test]
fn a_seal_covers_the_visit_and_what_comes_later_stands_behind_it() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ITEM, Answer::Yes);
    take_photo(&a, &visit, "orientation-6.jpg");
    city.sync(&a);
    city.sync(&b);
    assert!(finish(&a, &visit).summary.sealed);
    // The second officer did not know of the seal.
    b.answer(&visit, "CMN-R-02", Answer::No);
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    let detail = city.visit(&visit);
    assert_eq!((detail.seals[0].hash_matches, detail.row.after_seal), (true, 1));
    assert_eq!(a.visit(&visit).after_seal, 1);
    assert_eq!(drawn(&a.visit(&visit), "CMN-R-02").answer.value, Some(Answer::No));
}

#[test]
fn a_clock_two_days_ahead_is_accepted_and_shown() {
    let city = City::new();
    let phone = city.phone(0);
    let two_days = 48 * 3_600_000;
    phone.clock.set_ahead(two_days);
    let before_contact = phone.begin_visit("网吧").summary.id;
    phone.answer(&before_contact, ITEM, Answer::Yes);
    city.sync(&phone);
    assert_eq!(city.answers(&before_contact, ITEM), ["yes"]);
    let ahead = phone.sync_status().clock_ahead_ms.unwrap();
    assert!((ahead - two_days).abs() < 60_000, "the phone shows {ahead}");
    // From the first contact on, HQ's time of what is recorded is right again.
    let after_contact = phone.begin_visit("影城").summary.id;
    city.sync(&phone);
    let commit = city.visit(&after_contact).proof.remove(0);
    assert!((commit.raw_ms - commit.corrected_ms - two_days).abs() < 60_000);
    assert!(commit.clock_suspect);
    let device = city.service.devices().unwrap().remove(0);
    assert!((device.clock_ahead_ms.unwrap() - two_days).abs() < 60_000);
}

#[test]
fn a_sync_with_nothing_new_changes_nothing() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    let before = city.visit(&visit);
    city.sync(&phone);
    city.sync(&phone);
    assert_eq!(city.visit(&visit), before);
}

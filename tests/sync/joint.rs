//! Two officers at one visit.

use xuncha_engine::api::types::{Answer, SetNote, SetVisitField};
use xuncha_tests::world::{City, drawn};

/// Three items that an internet café is asked on every day.
const FIRST: &str = "CMN-R-01";
const SECOND: &str = "CMN-R-02";
const THIRD: &str = "CMN-R-04";

#[test]
fn two_officers_offline_at_one_visit_agree_after_sync_and_their_clash_is_seen_by_all() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);

    // Both without a signal.
    a.answer(&visit, FIRST, Answer::Yes);
    a.answer(&visit, THIRD, Answer::Yes);
    b.answer(&visit, SECOND, Answer::No);
    b.answer(&visit, THIRD, Answer::No);
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }

    let both = ["no".to_owned(), "yes".to_owned()];
    for (item, expected) in [(FIRST, &both[1..]), (SECOND, &both[..1]), (THIRD, &both[..])] {
        assert_eq!(city.answers(&visit, item), expected, "HQ, {item}");
        assert_eq!(a.answers(&visit, item), expected, "first phone, {item}");
        assert_eq!(b.answers(&visit, item), expected, "second phone, {item}");
    }
    assert_eq!((a.visit(&visit).summary.conflicts, city.visit(&visit).row.conflicts), (1, 1));
    // The graver answer is displayed meanwhile, by everybody.
    for phone in [&a, &b] {
        assert_eq!(drawn(&phone.visit(&visit), THIRD).answer.value, Some(Answer::No));
    }

    // One of them settles it: an ordinary answer on the drawn conflict.
    b.answer(&visit, THIRD, Answer::No);
    city.sync(&b);
    city.sync(&a);
    assert_eq!(city.answers(&visit, THIRD), ["no"]);
    assert_eq!((a.answers(&visit, THIRD), b.answers(&visit, THIRD)), (vec!["no".into()], vec!["no".into()]));
    assert_eq!((a.visit(&visit).summary.conflicts, city.visit(&visit).row.conflicts), (0, 0));
}

#[test]
fn an_edit_never_buries_what_arrived_after_its_drawing() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);
    let before = drawn(&a.visit(&visit), FIRST).answer.token.clone();
    b.answer(&visit, FIRST, Answer::No);
    city.sync(&b);
    // The answer of the other arrives while the screen still shows the empty item.
    city.sync(&a);
    a.answer_on(&visit, FIRST, Answer::Yes, before);
    city.sync(&a);
    assert_eq!(city.answers(&visit, FIRST), ["no", "yes"]);
}

#[test]
fn a_clash_on_the_visit_itself_is_named_by_hq() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);
    for (phone, value) in [(&a, "phone"), (&b, "online")] {
        let token = phone.visit(&visit).mode.token;
        let set = SetVisitField { visit: visit.clone(), field: "mode".into(), value: value.into(), token };
        phone.engine.visit_set(set).unwrap();
        city.sync(phone);
    }
    let mut conflicts = city.visit(&visit).attribute_conflicts;
    assert_eq!((conflicts.len(), conflicts[0].field.as_str()), (1, "mode"));
    let mut values: Vec<_> = conflicts.remove(0).live.into_iter().filter_map(|live| live.value).collect();
    values.sort();
    assert_eq!(values, ["online", "phone"]);
}

#[test]
fn notes_of_two_officers_never_clash() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);
    for (phone, text) in [(&a, "门口堆放杂物"), (&b, "二楼通道已清理")] {
        let token = phone.visit(&visit).note_token;
        let note = SetNote { visit: visit.clone(), item: None, text: text.into(), token };
        phone.engine.visit_note(note).unwrap();
    }
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    let notes = |view: xuncha_engine::api::types::VisitView| {
        let mut texts: Vec<String> = view.notes.into_iter().filter_map(|note| note.text.value).collect();
        texts.sort();
        texts
    };
    assert_eq!(notes(a.visit(&visit)), ["二楼通道已清理", "门口堆放杂物"]);
    assert_eq!(notes(a.visit(&visit)), notes(b.visit(&visit)));
    assert_eq!(a.visit(&visit).summary.conflicts, 0);
}

#[test]
fn one_officer_on_two_phones_differs_from_nobody_but_themselves() {
    let city = City::new();
    let (one, two) = (city.phone(0), city.phone(0));
    let visit = one.begin_visit("网吧").summary.id;
    city.sync(&one);
    city.sync(&two);
    one.answer(&visit, FIRST, Answer::Yes);
    two.answer(&visit, FIRST, Answer::No);
    one.answer(&visit, SECOND, Answer::Yes);
    two.answer(&visit, THIRD, Answer::Yes);
    for phone in [&one, &two, &one] {
        city.sync(phone);
    }
    for phone in [&one, &two] {
        let view = phone.visit(&visit);
        assert_eq!(phone.answers(&visit, FIRST), ["no", "yes"], "both are shown to the officer");
        assert_eq!(view.summary.conflicts, 0);
        assert_eq!(
            (phone.answers(&visit, SECOND), phone.answers(&visit, THIRD)),
            (vec!["yes".into()], vec!["yes".into()])
        );
        assert_eq!(phone.sync_status().conflicts, 0);
    }
    let detail = city.visit(&visit);
    assert_eq!((detail.row.conflicts, detail.attribute_conflicts.len()), (0, 0), "HQ has nothing to settle");
    // The officer settles it on either phone.
    two.answer(&visit, FIRST, Answer::No);
    city.sync(&two);
    city.sync(&one);
    assert_eq!(
        (one.answers(&visit, FIRST), city.answers(&visit, FIRST)),
        (vec!["no".into()], vec!["no".into()])
    );
}

//! The conflict inbox of a phone: what differs, who wrote it where and when, settling it and the way back.

use xuncha_engine::api::inbox::{ChooseValue, ConflictInbox, ConflictPart, ConflictRow, FieldValue};
use xuncha_engine::api::types::{Answer, ErrorCode, Nothing, Position, SetPosition};
use xuncha_server::http::types::ResolveConflict;
use xuncha_server::service::ConsoleUser;
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone};

const ITEM: &str = "CMN-R-04";

fn inbox(phone: &Phone) -> ConflictInbox {
    phone.engine.conflicts(Nothing {}).unwrap()
}

fn choose(phone: &Phone, row: &ConflictRow, op: &str) -> Result<ConflictInbox, ErrorCode> {
    let chosen = ChooseValue {
        entity: row.entity.clone(),
        field: row.field.clone(),
        op: op.into(),
        token: row.token.clone(),
    };
    phone.engine.conflict_choose(chosen).map_err(|error| error.code)
}

/// The op of the candidate with this answer.
fn op(row: &ConflictRow, answer: &Answer) -> String {
    let wanted = FieldValue::Answer(answer.clone());
    row.values.iter().find(|value| value.value == wanted).expect("somebody said so").op.clone()
}

/// Two officers of whom one said yes and one said no, on two phones that know of each other.
fn disagreeing(city: &City) -> (Phone, Phone, String) {
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    let position = Position { lat_e7: 378_700_000, lon_e7: 1_125_500_000, accuracy_m: 9 };
    a.engine.visit_position(SetPosition { visit: visit.clone(), position }).unwrap();
    city.sync(&a);
    city.sync(&b);
    a.answer(&visit, ITEM, Answer::Yes);
    b.answer(&visit, ITEM, Answer::No);
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    (a, b, visit)
}

#[test]
fn a_conflict_shows_everybody_with_place_and_time_and_one_tap_settles_it_for_all() {
    let city = City::new();
    let (a, b, visit) = disagreeing(&city);
    let shown = inbox(&b);
    let [row] = shown.open.as_slice() else { panic!("{shown:?}") };
    assert_eq!((row.visit.as_str(), row.about.part), (visit.as_str(), ConflictPart::Answer));
    assert_eq!(row.about.item.as_ref().unwrap().id, ITEM);
    let [worse, better] = row.values.as_slice() else { panic!("{row:?}") };
    assert_eq!(worse.value, FieldValue::Answer(Answer::No), "the gravest first");
    assert!(worse.mine && !better.mine && worse.at_ms > 0);
    assert_eq!(worse.place, None, "this phone never said where it was");
    let place = better.place.unwrap();
    assert_eq!((place.at_hq, place.position.unwrap().accuracy_m), (false, 9));
    assert!(place.distance_m.is_some(), "the venue has a position");

    let after = choose(&b, row, &op(row, &Answer::Yes)).unwrap();
    assert!(after.open.is_empty());
    assert_eq!(b.visit(&visit).summary.conflicts, 0);
    city.sync(&b);
    city.sync(&a);
    assert_eq!(city.answers(&visit, ITEM), ["yes"]);
    let settled = inbox(&a).settled;
    let [row] = settled.as_slice() else { panic!("{settled:?}") };
    assert_eq!((row.row.values.len(), row.settled.mine, row.changed.is_none()), (2, false, true));
}

#[test]
fn undoing_is_another_choice_and_the_history_keeps_both() {
    let city = City::new();
    let (a, b, visit) = disagreeing(&city);
    let row = inbox(&a).open.remove(0);
    let settled = choose(&a, &row, &op(&row, &Answer::Yes)).unwrap().settled.remove(0);
    let after = choose(&a, &settled.row, &op(&settled.row, &Answer::No)).unwrap();
    assert!(after.open.is_empty(), "undoing leaves nothing open: one of the two stands");
    let history = &after.settled[0];
    assert_eq!(history.settled.value, FieldValue::Answer(Answer::Yes));
    assert_eq!(history.changed.as_ref().unwrap().value, FieldValue::Answer(Answer::No));
    for phone in [&a, &b] {
        city.sync(phone);
        assert_eq!(phone.answers(&visit, ITEM), ["no"]);
    }
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    // The other officer takes it back again: an undo can be undone, by anybody who may settle.
    let theirs = inbox(&b).settled.remove(0);
    choose(&b, &theirs.row, &op(&theirs.row, &Answer::Yes)).unwrap();
    city.sync(&b);
    assert_eq!(city.answers(&visit, ITEM), ["yes"]);
}

#[test]
fn a_choice_never_buries_what_arrived_after_its_drawing() {
    let city = City::new();
    let (a, b, visit) = disagreeing(&city);
    let drawn = inbox(&a).open.remove(0);
    b.answer(&visit, ITEM, Answer::No);
    city.sync(&b);
    city.sync(&a);
    choose(&a, &drawn, &op(&drawn, &Answer::Yes)).unwrap();
    city.sync(&a);
    assert_eq!(city.answers(&visit, ITEM), ["no", "yes"], "the unseen answer stays");
    assert_eq!(inbox(&a).open.len(), 1);
}

#[test]
fn two_phones_of_one_officer_stand_apart() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(0));
    let visit = a.begin_visit("网吧").summary.id;
    city.sync(&a);
    city.sync(&b);
    a.answer(&visit, ITEM, Answer::Yes);
    b.answer(&visit, ITEM, Answer::No);
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    let shown = inbox(&a);
    assert_eq!((shown.open.len(), shown.yours.len()), (0, 1));
    let row = &shown.yours[0];
    assert!(choose(&a, row, &op(row, &Answer::No)).unwrap().yours.is_empty());
}

#[test]
fn a_sealed_visit_can_still_be_settled_and_says_so_behind_its_seal() {
    let city = City::new();
    let (a, _, visit) = disagreeing(&city);
    a.engine.visit_finish(xuncha_engine::api::types::VisitRef { visit: visit.clone() }).unwrap();
    assert_eq!(a.visit(&visit).after_seal, 0);
    let row = inbox(&a).open.remove(0);
    choose(&a, &row, &op(&row, &Answer::No)).unwrap();
    let view = a.visit(&visit);
    assert_eq!((view.summary.conflicts, view.after_seal), (0, 1));
}

#[test]
fn only_what_the_field_once_held_can_be_chosen() {
    let city = City::new();
    let (a, _, _) = disagreeing(&city);
    let row = inbox(&a).open.remove(0);
    assert_eq!(choose(&a, &row, &"ab".repeat(16)), Err(ErrorCode::NotFound));
    assert_eq!(choose(&a, &row, "nonsense"), Err(ErrorCode::BadRequest));
    let unknown = ConflictRow { entity: "00".repeat(16), ..row.clone() };
    assert_eq!(choose(&a, &unknown, &row.values[0].op), Err(ErrorCode::NotFound));
}

#[test]
fn hq_undoes_what_an_officer_settled() {
    let city = City::new();
    let (a, b, visit) = disagreeing(&city);
    let row = inbox(&a).open.remove(0);
    choose(&a, &row, &op(&row, &Answer::Yes)).unwrap();
    city.sync(&a);
    let settled = city.service.conflicts(None).unwrap().settled.remove(0);
    assert_eq!((settled.visit.as_str(), settled.item.as_str()), (visit.as_str(), ITEM));
    assert_eq!(settled.was.len(), 2);
    let no = settled.was.iter().find(|live| live.value.as_deref() == Some("no")).unwrap();
    let hq = ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin };
    let undo = ResolveConflict {
        entity: settled.now.entity.clone(),
        field: settled.now.field.clone(),
        keep: no.commit.clone(),
        over: settled.now.live.iter().map(|live| live.commit.clone()).collect(),
    };
    city.service.resolve(&hq, &undo).unwrap();
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    city.sync(&b);
    assert_eq!(b.answers(&visit, ITEM), ["no"]);
    let history = inbox(&b).settled.remove(0);
    assert!(history.changed.unwrap().place.unwrap().at_hq);
}

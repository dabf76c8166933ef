//! Checklists that HQ publishes while visits are under way.

use xuncha_domain::checklist::Rule;
use xuncha_domain::ids::OfficerId;
use xuncha_engine::api::JoinVisit;
use xuncha_engine::api::types::{Answer, ChecklistState, ErrorCode, MoveChecklist, VisitRef, VisitView};
use xuncha_tests::edition;
use xuncha_tests::world::{City, Phone, drawn};

const CHANGED: &str = "CMN-R-01";
const GONE: &str = "CMN-R-02";
const ADDED: &str = "CMN-R-99";
const OTHER_KIND: &str = "CMN-R-04";

/// One item is worded anew, one is another one now, and one is answered with a text.
fn next_edition() -> Vec<Rule> {
    edition(&[
        ("许可证或备案证明在有效期内，且悬挂在显著位置", "许可证在有效期内"),
        ("id: CMN-R-02", "id: CMN-R-99"),
        (
            "id: CMN-R-04\n    severity: major\n    group: licence\n    answer: yes_no\n",
            "id: CMN-R-04\n    severity: major\n    group: licence\n    answer: text\n",
        ),
    ])
}

fn publish(city: &City, rules: &[Rule]) -> (usize, usize) {
    let imported = city.service.publish_checklists(OfficerId([9; 16]), rules, false).unwrap();
    (imported.added + imported.changed, imported.unchanged)
}

/// The items and how they are worded.
fn asked(view: &VisitView) -> Vec<(String, String)> {
    let items = view.sections.iter().flat_map(|section| &section.items);
    items.map(|item| (item.id.clone(), item.zh.clone())).collect()
}

fn asks(view: &VisitView, item: &str) -> bool {
    asked(view).iter().any(|(asked, _)| asked == item)
}

fn try_move(phone: &Phone, visit: &str) -> Result<VisitView, ErrorCode> {
    let visit_ref = VisitRef { visit: visit.into() };
    let change = phone.engine.visit_checklist_change(visit_ref).map_err(|error| error.code)?;
    let wanted = MoveChecklist { visit: visit.into(), token: change.token, to: change.to };
    phone.engine.visit_checklist_move(wanted).map_err(|error| error.code)
}

#[test]
fn a_draft_keeps_its_checklist_until_its_officer_moves_it() {
    let city = City::new();
    let phone = city.phone(0);
    let draft = phone.begin_visit("网吧").summary.id;
    phone.answer(&draft, CHANGED, Answer::Yes);
    phone.answer(&draft, GONE, Answer::No);
    let before = phone.answer(&draft, OTHER_KIND, Answer::Yes);
    assert_eq!((before.checklist, before.summary.findings), (ChecklistState::Current, 1));

    assert!(publish(&city, &next_edition()).0 > 1);
    assert_eq!(publish(&city, &next_edition()).0, 0, "nothing is written twice");
    city.sync(&phone);
    let kept = phone.visit(&draft);
    assert_eq!(kept.checklist, ChecklistState::Superseded);
    assert_eq!(asked(&kept), asked(&before), "what was asked is asked");
    let fresh = phone.begin_visit("网吧");
    assert!(asks(&fresh, ADDED) && !asks(&fresh, GONE) && fresh.checklist == ChecklistState::Current);
    assert_eq!(drawn(&fresh, CHANGED).zh, "许可证在有效期内");

    let change = phone.engine.visit_checklist_change(VisitRef { visit: draft.clone() }).unwrap();
    let ids = |items: &[xuncha_engine::api::types::ItemText]| {
        items.iter().map(|item| (item.id.clone(), item.answered)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&change.added), [(ADDED.to_owned(), false)]);
    assert_eq!(ids(&change.gone), [(GONE.to_owned(), true)]);
    let fits: Vec<_> =
        change.changed.iter().map(|item| (item.after.id.as_str(), item.after.answered)).collect();
    assert_eq!(fits, [(CHANGED, true), (OTHER_KIND, false)], "an answer stays where its item takes it");
    assert_eq!(change.same, kept.summary.items - 3);

    let moved = try_move(&phone, &draft).unwrap();
    assert_eq!((moved.checklist, moved.summary.findings), (ChecklistState::Current, 0));
    assert!(asks(&moved, ADDED) && !asks(&moved, GONE));
    assert_eq!(drawn(&moved, CHANGED).answer.value, Some(Answer::Yes));
    assert_eq!(try_move(&phone, &draft), Err(ErrorCode::StaleToken), "there is none newer");
    phone.answer(&draft, ADDED, Answer::No);
    city.sync(&phone);
    let hq = city.visit(&draft);
    assert_eq!((hq.row.failed, hq.attribute_conflicts.len()), (1, 0));
    let failed: Vec<_> =
        hq.answers.iter().filter(|answer| answer.failed).map(|answer| answer.item.as_str()).collect();
    assert_eq!(failed, [ADDED]);
    assert!(hq.answers.iter().any(|answer| answer.item == GONE), "the answer stays in the record");
}

#[test]
fn a_visit_is_judged_when_its_checklist_comes() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    city.sync(&b);
    publish(&city, &next_edition());
    city.sync(&a);
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ADDED, Answer::No);
    let text = a.engine.visit_invite(VisitRef { visit: visit.clone() }).unwrap().text;

    // The colleague was in the basement when HQ published.
    let joined = b.engine.visit_join(JoinVisit { text, position: None }).unwrap();
    assert_eq!((joined.checklist, joined.summary.items), (ChecklistState::Missing, 0));
    city.sync(&a);
    city.sync(&b);
    let here = b.visit(&visit);
    assert_eq!((here.checklist, here.summary.findings), (ChecklistState::Current, 1));
    assert_eq!(asked(&here), asked(&a.visit(&visit)));
    assert!(here.summary.items > 0);
}

#[test]
fn who_joins_takes_no_move_back_and_two_who_move_do_not_differ() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    publish(&city, &next_edition());
    city.sync(&a);
    try_move(&a, &visit).unwrap();
    // The colleague knows neither the visit nor the new version.
    let text = a.engine.visit_invite(VisitRef { visit: visit.clone() }).unwrap().text;
    b.engine.visit_join(JoinVisit { text, position: None }).unwrap();
    assert!(asks(&b.visit(&visit), GONE), "what the visit began with");
    publish(&city, &edition(&[("id: CMN-R-02", "id: CMN-R-98")]));
    city.sync(&b);
    try_move(&b, &visit).unwrap();
    city.sync(&a);
    city.sync(&b);
    city.sync(&a);
    let (on_a, on_b, at_hq) = (a.visit(&visit), b.visit(&visit), city.visit(&visit));
    assert_eq!(asked(&on_a), asked(&on_b));
    assert!(!asks(&on_a, GONE) && asks(&on_a, "CMN-R-98"), "the later move");
    let conflicts = [on_a.summary.conflicts, on_b.summary.conflicts, at_hq.row.conflicts];
    assert_eq!((conflicts, at_hq.attribute_conflicts.len()), ([0; 3], 0));
    try_move(&a, &visit).unwrap_err();
}

#[test]
fn a_restored_hq_gets_its_checklists_back_and_judges_by_them() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let backup = tempfile::tempdir().unwrap();
    city.service.backup(backup.path()).unwrap();
    publish(&city, &next_edition());
    city.sync(&a);
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ADDED, Answer::No);
    city.sync(&a);
    city.sync(&b);

    let city = city.restored(backup.path());
    city.sync(&b);
    city.sync(&a);
    let hq = city.visit(&visit);
    assert_eq!(hq.row.failed, 1);
    assert!(hq.answers.iter().any(|answer| answer.item == ADDED && answer.failed));
    assert!(asks(&city.phone(2).begin_visit("网吧"), ADDED), "a new phone gets them, too");
}

#[test]
fn what_is_not_asked_any_more_cannot_be_chosen() {
    let city = City::new();
    let phone = city.phone(0);
    let rules: Vec<Rule> = edition(&[]).into_iter().filter(|rule| rule.purpose.code() != "closure").collect();
    publish(&city, &rules);
    city.sync(&phone);
    let venue = phone.begin_visit("网吧").summary.venue.id;
    let choices = phone.engine.checklist_choices(xuncha_engine::api::types::VenueRef { venue }).unwrap();
    let purposes: Vec<_> = choices.iter().map(|choice| choice.purpose.as_str()).collect();
    assert_eq!(purposes, ["routine", "reopening"]);
}

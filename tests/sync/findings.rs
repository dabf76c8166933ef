//! From a failed item over an order with a deadline to the recheck by another phone.

use xuncha_engine::api::inbox::{ConflictPart, FieldValue};
use xuncha_engine::api::types::{
    Answer, ErrorCode, Nothing, OpenFinding, RecheckFinding, SetFinding, VenueFindings, VisitView,
};
use xuncha_tests::world::{City, Phone, drawn};

use crate::finish;

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";
/// Long over.
const PAST: &str = "2020-02-04";
const FUTURE: &str = "2999-12-31";

fn try_set(phone: &Phone, visit: &str, field: &str, value: &str) -> Result<VisitView, ErrorCode> {
    let view = phone.visit(visit);
    let finding = drawn(&view, ITEM).finding.as_ref();
    let token = finding.map(|finding| match field {
        "status" => finding.status.token.clone(),
        "deadline" => finding.deadline.token.clone(),
        _ => finding.authority.token.clone(),
    });
    let set = SetFinding {
        visit: visit.into(),
        item: ITEM.into(),
        field: field.into(),
        value: value.into(),
        token: token.unwrap_or_default(),
    };
    phone.engine.finding_set(set).map_err(|error| error.code)
}

fn set(phone: &Phone, visit: &str, field: &str, value: &str) {
    try_set(phone, visit, field, value).unwrap();
}

/// A sealed visit that ordered one thing.
fn ordered(phone: &Phone, venue: &str, deadline: &str) -> VisitView {
    let visit = phone.begin_visit(venue).summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    set(phone, &visit, "status", "rectifying");
    set(phone, &visit, "deadline", deadline);
    finish(phone, &visit)
}

fn orders(phone: &Phone) -> (u32, u32, usize) {
    let due = phone.engine.today(Nothing {}).unwrap().orders;
    (due.orders, due.overdue, due.first.len())
}

fn open(phone: &Phone) -> Vec<(String, bool)> {
    let open = phone.engine.findings_open(Nothing {}).unwrap().rows;
    open.into_iter().map(|row| (row.visit, row.finding.overdue)).collect()
}

fn of_venue(phone: &Phone, venue: &str, visit: Option<&str>) -> Vec<OpenFinding> {
    let wanted = VenueFindings { venue: venue.into(), visit: visit.map(str::to_owned) };
    phone.engine.findings_of_venue(wanted).unwrap()
}

fn recheck(phone: &Phone, visit: &str, of: &OpenFinding, outcome: &str) -> Result<VisitView, ErrorCode> {
    let wanted = RecheckFinding {
        visit: visit.into(),
        of: of.visit.clone(),
        item: of.item.clone(),
        outcome: outcome.into(),
        token: of.finding.status.token.clone(),
        recheck_token: of.finding.recheck.token.clone(),
    };
    phone.engine.finding_recheck(wanted).map_err(|error| error.code)
}

#[test]
fn an_order_of_one_phone_is_rechecked_by_another_and_is_then_not_due_any_more() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let first = ordered(&a, "网吧", PAST);
    let (visit, venue) = (first.summary.id, first.summary.venue.id);
    city.sync(&a);
    city.sync(&b);
    assert_eq!(orders(&b), (1, 1, 1));
    let at_hq = city.visit(&visit).findings.remove(0);
    assert_eq!(at_hq.deadline.unwrap().live[0].value.as_deref(), Some(PAST));

    let later = b.begin_visit_to(&venue).summary.id;
    let earlier = of_venue(&b, &venue, Some(&later)).remove(0);
    assert_eq!((earlier.visit.as_str(), earlier.item.as_str()), (visit.as_str(), ITEM));
    assert_eq!(earlier.finding.deadline.value.as_deref(), Some(PAST));
    assert!(earlier.finding.overdue && earlier.can_recheck && !earlier.here);
    // A wrong tap is put right in the same visit.
    recheck(&b, &later, &earlier, "rectified").unwrap();
    let drawn_again = of_venue(&b, &venue, Some(&later)).remove(0);
    assert!(drawn_again.here && drawn_again.can_recheck);
    recheck(&b, &later, &drawn_again, "not_rectified").unwrap();
    let drawn_again = of_venue(&b, &venue, Some(&later)).remove(0);
    recheck(&b, &later, &drawn_again, "rectified").unwrap();
    assert_eq!((orders(&b), open(&b)), ((0, 0, 0), vec![]));
    assert!(of_venue(&b, &venue, None).is_empty(), "nothing is open");
    assert_eq!(of_venue(&b, &venue, Some(&later)).len(), 1, "but the visit shows what it looked at");
    b.answer(&later, ITEM, Answer::Yes);
    finish(&b, &later);

    city.sync(&b);
    city.sync(&a);
    assert_eq!(orders(&a), (0, 0, 0));
    let view = a.visit(&visit);
    let finding = drawn(&view, ITEM).finding.as_ref().unwrap();
    assert_eq!(finding.status.value.as_deref(), Some("rectified"));
    assert!(finding.status.conflict.is_empty() && !finding.overdue);
    let link = finding.recheck.value.as_ref().unwrap();
    assert_eq!(
        (link.visit.as_str(), link.started_ms),
        (later.as_str(), Some(a.visit(&later).summary.started_ms))
    );
    assert!(view.after_seal > 0, "it stands behind the seal");
    let hq = city.visit(&visit).findings.remove(0);
    assert_eq!(hq.status.unwrap().live[0].value.as_deref(), Some("rectified"));
    assert_eq!(hq.recheck.unwrap().live[0].value.as_deref(), Some(later.as_str()));
}

#[test]
fn open_findings_come_with_what_is_overdue_first() {
    let city = City::new();
    let phone = city.phone(0);
    let plain = phone.begin_visit("影城").summary.id;
    phone.answer(&plain, ITEM, Answer::No);
    let due = ordered(&phone, "网吧", FUTURE).summary.id;
    let over = ordered(&phone, "酒店", PAST).summary.id;
    let expected = vec![(over, true), (due.clone(), false), (plain.clone(), false)];
    assert_eq!((open(&phone), orders(&phone)), (expected.clone(), (2, 1, 2)));
    // Nothing of it hangs on this start of the app.
    let phone = phone.restarted();
    assert_eq!(open(&phone), expected);
    // Fixed on the spot, or answered otherwise: nothing more has to come of it.
    phone.answer(&plain, ITEM, Answer::Yes);
    assert_eq!(open(&phone).len(), 2);
}

#[test]
fn two_deadlines_are_a_conflict_in_words() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ITEM, Answer::No);
    set(&a, &visit, "status", "rectifying");
    city.sync(&a);
    city.sync(&b);
    set(&a, &visit, "deadline", PAST);
    set(&a, &visit, "authority", "transfer:fire");
    set(&b, &visit, "deadline", FUTURE);
    set(&b, &visit, "authority", "transfer:police");
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    let open = a.engine.conflicts(Nothing {}).unwrap().open;
    let parts: Vec<_> = open.iter().map(|row| row.about.part).collect();
    assert_eq!(parts, [ConflictPart::FindingAuthority, ConflictPart::FindingDeadline]);
    assert_eq!(open[0].about.item.as_ref().unwrap().id, ITEM);
    assert!(open[0].values.iter().any(|value| value.value == FieldValue::Word("transfer:fire".into())));
    assert!(open[1].values.iter().any(|value| value.value == FieldValue::Text(PAST.into())));
    let hq = city.service.conflicts(None).unwrap().visits.remove(0).findings.remove(0);
    assert!(hq.deadline.unwrap().conflict && hq.authority.unwrap().conflict);
}

#[test]
fn only_an_earlier_finding_of_the_same_venue_is_rechecked() {
    let city = City::new();
    let phone = city.phone(0);
    let first = ordered(&phone, "网吧", PAST);
    let venue = first.summary.venue.id;
    let found = of_venue(&phone, &venue, None).remove(0);
    let refused =
        |visit: &str, of: &OpenFinding, outcome: &str| recheck(&phone, visit, of, outcome).unwrap_err();
    let elsewhere = phone.begin_visit("影城").summary.id;
    assert_eq!(refused(&elsewhere, &found, "rectified"), ErrorCode::BadRequest);
    let later = phone.begin_visit_to(&venue).summary.id;
    assert_eq!(refused(&later, &found, "transferred"), ErrorCode::BadRequest);
    let nothing = OpenFinding { item: "nonsense".into(), ..found.clone() };
    assert_eq!(refused(&later, &nothing, "rectified"), ErrorCode::BadRequest);
    let own = OpenFinding { visit: later.clone(), ..found.clone() };
    assert_eq!(refused(&later, &own, "rectified"), ErrorCode::BadRequest);
    phone.answer(&later, OTHER, Answer::Yes);
    finish(&phone, &later);
    assert_eq!(refused(&later, &found, "rectified"), ErrorCode::VisitSealed);
    assert_eq!(orders(&phone), (1, 1, 1), "nothing changed");
}

#[test]
fn a_finding_takes_days_and_codes_that_exist() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    for (field, value) in [
        ("deadline", "soon"),
        ("deadline", "2020-2-4"),
        ("deadline", ""),
        ("authority", "me"),
        ("recheck", PAST),
    ] {
        assert_eq!(
            try_set(&phone, &visit, field, value).unwrap_err(),
            ErrorCode::BadRequest,
            "{field} {value}"
        );
    }
    let terms = phone.engine.finding_deadlines(Nothing {}).unwrap();
    assert_eq!(terms.iter().map(|term| term.workdays).collect::<Vec<_>>(), [3, 5, 7, 15]);
    assert!(terms.windows(2).all(|pair| pair[0].date < pair[1].date));
    set(&phone, &visit, "deadline", &terms[0].date);
}

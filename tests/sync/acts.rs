//! Acts that name a basis: retractions and reviews, and what is live outside of it.

use xuncha_engine::api::Retract;
use xuncha_engine::api::types::{Answer, ErrorCode, Nothing, ReviewState, Standing, VisitView};
use xuncha_server::http::types::ReviewVisit;
use xuncha_server::service::{ConsoleUser, Error};
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone, drawn};

use crate::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";

fn retract(
    phone: &Phone,
    visit: &str,
    entity: &str,
    standing: &Standing,
    retracted: bool,
) -> Result<VisitView, ErrorCode> {
    let wanted = Retract {
        visit: visit.into(),
        entity: entity.into(),
        retracted,
        reason: if retracted { "选错了场所".into() } else { String::new() },
        basis: standing.basis.clone(),
        token: standing.token.clone(),
        reason_token: standing.reason_token.clone(),
    };
    phone.engine.retract(wanted).map_err(|error| error.code)
}

fn admin() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

/// A visit of two officers that both phones and HQ have.
fn shared(city: &City) -> (Phone, Phone, String) {
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ITEM, Answer::No);
    city.sync(&a);
    city.sync(&b);
    (a, b, visit)
}

#[test]
fn a_retracted_visit_does_not_count_and_nothing_of_it_is_gone() {
    let city = City::new();
    let (a, b, visit) = shared(&city);
    let view = a.visit(&visit);
    let view = retract(&a, &visit, &visit, &view.standing, true).unwrap();
    assert!(view.summary.retracted && view.standing.retracted);
    assert_eq!(view.standing.because.as_deref(), Some("选错了场所"));
    assert_eq!(a.engine.today(Nothing {}).unwrap().visits_today, 0);
    city.sync(&a);
    city.sync(&b);
    assert!(b.visit(&visit).summary.retracted);
    assert_eq!(b.answers(&visit, ITEM), ["no"]);
    let hq = city.visit(&visit);
    assert!(hq.row.retracted && hq.row.conflicts == 0);
    assert_eq!(hq.retraction.unwrap().because, "选错了场所");
    assert_eq!(city.service.overview().unwrap().visits, 0);
    // Taken back, it counts again.
    let standing = b.visit(&visit).standing;
    retract(&b, &visit, &visit, &standing, false).unwrap();
    city.sync(&b);
    assert!(!city.visit(&visit).row.retracted);
    assert_eq!(city.service.overview().unwrap().visits, 1);
}

#[test]
fn a_retracted_visit_with_news_is_a_conflict_until_somebody_looks_again() {
    let city = City::new();
    let (a, b, visit) = shared(&city);
    let standing = a.visit(&visit).standing;
    retract(&a, &visit, &visit, &standing, true).unwrap();
    // The colleague, without a signal, goes on.
    b.answer(&visit, "CMN-R-02", Answer::Yes);
    for phone in [&b, &a, &b] {
        city.sync(phone);
    }
    for phone in [&a, &b] {
        let view = phone.visit(&visit);
        assert_eq!((view.summary.retracted, view.summary.conflicts, view.standing.news), (false, 1, 1));
        let inbox = phone.engine.conflicts(Nothing {}).unwrap();
        assert_eq!(inbox.retracted.len(), 1);
        assert_eq!(inbox.retracted[0].entity, visit);
    }
    let hq = city.visit(&visit);
    assert_eq!((hq.row.retracted, hq.row.conflicts, hq.retraction.unwrap().news), (false, 1, 1));
    // Having seen it, the first retracts again.
    let standing = a.visit(&visit).standing;
    let view = retract(&a, &visit, &visit, &standing, true).unwrap();
    assert_eq!((view.summary.retracted, view.summary.conflicts), (true, 0));
    city.sync(&a);
    assert!(city.visit(&visit).row.retracted);
}

#[test]
fn one_says_it_stands_and_one_takes_it_back_and_both_are_seen() {
    let city = City::new();
    let (a, b, visit) = shared(&city);
    let standing = a.visit(&visit).standing;
    retract(&a, &visit, &visit, &standing, true).unwrap();
    city.sync(&a);
    city.sync(&b);
    let (mine, theirs) = (a.visit(&visit).standing, b.visit(&visit).standing);
    retract(&a, &visit, &visit, &mine, true).unwrap();
    retract(&b, &visit, &visit, &theirs, false).unwrap();
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    for phone in [&a, &b] {
        let view = phone.visit(&visit);
        assert!(view.standing.disputed && !view.summary.retracted, "in doubt it counts");
    }
    assert_eq!(city.visit(&visit).row.conflicts, 1);
}

#[test]
fn what_was_on_screen_is_the_basis_and_not_what_arrived_since() {
    let city = City::new();
    let (a, b, visit) = shared(&city);
    let before = a.visit(&visit).standing;
    b.answer(&visit, "CMN-R-02", Answer::Yes);
    city.sync(&b);
    city.sync(&a);
    let view = retract(&a, &visit, &visit, &before, true).unwrap();
    assert_eq!(view.standing.news, 1, "the unseen answer shows");
}

#[test]
fn a_finding_a_photo_and_a_reading_are_taken_back_one_by_one_also_behind_the_seal() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    take_photo(&phone, &visit, "baseline.jpg");
    measure(&phone, &visit, 365, None);
    let sealed = finish(&phone, &visit);
    assert_eq!((sealed.summary.findings, sealed.summary.photos, sealed.summary.readings), (1, 1, 1));
    let finding = drawn(&sealed, ITEM).finding.clone().unwrap();
    retract(&phone, &visit, &finding.id, &finding.standing, true).unwrap();
    let photo = &sealed.photos[0];
    retract(&phone, &visit, &photo.id, &photo.standing, true).unwrap();
    let reading = &sealed.readings[0];
    let view = retract(&phone, &visit, &reading.id, &reading.standing, true).unwrap();
    assert_eq!((view.summary.findings, view.summary.photos, view.summary.readings), (0, 0, 0));
    assert_eq!(view.after_seal, 3, "each stands behind the seal");
    assert!(view.photos[0].standing.retracted && view.readings[0].standing.retracted);
    city.sync(&phone);
    let hq = city.visit(&visit);
    assert_eq!((hq.row.readings, hq.row.after_seal, hq.seals[0].after_seal), (0, 3, 3));
    assert!(hq.seals[0].hash_matches);
    assert!(hq.findings[0].retraction.as_ref().unwrap().retracted);
    assert!(hq.photos[0].retraction.is_some() && hq.readings[0].retraction.is_some());
}

#[test]
fn a_retraction_needs_a_reason_and_something_to_retract() {
    let city = City::new();
    let (a, _, visit) = shared(&city);
    let standing = a.visit(&visit).standing;
    let wanted = Retract {
        visit: visit.clone(),
        entity: visit.clone(),
        retracted: true,
        reason: "  ".into(),
        basis: standing.basis.clone(),
        token: standing.token.clone(),
        reason_token: standing.reason_token.clone(),
    };
    assert_eq!(a.engine.retract(wanted).unwrap_err().code, ErrorCode::BadRequest);
    assert_eq!(retract(&a, &visit, &"ab".repeat(16), &standing, true).unwrap_err(), ErrorCode::NotFound);
    let broken = Standing { basis: "?".into(), ..standing };
    assert_eq!(retract(&a, &visit, &visit, &broken, true).unwrap_err(), ErrorCode::StaleToken);
}

#[test]
fn a_review_reaches_the_phone_and_says_what_it_had_not_seen() {
    let city = City::new();
    let (a, b, visit) = shared(&city);
    finish(&a, &visit);
    city.sync(&a);
    let shown = city.visit(&visit);
    let id: xuncha_domain::ids::EntityId = visit.parse().unwrap();
    let review = |state: &str, remark: &str, over: Vec<String>| ReviewVisit {
        state: state.into(),
        remark: remark.into(),
        basis: shown.basis.clone(),
        over,
    };
    let refused = city.service.review(&admin(), &id.0, &review("returned", " ", Vec::new()));
    assert!(matches!(refused, Err(Error::BadRequest(_))), "returned without a word");
    let viewer = ConsoleUser { role: Role::Viewer, ..admin() };
    let refused = city.service.review(&viewer, &id.0, &review("approved", "", Vec::new()));
    assert!(matches!(refused, Err(Error::Forbidden)));
    let done = city.service.review(&admin(), &id.0, &review("returned", "缺照片", Vec::new())).unwrap();
    assert_eq!((done.row.review.as_deref(), done.row.after_review), (Some("returned"), 0));
    assert_eq!(done.row.after_seal, 0, "a review is no entry of the visit");
    city.sync(&a);
    let view = a.visit(&visit);
    assert_eq!(view.summary.review, Some(ReviewState::Returned));
    assert_eq!(view.review.as_ref().unwrap().remark.as_deref(), Some("缺照片"));
    // The colleague, who had not heard, adds an answer.
    b.answer(&visit, "CMN-R-02", Answer::Yes);
    for phone in [&b, &a] {
        city.sync(phone);
    }
    assert_eq!(a.visit(&visit).review.unwrap().after, 1);
    let now = city.visit(&visit);
    assert_eq!((now.row.after_review, now.row.after_seal), (1, 1));
    // The next review stands over the drawn one, and the unseen answer is still outside.
    let over = now.review.unwrap().over;
    let done = city.service.review(&admin(), &id.0, &review("approved", "", over)).unwrap();
    assert_eq!((done.row.review.as_deref(), done.row.after_review), (Some("approved"), 1));
    city.sync(&b);
    assert_eq!(b.visit(&visit).summary.review, Some(ReviewState::Approved));
}

//! A roster of people, measured again and dealt with, and what everybody else sees of it.

use xuncha_engine::api::types::{
    ErrorCode, ReadingView, SetReadingDone, SetReadingStep, VisitRef, VisitView,
};
use xuncha_tests::world::{City, Phone};

use crate::{finish, measure, measure_again};

/// People by their label, with their outcome and the tenths of degrees of their chain.
fn people(view: &VisitView) -> Vec<(String, &str, Vec<i32>)> {
    let people = view.roster.people.iter().map(|person| {
        let chain = person.readings.iter().map(|id| reading(view, id).reading.value.as_ref().unwrap());
        let label = person.subject.clone().unwrap_or_default();
        (label, person.outcome.as_str(), chain.map(|reading| reading.temperature_dc).collect())
    });
    people.collect()
}

fn reading<'v>(view: &'v VisitView, id: &str) -> &'v ReadingView {
    view.readings.iter().find(|reading| reading.id == id).unwrap()
}

fn step(
    phone: &Phone,
    visit: &str,
    of: &ReadingView,
    step: &str,
    done: bool,
) -> Result<VisitView, ErrorCode> {
    let token = of.steps.iter().find(|row| row.step == step).map(|row| row.done.token.clone());
    let set = SetReadingStep {
        visit: visit.into(),
        id: of.id.clone(),
        step: step.into(),
        done,
        token: token.unwrap_or_default(),
    };
    phone.engine.reading_step(set).map_err(|error| error.code)
}

fn labels(phone: &Phone, visit: &str) -> Vec<String> {
    phone.engine.roster_labels(VisitRef { visit: visit.into() }).unwrap()
}

#[test]
fn an_abnormal_person_is_measured_again_and_dealt_with_and_everybody_sees_it() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    measure(&a, &visit, 365, Some("收银1"));
    let view = measure(&a, &visit, 376, Some("网管2"));
    assert_eq!(people(&view)[1], ("网管2".into(), "suspect", vec![376]));
    let first = view.roster.people[1].readings[0].clone();
    let view = measure_again(&a, &visit, 375, Some("网管2"), Some(&first));
    assert_eq!(people(&view)[1], ("网管2".into(), "confirmed", vec![376, 375]));
    let again = view.readings.iter().find(|reading| reading.retest_of.is_some()).unwrap();
    assert_eq!(again.retest_of.as_ref(), Some(&first));
    let crowd = &view.roster.crowd;
    assert_eq!((crowd.measured, crowd.abnormal, crowd.highest_dc), (2, 1, Some(376)));

    step(&a, &visit, reading(&view, &first), "isolated", true).unwrap();
    let view = step(&a, &visit, reading(&view, &first), "reported", true).unwrap();
    assert_eq!(people(&view)[1].1, "referred");
    assert_eq!(step(&a, &visit, reading(&view, &first), "hidden", true).unwrap_err(), ErrorCode::BadRequest);
    let done = SetReadingDone {
        visit: visit.clone(),
        id: first.clone(),
        text: "送发热门诊，已报区疾控。".into(),
        token: String::new(),
    };
    a.engine.reading_done(done).unwrap();
    finish(&a, &visit);
    city.sync(&a);
    city.sync(&b);

    let seen = b.visit(&visit);
    assert_eq!(people(&seen)[1], ("网管2".into(), "referred", vec![376, 375]));
    assert_eq!(reading(&seen, &first).done.value.as_deref(), Some("送发热门诊，已报区疾控。"));
    let by =
        reading(&seen, &first).steps.iter().map(|step| step.officer_name.is_some() && step.at_ms.is_some());
    assert_eq!(by.collect::<Vec<_>>(), [true, true]);
    let hq = city.visit(&visit).readings.into_iter().find(|row| row.id == first).unwrap();
    let value = |row: &Option<xuncha_server::http::types::FieldRow>| row.as_ref()?.live[0].value.clone();
    assert_eq!(value(&hq.isolated).as_deref(), Some("true"));
    assert_eq!(value(&hq.done).as_deref(), Some("送发热门诊，已报区疾控。"));
}

#[test]
fn the_next_visit_knows_the_labels_of_the_last_ones_without_what_was_taken_back() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let first = a.begin_visit("网吧");
    measure(&a, &first.summary.id, 365, Some("收银1"));
    measure(&a, &first.summary.id, 366, None);
    measure(&a, &first.summary.id, 367, Some("网管2"));
    assert!(labels(&a, &first.summary.id).is_empty(), "its own people are in the visit");
    finish(&a, &first.summary.id);
    city.sync(&a);
    city.sync(&b);
    let next = b.begin_visit_to(&first.summary.venue.id).summary.id;
    assert_eq!(labels(&b, &next), ["收银1", "网管2"]);
    measure(&b, &next, 364, Some("保安3"));
    finish(&b, &next);
    let third = b.begin_visit_to(&first.summary.venue.id).summary.id;
    assert_eq!(labels(&b, &third), ["保安3", "收银1", "网管2"], "the newest visit's people come first");
    assert!(labels(&b, &b.begin_visit("KTV").summary.id).is_empty(), "another venue has other people");
}

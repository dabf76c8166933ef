//! Two groups record one call: HQ finds the pair, joins it, and can take it apart again.

use xuncha_engine::api::types::{Answer, FindVenues, Nothing};
use xuncha_server::http::types::{DecideDuplicate, DuplicatePair};
use xuncha_server::service::{ConsoleUser, Error};
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone};

use super::finish;

const ITEM: &str = "CMN-R-01";

fn admin() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

fn decide(pair: &DuplicatePair, same: bool) -> DecideDuplicate {
    let visits = [pair.visits[0].id.clone(), pair.visits[1].id.clone()];
    DecideDuplicate { visits, same, over: pair.over.clone() }
}

/// The same venue, visited by both at once without knowing of each other.
fn twice(city: &City) -> (Phone, Phone) {
    let (a, b) = (city.phone(0), city.phone(1));
    for phone in [&a, &b] {
        let visit = phone.begin_visit("网吧").summary.id;
        phone.answer(&visit, ITEM, Answer::Yes);
        phone.engine.visit_finish(xuncha_engine::api::types::VisitRef { visit }).unwrap();
        city.sync(phone);
    }
    (a, b)
}

#[test]
fn a_pair_is_found_joined_counted_once_and_separated_again() {
    let city = City::new();
    let (a, _) = twice(&city);
    let found = city.service.duplicates().unwrap();
    let [pair] = found.open.as_slice() else { panic!("{found:?}") };
    assert!(pair.two_phones && !pair.same_members);
    assert_eq!(city.service.overview().unwrap().visits, 2);

    let viewer = ConsoleUser { role: Role::Viewer, ..admin() };
    assert!(matches!(city.service.decide_duplicate(&viewer, &decide(pair, true)), Err(Error::Forbidden)));
    let after = city.service.decide_duplicate(&admin(), &decide(pair, true)).unwrap();
    assert_eq!((after.open.len(), after.joined.len()), (0, 1));
    let overview = city.service.overview().unwrap();
    assert_eq!((overview.visits, overview.visits_today), (1, 1));
    assert!(matches!(city.service.decide_duplicate(&admin(), &decide(pair, false)), Err(Error::Stale)));
    city.sync(&a);
    let mine = a.engine.today(Nothing {}).unwrap().finished.remove(0);
    assert_eq!(mine.joined, 1, "the phone says so");

    let apart = city.service.decide_duplicate(&admin(), &decide(&after.joined[0], false)).unwrap();
    assert_eq!((apart.open.len(), apart.joined.len(), apart.apart.len()), (0, 0, 1));
    assert_eq!(city.service.overview().unwrap().visits, 2);
    city.sync(&a);
    assert_eq!(a.engine.today(Nothing {}).unwrap().finished[0].joined, 0);
    // And together again.
    let again = city.service.decide_duplicate(&admin(), &decide(&apart.apart[0], true)).unwrap();
    assert_eq!(again.joined.len(), 1);
}

#[test]
fn a_dismissed_pair_stays_dismissed_whatever_arrives() {
    let city = City::new();
    let (a, _) = twice(&city);
    let pair = city.service.duplicates().unwrap().open.remove(0);
    city.service.decide_duplicate(&admin(), &decide(&pair, false)).unwrap();
    let visit = a.engine.today(Nothing {}).unwrap().finished.remove(0).id;
    let view = a.visit(&visit);
    let wanted = xuncha_engine::api::Retract {
        visit: visit.clone(),
        entity: visit,
        retracted: true,
        reason: "重复".into(),
        basis: view.standing.basis,
        token: view.standing.token,
        reason_token: view.standing.reason_token,
    };
    a.engine.retract(wanted).unwrap();
    city.sync(&a);
    assert!(city.service.duplicates().unwrap().open.is_empty());
}

#[test]
fn three_records_of_one_call_count_once_and_rebuilding_the_rows_changes_nothing() {
    let city = City::new();
    let _phones = twice(&city);
    let c = city.phone(2);
    let visit = c.begin_visit("网吧").summary.id;
    c.answer(&visit, ITEM, Answer::Yes);
    city.sync(&c);
    let found = city.service.duplicates().unwrap().open;
    assert_eq!(found.len(), 3);
    for pair in &found[..2] {
        city.service.decide_duplicate(&admin(), &decide(pair, true)).unwrap();
    }
    assert_eq!(city.service.overview().unwrap().visits, 1);
    let before = city.service.duplicates().unwrap();
    city.service.reproject().unwrap();
    assert_eq!(city.service.duplicates().unwrap(), before);
    assert_eq!(city.service.overview().unwrap().visits, 1);
}

#[test]
fn visits_to_two_venues_are_no_pair() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let first = a.begin_visit("网吧").summary.id;
    a.answer(&first, ITEM, Answer::Yes);
    let other = b.begin_visit("影城").summary.id;
    b.answer(&other, ITEM, Answer::Yes);
    city.sync(&a);
    city.sync(&b);
    assert!(city.service.duplicates().unwrap().open.is_empty());
}

/// Visits of two districts: whoever reads one of them hears of the pair, and of its end.
#[test]
fn a_pair_of_two_scopes_is_heard_of_in_both() {
    let city = City::new();
    let (officers, teams) = (city.service.officers().unwrap(), city.service.teams().unwrap());
    let district =
        |n: usize| teams.iter().find(|team| Some(team.id) == officers[n].row.team)?.district.clone();
    let mut of_districts = (0..officers.len()).filter_map(|n| Some((n, district(n)?)));
    let two = [of_districts.next().unwrap(), of_districts.next().unwrap()];
    let recorded = two.map(|(officer, district)| {
        let phone = city.phone(officer);
        let all = FindVenues { district: Some(district), ..FindVenues::default() };
        let venue = phone.engine.venues_find(all).unwrap().remove(0);
        let visit = phone.begin_visit_to(&venue.id).summary.id;
        phone.answer(&visit, ITEM, Answer::Yes);
        finish(&phone, &visit);
        city.sync(&phone);
        (phone, visit)
    });
    let visits = recorded.each_ref().map(|(_, visit)| visit.clone());
    let phones = recorded.map(|(phone, _)| phone);
    let mut over = Vec::new();
    for same in [true, false, true] {
        let wanted = DecideDuplicate { visits: visits.clone(), same, over };
        let page = city.service.decide_duplicate(&admin(), &wanted).unwrap();
        over = if same { page.joined } else { page.apart }.remove(0).over;
        assert_eq!(over.len(), 2, "one in each scope");
        assert_eq!(city.service.overview().unwrap().visits, if same { 1 } else { 2 });
        for phone in &phones {
            city.sync(phone);
            let finished = phone.engine.today(Nothing {}).unwrap().finished;
            assert_eq!(finished[0].joined, u32::from(same));
        }
    }
}

//! A second officer joins a visit by a QR, while neither phone has a signal.

use xuncha_engine::api::types::{Answer, ErrorCode, VisitRef, VisitView};
use xuncha_engine::api::{InviteText, JoinVisit};
use xuncha_tests::world::{City, Phone};

const FIRST: &str = "CMN-R-01";
const SECOND: &str = "CMN-R-02";

fn invitation(phone: &Phone, visit: &str) -> String {
    let invitation = phone.engine.visit_invite(VisitRef { visit: visit.into() }).unwrap();
    assert!(invitation.qr_svg.starts_with("<svg"));
    invitation.text
}

fn join(phone: &Phone, text: &str) -> Result<VisitView, ErrorCode> {
    phone.engine.visit_join(JoinVisit { text: text.into(), position: None }).map_err(|error| error.code)
}

#[test]
fn both_work_on_one_visit_and_their_items_merge_without_a_conflict() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    let text = invitation(&a, &visit);
    let seen = b.engine.invite_read(InviteText { text: text.clone() }).unwrap();
    assert_eq!((seen.visit.as_str(), seen.joined), (visit.as_str(), false));
    assert!(seen.venue.unwrap().name.contains("网吧"));
    let joined = join(&b, &text).unwrap();
    assert_eq!(joined.summary.id, visit);
    assert_eq!(joined.summary.items, a.visit(&visit).summary.items, "the same checklist");
    a.answer(&visit, FIRST, Answer::Yes);
    b.answer(&visit, SECOND, Answer::No);
    for phone in [&b, &a, &b] {
        city.sync(phone);
    }
    for phone in [&a, &b] {
        let view = phone.visit(&visit);
        assert_eq!(view.summary.conflicts, 0);
        assert_eq!(
            (phone.answers(&visit, FIRST), phone.answers(&visit, SECOND)),
            (vec!["yes".into()], vec!["no".into()])
        );
        assert_eq!(view.members.iter().filter(|member| member.present.value == Some(true)).count(), 2);
    }
    let hq = city.visit(&visit);
    assert_eq!((hq.row.conflicts, hq.row.members.len(), hq.presence.len()), (0, 2, 2));
    assert!(b.engine.invite_read(InviteText { text }).unwrap().joined);
}

#[test]
fn joining_twice_changes_nothing() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    let text = invitation(&a, &visit);
    join(&b, &text).unwrap();
    city.sync(&b);
    let before = city.visit(&visit).proof.len();
    join(&b, &text).unwrap();
    city.sync(&b);
    assert_eq!(city.visit(&visit).proof.len(), before);
}

#[test]
fn what_the_first_phone_changes_after_the_invitation_is_no_conflict() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    join(&b, &invitation(&a, &visit)).unwrap();
    let token = a.visit(&visit).mode.token;
    let set = xuncha_engine::api::types::SetVisitField {
        visit: visit.clone(),
        field: "mode".into(),
        value: "phone".into(),
        token,
    };
    a.engine.visit_set(set).unwrap();
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    assert_eq!((a.visit(&visit).summary.conflicts, b.visit(&visit).summary.conflicts), (0, 0));
}

#[test]
fn the_second_phones_part_stands_alone_when_the_first_never_comes_back() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let visit = a.begin_visit("网吧").summary.id;
    join(&b, &invitation(&a, &visit)).unwrap();
    b.answer(&visit, SECOND, Answer::Yes);
    city.sync(&b);
    let hq = city.visit(&visit);
    assert!(hq.row.venue_name.contains("网吧") && hq.checklist.is_some());
}

#[test]
fn a_wrong_code_is_told_and_joins_nothing() {
    let (city, other) = (City::new(), City::new());
    let (a, b) = (city.phone(0), other.phone(0));
    let visit = a.begin_visit("网吧").summary.id;
    let text = invitation(&a, &visit);
    assert_eq!(join(&b, &text).unwrap_err(), ErrorCode::InviteForeign);
    assert_eq!(join(&a, &text[..text.len() - 1]).unwrap_err(), ErrorCode::InviteUnreadable);
    assert_eq!(join(&a, "xuncha://enroll?u=x&c=y").unwrap_err(), ErrorCode::InviteUnreadable);
    assert_eq!(join(&a, "xuncha://join?v=9&d=x").unwrap_err(), ErrorCode::InviteNewer);
    a.answer(&visit, FIRST, Answer::Yes);
    a.engine.visit_finish(VisitRef { visit: visit.clone() }).unwrap();
    assert_eq!(a.engine.visit_invite(VisitRef { visit }).unwrap_err().code, ErrorCode::VisitSealed);
}

//! Console users, codes and what is refused.

use xuncha_domain::protocol::v1::enroll::Proof;
use xuncha_server::service::Error;
use xuncha_server::storage::Role;

use crate::phone::Phone;
use crate::world::World;

const PASSWORD: &str = "eleven brown hens";

#[test]
fn the_first_administrator_comes_by_a_link_that_works_until_used() {
    let mut world = World::new();
    let token = world.service.new_setup_token().unwrap().unwrap();
    world.restart();
    let later = world.service.new_setup_token().unwrap().unwrap();
    assert!(matches!(world.service.set_up("guess", "hq", PASSWORD), Err(Error::SetupToken)));
    assert!(matches!(world.service.set_up(&token, "hq", "short"), Err(Error::WeakPassword)));
    let opened = world.service.set_up(&token, "hq", PASSWORD).unwrap();
    assert_eq!(world.service.session(&opened.token).unwrap().role, Role::Admin);
    assert!(matches!(world.service.set_up(&later, "two", PASSWORD), Err(Error::SetupDone)));
    assert_eq!(world.service.new_setup_token().unwrap(), None);
}

#[test]
fn sessions_end_after_a_shift_without_use() {
    let world = World::new();
    world.service.add_user("hq", PASSWORD, Role::Viewer).unwrap();
    let opened = world.service.sign_in("hq", PASSWORD, "::1").unwrap();
    assert!(matches!(opened.user.must_be_admin(), Err(Error::Forbidden)));
    for _ in 0..3 {
        world.clock.advance(11 * 3_600_000);
        world.service.session(&opened.token).unwrap();
    }
    world.clock.advance(13 * 3_600_000);
    assert!(matches!(world.service.session(&opened.token), Err(Error::Unauthorized)));
}

#[test]
fn guessing_is_slowed_down_and_a_new_password_ends_sessions() {
    let world = World::new();
    world.service.add_user("hq", PASSWORD, Role::Admin).unwrap();
    let opened = world.service.sign_in("hq", PASSWORD, "::1").unwrap();
    for _ in 0..10 {
        assert!(matches!(world.service.sign_in("hq", "wrong", "::1"), Err(Error::WrongPassword)));
    }
    assert!(
        matches!(world.service.sign_in("hq", PASSWORD, "::2"), Err(Error::TooManyAttempts(_))),
        "by name"
    );
    assert!(
        matches!(world.service.sign_in("nobody", PASSWORD, "::1"), Err(Error::TooManyAttempts(_))),
        "by address"
    );
    world.clock.advance(5 * 60_000);
    world.service.sign_in("hq", PASSWORD, "::1").unwrap();
    world.service.set_password("hq", "another long one").unwrap();
    assert!(matches!(world.service.session(&opened.token), Err(Error::Unauthorized)));
}

#[test]
fn a_code_works_once_within_a_day() {
    let world = World::new();
    let officer = world.officer("甲", None);
    let code = || world.service.new_enrol_code(officer, "http://hq.test:1/a b").unwrap();
    let first = code();
    assert!(first.text.starts_with("xuncha://enroll?u=http%3A%2F%2Fhq.test%3A1%2Fa%20b&c="));
    assert!(first.qr_svg.starts_with("<svg"));
    assert!(matches!(Phone::enrol(&world, "AAAA-AAAA-AAAA"), Err(Error::CodeUnknown)));
    Phone::enrol(&world, &first.code.to_lowercase().replace('-', " ")).unwrap();
    assert!(matches!(Phone::enrol(&world, &first.code), Err(Error::CodeUsed)));
    let late = code();
    world.clock.advance(24 * 3_600_000);
    assert!(matches!(Phone::enrol(&world, &late.code), Err(Error::CodeExpired)));
}

#[test]
fn a_restored_phone_gets_a_new_key_with_its_token() {
    let world = World::new();
    let phone = world.brigade_phone("甲");
    let renewed = Phone::join(&world, Proof::Renewal(phone.token.to_vec())).unwrap();
    assert_eq!(renewed.certificate.officer, phone.certificate.officer);
    assert_ne!(renewed.certificate.device, phone.certificate.device);
    assert!(matches!(Phone::join(&world, Proof::Renewal(vec![0; 32])), Err(Error::DeviceUnknown)));
}

#[test]
fn scopes_follow_the_team() {
    let world = World::new();
    let district = world.phone(world.officer("乙", Some("140105")));
    assert_eq!(district.scopes[..2], ["city", "district/140105"]);
    assert_eq!(district.scopes.len(), 3, "and the team");
    assert_eq!(world.brigade_phone("甲").scopes.len(), 12);
}

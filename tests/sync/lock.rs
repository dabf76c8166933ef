//! A locked phone: its screens are refused, its work goes on to HQ, and HQ can open it for its officer.

use serde_json::Value;
use xuncha_engine::api;
use xuncha_engine::api::lock::{LockAfter, LockStatus, Pin, SetPin};
use xuncha_engine::api::types::{Answer, ApiError, Enroll, ErrorCode, Nothing};
use xuncha_tests::world::{City, Phone};

use super::take_photo;

const PIN: &str = "407193";
const ITEM: &str = "CMN-R-01";

fn set(phone: &Phone) {
    phone.engine.lock_set(SetPin { pin: PIN.into(), current: None }).unwrap();
}

fn unlock_by_hq(phone: &Phone, city: &City, code: String) -> Result<LockStatus, ApiError> {
    phone.engine.unlock_by_hq(Enroll { text: code, server_url: Some(city.address().into()) })
}

#[test]
fn a_locked_phone_refuses_every_call_but_the_few_of_its_lock() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("小店01");
    let photo = take_photo(&phone, &visit.summary.id, "baseline.jpg").photos[0].sha256.clone();
    set(&phone);
    let phone = phone.restarted();
    let open = ["lock_status", "unlock", "unlock_by_hq", "app_shown", "network_changed", "rescue_bundle"];
    let names: Vec<_> =
        api::signatures(&ts_rs::Config::default()).into_iter().map(|(name, ..)| name).collect();
    assert!(open.iter().all(|name| names.contains(name)) && names.len() > 40);
    for name in names {
        let refused = phone.engine.call(name, Value::Null).err().map(|error| error.code);
        assert_eq!(refused == Some(ErrorCode::Locked), !open.contains(&name), "{name}: {refused:?}");
    }
    assert_eq!(phone.engine.today(Nothing {}).unwrap_err().code, ErrorCode::Locked);
    assert_eq!(phone.engine.photo(&photo, true).unwrap_err().code, ErrorCode::Locked);
    assert_eq!(phone.engine.document_page("any", 0).unwrap_err().code, ErrorCode::Locked);
    assert_eq!(
        phone.engine.document_pdf(&visit.summary.id, &visit.summary.id).unwrap_err().code,
        ErrorCode::Locked
    );
    assert_eq!(phone.engine.carry_rescue(&mut &b"x"[..]).unwrap_err().code, ErrorCode::Locked);
    assert!(phone.engine.hub_open().is_err());

    let wrong = Pin { pin: "220815".into() };
    assert_eq!(phone.engine.unlock(wrong).unwrap_err().code, ErrorCode::PinWrong);
    assert!(!phone.engine.unlock(Pin { pin: PIN.into() }).unwrap().locked);
    assert_eq!(phone.visit(&visit.summary.id).photos[0].sha256, photo);
    phone.engine.lock_after(LockAfter { minutes: 15 }).unwrap();
    assert!(phone.engine.lock_now(Nothing {}).unwrap().locked);
    assert_eq!(phone.engine.lock_status(Nothing {}).unwrap().after_min, 15);
}

#[test]
fn a_locked_phone_syncs_and_makes_its_rescue_file() {
    let city = City::new();
    let phone = city.phone(0);
    set(&phone);
    let visit = phone.begin_visit("小店01");
    phone.answer(&visit.summary.id, ITEM, Answer::Yes);
    let phone = phone.restarted();
    let made = phone.engine.rescue_bundle(Nothing {}).unwrap();
    assert!(made.commits > 0);
    city.sync(&phone);
    assert_eq!(city.answers(&visit.summary.id, ITEM), ["yes"]);
    assert!(phone.engine.lock_status(Nothing {}).unwrap().locked);
}

#[test]
fn a_code_of_hq_for_its_officer_opens_a_phone_whose_pin_is_forgotten() {
    let city = City::new();
    let phone = city.phone(0);
    set(&phone);
    let visit = phone.begin_visit("小店01");
    phone.answer(&visit.summary.id, ITEM, Answer::No);
    let phone = phone.restarted();

    let refused = |result: Result<LockStatus, ApiError>| result.unwrap_err().code;
    assert_eq!(refused(unlock_by_hq(&phone, &city, "ZZZZ-ZZZZ-ZZZZ".into())), ErrorCode::CodeUnknown);
    assert_eq!(refused(unlock_by_hq(&phone, &city, city.code(1))), ErrorCode::CodeForeign);
    let elsewhere = City::new();
    assert_eq!(refused(unlock_by_hq(&phone, &elsewhere, elsewhere.code(0))), ErrorCode::ServerAnswer);
    assert!(phone.engine.lock_status(Nothing {}).unwrap().locked);
    // Nothing of that cost the phone its key or its place at HQ.
    city.sync(&phone);
    assert_eq!(city.answers(&visit.summary.id, ITEM), ["no"]);

    let opened = unlock_by_hq(&phone, &city, city.code(0)).unwrap();
    assert!(!opened.locked && !opened.set);
    phone.answer(&visit.summary.id, ITEM, Answer::Yes);
    city.sync(&phone);
    assert_eq!(city.answers(&visit.summary.id, ITEM), ["yes"]);
    let phone = phone.restarted();
    assert!(!phone.engine.lock_status(Nothing {}).unwrap().locked);
    assert_eq!(phone.answers(&visit.summary.id, ITEM), ["yes"]);
}

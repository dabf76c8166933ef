//! Bad input gets a clear error and changes nothing.

use std::fs;

use xuncha_engine::api::types::{AddPhoto, ErrorCode};
use xuncha_tests::world::{City, Phone};

use super::photo_file;

#[test]
fn wrong_used_and_unreachable_enrolments_are_told_apart() {
    let city = City::new();
    let code = city.code(0);
    let phone = Phone::new();
    assert_eq!(phone.enrol(&city, "WRONG-CODE"), Err(ErrorCode::CodeUnknown));
    phone.enrol(&city, &code).unwrap();
    assert_eq!(phone.enrol(&city, &city.code(1)), Err(ErrorCode::AlreadyEnrolled));
    assert_eq!(Phone::new().enrol(&city, &code), Err(ErrorCode::CodeUsed));
    let nowhere = xuncha_engine::api::types::Enroll {
        text: city.code(2),
        // Nothing listens on the discard port of loopback.
        server_url: Some("http://127.0.0.1:9".into()),
    };
    let error = Phone::new().engine.enroll(nowhere).unwrap_err();
    assert_eq!(error.code, ErrorCode::ServerUnreachable);
}

#[test]
fn pictures_that_are_none_keep_nothing_half_made() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    let before = phone.visit(&visit);
    for (name, expected) in [
        ("truncated.jpg", ErrorCode::PhotoUnreadable),
        ("header.heic", ErrorCode::PhotoHeic),
        ("bomb.png", ErrorCode::PhotoTooManyPixels),
    ] {
        let meta = AddPhoto { visit: visit.clone(), item: None, position: None };
        let bytes = fs::read(photo_file(name)).unwrap();
        let error = phone.engine.add_photo(&meta, &mut bytes.as_slice()).unwrap_err();
        assert_eq!(error.code, expected, "{name}");
    }
    assert_eq!(phone.visit(&visit), before);
    assert_eq!(phone.sync_status().photos_here, 0);
}

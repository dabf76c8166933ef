//! How an officer finds a venue.

use xuncha_engine::api::types::{FindVenues, NewVenue, Position, VenueRow};
use xuncha_tests::world::{City, Phone};

/// A metre to the north, in 1e-7 degrees.
const METRE: i32 = 90;
const HERE: Position = Position { lat_e7: 378_700_000, lon_e7: 1_125_500_000, accuracy_m: 10 };

fn add(phone: &Phone, name: &str, metres_north: i32) -> VenueRow {
    let new = NewVenue {
        name: name.into(),
        category: "ENT_SONG".into(),
        district: "140105".into(),
        township: None,
        address: "学府街 12 号".into(),
        licence_no: Some("晋A-2019-0042".into()),
        position: Some(Position { lat_e7: HERE.lat_e7 + metres_north * METRE, ..HERE }),
    };
    phone.engine.venue_add(new).unwrap()
}

fn found(phone: &Phone, text: &str, near: Option<Position>) -> Vec<String> {
    let query = FindVenues { text: text.into(), near, ..FindVenues::default() };
    phone.engine.venues_find(query).unwrap().into_iter().map(|venue| venue.name).collect()
}

#[test]
fn by_name_initials_address_and_licence_number() {
    let city = City::new();
    let phone = city.phone(0);
    add(&phone, "莺歌里音乐（测试店）", 10);
    for text in ["莺歌", "歌里音乐", "yglyy", "yglyl", "lyycs", "莺 学府街", "20190042 莺歌", "学府街12"]
    {
        assert_eq!(found(&phone, text, None), ["莺歌里音乐（测试店）"], "{text}");
    }
    for text in ["莺里", "yglcs", "莺歌 长治路"] {
        assert_eq!(found(&phone, text, None), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_name_that_begins_with_what_was_typed_comes_first_and_the_nearest_when_a_position_is_given() {
    let city = City::new();
    let phone = city.phone(0);
    add(&phone, "东莺歌", 30);
    add(&phone, "莺歌东", 20);
    add(&phone, "也歌（英国）", 10);
    assert_eq!(found(&phone, "莺歌", None), ["莺歌东", "东莺歌"]);
    assert_eq!(found(&phone, "yg", None)[..3], ["也歌（英国）", "莺歌东", "东莺歌"]);
    assert_eq!(found(&phone, "yg", Some(HERE))[..3], ["也歌（英国）", "莺歌东", "东莺歌"]);
    assert_eq!(found(&phone, "莺歌", Some(HERE)), ["莺歌东", "东莺歌"]);
    assert_eq!(found(&phone, "", Some(HERE))[..3], ["也歌（英国）", "莺歌东", "东莺歌"]);
}

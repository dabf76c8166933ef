//! The same venues on the list and on the map.

use xuncha_engine::api::types::{ErrorCode, FindVenues, NewVenue, Position, VenueRef, VenueRow};
use xuncha_engine::api::venue_map::{MapBounds, VenueMarks, VenueSelection, VenuesOnMap, VenuesWithin};
use xuncha_tests::world::{City, Phone};

/// Around the made-up venues below, and nothing else of the city.
const BOUNDS: MapBounds = MapBounds {
    south_e7: 300_000_000,
    west_e7: 1_100_000_000,
    north_e7: 301_000_000,
    east_e7: 1_101_000_000,
};

fn add(phone: &Phone, number: i32, name: &str, category: &str, place: Option<(i32, i32)>) -> VenueRow {
    let new = NewVenue {
        name: format!("{name}{number:02}"),
        category: category.into(),
        district: if number % 3 == 0 { "140105" } else { "140106" }.into(),
        township: None,
        address: "测试路 1 号".into(),
        licence_no: None,
        position: place.map(|(lat_e7, lon_e7)| Position { lat_e7, lon_e7, accuracy_m: 5 }),
    };
    phone.engine.venue_add(new).unwrap()
}

fn on_map(phone: &Phone, selection: &VenueSelection, bounds: MapBounds, zoom: u8) -> VenueMarks {
    phone.engine.venues_on_map(VenuesOnMap { selection: selection.clone(), bounds, zoom }).unwrap()
}

fn counted(marks: &VenueMarks) -> u32 {
    marks.marks.iter().map(|mark| mark.count).sum()
}

#[test]
fn the_map_shows_what_the_list_finds_and_each_mark_opens_into_its_venues() {
    let city = City::new();
    let phone = city.phone(0);
    for number in 0..30 {
        // A spiral: some share a mark at every zoom but the nearest, none is outside.
        let place = (300_500_000 + number * number * 400, 1_100_500_000 + number * number * 300);
        add(&phone, number, if number % 2 == 0 { "云雀歌厅" } else { "灰鹭书店" }, "ENT_SONG", Some(place));
    }
    add(&phone, 90, "云雀歌厅", "ENT_SONG", None);
    let selections =
        [("云雀", None, 15), ("yqgt", None, 15), ("灰鹭", Some("140105"), 5), ("没有这家", None, 0)];
    for (text, district, expected) in selections {
        let selection =
            VenueSelection { text: text.into(), category: None, district: district.map(str::to_owned) };
        for zoom in [0, 11, 14, 17, 22, 255] {
            let marks = on_map(&phone, &selection, BOUNDS, zoom);
            assert_eq!((counted(&marks), marks.more), (expected, false), "{text} at {zoom}");
            let mut opened = Vec::new();
            for mark in &marks.marks {
                let within = VenuesWithin { selection: selection.clone(), bounds: mark.bounds, near: None };
                let venues = phone.engine.venues_within(within).unwrap();
                // The boxes of two marks may overlap; of a single venue it is a point.
                assert!(venues.len() >= mark.count as usize, "{mark:?}");
                if let Some(venue) = &mark.venue {
                    assert_eq!((venues.len(), &venues[0].id), (1, &venue.id));
                }
                opened.extend(venues.into_iter().map(|venue| venue.id));
            }
            opened.sort();
            opened.dedup();
            let find = FindVenues {
                text: text.into(),
                district: selection.district.clone(),
                ..FindVenues::default()
            };
            let mut listed: Vec<String> = phone
                .engine
                .venues_find(find)
                .unwrap()
                .into_iter()
                .filter(|venue| !venue.name.ends_with("90"))
                .map(|venue| venue.id)
                .collect();
            listed.sort();
            assert_eq!(opened, listed, "{text} at {zoom}");
        }
    }
}

#[test]
fn the_first_look_is_at_what_was_selected_and_says_what_has_no_place() {
    let city = City::new();
    let phone = city.phone(0);
    add(&phone, 1, "云雀歌厅", "ENT_SONG", Some((300_100_000, 1_100_200_000)));
    add(&phone, 2, "云雀歌厅", "ENT_SONG", Some((300_300_000, 1_100_100_000)));
    add(&phone, 3, "云雀歌厅", "ENT_SONG", None);
    let of = |text: &str| {
        let selection = VenueSelection { text: text.into(), ..VenueSelection::default() };
        phone.engine.venues_extent(selection).unwrap()
    };
    let found = of("云雀");
    let around = MapBounds {
        south_e7: 300_100_000,
        west_e7: 1_100_100_000,
        north_e7: 300_300_000,
        east_e7: 1_100_200_000,
    };
    assert_eq!((found.bounds, found.unplaced), (Some(around), 1));
    assert_eq!((of("没有这家").bounds, of("没有这家").unplaced), (None, 0));
}

#[test]
fn a_place_is_copied_as_the_other_map_counts_it() {
    let city = City::new();
    let phone = city.phone(0);
    let venue = add(&phone, 1, "云雀歌厅", "ENT_SONG", Some((399_150_000, 1_164_040_000)));
    let place = phone.engine.venue_place(VenueRef { venue: venue.id }).unwrap().unwrap();
    assert_eq!(place.wgs84, "39.915000,116.404000");
    assert_eq!(place.gcj02, "39.916404,116.410244");
    assert!(place.bd09.starts_with("39.92") && place.bd09.contains(",116.41"), "{}", place.bd09);
    let nowhere = add(&phone, 2, "云雀歌厅", "ENT_SONG", None);
    assert_eq!(phone.engine.venue_place(VenueRef { venue: nowhere.id }).unwrap(), None);
}

#[test]
fn bounds_that_are_none_are_refused() {
    let city = City::new();
    let phone = city.phone(0);
    let upside_down = MapBounds { south_e7: BOUNDS.north_e7, north_e7: BOUNDS.south_e7, ..BOUNDS };
    let beyond = MapBounds { north_e7: i32::MAX, ..BOUNDS };
    for bounds in [upside_down, beyond, MapBounds { west_e7: i32::MIN, ..BOUNDS }] {
        let query = VenuesOnMap { selection: VenueSelection::default(), bounds, zoom: 10 };
        assert_eq!(phone.engine.venues_on_map(query).unwrap_err().code, ErrorCode::BadRequest);
    }
}

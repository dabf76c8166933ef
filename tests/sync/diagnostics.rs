//! What a phone tells of itself to those who mend it holds nothing that anybody wrote, and no id.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use xuncha_engine::api::documents::{DocumentDraft, DocumentText};
use xuncha_engine::api::lock::{Pin, SetPin};
use xuncha_engine::api::types::{
    Answer, CorrectReading, Enroll, ErrorCode, FindVenues, NewVenue, Nothing, ReadingInput, SetFinding,
    SetNote, VenueRef, VisitRef,
};
use xuncha_engine::api::{InviteText, Retract};
use xuncha_tests::world::{City, Phone, drawn};

use super::{measure, take_photo};

/// In every text that a person can type.
const MARK: &str = "Qz7Mark";
const ITEM: &str = "CMN-R-05";
const WRITTEN: &str = "CMN-R-03";
/// So long that no count or size holds them by chance.
const PIN: &str = "407193582604";
const WRONG_PIN: &str = "220815937746";

fn marked(what: &str) -> String {
    format!("{what} {MARK} 某人 13944170009")
}

fn text_of(phone: &Phone) -> String {
    phone.engine.diagnostics(Nothing {}).unwrap().text
}

/// Types the mark into every field that takes words, and into calls that fail.
fn fill(phone: &Phone) -> String {
    let venue = NewVenue {
        name: marked("场所"),
        category: phone.engine.categories(Nothing {}).unwrap()[0].code.clone(),
        district: phone.engine.districts(Nothing {}).unwrap()[0].code.clone(),
        township: Some(marked("乡镇")),
        address: marked("地址"),
        licence_no: Some(marked("许可")),
        position: None,
    };
    let venue = phone.engine.venue_add(venue).unwrap().id;
    let visit = phone.begin_visit_to(&venue).summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    phone.answer(&visit, WRITTEN, Answer::Text(marked("答")));
    let finding = drawn(&phone.visit(&visit), ITEM).finding.clone().unwrap();
    let set = SetFinding {
        visit: visit.clone(),
        item: ITEM.into(),
        field: "description".into(),
        value: marked("问题"),
        token: finding.description.token,
    };
    phone.engine.finding_set(set).unwrap();
    for item in [None, Some(ITEM)] {
        let token = match item {
            None => phone.visit(&visit).note_token,
            Some(item) => drawn(&phone.visit(&visit), item).note_token.clone(),
        };
        let note =
            SetNote { visit: visit.clone(), item: item.map(Into::into), text: marked("备注"), token };
        phone.engine.visit_note(note).unwrap();
    }
    let reading = measure(phone, &visit, 378, Some(&marked("对象"))).readings.remove(0);
    let correct = CorrectReading {
        visit: visit.clone(),
        id: reading.id,
        reading: ReadingInput {
            temperature_dc: 379,
            site: "forehead".into(),
            indoor: true,
            ambient_dc: None,
            sequence: "first".into(),
            subject: Some(marked("对象")),
        },
        reason: marked("更正"),
        token: reading.reading.token,
        reason_token: reading.reason_token,
    };
    phone.engine.reading_correct(correct).unwrap();
    let photo = take_photo(phone, &visit, "gps.jpg").photos.remove(0);
    let retract = Retract {
        visit: visit.clone(),
        entity: photo.id,
        retracted: true,
        reason: marked("撤回"),
        basis: photo.standing.basis,
        token: photo.standing.token,
        reason_token: photo.standing.reason_token,
    };
    phone.engine.retract(retract).unwrap();
    fail(phone, &visit);
    visit
}

/// What is refused was typed as well.
fn fail(phone: &Phone, visit: &str) {
    let engine = &phone.engine;
    assert!(engine.enroll(Enroll { text: marked("码"), server_url: Some(marked("https://")) }).is_err());
    assert!(engine.invite_read(InviteText { text: marked("邀请") }).is_err());
    assert!(engine.venue_get(VenueRef { venue: marked("场所") }).is_err());
    assert!(engine.visit_get(VisitRef { visit: marked("检查") }).is_err());
    assert!(engine.lock_set(SetPin { pin: marked("码"), current: None }).is_err());
    let draft = DocumentDraft {
        visit: visit.into(),
        code: "D03".into(),
        fields: vec![DocumentText { key: "statement".into(), text: marked("陈述") }],
        outcome: None,
        reason: marked("拒签"),
        signatures: Vec::new(),
        supersedes: None,
    };
    assert!(engine.document_make(draft).is_err());
    assert!(engine.venues_find(FindVenues { text: marked("找"), ..Default::default() }).unwrap().is_empty());
}

/// Every text and every blob of the database.
fn kept(phone: &Phone) -> Vec<Vec<u8>> {
    let connection = Connection::open(phone.data().join("xuncha.db")).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'";
    let tables: Vec<String> = {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut values = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            values.extend((0..columns).filter_map(|column| match row.get_ref(column).unwrap() {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
                _ => None,
            }));
        }
    }
    values
}

#[test]
fn diagnostics_hold_nothing_that_anybody_wrote_and_no_id() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = fill(&phone);
    city.sync(&phone);
    // A PIN is typed as well.
    phone.engine.lock_set(SetPin { pin: PIN.into(), current: None }).unwrap();
    assert_eq!(
        phone.engine.lock_remove(Pin { pin: WRONG_PIN.into() }).unwrap_err().code,
        ErrorCode::PinWrong
    );

    let text = text_of(&phone);
    let values = kept(&phone);
    let marks = values.iter().filter(|value| value.windows(MARK.len()).any(|part| part == MARK.as_bytes()));
    assert!(marks.count() >= 8, "the phone is full of what was typed");
    assert!(!text.contains(MARK) && !text.contains("13944170009"), "{text}");
    assert!(text.is_ascii(), "nothing in Chinese: no names, no venues, no city: {text}");
    assert!(!text.contains(PIN) && !text.contains(WRONG_PIN));

    let status = phone.engine.status(Nothing {}).unwrap();
    let officer = status.officer.unwrap();
    let about = phone.engine.about(Nothing {}).unwrap();
    let address = city.address().trim_start_matches("http://");
    for secret in [&officer.id, &visit, &about.device.unwrap(), address] {
        assert!(!text.contains(&secret[..8]), "{secret} in {text}");
    }
    // No id of anything: keys, hashes and ids are blobs, which a text would show in hex.
    for blob in values.iter().filter(|value| (6..=64).contains(&value.len())) {
        let hex: String = blob.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let letters = hex.bytes().any(|byte| byte.is_ascii_alphabetic());
        assert!(!letters || !text.contains(&hex), "{hex} in {text}");
    }
}

#[test]
fn diagnostics_tell_versions_counts_sizes_and_the_last_outcomes_by_code() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("小店01").summary.id;
    take_photo(&phone, &visit, "baseline.jpg");
    assert!(phone.engine.venue_get(VenueRef { venue: "x".into() }).is_err());
    phone.signal.set_away(true);
    assert!(city.try_sync(&phone).is_err());
    let text = text_of(&phone);
    let line = |start: &str| {
        let found = text.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start} in {text}")).to_owned()
    };
    assert!(line("app: ").contains("protocol 1, store "));
    assert_eq!(line("visits of this phone"), "visits of this phone: 1");
    assert_eq!(line("photos without receipt"), "photos without receipt: 1");
    assert_eq!(line("nowhere but here").split(", ").nth(1), Some("photos 1"));
    assert!(line("sync ended").ends_with(" server_unreachable"));
    assert!(line("call failed").ends_with(" venue_get bad_request"));
    let free: u64 = line("bytes free").rsplit(' ').next().unwrap().parse().unwrap();
    assert!(free > 0);
    for _ in 0..100 {
        assert!(phone.engine.venue_get(VenueRef { venue: "x".into() }).is_err());
    }
    assert!(text_of(&phone).lines().filter(|line| line.starts_with("call failed")).count() <= 30);
}

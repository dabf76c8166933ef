//! One damaged commit never stops a phone, whatever of it is damaged.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::types::Value;
use xuncha_engine::api::types::{Answer, SaveState};
use xuncha_engine::transport::{self, Http, Request, Transport};
use xuncha_tests::world::{City, Phone};

use super::{finish, measure};

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";

/// The app is closed, and bits of its unsent commits flip before it starts again. `which` picks of those in their order.
fn damaged(phone: Phone, column: &str, which: impl Fn(usize, usize) -> bool) -> Phone {
    let folder = phone.killed();
    let database = Connection::open(folder.path().join("xuncha.db")).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    let unsent = format!(
        "SELECT ref, {column} FROM log WHERE received = 0 AND reissued = 0 ORDER BY device_ms, chain, seq"
    );
    let rows: Vec<(Vec<u8>, Value)> = database
        .prepare(&unsent)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (_, (name, value)) in rows.iter().enumerate().filter(|(n, _)| which(*n, rows.len())) {
        let flipped = match value.clone() {
            Value::Blob(mut bytes) => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                Value::Blob(bytes)
            }
            Value::Integer(number) => Value::Integer(number ^ (1 << 40)),
            other => panic!("{other:?}"),
        };
        database.execute(&format!("UPDATE log SET {column} = ?1 WHERE ref = ?2"), (flipped, name)).unwrap();
    }
    drop(database);
    Phone::on(folder)
}

/// A visit of which HQ has the beginning. What follows stays on the phone: the first commit replaces what HQ has, later
/// ones build upon it, the last one seals it.
fn unsent(city: &City, phone: &Phone) -> String {
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::Yes);
    city.sync(phone);
    phone.answer(&visit, ITEM, Answer::No);
    phone.answer(&visit, OTHER, Answer::No);
    measure(phone, &visit, 378, Some("保安2"));
    phone.engine.suspend();
    phone.answer(&visit, OTHER, Answer::Yes);
    finish(phone, &visit);
    visit
}

fn arrives(city: &City, phone: &Phone, visit: &str, case: &str) {
    city.sync(phone);
    let status = phone.sync_status();
    assert_eq!((status.state, status.attention.len()), (SaveState::Held, 0), "{case}");
    assert_eq!(city.answers(visit, ITEM), ["no"], "{case}: it still replaces what it replaced");
    assert_eq!(city.answers(visit, OTHER), ["yes"], "{case}");
    let detail = city.visit(visit);
    assert_eq!((detail.row.conflicts, detail.readings.len()), (0, 1), "{case}");
    assert_eq!(detail.readings[0].subject.as_deref(), Some("保安2"), "{case}");
    assert_eq!(detail.seals.len(), 1, "{case}");
    assert!(detail.seals[0].hash_matches, "{case}");
    assert_eq!(phone.visit(visit).summary.conflicts, 0, "{case}");
}

#[test]
fn what_was_drawn_from_it_and_what_followed_it_arrive_and_its_bytes_are_kept() {
    let city = City::new();
    let mut phone = city.phone(0);
    let mut visits = Vec::new();
    let columns = ["core", "detached", "device_ms", "hash", "prev", "ref", "seq", "chain", "feed_position"];
    for column in columns {
        let visit = unsent(&city, &phone);
        phone = damaged(phone, column, |n, _| n == 0);
        arrives(&city, &phone, &visit, column);
        visits.push(visit);
    }
    for (case, which) in [
        ("the seal", (|n, count| n + 1 == count) as fn(usize, usize) -> bool),
        ("the first and the last", |n, count| n == 0 || n + 1 == count),
        ("all of them", |_, _| true),
    ] {
        let visit = unsent(&city, &phone);
        phone = damaged(phone, "core", which);
        // Nothing is lost on the screen either, and the officer goes on before there is a network.
        assert_eq!(
            (phone.answers(&visit, ITEM), phone.answers(&visit, OTHER)),
            (vec!["no".into()], vec!["yes".into()])
        );
        arrives(&city, &phone, &visit, case);
        visits.push(visit);
    }
    let kept = city.service.quarantined().unwrap();
    assert!(kept.len() >= columns.len() + 4, "{kept:?}");
    assert!(kept.iter().all(|kept| kept.reason == "commit_damaged" && kept.size > 0));
    assert_eq!(city.service.devices().unwrap()[0].quarantined as usize, kept.len());
    let other = city.phone(1);
    for visit in &visits {
        assert_eq!(other.answers(visit, ITEM), ["no"]);
        assert_eq!(other.answers(visit, OTHER), ["yes"]);
    }
    // An erase order could not find a personal value in bytes that nobody can read, so that none is among them.
    let folder = phone.killed();
    let database = Connection::open(folder.path().join("xuncha.db")).unwrap();
    let personal = "SELECT count(*) FROM quarantine WHERE instr(bytes, CAST('保安2' AS BLOB)) > 0";
    assert_eq!(database.query_row(personal, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
}

/// A copy of the phone, or a hub, still brings what the phone replaced and then could not read any more.
#[test]
fn what_was_replaced_before_the_damage_stays_replaced_when_it_comes_from_elsewhere() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    city.sync(&phone);
    phone.answer(&visit, ITEM, Answer::Yes);
    phone.engine.suspend();
    let (mut phone, copy) = phone.copied(true);
    phone.answer(&visit, ITEM, Answer::No);
    phone.engine.suspend();
    for again in 1..=2 {
        phone = damaged(phone, "core", |_, _| true);
        assert_eq!(phone.answers(&visit, ITEM), ["no"], "damaged {again} times");
    }
    city.sync(&phone);
    city.sync(&copy);
    city.sync(&phone);
    city.sync(&copy);
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    assert_eq!(phone.answers(&visit, ITEM), ["no"]);
    assert_eq!(copy.answers(&visit, ITEM), ["no"]);
}

/// Notes how much each sync request sends.
#[derive(Default)]
struct Weighed {
    http: Http,
    bytes: Mutex<Vec<usize>>,
}

impl Transport for Weighed {
    fn send(&self, request: Request) -> transport::Answer<'_> {
        if request.url.ends_with("/v1/sync") {
            self.bytes.lock().unwrap().push(request.body.len());
        }
        self.http.send(request)
    }
}

#[test]
fn what_hq_has_no_room_for_stays_here_and_is_not_offered_with_every_sync() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = unsent(&city, &phone);
    let hq = Connection::open(city.data().join("hq.sqlite")).unwrap();
    let fill = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 64)
                INSERT INTO quarantine SELECT id, randomblob(32), randomblob(16), 1, 'commit_damaged', x'00', 0
                FROM n, devices WHERE id IN (SELECT device FROM chains JOIN commits ON commits.chain = chains.id)";
    hq.execute(fill, []).unwrap();
    let folder = damaged(phone, "core", |_, _| true).killed();
    let phone = Phone::on(folder);
    city.sync(&phone);
    assert_eq!(city.answers(&visit, ITEM), ["no"]);
    assert!(phone.sync_status().attention.len() > 1, "it is said as long as HQ has none of it");
    let folder = phone.killed();
    let database = Connection::open(folder.path().join("xuncha.db")).unwrap();
    let waiting = "SELECT min(length(bytes)) FROM quarantine WHERE received = 0";
    let least: usize = database.query_row(waiting, [], |row| row.get(0)).unwrap();
    drop(database);
    let weighed = Arc::new(Weighed::default());
    let phone = Phone::over(folder, weighed.clone());
    city.sync(&phone);
    city.sync(&phone);
    let bytes = weighed.bytes.lock().unwrap();
    assert!(bytes.len() == 2 && bytes[0] >= bytes[1] + least, "{bytes:?}: {least} once, after a start");
}

/// Its answer got lost: HQ holds the commit, and others have worked on with it.
#[test]
fn a_damaged_commit_that_hq_holds_unknown_to_the_phone_counts_once() {
    let city = City::new();
    let phone = city.phone(0);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    phone.engine.suspend();
    phone.answer(&visit, OTHER, Answer::Yes);
    let (first, second) = phone.copied(true);
    city.sync(&second);
    let other = city.phone(1);
    other.answer(&visit, ITEM, Answer::Yes);
    city.sync(&other);
    let phone = damaged(first, "core", |n, _| n == 0);
    (0..2).for_each(|_| city.sync(&phone));
    city.sync(&other);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    // The same value once more, which the other has not seen: shown beside theirs, and nothing of it lost.
    assert_eq!(city.answers(&visit, ITEM), phone.answers(&visit, ITEM));
    for phone in [&phone, &other] {
        assert_eq!(phone.answers(&visit, ITEM), ["no", "yes"]);
        assert_eq!(phone.answers(&visit, OTHER), ["yes"]);
    }
}

/// HQ has it, and is asked for it again; the officer does not notice.
#[test]
fn a_damaged_commit_that_hq_holds_comes_back() {
    let city = City::new();
    let (phone, other) = (city.phone(0), city.phone(1));
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    city.sync(&phone);
    city.sync(&other);
    other.answer(&visit, OTHER, Answer::Yes);
    city.sync(&other);
    city.sync(&phone);
    let cores = |data: &std::path::Path| -> Vec<Vec<u8>> {
        let database = Connection::open(data.join("xuncha.db")).unwrap();
        let sql = "SELECT core FROM log WHERE ref IN (SELECT ref FROM touch) ORDER BY ref";
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let before = cores(phone.data());
    let folder = phone.killed();
    let database = Connection::open(folder.path().join("xuncha.db")).unwrap();
    let damage = "UPDATE log SET core = CAST(core || x'00' AS BLOB) WHERE ref IN
                  (SELECT ref FROM touch JOIN entity ON entity.rowid = touch.root JOIN visit_row USING (id))";
    assert_eq!(database.execute(damage, []).unwrap(), 2, "one of each phone");
    drop(database);
    let phone = Phone::on(folder);
    measure(&phone, &visit, 366, None);
    finish(&phone, &visit);
    assert!(phone.visit(&visit).summary.sealed);
    city.sync(&phone);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    let after = cores(phone.data());
    assert!(before.iter().all(|core| after.contains(core)), "every one is whole again");
    let detail = city.visit(&visit);
    assert_eq!((detail.row.conflicts, detail.readings.len(), detail.seals.len()), (0, 1, 1));
    assert!(detail.seals[0].hash_matches);
    assert_eq!(
        (phone.answers(&visit, ITEM), phone.answers(&visit, OTHER)),
        (vec!["no".into()], vec!["yes".into()])
    );
}

//! Law 7: after an erase order no byte of what it names is left on any replica, and everything still proves.
//!
//! Values that cannot be mistaken are written through real phones and a real HQ, erased, and then searched for in every
//! byte of every file. HQ's packets are compressed, so they are searched unpacked, too. Values beside them that no order
//! names are the control: they must be found wherever the erased ones must not.

use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use xuncha_domain::bundle;
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::model::erase::Target;
use xuncha_domain::model::{field, visit as entities};
use xuncha_engine::api::types::{
    AddPhoto, Answer, ErrorCode, Nothing, SaveState, SetFinding, SetNote, VisitView,
};
use xuncha_server::restore;
use xuncha_server::service::{ConsoleUser, Error, PhotoSize, rescue as sealed};
use xuncha_server::storage::Role;
use xuncha_tests::world::{City, Phone, drawn};

use super::{finish, measure, photo_file};

pub(super) const ITEM: &str = "CMN-R-01";
pub(super) const OTHER_ITEM: &str = "CMN-R-02";

/// Erased, each in another kind of field.
pub(super) const NOTE: &str = "周某某删除甲，电话 139-4417-0001";
const SUBJECT: &str = "保安删除乙九四一七";
const DESCRIPTION: &str = "删除丙：值班表上的姓名与住址 4417-0002";
pub(super) const RACING: &str = "删除丁：离线时写的另一处住址 4417-0003";
const NAME: &str = "删除戊四四一七号";
pub(super) const PHOTO: &[u8] = b"ERASED-PHOTO-COMMENT-4417-0004";
const ERASED: [&[u8]; 6] =
    [NOTE.as_bytes(), SUBJECT.as_bytes(), DESCRIPTION.as_bytes(), RACING.as_bytes(), NAME.as_bytes(), PHOTO];

/// Never erased.
pub(super) const KEPT_NOTE: &str = "保留：门口堆放杂物 5528";
const KEPT_PHOTO: &[u8] = b"KEPT-PHOTO-COMMENT-5528-0001";

pub(super) fn supervisor() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "supervisor".into(), role: Role::Admin }
}

pub(super) fn note(phone: &Phone, visit: &str, item: Option<&str>, text: &str) -> VisitView {
    let view = phone.visit(visit);
    let token = item.map_or(view.note_token.clone(), |item| drawn(&view, item).note_token.clone());
    let set = SetNote { visit: visit.into(), item: item.map(str::to_owned), text: text.into(), token };
    phone.engine.visit_note(set).unwrap()
}

fn describe(phone: &Phone, visit: &str, text: &str) -> Result<VisitView, ErrorCode> {
    let finding = drawn(&phone.visit(visit), ITEM).finding.clone().unwrap();
    let set = SetFinding {
        visit: visit.into(),
        item: ITEM.into(),
        field: "description".into(),
        value: text.into(),
        token: finding.description.token,
    };
    phone.engine.finding_set(set).map_err(|error| error.code)
}

/// A JPEG with a comment that nothing else holds.
pub(super) fn picture(comment: &[u8]) -> Vec<u8> {
    let photo = fs::read(photo_file("gps.jpg")).unwrap();
    let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
    [&photo[..2], &[0xff, 0xfe], &length, comment, &photo[2..]].concat()
}

pub(super) fn take(phone: &Phone, visit: &str, comment: &[u8]) -> Result<(), ErrorCode> {
    let meta = AddPhoto { visit: visit.into(), item: None, position: None };
    let added = phone.engine.add_photo(&meta, &mut picture(comment).as_slice());
    added.map(drop).map_err(|error| error.code)
}

pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

/// A place where copies of values may lie.
pub(super) struct Replica {
    name: &'static str,
    bytes: Vec<(String, Vec<u8>)>,
}

impl Replica {
    pub(super) fn of(name: &'static str, folder: &Path) -> Self {
        let mut bytes = Vec::new();
        for path in files(folder) {
            bytes.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
        for path in files(folder) {
            match path.file_name().and_then(|name| name.to_str()) {
                Some("hq.sqlite" | "hq.sqlite.copy") => bytes.extend(unpacked(&path)),
                Some("xuncha.db") => bytes.extend(unsqueezed(&path)),
                _ => {}
            }
        }
        Self { name, bytes }
    }

    fn where_is(&self, what: &[u8]) -> Vec<&str> {
        self.bytes.iter().filter(|(_, bytes)| holds(bytes, what)).map(|(name, _)| name.as_str()).collect()
    }

    /// Files that bear a name.
    pub(super) fn named(&self, name: &str) -> Vec<&str> {
        self.bytes.iter().filter(|(path, _)| path.contains(name)).map(|(path, _)| path.as_str()).collect()
    }

    pub(super) fn must_hold(&self, what: &[u8]) {
        assert!(!self.where_is(what).is_empty(), "{} lacks {}", self.name, String::from_utf8_lossy(what));
    }

    pub(super) fn must_not_hold(&self, what: &[u8]) {
        let found = self.where_is(what);
        assert!(found.is_empty(), "{} holds {}: {found:?}", self.name, String::from_utf8_lossy(what));
    }
}

/// What a phone keeps compressed; nothing of a database that is too damaged to be read.
fn unsqueezed(database: &Path) -> Vec<(String, Vec<u8>)> {
    let database = rusqlite::Connection::open(database).unwrap();
    let read = || -> rusqlite::Result<Vec<Vec<u8>>> {
        let mut statement = database.prepare("SELECT bytes FROM live_set UNION ALL SELECT core FROM log")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    let mut all = Vec::new();
    for bytes in read().unwrap_or_default() {
        if let Ok(Some(length)) = zstd::zstd_safe::get_frame_content_size(&bytes) {
            let mut unpacker = zstd::bulk::Decompressor::with_dictionary(packet::DICTIONARY).unwrap();
            all.push(("compressed".into(), unpacker.decompress(&bytes, length as usize).unwrap()));
        }
    }
    all
}

/// What HQ's packets hold once they are unpacked.
fn unpacked(database: &Path) -> Vec<(String, Vec<u8>)> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut statement = database.prepare("SELECT id, bytes, prev_hash FROM packets").unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; 32]>(2)?))
    });
    let mut all = Vec::new();
    for row in rows.unwrap() {
        let (id, bytes, prev) = row.unwrap();
        all.push((format!("packet {id}"), plain(&bytes, prev)));
    }
    all
}

fn plain(packet: &[u8], prev: [u8; 32]) -> Vec<u8> {
    let packet = Packet::decode(packet).unwrap();
    let prev = xuncha_domain::ids::CommitHash(prev);
    let commits = xuncha_domain::log::packet::link(&packet, packet.unpack().unwrap(), prev).unwrap();
    commits.iter().flat_map(|commit| [commit.core.clone(), commit.detached.to_bytes()].concat()).collect()
}

/// The compressed bytes of HQ's packets that hold a value: what a free page of the database might still have.
fn compressed(database: &Path, what: &[u8]) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut statement = database.prepare("SELECT bytes, prev_hash FROM packets").unwrap();
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 32]>(1)?))).unwrap();
    let rows = rows.map(Result::unwrap).filter(|(bytes, prev)| holds(&plain(bytes, *prev), what));
    rows.map(|(bytes, _)| bytes).collect()
}

/// The inside of a rescue bundle: its packets unpacked, and its photos.
fn bundled(hq: &Path, file: &Path) -> Vec<u8> {
    let key = fs::read_to_string(hq.join("rescue.key")).unwrap();
    let sealed = BufReader::new(fs::File::open(file).unwrap());
    let mut inside = Vec::new();
    sealed::unseal(sealed, sealed::parse(&key).as_ref()).unwrap().read_to_end(&mut inside).unwrap();
    bundle::check(inside.as_slice(), None).expect("the bundle verifies");
    let mut reader = bundle::Reader::new(inside.as_slice()).unwrap();
    let mut all = inside.clone();
    while let Some(entry) = reader.peek().unwrap() {
        let mut bytes = Vec::new();
        reader.copy(&mut bytes).unwrap();
        if entry.kind == bundle::Kind::Packet {
            for loose in Packet::decode(&bytes).unwrap().unpack().unwrap() {
                all.extend(format!("{loose:?}").into_bytes());
            }
        }
    }
    all
}

pub(super) fn officer(city: &City, n: usize) -> OfficerId {
    OfficerId(city.service.officers().unwrap()[n].row.id)
}

/// Moves the phone's database aside as a damaged one.
fn damaged(phone: Phone) -> Phone {
    let folder = phone.killed();
    let database = folder.path().join("xuncha.db");
    // As after an end that was none: the next start looks at every page.
    let connection = rusqlite::Connection::open(&database).unwrap();
    assert_eq!(connection.execute("DELETE FROM meta WHERE key = 'ended'", []).unwrap(), 1);
    drop(connection);
    let mut bytes = fs::read(&database).unwrap();
    let end = bytes.len();
    // The last page: recovery notices, and the rest of the file stays as it is.
    bytes[end - 4_096..].fill(0xa5);
    fs::write(&database, bytes).unwrap();
    let phone = Phone::on(folder);
    assert!(phone.engine.status(Nothing {}).unwrap().recovered.is_some());
    phone
}

#[test]
fn no_byte_of_what_was_erased_is_left_anywhere_and_everything_still_proves() {
    let city = City::new();
    let named = city.service.add_officer(OfficerId([1; 16]), NAME, "DEL-4417", None).unwrap();
    let (a, b, c) = (city.phone(0), city.phone(1), city.phone(0));
    let author = officer(&city, 0);

    // A visit with one of everything, on every phone.
    let visit = a.begin_visit("网吧").summary.id;
    a.answer(&visit, ITEM, Answer::No);
    note(&a, &visit, None, NOTE);
    note(&a, &visit, Some(OTHER_ITEM), KEPT_NOTE);
    describe(&a, &visit, DESCRIPTION).unwrap();
    let reading = measure(&a, &visit, 371, Some(SUBJECT)).readings[0].id.clone();
    take(&a, &visit, PHOTO).unwrap();
    take(&a, &visit, KEPT_PHOTO).unwrap();
    finish(&a, &visit);
    for phone in [&a, &b, &c] {
        city.sync(phone);
    }
    let photo = hash(&picture(PHOTO));
    for sha256 in [photo, hash(&picture(KEPT_PHOTO))] {
        a.engine.photo(&hex(&sha256), true).unwrap();
        city.service.photo(&sha256, PhotoSize::Thumb).unwrap();
    }
    let made = a.engine.rescue_bundle(Nothing {}).unwrap();
    assert!(Path::new(&made.path).exists());
    let c = damaged(c);
    city.sync(&c);
    let backup = tempfile::tempdir().unwrap();
    let backup = backup.path().join("backup");
    city.service.backup(&backup).unwrap();

    // Offline, the other officer rewrites the description: one edit in the log and in a bundle, one in the journal.
    let b_visit = b.visit(&visit);
    assert!(b_visit.summary.sealed, "his additions stand behind the seal");
    let racing = b.begin_visit("影城").summary.id;
    b.answer(&racing, ITEM, Answer::No);
    describe(&b, &racing, DESCRIPTION).unwrap();
    city.sync(&b);
    city.sync(&a);
    describe(&b, &racing, RACING).unwrap();
    let bundle = b.engine.rescue_bundle(Nothing {}).unwrap();
    let carried = tempfile::tempdir().unwrap();
    let carried = carried.path().join("rescue.age");
    fs::create_dir_all(carried.parent().unwrap()).unwrap();
    fs::copy(&bundle.path, &carried).unwrap();
    describe(&b, &racing, &format!("{RACING}，又改")).unwrap();

    // All of it is where it is expected: the search can find it.
    let before = Replica::of("HQ", city.data());
    for what in [NOTE.as_bytes(), SUBJECT.as_bytes(), DESCRIPTION.as_bytes(), NAME.as_bytes(), PHOTO] {
        before.must_hold(what);
    }
    Replica::of("phone b", b.data()).must_hold(RACING.as_bytes());
    for phone in [&a, &b, &c] {
        let replica = Replica::of("a phone", phone.data());
        replica.must_hold(NOTE.as_bytes());
        replica.must_hold(NAME.as_bytes());
    }
    assert!(
        !Replica::of("phone c", c.data())
            .where_is(NOTE.as_bytes())
            .iter()
            .all(|name| !name.contains("damaged"))
    );
    assert!(holds(&bundled(city.data(), &carried), RACING.as_bytes()));
    let old_packets = compressed(&city.data().join("hq.sqlite"), NOTE.as_bytes());
    assert!(!old_packets.is_empty());
    let before_seals = city.visit(&visit).seals;
    assert!(before_seals.iter().all(|seal| seal.hash_matches));

    // The order.
    let root = entities::visit(visit.parse().unwrap());
    let racing_root = entities::visit(racing.parse().unwrap());
    let field = |entity: EntityId, name: &str| Target::Field { entity, field: name.into() };
    let targets = [
        Target::Everything(entities::note(&root, None, author).id),
        field(entities::finding(&root, ITEM).id, field::DESCRIPTION),
        field(reading.parse().unwrap(), field::FACT),
        field(entities::finding(&racing_root, ITEM).id, field::DESCRIPTION),
        Target::Everything(EntityId(named.0)),
        Target::Photo(photo),
    ];
    let viewer = ConsoleUser { role: Role::Viewer, ..supervisor() };
    assert!(matches!(city.service.erase(&viewer, &targets, "本人要求"), Err(Error::Forbidden)));
    assert!(matches!(city.service.erase(&supervisor(), &targets, " "), Err(Error::BadRequest(_))));
    city.service.erase(&supervisor(), &targets, "本人要求").unwrap();

    // HQ at once; then an edit made before arrives by hand, and by sync.
    let hq = Replica::of("HQ", city.data());
    ERASED.iter().for_each(|what| hq.must_not_hold(what));
    let imported = city.service.import_bundle(BufReader::new(fs::File::open(&carried).unwrap())).unwrap();
    assert_eq!((imported.refused.len(), imported.commits_new > 0), (0, true));
    for phone in [&a, &b, &c] {
        city.sync(phone);
    }
    let orders = city.service.erase_orders().unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!((orders[0].phones, orders[0].phones_done), (3, 0), "they say so when they ask on");
    for phone in [&a, &b, &c] {
        city.sync(phone);
    }
    assert_eq!(city.service.erase_orders().unwrap()[0].phones_done, 3);

    let restored = tempfile::tempdir().unwrap();
    restore(&backup, restored.path()).unwrap();
    let later = tempfile::tempdir().unwrap();
    city.service.backup(&later.path().join("later")).unwrap();
    note(&b, &racing, Some(OTHER_ITEM), KEPT_NOTE);
    let bundle = b.engine.rescue_bundle(Nothing {}).unwrap();
    let inside = bundled(city.data(), Path::new(&bundle.path));
    ERASED.iter().for_each(|what| assert!(!holds(&inside, what), "a bundle made afterwards"));

    let replicas = [
        Replica::of("HQ", city.data()),
        Replica::of("phone a", a.data()),
        Replica::of("phone b", b.data()),
        Replica::of("phone c", c.data()),
        Replica::of("the restored HQ", restored.path()),
        Replica::of("a backup made afterwards", later.path()),
    ];
    for replica in &replicas {
        ERASED.iter().for_each(|what| replica.must_not_hold(what));
        replica.must_hold(KEPT_NOTE.as_bytes());
        let name = hex(&photo);
        assert_eq!(replica.named(&name), [""; 0], "{}: files of the photo", replica.name);
        for packet in &old_packets {
            // Without its head and its signature, which the erased packet has, too.
            replica.must_not_hold(&packet[40..packet.len() - 70]);
        }
    }
    for replica in [&replicas[0], &replicas[1], &replicas[4], &replicas[5]] {
        replica.must_hold(KEPT_PHOTO);
    }

    // Everything still proves.
    let detail = city.visit(&visit);
    assert!(detail.proof.iter().all(|commit| commit.signature_valid && commit.state == "applied"));
    assert!(detail.proof.iter().any(|commit| commit.erased > 0));
    assert!(detail.seals.iter().all(|seal| seal.hash_matches && seal.photos_erased == 1));
    assert_eq!(detail.photos.iter().filter(|photo| photo.erased).count(), 1);
    assert_eq!(detail.notes.len(), 2, "an erased value stays an entry");

    // The phones show it, and both authors are told; the racing ones were never read by HQ.
    for phone in [&a, &b, &c] {
        let view = phone.visit(&visit);
        assert_eq!(
            (view.notes.len(), view.notes[0].text.value.is_none(), view.notes[0].text.erased),
            (1, true, true)
        );
        assert!(view.readings[0].reading.erased && view.readings[0].verdict.is_none());
        assert_eq!(view.photos.iter().filter(|photo| photo.erased && !photo.here).count(), 1);
    }
    let told = a.sync_status().erased;
    let of_visit = told.iter().find(|row| row.visit == visit).unwrap();
    assert_eq!((of_visit.entries, of_visit.photos, of_visit.late), (3, 1, 0));
    let told = b.sync_status().erased;
    assert_eq!(
        (told.len(), told[0].visit.as_str(), told[0].entries, told[0].late),
        (1, racing.as_str(), 3, 2)
    );
    assert_eq!(b.engine.erasure_seen(Nothing {}).unwrap().erased, []);
    assert_ne!(b.sync_status().state, SaveState::Attention);

    // The very picture is not taken again; what is written now stays.
    assert_eq!(take(&b, &racing, PHOTO), Err(ErrorCode::Erased));
    describe(&b, &racing, "通道已清理").unwrap();
    city.sync(&b);
    city.sync(&a);
    let shown = drawn(&a.visit(&racing), ITEM).finding.clone().unwrap().description;
    assert_eq!((shown.value.as_deref(), shown.erased), (Some("通道已清理"), false));
}

#[test]
fn a_screen_that_still_shows_an_erased_text_cannot_write_it_back() {
    let city = City::new();
    let a = city.phone(0);
    let visit = a.begin_visit("网吧").summary.id;
    note(&a, &visit, None, NOTE);
    city.sync(&a);
    let token = a.visit(&visit).note_token;
    let of = entities::note(&entities::visit(visit.parse().unwrap()), None, officer(&city, 0));
    city.service.erase(&supervisor(), &[Target::Everything(of.id)], "更正").unwrap();
    city.sync(&a);
    let set = SetNote { visit: visit.clone(), item: None, text: format!("{NOTE}！"), token };
    assert_eq!(a.engine.visit_note(set).unwrap_err().code, ErrorCode::Erased);
    note(&a, &visit, None, "重新填写");
    assert_eq!(a.visit(&visit).notes[0].text.value.as_deref(), Some("重新填写"));
}

#[test]
fn a_phone_that_does_not_read_the_scope_is_told_of_its_own() {
    let city = City::new();
    let officers = city.service.officers().unwrap();
    let of = |team: &str| {
        officers.iter().position(|o| o.team_name.as_deref().is_some_and(|name| name.contains(team)))
    };
    // An officer of one district at a venue of another.
    let (stranger, reader) = (of("小店").unwrap(), of("迎泽").unwrap());
    let phone = city.phone(stranger);
    let venues = phone.engine.venues_find(Default::default()).unwrap();
    let away = venues.iter().find(|venue| venue.district == "140106").expect("a venue elsewhere");
    let visit = phone.begin_visit(&away.name).summary.id;
    note(&phone, &visit, None, NOTE);
    city.sync(&phone);
    let entity = entities::note(&entities::visit(visit.parse().unwrap()), None, officer(&city, stranger));
    city.service.erase(&supervisor(), &[Target::Everything(entity.id)], "更正").unwrap();
    note(&phone, &visit, None, RACING);
    city.sync(&phone);
    let shown = &phone.visit(&visit).notes[0].text;
    assert_eq!(
        (shown.value.as_deref(), shown.erased),
        (None, true),
        "what he had sent, and what he wrote since"
    );
    let told = &phone.sync_status().erased[0];
    assert_eq!((told.entries, told.late), (2, 1));
    city.sync(&phone);
    let other = city.phone(reader);
    for replica in [
        Replica::of("author", phone.data()),
        Replica::of("reader", other.data()),
        Replica::of("HQ", city.data()),
    ] {
        replica.must_not_hold(NOTE.as_bytes());
        replica.must_not_hold(RACING.as_bytes());
    }
}

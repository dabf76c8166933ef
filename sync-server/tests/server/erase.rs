//! Erase orders at HQ: what they catch whenever it comes, and that nothing of it is stored again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::model::erase::Target;
use xuncha_domain::model::{field, kind, visit as keys};
use xuncha_server::service::{Announced, ConsoleUser, Creation, Error, PatchEnd, UploadRef};
use xuncha_server::storage::Role;

use crate::phone::{Phone, op, visit};
use crate::sync::HERE;
use crate::world::World;

const TEXT: &str = "周某 4417";

fn supervisor() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

fn note_of(phone: &Phone) -> Entity {
    keys::note(&visit(1), None, phone.certificate.officer)
}

fn detached(entity: &Entity, name: &str, place: usize) -> Op {
    Op { value: OpValue::Detached(place), ..op(entity, name, Value::Null) }
}

/// The record of a photo.
fn fact(sha256: [u8; 32]) -> Value {
    let mut fact = vec![Value::bytes(sha256), Value::Int(26), Value::Int(1), Value::Int(1)];
    fact.push(Value::text("image/jpeg"));
    fact.resize(9, Value::Null);
    Value::Array(fact)
}

fn write_note(phone: &mut Phone, seen: u64) -> Commit {
    let entity = note_of(phone);
    phone.write_after(HERE, &[detached(&entity, field::TEXT, 0)], vec![Value::text(TEXT)], seen)
}

/// What a reader of the feed gets of a commit's first detached value.
fn value_read(world: &World, commit: &Commit) -> Option<Value> {
    let mut reader = world.brigade_phone("读");
    reader.sync(Vec::new());
    let read =
        reader.feeds[HERE].commits.iter().find(|read| read.hash == commit.hash).expect("it is in the feed");
    read.detached.value(0).cloned()
}

/// Whether HQ's files hold these bytes, as they are or in an unpacked packet.
fn stored(world: &World, what: &[u8]) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    let files = std::fs::read_dir(world.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let raw = files.filter(|path| path.is_file()).any(|path| holds(&std::fs::read(path).unwrap()));
    let sql = rusqlite::Connection::open(world.dir.path().join("hq.sqlite")).unwrap();
    let mut packets = sql.prepare("SELECT bytes FROM packets").unwrap();
    let mut packets = packets.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap().map(Result::unwrap);
    raw || packets.any(|bytes| {
        let loose = xuncha_domain::log::packet::Packet::decode(&bytes).unwrap().unpack().unwrap();
        loose.iter().any(|commit| format!("{commit:?}").contains(std::str::from_utf8(what).unwrap()))
    })
}

#[test]
fn an_order_catches_what_its_author_wrote_without_having_seen_it_whenever_it_comes() {
    let world = World::new();
    let mut phone = world.brigade_phone("甲");
    let before = write_note(&mut phone, 0);
    phone.sync(vec![phone.packet(HERE, 1, 1)]);
    let racing = write_note(&mut phone, 1);
    let order = [Target::Everything(note_of(&phone).id)];
    world.service.erase(&supervisor(), &order, "更正").unwrap();
    let position = phone.feeds[HERE].position + 1;
    let seen = write_note(&mut phone, position);

    // It comes in a packet with the commit before, which HQ has already: neither may bring the value back.
    phone.sync(vec![phone.packet(HERE, 1, 2)]);
    assert!(!stored(&world, TEXT.as_bytes()));
    phone.sync(vec![phone.packet(HERE, 3, 3)]);
    assert_eq!((value_read(&world, &before), value_read(&world, &racing)), (None, None));
    assert_eq!(value_read(&world, &seen), Some(Value::text(TEXT)), "he had seen the order");
    world.service.reproject().unwrap();
    let notes = world.service.visit(&visit(1).id.0).unwrap().notes;
    let mut live: Vec<_> = notes[0].live.iter().map(|live| (live.value.clone(), live.erased)).collect();
    live.sort();
    assert_eq!(live, [(None, true), (None, true), (Some(TEXT.into()), false)]);

    // Another order catches what had been written with the first one seen.
    world.service.erase(&supervisor(), &[Target::Everything(note_of(&phone).id)], "再次").unwrap();
    assert_eq!(value_read(&world, &seen), None, "now he had not");
    let mut destroyed: Vec<u32> =
        world.service.erase_orders().unwrap().iter().map(|order| order.values).collect();
    destroyed.sort_unstable();
    assert_eq!(destroyed, [1, 2]);
}

#[test]
fn what_is_held_back_is_erased_too() {
    let world = World::new();
    let mut phone = world.brigade_phone("甲");
    phone.sync(vec![]);
    let forged = Entity::new(kind::OFFICER, EntityId([5; 16]));
    let note = note_of(&phone);
    let ops = [op(&forged, field::TEAM, Value::Null), detached(&note, field::TEXT, 0)];
    phone.write_detached(HERE, &ops, vec![Value::text(TEXT)]);
    let other = detached(&keys::note(&visit(1), Some("CMN-R-01"), phone.certificate.officer), field::TEXT, 0);
    phone.write_detached(HERE, &[other], vec![Value::text("留")]);
    let answer = phone.sync(vec![phone.packet(HERE, 1, 2)]);
    assert_eq!(answer.verdicts.len(), 1, "it is held");
    world.service.erase(&supervisor(), &[Target::Everything(visit(1).id)], "更正").unwrap();
    assert!(!stored(&world, TEXT.as_bytes()));
}

#[test]
fn an_erased_photo_is_not_taken_in_again() {
    let world = World::new();
    let mut phone = world.brigade_phone("甲");
    let device = phone.device();
    let bytes = b"a picture of somebody 4417".to_vec();
    let sha256: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    phone.write(HERE, &[op(&keys::photo(&visit(1), &sha256, None), field::FACT, fact(sha256))]);
    phone.sync(vec![phone.packet(HERE, 1, 1)]);
    let announce = || Announced { sha256, size: bytes.len() as u64, metadata: String::new() };
    let create = || world.service.create_upload(&device, announce());
    let Creation::Created(held) = create().unwrap() else { panic!("HQ lacks it") };
    let mut receiving = world.service.receive(&device, &held, 0, None, None).unwrap();
    receiving.write(&bytes).unwrap();
    world.service.received(receiving, PatchEnd::Whole).unwrap();
    let detail = || world.service.visit(&visit(1).id.0).unwrap();
    assert!(detail().photos[0].held);

    world.service.erase(&supervisor(), &[Target::Photo(sha256)], "误拍").unwrap();
    let photo = &detail().photos[0];
    assert_eq!(
        (photo.held, photo.erased, photo.sha256.as_str()),
        (false, true, hex::encode(sha256).as_str())
    );
    assert!(matches!(create(), Err(Error::Gone)));
    assert!(matches!(world.service.upload(&device, UploadRef::Upload(held)), Err(Error::Gone)));
    assert_eq!(world.service.lacking(&[sha256]).unwrap(), [[0; 32]; 0], "nobody is asked for it");
    let mut request = phone.request(Vec::new());
    request.blobs = vec![sha256.into()];
    let answer = phone.send(&request);
    assert!(phone.receipt(&answer).blobs.is_empty());
    assert_eq!(answer.erased.unwrap().photos, [sha256.into()]);
    let name = hex::encode(sha256);
    let blobs = world.dir.path().join("blobs");
    let left = walk(&blobs).into_iter().filter(|path| path.contains(&name)).count();
    assert_eq!((left, world.service.overview().unwrap().photos_missing), (0, 0));
}

#[test]
fn an_upload_under_way_is_given_up_and_its_bytes_go() {
    let world = World::new();
    let mut phone = world.brigade_phone("甲");
    let device = phone.device();
    let sha256 = [7; 32];
    phone.write(HERE, &[op(&keys::photo(&visit(1), &sha256, None), field::FACT, fact(sha256))]);
    phone.sync(vec![phone.packet(HERE, 1, 1)]);
    let announced = Announced { sha256, size: 100, metadata: String::new() };
    let Creation::Created(upload) = world.service.create_upload(&device, announced).unwrap() else {
        panic!()
    };
    let mut receiving = world.service.receive(&device, &upload, 0, None, None).unwrap();
    receiving.write(b"the first bytes of somebody 4417").unwrap();
    world.service.received(receiving, PatchEnd::Interrupted).unwrap();
    world.service.erase(&supervisor(), &[Target::Everything(visit(1).id)], "误拍").unwrap();
    assert!(walk(&world.dir.path().join("blobs")).is_empty(), "everything of a visit includes its photos");
    assert!(matches!(world.service.receive(&device, &upload, 32, None, None), Err(Error::Gone)));
}

#[test]
fn a_sealed_upload_of_an_erased_photo_is_given_up_and_not_begun_again() {
    let world = World::new();
    let mut phone = world.brigade_phone("甲");
    let device = phone.device();
    let (photo, sealed) = ([7; 32], [8; 32]);
    phone.write(HERE, &[op(&keys::photo(&visit(1), &photo, None), field::FACT, fact(photo))]);
    phone.sync(vec![phone.packet(HERE, 1, 1)]);
    let named = |sha256: [u8; 32]| STANDARD.encode(hex::encode(sha256));
    let metadata = format!("sha256 {},sealed {}", named(sealed), named(photo));
    let announce = || Announced { sha256: sealed, size: 100, metadata: metadata.clone() };
    let Creation::Created(upload) = world.service.create_upload(&device, announce()).unwrap() else {
        panic!("HQ lacks it")
    };
    let mut receiving = world.service.receive(&device, &upload, 0, None, None).unwrap();
    receiving.write(b"the first bytes of an age file").unwrap();
    world.service.received(receiving, PatchEnd::Interrupted).unwrap();
    // A crash while it was opened left this.
    let left = world.dir.path().join("blobs/parts").join(hex::encode(upload.map(|byte| !byte)));
    std::fs::write(left, b"somebody").unwrap();

    world.service.erase(&supervisor(), &[Target::Photo(photo)], "误拍").unwrap();
    assert_eq!(walk(&world.dir.path().join("blobs")), [""; 0]);
    assert!(matches!(world.service.receive(&device, &upload, 30, None, None), Err(Error::Gone)));
    assert!(matches!(world.service.create_upload(&device, announce()), Err(Error::Gone)));
}

#[test]
fn only_what_hq_knows_can_be_named() {
    let world = World::new();
    let nobody = [Target::Everything(EntityId([3; 16]))];
    assert!(matches!(world.service.erase(&supervisor(), &nobody, "更正"), Err(Error::NotFound)));
    assert!(matches!(world.service.erase(&supervisor(), &[], "更正"), Err(Error::BadRequest(_))));
}

/// Every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path.display().to_string()) }
    }
    files
}

//! An officer who is moved to another team: what HQ serves to their phones from then on, and what it goes on taking.

use sha2::{Digest, Sha256};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{OfficerId, Scope};
use xuncha_domain::model::fact::{ExifClaims, Photo};
use xuncha_domain::model::words::LeadLevel;
use xuncha_domain::model::{field, kind, visit as keys};
use xuncha_domain::protocol::v1::sync::{SyncRequest, scopes_known};
use xuncha_domain::protocol::v1::things::Wanted;
use xuncha_server::service::{Announced, ConsoleUser, Creation, Error, NewTeam, PatchEnd};
use xuncha_server::storage::Role;

use crate::phone::{Phone, op, visit};
use crate::sync::HERE;
use crate::world::World;

const THERE: &str = "140106";

fn user(role: Role) -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role }
}

/// A team that reads another district.
fn other_team(world: &World) -> [u8; 16] {
    let team = NewTeam { name: "另一队".into(), tier: LeadLevel::District, district: Some(THERE.into()) };
    world.service.add_team(OfficerId([0; 16]), &team).unwrap().0
}

fn team_of(world: &World, phone: &Phone) -> Option<[u8; 16]> {
    world.service.officer(&phone.certificate.officer).unwrap().row.team
}

fn move_to(world: &World, phone: &Phone, from: Option<[u8; 16]>, to: [u8; 16]) -> Result<(), Error> {
    world.service.move_officer(&user(Role::Admin), &phone.certificate.officer, from, to).map(drop)
}

/// HQ gets a photo and its record of this phone.
fn photo(phone: &mut Phone, bytes: &[u8]) -> [u8; 32] {
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let fact = Photo {
        sha256,
        size: bytes.len() as u64,
        width: 4,
        height: 3,
        mime: "image/jpeg".into(),
        exif: ExifClaims::default(),
        position: None,
        thumb: None,
    };
    let entity = keys::photo(&visit(1), &sha256, None);
    let commit = phone.write(HERE, &[op(&entity, field::FACT, fact.to_value())]);
    let seq = usize::try_from(commit.header.seq).unwrap();
    phone.sync(vec![phone.packet(HERE, seq, seq)]);
    upload(phone, sha256, bytes);
    sha256
}

fn upload(phone: &Phone, sha256: [u8; 32], bytes: &[u8]) {
    let announced = Announced { sha256, size: bytes.len() as u64, metadata: String::new() };
    let made = phone.service.create_upload(&phone.device(), announced).unwrap();
    let Creation::Created(upload) = made else { panic!("HQ lacks it") };
    let mut receiving = phone.service.receive(&phone.device(), &upload, 0, None, None).unwrap();
    receiving.write(bytes).unwrap();
    phone.service.received(receiving, PatchEnd::Whole).unwrap();
}

#[test]
fn what_the_old_team_reads_is_served_no_more_and_own_work_is_still_taken() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let mut b = world.phone(world.officer("乙", Some("140105")));
    let seen = photo(&mut a, b"before the move");
    b.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    b.sync(vec![b.packet(HERE, 1, 1)]);
    world.service.backup(&world.dir.path().join("backup")).unwrap();
    assert!(world.service.blob_for(&b.device(), &seen).is_ok());
    assert!(world.service.snapshot(&b.device(), HERE, 0).is_ok());
    let before = b.feeds[HERE].clone();

    let (from, to) = (team_of(&world, &b), other_team(&world));
    move_to(&world, &b, from, to).unwrap();
    let later = photo(&mut a, b"after the move");

    // The cursor of before still goes along: HQ says nothing of that feed.
    let own = b.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(false))]);
    let answer = b.send(&b.request(vec![b.packet(HERE, 2, 2)]));
    let district = Scope::district(THERE).unwrap().to_string();
    let scopes = answer.scopes.clone().unwrap();
    assert!(scopes.contains(&district) && !scopes.contains(&HERE.into()), "{scopes:?}");
    assert!(answer.feeds.iter().all(|feed| feed.scope != HERE));
    assert_eq!(b.feeds[HERE].position, before.position);
    assert!(b.held(&answer, &own).is_some(), "a receipt comes whatever the rights");
    assert!(answer.refused.is_empty());
    a.sync(Vec::new());
    assert!(a.read_hashes(HERE).contains(&own.hash), "it is published to those who read the scope");
    for blob in [seen, later] {
        assert!(matches!(world.service.blob_for(&b.device(), &blob), Err(Error::NotFound)));
    }
    assert!(matches!(world.service.snapshot(&b.device(), HERE, 0), Err(Error::NotFound)));
    let wanted = Wanted { roots: vec![[1; 16].into()], commits: vec![own.hash.short().0.into()] };
    let brought = world.service.things(&b.device(), &wanted).unwrap();
    assert!(brought.packets.is_empty() && brought.whole.is_empty());

    // What HQ holds back of it is said to its author, too.
    let reserved = xuncha_domain::log::body::Entity::new(kind::VERDICT, visit(3).id);
    let held = b.write(HERE, &[op(&reserved, field::FACT, Value::Null)]);
    let answer = b.send(&b.request(vec![b.packet(HERE, 3, 3)]));
    assert_eq!(answer.verdicts.iter().map(|notice| notice.hash).collect::<Vec<_>>(), [held.hash.0]);

    // And back: everything is served again, from the beginning.
    move_to(&world, &b, Some(to), from.unwrap()).unwrap();
    b.feeds.remove(HERE);
    b.sync(Vec::new());
    a.sync(Vec::new());
    assert_eq!(b.read_hashes(HERE), a.read_hashes(HERE));
    assert!(world.service.blob_for(&b.device(), &later).is_ok());
}

#[test]
fn a_photo_that_a_phone_brought_to_a_scope_it_does_not_read_is_not_served_to_it() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let hub = world.phone(world.officer("乙", Some(THERE)));
    let bytes = b"carried";
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    upload(&hub, sha256, bytes);
    assert!(world.service.blob_for(&hub.device(), &sha256).is_ok(), "its own, as far as anybody knows");
    let fact = Photo {
        sha256,
        size: 7,
        width: 1,
        height: 1,
        mime: "image/jpeg".into(),
        exif: ExifClaims::default(),
        position: None,
        thumb: None,
    };
    a.write(HERE, &[op(&keys::photo(&visit(1), &sha256, None), field::FACT, fact.to_value())]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    assert!(matches!(world.service.blob_for(&hub.device(), &sha256), Err(Error::NotFound)));
    assert!(world.service.blob_for(&a.device(), &sha256).is_ok());
}

#[test]
fn a_move_is_an_op_of_hq_by_the_user_and_never_over_a_newer_one() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    a.sync(Vec::new());
    let (from, to) = (team_of(&world, &a), other_team(&world));
    let officer = a.certificate.officer;
    let viewer = world.service.move_officer(&user(Role::Viewer), &officer, from, to);
    assert!(matches!(viewer, Err(Error::Forbidden)));
    assert!(matches!(move_to(&world, &a, from, [7; 16]), Err(Error::BadRequest(_))), "no such team");
    assert!(matches!(move_to(&world, &a, Some(to), to), Ok(()) | Err(Error::Stale)));
    assert_eq!(team_of(&world, &a), from);
    move_to(&world, &a, from, to).unwrap();
    // Two windows, one answer: the second had the old team before it.
    move_to(&world, &a, from, to).unwrap();
    assert!(matches!(move_to(&world, &a, Some([7; 16]), from.unwrap()), Err(Error::Stale)));
    let nobody = world.service.move_officer(&user(Role::Admin), &OfficerId([8; 16]), None, to);
    assert!(matches!(nobody, Err(Error::NotFound)));

    a.sync(Vec::new());
    let moves: Vec<_> = a.feeds["city"]
        .commits
        .iter()
        .filter(|commit| commit.header.officer == OfficerId(user(Role::Admin).id))
        .flat_map(|commit| commit.ops())
        .collect();
    let [only] = moves.as_slice() else { panic!("one op: {moves:?}") };
    assert_eq!((only.entity.id.0, only.field.as_str()), (officer.0, field::TEAM));
    assert_eq!(only.over.len(), 1, "it replaces the op that named the old team");
}

#[test]
fn what_a_phone_knows_of_its_scopes_and_of_rescue_is_not_said_again() {
    let world = World::new();
    let b = world.brigade_phone("乙");
    let ask = |request: &SyncRequest| world.service.sync(&b.device(), request).unwrap();
    let said = ask(&b.request(Vec::new()));
    let known = |scopes: &[String]| Some(scopes_known(scopes.iter().map(String::as_str)).into());
    let scopes = said.scopes.unwrap();
    assert!(said.rescue.is_some() && scopes == b.scopes);

    let request = SyncRequest { scopes_known: known(&scopes), rescue_known: true, ..b.request(Vec::new()) };
    let again = ask(&request);
    assert_eq!((again.scopes, again.rescue), (None, None));

    let (from, to) = (team_of(&world, &b), other_team(&world));
    move_to(&world, &b, from, to).unwrap();
    let moved = ask(&request).scopes.unwrap();
    assert_ne!(moved, scopes, "what is not as the phone knows it is said");
    let request = SyncRequest { scopes_known: known(&moved), ..request };
    assert_eq!(ask(&request).scopes, None);
}

//! What the console shows of a visit: every live value, conflicts and their settling, seals and proof.

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::ids::EntityId;
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::Stored;
use xuncha_domain::model::fact::{ExifClaims, Photo, Position, Reading};
use xuncha_domain::model::seal::{self, Basis, BasisOp, Seal};
use xuncha_domain::model::words::{Sequence, Site};
use xuncha_domain::model::{field, visit as keys};
use xuncha_server::http::types::{ResolveConflict, VisitDetail, VisitQuery};
use xuncha_server::service::{ConsoleUser, Error, RegisterVenue, read_venues};
use xuncha_server::storage::Role;

use crate::phone::{Phone, op, over, visit};
use crate::world::{MORNING_MS, World};

const HERE: &str = "district/140105";

fn user(role: Role) -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role }
}

fn cafe() -> RegisterVenue {
    let (venues, errors) = read_venues(
        "name,category,district,township,address,licence_no,lat,lon\n示例网吧,ICAFE,140105,,示例路1号,L1,37.73,112.56\n"
            .as_bytes(),
    );
    assert_eq!(errors, []);
    venues.into_iter().next().unwrap()
}

/// A visit of the demo venue with one of everything, by one officer.
fn full_visit(world: &World, phone: &mut Phone) -> (Entity, Commit) {
    world.service.import_venues(phone.certificate.officer, &[cafe()], false).unwrap();
    phone.sync(Vec::new());
    let venue = phone.feeds["city"]
        .commits
        .iter()
        .flat_map(|c| c.ops())
        .find(|o| o.entity.kind == 3)
        .unwrap()
        .entity
        .id;
    let visit = visit(1);
    let checklist = Checklist::for_venue("ICAFE", Mode::Routine).unwrap();
    let presence = keys::presence(&visit, phone.certificate.device);
    let at = Position { lat_e7: 377_300_000, lon_e7: 1_125_610_000, accuracy_m: 10 };
    let photo = Photo {
        sha256: [3; 32],
        size: 10,
        width: 4,
        height: 3,
        mime: "image/jpeg".into(),
        exif: ExifClaims::default(),
        position: Some(at),
        thumb: None,
    };
    let reading = Reading {
        temperature_dc: 374,
        site: Site::Forehead,
        sequence: Sequence::First,
        indoor: true,
        ambient_dc: Some(-50),
        subject: Some("收银员".into()),
    };
    let mut ops = vec![
        op(&visit, field::VENUE, Value::bytes(venue.0)),
        op(&visit, field::VISIT_KIND, Value::Int(1)),
        op(&visit, field::CHECKLIST, Value::bytes(checklist.hash)),
        op(&visit, &field::member(phone.certificate.officer), Value::Bool(true)),
        op(&visit, "a/CMN-R-01", Value::Bool(false)),
        op(&presence, field::START, Value::Int(MORNING_MS)),
        op(&presence, field::POSITION, at.to_value()),
        op(&keys::photo(&visit, &[3; 32], Some("CMN-R-01")), field::FACT, photo.to_value()),
        op(&keys::finding(&visit, "CMN-R-01"), field::STATUS, Value::text("open")),
        op(&keys::reading(&visit, [1; 5]), field::FACT, Value::Null),
        op(&keys::note(&visit, None, phone.certificate.officer), field::TEXT, Value::Null),
    ];
    ops[9].value = OpValue::Detached(0);
    ops[10].value = OpValue::Detached(1);
    let commit = phone.write_detached(HERE, &ops, vec![reading.to_value(), Value::text("门口无人")]);
    (visit, commit)
}

/// The seal over `basis`, which is all there is.
fn seal_op(phone: &Phone, visit: &Entity, basis: &Commit) -> Op {
    let hashes = basis.detached.hashes();
    let stored: Vec<Stored> = basis
        .ops()
        .iter()
        .map(|op| match &op.value {
            OpValue::Plain(value) => Stored::Plain(value.clone()),
            OpValue::Detached(i) => {
                Stored::Detached { hash: hashes[*i], value: basis.detached.value(*i).cloned() }
            }
        })
        .collect();
    let ops: Vec<BasisOp<'_>> = basis
        .ops()
        .iter()
        .zip(&stored)
        .map(|(op, value)| BasisOp {
            commit: basis.hash.short(),
            entity: &op.entity,
            field: &op.field,
            over: &[],
            value,
        })
        .collect();
    let hash = seal::hash(seal::recompute(visit.id, &ops));
    let seal = Seal { hash, checklist: None, photos: 1, basis: vec![Basis::Own(basis.header.seq)] };
    op(&keys::presence(visit, phone.certificate.device), field::SEAL, seal.to_value())
}

fn detail(world: &World) -> VisitDetail {
    world.service.visit(&[1; 16]).unwrap()
}

#[test]
fn a_visit_is_shown_with_everything_and_its_proof() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let (visit, commit) = full_visit(&world, &mut a);
    a.write(HERE, &[seal_op(&a, &visit, &commit)]);
    a.sync(vec![a.packet(HERE, 1, 2)]);
    let shown = detail(&world);
    let row = &shown.row;
    assert_eq!(
        (row.venue_name.as_str(), row.category.as_str(), row.district.as_str()),
        ("示例网吧", "ICAFE", "140105")
    );
    assert_eq!((row.kind.as_deref(), row.started_ms), (Some("inspection"), MORNING_MS));
    assert_eq!((row.answered, row.failed, row.readings, row.abnormal), (1, 1, 1, 1));
    assert_eq!((row.photos, row.photos_held, row.conflicts, row.sealed, row.after_seal), (1, 0, 0, true, 0));
    assert_eq!(
        (row.members.as_slice(), shown.members[0].certificate_no.as_str()),
        (["甲".to_owned()].as_slice(), "C-甲")
    );
    assert_eq!(shown.answers[0].shown.live[0].value.as_deref(), Some("no"));
    assert_eq!(
        (shown.readings[0].subject.as_deref(), shown.readings[0].verdict.as_deref()),
        (Some("收银员"), Some("abnormal"))
    );
    assert_eq!(shown.notes[0].live[0].value.as_deref(), Some("门口无人"));
    assert_eq!(
        (shown.findings[0].item.as_str(), shown.photos[0].item.as_deref()),
        ("CMN-R-01", Some("CMN-R-01"))
    );
    assert!((80..95).contains(&shown.presence[0].distance_m.unwrap()), "{:?}", shown.presence[0].distance_m);
    let seal = &shown.seals[0];
    assert!(seal.hash_matches);
    assert_eq!((seal.photos, seal.photos_held, seal.after_seal), (1, 0, 0));
    assert_eq!(shown.proof.len(), 2);
    assert!(
        shown
            .proof
            .iter()
            .all(|c| c.signature_valid && c.head_seq == 2 && c.state == "applied" && !c.clock_suspect)
    );
    // An entry after the seal shows, and the seal still holds.
    a.write(HERE, &[op(&visit, "a/CMN-R-02", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 3, 3)]);
    let shown = detail(&world);
    assert_eq!((shown.row.after_seal, shown.seals[0].after_seal, shown.seals[0].hash_matches), (1, 1, true));
}

#[test]
fn a_conflict_shows_the_gravest_until_somebody_settles_it() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let (visit, first) = full_visit(&world, &mut a);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    b.sync(Vec::new());
    let mine = a.write(HERE, &[over(op(&visit, "a/CMN-R-01", Value::Bool(true)), &[&first])]);
    let theirs = b.write(HERE, &[over(op(&visit, "a/CMN-R-01", Value::Null), &[&first])]);
    a.sync(vec![a.packet(HERE, 2, 2)]);
    b.sync(vec![b.packet(HERE, 1, 1)]);
    let shown = detail(&world).answers.remove(0).shown;
    assert!(shown.conflict);
    assert_eq!(detail(&world).row.conflicts, 1);
    let query = VisitQuery { conflicts_only: Some(true), ..VisitQuery::default() };
    assert_eq!(world.service.visits(query).unwrap().total, 1);
    let inbox = world.service.conflicts(None).unwrap();
    let [waiting] = inbox.visits.as_slice() else { panic!("{inbox:?}") };
    assert_eq!((inbox.total, waiting.answers.len(), waiting.findings.len()), (1, 1, 0));
    assert_eq!(waiting.answers[0].shown, shown);
    assert!(waiting.attributes.is_empty() && waiting.members.is_empty());
    assert!(world.service.conflicts(Some(waiting.row.started_ms)).unwrap().visits.is_empty());
    let wanted = ResolveConflict {
        entity: shown.entity,
        field: shown.field,
        keep: mine.hash.to_string(),
        over: shown.live.iter().map(|live| live.commit.clone()).collect(),
    };
    assert!(wanted.over.contains(&theirs.hash.to_string()));
    assert!(matches!(world.service.resolve(&user(Role::Viewer), &wanted), Err(Error::Forbidden)));
    let settled = world.service.resolve(&user(Role::Admin), &wanted).unwrap().unwrap();
    assert_eq!(settled.row.conflicts, 0);
    assert_eq!(world.service.conflicts(None).unwrap().total, 0);
    let live = &settled.answers[0].shown.live;
    assert_eq!((live.len(), live[0].value.as_deref()), (1, Some("yes")));
    assert!(
        matches!(world.service.resolve(&user(Role::Admin), &wanted), Err(Error::Stale)),
        "drawn before it was settled"
    );
    // The phones hear of it, and it verifies.
    let before = b.read_hashes(HERE).len();
    b.sync(Vec::new());
    assert_eq!(b.read_hashes(HERE).len(), before + 1);
}

#[test]
fn a_value_that_the_console_did_not_draw_is_not_buried() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let mine = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let drawn = detail(&world).answers.remove(0).shown;
    b.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(false))]);
    b.sync(vec![b.packet(HERE, 1, 1)]);
    let wanted = ResolveConflict {
        entity: drawn.entity,
        field: drawn.field,
        keep: mine.hash.to_string(),
        over: drawn.live.into_iter().map(|live| live.commit).collect(),
    };
    let after = world.service.resolve(&user(Role::Admin), &wanted).unwrap().unwrap();
    assert_eq!(after.row.conflicts, 1, "the unseen answer stays");
}

#[test]
fn the_same_register_twice_changes_nothing_and_an_edit_costs_an_edit() {
    let world = World::new();
    let by = world.officer("甲", None);
    let mut venue = cafe();
    let import = |venue: &RegisterVenue, dry| {
        let done = world.service.import_venues(by, std::slice::from_ref(venue), dry).unwrap();
        (done.added, done.changed, done.unchanged)
    };
    assert_eq!(import(&venue, true), (1, 0, 0));
    assert_eq!(world.service.overview().unwrap().venues, 0, "a dry run writes nothing");
    assert_eq!(import(&venue, false), (1, 0, 0));
    assert_eq!(import(&venue, false), (0, 0, 1));
    venue.name = "示例网咖".into();
    assert_eq!(import(&venue, false), (0, 1, 0));
    let mut phone = world.phone(by);
    phone.sync(Vec::new());
    let last = phone.feeds["city"].commits.last().unwrap();
    assert_eq!(last.ops().len(), 1);
    assert_eq!(last.ops()[0].over.len(), 1);
}

#[test]
fn the_synthetic_city_fits_into_commits_and_reaches_a_phone() {
    let world = World::new();
    let first = world.service.write_demo().unwrap();
    assert!(first.added > 400);
    let again = world.service.write_demo().unwrap();
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, first.added));
    let officer = world.service.officers().unwrap().remove(0);
    let mut phone = world.phone(xuncha_domain::ids::OfficerId(officer.row.id));
    phone.sync(Vec::new());
    let venues: std::collections::BTreeSet<EntityId> = phone.feeds["city"]
        .commits
        .iter()
        .flat_map(|c| c.ops())
        .filter(|o| o.entity.kind == 3)
        .map(|o| o.entity.id)
        .collect();
    assert_eq!(venues.len() as u64, world.service.overview().unwrap().venues);
}

#[test]
fn reports_and_silence_are_told_apart() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let row = |id: &str| world.service.devices().unwrap().into_iter().find(|d| d.id == id).unwrap();
    let id = a.certificate.device.to_string();
    assert_eq!(row(&id).visits_here, None, "never heard of: unknown, not zero");
    let mut request = a.request(Vec::new());
    request.here.visits = 3;
    request.device_ms += 7_000;
    a.send(&request);
    assert_eq!((row(&id).visits_here, row(&id).clock_ahead_ms), (Some(3), Some(7_000)));
    assert_eq!(world.service.overview().unwrap().devices_silent, 0);
    world.clock.advance(13 * 3_600_000);
    assert_eq!(world.service.overview().unwrap().devices_silent, 1);
}

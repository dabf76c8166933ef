//! Snapshots: what a new phone starts from.

use std::collections::BTreeSet;

use xuncha_domain::cbor::Value;
use xuncha_domain::model::seal::Seal;
use xuncha_domain::model::{field, visit as keys};
use xuncha_domain::protocol::v1::snapshot::{self, Head, LiveValue, State};
use xuncha_server::service::Error;

use crate::phone::{Phone, op, over, visit};
use crate::sync::HERE;
use crate::world::World;

fn back_up(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    world.service.backup(&folder.path().join("backup")).unwrap();
}

fn read(world: &World, phone: &Phone) -> (Head, State) {
    let file = world.service.snapshot(&phone.device(), HERE, 0).unwrap();
    let bytes = std::fs::read(file.path).unwrap();
    snapshot::read(&bytes, &phone.hq, phone.city.0, HERE).unwrap()
}

fn answers(state: &State) -> BTreeSet<(String, Vec<u8>)> {
    let plain = state.live.iter().filter_map(|op| match &op.value {
        LiveValue::Plain(bytes) => Some((op.field.clone(), bytes.to_vec())),
        _ => None,
    });
    plain.collect()
}

#[test]
fn it_holds_what_is_live_at_its_position_and_no_detached_value() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let first = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.write(HERE, &[over(op(&visit(1), "a/CMN-R-01", Value::Bool(false)), &[&first])]);
    let note = keys::note(&visit(1), None, a.certificate.officer);
    let mut detached = op(&note, field::TEXT, Value::Null);
    detached.value = xuncha_domain::log::body::OpValue::Detached(0);
    a.write_detached(HERE, &[detached], vec![Value::text("收银员李某发热")]);
    a.sync(vec![a.packet(HERE, 1, 3)]);
    back_up(&world);

    let (head, state) = read(&world, &a);
    let feed = &a.feeds[HERE];
    assert_eq!((head.position, head.rolling), (feed.position, feed.rolling));
    let expected = ("a/CMN-R-01".to_owned(), Value::Bool(false).encode());
    assert_eq!(answers(&state), BTreeSet::from([expected]));
    assert_eq!(state.live.iter().filter(|op| matches!(op.value, LiveValue::Elsewhere(_))).count(), 1);
    let plain = xuncha_domain::protocol::v1::encode(&state);
    let secret = "李某".as_bytes();
    assert!(!plain.windows(secret.len()).any(|part| part == secret));
    // Note and visit hang together, and whoever goes on with the chain finds its end.
    let hanging = state.things.iter().find_map(|thing| thing.under.as_ref()).unwrap();
    assert_eq!(state.things[hanging.parent as usize].id, [1; 16]);
    let chain = &state.chains[state.live[0].chain as usize];
    assert_eq!((chain.tips.len(), chain.tips[0].seq), (1, 3));
}

#[test]
fn it_stands_for_what_a_backup_holds_and_no_more() {
    let mut world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let none = |world: &World, a: &Phone, after| {
        matches!(world.service.snapshot(&a.device(), HERE, after), Err(Error::NotFound))
    };
    assert!(none(&world, &a, 0), "there was no backup");
    back_up(&world);
    let (before, _) = read(&world, &a);
    assert_eq!(before.position, a.feeds[HERE].position);
    a.write(HERE, &[op(&visit(2), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 2, 2)]);
    world.restart();
    a.service = world.service.clone();
    assert_eq!(read(&world, &a).0, before, "a reader takes the rest from the feed");
    assert!(none(&world, &a, before.position), "it goes no further");
    back_up(&world);
    assert_eq!(read(&world, &a).0.position, a.feeds[HERE].position);

    let stranger = world.phone(world.officer("乙", Some("140106")));
    for scope in [HERE, "team/00000000000000000000000000000000", "nowhere", ""] {
        assert!(
            matches!(world.service.snapshot(&stranger.device(), scope, 0), Err(Error::NotFound)),
            "{scope}"
        );
    }
}

#[test]
fn closed_visits_of_long_ago_are_left_out_and_open_ones_stay() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let mut ops = Vec::new();
    for n in 1..=3 {
        ops.push(op(&visit(n), "a/CMN-R-01", Value::Bool(true)));
    }
    // The first is sealed; the second, too, but its finding is still to be put right; the third was never sealed.
    for n in 1..=2 {
        let seal = Seal { hash: [0; 32], checklist: None, photos: 0, basis: Vec::new() };
        let presence = keys::presence(&visit(n), a.certificate.device);
        ops.push(op(&presence, field::SEAL, seal.to_value()));
    }
    ops.push(op(&keys::finding(&visit(2), "CMN-R-01"), field::STATUS, Value::text("open")));
    a.write(HERE, &ops);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    back_up(&world);
    assert_eq!(read(&world, &a).0.left_out, 0);
    world.clock.advance(3 * 366 * 24 * 60 * 60 * 1000);
    back_up(&world);
    let (head, state) = read(&world, &a);
    assert_eq!(head.left_out, 1);
    let visits: BTreeSet<u8> = state.things.iter().filter(|thing| thing.kind == 5).map(|t| t.id[0]).collect();
    assert_eq!(visits, BTreeSet::from([2, 3]));
}

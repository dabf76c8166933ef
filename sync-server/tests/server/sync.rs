//! The round trip: stored and receipted, published in order, forks kept, everything else refused without effect.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::Entropy;
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::{field, kind, verdict};
use xuncha_domain::protocol::v1::refusal::packet as reason;
use xuncha_server::service::ConsoleUser;
use xuncha_server::storage::Role;

use crate::phone::{op, over, visit};
use crate::world::World;

pub const HERE: &str = "district/140105";

pub fn admin() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin }
}

#[test]
fn work_is_receipted_published_and_read_by_others() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let last = a.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(false))]);
    let answer = a.sync(vec![a.packet(HERE, 1, 2)]);
    let held = a.held(&answer, &last).unwrap();
    assert_eq!((held.seq, held.judged_seq), (2, 2));
    assert!(answer.refused.is_empty() && answer.unknown_heads.is_empty());
    b.sync(Vec::new());
    assert_eq!(b.read_hashes(HERE), a.read_hashes(HERE));
    assert_eq!(b.read_hashes(HERE).last(), Some(&last.hash));
    assert_eq!(b.read_hashes("city"), a.read_hashes("city"));
}

#[test]
fn a_repeat_stores_nothing_and_is_receipted_again() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let commit = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let packet = a.packet(HERE, 1, 1);
    a.sync(vec![packet.clone()]);
    let feed = a.read_hashes(HERE);
    for _ in 0..3 {
        let answer = a.sync(vec![packet.clone(), packet.clone()]);
        assert_eq!(a.held(&answer, &commit).unwrap().seq, 1);
        assert!(answer.feeds.is_empty());
    }
    assert_eq!(a.read_hashes(HERE), feed);
}

#[test]
fn an_overlapping_packet_brings_only_what_is_new() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    for n in 1..=4 {
        a.write(HERE, &[op(&visit(n), "a/CMN-R-01", Value::Bool(true))]);
    }
    a.sync(vec![a.packet(HERE, 1, 2)]);
    a.sync(vec![a.packet(HERE, 1, 4)]);
    b.sync(Vec::new());
    let hashes: Vec<_> = a.chains[&HERE.parse().unwrap()].commits.iter().map(|c| c.hash).collect();
    assert_eq!(b.read_hashes(HERE), hashes);
}

#[test]
fn a_gap_names_the_last_common_commit() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    for n in 1..=4 {
        a.write(HERE, &[op(&visit(n), "a/CMN-R-01", Value::Bool(true))]);
    }
    let answer = a.sync(vec![a.packet(HERE, 3, 4)]);
    assert_eq!(answer.refused[0].reason, reason::PREDECESSOR);
    assert_eq!(answer.refused[0].last_common, None, "the chain itself is unknown");
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let answer = a.sync(vec![a.packet(HERE, 3, 4)]);
    let common = answer.refused[0].last_common.unwrap();
    assert_eq!((common.seq, common.hash), (1, a.chains[&HERE.parse().unwrap()].commits[0].hash.0));
    let answer = a.sync(vec![a.packet(HERE, 2, 3), a.packet(HERE, 4, 4)]);
    assert!(answer.refused.is_empty(), "packets of one request build on each other");
}

#[test]
fn a_fork_is_kept_on_both_sides_and_shown() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let mut restored = a.clone_of();
    a.clock.advance(1_000);
    let mine = a.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(true))]);
    restored.clock.advance(1_000);
    let theirs = restored.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(false))]);
    assert_eq!(mine.header.seq, theirs.header.seq);
    a.sync(vec![a.packet(HERE, 2, 2)]);
    let answer = restored.sync(vec![restored.packet(HERE, 2, 2)]);
    assert_eq!(restored.held(&answer, &theirs).unwrap().seq, 2);
    assert_eq!(answer.unknown_heads.len(), 1);
    assert_eq!(answer.unknown_heads[0].hash, mine.hash.0);
    let mut b = world.brigade_phone("乙");
    b.sync(Vec::new());
    let read = b.read_hashes(HERE);
    assert!(read.contains(&mine.hash) && read.contains(&theirs.hash));
}

#[test]
fn a_restored_phone_learns_of_what_it_lacks() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let mut restored = a.clone_of();
    let lost = a.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 2, 2)]);
    let answer = restored.sync(Vec::new());
    assert_eq!(answer.unknown_heads[0].hash, lost.hash.0);
    assert_eq!(restored.read_hashes(HERE).last(), Some(&lost.hash), "its own commit comes back by the feed");
}

#[test]
fn hostile_packets_are_refused_by_reason_and_change_nothing() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let good = a.packet(HERE, 1, 1);
    for end in [0, 1, 10, good.len() / 2, good.len() - 1] {
        let answer = a.sync(vec![good[..end].to_vec()]);
        assert_eq!(answer.refused.len(), 1, "cut at {end}");
    }
    for bit in (0..good.len() * 8).step_by(37) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let answer = a.sync(vec![bytes]);
        assert_eq!(answer.refused.len(), 1, "bit {bit}");
    }
    // Somebody else's signature under this chain.
    let stranger = world.brigade_phone("乙");
    let mut forged = a.clone_of();
    forged.key = stranger.key.clone();
    let answer = a.sync(vec![forged.packet(HERE, 1, 1)]);
    assert_eq!(answer.refused[0].reason, reason::SIGNATURE);
    // Another HQ's phone.
    let elsewhere = World::seeded(8);
    let mut foreign = elsewhere.brigade_phone("丁");
    foreign.write(HERE, &[op(&visit(2), "a/CMN-R-01", Value::Bool(true))]);
    let answer = a.sync(vec![foreign.packet(HERE, 1, 1)]);
    assert!([reason::SIGNATURE, reason::CITY].contains(&answer.refused[0].reason.as_str()));
    assert!(a.read_hashes(HERE).is_empty());
    // A refused packet does not keep a good one out.
    let answer = a.sync(vec![vec![0xff; 40], good]);
    assert_eq!((answer.refused.len(), answer.refused[0].packet), (1, 0));
    assert_eq!(a.read_hashes(HERE).len(), 1);
}

#[test]
fn kinds_of_hq_are_held_with_a_verdict_and_do_not_count() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let officer = Entity::new(kind::OFFICER, xuncha_domain::ids::EntityId([5; 16]));
    let bad = a.write("city", &[op(&officer, field::NAME, Value::text("假"))]);
    let good = a.write("city", &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let answer = a.sync(vec![a.packet("city", 1, 2)]);
    assert_eq!(a.held(&answer, &good).unwrap().judged_seq, 2, "held is receipted like applied");
    assert_eq!(answer.verdicts.len(), 1);
    assert_eq!((answer.verdicts[0].hash, answer.verdicts[0].reason.as_str()), (bad.hash.0, "kind_reserved"));
    assert!(world.service.officers().unwrap().iter().all(|o| o.row.name != "假"));
    let feed = &a.feeds["city"].commits;
    let at = |hash| feed.iter().position(|c| c.hash == hash).unwrap();
    let verdict =
        feed.iter().position(|c| c.ops().iter().any(|op| op.entity == verdict::entity(&bad.hash))).unwrap();
    assert!(verdict < at(bad.hash) && at(bad.hash) < at(good.hash));
}

#[test]
fn a_closed_phone_still_delivers_but_reads_nothing() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    world.service.close_device(&admin(), &a.certificate.device.0).unwrap();
    let commit = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let answer = a.sync(vec![a.packet(HERE, 1, 1)]);
    assert!(a.held(&answer, &commit).is_some());
    assert!(answer.feeds.is_empty());
    assert_eq!(answer.scopes.as_deref(), Some(&[][..]));
    assert_eq!(answer.verdicts[0].reason, "device_closed");
    b.sync(Vec::new());
    assert!(b.read_hashes(HERE).contains(&commit.hash));
}

#[test]
fn a_cursor_of_another_history_starts_again() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let read = a.read_hashes(HERE);
    for (position, rolling) in [(1, [7; 16]), (900, [7; 16])] {
        let feed = a.feeds.get_mut(HERE).unwrap();
        (feed.position, feed.rolling) = (position, rolling);
        let answer = a.sync(Vec::new());
        assert!(answer.feeds.iter().any(|feed| feed.restart && feed.scope == HERE));
        assert_eq!(a.read_hashes(HERE), read);
    }
}

#[test]
fn many_tiny_packets_come_in_one_round_trip() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    for n in 1..=100 {
        a.write(HERE, &[op(&visit(n), "a/CMN-R-01", Value::Bool(true))]);
        a.sync(vec![a.packet(HERE, n.into(), n.into())]);
    }
    let answer = b.send(&b.request(Vec::new()));
    assert!(!answer.more);
    assert_eq!(b.read_hashes(HERE), a.read_hashes(HERE));
    assert_eq!(b.read_hashes(HERE).len(), 100);
}

#[test]
fn pages_are_bounded_by_bytes_and_complete() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let mut noise = [0; 30_000];
    for n in 1..=60 {
        world.entropy.fill(&mut noise);
        let value = Value::text(hex::encode(noise));
        a.write(HERE, &[op(&visit(n), "a/CMN-R-01", value)]);
        a.sync(vec![a.packet(HERE, n.into(), n.into())]);
    }
    let mut pages = 0;
    loop {
        let answer = b.send(&b.request(Vec::new()));
        let bytes: usize =
            answer.feeds.iter().flat_map(|feed| &feed.packets).map(|packet| packet.len()).sum();
        assert!(bytes <= 1024 * 1024, "{bytes}");
        pages += 1;
        if !answer.more {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(b.read_hashes(HERE), a.read_hashes(HERE));
}

#[test]
fn an_idle_sync_costs_a_few_hundred_bytes() {
    let world = World::new();
    let mut a = world.phone(world.officer("甲", Some("140105")));
    for n in 1..=20 {
        a.write(HERE, &[op(&visit(n), "a/CMN-R-01", Value::Bool(true))]);
    }
    a.sync(vec![a.packet(HERE, 1, 20)]);
    let request = a.request(Vec::new());
    let answer = a.send(&request);
    let sizes = [minicbor::to_vec(&request).unwrap().len(), minicbor::to_vec(&answer).unwrap().len()];
    assert!(sizes.iter().sum::<usize>() < 700, "{sizes:?}");
}

#[test]
fn what_replaces_may_arrive_before_what_it_replaces() {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let first = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    b.write(HERE, &[over(op(&visit(1), "a/CMN-R-01", Value::Bool(false)), &[&first])]);
    b.sync(vec![b.packet(HERE, 1, 1)]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let detail = world.service.visit(&[1; 16]).unwrap();
    assert_eq!(detail.row.conflicts, 0);
    let shown = &detail.answers[0].shown;
    assert_eq!((shown.live.len(), shown.live[0].value.as_deref()), (1, Some("no")));
}

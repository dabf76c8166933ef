//! Quotas: what does not fit waits on the phone and is taken later; a closed phone brings little and reads nothing.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::Entropy;
use xuncha_server::service::{Announced, Error};

use crate::phone::{Phone, op, visit};
use crate::sync::{HERE, admin};
use crate::world::World;

/// Writes commits of some 60 KiB that nothing compresses. Returns one packet for each.
fn large(world: &World, phone: &mut Phone, count: u8) -> Vec<Vec<u8>> {
    let mut noise = [0; 60_000];
    let first = phone.chains.get(&HERE.parse().unwrap()).map_or(1, |chain| chain.commits.len() + 1);
    for n in 1..=count {
        world.entropy.fill(&mut noise);
        phone.write(HERE, &[op(&visit(n), "a/CMN-R-01", Value::Bytes(noise.to_vec()))]);
    }
    (first..first + usize::from(count)).map(|seq| phone.packet(HERE, seq, seq)).collect()
}

#[test]
fn a_closed_phone_over_its_quota_is_told_when_to_come_again_and_loses_nothing() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    world.service.close_device(&admin(), &a.certificate.device.0).unwrap();
    let packets = large(&world, &mut a, 80);
    let mut waiting = packets.as_slice();
    let mut told = 0;
    while let Some(n) = (!waiting.is_empty()).then(|| waiting.len().min(16)) {
        let answer = a.send(&a.request(waiting[..n].to_vec()));
        assert!(answer.refused.is_empty() && answer.feeds.is_empty());
        assert_eq!(answer.scopes.as_deref(), Some(&[][..]));
        assert!(answer.verdicts.iter().all(|verdict| !verdict.applied && verdict.reason == "device_closed"));
        let held = a.receipt(&answer).chains.iter().map(|held| held.seq).max().unwrap_or_default();
        waiting = &packets[usize::try_from(held).unwrap()..];
        if let Some(wait_s) = answer.retry_after_s {
            told += 1;
            let again = a.send(&a.request(waiting[..1].to_vec()));
            assert_eq!(again.retry_after_s, Some(wait_s), "asking again is harmless and brings nothing");
            a.clock.advance(i64::from(wait_s) * 1_000);
        }
    }
    assert_eq!(told, 1, "80 packets of 60 KB are a little more than an hour's 4 MiB");
    let last = a.chains[&HERE.parse().unwrap()].commits.last().unwrap().clone();
    let answer = a.send(&a.request(Vec::new()));
    assert_eq!(a.held(&answer, &last).unwrap().seq, 80);
}

#[test]
fn an_open_phone_has_room_for_the_work_of_many() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let packets = large(&world, &mut a, 80);
    assert!(packets.chunks(16).all(|packets| a.sync(packets.to_vec()).retry_after_s.is_none()));
}

#[test]
fn photos_of_a_closed_phone_are_taken_within_a_quota() {
    let world = World::new();
    let a = world.brigade_phone("甲");
    world.service.close_device(&admin(), &a.certificate.device.0).unwrap();
    let create = |n: u8| {
        let announced = Announced { sha256: [n; 32], size: 32 * 1024 * 1024, metadata: String::new() };
        world.service.create_upload(&a.device(), announced)
    };
    assert!((0..8).all(|n| create(n).is_ok()));
    let Err(Error::OverQuota(wait_s)) = create(8) else { panic!("over its quota") };
    world.clock.advance(i64::from(wait_s) * 1_000);
    assert!(create(8).is_ok());
}

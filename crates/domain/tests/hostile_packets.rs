//! Packets from somebody who means harm, or from a bad line: an error each, never a panic, nothing stored.
//!
//! What is allocated is bounded by what the limits allow before the signature is checked: a packet of 256 KiB, its 4 MiB
//! unpacked, and the values read from them.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use minicbor::Encoder;
use support::phone::{CITY, Phone, hq};
use support::replica::{Received, Replica};
use xuncha_domain::cbor::{CborError, Value};
use xuncha_domain::ids::{CityId, EntityId, Scope};
use xuncha_domain::limits;
use xuncha_domain::log::body::{self, Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{ChainError, Genesis};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::{CryptoError, Signer};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::{self, Compression, Packet, PacketError, dictionary_name};

fn op(field: &str, value: OpValue) -> Op {
    Op {
        entity: Entity::new(5, EntityId([5; 16])),
        field: field.into(),
        value,
        before_s: 0,
        over: Vec::new(),
    }
}

/// A phone with two commits: an answer, a note over it.
fn phone() -> Phone {
    let mut phone = Phone::new(1);
    phone.write(0, &[op("a/1", OpValue::Plain(Value::Bool(true)))], Detached::none());
    let note = Op { over: vec![Reference::Own { seq: 1 }], ..op("a/1", OpValue::Detached(0)) };
    phone.write(1, &[note], Detached::new([9; 16], vec![Value::text("门已锁")]));
    phone
}

fn whole(compression: Compression) -> Vec<u8> {
    let phone = phone();
    phone.packet(&phone.commits, compression).encode()
}

/// Stored as sent, or an error, or refused for lack of a predecessor: never another commit.
fn harmless(bytes: &[u8], sent: &[Commit]) {
    let mut replica = Replica::default();
    if let Ok(Received::Stored(_)) = replica.receive(bytes) {
        for commit in replica.store.values() {
            assert!(sent.iter().any(|sent| sent.hash == commit.hash), "a commit that nobody signed");
        }
    }
}

/// A packet by hand: `[1, chain, genesis, 1, null, dictionary, length, payload, 1, signature]`.
fn raw(phone: &Phone, dictionary: Option<&[u8]>, len: u64, payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(10).unwrap().u8(1).unwrap().bytes(phone.genesis.chain().as_bytes()).unwrap();
    e.bytes(phone.genesis.as_bytes()).unwrap().u8(1).unwrap().null().unwrap();
    match dictionary {
        None => e.null().unwrap(),
        Some(name) => e.bytes(name).unwrap(),
    };
    e.u64(len).unwrap().bytes(payload).unwrap().u8(1).unwrap().bytes(signature).unwrap();
    e.into_writer()
}

/// A payload of one commit with this core and these detached bytes.
fn payload(core: &[u8], detached: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(3).unwrap().array(1).unwrap().bytes(&[1; 16]).unwrap().array(1).unwrap().bytes(&[7; 8]).unwrap();
    e.array(1).unwrap().array(8).unwrap().u8(0).unwrap().u8(0).unwrap().null().unwrap();
    e.u8(0).unwrap().u8(0).unwrap().u8(0).unwrap().bytes(core).unwrap();
    let mut bytes = e.into_writer();
    bytes.extend_from_slice(detached);
    bytes
}

fn received(payload: &[u8]) -> PacketError {
    let bytes = raw(&phone(), None, payload.len() as u64, payload, &[0; 64]);
    Replica::default().receive(&bytes).unwrap_err()
}

#[test]
fn cut_at_any_byte() {
    for compression in [Compression::None, Compression::Zstd] {
        let bytes = whole(compression);
        for end in 0..bytes.len() {
            assert!(Replica::default().receive(&bytes[..end]).is_err(), "cut at {end}");
        }
        assert!(Replica::default().receive(&[bytes, vec![0]].concat()).is_err(), "followed by a byte");
    }
}

#[test]
fn any_bit_flipped() {
    let sent = phone().commits;
    for compression in [Compression::None, Compression::Zstd] {
        let bytes = whole(compression);
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            harmless(&bytes, &sent);
        }
    }
}

#[test]
fn a_bomb_that_declares_little_or_lies_about_its_size() {
    let zeros = vec![0; 8 * 1024 * 1024];
    let bomb = zstd::bulk::compress(&zeros, 3).unwrap();
    assert!(bomb.len() < 1_000);
    let (phone, name) = (phone(), dictionary_name());
    for declared in [0, 100, limits::PACKET_UNPACKED_MAX as u64] {
        let bytes = raw(&phone, Some(&name), declared, &bomb, &[0; 64]);
        assert_eq!(Packet::decode(&bytes).unwrap().unpack(), Err(PacketError::Unpacking), "{declared}");
    }
    let over = limits::PACKET_UNPACKED_MAX as u64 + 1;
    for declared in [over, u64::MAX] {
        let bytes = raw(&phone, Some(&name), declared, &bomb, &[0; 64]);
        assert_eq!(Packet::decode(&bytes), Err(PacketError::Unpacking), "{declared}");
    }
    let short = raw(&phone, None, 5, &[0; 4], &[0; 64]);
    assert_eq!(Packet::decode(&short).unwrap().unpack(), Err(PacketError::Unpacking));
}

#[test]
fn nothing_but_zstd_reaches_the_decompressor() {
    let (phone, name) = (phone(), dictionary_name());
    // The magic of zstd 0.7, and of a frame to be skipped.
    for magic in [[0x27, 0xb5, 0x2f, 0xfd], [0x50, 0x2a, 0x4d, 0x18]] {
        let bytes = raw(&phone, Some(&name), 10, &[magic.as_slice(), &[0; 30]].concat(), &[0; 64]);
        assert_eq!(Packet::decode(&bytes).unwrap().unpack(), Err(PacketError::Unpacking));
    }
    // Behind a good frame, a frame of zstd 0.7 would.
    let frame = zstd::bulk::compress(&[0; 10], 3).unwrap();
    let bytes =
        raw(&phone, Some(&name), 10, &[frame, vec![0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0]].concat(), &[0; 64]);
    assert_eq!(Packet::decode(&bytes).unwrap().unpack(), Err(PacketError::Unpacking));
}

#[test]
fn an_unknown_dictionary_and_a_newer_version_say_so() {
    let bytes = raw(&phone(), Some(&[1; 8]), 10, &[0; 10], &[0; 64]);
    assert_eq!(Packet::decode(&bytes), Err(PacketError::Compression));
    let mut bytes = whole(Compression::None);
    bytes[1] = 2;
    assert_eq!(Packet::decode(&bytes), Err(PacketError::Version(2)));
}

#[test]
fn too_large_is_refused_before_it_is_read() {
    let bytes = vec![0; limits::PACKET_ERASED_BYTES_MAX + 1];
    assert_eq!(Packet::decode(&bytes), Err(PacketError::Limit("size")));
}

#[test]
fn a_run_follows_what_it_names() {
    let phone = phone();
    let second = phone.packet(&phone.commits[1..], Compression::Zstd);
    let unpacked = || second.unpack().unwrap();
    assert!(packet::link(&second, unpacked(), phone.commits[0].hash).is_ok());
    assert_eq!(packet::link(&second, unpacked(), phone.commits[1].hash), Err(PacketError::Predecessor));
    let first = phone.packet(&phone.commits, Compression::Zstd);
    let other = Phone::new(2).genesis.hash();
    assert_eq!(packet::link(&first, first.unpack().unwrap(), other), Err(PacketError::Predecessor));
}

#[test]
fn a_signature_holds_for_its_chain_scope_city_and_key_alone() {
    let phone = phone();
    let packet = phone.packet(&phone.commits, Compression::Zstd);
    let commits = packet::link(&packet, packet.unpack().unwrap(), phone.genesis.hash()).unwrap();
    let check = |city, scope: &Scope, key| packet::verify_head(&packet, &commits, city, scope, key);
    let key = phone.key.public_key();
    let wrong = Err(PacketError::Crypto(CryptoError::Signature));
    assert_eq!(check(CITY, &phone.scope, &key), Ok(()));
    assert_eq!(check(CityId([0; 16]), &phone.scope, &key), wrong);
    assert_eq!(check(CITY, &Scope::city(), &key), wrong);
    assert_eq!(check(CITY, &phone.scope, &Phone::new(2).key.public_key()), wrong);

    // The same payload under another chain of the same phone: other hashes, so the signature does not match.
    let mut twin = Phone::with(1, Scope::city(), None);
    twin.scope = phone.scope.clone();
    let moved = Packet::decode(&raw(&twin, None, 1, &[0], &packet.signature)).unwrap();
    let moved = packet::link(&moved, packet.unpack().unwrap(), twin.genesis.hash()).unwrap();
    assert_eq!(packet::verify_head(&packet, &moved, CITY, &phone.scope, &key), wrong);
}

#[test]
fn a_certificate_of_another_city_or_not_of_hq() {
    let genesis = phone().genesis;
    let bytes = genesis.as_bytes();
    assert!(Genesis::verify(bytes, &hq().public_key(), CITY).is_ok());
    assert_eq!(Genesis::verify(bytes, &hq().public_key(), CityId([0; 16])), Err(ChainError::City));
    let other = Phone::new(9).key.public_key();
    assert_eq!(Genesis::verify(bytes, &other, CITY), Err(ChainError::Crypto(CryptoError::Signature)));
    for end in 0..bytes.len() {
        assert!(Genesis::verify(&bytes[..end], &hq().public_key(), CITY).is_err());
    }
}

#[test]
fn a_commit_of_2001_ops_or_more_bytes_than_allowed() {
    let ops: Vec<Op> = (0..2_001).map(|n| op(&format!("f{n}"), OpValue::Plain(Value::Null))).collect();
    let core = body::write_core(&ops);
    assert_eq!(received(&payload(&core, &[0xf6])), PacketError::Cbor(CborError::Limit("array")));
    let large = body::write_core(&[op("f", OpValue::Plain(Value::bytes(vec![0; limits::COMMIT_BYTES_MAX])))]);
    assert_eq!(received(&payload(&large, &[0xf6])), PacketError::Limit("commit"));
}

/// The largest of everything: what erasing leaves must still be a commit and a packet that receivers take.
#[test]
fn whatever_is_erased_can_still_be_received() {
    let mut phone = Phone::new(1);
    let mut rng = support::rng::Rng::new(1);
    for minute in 0..8 {
        // Incompressible, and as many and as small as a commit may hold.
        let values = (0..2_000).map(|_| Value::Bytes(rng.bytes::<20>().to_vec())).collect();
        let ops: Vec<Op> = (0..2_000).map(|n| op(&format!("f{n}"), OpValue::Detached(n))).collect();
        phone.write(minute, &ops, Detached::new([9; 16], values));
    }
    let count = packet::fitting(&phone.commits);
    let run = &phone.commits[..count];
    let whole = phone.packet(run, Compression::Zstd);
    assert!(packet::can_be_erased(&whole, run));
    for erased in [vec![0], (0..2_000).collect::<Vec<_>>(), (0..2_000).step_by(2).collect()] {
        let commits: Vec<Commit> = run.iter().map(|commit| commit.erased(&erased)).collect();
        let bytes = whole.repacked(&commits).unwrap().encode();
        let mut replica = Replica::default();
        assert!(matches!(replica.receive(&bytes), Ok(Received::Stored(names)) if names.len() == count));
    }
    // More values than a packet has room to erase, each of a byte that compresses to nothing.
    let ops: Vec<Op> = (0..2_000).map(|n| op(&format!("f{n}"), OpValue::Detached(n))).collect();
    let mut bomb = Phone::new(2);
    for minute in 0..20 {
        bomb.write(minute, &ops, Detached::new([9; 16], vec![Value::Null; 2_000]));
    }
    let packet = bomb.packet(&bomb.commits, Compression::Zstd);
    assert!(!packet::can_be_erased(&packet, &bomb.commits));
    assert!(packet::fitting(&bomb.commits) < bomb.commits.len());
}

#[test]
fn an_op_that_replaces_65() {
    let over = (1..=65).map(|seq| Reference::Own { seq }).collect();
    let core = body::write_core(&[Op { over, ..op("f", OpValue::Plain(Value::Null)) }]);
    assert_eq!(received(&payload(&core, &[0xf6])), PacketError::Cbor(CborError::Limit("array")));
}

#[test]
fn a_detached_value_over_its_limit_or_missing_or_one_too_many() {
    let core = body::write_core(&[op("f", OpValue::Detached(0))]);
    let beside = |values| Detached::new([1; 16], values).to_bytes();
    let long = Value::text("x".repeat(limits::DETACHED_BYTES_MAX));
    assert_eq!(
        received(&payload(&core, &beside(vec![long]))),
        PacketError::Cbor(CborError::Limit("detached value"))
    );
    let malformed = PacketError::Cbor(CborError::Malformed);
    assert_eq!(received(&payload(&core, &[0xf6])), malformed);
    assert_eq!(received(&payload(&core, &beside(vec![Value::Null, Value::Null]))), malformed);
}

#[test]
fn values_within_values() {
    let mut value = Value::Null;
    for _ in 0..limits::VALUE_DEPTH_MAX {
        value = Value::Array(vec![value]);
    }
    let read =
        |value: Value| received(&payload(&body::write_core(&[op("f", OpValue::Plain(value))]), &[0xf6]));
    assert_eq!(read(value.clone()), PacketError::Crypto(CryptoError::Signature), "deep, but allowed");
    assert_eq!(read(Value::Array(vec![value])), PacketError::Cbor(CborError::Limit("depth")));
    // A hundred thousand nested arrays must not be a hundred thousand stack frames.
    assert!(matches!(received(&payload(&[], &vec![0x81; 100_000])), PacketError::Cbor(_)));
}

#[test]
fn lengths_that_are_not_there() {
    // Each claims four thousand million of something.
    for bytes in
        [[0x9a, 0xff, 0xff, 0xff, 0xff], [0x5a, 0xff, 0xff, 0xff, 0xff], [0x7a, 0xff, 0xff, 0xff, 0xff]]
    {
        assert!(matches!(received(&bytes), PacketError::Cbor(_)));
        assert!(matches!(received(&payload(&bytes, &[0xf6])), PacketError::Cbor(_)));
        assert!(matches!(received(&payload(&[], &bytes)), PacketError::Cbor(_)));
    }
}

#[test]
fn clocks_and_positions_at_the_ends_of_their_range() {
    let mut phone = phone();
    for (device_ms, monotonic_ms, feed_position) in
        [(i64::MAX, i64::MIN, 0), (i64::MIN, i64::MAX, i64::MAX as u64), (0, -1, 5)]
    {
        let stamp =
            xuncha_domain::log::commit::Stamp { device_ms, monotonic_ms, feed_position, ..phone.stamp(0) };
        phone.write_stamped(&stamp, &[op("f", OpValue::Plain(Value::Null))], Detached::none());
    }
    let mut replica = Replica::default();
    let bytes = phone.packet(&phone.commits, Compression::Zstd).encode();
    let Received::Stored(names) = replica.receive(&bytes).unwrap() else { panic!("waits") };
    assert_eq!(names.iter().map(|name| replica.store[name].clone()).collect::<Vec<_>>(), phone.commits);
    names.iter().for_each(|name| replica.count(*name));
}

#[test]
fn authors_make_no_packet_that_receivers_refuse() {
    let mut phone = Phone::new(1);
    // Nothing that compresses: the worst case for the size on the wire.
    let mut rng = support::rng::Rng::new(1);
    for minute in 0..8 {
        let noise: Vec<u8> = (0..60_000).map(|_| rng.bytes::<1>()[0]).collect();
        phone.write(minute, &[op("f", OpValue::Plain(Value::Bytes(noise)))], Detached::none());
    }
    let mut from = 0;
    while from < phone.commits.len() {
        let count = packet::fitting(&phone.commits[from..]);
        let packet = phone.packet(&phone.commits[from..from + count], Compression::Zstd).encode();
        assert_eq!(Packet::decode(&packet).unwrap().unpack().unwrap().len(), count);
        from += count;
    }
    let all = Packet::pack(None, &phone.commits, vec![0; 64], Compression::Zstd);
    assert_eq!(all, Err(PacketError::Limit("size")));
    let gap = [phone.commits[0].clone(), phone.commits[2].clone()];
    assert_eq!(Packet::pack(None, &gap, vec![0; 64], Compression::Zstd), Err(PacketError::Predecessor));
}

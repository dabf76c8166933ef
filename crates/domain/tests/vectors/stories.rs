//! Vectors of what happens: packets in, states out.

use serde_json::{Value as Json, json};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{Continues, SuccessorReason};
use xuncha_domain::log::commit::{Commit, Stamp};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::{Compression, Packet};
use xuncha_domain::model::erase::{self, Target};
use xuncha_domain::model::seal::{Basis, BasisOp, Seal, hash, recompute, value_hash};
use xuncha_domain::model::{field, kind, visit};
use xuncha_domain::protocol::v1::sync::roll;

use crate::json::{self, hex, state};
use crate::records::{a_visit, op};
use crate::support::phone::{CITY, Phone, district, hq};
use crate::support::replica::{Received, Replica};

fn answer(value: bool, over: Vec<Reference>) -> Op {
    let visit = visit::visit(EntityId([0x11; 16]));
    Op { over, ..op(&visit, field::answer("ICF-R-01"), OpValue::Plain(Value::Bool(value))) }
}

fn write(phone: &mut Phone, minute: i64, value: bool, over: Vec<Reference>) -> Commit {
    phone.write(minute, &[answer(value, over)], Detached::none())
}

/// The run of one phone as a packet, uncompressed.
fn packet(phone: &Phone, commits: &[Commit]) -> Vec<u8> {
    phone.packet(commits, Compression::None).encode()
}

fn receive(replica: &mut Replica, packet: &[u8]) -> Vec<CommitRef> {
    match replica.receive(packet).unwrap() {
        Received::Stored(names) => names,
        Received::Waits => panic!("waits"),
    }
}

/// Receives and counts all.
fn merged(packets: &[Vec<u8>]) -> Replica {
    let mut replica = Replica::default();
    for packet in packets {
        receive(&mut replica, packet).into_iter().for_each(|name| replica.count(name));
    }
    replica
}

fn story(phones: &[&Phone], packets: &[Vec<u8>], more: Json) -> Json {
    let mut story = json!({
        "hq_public_key": hex(xuncha_domain::log::crypto::Signer::public_key(&hq()).to_bytes()),
        "city": hex(CITY),
        "phones": phones.iter().map(|phone| json::phone(phone)).collect::<Vec<_>>(),
        "packets": packets.iter().map(hex).collect::<Vec<_>>(),
    });
    for (key, value) in more.as_object().unwrap() {
        story[key] = value.clone();
    }
    story
}

/// A phone is copied after its first commit, and both copies go on: two commits with number 2, both kept.
pub fn fork() -> Json {
    let mut phone = Phone::new(1);
    write(&mut phone, 0, true, vec![]);
    let mut copy = phone.cloned();
    write(&mut phone, 1, false, vec![Reference::Own { seq: 1 }]);
    let on_copy = copy.write(
        2,
        &[Op {
            over: vec![Reference::Own { seq: 1 }],
            ..op(&visit::visit(EntityId([0x11; 16])), field::answer("ICF-R-01"), OpValue::Plain(Value::Null))
        }],
        Detached::none(),
    );
    let packets = [packet(&phone, &phone.commits), packet(&copy, &[on_copy])];
    let replica = merged(&packets);
    assert_eq!(replica.store.len(), 3);
    story(&[&phone], &packets, json!({ "state": state(&replica) }))
}

/// A phone learns that its chain was continued elsewhere, and goes on in a successor.
pub fn successor() -> Json {
    let mut phone = Phone::new(1);
    let first = write(&mut phone, 0, true, vec![]);
    let continues =
        Continues { chain: first.header.chain, seq: 1, head: first.hash, reason: SuccessorReason::Forked };
    let mut next = Phone::with(1, district(), Some(continues));
    let over = Reference::Other { chain: first.header.chain, seq: 1, commit: first.hash.short() };
    write(&mut next, 5, false, vec![over]);
    let packets = [packet(&phone, &phone.commits), packet(&next, &next.commits)];
    story(&[&phone, &next], &packets, json!({ "state": state(&merged(&packets)) }))
}

/// The second commit of a phone got damaged before it was receipted: HQ refuses it, the phone writes its readable ops
/// again in a successor, under the same entity ids. Should the undamaged bytes turn up later, both agree.
pub fn damaged_commit() -> Json {
    let mut phone = Phone::new(1);
    let first = write(&mut phone, 0, true, vec![]);
    let second = write(&mut phone, 1, false, vec![Reference::Own { seq: 1 }]);
    let intact = packet(&phone, &[second]);
    let mut damaged = intact.clone();
    // The value of the answer: false becomes true.
    let at = damaged.iter().rposition(|byte| *byte == 0xf4).unwrap();
    damaged[at] ^= 1;
    let continues =
        Continues { chain: first.header.chain, seq: 1, head: first.hash, reason: SuccessorReason::Damaged };
    let mut next = Phone::with(1, district(), Some(continues));
    let over = Reference::Other { chain: first.header.chain, seq: 1, commit: first.hash.short() };
    write(&mut next, 1, false, vec![over]);
    let packets = [packet(&phone, &phone.commits[..1]), packet(&next, &next.commits)];
    let mut replica = merged(&packets);
    assert!(replica.receive(&damaged).is_err());
    let without = state(&replica);
    receive(&mut replica, &intact).into_iter().for_each(|name| replica.count(name));
    story(
        &[&phone, &next],
        &packets,
        json!({
            "refused": hex(&damaged),
            "state": without,
            "intact": hex(&intact),
            "state_with_the_intact_one": state(&replica),
        }),
    )
}

/// An erased value: the bytes beside the commit change, no hash does, and the packet verifies under the same signature.
pub fn erased_value() -> Json {
    let mut phone = Phone::new(1);
    let (ops, detached) = a_visit();
    let whole = phone.write(0, &ops, detached);
    let mut erased = whole.clone();
    erased.detached = whole.detached.erase(&[0]);
    assert_eq!(whole.detached.hashes(), erased.detached.hashes());
    let packets =
        [packet(&phone, std::slice::from_ref(&whole)), packet(&phone, std::slice::from_ref(&erased))];
    let replica = merged(&packets[1..]);
    let mut later = merged(&packets[..1]);
    later.erase(whole.hash.short(), 0);
    assert_eq!(state(&replica), state(&later));
    story(
        &[&phone],
        &packets,
        json!({
            "whole": json::commit(&whole),
            "erased": json::commit(&erased),
            "state_before": state(&merged(&packets[..1])),
            "state": state(&replica),
        }),
    )
}

/// HQ orders a note to be erased. A's was in the feed before. B rewrote it without having seen the order, which catches
/// it wherever it arrives; what B writes after having seen the order stays.
pub fn erase_order() -> Json {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let mut hq = Phone::hq();
    let note = visit::note(&visit::visit(EntityId([0x11; 16])), None, a.officer);
    let write = |phone: &mut Phone, minute, feed_position, text: &str, over| {
        let stamp = Stamp { feed_position, ..phone.stamp(minute) };
        let said = Op { over, ..op(&note, field::TEXT, OpValue::Detached(0)) };
        phone.write_stamped(&stamp, &[said], Detached::new([minute as u8; 16], vec![Value::text(text)]))
    };
    let before = write(&mut a, 0, 0, "王某，电话 000", vec![]);
    let over = Reference::Other { chain: before.header.chain, seq: 1, commit: before.hash.short() };
    let racing = write(&mut b, 1, 0, "王某的电话记错了", vec![over]);
    let targets = vec![
        Target::Field { entity: note.id, field: field::TEXT.into() },
        Target::Everything(EntityId([0x22; 16])),
        Target::Photo([0x33; 32]),
    ];
    let order = Entity::new(kind::ERASE, EntityId([0x44; 16]));
    let ops = [
        op(&order, field::FACT, OpValue::Plain(erase::to_value(&targets))),
        op(&order, field::REASON, OpValue::Detached(0)),
    ];
    // The order stands at position 2 of the feed, after A's note.
    let stamp = Stamp { feed_position: 1, ..hq.stamp(2) };
    let order = hq.write_stamped(&stamp, &ops, Detached::new([4; 16], vec![Value::text("本人要求")]));
    let later = write(&mut b, 3, 2, "电话已补录", vec![Reference::Own { seq: 1 }]);
    assert!(erase::unseen(1, &before) && erase::unseen(1, &racing) && !erase::unseen(1, &later));

    let sent = [packet(&a, &a.commits), packet(&hq, &hq.commits), packet(&b, &b.commits)];
    let mut kept = sent.clone();
    kept[0] = repacked(&sent[0], &[before.erased(&[0])]);
    kept[2] = repacked(&sent[2], &[racing.erased(&[0]), later.clone()]);
    let mut replica = merged(&sent);
    for caught in [&before, &racing] {
        replica.erase(caught.hash.short(), 0);
    }
    assert_eq!(state(&replica), state(&merged(&kept)));
    story(
        &[&a, &hq, &b],
        &sent,
        json!({
            "order": json::commit(&order),
            "caught": [hex(before.hash), hex(racing.hash)],
            "stays": hex(later.hash),
            "packets_after": kept.iter().map(hex).collect::<Vec<_>>(),
            "state": state(&replica),
        }),
    )
}

/// The packet with other detached bytes, under the signature that it had.
fn repacked(sent: &[u8], commits: &[Commit]) -> Vec<u8> {
    let packet = Packet::decode(sent).unwrap();
    let genesis = packet.genesis.as_deref();
    Packet::pack(genesis, commits, packet.signature.clone(), Compression::None).unwrap().encode()
}

/// HQ holds B's commit: neither its value nor its `over` counts. A replaces it, and then it is applied after all.
pub fn held_then_applied() -> Json {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let first = write(&mut a, 0, true, vec![]);
    let name = |commit: &Commit| Reference::Other {
        chain: commit.header.chain,
        seq: commit.header.seq,
        commit: commit.hash.short(),
    };
    let held = write(&mut b, 1, false, vec![name(&first)]);
    write(&mut a, 2, true, vec![name(&held)]);
    let packets = [packet(&a, &a.commits), packet(&b, &b.commits)];
    let mut replica = merged(&packets[..1]);
    receive(&mut replica, &packets[1]);
    let while_held = state(&replica);
    replica.count(held.hash.short());
    story(
        &[&a, &b],
        &packets,
        json!({
            "held": hex(held.hash),
            "state_while_held": while_held,
            "state_when_applied": state(&replica),
        }),
    )
}

/// What replaces arrives before what it replaces.
pub fn late_victim() -> Json {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let victim = write(&mut a, 0, true, vec![]);
    let over = Reference::Other { chain: victim.header.chain, seq: 1, commit: victim.hash.short() };
    write(&mut b, 1, false, vec![over]);
    let packets = [packet(&b, &b.commits), packet(&a, &a.commits)];
    let early = merged(&packets[..1]);
    let late = merged(&packets);
    assert!(late.fields.values().all(|field| field.dead.is_empty()));
    story(&[&b, &a], &packets, json!({ "state_before_the_victim": state(&early), "state": state(&late) }))
}

/// HQ was restored from a backup of position 2 and then published another commit as its third: a phone that stands at 3
/// with the old rolling hash gets its feed from the start.
pub fn restored_hq() -> Json {
    let mut phones: Vec<Phone> = (1..=4).map(Phone::new).collect();
    let hashes: Vec<_> = phones.iter_mut().map(|phone| write(phone, 0, true, vec![]).hash).collect();
    let rolled = |order: &[usize]| {
        let mut rolling = [0; 16];
        let step = |n: &usize| {
            rolling = roll(rolling, &hashes[*n]);
            hex(rolling)
        };
        order.iter().map(step).collect::<Vec<_>>()
    };
    let (old, new) = (rolled(&[0, 1, 2]), rolled(&[0, 1, 3]));
    assert_eq!(old[..2], new[..2]);
    json!({
        "commits": hashes.iter().map(hex).collect::<Vec<_>>(),
        "feed_before": [0, 1, 2],
        "rolling_before": old,
        "feed_after_restore": [0, 1, 3],
        "rolling_after_restore": new,
        "cursor_of_the_phone": { "position": 3, "rolling": old[2] },
        "restart": old[2] != new[2],
        "cursor_at_the_common_point": { "position": 2, "rolling": old[1] },
        "restart_at_the_common_point": old[1] != new[1],
    })
}

/// A sealed visit with its proof: the sealing commit, the headers up to the next signed head, and its signature.
pub fn seal() -> Json {
    let mut phone = Phone::new(1);
    let (ops, detached) = a_visit();
    let visit = visit::visit(EntityId([0x11; 16]));
    phone.write(0, &ops, detached);
    write(&mut phone, 1, true, vec![Reference::Own { seq: 1 }]);
    let stored: Vec<_> = phone.commits.iter().map(Commit::stored).collect();
    let overs: Vec<Vec<Vec<CommitRef>>> = phone
        .commits
        .iter()
        .map(|commit| {
            let names = |op: &Op| op.over.iter().map(|_| phone.commits[0].hash.short()).collect();
            commit.ops().iter().map(names).collect()
        })
        .collect();
    let mut basis_ops = Vec::new();
    for (n, commit) in phone.commits.iter().enumerate() {
        for (i, op) in commit.ops().iter().enumerate() {
            basis_ops.push(BasisOp {
                commit: commit.hash.short(),
                entity: &op.entity,
                field: &op.field,
                over: &overs[n][i],
                value: &stored[n][i],
            });
        }
    }
    let covered = recompute(visit.id, &basis_ops);
    let rows: Vec<Json> = covered
        .iter()
        .map(|op| json!({
            "entity": hex(op.entity), "field": op.field, "commit": hex(op.commit), "value_hash": hex(value_hash(op.value)),
        }))
        .collect();
    let seal = Seal {
        hash: hash(covered),
        checklist: Some([0x77; 32]),
        photos: 0,
        basis: vec![Basis::Own(1), Basis::Own(2)],
    };
    let value = OpValue::Plain(seal.to_value());
    let presence = visit::presence(&visit, phone.device);
    let sealing = phone.write(2, &[op(&presence, field::SEAL, value)], Detached::none());
    let later = write(&mut phone, 60, false, vec![Reference::Own { seq: 2 }]);
    let signature = phone.head(&later).sign(&phone.key).unwrap();
    let packets = [packet(&phone, &phone.commits)];
    story(
        &[&phone],
        &packets,
        json!({
            "visit": hex(visit.id),
            "covered": rows,
            "hash": hex(seal.hash),
            "seal_value": json::value(&seal.to_value()),
            "proof": {
                "genesis": hex(phone.genesis.as_bytes()),
                "commit": json::commit(&sealing),
                "headers_after": [hex(later.header.encode())],
                "signature": hex(signature),
            },
            "state": state(&merged(&packets)),
        }),
    )
}

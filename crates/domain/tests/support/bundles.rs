//! Rescue bundles made by hand.

use sha2::{Digest, Sha256};
use xuncha_domain::bundle::{Entry, Kind, List, Start, Writer};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::Compression;

use super::phone::{CITY, MORNING_MS, Phone, hq};

/// A phone with so many commits of one answer each.
pub fn phone(commits: i64) -> Phone {
    let mut phone = Phone::new(1);
    let entity = Entity::new(5, EntityId([5; 16]));
    for minute in 0..commits {
        let value = OpValue::Plain(Value::Bool(true));
        let op = Op { entity: entity.clone(), field: "f".into(), value, before_s: 0, over: Vec::new() };
        phone.write(minute, &[op], Detached::none());
    }
    phone
}

/// The list of a bundle of the phone's chain from its beginning, and the bundle.
pub fn bundle(phone: &Phone, contents: &[(Kind, Vec<u8>)]) -> (List, Vec<u8>) {
    let genesis = phone.genesis.as_bytes().to_vec().into();
    let list = List {
        city: CITY.0,
        hq_key: hq().public_key().to_bytes(),
        device: phone.device.0,
        made_ms: MORNING_MS,
        starts: vec![Start { genesis, seq: 0, hash: phone.genesis.hash().0 }],
        entries: contents.iter().map(entry).collect(),
    };
    let bytes = written(&list, contents);
    (list, bytes)
}

/// A bundle of two packets and a photo.
pub fn bundled() -> (List, Vec<u8>) {
    let phone = phone(2);
    let packet = |commits| (Kind::Packet, phone.packet(commits, Compression::None).encode());
    bundle(&phone, &[packet(&phone.commits[..1]), packet(&phone.commits[1..]), (Kind::Photo, vec![9; 100])])
}

pub fn written(list: &List, contents: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), list.clone()).unwrap();
    contents.iter().for_each(|(_, content)| writer.entry(content.as_slice()).unwrap());
    writer.finish().unwrap()
}

fn entry((kind, content): &(Kind, Vec<u8>)) -> Entry {
    Entry { kind: *kind, size: content.len() as u64, sha256: Sha256::digest(content).into() }
}

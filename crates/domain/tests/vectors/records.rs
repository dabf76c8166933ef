//! Vectors of single records.

use serde_json::{Value as Json, json};
use xuncha_domain::bundle;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CommitRef, DeviceId, EntityId, OfficerId, Scope, tagged_hash};
use xuncha_domain::log::body::{self, Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::log::commit::{Commit, Stamp};
use xuncha_domain::log::crypto::{SecretKey, Signer};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::{Compression, Packet, dictionary_name};
use xuncha_domain::log::payload;
use xuncha_domain::model::basis::{self, Basis};
use xuncha_domain::model::fact::{ExifClaims, Photo, Position};
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::review::{self, Review, ReviewState};
use xuncha_domain::model::same_as::SameAs;
use xuncha_domain::model::{field, kind, visit};
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::enroll::{EnrollRequest, Proof};
use xuncha_domain::protocol::v1::hub::{self, Carried, HubAnswer, HubJoin, HubRun, Pairing, Side};
use xuncha_domain::protocol::v1::invite::Invite;
use xuncha_domain::protocol::v1::receipt::{Held, Receipt, ReceiptBody};
use xuncha_domain::protocol::v1::refusal::Refusal;
use xuncha_domain::protocol::v1::snapshot::{
    self, ChainState, DeadOp, Head, LiveOp, LiveValue, State, Thing, Tip, Under,
};
use xuncha_domain::protocol::v1::sync::{
    Backup, Covered, Cursor, Feed, HeadName, Here, Mark, Quarantined, Run, Source, SyncRequest, scopes_known,
};
use xuncha_domain::protocol::v1::things::{Brought, Fed, Placed, Wanted};
use xuncha_domain::time::ClockOffset;

use crate::json::{self, hex};
use crate::support::bundles;
use crate::support::phone::{CITY, MORNING_MS, Phone, hq};

pub fn op(entity: &Entity, field: impl Into<String>, value: OpValue) -> Op {
    Op { entity: entity.clone(), field: field.into(), value, before_s: 0, over: Vec::new() }
}

/// A visit with answers, a note, a finding and a reading.
pub fn a_visit() -> (Vec<Op>, Detached) {
    let visit = visit::visit(EntityId([0x11; 16]));
    let author = OfficerId([1; 16]);
    let note = visit::note(&visit, Some("ICF-R-01"), author);
    let mut ops = vec![
        op(&visit, field::VISIT_KIND, OpValue::Plain(Value::Int(1))),
        op(&visit, field::member(author), OpValue::Plain(Value::Bool(true))),
        op(&visit, field::answer("ICF-R-01"), OpValue::Plain(Value::Bool(false))),
        op(&note, field::TEXT, OpValue::Detached(0)),
        op(&visit::finding(&visit, "ICF-R-01"), field::STATUS, OpValue::Plain(Value::text("open"))),
        op(&visit::finding(&visit, "ICF-R-01"), field::DESCRIPTION, OpValue::Detached(1)),
        op(&visit, field::answer("ICF-R-02"), OpValue::Plain(Value::Null)),
    ];
    for (op, before_s) in ops.iter_mut().zip([95, 95, 61, 50, 61, 33, 0]) {
        op.before_s = before_s;
    }
    (ops, Detached::new([0x5e; 16], vec![Value::text("门口有人登记"), Value::text("未登记")]))
}

/// A photo fact, without a thumbnail and with one.
pub fn photo() -> Json {
    let fact = |thumb| Photo {
        sha256: [0xaa; 32],
        size: 251_904,
        width: 4_000,
        height: 3_000,
        mime: "image/jpeg".into(),
        exif: ExifClaims { orientation: Some(6), taken: None, model: Some("m".into()) },
        position: Some(Position { lat_e7: 378_700_000, lon_e7: 1_125_500_000, accuracy_m: 12 }),
        thumb,
    };
    json!({
        "without_thumbnail": json::value(&fact(None).to_value()),
        "with_thumbnail": json::value(&fact(Some([0xbb; 32])).to_value()),
    })
}

/// A snapshot of a visit with an answer, a note that is not in it, and a replaced op that has not arrived.
pub fn snapshot() -> Json {
    let phone = two_commits();
    let tip = phone.commits.last().unwrap();
    let op = |thing, field: &str, seq: u64, value| LiveOp {
        thing,
        field: field.into(),
        chain: 0,
        seq,
        commit: [0xee; 16],
        officer: phone.officer.0,
        corrected_ms: MORNING_MS,
        value,
        tips: None,
    };
    let visit = visit::visit(EntityId([0x11; 16]));
    let note = visit::note(&visit, Some("ICF-R-01"), OfficerId([1; 16]));
    let key = note.origin.as_ref().unwrap().key.encode();
    let state = State {
        chains: vec![ChainState {
            genesis: phone.genesis.as_bytes().to_vec().into(),
            tips: vec![Tip { seq: tip.header.seq, hash: tip.hash.0 }],
        }],
        things: vec![
            Thing { kind: visit.kind, id: visit.id.0, under: None },
            Thing { kind: note.kind, id: note.id.0, under: Some(Under { parent: 0, key: key.into() }) },
        ],
        live: vec![
            op(0, "a/ICF-R-01", 2, LiveValue::Plain(Value::Bool(true).encode().into())),
            op(1, "text", 1, LiveValue::Elsewhere([0xdd; 32])),
        ],
        dead: vec![DeadOp { thing: 0, field: "a/ICF-R-02".into(), commit: [0xcc; 16] }],
        held: vec![[0xbb; 32].into()],
    };
    let head = Head {
        city: CITY.0,
        scope: phone.scope.to_string(),
        position: 4_002,
        rolling: [0xaa; 16],
        made_ms: MORNING_MS,
        kept_since_ms: MORNING_MS - 63_072_000_000,
        left_out: 3,
        unpacked: 0,
        content: [0; 32],
    };
    let file = snapshot::write(head, &state, &hq()).unwrap();
    let (head, _) = snapshot::head(&file, &hq().public_key(), CITY.0, phone.scope.as_str()).unwrap();
    json!({ "state": hex(v1::encode(&state)), "head": hex(v1::encode(&head)), "file": hex(file) })
}

fn two_commits() -> Phone {
    let mut phone = Phone::new(1);
    let (ops, detached) = a_visit();
    let clock = Some(ClockOffset { offset_ms: 1_700, error_ms: 80 });
    phone.write_stamped(&Stamp { clock, feed_position: 4_000, ..phone.stamp(0) }, &ops, detached);
    let change = Op {
        over: vec![
            Reference::Own { seq: 1 },
            Reference::Other { chain: ChainId([0xcc; 16]), seq: 9, commit: CommitRef([0xdd; 16]) },
        ],
        ..op(
            &visit::visit(EntityId([0x11; 16])),
            field::answer("ICF-R-01"),
            OpValue::Plain(Value::Bool(true)),
        )
    };
    phone.write_stamped(
        &Stamp { clock, feed_position: 4_000, ..phone.stamp(7) },
        &[change],
        Detached::none(),
    );
    phone
}

pub fn values() -> Json {
    let accepted = [
        Value::Null,
        Value::Bool(true),
        Value::Int(0),
        Value::Int(-1),
        Value::Int(i64::MAX),
        Value::Int(i64::MIN),
        Value::bytes([1, 2]),
        Value::text("网吧"),
        Value::Array(vec![Value::Int(24), Value::Null]),
    ];
    let refused =
        ["1801", "fb0000000000000000", "9fff", "a0", "c001", "1bffffffffffffffff", "f7", "81818181818181f6"];
    for bytes in refused {
        assert!(Value::decode(&::hex::decode(bytes).unwrap()).is_err(), "{bytes}");
    }
    json!({ "accepted": accepted.iter().map(json::value).collect::<Vec<_>>(), "refused": refused })
}

pub fn certificate() -> Json {
    let key = SecretKey::from_bytes(&[1; 32]).unwrap();
    let certificate = Certificate::issue(
        &hq(),
        CITY,
        DeviceId([0xd1; 16]),
        key.public_key(),
        OfficerId([1; 16]),
        MORNING_MS,
    )
    .unwrap();
    Certificate::verify(certificate.as_bytes(), &hq().public_key(), CITY).unwrap();
    json!({
        "hq_secret_key": hex(hq().to_bytes()),
        "hq_public_key": hex(hq().public_key().to_bytes()),
        "city": hex(CITY),
        "device": hex(certificate.device),
        "officer": hex(certificate.officer),
        "device_secret_key": hex(key.to_bytes()),
        "device_public_key": hex(key.public_key().to_bytes()),
        "issued_ms": MORNING_MS,
        "certificate": hex(certificate.as_bytes()),
    })
}

pub fn genesis() -> Json {
    let phone = Phone::new(1);
    json!({
        "hq_public_key": hex(hq().public_key().to_bytes()),
        "city": hex(CITY),
        "nonce": hex([1; 16]),
        "scope": phone.scope.as_str(),
        "certificate": hex(phone.genesis.certificate.as_bytes()),
        "genesis": hex(phone.genesis.as_bytes()),
        "hash": hex(phone.genesis.hash()),
        "chain": hex(phone.genesis.chain()),
    })
}

pub fn body() -> Json {
    let (ops, detached) = a_visit();
    let core = body::write_core(&ops);
    json!({
        "ops": ops.iter().map(json::op).collect::<Vec<_>>(),
        "core": hex(&core),
        "secret": hex([0x5e; 16]),
        "detached": hex(detached.to_bytes()),
        "detached_hashes": detached.hashes().iter().map(hex).collect::<Vec<_>>(),
        "body_hash": hex(body::body_hash(&core, &detached.hashes())),
        "refused_cores": refused_cores(&core),
    })
}

/// Cores that no receiver takes, with the reason.
fn refused_cores(core: &[u8]) -> Json {
    let visit = Entity::new(kind::VISIT, EntityId([0x11; 16]));
    let over = |op: Op, n: u64| Op { over: (1..=n).map(|seq| Reference::Own { seq }).collect(), ..op };
    let one = |field: &str| op(&visit, field, OpValue::Plain(Value::Null));
    let cases = [
        ("cut short", core[..core.len() - 1].to_vec()),
        ("a field set twice", body::write_core(&[one("f"), one("f")])),
        ("an empty field name", body::write_core(&[one("")])),
        ("a field name that is not visible ASCII", body::write_core(&[one("名")])),
        ("65 replaced", body::write_core(&[over(one("f"), 65)])),
        ("no op", body::write_core(&[])),
        ("a delay over 2147483647 s", body::write_core(&[Op { before_s: 2_147_483_648, ..one("f") }])),
    ];
    cases
        .into_iter()
        .map(|(why, core)| {
            assert!(body::read_core(&core, 0).is_err(), "{why}");
            json!({ "why": why, "core": hex(core) })
        })
        .collect()
}

pub fn header() -> Json {
    let phone = two_commits();
    let header = |commit: &Commit| {
        let header = &commit.header;
        json!({
            "chain": hex(header.chain),
            "seq": header.seq,
            "prev": hex(header.prev),
            "officer": hex(header.officer),
            "device_ms": header.device_ms,
            "clock": header.clock.map(|clock| [clock.offset_ms, clock.error_ms]),
            "boot": hex(header.boot),
            "monotonic_ms": header.monotonic_ms,
            "feed_position": header.feed_position,
            "body_hash": hex(header.body_hash),
            "header": hex(header.encode()),
            "hash": hex(commit.hash),
        })
    };
    json!(phone.commits.iter().map(header).collect::<Vec<_>>())
}

pub fn head() -> Json {
    let phone = two_commits();
    let head = phone.head(&phone.commits[1]);
    let signature = head.sign(&phone.key).unwrap();
    head.verify(&phone.key.public_key(), &signature).unwrap();
    json!({
        "city": hex(head.city),
        "scope": head.scope.as_str(),
        "chain": hex(head.chain),
        "seq": head.seq,
        "hash": hex(head.hash),
        "head": hex(head.encode()),
        "public_key": hex(phone.key.public_key().to_bytes()),
        "signature": hex(signature),
    })
}

pub fn packet() -> Json {
    let phone = two_commits();
    let none = phone.packet(&phone.commits, Compression::None);
    let second = phone.packet(&phone.commits[1..], Compression::None);
    json!({
        "hq_public_key": hex(hq().public_key().to_bytes()),
        "city": hex(CITY),
        "phone": json::phone(&phone),
        "payload": hex(payload::write(&phone.commits)),
        "packet": hex(none.encode()),
        "packet_of_the_second_alone": hex(second.encode()),
        "dictionary_name": hex(dictionary_name()),
        "packet_zstd": hex(zstd_packet(&phone)),
        "commits": phone.commits.iter().map(json::commit).collect::<Vec<_>>(),
    })
}

/// The committed one: every reader must read it, while another version of zstd may write other bytes.
fn zstd_packet(phone: &Phone) -> Vec<u8> {
    let made = phone.packet(&phone.commits, Compression::Zstd);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        return made.encode();
    }
    let file: Json = serde_json::from_slice(&std::fs::read(crate::path("packet")).unwrap()).unwrap();
    let committed = ::hex::decode(file["packet_zstd"].as_str().unwrap()).unwrap();
    assert_eq!(Packet::decode(&committed).unwrap().unpack(), made.unpack());
    committed
}

pub fn receipt() -> Json {
    let body = ReceiptBody {
        city: CITY.0,
        time_ms: MORNING_MS,
        chains: vec![Held { chain: [1; 16], seq: 7, hash: [2; 32], judged_seq: 6 }],
        blobs: vec![[3; 32].into()],
        nonce: Some([6; 8].into()),
    };
    let receipt = Receipt::sign(&hq(), &body).unwrap();
    assert_eq!(receipt.verify(&hq().public_key(), CITY.0), Ok(body.clone()));
    json!({
        "hq_public_key": hex(hq().public_key().to_bytes()),
        "body": hex(v1::encode(&body)),
        "receipt": hex(v1::encode(&receipt)),
    })
}

/// One message of each shape: arrays, options, enums, bytes.
pub fn messages() -> Json {
    let cursor = Cursor { scope: "district/140105".into(), position: 12, rolling: [4; 16] };
    let head = HeadName { chain: [1; 16], seq: 7, hash: [2; 32] };
    let request = SyncRequest {
        app_version: "0.1.0".into(),
        device_ms: MORNING_MS,
        cursors: vec![cursor.clone()],
        heads: vec![head],
        here: Here {
            visits: 1,
            photos: 2,
            oldest_ms: Some(MORNING_MS),
            free_bytes: None,
            battery_percent: Some(80),
        },
        packets: vec![vec![0x80].into()],
        blobs: vec![[3; 32].into()],
        nonce: Some([6; 8].into()),
        trail: vec![Cursor { position: 8, ..cursor.clone() }],
        fed: vec![0],
        photos: Some(Mark { position: 2, rolling: [5; 16] }),
        backup_ms: Some(MORNING_MS),
        beyond: Some(5_000),
        quarantined: vec![Quarantined {
            chain: [1; 16],
            seq: 6,
            hash: [9; 32],
            reason: "commit_damaged".into(),
            bytes: vec![0xff; 3],
        }],
        scopes_known: Some(scopes_known(["city", "district/140105"].into_iter()).into()),
        rescue_known: true,
    };
    let backup = Backup {
        made_ms: MORNING_MS,
        scopes: vec![Covered { scope: "city".into(), position: 9 }],
        photos: 2,
    };
    let feed = Feed {
        scope: "district/140105".into(),
        restart: false,
        packets: vec![vec![0x80].into()],
        order: vec![
            Run { source: Source::Packet(0), from_seq: 1, count: 2 },
            Run { source: Source::Declared(0), from_seq: 3, count: 1 },
        ],
        cursor,
        end: Some(20),
    };
    let wanted = Wanted { roots: vec![[0x11; 16].into()], commits: vec![[0x22; 16].into()] };
    let brought = Brought {
        packets: vec![Fed {
            packet: vec![0x80].into(),
            prev: [7; 32],
            placed: vec![Placed { from_seq: 3, count: 2, position: 40 }],
        }],
        whole: vec![[0x11; 16].into()],
        later: Vec::new(),
    };
    let enroll = EnrollRequest {
        proof: Proof::Code("AB12CD34".into()),
        algorithm: 1,
        public_key: vec![2; 33],
        app_version: "0.1.0".into(),
    };
    let refusal = Refusal { code: "busy".into(), message: "later".into(), retry_after_s: Some(30) };
    json!({
        "sync_request": hex(v1::encode(&request)),
        "feed": hex(v1::encode(&feed)),
        "backup": hex(v1::encode(&backup)),
        "wanted": hex(v1::encode(&wanted)),
        "brought": hex(v1::encode(&brought)),
        "enroll_request": hex(v1::encode(&enroll)),
        "refusal": hex(v1::encode(&refusal)),
    })
}

/// Invitations that are read, and texts that are not.
pub fn invite() -> Json {
    let district = Invite {
        city: CITY,
        visit: EntityId([0x11; 16]),
        venue: EntityId([0x22; 16]),
        started_ms: MORNING_MS,
        scope: "district/140105".parse().unwrap(),
        checklist: Some([0x33; 32]),
    };
    let city = Invite { scope: Scope::city(), checklist: None, ..district.clone() };
    let mut damaged = city.to_text();
    damaged.pop();
    let team = Invite { scope: Scope::team(EntityId([0x44; 16])), ..city.clone() };
    let refused = [damaged, team.to_text(), city.to_text().replace("v=1", "v=2")];
    let read = [&district, &city].map(|invite| {
        json!({
            "text": invite.to_text(),
            "city": hex(invite.city),
            "visit": hex(invite.visit),
            "venue": hex(invite.venue),
            "started_ms": invite.started_ms,
            "scope": invite.scope.as_str(),
            "checklist": invite.checklist.map(hex),
        })
    });
    let refused = refused.map(|text| {
        assert!(Invite::from_text(&text).is_err());
        text
    });
    json!({ "read": read, "refused": refused })
}

/// Values of acts with a basis, and of pairs of visits, with the ids of what they are written on.
pub fn acts() -> Json {
    let visit = visit::visit(EntityId([0x11; 16]));
    let basis = vec![Basis::Own(3), Basis::Other(CommitRef([0xdd; 16]))];
    let retractions = [(true, basis.clone()), (false, Vec::new())].map(|(retracted, basis)| {
        json!({ "retracted": retracted, "value": json::value(&Retraction { retracted, basis }.to_value()) })
    });
    let reviews = ReviewState::ALL.iter().map(|state| {
        let review = Review { state: *state, basis: basis.clone() };
        json!({ "state": state.as_str(), "value": json::value(&review.to_value()) })
    });
    let (a, b) = (EntityId([0x22; 16]), EntityId([0x11; 16]));
    let pairs = [true, false].map(|same| {
        let pair = SameAs::new(a, b, same).unwrap();
        json!({
            "visits": [hex(a), hex(b)],
            "entity": json::entity(&pair.entity()),
            "value": json::value(&pair.to_value()),
        })
    });
    json!({
        "basis": json::value(&basis::to_value(&basis)),
        "retractions": retractions,
        "review": json::entity(&review::entity(&visit)),
        "reviews": reviews.collect::<Vec<_>>(),
        "pairs": pairs,
    })
}

/// The inside of a rescue bundle; what a reader says of it, and of one that was cut or changed.
pub fn rescue_bundle() -> Json {
    let (list, bytes) = bundles::bundled();
    let checked = bundle::check(bytes.as_slice(), Some(&hq().public_key())).unwrap();
    let list_bytes = v1::encode(&list);
    let contents =
        bytes.len() - list.entries.iter().map(|entry| usize::try_from(entry.size).unwrap()).sum::<usize>();
    let second = contents + usize::try_from(list.entries[0].size).unwrap();
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let wrong = [
        ("a changed list", changed(60)),
        ("a changed byte of the second packet", changed(second + 5)),
        ("cut in the photo", bytes[..bytes.len() - 1].to_vec()),
        ("a byte too many", [bytes.as_slice(), &[0]].concat()),
    ];
    let wrong = wrong.map(|(what, bytes)| {
        let said = bundle::check(bytes.as_slice(), None).unwrap_err();
        json!({ "what": what, "bundle": hex(&bytes), "place": said.place })
    });
    json!({
        "list": hex(&list_bytes),
        "list_hash": hex(tagged_hash(bundle::LIST_TAG, &[&list_bytes])),
        "bundle": hex(&bytes),
        "holds": { "packets": checked.packets, "commits": checked.commits, "photos": checked.photos },
        "wrong": wrong,
    })
}

/// A pairing, and a packet as it passes a hub. What is sealed differs from time to time and is left out.
pub fn hub() -> Json {
    let phone = two_commits();
    let pairing = Pairing {
        addresses: vec!["192.168.43.1".parse().unwrap()],
        port: 41_234,
        pin: [0xaa; 32],
        secret: [0xbb; 16],
        city: CITY,
        scopes: vec![Scope::city(), phone.scope.clone()],
    };
    let statement = hub::statement(Side::Phone, &pairing.pin, &pairing.secret, phone.device);
    let join = HubJoin {
        secret: pairing.secret,
        certificate: phone.genesis.certificate.as_bytes().to_vec(),
        signature: phone.key.sign(hub::TAG, &statement).unwrap(),
        app_version: "0.1.0".into(),
    };
    let carried = Carried {
        genesis: phone.genesis.as_bytes().to_vec(),
        prev: phone.genesis.hash().0,
        packet: phone.packet(&hub::without_values(&phone.commits), Compression::None).encode(),
        sealed: Some(b"age file".to_vec().into()),
    };
    let checked = carried.check(&hq().public_key(), CITY).unwrap();
    assert_eq!(checked.commits.last().map(|last| last.hash), phone.commits.last().map(|last| last.hash));
    let open =
        Carried { packet: phone.packet(&phone.commits, Compression::None).encode(), ..carried.clone() };
    assert_eq!(open.check(&hq().public_key(), CITY), Err(hub::CarriedError::Unsealed));
    let answer = HubAnswer {
        runs: vec![HubRun { chain: [1; 16], from_seq: 5, seq: 7, hash: [2; 32] }],
        blobs: vec![[3; 32].into()],
        refused: Vec::new(),
        receipts: Vec::new(),
        scopes: vec!["city".into()],
        retry_after_s: Some(30),
    };
    json!({
        "text": pairing.to_string(),
        "statement": hex(statement),
        "join": hex(v1::encode(&join)),
        "carried": hex(v1::encode(&carried)),
        "answer": hex(v1::encode(&answer)),
    })
}

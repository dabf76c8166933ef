//! Every decoder of this crate against damaged and invented bytes: it answers, it allocates within its bound, and what it
//! takes encodes to the same again.
//!
//! Coverage-guided fuzzing wants a nightly toolchain, and this must run wherever the tests do: mutations of the committed
//! vectors from a seed. `XUNCHA_FUZZ_CASES` is the number of inputs per decoder, `XUNCHA_FUZZ_SEED` where to begin.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::PathBuf;

use peak_alloc::PeakAlloc;
use support::mutate::{INPUT_BYTES_MAX, Shown, input, number};
use support::phone::{CITY, hq};
use support::rng::Rng;
use xuncha_domain::bundle;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::ids::{CommitHash, Scope, tagged_hash};
use xuncha_domain::limits;
use xuncha_domain::log::body::{self, Body};
use xuncha_domain::log::chain::{Certificate, Genesis};
use xuncha_domain::log::crypto::{PublicKey, Signer};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::model::{answer, fact, seal, verdict, visit};
use xuncha_domain::protocol::v1::{self, blobs, enroll, receipt, refusal, snapshot, sync, things};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// All decoders together take some five seconds in a debug build.
const CASES: u64 = 3_000;
/// One byte of input may become one value of 32 bytes, held three times while a list of them grows.
const BYTES_PER_BYTE: usize = 128;
/// What a decoder may take for an input of no bytes: tables, keys, error texts.
const BYTES_ALWAYS: usize = 64 * 1024;
/// A decoder and how many bytes of memory it may take for these.
struct Target {
    name: &'static str,
    /// Whether it took the bytes.
    decode: fn(&[u8]) -> bool,
    bound: fn(&[u8]) -> usize,
}

fn by_length(bytes: &[u8]) -> usize {
    bytes.len() * BYTES_PER_BYTE + BYTES_ALWAYS
}

/// A packet declares what it unpacks to; declaring costs nothing, so the limit bounds it, and zstd needs its window.
fn by_declared_length(bytes: &[u8]) -> usize {
    const ZSTD_BYTES: usize = 512 * 1024;
    by_length(bytes) + 2 * limits::PACKET_UNPACKED_MAX + ZSTD_BYTES
}

const TARGETS: &[Target] = &[
    Target { name: "value", decode: value, bound: by_length },
    Target { name: "checklist", decode: checklist, bound: by_length },
    Target { name: "core", decode: core, bound: by_length },
    Target { name: "detached", decode: detached, bound: by_length },
    Target { name: "packet", decode: packet, bound: by_declared_length },
    Target { name: "certificate", decode: certificate, bound: by_length },
    Target { name: "genesis", decode: genesis, bound: by_length },
    Target { name: "public key", decode: public_key, bound: by_length },
    Target { name: "scope", decode: scope, bound: by_length },
    Target { name: "enroll request", decode: message::<enroll::EnrollRequest>, bound: by_length },
    Target { name: "enroll answer", decode: message::<enroll::EnrollAnswer>, bound: by_length },
    Target { name: "sync request", decode: message::<sync::SyncRequest>, bound: by_length },
    Target { name: "sync answer", decode: message::<sync::SyncAnswer>, bound: by_length },
    Target { name: "feed", decode: message::<sync::Feed>, bound: by_length },
    Target { name: "receipt", decode: message::<receipt::Receipt>, bound: by_length },
    Target { name: "receipt body", decode: message::<receipt::ReceiptBody>, bound: by_length },
    Target { name: "refusal", decode: message::<refusal::Refusal>, bound: by_length },
    Target { name: "bundle", decode: rescue_bundle, bound: by_length },
    Target { name: "bundle's list", decode: list_alone, bound: by_length },
    Target { name: "hashes", decode: message::<blobs::Hashes>, bound: by_length },
    Target { name: "wanted", decode: message::<things::Wanted>, bound: by_length },
    Target { name: "brought", decode: message::<things::Brought>, bound: by_length },
    Target { name: "snapshot's content", decode: message::<snapshot::State>, bound: by_length },
    Target { name: "snapshot", decode: whole_snapshot, bound: by_length },
];

fn whole_snapshot(bytes: &[u8]) -> bool {
    snapshot::read(bytes, &hq().public_key(), CITY.0, "district/140105").is_ok()
}

fn value(bytes: &[u8]) -> bool {
    let Ok(value) = Value::decode(bytes) else { return false };
    assert_eq!(value.encode(), bytes);
    // What reads values never trusts their shape.
    let _ = (visit::finding_item(&value), visit::note_key(&value), visit::photo_item(&value));
    let _ = (visit::presence_device(&value), verdict::from_value(&value), answer::from_value(&value));
    let again = fact::Photo::from_value(&value).map(|fact| fact.to_value());
    assert!(
        again.is_none_or(|again| fact::Photo::from_value(&again).map(|fact| fact.to_value()) == Some(again))
    );
    let _ = (fact::Position::from_value(&value), fact::Reading::from_value(&value).map(|r| r.verdict()));
    let _ = seal::Seal::from_value(&value);
    true
}

fn checklist(bytes: &[u8]) -> bool {
    let Ok(checklist) = Checklist::from_content(bytes) else { return false };
    assert_eq!(checklist.content(), bytes);
    true
}

fn core(bytes: &[u8]) -> bool {
    (0..3).any(|detached| match body::read_core(bytes, detached) {
        Ok(Body::Known(ops)) => {
            assert_eq!(body::write_core(&ops), bytes);
            true
        }
        Ok(Body::Newer { .. }) | Err(_) => false,
    })
}

fn detached(bytes: &[u8]) -> bool {
    let Ok(detached) = Detached::from_bytes(bytes) else { return false };
    assert_eq!(Detached::from_bytes(&detached.to_bytes()).as_ref(), Ok(&detached));
    let all: Vec<usize> = (0..detached.len()).collect();
    assert_eq!(detached.erase(&all).hashes(), detached.hashes());
    true
}

fn packet(bytes: &[u8]) -> bool {
    let Ok(packet) = Packet::decode(bytes) else { return false };
    assert_eq!(Packet::decode(&packet.encode()).as_ref(), Ok(&packet));
    let Ok(loose) = packet.unpack() else { return true };
    assert!(loose.len() <= limits::PACKET_COMMITS_MAX);
    let mut prev = CommitHash([0; 32]);
    let named = packet.prev.map_or(packet.chain.0, |prev| prev.0);
    prev.0[..16].copy_from_slice(&named);
    let Ok(commits) = packet::link(&packet, loose, prev) else { return true };
    let _ = packet::verify_head(&packet, &commits, CITY, &Scope::city(), &hq().public_key());
    for commit in &commits {
        commit.ops().iter().for_each(|op| {
            let _ = commit.op_corrected_ms(op);
        });
        assert_eq!(commit.stored().len(), commit.ops().len());
    }
    true
}

fn certificate(bytes: &[u8]) -> bool {
    let read = Certificate::verify(bytes, &hq().public_key(), CITY);
    assert!(read.as_ref().is_ok_and(|read| read.as_bytes() == bytes) || read.is_err());
    read.is_ok()
}

fn genesis(bytes: &[u8]) -> bool {
    let read = Genesis::verify(bytes, &hq().public_key(), CITY);
    assert!(read.as_ref().is_ok_and(|read| read.as_bytes() == bytes) || read.is_err());
    read.is_ok()
}

fn public_key(bytes: &[u8]) -> bool {
    let Ok(key) = PublicKey::from_bytes(1, bytes) else { return false };
    assert_eq!(key.to_bytes(), bytes);
    let _ = key.verify("tag", bytes, bytes);
    true
}

fn scope(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(scope) = text.parse::<Scope>() else { return false };
    assert_eq!(scope.as_str(), text);
    true
}

fn message<T>(bytes: &[u8]) -> bool
where
    T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + PartialEq + std::fmt::Debug,
{
    let Ok(message) = v1::decode::<T>(bytes) else { return false };
    assert_eq!(v1::decode::<T>(&v1::encode(&message)).as_ref(), Ok(&message));
    true
}

/// Damage before the contents is caught by the list's hash; behind it each entry is read.
fn rescue_bundle(bytes: &[u8]) -> bool {
    bundle::check(bytes, None).is_ok()
}

/// The list under its right hash, with what follows it missing: what an enemy can make.
fn list_alone(bytes: &[u8]) -> bool {
    if !message::<bundle::List>(bytes) {
        return false;
    }
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    let framed = [&bundle::MAGIC[..], &length, &tagged_hash(bundle::LIST_TAG, &[bytes]), bytes].concat();
    let _ = bundle::check(framed.as_slice(), Some(&hq().public_key()));
    true
}

/// Messages of which no vector exists.
fn made() -> Vec<Vec<u8>> {
    let phone = support::phone::Phone::new(1);
    let text = |text: &str| text.to_owned();
    let enrolled = enroll::EnrollAnswer {
        certificate: phone.genesis.certificate.as_bytes().to_vec(),
        city: CITY.0,
        city_name: text("太原市"),
        scopes: vec![text("city"), text("district/140105")],
        token: vec![7; 32],
        hq_algorithm: 1,
        hq_key: hq().public_key().to_bytes(),
        time_ms: 1_580_173_200_000,
        rescue: Some(text("age1")),
    };
    let body = receipt::ReceiptBody {
        city: CITY.0,
        time_ms: 1,
        chains: Vec::new(),
        blobs: Vec::new(),
        nonce: Some([6; 8].into()),
    };
    let head = sync::HeadName { chain: [1; 16], seq: 5, hash: [2; 32] };
    let answer = sync::SyncAnswer {
        time_ms: 1_580_173_200_000,
        receipt: receipt::Receipt::sign(&hq(), &body).unwrap(),
        refused: vec![sync::Refused { packet: 0, reason: text("predecessor"), last_common: Some(head) }],
        feeds: Vec::new(),
        verdicts: vec![sync::VerdictNotice { hash: [3; 32], applied: false, reason: text("device_closed") }],
        unknown_heads: vec![head],
        scopes: Some(vec![text("city")]),
        more: true,
        retry_after_s: Some(30),
        rescue: None,
        photos: Some(sync::Mark { position: 3, rolling: [7; 16] }),
        photos_restart: true,
        backup: Some(sync::Backup {
            made_ms: 1_580_173_200_000,
            scopes: vec![sync::Covered { scope: text("city"), position: 9 }],
            photos: 2,
        }),
        erased: Some(sync::Erased {
            values: vec![sync::ErasedValues { hash: [6; 32], places: vec![0, 2] }],
            photos: vec![[7; 32].into()],
        }),
        quarantined: vec![[8; 32].into()],
    };
    let hashes = blobs::Hashes { hashes: vec![[4; 32].into(), [5; 32].into()] };
    let scope = support::phone::district().as_str().as_bytes().to_vec();
    vec![v1::encode(&enrolled), v1::encode(&answer), v1::encode(&hashes), scope]
}

/// Every byte string of the committed vectors.
fn seeds() -> Vec<Vec<u8>> {
    fn collect(json: &serde_json::Value, into: &mut Vec<Vec<u8>>) {
        match json {
            serde_json::Value::String(text) => into.extend(hex::decode(text)),
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            serde_json::Value::Object(map) => map.values().for_each(|item| collect(item, into)),
            _ => {}
        }
    }
    let folder = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("vectors");
    let mut seeds = made();
    let (list, bundle) = support::bundles::bundled();
    seeds.extend([v1::encode(&list), bundle]);
    let short = Checklist::for_venue("ICAFE", Mode::Closure).unwrap();
    seeds.push(short.content());
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        collect(&serde_json::from_slice(&text).unwrap(), &mut seeds);
    }
    seeds.retain(|seed| seed.len() <= INPUT_BYTES_MAX);
    seeds.sort();
    seeds.dedup();
    seeds
}

// One test, alone in its process: the allocator counts for all threads.
#[test]
fn whatever_comes_in_a_decoder_answers_within_its_bound() {
    let (cases, seed) = (number("XUNCHA_FUZZ_CASES", CASES), number("XUNCHA_FUZZ_SEED", 1));
    let seeds = seeds();
    for target in TARGETS {
        let mut rng = Rng::new(seed);
        let (mut most, mut taken) = (0, 0);
        let own: Vec<Vec<u8>> = seeds.iter().filter(|seed| (target.decode)(seed)).cloned().collect();
        assert!(!own.is_empty(), "no valid bytes for {}", target.name);
        for _ in 0..cases {
            let bytes = input(&mut rng, &own, &seeds);
            let _shown = Shown(target.name, &bytes);
            MEMORY.reset_peak_usage();
            let before = MEMORY.current_usage();
            taken += u64::from((target.decode)(&bytes));
            let memory = MEMORY.peak_usage().saturating_sub(before);
            assert!(
                memory <= (target.bound)(&bytes),
                "{memory} bytes of memory for {} of input",
                bytes.len()
            );
            most = most.max(memory);
        }
        println!("{}: {cases} inputs, {taken} taken, at most {most} bytes of memory", target.name);
    }
}

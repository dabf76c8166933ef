//! A rescue bundle is judged from itself alone, and the first thing that is wrong is named.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::bundles::{bundle, bundled, phone, written};
use support::phone::{Phone, hq};
use xuncha_domain::bundle::{Check, Kind, List, Wrong, check};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::{SecretKey, Signer};
use xuncha_domain::log::packet::Compression;

fn packet(phone: &Phone, commits: &[Commit]) -> (Kind, Vec<u8>) {
    (Kind::Packet, phone.packet(commits, Compression::Zstd).encode())
}

fn wrong(bytes: &[u8]) -> Wrong {
    check(bytes, None).unwrap_err()
}

#[test]
fn a_whole_bundle_is_counted() {
    let (_, bytes) = bundled();
    let checked = check(bytes.as_slice(), Some(&hq().public_key())).unwrap();
    assert_eq!((checked.packets, checked.commits, checked.photos), (2, 2, 1));
}

/// Of a run of any length, in the first packet or a later one.
#[test]
fn the_first_commit_that_cannot_be_read_is_named() {
    let phone = phone(9);
    for bad in 0..9 {
        let mut commits = phone.commits.clone();
        // One behind it is bad as well: the first is what counts.
        for commit in &mut commits[bad..(bad + 3).min(9)] {
            commit.core = vec![0xff];
        }
        let (_, bytes) = bundle(&phone, &[(Kind::Photo, vec![1]), packet(&phone, &commits)]);
        assert_eq!(wrong(&bytes).place, format!("entry 2 (packet), commit {}", bad + 1));
        let (_, bytes) = bundle(&phone, &[packet(&phone, &commits[..4]), packet(&phone, &commits[4..])]);
        let entry = if bad < 4 { 1 } else { 2 };
        assert_eq!(wrong(&bytes).place, format!("entry {entry} (packet), commit {}", bad + 1));
    }
}

/// A changed commit that can be read is found by the signature over the last one of its packet.
#[test]
fn a_changed_commit_breaks_the_signature_of_its_packet() {
    let phone = phone(5);
    let mut commits = phone.commits.clone();
    let at = commits[1].core.iter().rposition(|byte| *byte == 0xf5).unwrap();
    commits[1].core[at] = 0xf4;
    let (_, bytes) = bundle(&phone, &[packet(&phone, &commits[..3]), packet(&phone, &commits[3..])]);
    let wrong = wrong(&bytes);
    assert_eq!(wrong.place, "entry 1 (packet), commit 3");
    assert!(matches!(wrong.what, Check::Packet(_)), "{wrong}");
}

#[test]
fn a_packet_needs_what_it_follows() {
    let phone = phone(3);
    let [first, later] = [packet(&phone, &phone.commits[..1]), packet(&phone, &phone.commits[2..])];
    let (_, bytes) = bundle(&phone, &[first.clone(), later]);
    assert!(
        matches!(wrong(&bytes), Wrong { place, what: Check::NoPredecessor } if place == "entry 2 (packet)")
    );
    let (list, _) = bundle(&phone, std::slice::from_ref(&first));
    let bytes = written(&List { starts: Vec::new(), ..list }, &[first]);
    assert!(matches!(wrong(&bytes), Wrong { place, what: Check::NoChain } if place == "entry 1 (packet)"));
}

#[test]
fn another_hq_and_a_false_beginning_are_named_in_the_list() {
    let (list, bytes) = bundled();
    let other = SecretKey::from_bytes(&[0x52; 32]).unwrap().public_key();
    let wrong_list = |what: Wrong| {
        assert_eq!(what.place, "list");
        what.what
    };
    assert!(matches!(wrong_list(check(bytes.as_slice(), Some(&other)).unwrap_err()), Check::OtherHq));
    let claimed = written(&List { hq_key: other.to_bytes(), entries: Vec::new(), ..list.clone() }, &[]);
    assert!(matches!(wrong_list(wrong(&claimed)), Check::Chain(_)));
    let no_key = written(&List { hq_key: vec![2; 33], entries: Vec::new(), ..list.clone() }, &[]);
    assert!(matches!(wrong_list(wrong(&no_key)), Check::HqKey | Check::Chain(_)));
    let mut list = List { entries: Vec::new(), ..list };
    list.starts[0].hash = [7; 32];
    assert!(matches!(wrong_list(wrong(&written(&list, &[]))), Check::NoPredecessor));
}

//! What a visit costs on the wire.
//!
//! `cargo test -p xuncha-domain --test measure -- --nocapture` prints the table of FORMAT.md, section "Sizes".
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::rng::Rng;
use support::visits::{self, Plan};
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::log::packet::Compression;

/// Bytes per visit of one upload of `visits` visits.
fn upload(visits: i64, sealed: bool, chinese: bool, compression: Compression) -> usize {
    let checklist = Checklist::for_venue("ICAFE", Mode::Routine).unwrap();
    assert!(checklist.items().count() >= 30);
    let note = if chinese { visits::chinese_note } else { visits::english_note };
    let plan = Plan { checklist, answers: 30, readings: 5, notes_percent: 10, note: &note, brigade: 1 };
    let mut rng = Rng::new(2020);
    let mut phone = visits::phone(&mut rng);
    // The first commit travelled before: the genesis record is sent once in the life of a phone.
    visits::make(&mut phone, -1, &plan, &mut rng);
    for n in 0..visits {
        let id = visits::make(&mut phone, n, &plan, &mut rng);
        if sealed {
            visits::seal(&mut phone, id, checklist);
        }
    }
    let packet = phone.packet(&phone.commits[1..], compression).encode();
    packet.len() / usize::try_from(visits).unwrap()
}

#[test]
fn a_visit_costs_at_most_390_bytes() {
    println!("{:<34} {:>9} {:>9}", "bytes per visit", "as made", "sealed");
    let zstd = Compression::Zstd;
    for (label, visits, chinese, compression) in [
        ("one visit, English notes", 1, false, zstd),
        ("one visit, Chinese notes", 1, true, zstd),
        ("one of 50 visits, English notes", 50, false, zstd),
        ("one of 50 visits, Chinese notes", 50, true, zstd),
        ("one of 50, English, uncompressed", 50, false, Compression::None),
    ] {
        let [plain, sealed] = [false, true].map(|sealed| upload(visits, sealed, chinese, compression));
        println!("{label:<34} {plain:>9} {sealed:>9}");
    }
    assert!(upload(50, false, false, zstd) <= 390);
}

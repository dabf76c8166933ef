//! The shared dictionary of packets: how it was made, and that it is the one which the format names.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::rng::Rng;
use support::visits::{self, Plan};
use xuncha_domain::checklist::{Checklist, Mode};
use xuncha_domain::log::{packet, payload};
use xuncha_domain::reference;

/// At run time: clones that share a target directory may share this binary.
fn file() -> String {
    std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/data/dictionary-1.bin"
}
/// What zstd manuals advise for small messages; every installation carries it.
const BYTES_MAX: usize = 16 * 1024;

/// Payloads of single visits to every kind of venue, as phones make them.
fn samples() -> Vec<Vec<u8>> {
    let mut rng = Rng::new(20_200_124);
    let mut samples = Vec::new();
    for round in 0..24 {
        for category in reference::categories() {
            for purpose in Mode::ALL {
                let Some(checklist) = Checklist::for_venue(&category.code, *purpose) else { continue };
                let note = visits::checklist_note(checklist);
                let (answers, readings) = (10 + round * 4, round % 6);
                let plan = Plan {
                    checklist,
                    answers,
                    readings,
                    notes_percent: 10,
                    note: &note,
                    brigade: 1_000 + round as u64,
                };
                let mut phone = visits::phone(&mut rng);
                let id = visits::make(&mut phone, round as i64, &plan, &mut rng);
                if round % 2 == 0 {
                    visits::seal(&mut phone, id, checklist);
                }
                samples.push(payload::write(&phone.commits));
            }
        }
    }
    samples
}

/// Run once, before the format was frozen; another version of zstd may train another dictionary from the same samples.
#[test]
#[ignore = "writes data/dictionary-1.bin"]
fn train() {
    let dictionary = zstd::dict::from_samples(&samples(), BYTES_MAX).unwrap();
    std::fs::write(file(), dictionary).unwrap();
}

#[test]
fn the_dictionary_is_the_one_of_the_format() {
    assert!(std::fs::read(file()).unwrap().len() <= BYTES_MAX);
    assert_eq!(hex::encode(packet::dictionary_name()), "50da78d192f4c32f");
}

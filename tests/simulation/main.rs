//! `xuncha-simulate`: a fleet of real engines against real server rules, in virtual time, with faults, from a seed.
//!
//! A run draws everything from its seed and asks the machine for nothing, so that a seed that fails can be played again.
//! What is right is said by [`model`], which shares no code with the merge.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this program is nothing but a test, and a test fails by panicking"
)]

mod check;
mod fleet;
mod hq;
mod model;
mod nature;
mod network;
mod officer;
mod phone;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use xuncha_tests::random::Random;

use fleet::{Outcome, Stage, Unhealed};

#[derive(Parser)]
#[command(about = "Plays a fleet with faults and checks that nothing is lost")]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed; drawn and printed when left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Also restore HQ from old backups. Not healed today: runs with it fail.
    #[arg(long)]
    restore_hq: bool,
    /// Also restore phones without their key. Not healed today: runs with it fail.
    #[arg(long)]
    lose_keys: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let first = arguments.seed.unwrap_or_else(|| Random::new().seed);
    let unhealed = Unhealed { hq_restored: arguments.restore_hq, key_lost: arguments.lose_keys };
    let failed = play(first, arguments.seeds, unhealed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays `seeds` seeds from `first` on, prints each and the sums, and returns how many failed.
fn play(first: u64, seeds: u64, unhealed: Unhealed) -> u64 {
    let stage = Stage::build();
    let mut sums = BTreeMap::<&str, u64>::new();
    let mut failed = 0;
    for seed in first..first.saturating_add(seeds) {
        let outcome = stage.play(seed, unhealed);
        report(seed, unhealed, &outcome);
        failed += u64::from(!outcome.wrong.is_empty());
        for (name, count) in outcome.operations.iter().chain(&outcome.faults) {
            *sums.entry(name).or_default() += count;
        }
    }
    println!("{seeds} seeds from {first}: {failed} failed\n{}", counts(&sums));
    failed
}

fn report(seed: u64, unhealed: Unhealed, outcome: &Outcome) {
    let Outcome { operations, faults, digest, .. } = outcome;
    println!("seed {seed} (digest {digest:016x}): {} | {}", counts(operations), counts(faults));
    for wrong in &outcome.wrong {
        println!("  VIOLATION {wrong}");
    }
    if !outcome.wrong.is_empty() {
        let flags = [(unhealed.hq_restored, " --restore-hq"), (unhealed.key_lost, " --lose-keys")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
        let rest = if flags.is_empty() { flags } else { format!(" --{flags}") };
        println!("  again: cargo xtask simulate --seeds 1 --seed {seed}{rest}");
    }
}

fn counts(counts: &BTreeMap<&str, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some twenty seconds in a debug build; `cargo xtask simulate` plays as many as one likes.
    const SEEDS: u64 = 5;

    #[test]
    fn a_fleet_with_faults_loses_nothing() {
        assert_eq!(play(Random::new().seed, SEEDS, Unhealed::default()), 0, "see the violations above");
    }

    #[test]
    fn a_seed_plays_the_same_run_again() {
        let stage = Stage::build();
        let [one, two] = [(); 2].map(|()| stage.play(7, Unhealed::default()));
        assert_eq!((one.operations, one.faults), (two.operations, two.faults));
        assert_eq!((one.wrong, one.digest), (two.wrong, two.digest));
    }
}

//! `cargo xtask simulate`: builds the simulation of a fleet and plays seeds.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::{mutants, place, setup};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed; drawn and printed when left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Put deliberate faults into a copy of the code, one at a time, and see whether the simulation finds each. Takes
    /// minutes per mutant.
    #[arg(long)]
    mutants: bool,
    /// The one mutant to play.
    #[arg(long, requires = "mutants")]
    only: Option<String>,
    /// Handed on, such as `--phones 6`.
    #[arg(last = true)]
    more: Vec<String>,
}

pub(crate) fn simulate(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.mutants {
        let caught = mutants::play(arguments.only.as_deref())?;
        return Ok(if caught { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    // The whole workspace: another selection would build the dependencies a second time.
    setup::succeed(&mut place::cargo(["build", "--workspace", "--all-targets"]))?;
    let mut command = Command::new(place::built("xuncha-simulate"));
    command.env("CARGO_MANIFEST_DIR", place::root().join("tests"));
    command.args(["--seeds", &arguments.seeds.to_string()]);
    command.args(arguments.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    let played = command.args(&arguments.more).status()?;
    Ok(if played.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

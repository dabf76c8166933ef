//! `cargo xtask kill`: the phone and HQ are killed at random instants, as often as one likes.
//!
//! CI runs the same tests with few kills; this is the long run.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::{place, setup};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How often the phone is killed, and HQ after it.
    #[arg(long, default_value_t = 300)]
    times: usize,
    /// Repeats a run: the seed that it printed.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn kill(arguments: &Arguments) -> Result<ExitCode> {
    let mut command = long_run("binary(kill)")?;
    command.env("XUNCHA_KILLS", arguments.times.to_string());
    command.envs(arguments.seed.map(|seed| ("XUNCHA_SEED", seed.to_string())));
    Ok(if command.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests that `filter` names, the ignored ones too, with their output shown and an hour instead of minutes. What they
/// need is installed and built before.
pub(crate) fn long_run(filter: &str) -> Result<Command> {
    setup::for_test()?;
    setup::ui_packages()?;
    setup::succeed(&mut place::npm(["run", "build"]))?;
    setup::succeed(&mut place::cargo(["build", "--workspace", "--all-targets"]))?;
    let run = ["nextest", "run", "--workspace", "--all-targets", "--profile", "long", "--no-capture"];
    let mut command = place::cargo(run);
    command.args(["--run-ignored", "all", "-E", filter]);
    Ok(command)
}

//! `cargo xtask network`: a whole day's work through a bad network. CI runs a short day on a better link.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::kill::long_run;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Visits of the day, with three photos each.
    #[arg(long, default_value_t = 50)]
    visits: usize,
    /// Repeats a run: the seed that it printed.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn network(arguments: &Arguments) -> Result<ExitCode> {
    let mut command = long_run("binary(network) & test(a_whole_day)")?;
    command.env("XUNCHA_VISITS", arguments.visits.to_string());
    command.envs(arguments.seed.map(|seed| ("XUNCHA_SEED", seed.to_string())));
    Ok(if command.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

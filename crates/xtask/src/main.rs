//! `cargo xtask`: set-up and chores, written in Rust so that two commands do everything on a fresh machine.
//!
//! It depends on three small crates and on nothing of ours: it compiles in seconds, before anything else exists, and
//! every product it starts is built by a child cargo into one shared target directory (`place::target`).

mod bench;
mod count;
mod figures;
mod kill;
mod mobile;
mod mutant;
mod mutants;
mod network;
mod place;
mod processes;
mod run;
mod screenshots;
mod setup;
mod simulate;
mod steps;
mod test;
mod types;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set-up and chores of this project")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build, start HQ with its embedded SQLite and a phone against it.
    Run(run::Arguments),
    /// Install what is missing, run everything, end with a plain count.
    Test,
    /// Play a fleet of phones with faults against HQ, and check that nothing is lost.
    Simulate(simulate::Arguments),
    /// Kill the phone and HQ at random instants, and check that nothing acknowledged is missing.
    Kill(kill::Arguments),
    /// Send a whole day's work through a bad network, and check that all of it arrives.
    Network(network::Arguments),
    /// Measure the product beside a floor of plain rows and other sync engines.
    Bench(bench::Arguments),
    /// Type check the phone app for Android and iOS, and compile the Kotlin of its plugin.
    CheckMobile,
    /// Take a picture of every screen, in both languages, light and dark, into ui/screenshots.
    Screenshots,
    /// Rewrite the TypeScript that is generated from the Rust wire types.
    Types,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Test => test::test(),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Kill(arguments) => kill::kill(&arguments),
        Command::Network(arguments) => network::network(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::CheckMobile => mobile::check(),
        Command::Screenshots => screenshots::screenshots(),
        Command::Types => types::rewrite(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

//! The product as a peer of a sync bench: every command is one process that prints one JSON object as its last line.
//!
//! Phones are real engines on real folders, fully durable, tapped through the same calls as a screen; HQ is the real server
//! binary. `cargo xtask bench --peers DIR` runs the workloads and prints the figures beside a floor of plain rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench stops at what it did not expect"
)]

mod day;
mod edits;
mod history;
mod hq;
mod phone;
mod workload;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sets HQ up when its folder is empty, then becomes the server binary.
    Server {
        #[command(flatten)]
        hq: Hq,
        /// The server binary.
        #[arg(long)]
        server: PathBuf,
    },
    /// Enrols the phones and writes the visits on them.
    Load(Fleet),
    /// Every phone syncs once.
    Sync(Fleet),
    /// A fresh phone of somebody who reads every district takes everything.
    Pull(Fleet),
    /// What HQ's rows hold.
    Stats(Hq),
    /// Pairs of phones edit the same visits.
    W2(Fleet),
    /// The same; the second phone of a pair is a copy of the first.
    W3(Fleet),
    /// What a sync with nothing new costs after histories of different length. Needs no other process.
    History {
        #[arg(long, value_delimiter = ',', default_value = "1000,1000000")]
        ops: Vec<usize>,
    },
}

#[derive(Args)]
struct Hq {
    /// HQ's data folder.
    #[arg(long)]
    data: PathBuf,
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[derive(Args)]
struct Fleet {
    #[command(flatten)]
    hq: Hq,
    /// Where the phones' folders lie.
    #[arg(long)]
    phones: PathBuf,
    /// Folder of the workload's NDJSON files.
    #[arg(long)]
    workload: PathBuf,
    /// Phones at work at once.
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    /// Tells one fresh phone from another.
    #[arg(long, default_value = "1")]
    fresh: String,
}

fn main() -> Result<()> {
    let said = match Cli::parse().command {
        Command::Server { hq, server } => return hq::serve(&hq, &server),
        Command::Load(fleet) => day::load(&fleet)?,
        Command::Sync(fleet) => day::sync(&fleet)?,
        Command::Pull(fleet) => day::pull(&fleet)?,
        Command::Stats(hq) => hq::stats(&hq.data)?,
        Command::W2(fleet) => edits::run(&fleet, false)?,
        Command::W3(fleet) => edits::run(&fleet, true)?,
        Command::History { ops } => history::run(&ops)?,
    };
    println!("{said}");
    Ok(())
}

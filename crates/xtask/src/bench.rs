//! `cargo xtask bench`: the product beside a floor of plain rows, and other sync engines if wanted, on one workload.
//!
//! The workload, the floor and the other engines are somebody else's and lie outside this repository; their folder is an
//! argument. It is copied and left as it is. Ratios are taken within a round, so that a busy machine does not decide them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::figures;
use crate::place;
use crate::setup::succeed;

/// Peers that cost minutes to build; only those that are asked for are.
const HEAVY: [&str; 3] = ["automerge", "loro", "yrs"];
const PRODUCT: &str = "xuncha";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder of the bench: run.py, adapters.json, rust.
    #[arg(long)]
    peers: PathBuf,
    /// Phones of the first workload.
    #[arg(long, default_value_t = 100)]
    phones: u32,
    /// Visits on each.
    #[arg(long, default_value_t = 50)]
    visits: u32,
    /// Pairs of phones that edit together.
    #[arg(long, default_value_t = 20)]
    pairs: u32,
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Other adapters to run beside the floors.
    #[arg(long, value_delimiter = ',')]
    with: Vec<String>,
    /// Leave the concurrent edits out.
    #[arg(long)]
    skip_edits: bool,
    /// Also what a sync with nothing new costs after a thousand and after a million ops; takes minutes.
    #[arg(long)]
    history: bool,
}

pub(crate) fn bench(arguments: &Arguments) -> Result<ExitCode> {
    let peers = arguments.peers.canonicalize().with_context(|| arguments.peers.display().to_string())?;
    let own = place::target().join("bench");
    fs::create_dir_all(&own)?;
    succeed(&mut place::cargo([
        "build",
        "--release",
        "--bin",
        "xuncha-server",
        "--bin",
        "xuncha-bench-peer",
    ]))?;
    build_peers(&peers.join("rust"), &own.join("peers"), arguments)?;
    let bin = own.join("peers/target/release");
    let data = own.join("workload");
    remove(&data)?;
    let numbers = [arguments.phones, arguments.visits, arguments.pairs].map(|number| number.to_string());
    succeed(Command::new(bin.join("gen")).arg(&data).args(numbers))?;
    let adapters = own.join("adapters.json");
    fs::write(&adapters, with_product(&peers.join("adapters.json"))?)?;

    let results = own.join("results.jsonl");
    remove(&results)?;
    let visits = u64::from(arguments.phones) * u64::from(arguments.visits);
    let expected = json!({ "inspections": visits, "answers": visits * 30, "temps": visits * 5 });
    let only = [&["floor", "floor-a", PRODUCT].map(str::to_owned), arguments.with.as_slice()].concat();
    let mut run = Command::new("python3");
    run.arg(peers.join("run.py")).arg("--data").arg(&data).arg("--out").arg(&results).arg("--bin").arg(&bin);
    run.arg("--adapters").arg(&adapters).arg("--work").arg(own.join("work"));
    run.args(["--only", &only.join(","), "--rounds", &arguments.rounds.to_string()]);
    run.args(["--expect", &expected.to_string(), "--limit", "3600"]);
    run.args(if arguments.skip_edits { ["--skip-w2"].as_slice() } else { ["--w3"].as_slice() });
    succeed(&mut run)?;
    succeed(Command::new("python3").arg(peers.join("run.py")).arg("--table").arg(&results))?;

    let rows = fs::read_to_string(&results)?;
    let rows = rows.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    println!("\n{}", figures::table(&rows, PRODUCT));
    if arguments.history {
        succeed(Command::new(release("xuncha-bench-peer")).arg("history"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The peers as they are, without those that nobody asked for.
fn build_peers(from: &Path, to: &Path, arguments: &Arguments) -> Result<()> {
    let unwanted: Vec<&str> = HEAVY
        .into_iter()
        .filter(|name| !arguments.with.iter().any(|peer| peer.trim_end_matches("-a") == *name))
        .collect();
    for file in files(from)? {
        let target = to.join(file.strip_prefix(from)?);
        let text = fs::read_to_string(&file)?;
        let mentions = |line: &&str| {
            unwanted.iter().any(|name| {
                line.contains(&format!("mod {name};"))
                    || line.contains(&format!("{name}::"))
                    || line.starts_with(&format!("{name} ="))
            })
        };
        let lists_them = ["mod.rs", "peer.rs", "Cargo.toml"].iter().any(|name| file.ends_with(name));
        let kept: String = text
            .lines()
            .filter(|line| !(lists_them && mentions(line)))
            .map(|line| format!("{line}\n"))
            .collect();
        if fs::read_to_string(&target).is_ok_and(|there| there == kept) {
            continue;
        }
        fs::create_dir_all(target.parent().context("a folder")?)?;
        fs::write(&target, kept)?;
    }
    let mut cargo = place::cargo(["build", "--release", "--bins"]);
    cargo.current_dir(to).env("CARGO_TARGET_DIR", to.join("target"));
    succeed(&mut cargo)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true if entry.file_name() != "target" => found.extend(files(&entry.path())?),
            true => {}
            // The lock file names what was cut away.
            false if entry.file_name() != "Cargo.lock" => found.push(entry.path()),
            false => {}
        }
    }
    Ok(found)
}

/// The adapters with ours among them.
fn with_product(adapters: &Path) -> Result<String> {
    let text = fs::read_to_string(adapters).with_context(|| adapters.display().to_string())?;
    let mut adapters: BTreeMap<String, Value> = serde_json::from_str(&text)?;
    let peer = release("xuncha-bench-peer").display().to_string();
    let server = release("xuncha-server").display().to_string();
    let fleet = |command: &str| {
        json!([
            &peer,
            command,
            "--data",
            "{srv}",
            "--port",
            "{port}",
            "--phones",
            "{dev}",
            "--workload",
            "{data}",
            "--at-once",
            "{conc}",
            "--fresh",
            "{x}"
        ])
    };
    let product = json!({
        "server": [&peer, "server", "--data", "{srv}", "--port", "{port}", "--server", server],
        "load": fleet("load"), "sync": fleet("sync"), "pull": fleet("pull"),
        "w2": fleet("w2"), "w3": fleet("w3"),
        "stats": [&peer, "stats", "--data", "{srv}"],
        "settle": false,
        // Its log is read for what publishing cost.
        "env": { "XUNCHA_LOG": "info,xuncha_server::service::sync=debug", "NO_COLOR": "1" },
    });
    ensure!(adapters.insert(PRODUCT.into(), product).is_none(), "an adapter has our name");
    Ok(serde_json::to_string_pretty(&adapters)?)
}

fn release(name: &str) -> PathBuf {
    place::target().join("release").join(name)
}

fn remove(path: &Path) -> Result<()> {
    match path.is_dir() {
        true => Ok(fs::remove_dir_all(path)?),
        false if path.exists() => Ok(fs::remove_file(path)?),
        false => Ok(()),
    }
}

//! `cargo xtask simulate --mutants`: proves that the simulation bites.
//!
//! Each file in `tests/simulation/mutants` is one deliberate fault. All are put into a copy of the working tree, one is
//! switched on at a time, and the simulation must find it. The product has no switch for any of them, and the
//! developer's own tree is never written to. Copy and target directory are kept, so that a second run builds little.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::mutant::{Mutant, SWITCH};
use crate::place;

/// Seeds that a mutant may survive. Most fall within three.
const SEEDS: u64 = 60;
const FIRST_SEED: u64 = 1;
/// Small fleets: a seed is quick, and phones meet often.
const PHONES: usize = 5;
/// Seeds without a mutant, with the same options: a simulation that fails anyway proves nothing.
const SOUND_SEEDS: u64 = 5;
/// A mutant that makes the simulation run without end is found by this.
const LONGEST: Duration = Duration::from_secs(30 * 60);
const POLL: Duration = Duration::from_millis(200);
/// Names no mutant.
const NONE: &str = "none";

/// What the simulation said.
enum Verdict {
    /// The seed, and the first thing that was wrong.
    Caught(String, String),
    Survived,
}

/// Plays every mutant, or the one named `only`. Returns whether all were caught.
pub(crate) fn play(only: Option<&str>) -> Result<bool> {
    let mutants = Mutant::all(&place::root().join("tests/simulation/mutants"))?;
    let chosen: Vec<&Mutant> =
        mutants.iter().filter(|mutant| only.is_none_or(|only| mutant.name == only)).collect();
    ensure!(!chosen.is_empty(), "no such mutant");
    let mut changed = BTreeMap::new();
    mutants.iter().try_for_each(|mutant| mutant.put_into(&mut changed, &place::root()))?;
    let copy = Copy::of_tree(&changed)?;
    let mut sets: Vec<&[String]> = chosen.iter().map(|mutant| mutant.options.as_slice()).collect();
    sets.sort();
    sets.dedup();
    println!("building {} with {} mutants", copy.tree.display(), mutants.len());
    copy.build()?;
    for options in sets {
        if let Verdict::Caught(seed, wrong) = copy.simulate(NONE, options, SOUND_SEEDS)? {
            bail!("without a mutant, with {options:?}, {seed} already fails: {wrong}");
        }
    }
    let mut survived = Vec::new();
    for mutant in &chosen {
        println!("{}: {} (law {})", mutant.name, mutant.fault, mutant.law);
        match copy.simulate(&mutant.name, &mutant.options, SEEDS)? {
            Verdict::Caught(seed, wrong) => println!("  caught by {seed}: {wrong}"),
            Verdict::Survived => {
                println!("  SURVIVED {SEEDS} seeds");
                survived.push(mutant.name.as_str());
            }
        }
    }
    println!("{} mutants, {} caught", chosen.len(), chosen.len() - survived.len());
    if !survived.is_empty() {
        println!("survived: {}", survived.join(", "));
    }
    Ok(survived.is_empty())
}

/// A copy of the working tree with a target directory of its own.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// What git knows or would know of the working tree, as it is now, but for the `changed` files. A file that has the
    /// text it had keeps its time.
    fn of_tree(changed: &BTreeMap<PathBuf, String>) -> Result<Self> {
        let home = place::target().join("mutants");
        let copy = Self { tree: home.join("tree"), target: home.join("target") };
        let root = place::root();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .context("git")?;
        ensure!(listed.status.success(), "git ls-files failed");
        let listed = String::from_utf8(listed.stdout)?;
        let files: Vec<&Path> = listed.split_terminator('\0').map(Path::new).collect();
        for file in &files {
            let (from, to) = (root.join(file), copy.tree.join(file));
            // Listed, but deleted in the working tree.
            if !from.is_file() {
                continue;
            }
            let bytes = match changed.get(*file) {
                Some(text) => text.clone().into_bytes(),
                None => fs::read(&from)?,
            };
            if fs::read(&to).is_ok_and(|old| old == bytes) {
                continue;
            }
            fs::create_dir_all(to.parent().unwrap_or(&copy.tree))?;
            fs::write(&to, bytes)?;
        }
        remove_others(&copy.tree, &copy.tree, &|file| files.contains(&file) && root.join(file).is_file())?;
        Ok(copy)
    }

    fn build(&self) -> Result<()> {
        let mut command = place::cargo(["build", "--quiet", "--workspace", "--bin", "xuncha-simulate"]);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target);
        // Nobody debugs a mutant; without it a build takes less time.
        command.env("CARGO_PROFILE_DEV_DEBUG", "false");
        // Warnings of what a mutant leaves unused are of no interest, errors are.
        let built = command.output()?;
        ensure!(built.status.success(), "it does not compile:\n{}", String::from_utf8_lossy(&built.stderr));
        Ok(())
    }

    fn simulate(&self, name: &str, options: &[String], seeds: u64) -> Result<Verdict> {
        let log = self.target.join(format!("{name}.log"));
        let mut command = Command::new(self.target.join("debug/xuncha-simulate"));
        command.env("CARGO_MANIFEST_DIR", self.tree.join("tests")).env(SWITCH, name).arg("--until-failure");
        let numbers = [("--seeds", seeds), ("--seed", FIRST_SEED), ("--phones", PHONES as u64)];
        for (flag, number) in numbers {
            command.args([flag, &number.to_string()]);
        }
        let mut running = command.args(options).stdout(File::create(&log)?).stderr(Stdio::null()).spawn()?;
        let mut waited = Duration::ZERO;
        let ended = loop {
            if let Some(status) = running.try_wait()? {
                break status;
            }
            if waited > LONGEST {
                running.kill()?;
                running.wait()?;
                bail!("the simulation did not end within {} minutes", LONGEST.as_secs() / 60);
            }
            thread::sleep(POLL);
            waited += POLL;
        };
        if ended.success() {
            return Ok(Verdict::Survived);
        }
        let said = fs::read_to_string(&log)?;
        let wrong = said.lines().find_map(|line| line.trim().strip_prefix("VIOLATION "));
        let seed = said.lines().rfind(|line| line.starts_with("seed "));
        match (seed.and_then(|line| line.split(" (").next()), wrong) {
            (Some(seed), Some(wrong)) => Ok(Verdict::Caught(seed.into(), wrong.into())),
            _ => bail!("the simulation ended with {ended} and said nothing: {}", log.display()),
        }
    }
}

/// Removes files of an older tree below `folder`.
fn remove_others(tree: &Path, folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(tree, &path, wanted)?;
        } else if !wanted(path.strip_prefix(tree)?) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

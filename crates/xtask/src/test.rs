//! `cargo xtask test`: every check there is, in the order that finds the cheap mistakes first.
//!
//! All cargo steps name the whole workspace with all targets, because cargo chooses the features of shared
//! dependencies per selection: any other selection would build them a second time.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::steps::Report;
use crate::{count, place, setup};

pub(crate) fn test() -> Result<ExitCode> {
    let mut report = Report::default();
    let ready = report.check("set-up", setup::for_test);
    report.command("rustfmt", place::cargo(["fmt", "--all", "--check"]));
    let ui = report.check("ui packages", setup::ui_packages) && check_ui(&mut report);
    // The app embeds the built pages when it is compiled.
    if ready && ui {
        check_rust(&mut report);
    } else {
        ["clippy", "build", "tests", "doc tests"].into_iter().for_each(|name| report.not_run(name));
    }
    Ok(if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// True when the pages were built, whatever their checks said.
fn check_ui(report: &mut Report) -> bool {
    report.command("vue-tsc", place::npm(["run", "check"]));
    let results = place::target().join("vitest.json");
    report.tests("vitest", vitest(&results), |_| count::vitest(&fs::read_to_string(&results).ok()?));
    report.command("ui build", place::npm(["run", "build"]))
}

fn vitest(results: &Path) -> Command {
    // Results of an earlier run must not be counted as this one's.
    let _ = fs::remove_file(results);
    let mut command = place::npm(["run", "test", "--", "--reporter=default", "--reporter=json"]);
    command.arg(format!("--outputFile.json={}", results.display()));
    command
}

fn check_rust(report: &mut Report) {
    report
        .command("clippy", place::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    if report.command("build", place::cargo(["build", "--workspace", "--all-targets"])) {
        report.tests("tests", nextest(), count::nextest);
        report.tests("doc tests", place::cargo(["test", "--workspace", "--doc"]), count::libtest);
    } else {
        ["tests", "doc tests"].into_iter().for_each(|name| report.not_run(name));
    }
}

/// The end-to-end tests start the real programs; they are told where those are.
pub(crate) fn nextest() -> Command {
    let mut command = place::cargo(["nextest", "run", "--workspace", "--no-fail-fast", "--color=never"]);
    command
        .env("XUNCHA_APP", place::built("xuncha-app"))
        .env("XUNCHA_SERVER", place::built("xuncha-server"))
        .env("XUNCHA_BRIDGE", place::built("xuncha-bridge"))
        .env("XUNCHA_UI_DIST", place::ui_dist())
        .env("XUNCHA_TUSPY_PYTHON", place::tuspy().join("bin/python"));
    command
}

//! `cargo xtask screenshots`: every screen that the journeys reach, in both languages, light and dark.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::steps::Report;
use crate::{count, place, setup, test};

/// Writes them to `ui/screenshots`, named by journey, step, language and scheme, in place of those of before.
pub(crate) fn screenshots() -> Result<ExitCode> {
    let folder = place::root().join("ui/screenshots");
    let mut report = Report::default();
    let ready = report.check("set-up", setup::for_test)
        && report.check("ui packages", setup::ui_packages)
        && report.command("ui build", place::npm(["run", "build"]))
        && report.command("build", place::cargo(["build", "--workspace", "--all-targets"]));
    if ready {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        let mut journeys = test::nextest();
        journeys.args(["-E", "binary(e2e)"]).env("XUNCHA_SHOTS", &folder);
        report.tests("journeys", journeys, count::nextest);
        println!("\n{} pictures in {}", fs::read_dir(&folder)?.count(), folder.display());
    } else {
        report.not_run("journeys");
    }
    Ok(if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

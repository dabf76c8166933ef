//! `cargo xtask types`: the architecture test that checks the generated TypeScript also writes it, when asked.

use std::process::ExitCode;

use anyhow::Result;

use crate::{place, setup};

pub(crate) fn rewrite() -> Result<ExitCode> {
    let mut command = place::cargo(["test", "--package", "xuncha-tests", "--test", "architecture"]);
    setup::succeed(command.env("UPDATE_GENERATED", "1"))?;
    Ok(ExitCode::SUCCESS)
}

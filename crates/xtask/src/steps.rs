//! Runs one step after the other, shows its output as it comes, and keeps the account that the last lines print.
//!
//! A failed step never stops the ones that do not need it: one run shows everything that is broken.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::count::Count;
use crate::place;

#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
    total: Count,
}

struct Line {
    name: &'static str,
    result: &'static str,
    took: Duration,
    tests: Option<Count>,
}

impl Report {
    /// A step that either works or does not; a failure counts as one.
    pub(crate) fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        self.step(name, || match work() {
            Ok(()) => (true, None),
            Err(error) => {
                println!("{error:#}");
                (false, None)
            }
        })
    }

    pub(crate) fn command(&mut self, name: &'static str, command: Command) -> bool {
        self.step(name, || (shown(command).0, None))
    }

    /// A step that runs tests: `count` reads their number out of what the command printed. A run whose number cannot be
    /// read is a failure, whatever its exit code says.
    pub(crate) fn tests(
        &mut self,
        name: &'static str,
        command: Command,
        count: impl FnOnce(&str) -> Option<Count>,
    ) {
        self.step(name, || {
            let (well, output) = shown(command);
            let tests = count(&output);
            (well && tests.is_some(), tests)
        });
    }

    /// A step whose needs failed is counted as a failure too: it proves nothing.
    pub(crate) fn not_run(&mut self, name: &'static str) {
        self.total.failed += 1;
        self.lines.push(Line { name, result: "NOT RUN", took: Duration::ZERO, tests: None });
    }

    fn step(&mut self, name: &'static str, work: impl FnOnce() -> (bool, Option<Count>)) -> bool {
        println!("\n=== {name}");
        let began = now();
        let (well, tests) = work();
        let mut count = tests.unwrap_or_default();
        if !well {
            count.failed = count.failed.max(1);
        }
        self.total += count;
        let result = if count.failed == 0 { "ok" } else { "FAILED" };
        self.lines.push(Line { name, result, took: began.elapsed(), tests });
        count.failed == 0
    }

    /// Prints the table and, as the last line, the plain count. True when everything ran and passed.
    pub(crate) fn finish(mut self) -> bool {
        if self.total.passed == 0 {
            println!("\nnot one test passed: that is a failure");
            self.total.failed = self.total.failed.max(1);
        }
        println!();
        for Line { name, result, took, tests } in &self.lines {
            let tests = tests.map(|count| format!("{} tests passed", count.passed)).unwrap_or_default();
            println!("{result:<8} {:>7.1} s  {name:<28} {tests}", took.as_secs_f64());
        }
        let Count { passed, failed, skipped } = self.total;
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
        failed == 0
    }
}

/// Runs a command to its end, shows both of its outputs as they come and returns them.
fn shown(mut command: Command) -> (bool, String) {
    println!("$ {}", place::spoken(&command));
    match relayed(&mut command) {
        Ok(done) => done,
        Err(error) => {
            println!("{error:#}");
            (false, String::new())
        }
    }
}

fn relayed(command: &mut Command) -> Result<(bool, String)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let errors = child.stderr.take().context("stderr is piped")?;
    let errors = thread::spawn(move || relay(errors));
    let mut output = relay(child.stdout.take().context("stdout is piped")?);
    output.push_str(&errors.join().unwrap_or_default());
    Ok((child.wait()?.success(), output))
}

fn relay(source: impl Read) -> String {
    let mut all = String::new();
    for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        all.push_str(&line);
        all.push('\n');
    }
    all
}

#[expect(clippy::disallowed_methods, reason = "how long a step really took; no product code runs in xtask")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failed_step_and_a_run_without_tests_are_failures() {
        let mut report = Report::default();
        assert!(!report.command("breaks", sh("echo why; exit 3")));
        assert_eq!(report.total, Count { passed: 0, failed: 1, skipped: 0 });
        assert!(!report.finish());

        let mut nothing = Report::default();
        assert!(nothing.command("works", sh("true")));
        assert!(!nothing.finish());
    }

    #[test]
    fn both_outputs_of_a_step_are_read() {
        let mut report = Report::default();
        report.tests("counts", sh("echo one; echo two >&2"), |output| {
            assert_eq!(output, "one\ntwo\n");
            Some(Count { passed: 2, failed: 0, skipped: 1 })
        });
        assert!(report.finish());
    }
}

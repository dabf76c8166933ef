//! Reads how many tests a test runner ran, so that the last line can say it plainly.

use std::ops::AddAssign;

use serde_json::Value;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// The summary line of cargo-nextest: `Summary [ 1.2s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped`.
/// A run that was cut short says `5/12 tests run`; what it did not reach counts as failed, like everything that ran
/// and did not pass (failed, timed out, could not be started).
pub(crate) fn nextest(output: &str) -> Option<Count> {
    let line = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, after) = line.split_once(']')?;
    let (run, results) = after.split_once(" run: ")?;
    let planned = run.split_whitespace().next()?.rsplit('/').next()?.parse::<u64>().ok()?;
    let named = |word: &str| {
        let part = results.split(", ").find(|part| part.split_whitespace().nth(1) == Some(word))?;
        part.split_whitespace().next()?.parse::<u64>().ok()
    };
    let passed = named("passed").unwrap_or(0);
    Some(Count { passed, failed: planned.saturating_sub(passed), skipped: named("skipped").unwrap_or(0) })
}

/// All `test result: ok. 3 passed; 0 failed; 1 ignored; …` lines of `cargo test`.
pub(crate) fn libtest(output: &str) -> Option<Count> {
    let results: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix("test result: ")).collect();
    let sum = |word: &str| -> u64 {
        let of = |line: &&str| {
            let part = line.split([';', '.']).find(|part| part.trim_end().ends_with(word))?;
            part.split_whitespace().next()?.parse::<u64>().ok()
        };
        results.iter().filter_map(of).sum()
    };
    let count = Count { passed: sum("passed"), failed: sum("failed"), skipped: sum("ignored") };
    (!results.is_empty()).then_some(count)
}

/// The JSON report of vitest.
pub(crate) fn vitest(report: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |name: &str| report.get(name).and_then(Value::as_u64);
    Some(Count {
        passed: number("numPassedTests")?,
        failed: number("numFailedTests")?,
        skipped: number("numPendingTests").unwrap_or(0) + number("numTodoTests").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_nextest_run() {
        let all_well = "     Summary [   0.021s] 4 tests run: 4 passed, 0 skipped";
        assert_eq!(nextest(all_well), Some(Count { passed: 4, failed: 0, skipped: 0 }));
        let one_test = "     Summary [   0.021s] 1 test run: 1 passed (1 slow), 2 skipped";
        assert_eq!(nextest(one_test), Some(Count { passed: 1, failed: 0, skipped: 2 }));
        let trouble = "Summary [ 61.5s] 12 tests run: 8 passed (1 leaky), 2 failed, 1 exec failed, 1 timed out, 3 skipped\n   FAIL x";
        assert_eq!(nextest(trouble), Some(Count { passed: 8, failed: 4, skipped: 3 }));
        let cut_short = "Summary [ 1.5s] 5/12 tests run: 4 passed, 1 failed, 0 skipped";
        assert_eq!(nextest(cut_short), Some(Count { passed: 4, failed: 8, skipped: 0 }));
        assert_eq!(nextest("error: could not compile"), None);
    }

    #[test]
    fn counts_doc_tests_of_several_crates() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(libtest(output), Some(Count { passed: 4, failed: 2, skipped: 1 }));
        assert_eq!(libtest(""), None);
    }

    #[test]
    fn counts_a_vitest_run() {
        let report = r#"{"numPassedTests":7,"numFailedTests":1,"numPendingTests":2,"numTodoTests":1}"#;
        assert_eq!(vitest(report), Some(Count { passed: 7, failed: 1, skipped: 3 }));
        assert_eq!(vitest("{}"), None);
    }
}

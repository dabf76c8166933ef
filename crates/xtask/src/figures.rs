//! The figures of a bench against what this project has set itself, as Markdown.

use std::fmt::Write as _;

use serde_json::Value;

/// A figure of the product and what it may be at most.
struct Figure {
    what: &'static str,
    unit: &'static str,
    at_most: f64,
    value: fn(&Round<'_>) -> Option<f64>,
}

/// The product and the floors in one round.
struct Round<'r> {
    ours: &'r Value,
    floor: &'r Value,
    /// The floor with a transaction per answer, as every tap of ours is one.
    floor_by_answer: &'r Value,
}

const FIGURES: &[Figure] = &[
    Figure {
        what: "server CPU to receipt",
        unit: "× floor",
        at_most: 1.5,
        value: |r| {
            let published = of(r.ours, "sync.publish_cpu_s")?;
            ratio(of(r.ours, "sync.scpu")? - published, counted_cpu_s(r.floor))
        },
    },
    Figure {
        what: "server CPU to the last row",
        unit: "× floor",
        at_most: 3.0,
        value: |r| ratio(of(r.ours, "sync.scpu")?, counted_cpu_s(r.floor)),
    },
    Figure {
        what: "wire",
        unit: "× floor",
        at_most: 1.3,
        value: |r| ratio(of(r.ours, "sync.lo")?, of(r.floor, "sync.lo")),
    },
    Figure {
        what: "server disk, register taken off",
        unit: "× floor",
        at_most: 2.2,
        value: |r| {
            ratio(of(r.ours, "srv_disk")? - of(r.ours, "load.register_hq_bytes")?, of(r.floor, "srv_disk"))
        },
    },
    Figure {
        what: "server disk, all",
        unit: "× floor",
        at_most: 2.2,
        value: |r| ratio(of(r.ours, "srv_disk")?, of(r.floor, "srv_disk")),
    },
    Figure {
        what: "phone disk, register taken off",
        unit: "× floor by answer",
        at_most: 2.3,
        value: |r| {
            let visits = of(r.ours, "dev_disk")? - of(r.ours, "load.register_phones_bytes")?;
            ratio(visits, of(r.floor_by_answer, "dev_disk"))
        },
    },
    Figure {
        what: "phone disk, all",
        unit: "× floor by answer",
        at_most: 2.3,
        value: |r| ratio(of(r.ours, "dev_disk")?, of(r.floor_by_answer, "dev_disk")),
    },
    Figure {
        what: "a tap on an answer until it is on the disk and drawn, 95th percentile",
        unit: "ms",
        at_most: 16.0,
        value: |r| of(r.ours, "load.tap_p95_ms"),
    },
    Figure {
        what: "server peak memory",
        unit: "MB",
        at_most: 64.0,
        value: |r| Some(of(r.ours, "sync.srss")? / 1e6),
    },
    Figure {
        what: "a sync with nothing new, both ways with TCP/IP",
        unit: "B a phone",
        at_most: 1_000.0,
        value: |r| ratio(of(r.ours, "resync.lo")?, of(r.ours, "load.devices")),
    },
    Figure {
        what: "round trips of a phone's day",
        unit: "",
        at_most: 2.0,
        value: |r| of(r.ours, "sync.posts_max"),
    },
    Figure {
        what: "up from a phone's day",
        unit: "B",
        at_most: 26_000.0,
        value: |r| of(r.ours, "sync.sent_max"),
    },
    Figure { what: "W2 edits lost or hidden", unit: "", at_most: 0.0, value: |r| lost(r.ours, "w2") },
    Figure { what: "W2 fields that differ", unit: "", at_most: 0.0, value: |r| of(r.ours, "w2.diverged") },
    Figure { what: "W3 edits lost or hidden", unit: "", at_most: 0.0, value: |r| lost(r.ours, "w3") },
    Figure { what: "W3 fields that differ", unit: "", at_most: 0.0, value: |r| of(r.ours, "w3.diverged") },
    Figure {
        what: "W3 forks not shown",
        unit: "",
        at_most: 0.0,
        value: |r| Some(of(r.ours, "w3.forks_expected")? - of(r.ours, "w3.forks_detected")?),
    },
];

/// Medians over the rounds; a figure that was not measured is left out.
pub(crate) fn table(rows: &[Value], product: &str) -> String {
    let find = |name: &str, tag: &Value| {
        rows.iter()
            .find(|row| row.get("peer").and_then(Value::as_str) == Some(name) && row.get("tag") == Some(tag))
    };
    let rounds: Vec<Round<'_>> = rows
        .iter()
        .filter(|row| row.get("peer").and_then(Value::as_str) == Some(product))
        .filter_map(|ours| {
            let tag = ours.get("tag")?;
            Some(Round { ours, floor: find("floor", tag)?, floor_by_answer: find("floor-a", tag)? })
        })
        .collect();
    let mut table = String::from("| | measured | at most | |\n|---|---:|---:|---|\n");
    for figure in FIGURES {
        let mut values: Vec<f64> = rounds.iter().filter_map(figure.value).collect();
        values.sort_by(f64::total_cmp);
        let Some(value) = values.get(values.len() / 2) else { continue };
        let (measured, at_most) = (shown(*value), shown(figure.at_most));
        let verdict = if *value <= figure.at_most { "met" } else { "missed" };
        // A String takes every text.
        let _ = writeln!(table, "| {} | {measured} {} | {at_most} | {verdict} |", figure.what, figure.unit);
    }
    table
}

fn shown(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn of(row: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(row, |value, key| value.get(key))?.as_f64()
}

/// The kernel counts CPU in ticks of 10 ms: of fewer than ten of them nothing follows, and eight phones take the floor one.
fn counted_cpu_s(floor: &Value) -> Option<f64> {
    of(floor, "sync.scpu").filter(|seconds| *seconds >= 0.1)
}

fn ratio(ours: f64, theirs: Option<f64>) -> Option<f64> {
    theirs.filter(|theirs| *theirs > 0.0).map(|theirs| ours / theirs)
}

fn lost(row: &Value, workload: &str) -> Option<f64> {
    let of = |name: &str| of(row, &format!("{workload}.{name}"));
    Some(of("overlap_lost")? + of("disjoint_lost")? + of("disjoint_hidden")?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cpu_time_of_a_few_ticks_is_no_measure() {
        let rows = |floor: f64| {
            let row = |peer: &str, scpu: f64| json!({ "peer": peer, "tag": "1", "sync": { "scpu": scpu } });
            [row("floor", floor), row("floor-a", floor), row("us", 0.5)]
        };
        assert!(table(&rows(0.2), "us").contains("CPU to the last row | 2.50 × floor"));
        assert!(!table(&rows(0.02), "us").contains("CPU"));
    }

    #[test]
    fn figures_are_ratios_within_a_round_and_medians_over_rounds() {
        let round = |tag: &str, ours: f64| {
            let row = |peer: &str, wire: f64| json!({ "peer": peer, "tag": tag, "sync": { "lo": wire } });
            [row("floor", 10.0), row("floor-a", 10.0), row("us", ours)]
        };
        let rows: Vec<Value> = [round("1", 12.0), round("2", 20.0), round("3", 11.0)].concat();
        assert!(
            table(&rows, "us").contains("| wire | 1.20 × floor | 1.30 | met |"),
            "{}",
            table(&rows, "us")
        );
        assert!(!table(&rows, "us").contains("disk"), "what was not measured is not there");
    }
}

//! A day's work through a bad network: a real phone program with its own sync worker, a real HQ, and between them a link
//! that is narrow, slow, away most of the time, and breaks. Everything must arrive whole.
//!
//! The link is a TCP proxy in this process and says so: the kernel's own emulation (netem) needs root and a module that
//! many machines lack, and the proxy breaks connections at bytes and instants that a seed repeats. It cannot lose single
//! packets; what loss does to TCP (stalls, cut and dead connections) it does to the stream.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod day;
mod link;

use std::time::Duration;

use day::Day;
use link::Shape;

/// What CI has time for.
#[test]
fn a_short_day_arrives_whole() {
    let shape = Shape {
        bits_per_second: 2_000_000,
        delay: Duration::from_millis(100),
        on: Duration::from_secs(6),
        off: Duration::from_secs(2),
        breaking_percent: 30,
        // Only the phone's time-outs end a dead connection, and they are as long as CI has.
        dead: false,
    };
    Day { visits: 5, photos_per_visit: 2, within: Duration::from_secs(200) }.arrives_through(shape);
}

/// `cargo xtask network`
#[test]
#[ignore = "takes an hour: 37 MB at 2 Mbit/s, one third of the time"]
fn a_whole_day_arrives_whole() {
    let shape = Shape {
        bits_per_second: 2_000_000,
        delay: Duration::from_millis(400),
        on: Duration::from_secs(10),
        off: Duration::from_secs(20),
        breaking_percent: 30,
        dead: true,
    };
    let visits = std::env::var("XUNCHA_VISITS").map_or(50, |text| text.parse().expect("a number"));
    Day { visits, photos_per_visit: 3, within: Duration::from_hours(2) }.arrives_through(shape);
}

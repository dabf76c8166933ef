//! Law 1 and law 3 under SIGKILL: real programs are killed at random instants, again and again.
//!
//! What was acknowledged to the caller must be there afterwards, what was cut off is there wholly or not at all, and every
//! receipt that a phone got is true. The instant is chosen as a number of acknowledged calls and a delay into the next one.
//! SIGKILL leaves what was written to the system's page cache: this proves the order of writes and the transactions, not
//! that a flush reached the platter.
//!
//! `XUNCHA_KILLS` says how often (20 without it), `XUNCHA_SEED` repeats a run; `cargo xtask kill` sets both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod disk;
mod phone;
mod server;
mod tally;

/// Enough to hit every kind of call in half a minute; the long run is `cargo xtask kill`.
const KILLS: usize = 20;

fn times() -> usize {
    std::env::var("XUNCHA_KILLS").map_or(KILLS, |text| text.parse().expect("XUNCHA_KILLS is a number"))
}

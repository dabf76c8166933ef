//! HQ from outside: through its service, as the simulation drives it, and over real HTTP.

// Helpers of tests may end a test like the tests themselves; clippy allows it only inside `#[test]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod backup;
mod console;
mod erase;
mod fuzz;
mod http;
mod moved;
#[path = "../../../crates/domain/tests/support/mutate.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test target uses a part of it")]
mod mutate;
mod phone;
mod quotas;
#[path = "../../../crates/domain/tests/support/rng.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test target uses a part of it")]
mod rng;
mod snapshot;
mod sync;
mod upgrade;
mod world;

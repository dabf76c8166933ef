//! The journey of one visit through the real programs: from a tap in the street to the proof on HQ's screen.
//!
//! The app's window and the browser over the bridge make the same journey; each kills the phone where it hurts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod acts;
mod browser;
mod checklists;
mod desk;
mod documents;
mod enrolment;
mod erasing;
mod hub;
mod inbox;
mod ledgers;
mod lock;
mod map;
mod me;
mod moved;
mod officer;
mod orders;
mod rescue;
mod taps;
mod temperatures;
mod together;
mod window;

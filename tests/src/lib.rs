//! The test world: what the tests of the whole system share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this package is nothing but tests, and a test fails by panicking"
)]

mod edition;
pub mod generated;
pub mod processes;
pub mod program;
pub mod random;
pub mod script;
pub mod stage;
pub mod webdriver;
pub mod world;

pub use edition::{edition, edition_file};

/// The folder of this package, asked for at run time: clones that share a target directory may share a test binary.
///
/// # Panics
/// Outside cargo and nextest, which set the variable.
pub fn package() -> std::path::PathBuf {
    std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this").into()
}

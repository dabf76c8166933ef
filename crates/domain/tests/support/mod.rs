//! What the tests of this crate share: people with phones, and visits as they are made with real checklists.
//!
//! Every test target compiles this and uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod bundles;
pub mod mutate;
pub mod phone;
pub mod replica;
pub mod rng;
pub mod visits;

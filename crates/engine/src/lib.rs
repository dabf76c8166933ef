//! The phone without Tauri: SQLite store, journal, sync, photos, and one [`api`] facade that the Tauri app, the bridge and
//! the tests call alike.
//!
//! How a tap flows: `api` → [`write::record`] (journal and rows, one transaction) → [`write::flush`] (a commit at a
//! natural boundary) → [`sync`] (packets up, receipts and the feed down) → `store` → `Changes` → the screen.

pub mod api;
mod code;
mod document;
mod engine;
mod erase;
mod error;
mod health;
pub mod hub;
mod keys;
mod lock;
mod phone;
pub mod photo;
mod recover;
pub mod rescue;
mod seal;
mod standing;
mod store;
mod sync;
pub mod system;
mod thermometer;
mod tree;
mod write;

pub use engine::{Engine, Options};
pub use error::{Error, Result};
pub use keys::{FileKeyStore, KeyStore};
pub use phone::Phone;
pub use sync::background::Woken;
pub use sync::transport;

//! The pure part of Xuncha: ids, clocks, the log, the merge, the protocol and the field's own data.
//!
//! Nothing here knows SQL, HTTP, async or the time of day; phone and server run the same functions over the same bytes.
//! The exact bytes are described in `FORMAT.md`, with vectors in `vectors/`.

pub mod bundle;
pub mod cbor;
pub mod checklist;
pub mod disk;
pub mod documents;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod log;
pub mod map;
pub mod measured;
pub mod merge;
pub mod model;
pub mod places;
pub mod protocol;
pub mod reading;
pub mod reference;
pub mod route;
pub mod search;
pub mod status;
pub mod temperature_log;
pub mod text;
pub mod time;
pub mod workdays;

mod words;

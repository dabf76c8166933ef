//! What travels between phone and HQ. Wire types are not model types.

pub mod v1;

//! The log: what people did, in a form that can be merged in any order and proven to strangers.
//!
//! Read downward: [`body`] (ops), [`columns`] (their bytes), [`detached`] (values that can be erased), [`commit`] (header and
//! hash), [`chain`] (genesis, certificate), [`head`] (the signature), [`packet`] (how commits travel).

pub mod body;
pub mod chain;
pub mod columns;
pub mod commit;
pub mod crypto;
pub mod detached;
pub mod head;
pub mod packet;
pub mod payload;
mod table;

//! The log: what people did, in a form that can be merged in any order and proven to strangers.
//!
//! Read downward: [`body`] (ops and their columns), [`detached`] (values that can be erased), [`commit`] (header and
//! hash), [`chain`] (genesis, certificate), [`head`] (the signature), [`packet`] (how commits travel), [`seal`].

pub mod body;
pub mod chain;
pub mod commit;
pub mod crypto;
pub mod detached;
pub mod head;
pub mod packet;
pub mod seal;

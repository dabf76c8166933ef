//! What the console asks. The answers are the wire types of `http::types` themselves: these queries exist for them, and a
//! second set of the same structs would only be copied.

mod acts;
mod assign;
mod desk;
mod detail;
mod devices;
mod documents;
mod inbox;
mod ledger;
mod list;
mod overview;
mod proof;
mod resolve;

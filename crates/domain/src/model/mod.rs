//! The kinds of thing that people record, their fields, and how their values are written.
//!
//! Model types are not wire types: each converts to and from [`crate::cbor::Value`] by hand, and an unknown kind or field
//! is kept unread. A draft-like thing (visit, finding, venue) has a field per attribute; a fact (photo, reading) is one
//! op on field [`field::FACT`] with the whole record; a set (the officers of a visit) is one field per member.

pub mod answer;
pub mod basis;
pub mod display;
pub mod document;
pub mod erase;
pub mod fact;
pub mod field;
pub mod finding;
pub mod kind;
pub mod retraction;
pub mod review;
pub mod rules;
pub mod same_as;
pub mod seal;
pub mod verdict;
pub mod visit;
pub mod words;

//! The commits that the basis of an act names.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::ids::CommitRef;
use xuncha_domain::model::basis::Basis;

use super::log;
use crate::error::Result;

/// The commits of a basis, and the commit of the act itself.
pub fn covered(connection: &Connection, act: CommitRef, basis: &[Basis]) -> Result<BTreeSet<CommitRef>> {
    let mut covered = BTreeSet::from([act]);
    let Some(commit) = log::get(connection, act)? else { return Ok(covered) };
    for basis in basis {
        match basis {
            Basis::Other(reference) => drop(covered.insert(*reference)),
            Basis::Own(seq) => covered.extend(log::ancestor(connection, &commit, *seq)?),
        }
    }
    Ok(covered)
}

//! Whether a thing counts: retracted, and by what its author had seen of it then.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Agreement, Live};
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::{basis, field};

use crate::error::Result;
use crate::store;
use crate::tree::Tree;

/// What the last word on a thing is.
pub struct Standing<'t> {
    pub live: &'t Live,
    pub retracted: bool,
    /// Entries that nobody who retracted it had seen.
    pub news: u32,
    /// Somebody else says the opposite.
    pub disputed: bool,
}

impl Standing<'_> {
    /// Retracted, and nothing speaks against it.
    pub fn hidden(&self) -> bool {
        self.retracted && self.news == 0 && !self.disputed
    }

    /// A person has to look at it again.
    pub fn open(&self) -> bool {
        self.disputed || (self.retracted && self.news > 0)
    }
}

/// None when nobody ever said anything about it.
pub fn of<'t>(connection: &Connection, tree: &'t Tree, id: EntityId) -> Result<Option<Standing<'t>>> {
    let Some(shown) = tree.shown(id, field::RETRACTED) else { return Ok(None) };
    let said = |live: &Live| Retraction::from_value(live.value.value()?);
    let Some((live, first)) = shown.live.first().and_then(|live| Some((*live, said(live)?))) else {
        return Ok(None);
    };
    let mut covered = BTreeSet::new();
    for live in &shown.live {
        if let Some(retraction) = said(live).filter(|retraction| retraction.retracted) {
            covered.extend(store::basis::covered(connection, live.commit, &retraction.basis)?);
        }
    }
    Ok(Some(Standing {
        live,
        retracted: first.retracted,
        news: basis::outside(entries(tree, id, basis::is_retractable), &covered),
        disputed: shown.state == Agreement::Conflict,
    }))
}

/// The commits that hold live entries of a thing: of the whole visit for its root. May name one more than once.
pub fn entries(
    tree: &Tree,
    id: EntityId,
    counts: impl Fn(Kind, &str) -> bool,
) -> impl Iterator<Item = CommitRef> {
    tree.all_live().filter_map(move |(entity, name, live)| {
        let of = id == tree.root || entity == id;
        let kind = tree.nodes.get(&entity)?.kind;
        (of && counts(kind, name)).then_some(live.commit)
    })
}

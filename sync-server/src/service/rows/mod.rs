//! Rows for screens, computed from the live ops of what changed. All of them can be dropped and rebuilt.

pub(super) mod acts;
pub(super) mod ledger;
mod registry;
mod tree;
pub(super) mod visit;

use xuncha_domain::model::kind;

use super::sync::Counted;
use super::{Error, Service};
use crate::storage::Tx;

pub(super) use tree::{Thing, Tree};

impl Service {
    /// Brings the rows of these roots up to date.
    pub(super) fn project(&self, tx: &Tx<'_>, roots: &Counted) -> Result<(), Error> {
        for root in roots {
            let tree = Tree::read(tx, *root)?;
            match tree.root().entity.kind {
                kind::VISIT => visit::project(tx, &tree)?,
                kind::VENUE => registry::venue(tx, &tree)?,
                kind::OFFICER => registry::officer(tx, &tree)?,
                kind::SAME_AS => acts::same_as(tx, &tree)?,
                kind::TEAM => registry::team(tx, &tree)?,
                kind::CLOSE => registry::close(tx, &tree)?,
                kind::CHECKLIST => self.project(tx, &tx.without_checklist(tree.root().entity.name)?)?,
                kind => {
                    // Kinds without a screen, and those of newer versions: kept, and shown after an upgrade.
                    if let Some(of) = xuncha_domain::ledger::of_kind(kind) {
                        ledger::project(tx, &tree, of)?;
                    }
                }
            }
        }
        Ok(())
    }
}

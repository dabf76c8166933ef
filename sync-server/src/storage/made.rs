//! Roots that a transaction made, with all that hangs on them: nearly every visit comes whole and is new, and its rows need
//! not be read back to be projected.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::live::Bits;
use super::log::RowId;
use super::merge::EntityRow;

/// Entities and touches that are remembered: some MiB. What a transaction makes beyond that is read back.
const ROWS_MAX: usize = 16_384;

#[derive(Default)]
pub(super) struct Made {
    roots: RefCell<HashMap<RowId, Root>>,
    rows: Cell<usize>,
    /// Whether any replaced op is awaited; none before somebody has looked.
    any_dead: Cell<Option<bool>>,
}

struct Root {
    /// The root first.
    entities: Vec<EntityRow>,
    touches: Vec<(RowId, Bits)>,
}

impl Made {
    /// A row was inserted.
    pub(super) fn entity(&self, row: EntityRow) {
        let mut roots = self.roots.borrow_mut();
        match row.root {
            Some(root) => {
                if let Some(made) = roots.get_mut(&root) {
                    self.rows.set(self.rows.get() + 1);
                    made.entities.push(row);
                }
            }
            None if self.rows.get() < ROWS_MAX => {
                self.rows.set(self.rows.get() + 1);
                roots.insert(row.id, Root { entities: vec![row], touches: Vec::new() });
            }
            None => {}
        }
        if self.rows.get() > 2 * ROWS_MAX {
            // One root with a great many things.
            roots.clear();
        }
    }

    /// A touch was inserted.
    pub(super) fn touch(&self, root: RowId, commit: RowId, bits: Bits) {
        let mut roots = self.roots.borrow_mut();
        let Some(made) = roots.get_mut(&root) else { return };
        if made.touches.last().is_none_or(|(last, _)| *last < commit) && self.rows.get() < 2 * ROWS_MAX {
            self.rows.set(self.rows.get() + 1);
            made.touches.push((commit, bits));
        } else {
            roots.remove(&root);
        }
    }

    /// The root and what hangs on it, as inserted; none for a root that must be read.
    pub(super) fn entities(&self, root: RowId) -> Option<Vec<EntityRow>> {
        Some(self.roots.borrow().get(&root)?.entities.clone())
    }

    /// The touches of a root with something live; none for a root that must be read.
    pub(super) fn touches(&self, root: RowId) -> Option<Vec<(RowId, Bits)>> {
        let roots = self.roots.borrow();
        let live = roots.get(&root)?.touches.iter().filter(|(_, bits)| bits.any());
        Some(live.cloned().collect())
    }

    /// A row of it was changed.
    pub(super) fn forget_root(&self, root: RowId) {
        self.roots.borrow_mut().remove(&root);
    }

    pub(super) fn forget(&self) {
        self.roots.borrow_mut().clear();
        self.any_dead.set(None);
    }

    pub(super) fn any_dead(&self) -> Option<bool> {
        self.any_dead.get()
    }

    pub(super) fn set_any_dead(&self, any: bool) {
        self.any_dead.set(Some(any));
    }
}

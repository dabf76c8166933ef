//! Everything that hangs on one root, with its live ops: what a projection or a detail view reads.

use std::collections::{BTreeMap, HashMap};

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::Checklist;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Display, Field};
use xuncha_domain::model::{display, rules};
use xuncha_domain::time::ClockOffset;

use crate::service::{Error, checklists};
use crate::storage::{EntityRow, Read, RowId};

/// One entity and its fields.
pub(in crate::service) struct Thing {
    pub(in crate::service) entity: EntityRow,
    pub(in crate::service) fields: BTreeMap<String, Field>,
}

/// A root and what hangs on it.
pub(in crate::service) struct Tree {
    root: Thing,
    under: Vec<Thing>,
    /// Of the commits that hold what is live: what their authors knew of their clocks.
    clocks: BTreeMap<CommitRef, Option<ClockOffset>>,
    /// The version that the root, a visit, began with, when HQ knows it.
    pub(in crate::service) checklist: Option<&'static Checklist>,
}

impl Tree {
    pub(in crate::service) fn read(read: &Read<'_>, root: RowId) -> Result<Self, Error> {
        let mut under: Vec<Thing> = read
            .entities_under(root)?
            .into_iter()
            .map(|entity| Thing { entity, fields: BTreeMap::new() })
            .collect();
        let named: HashMap<(Kind, EntityId), usize> =
            (0..).zip(&under).map(|(at, thing)| ((thing.entity.kind, thing.entity.name), at)).collect();
        let entity = under.iter().find(|thing| thing.entity.id == root);
        let of = read.root(&entity.ok_or(Error::Internal("a root is missing"))?.entity)?;
        let mut clocks = BTreeMap::new();
        let mut last = None;
        read.live_under(&of, |commit, op| {
            if last != Some(commit.hash) {
                last = Some(commit.hash);
                clocks.insert(commit.hash.short(), commit.header.clock);
            }
            let at = named.get(&(op.entity.kind, op.entity.id));
            if let Some(thing) = at.and_then(|at| under.get_mut(*at)) {
                match thing.fields.get_mut(&op.field) {
                    Some(field) => field.live.insert(commit.live_op(op)),
                    None => {
                        let mut field = Field::default();
                        field.live.insert(commit.live_op(op));
                        thing.fields.insert(op.field.clone(), field);
                    }
                }
            }
        })?;
        let root = under
            .iter()
            .position(|thing| thing.entity.id == root)
            .ok_or(Error::Internal("a root is missing"))?;
        let root = under.remove(root);
        let checklist = match root.checklist_hash() {
            Some(hash) => checklists::by_hash(read, &hash)?,
            None => None,
        };
        Ok(Self { root, under, clocks, checklist })
    }

    pub(in crate::service) fn root(&self) -> &Thing {
        &self.root
    }

    /// What hangs on the root and is of this kind.
    pub(in crate::service) fn of(&self, kind: Kind) -> impl Iterator<Item = &Thing> {
        self.under.iter().filter(move |thing| thing.entity.kind == kind)
    }

    /// The root and what hangs on it.
    pub(in crate::service) fn all(&self) -> impl Iterator<Item = &Thing> {
        std::iter::once(&self.root).chain(&self.under)
    }

    /// How far the clock of a live op's author was off, as far as that was known.
    pub(in crate::service) fn clock(&self, commit: &CommitRef) -> Option<ClockOffset> {
        *self.clocks.get(commit)?
    }
}

impl Thing {
    /// What a reader sees of a field.
    pub(in crate::service) fn shown(&self, name: &str, checklist: Option<&Checklist>) -> Option<Display<'_>> {
        display::display(self.entity.kind, name, checklist, self.fields.get(name)?)
    }

    /// The displayed value of a field that no checklist judges.
    pub(in crate::service) fn value(&self, name: &str) -> Option<&Value> {
        self.shown(name, None)?.live.first()?.value.value()
    }

    /// Names the checklist version of a visit, whether HQ knows it or not.
    pub(in crate::service) fn checklist_hash(&self) -> Option<[u8; 32]> {
        rules::version_of(|name| self.value(name))
    }

    pub(in crate::service) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_text()
    }
}

//! Everything that hangs on one root, with its live ops: what a projection or a detail view reads.

use std::collections::BTreeMap;

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::Checklist;
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Display, Field};
use xuncha_domain::model::{display, field};

use crate::service::Error;
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
}

impl Tree {
    pub(in crate::service) fn read(read: &Read<'_>, root: RowId) -> Result<Self, Error> {
        let mut under = Vec::new();
        for entity in read.entities_under(root)? {
            let mut fields: BTreeMap<String, Field> = BTreeMap::new();
            for row in read.live_of(entity.id)? {
                fields.entry(row.field).or_default().live.insert(row.live.commit, row.live);
            }
            under.push(Thing { entity, fields });
        }
        let root = under
            .iter()
            .position(|thing| thing.entity.id == root)
            .ok_or(Error::Internal("a root is missing"))?;
        let root = under.remove(root);
        Ok(Self { root, under })
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

    /// The checklist version that the root, a visit, began with, when this server knows it.
    pub(in crate::service) fn checklist(&self) -> Option<&'static Checklist> {
        let hash = self.root.value(field::CHECKLIST)?.as_bytes()?.try_into().ok()?;
        Checklist::by_hash(&hash)
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

    pub(in crate::service) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_text()
    }
}

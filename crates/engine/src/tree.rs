//! A root entity and everything that hangs on it, as one consistent reading: what the log counts, with the journal over it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, ChecklistItem, ChecklistSet};
use xuncha_domain::ids::{CommitRef, EntityId, OfficerId};
use xuncha_domain::log::body::{Entity, Kind};
use xuncha_domain::merge::{Agreement, Field, Live, Stored};
use xuncha_domain::model::{display, field, kind, rules};
use xuncha_domain::time::day_in_china;

use crate::api::inbox::choosable;
use crate::api::types::{ErrorCode, Token};
use crate::error::{Error, Result};
use crate::store::lost::{self, Frame};
use crate::store::things::{self, Number};
use crate::store::values::refs_from_bytes;
use crate::store::{base, checklists, journal, live};

/// An entity of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    pub id: EntityId,
    pub kind: Kind,
    /// Its natural key under the root; null for the root itself.
    pub key: Value,
    /// Counts up in the order in which this phone first saw them.
    pub order: i64,
}

/// A visit with what hangs on it, or a venue, or an officer.
#[derive(Debug, Clone)]
pub struct Tree {
    pub nodes: BTreeMap<EntityId, Node>,
    fields: BTreeMap<(EntityId, String), Field>,
    pub root: EntityId,
    /// By which the visit's answers are judged.
    pub checklist: Option<&'static Checklist>,
    /// A snapshot stands for some of it: values that are not here are at HQ, and not erased.
    pub lacks: bool,
    /// Others recorded it in a scope that this phone does not read any more.
    frame: Option<Frame>,
}

impl Tree {
    /// None when nothing of that root counts here: it was never heard of, or a restored HQ forgot it with the snapshot that
    /// stood for it.
    pub fn read(connection: &Connection, root: EntityId) -> Result<Option<Self>> {
        let Some(number) = things::root(connection, root)? else { return Ok(None) };
        let nodes = read_nodes(connection, number)?;
        let mut fields = read_fields(connection, root, &nodes)?;
        for row in journal::of_root(connection, number)? {
            let field = fields.entry((row.entity, row.field)).or_default();
            row.over.iter().for_each(|over| drop(field.live.remove(over)));
            let commit = journal::pseudo_ref(row.id);
            let value = if row.detached {
                // Its salt is drawn with the commit; until then nothing is hashed.
                Stored::Detached { hash: [0; 32], value: Some(row.value) }
            } else {
                Stored::Plain(row.value)
            };
            field.live.insert(Live { commit, value, officer: row.officer, corrected_ms: row.device_ms });
        }
        if fields.values().all(|field| field.live.is_empty()) {
            return Ok(None);
        }
        let lacks = base::may_lack(connection, root)?;
        let frame = lost::frame(connection, root)?;
        let mut tree = Self { nodes, fields, root, checklist: None, lacks, frame };
        tree.checklist = match tree.checklist_hash() {
            Some(hash) => checklists::by_hash(connection, &hash)?,
            None => None,
        };
        Ok(Some(tree))
    }

    /// The field as a reader sees it; none when nobody set it.
    pub fn shown(&self, entity: EntityId, name: &str) -> Option<xuncha_domain::merge::Display<'_>> {
        let kind = self.nodes.get(&entity)?.kind;
        let field = self.fields.get(&(entity, name.to_owned()))?;
        display::display(kind, name, self.checklist, field)
    }

    /// The displayed live op of a field.
    pub fn live(&self, entity: EntityId, name: &str) -> Option<&Live> {
        self.shown(entity, name)?.live.first().copied()
    }

    /// The displayed value of a field; none when nobody set it or it was erased.
    pub fn value(&self, entity: EntityId, name: &str) -> Option<&Value> {
        self.live(entity, name)?.value.value()
    }

    /// The value of a live op was destroyed by an order of HQ.
    pub fn erased(&self, live: &Live) -> bool {
        live.value.erased() && !self.lacks
    }

    /// Only HQ has the value of a live op: nobody saw it here, and no edit made here may replace it.
    pub fn elsewhere(&self, live: &Live) -> bool {
        live.value.erased() && self.lacks
    }

    /// Names what a screen sees of a field, so that its edit replaces exactly that.
    pub fn token(&self, entity: EntityId, name: &str) -> Token {
        let field = self.fields.get(&(entity, name.to_owned()));
        let here = |commit: &CommitRef| {
            field.and_then(|field| field.live.get(commit)).is_some_and(|live| !self.elsewhere(live))
        };
        let drawn = field.map(Field::token).into_iter().flatten().filter(here).flat_map(|commit| commit.0);
        let erased = field.is_some_and(|field| field.live.values().any(|live| self.erased(live)));
        URL_SAFE_NO_PAD.encode(drawn.chain(erased.then_some(DRAWN_ERASED)).collect::<Vec<u8>>())
    }

    /// The entities of one kind, in the order in which this phone first saw them.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Node> {
        let mut nodes: Vec<&Node> = self.nodes.values().filter(|node| node.kind == kind).collect();
        nodes.sort_by_key(|node| node.order);
        nodes.into_iter()
    }

    /// The names of the fields that an entity has.
    pub fn field_names(&self, entity: EntityId) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |((of, _), field)| *of == entity && !field.live.is_empty())
            .map(|((_, name), _)| name.as_str())
    }

    /// Every live op of the tree with where it stands.
    pub fn all_live(&self) -> impl Iterator<Item = (EntityId, &str, &Live)> {
        self.fields.iter().flat_map(|((entity, name), field)| {
            field.live.values().map(move |live| (*entity, name.as_str(), live))
        })
    }

    /// Names the checklist version of the visit, whether this app knows it or not.
    pub fn checklist_hash(&self) -> Option<[u8; 32]> {
        rules::version_of(|name| self.value(self.root, name)).or_else(|| self.frame.as_ref()?.checklist)
    }

    /// Names the version that the visit began with.
    pub fn checklist_begun_with(&self) -> Option<[u8; 32]> {
        let recorded = self.value(self.root, field::CHECKLIST).and_then(Value::as_bytes);
        recorded.and_then(|hash| hash.try_into().ok()).or_else(|| self.frame.as_ref()?.checklist)
    }

    /// Where the visit is.
    pub fn venue(&self) -> Option<EntityId> {
        let recorded = self.value(self.root, field::VENUE).and_then(Value::as_bytes);
        let recorded = recorded.and_then(|venue| EntityId::from_slice(venue).ok());
        recorded.or_else(|| self.frame.as_ref()?.venue)
    }

    /// When the first phone began the visit; 0 when none says so.
    pub fn started_ms(&self) -> i64 {
        let starts = self
            .of_kind(kind::PRESENCE)
            .filter_map(|presence| self.value(presence.id, field::START)?.as_int());
        starts.min().or_else(|| Some(self.frame.as_ref()?.started_ms)).unwrap_or_default()
    }

    /// The sets of the visit's checklist with the items that were in force on its day.
    pub fn sections(&self) -> Vec<(&'static ChecklistSet, Vec<&'static ChecklistItem>)> {
        let day = day_in_china(self.started_ms());
        let sets = self.checklist.iter().flat_map(|checklist| checklist.sets.iter().copied());
        sets.map(|set| (set, set.items.iter().filter(|item| item.in_force(day)).collect::<Vec<_>>()))
            .filter(|(_, items)| !items.is_empty())
            .collect()
    }

    /// One op of a field that is live, displayed or not.
    pub fn live_op(&self, entity: EntityId, name: &str, op: &CommitRef) -> Option<&Live> {
        self.fields.get(&(entity, name.to_owned()))?.live.get(op)
    }

    /// The fields that hold different values, in the order in which their things were first seen.
    pub fn disputed(&self) -> Vec<(&Node, &str, xuncha_domain::merge::Display<'_>)> {
        let mut disputed: Vec<_> = self
            .fields
            .iter()
            .filter(|(_, field)| field.live.len() > 1)
            .filter_map(|((entity, name), _)| {
                let node = self.nodes.get(entity)?;
                let shown = self.shown(*entity, name)?;
                let open = shown.state != Agreement::Agreed && choosable(node.kind, name);
                open.then_some((node, name.as_str(), shown))
            })
            .collect();
        disputed.sort_by_key(|(node, name, _)| (node.order, *name));
        disputed
    }
}

/// Ends a token on whose drawing a value was erased already.
const DRAWN_ERASED: u8 = 1;

/// Commits that one act can have seen: far more than a visit is made of.
pub const BASIS_MAX: usize = 1_000;

/// Names ops or commits that a screen drew.
pub fn write_token(drawn: impl IntoIterator<Item = CommitRef>) -> Token {
    let bytes: Vec<u8> = drawn.into_iter().flat_map(|commit| commit.0).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a screen saw of a field, by its token.
pub fn read_token(token: &str) -> Result<Vec<CommitRef>> {
    Ok(read_drawing(token)?.0)
}

/// What a screen saw of a field, by its token, and whether it saw that something was erased.
pub fn read_drawing(token: &str) -> Result<(Vec<CommitRef>, bool)> {
    read_refs(token, xuncha_domain::limits::OVER_MAX)
}

/// What a screen saw of a thing, by its token.
pub fn read_basis(token: &str) -> Result<Vec<CommitRef>> {
    Ok(read_refs(token, BASIS_MAX)?.0)
}

fn read_refs(token: &str, max: usize) -> Result<(Vec<CommitRef>, bool)> {
    let stale = || Error::Refused(ErrorCode::StaleToken, "the token is not one of ours");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| stale())?;
    let refs = refs_from_bytes(&bytes);
    let erased = bytes.get(refs.len() * 16..) == Some(&[DRAWN_ERASED]);
    let whole = refs.len() * 16 + usize::from(erased) == bytes.len() && refs.len() <= max;
    if whole { Ok((refs, erased)) } else { Err(stale()) }
}

fn read_nodes(connection: &Connection, root: Number) -> Result<BTreeMap<EntityId, Node>> {
    let node = |(order, thing): (Number, Entity)| {
        let key = thing.origin.map_or(Value::Null, |origin| origin.key.clone());
        (thing.id, Node { id: thing.id, kind: thing.kind, key, order })
    };
    Ok(things::under(connection, root)?.into_iter().map(node).collect())
}

/// What the log counts, for the nodes that were read.
fn read_fields(
    connection: &Connection,
    root: EntityId,
    nodes: &BTreeMap<EntityId, Node>,
) -> Result<BTreeMap<(EntityId, String), Field>> {
    let ids: BTreeMap<i64, EntityId> = nodes.values().map(|node| (node.order, node.id)).collect();
    let (_, set) = live::read(connection, root)?;
    let mut read = BTreeMap::new();
    for (number, fields) in set.into_entities() {
        let Some(id) = ids.get(&number) else { continue };
        read.extend(fields.into_iter().map(|(name, live)| ((*id, name), Field { live, ..Field::default() })));
    }
    Ok(read)
}

/// An officer is an entity under the same 16 bytes.
pub fn officer_entity(officer: OfficerId) -> EntityId {
    EntityId(officer.0)
}

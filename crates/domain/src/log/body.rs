//! Ops: what a commit is made of. Their bytes are written and read in [`super::columns`].
//!
//! A commit sets a field of an entity at most once, so an op is named by its commit and its field, and `over` lists
//! commits. Ops that overwrite each other before a commit collapse into one in the journal.

use std::sync::Arc;

use crate::cbor::Value;
use crate::ids::{ChainId, CommitRef, EntityId, short, tagged_hash};

use super::detached::DetachedHash;

pub use super::columns::{COMMIT_OVERS_MAX, CORE_VERSION, DELAY_S_MAX, KEY_BYTES_MAX, read_core, write_core};

pub const BODY_TAG: &str = "xuncha/1 body";
pub const CORE_TAG: &str = "xuncha/1 core";
pub const ENTITY_TAG: &str = "xuncha/1 entity";

/// The kind of an entity by its number; the names stand in [`crate::model::kind`].
pub type Kind = u16;

/// An entity and where its id comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    pub kind: Kind,
    pub id: EntityId,
    /// For an entity with a natural key: what it hangs on, and the key there.
    /// Shared: every op of a thing names it.
    pub origin: Option<Arc<Origin>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub parent: Entity,
    pub key: Value,
}

impl Entity {
    /// An entity named by its own id.
    pub fn new(kind: Kind, id: EntityId) -> Self {
        Self { kind, id, origin: None }
    }

    /// An entity whose id is a hash of kind, parent and key, so that two phones which create the same thing create one.
    pub fn keyed(kind: Kind, parent: &Entity, key: Value) -> Self {
        let id = EntityId(short(&tagged_hash(
            ENTITY_TAG,
            &[&kind.to_be_bytes(), parent.id.as_bytes(), &key.encode()],
        )));
        Self { kind, id, origin: Some(Arc::new(Origin { parent: parent.clone(), key })) }
    }

    /// The entity at the root of the natural keys: the visit of a reading.
    pub fn root(&self) -> &Entity {
        self.origin.as_ref().map_or(self, |origin| origin.parent.root())
    }
}

/// How an op names a commit that it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// An ancestor on the op's own chain.
    Own {
        seq: u64,
    },
    Other {
        chain: ChainId,
        seq: u64,
        commit: CommitRef,
    },
}

/// What an op sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpValue {
    Plain(Value),
    /// The n-th detached value of the commit.
    Detached(usize),
}

/// One field of one entity set to one value, replacing what its author saw there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    pub entity: Entity,
    pub field: String,
    pub value: OpValue,
    /// Seconds before the commit's device time at which the op was made.
    pub before_s: i64,
    pub over: Vec<Reference>,
}

/// The core of a commit as far as this version can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Known(Vec<Op>),
    /// Written by a newer version: kept, hashed and fed, and read after the upgrade.
    Newer {
        version: u64,
    },
}

/// The body hash of a header: over the hash of the core as received, and the hash of every detached value.
pub fn body_hash(core: &[u8], detached: &[DetachedHash]) -> [u8; 32] {
    let core = tagged_hash(CORE_TAG, &[core]);
    let mut parts: Vec<&[u8]> = vec![&core];
    parts.extend(detached.iter().map(<[u8; 32]>::as_slice));
    tagged_hash(BODY_TAG, &parts)
}

//! Which checklists new visits use, as HQ publishes them in the city's scope.
//!
//! A version is an entity of kind [`kind::CHECKLIST`] under the first 16 bytes of its hash, with its content; it never
//! changes. One entity of kind [`kind::RULES`] says by category and purpose which version new visits use; null means that
//! nothing is asked. Where it says nothing, the program's own data decides: a city that never published anything has the
//! edition of the app. A visit keeps its version whatever the rules become.

use super::kind;
use crate::cbor::Value;
use crate::checklist::Mode;
use crate::ids::{EntityId, short, tagged_hash};
use crate::log::body::Entity;

/// The city's only one.
pub fn entity() -> Entity {
    Entity::new(kind::RULES, EntityId(short(&tagged_hash("xuncha/1 rules", &[]))))
}

/// The field of [`entity`] that names the version by its hash, 32 bytes.
pub fn field(category: &str, purpose: Mode) -> String {
    format!("{category}/{}", purpose.code())
}

/// The version that a visit asks, of its displayed fields.
pub fn version_of<'v>(field_of: impl Fn(&str) -> Option<&'v Value>) -> Option<[u8; 32]> {
    let version = |name| field_of(name)?.as_bytes()?.try_into().ok();
    version(super::field::CHECKLIST_MOVED).or_else(|| version(super::field::CHECKLIST))
}

/// The version with this hash. Its one field is [`super::field::CONTENT`].
pub fn checklist(hash: &[u8; 32]) -> Entity {
    Entity::new(kind::CHECKLIST, EntityId(short(hash)))
}

//! The finding that a failed item opens.

use xuncha_domain::cbor::Value;
use xuncha_domain::model::{field, visit as entities};
use xuncha_domain::status::Machine;

use super::types::{SetFinding, VisitView};
use super::visit::{bad, checked_text, edit, tap};
use crate::engine::Engine;
use crate::error::Result;
use crate::write::Tap;

pub fn set(engine: &Engine, set: SetFinding) -> Result<VisitView> {
    let value = checked_text(&set.value)?;
    let (name, personal) = match set.field.as_str() {
        "status" => {
            let known = Machine::get("finding").is_some_and(|machine| machine.state(&value).is_some());
            if !known {
                return Err(bad("no such state of a finding"));
            }
            (field::STATUS, false)
        }
        "description" => (field::DESCRIPTION, true),
        _ => return Err(bad("no such field")),
    };
    edit(engine, &set.visit, |draft| {
        if draft.tree.checklist.and_then(|checklist| checklist.item(&set.item)).is_none() {
            return Err(bad("the visit's checklist has no such item"));
        }
        let finding = entities::finding(&draft.root, &set.item);
        Ok(vec![Tap { detached: personal, token: set.token, ..tap(&finding, name, Value::text(value)) }])
    })
}

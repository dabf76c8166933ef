//! Checklists that HQ publishes: the content of each version and which one new visits use, in the city's log.
//!
//! A version never changes; phones keep it as long as a visit names it. What is published already is not written again.

use std::collections::BTreeMap;

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Checklist, Rule};
use xuncha_domain::ids::{OfficerId, Scope};
use xuncha_domain::model::{display, field, rules};

use super::author::Draft;
use super::{Error, Imported, Service};
use crate::storage::Read;

/// The version with this hash, if HQ's program or its log has it.
pub(super) fn by_hash(read: &Read<'_>, hash: &[u8; 32]) -> Result<Option<&'static Checklist>, Error> {
    if let Some(checklist) = Checklist::built_in(hash) {
        return Ok(Some(checklist));
    }
    let entity = rules::checklist(hash);
    let Some(row) = read.entity(&Scope::city(), entity.kind, &entity.id)? else { return Ok(None) };
    let contents = read.field(row, field::CONTENT)?;
    let content = display::display(entity.kind, field::CONTENT, None, &contents)
        .and_then(|shown| shown.live.first()?.value.value()?.as_bytes());
    let checklist = content.and_then(|content| Checklist::from_content(content).ok());
    Ok(checklist.filter(|checklist| checklist.hash == *hash))
}

impl Service {
    /// Makes these the checklists of new visits: what they do not name is not asked any more, and visits under way keep
    /// what they began with. With `dry_run` nothing is written.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for content that is no checklist.
    pub fn publish_checklists(
        &self,
        by: OfficerId,
        published: &[Rule],
        dry_run: bool,
    ) -> Result<Imported, Error> {
        let mut versions = BTreeMap::new();
        let mut current = BTreeMap::new();
        for Rule { category, purpose, content } in published {
            let checklist =
                Checklist::from_content(content).map_err(|_| Error::BadRequest("this is no checklist"))?;
            versions.insert(checklist.hash, content);
            current.insert(rules::field(category, *purpose), Value::bytes(checklist.hash));
        }
        for (category, purpose) in Checklist::built_in_rules() {
            current.entry(rules::field(category, purpose)).or_insert(Value::Null);
        }
        // Versions first: a rule never names what is not there.
        let mut things: Vec<Vec<Draft>> = versions
            .iter()
            .map(|(hash, content)| {
                vec![Draft::plain(rules::checklist(hash), field::CONTENT, Value::bytes(content))]
            })
            .collect();
        let entity = rules::entity();
        things.push(
            current.into_iter().map(|(name, hash)| Draft::plain(entity.clone(), &name, hash)).collect(),
        );
        self.write_register(by, &things, dry_run)
    }
}

//! The papers of a visit as the console lists them.

use std::collections::BTreeMap;

use xuncha_domain::documents;
use xuncha_domain::model::document::Document;
use xuncha_domain::model::{field, kind, visit};

use super::desk::Desk;
use crate::http::types::DocumentRow;
use crate::service::Error;
use crate::service::rows::Tree;

impl Desk<'_, '_> {
    /// In the order in which they were made.
    pub(super) fn documents(&self, tree: &Tree) -> Result<Vec<DocumentRow>, Error> {
        let mut rows = Vec::new();
        let mut superseded = BTreeMap::new();
        for thing in tree.of(kind::DOCUMENT) {
            let Some(shown) = self.field_of(thing, field::FACT)? else { continue };
            let Some(live) = shown.live.first() else { continue };
            let Some(fact) = thing.value(field::FACT).and_then(Document::from_value) else { continue };
            let number = thing.entity.key.as_ref().and_then(visit::document_number).unwrap_or_default();
            if let Some(old) = fact.supersedes {
                superseded.insert(old.to_string(), number.to_owned());
            }
            let name = documents::by_code(&fact.code);
            let said = thing.shown(field::DATA, None);
            rows.push(DocumentRow {
                id: thing.entity.name.to_string(),
                zh: name.map_or_else(|| fact.code.clone(), |name| name.name_zh.clone()),
                en: name.map_or_else(|| fact.code.clone(), |name| name.name_en.clone()),
                code: fact.code,
                number: number.to_owned(),
                sha256: hex::encode(fact.sha256),
                made_ms: fact.made_ms,
                outcome: fact.outcome.as_str().into(),
                superseded_by: None,
                erased: said.is_some_and(|said| said.live.first().is_some_and(|live| live.value.erased())),
                officer_name: live.officer_name.clone(),
                corrected_ms: live.corrected_ms,
            });
        }
        for row in &mut rows {
            row.superseded_by = superseded.get(&row.id).cloned();
        }
        rows.sort_by_key(|row| row.made_ms);
        Ok(rows)
    }
}

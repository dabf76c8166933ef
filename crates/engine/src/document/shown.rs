//! The documents of a visit as a screen draws them.

use std::collections::BTreeMap;

use rusqlite::Connection;
use xuncha_domain::documents;
use xuncha_domain::model::document::{Document, DocumentOutcome};
use xuncha_domain::model::{field, kind, visit as entities};

use crate::api::documents::{DocumentResult, DocumentView};
use crate::api::reference::officer;
use crate::error::Result;
use crate::tree::Tree;

/// In the order in which they were made.
pub fn shown(connection: &Connection, tree: &Tree) -> Result<Vec<DocumentView>> {
    let mut views = Vec::new();
    let mut superseded = BTreeMap::new();
    for node in tree.of_kind(kind::DOCUMENT) {
        let Some(live) = tree.live(node.id, field::FACT) else { continue };
        let Some(fact) = live.value.value().and_then(Document::from_value) else { continue };
        let number = entities::document_number(&node.key).unwrap_or_default().to_owned();
        let name = documents::by_code(&fact.code);
        let data = tree.live(node.id, field::DATA);
        if let Some(old) = fact.supersedes {
            superseded.insert(old.to_string(), number.clone());
        }
        views.push(DocumentView {
            id: node.id.to_string(),
            zh: name.map_or_else(|| fact.code.clone(), |name| name.name_zh.clone()),
            en: name.map_or_else(|| fact.code.clone(), |name| name.name_en.clone()),
            code: fact.code,
            number,
            sha256: hex::encode(fact.sha256),
            made_ms: fact.made_ms,
            outcome: match fact.outcome {
                DocumentOutcome::Signed => DocumentResult::Signed,
                DocumentOutcome::Refused => DocumentResult::Refused,
                DocumentOutcome::Witness => DocumentResult::Witness,
            },
            officer_name: officer(connection, live.officer)?.name,
            here: data.is_some_and(|data| data.value.value().is_some()),
            erased: data.is_some_and(|data| tree.erased(data)),
            superseded_by: None,
        });
    }
    for view in &mut views {
        view.superseded_by = superseded.get(&view.id).cloned();
    }
    views.sort_by_key(|view| view.made_ms);
    Ok(views)
}

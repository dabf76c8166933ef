//! Documents on site: papers made of what the visit says and what the officer types, signed on the screen.
//!
//! The PDF is safe in `documents/` before anything mentions it, as a photo is; but it can be made again from the log, so
//! a file that is lost is no loss, and a paper that another phone made can be read here. The log holds its hash: what is
//! made again must be the same bytes, or it is not shown.

mod files;
mod gather;
mod shown;

use std::sync::{Mutex, PoisonError};

use xuncha_documents::data::Data;
use xuncha_documents::{Paper, forms};
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::document::Document;
use xuncha_domain::model::field;

use crate::api::types::ErrorCode;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::tree::Tree;

pub use files::{folder, hash, keep, sweep_erased};
pub use gather::{filled, rows};
pub use shown::shown;

/// Pages of one paper, which also bounds the work of drawing them: far more than 60 KiB of text fill.
const PAGES_MAX: usize = 80;

/// The pages that a screen looks at: one paper at a time, by the name that was given to the screen.
#[derive(Default)]
pub struct Desk(Mutex<Option<(String, Vec<String>)>>);

impl Desk {
    /// Lays a paper on the desk, in place of the last, and says how many pages it has.
    pub fn lay(&self, name: String, paper: &Paper) -> usize {
        let pages: Vec<String> =
            (0..paper.pages().min(PAGES_MAX)).filter_map(|page| paper.svg(page)).collect();
        let count = pages.len();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, pages));
        count
    }

    pub fn page(&self, name: &str, page: usize) -> Option<String> {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (lies, pages) = desk.as_ref()?;
        if lies == name { pages.get(page).cloned() } else { None }
    }

    /// What lay there may have been erased.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A document that the log holds, with what it says.
pub struct Kept {
    pub fact: Document,
    pub data: Data,
}

fn not_here() -> Error {
    Error::Refused(ErrorCode::NotFound, "this document is not on this phone")
}

/// A document of a visit, wherever it was made.
pub fn kept(tree: &Tree, id: EntityId) -> Result<Kept> {
    let fact = tree.value(id, field::FACT).and_then(Document::from_value).ok_or_else(not_here)?;
    if tree.live(id, field::DATA).is_some_and(|live| tree.erased(live)) {
        return Err(Error::Refused(ErrorCode::Erased, "an order of HQ erased what this document says"));
    }
    let text = tree.value(id, field::DATA).and_then(|data| data.as_text()).ok_or_else(not_here)?;
    Ok(Kept { fact, data: Data::from_json(text).ok_or_else(not_here)? })
}

impl Kept {
    /// The paper as it was signed, and its bytes.
    pub fn paper(&self) -> Result<(Paper, Vec<u8>)> {
        let paper = Paper::signed(&self.data)?;
        let pdf = paper.pdf()?;
        if files::hash(&pdf) != self.fact.sha256 {
            return Err(Error::Refused(
                ErrorCode::DocumentDiffers,
                "the paper is not the one that was signed",
            ));
        }
        Ok((paper, pdf))
    }
}

/// The name under which a document leaves the phone.
pub fn file_name(data: &Data) -> String {
    format!("{}.pdf", data.number)
}

/// The bytes of a document, from its file or made again.
pub fn pdf(engine: &Engine, visit: EntityId, id: EntityId) -> Result<(String, Vec<u8>)> {
    let tree = engine.read(|connection| Tree::read(connection, visit))?.ok_or_else(not_here)?;
    let kept = kept(&tree, id)?;
    let name = file_name(&kept.data);
    let folder = folder(&engine.0.options.data);
    if let Some(bytes) = files::read(&folder, id).filter(|bytes| files::hash(bytes) == kept.fact.sha256) {
        return Ok((name, bytes));
    }
    let (_, bytes) = kept.paper()?;
    Ok((name, bytes))
}

/// The form of a code.
pub fn form(code: &str) -> Result<&'static forms::Form> {
    forms::by_code(code).ok_or(Error::Refused(ErrorCode::BadRequest, "no such document"))
}

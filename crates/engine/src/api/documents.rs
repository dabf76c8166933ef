//! Documents on site: what can be made, how it would look, and the making, which seals the visit.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_documents::data::{Data, FieldText, Outcome, POINTS_MAX, Role, Signature};
use xuncha_documents::{EDITION, Paper, forms};
use xuncha_domain::cbor::Value;
use xuncha_domain::documents;
use xuncha_domain::ids::{EntityId, random};
use xuncha_domain::model::document::{Document, DocumentOutcome};
use xuncha_domain::model::{field, kind, visit as entities};
use xuncha_domain::time::CHINA;

use super::reference::officer;
use super::types::{ErrorCode, OfficerRow, VisitRef, VisitView};
use super::view;
use super::visit::{self, bad, checked_text, done, scope_of, tap};
use crate::document;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta::{self, Enrolment};
use crate::store::rows;
use crate::tree::Tree;
use crate::write::{self, Pen, Tap};

/// Who can sign on one paper: the party, a witness and the officers.
const SIGNATURES_MAX: usize = 8;
/// A name, a post and a number.
const NAME_CHARS_MAX: usize = 120;

/// A document of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentView {
    pub id: String,
    /// `D03` and the like.
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Provisional, until HQ assigns the final one.
    pub number: String,
    /// Of the PDF.
    pub sha256: String,
    pub made_ms: i64,
    pub outcome: DocumentResult,
    pub officer_name: String,
    /// It can be looked at here: what it says has arrived and was not erased.
    pub here: bool,
    pub erased: bool,
    /// Number of the document that stands in its place.
    pub superseded_by: Option<String>,
}

/// What the party did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DocumentResult {
    Signed,
    Refused,
    Witness,
}

/// A document that can be made of a visit, with what is known already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentForm {
    pub code: String,
    pub zh: String,
    pub en: String,
    /// How the party is called where it signs.
    pub party_zh: String,
    pub fields: Vec<DocumentField>,
    /// Rows that the visit gives.
    pub findings: u32,
    pub photos: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentField {
    pub key: String,
    pub zh: String,
    pub en: String,
    pub required: bool,
    pub long: bool,
    /// Lines that a required text needs: two officers are two.
    pub lines: u32,
    pub text: String,
}

/// What the officer typed, and who signed. `outcome` is none for a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentDraft {
    pub visit: String,
    pub code: String,
    pub fields: Vec<DocumentText>,
    pub outcome: Option<DocumentResult>,
    /// Why the party did not sign.
    pub reason: String,
    pub signatures: Vec<DocumentSignature>,
    /// The document in whose place this one stands.
    pub supersedes: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentText {
    pub key: String,
    pub text: String,
}

/// Ink on a pad of 1000 by 400, from the top left; no ink leaves a field to sign on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentSignature {
    pub role: SignatureRole,
    pub name: String,
    pub strokes: Vec<Vec<[u16; 2]>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SignatureRole {
    Party,
    Witness,
    Officer,
}

/// Names a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentRef {
    pub visit: String,
    pub document: String,
}

/// Pages to look at, until another paper is laid there; each is fetched by name and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentPages {
    pub name: String,
    pub pages: u32,
}

pub fn list(engine: &Engine, visit: VisitRef) -> Result<Vec<DocumentForm>> {
    let id: EntityId = visit.visit.parse()?;
    engine.read(|connection| {
        let view = view::visit(engine, connection, id)?;
        let me = me(connection)?;
        let (findings, photos) = document::rows(&view);
        let count =
            |shown: bool, rows: usize| u32::try_from(if shown { rows } else { 0 }).unwrap_or(u32::MAX);
        let forms = forms::all().iter().filter_map(|form| {
            let name = documents::by_code(form.code)?;
            let fields = document::filled(form, &view, &me, engine.now_ms());
            Some(DocumentForm {
                code: form.code.into(),
                zh: name.name_zh.clone(),
                en: name.name_en.clone(),
                party_zh: form.party_zh.into(),
                fields: fields
                    .into_iter()
                    .map(|(field, text)| DocumentField {
                        key: field.key.into(),
                        zh: field.zh.into(),
                        en: field.en.into(),
                        required: field.required,
                        long: field.long,
                        lines: u32::try_from(field.lines).unwrap_or(u32::MAX),
                        text,
                    })
                    .collect(),
                findings: count(form.findings, findings.len()),
                photos: count(form.photos, photos.len()),
            })
        });
        Ok(forms.collect())
    })
}

fn me(connection: &Connection) -> Result<OfficerRow> {
    officer(connection, enrolment(connection)?.officer())
}

fn enrolment(connection: &Connection) -> Result<Enrolment> {
    meta::enrolment(connection)?.ok_or(Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled"))
}

pub fn preview(engine: &Engine, draft: DocumentDraft) -> Result<DocumentPages> {
    let id: EntityId = draft.visit.parse()?;
    let data = engine.read(|connection| {
        let view = view::visit(engine, connection, id)?;
        data(&draft, &view, format!("{}-预览", draft.code), engine.now_ms())
    })?;
    lay(engine, &Paper::draft(&data)?)
}

pub fn open(engine: &Engine, wanted: DocumentRef) -> Result<DocumentPages> {
    let (visit, id): (EntityId, EntityId) = (wanted.visit.parse()?, wanted.document.parse()?);
    let tree = engine.read(|connection| Tree::read(connection, visit))?.ok_or_else(view::no_visit)?;
    let (paper, _) = document::kept(&tree, id)?.paper()?;
    lay(engine, &paper)
}

fn lay(engine: &Engine, paper: &Paper) -> Result<DocumentPages> {
    let name = hex::encode(random::<12>(&*engine.0.options.entropy));
    let pages = engine.0.desk.lay(name.clone(), paper);
    Ok(DocumentPages { name, pages: u32::try_from(pages).unwrap_or(u32::MAX) })
}

/// Makes the paper, keeps its file, and records it; an open visit is sealed with it, in the same transaction.
pub fn make(engine: &Engine, draft: DocumentDraft) -> Result<VisitView> {
    let id: EntityId = draft.visit.parse()?;
    let outcome = draft.outcome.ok_or_else(|| bad("nobody signed and nobody refused"))?;
    let supersedes = draft.supersedes.as_deref().map(str::parse::<EntityId>).transpose()?;
    visit::whole_here(engine, id)?;
    let made_ms = engine.now_ms();
    let drawn = engine.read(|connection| {
        let tree = Tree::read(connection, id)?.ok_or_else(view::no_visit)?;
        if supersedes.is_some_and(|old| tree.nodes.get(&old).is_none_or(|node| node.kind != kind::DOCUMENT)) {
            return Err(Error::Refused(ErrorCode::NotFound, "no such document"));
        }
        let number = number(connection, &tree, &draft.code, made_ms)?;
        data(&draft, &view::visit(engine, connection, id)?, number, made_ms)
    })?;
    let pdf = Paper::signed(&drawn)?.pdf()?;
    let root = entities::visit(id);
    let entity = entities::document(&root, &drawn.number);
    let options = &engine.0.options;
    document::keep(&*options.disk, &document::folder(&options.data), entity.id, &pdf)?;
    let fact = Document {
        code: drawn.code.clone(),
        edition: EDITION,
        sha256: document::hash(&pdf),
        made_ms,
        outcome: match outcome {
            DocumentResult::Signed => DocumentOutcome::Signed,
            DocumentResult::Refused => DocumentOutcome::Refused,
            DocumentResult::Witness => DocumentOutcome::Witness,
        },
        supersedes,
    };
    let taps = vec![
        tap(&entity, field::FACT, fact.to_value()),
        Tap { detached: true, ..tap(&entity, field::DATA, Value::text(drawn.to_json())) },
    ];
    engine.write(|connection, pen| record(connection, pen, id, taps))?;
    engine.wake_sync();
    done(engine, id)
}

/// The paper and the seal are one act. Of a visit that is sealed already the paper is a supplement behind the seal.
fn record(connection: &Connection, pen: &Pen<'_>, id: EntityId, taps: Vec<Tap>) -> Result<()> {
    let scope = scope_of(connection, id)?;
    write::record(connection, pen, &scope, taps)?;
    if rows::visit(connection, id)?.ok_or_else(view::no_visit)?.sealed {
        write::flush(connection, pen, &scope)
    } else {
        visit::end_and_seal(connection, pen, &scope, id)
    }
}

/// Unique without HQ: the code, the first half of the device's id, and the second in which it was made. A counter would begin
/// anew on a phone that lost its database.
fn number(connection: &Connection, tree: &Tree, code: &str, made_ms: i64) -> Result<String> {
    document::form(code)?;
    let device = enrolment(connection)?.certificate.device;
    let device = hex::encode_upper(device.0.get(..4).unwrap_or_default());
    let at = jiff::Timestamp::from_millisecond(made_ms).map_err(|_| bad("no such time"))?;
    let at = CHINA.to_datetime(at);
    let at = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}",
        at.year().rem_euclid(100),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    let plain = format!("{code}-{device}-{at}");
    let root = entities::visit(tree.root);
    let free = |number: &String| !tree.nodes.contains_key(&entities::document(&root, number).id);
    let mut numbers = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}-{n}")));
    numbers.find(free).ok_or_else(|| bad("no number is left"))
}

/// What the officer typed, cleaned and bounded, with the tables that the visit gives.
fn data(draft: &DocumentDraft, view: &VisitView, number: String, made_ms: i64) -> Result<Data> {
    let form = document::form(&draft.code)?;
    if draft.fields.len() > form.fields.len() || draft.signatures.len() > SIGNATURES_MAX {
        return Err(bad("more than the form has"));
    }
    let mut fields = Vec::new();
    for field in form.fields {
        let typed = draft.fields.iter().find(|text| text.key == field.key);
        let text = checked_text(typed.map_or("", |text| text.text.as_str()))?;
        // A tab has no width on paper.
        fields.push(FieldText { key: field.key.into(), text: text.replace('\t', " ").replace('\r', "") });
    }
    let (findings, photos) = document::rows(view);
    Ok(Data {
        edition: EDITION,
        code: form.code.into(),
        number,
        made_ms,
        fields,
        findings: if form.findings { findings } else { Vec::new() },
        photos: if form.photos { photos } else { Vec::new() },
        outcome: draft.outcome.map(|outcome| match outcome {
            DocumentResult::Signed => Outcome::Signed,
            DocumentResult::Refused => Outcome::Refused,
            DocumentResult::Witness => Outcome::Witness,
        }),
        reason: checked_text(&draft.reason)?,
        signatures: draft.signatures.iter().map(signature).collect::<Result<_>>()?,
    })
}

fn signature(given: &DocumentSignature) -> Result<Signature> {
    let name = checked_text(&given.name)?;
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a name is too long"));
    }
    if given.strokes.iter().map(Vec::len).sum::<usize>() > POINTS_MAX {
        return Err(bad("a signature has too many points"));
    }
    Ok(Signature {
        role: match given.role {
            SignatureRole::Party => Role::Party,
            SignatureRole::Witness => Role::Witness,
            SignatureRole::Officer => Role::Officer,
        },
        name,
        strokes: given.strokes.clone(),
    })
}

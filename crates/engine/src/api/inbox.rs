//! The conflict inbox: every field of which several values live, each with its author, place and time; what was settled
//! last, and the way back.
//!
//! Settling is an ordinary edit over what was drawn, and so is undoing it: an op over the settling one that takes another
//! of the values it had replaced. Nothing ever waits for it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Agreement, Live, Stored};
use xuncha_domain::model::fact::Reading;
use xuncha_domain::model::words::Step;
use xuncha_domain::model::{answer, field, finding, kind, visit};

use super::reference::officer;
use super::types::{
    Answer, Candidate, ChoiceRow, ErrorCode, LeadLevel, Nothing, ReadingInput, Standing, Token, VisitKind,
    VisitMention, VisitMode,
};
use super::view::{mention, summary};
use super::visit::{bad, scope_of};
use super::written::Authors;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::standing;
use crate::store::settled::{self, Settled};
use crate::store::{log, rows, things};
use crate::tree::{Node, Tree};
use crate::write::{self, Tap};

/// Visits with open conflicts on the page; the rest follows when these are settled.
const VISITS_MAX: u32 = 50;
/// Settled conflicts that can be looked at again.
const SETTLED_MAX: u32 = 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictInbox {
    /// Different values by different officers.
    pub open: Vec<ConflictRow>,
    /// Different values by this or another officer on two devices: theirs to settle.
    pub yours: Vec<ConflictRow>,
    /// Retracted things of which somebody recorded more, or which somebody else lets stand.
    pub retracted: Vec<RetractedRow>,
    /// Newest first.
    pub settled: Vec<SettledRow>,
    /// There are visits beyond those on the page.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictRow {
    pub visit: String,
    pub venue_name: String,
    pub entity: String,
    pub field: String,
    pub about: ConflictAbout,
    pub token: Token,
    /// The displayed one first.
    pub values: Vec<Candidate<FieldValue>>,
}

/// A retracted thing that a person has to look at again. `retract` decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RetractedRow {
    pub visit: String,
    pub venue_name: String,
    pub entity: String,
    pub about: ConflictAbout,
    pub standing: Standing,
}

/// A conflict that somebody settled, and what is there now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SettledRow {
    /// With the values that were replaced.
    pub row: ConflictRow,
    pub settled: Candidate<FieldValue>,
    /// Another value than that of the settling op stands now: it was undone or edited.
    pub changed: Option<Candidate<FieldValue>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictAbout {
    pub part: ConflictPart,
    pub item: Option<ConflictItem>,
    /// Whose presence or note it is.
    pub officer_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConflictPart {
    Answer,
    Kind,
    Mode,
    LeadLevel,
    Member,
    FindingStatus,
    FindingDescription,
    FindingDeadline,
    FindingAuthority,
    FindingRecheck,
    Note,
    Reading,
    ReadingReason,
    /// Whether something was done about an abnormal reading, and in words what.
    ReadingStep,
    ReadingDone,
    /// The visit, a finding or a photo as a whole.
    Visit,
    Finding,
    Photo,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConflictItem {
    pub id: String,
    pub zh: String,
    pub en: String,
    pub unit: Option<String>,
    pub choices: Vec<ChoiceRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum FieldValue {
    Answer(Answer),
    /// A code of the part's own word list.
    Word(String),
    Present(bool),
    Text(String),
    Reading(ReadingInput),
    Visit(VisitMention),
    Erased,
    /// A value that this app cannot show.
    Unknown,
}

/// `op` names the value that is to stand, as its candidate did; `token` what was drawn of the field now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChooseValue {
    pub entity: String,
    pub field: String,
    pub op: String,
    pub token: Token,
}

pub fn list(engine: &Engine, _: Nothing) -> Result<ConflictInbox> {
    engine.read(|connection| {
        let mut clerk =
            Clerk { engine, connection, authors: Authors::new(connection)?, trees: BTreeMap::new() };
        let disputed = rows::disputed(connection, VISITS_MAX + 1)?;
        let mut inbox = ConflictInbox {
            open: Vec::new(),
            yours: Vec::new(),
            retracted: Vec::new(),
            settled: Vec::new(),
            more: disputed.len() > VISITS_MAX as usize,
        };
        for visit in disputed.into_iter().take(VISITS_MAX as usize) {
            clerk.open(visit, &mut inbox)?;
        }
        for row in settled::last(connection, SETTLED_MAX)? {
            inbox.settled.extend(clerk.settled(&row)?);
        }
        Ok(inbox)
    })
}

/// Lets one value stand, over everything that the token names.
pub fn choose(engine: &Engine, chosen: ChooseValue) -> Result<ConflictInbox> {
    let entity: EntityId = chosen.entity.parse()?;
    let op: CommitRef = chosen.op.parse()?;
    let root = engine.write(|connection, pen| {
        let no_record = || Error::Refused(ErrorCode::NotFound, "no such record");
        let root = things::root_of(connection, entity)?.ok_or_else(no_record)?;
        let tree = Tree::read(connection, root)?.ok_or_else(no_record)?;
        let node = tree.nodes.get(&entity).ok_or_else(no_record)?;
        if !choosable(node.kind, &chosen.field) {
            return Err(bad("this is not for an officer to choose"));
        }
        let live = tree.live_op(entity, &chosen.field, &op).cloned();
        let kept = match live {
            Some(live) => live.value,
            None => log::op_of(connection, op, entity, &chosen.field)?.ok_or_else(no_record)?.0.value,
        };
        let value = kept.value().cloned().ok_or_else(no_record)?;
        let tap = Tap {
            entity: write::entity(connection, entity)?,
            field: chosen.field,
            value,
            detached: matches!(kept, Stored::Detached { .. }),
            token: chosen.token,
        };
        let scope = scope_of(connection, entity)?;
        write::record(connection, pen, &scope, vec![tap])?;
        // A decision is a boundary: it stands in the history by itself, and so does its undoing.
        write::flush(connection, pen, &scope)?;
        Ok(root)
    })?;
    engine.wrote(&root.to_string());
    engine.wake_sync();
    list(engine, Nothing {})
}

/// Whether a person can choose between values of a field. Starts, ends and seals are facts of one phone; a retraction is
/// decided anew, over what its thing is now.
pub fn choosable(kind: Kind, name: &str) -> bool {
    let retraction = name == field::RETRACTED || name == field::RETRACTED_BECAUSE;
    kind != kind::PRESENCE && kind != kind::DOCUMENT && !kind::reserved_for_hq(kind) && !retraction
}

struct Clerk<'a> {
    engine: &'a Engine,
    connection: &'a Connection,
    authors: Authors<'a>,
    trees: BTreeMap<EntityId, Option<Tree>>,
}

impl Clerk<'_> {
    fn open(&self, visit: EntityId, inbox: &mut ConflictInbox) -> Result<()> {
        let Some(tree) = Tree::read(self.connection, visit)? else { return Ok(()) };
        for (node, name, shown) in tree.disputed() {
            let row = self.row(&tree, node, name, &shown.live)?;
            match shown.state {
                Agreement::Conflict => inbox.open.push(row),
                Agreement::TwoOfYours | Agreement::Agreed => inbox.yours.push(row),
            }
        }
        for node in tree.nodes.values() {
            if !standing::of(self.connection, &tree, node.id)?.is_some_and(|found| found.open()) {
                continue;
            }
            inbox.retracted.push(RetractedRow {
                visit: tree.root.to_string(),
                venue_name: self.venue_name(&tree)?,
                entity: node.id.to_string(),
                about: self.about(&tree, node, field::RETRACTED)?,
                standing: super::retract::shown(self.connection, &self.authors, &tree, node.id)?,
            });
        }
        Ok(())
    }

    fn venue_name(&self, tree: &Tree) -> Result<String> {
        Ok(summary(self.engine, self.connection, tree.root)?.venue.name)
    }

    /// None when the field is in conflict again, or when its thing is not here.
    fn settled(&mut self, settled: &Settled) -> Result<Option<SettledRow>> {
        if !self.trees.contains_key(&settled.root) {
            self.trees.insert(settled.root, Tree::read(self.connection, settled.root)?);
        }
        let Some(Some(tree)) = self.trees.get(&settled.root) else { return Ok(None) };
        let Some(node) = tree.nodes.get(&settled.entity) else { return Ok(None) };
        let Some(shown) = tree.shown(settled.entity, &settled.field) else { return Ok(None) };
        let Some((live, over)) = log::op_of(self.connection, settled.commit, settled.entity, &settled.field)?
        else {
            return Ok(None);
        };
        if shown.state != Agreement::Agreed {
            return Ok(None);
        }
        let mut replaced = settled::replaced(self.connection, settled.entity, &settled.field, &over)?;
        // Equal values are one choice.
        let mut seen: Vec<Stored> = Vec::new();
        replaced.retain(|live| {
            let new = !seen.contains(&live.value);
            seen.extend(new.then(|| live.value.clone()));
            new
        });
        let candidate = |live: &Live| {
            let value = read(self.connection, node.kind, &settled.field, live.value.value());
            self.authors.candidate(tree, live, value)
        };
        let changed = shown.live.first().filter(|now| now.commit != settled.commit);
        Ok(Some(SettledRow {
            row: self.row(tree, node, &settled.field, &replaced.iter().collect::<Vec<_>>())?,
            settled: candidate(&live)?,
            changed: changed.map(|live| candidate(live)).transpose()?,
        }))
    }

    fn row(&self, tree: &Tree, node: &Node, name: &str, live: &[&Live]) -> Result<ConflictRow> {
        let values = live.iter().map(|live| {
            let value = read(self.connection, node.kind, name, live.value.value());
            self.authors.candidate(tree, live, value)
        });
        Ok(ConflictRow {
            visit: tree.root.to_string(),
            venue_name: self.venue_name(tree)?,
            entity: node.id.to_string(),
            field: name.to_owned(),
            about: self.about(tree, node, name)?,
            token: tree.token(node.id, name),
            values: values.collect::<Result<_>>()?,
        })
    }

    fn about(&self, tree: &Tree, node: &Node, name: &str) -> Result<ConflictAbout> {
        let (part, item, of) = match (node.kind, name) {
            (kind::VISIT, field::RETRACTED) => (ConflictPart::Visit, None, None),
            (kind::PHOTO, _) => (ConflictPart::Photo, visit::photo_item(&node.key), None),
            (kind::READING, field::RETRACTED) => (ConflictPart::Reading, None, None),
            (kind::VISIT, field::VISIT_KIND) => (ConflictPart::Kind, None, None),
            (kind::VISIT, field::MODE) => (ConflictPart::Mode, None, None),
            (kind::VISIT, field::LEAD) => (ConflictPart::LeadLevel, None, None),
            (kind::VISIT, name) => match (field::answered_item(name), field::member_officer(name)) {
                (Some(item), _) => (ConflictPart::Answer, Some(item), None),
                (_, Some(officer)) => (ConflictPart::Member, None, Some(officer)),
                _ => (ConflictPart::Other, None, None),
            },
            (kind::FINDING, name) => (finding_part(name), visit::finding_item(&node.key), None),
            (kind::NOTE, field::TEXT) => {
                let (item, author) = visit::note_key(&node.key).unzip();
                (ConflictPart::Note, item.flatten(), author)
            }
            (kind::READING, field::FACT) => (ConflictPart::Reading, None, None),
            (kind::READING, field::REASON) => (ConflictPart::ReadingReason, None, None),
            (kind::READING, field::TEXT) => (ConflictPart::ReadingDone, None, None),
            (kind::READING, name) if field::done_step(name).is_some() => {
                (ConflictPart::ReadingStep, None, None)
            }
            _ => (ConflictPart::Other, None, None),
        };
        let asked = item.and_then(|item| tree.checklist?.item(item));
        Ok(ConflictAbout {
            part,
            item: item.map(|id| ConflictItem {
                id: id.to_owned(),
                zh: asked.map(|item| item.zh.clone()).unwrap_or_default(),
                en: asked.map(|item| item.en.clone()).unwrap_or_default(),
                unit: asked.and_then(|item| item.unit()).map(str::to_owned),
                choices: asked.map(super::view::choices).unwrap_or_default(),
            }),
            officer_name: of.map(|id| officer(self.connection, id)).transpose()?.map(|row| row.name),
        })
    }
}

fn finding_part(name: &str) -> ConflictPart {
    match name {
        field::RETRACTED => ConflictPart::Finding,
        field::STATUS => ConflictPart::FindingStatus,
        field::DESCRIPTION => ConflictPart::FindingDescription,
        field::DEADLINE => ConflictPart::FindingDeadline,
        field::AUTHORITY => ConflictPart::FindingAuthority,
        field::RECHECK => ConflictPart::FindingRecheck,
        _ => ConflictPart::Other,
    }
}

/// A value as a screen can show it.
fn read(connection: &Connection, kind: Kind, name: &str, value: Option<&Value>) -> FieldValue {
    let Some(value) = value else { return FieldValue::Erased };
    let word = |word: Option<&'static str>| word.map(|word| FieldValue::Word(word.into()));
    let shown = match (kind, name) {
        (kind::VISIT, field::VISIT_KIND) => word(value.as_int().and_then(VisitKind::word)),
        (kind::VISIT, field::MODE) => word(value.as_int().and_then(VisitMode::word)),
        (kind::VISIT, field::LEAD) => word(value.as_int().and_then(LeadLevel::word)),
        (kind::VISIT, name) if field::member_officer(name).is_some() => {
            value.as_bool().map(FieldValue::Present)
        }
        (kind::VISIT, name) if field::answered_item(name).is_some() => {
            answer::from_value(value).map(|answer| FieldValue::Answer(answer.into()))
        }
        (kind::FINDING, field::STATUS | field::AUTHORITY) => {
            value.as_text().map(|code| FieldValue::Word(code.into()))
        }
        (kind::FINDING, field::RECHECK) => {
            finding::recheck(value).and_then(|visit| mention(connection, visit).ok()).map(FieldValue::Visit)
        }
        (kind::READING, name) if field::done_step(name).is_some() => {
            let step = field::done_step(name).map(Step::as_str).unwrap_or_default();
            let said = |done| FieldValue::Word(if done { step.into() } else { format!("not_{step}") });
            value.as_bool().map(said)
        }
        (kind::READING, field::FACT) => {
            Reading::from_value(value).map(|reading| FieldValue::Reading(reading.into()))
        }
        _ => value.as_text().map(|text| FieldValue::Text(text.into())),
    };
    shown.unwrap_or(FieldValue::Unknown)
}

//! From a tree of live values to what a screen draws, each value with the token of its drawing.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{self, ChecklistItem, Judgement};
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::merge::Agreement;
use xuncha_domain::model::fact::Photo;
use xuncha_domain::model::review::{self, Review};
use xuncha_domain::model::seal::Seal;
use xuncha_domain::model::{answer, basis, field, finding, kind, visit as entities, words};
use xuncha_domain::time::day_in_china;

use super::reference::officer;
use super::status::{state, visit_state};
use super::types::{
    Answer, AnswerKind, BasisRow, ChoiceRow, ErrorCode, FindingView, ItemView, LeadLevel, MemberView,
    NoteView, PhotoView, Position, ReviewState, ReviewView, SaveState, SectionView, Shown, Standing,
    VenueRow, VisitKind, VisitMention, VisitMode, VisitSummary, VisitView,
};
use super::venues;
use super::written::Authors;
use crate::document;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::standing;
use crate::store::fetched::{self, Name};
use crate::store::{self, erasures, hubs, joined, log, lost, photos, rows};
use crate::tree::Tree;

/// Draws one visit.
pub struct Artist<'a> {
    engine: &'a Engine,
    pub(super) connection: &'a Connection,
    tree: Tree,
    authors: Authors<'a>,
    photos: Vec<photos::PhotoRow>,
}

pub fn visit(engine: &Engine, connection: &Connection, id: EntityId) -> Result<VisitView> {
    Artist::of(engine, connection, id)?.visit()
}

/// A visit by its id, and when it began as far as it is held here.
pub(super) fn mention(connection: &Connection, id: EntityId) -> Result<VisitMention> {
    let started_ms = rows::visit(connection, id)?.map(|counts| counts.started_ms);
    Ok(VisitMention { visit: id.to_string(), started_ms })
}

pub fn no_visit() -> Error {
    Error::Refused(ErrorCode::NotFound, "no such visit")
}

/// A line of a list.
pub fn summary(engine: &Engine, connection: &Connection, id: EntityId) -> Result<VisitSummary> {
    let counts = rows::visit(connection, id)?.unwrap_or_default();
    let venue = match counts.venue {
        Some(venue) => venues::row(connection, venue, None)?,
        None => None,
    };
    Ok(VisitSummary {
        id: id.to_string(),
        // "Not held here" must never look like an empty name: the screen says so for a venue without a category.
        venue: venue.unwrap_or_else(|| VenueRow {
            id: counts.venue.map(|venue| venue.to_string()).unwrap_or_default(),
            name: String::new(),
            category: String::new(),
            district: String::new(),
            township: None,
            address: String::new(),
            licence_no: None,
            distance_m: None,
            found_on_patrol: false,
            state: SaveState::Held,
        }),
        started_ms: counts.started_ms,
        finished_ms: counts.finished_ms,
        sealed: counts.sealed,
        answered: counts.answered,
        items: counts.items,
        findings: counts.findings,
        photos: counts.photos,
        readings: counts.readings,
        conflicts: counts.conflicts,
        retracted: counts.retracted,
        review: counts.review.and_then(words::ReviewState::from_number).map(ReviewState::from),
        joined: joined::others(connection, id)?,
        outside: lost::not_read(connection, id)?,
        state: visit_state(engine, connection, id)?,
    })
}

impl<'a> Artist<'a> {
    pub(super) fn of(engine: &'a Engine, connection: &'a Connection, id: EntityId) -> Result<Self> {
        let tree = Tree::read(connection, id)?.ok_or_else(no_visit)?;
        let authors = Authors::new(connection)?;
        let photos = photos::of_root(connection, id)?;
        Ok(Self { engine, connection, tree, authors, photos })
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    fn visit(self) -> Result<VisitView> {
        let root = self.tree.root;
        let position = self
            .tree
            .of_kind(kind::PRESENCE)
            .find_map(|presence| self.tree.value(presence.id, field::POSITION))
            .and_then(xuncha_domain::model::fact::Position::from_value)
            .map(Position::from);
        let summary = summary(self.engine, self.connection, root)?;
        let distance_m = match (position, summary.venue.id.parse()) {
            (Some(position), Ok(venue)) => {
                venues::row(self.connection, venue, Some(position))?.and_then(|venue| venue.distance_m)
            }
            _ => None,
        };
        let number = |value: &Value| value.as_int();
        Ok(VisitView {
            kind: self.shown(root, field::VISIT_KIND, |v| VisitKind::from_number(number(v)?))?,
            mode: self.shown(root, field::MODE, |v| VisitMode::from_number(number(v)?))?,
            lead_level: self.shown(root, field::LEAD, |v| LeadLevel::from_number(number(v)?))?,
            members: self.members()?,
            checklist: super::checklist::state(self.connection, &self.tree, summary.sealed)?,
            sections: self.sections()?,
            notes: self.notes(None)?,
            note_token: self.note_token(None),
            readings: self.readings()?,
            imports: self.imports()?,
            roster: self.roster()?,
            photos: self.photos(None)?,
            documents: document::shown(self.connection, &self.tree)?,
            position,
            distance_m,
            after_seal: self.after_seal()?,
            standing: self.standing(root)?,
            review: self.review()?,
            partly: self.partly(),
            summary,
        })
    }

    /// A field with its token, and every live value when they differ.
    pub(super) fn shown<T>(
        &self,
        entity: EntityId,
        name: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Shown<T>> {
        let token = self.tree.token(entity, name);
        let Some(shown) = self.tree.shown(entity, name) else {
            return Ok(Shown { value: None, erased: false, token, conflict: Vec::new() });
        };
        let value = shown.live.first().and_then(|live| read(live.value.value()?));
        let erased = shown.live.first().is_some_and(|live| self.tree.erased(live));
        let mut conflict = Vec::new();
        if shown.state != Agreement::Agreed {
            for live in shown.live {
                if let Some(value) = live.value.value().and_then(&read) {
                    conflict.push(self.authors.candidate(&self.tree, live, value)?);
                }
            }
        }
        Ok(Shown { value, erased, token, conflict })
    }

    fn members(&self) -> Result<Vec<MemberView>> {
        let named = self.tree.field_names(self.tree.root).filter_map(field::member_officer);
        named
            .map(|id| {
                Ok(MemberView {
                    officer: officer(self.connection, id)?,
                    present: self.shown(self.tree.root, &field::member(id), Value::as_bool)?,
                })
            })
            .collect()
    }

    fn sections(&self) -> Result<Vec<SectionView>> {
        let sections = self.tree.sections().into_iter().map(|(set, items)| {
            Ok(SectionView {
                id: set.id.clone(),
                zh: set.title_zh.clone(),
                en: set.title_en.clone(),
                items: items.into_iter().map(|item| self.item(item)).collect::<Result<_>>()?,
            })
        });
        sections.collect()
    }

    fn item(&self, item: &ChecklistItem) -> Result<ItemView> {
        let name = field::answer(&item.id);
        let answered = self.tree.value(self.tree.root, &name).and_then(answer::from_value);
        let failed = answered.is_some_and(|a| checklist::judge(item, &a) == Judgement::NonCompliant);
        Ok(ItemView {
            id: item.id.clone(),
            zh: item.zh.clone(),
            en: item.en.clone(),
            severity: item.severity.code().into(),
            group: item.group.clone(),
            answer_kind: AnswerKind::from(item),
            choices: choices(item),
            unit: item.unit().map(str::to_owned),
            basis: item
                .basis
                .iter()
                .map(|basis| BasisRow {
                    zh: basis.source.title_zh.clone(),
                    en: basis.source.title_en.clone(),
                    article: basis.article.clone(),
                    verification: basis.source.verification.code().into(),
                })
                .collect(),
            evidence: item.evidence.iter().map(|evidence| evidence.code().into()).collect(),
            handling: item.handling.code().into(),
            answer: self.shown(self.tree.root, &name, |value| answer::from_value(value).map(Answer::from))?,
            failed,
            notes: self.notes(Some(&item.id))?,
            note_token: self.note_token(Some(&item.id)),
            finding: self.finding_of(&item.id, failed)?,
            photos: self.photos(Some(&item.id))?,
        })
    }

    /// A failed item opens a finding; one that was described stays when the answer changes.
    fn finding_of(&self, item: &str, failed: bool) -> Result<Option<FindingView>> {
        let id = entities::finding(&entities::visit(self.tree.root), item).id;
        if !failed && self.tree.field_names(id).next().is_none() {
            return Ok(None);
        }
        self.finding(item).map(Some)
    }

    pub(super) fn finding(&self, item: &str) -> Result<FindingView> {
        let id = entities::finding(&entities::visit(self.tree.root), item).id;
        let text = |value: &Value| value.as_text().map(str::to_owned);
        let deadline = self.tree.value(id, field::DEADLINE).and_then(finding::deadline);
        let over = deadline.is_some_and(|day| day < day_in_china(self.engine.now_ms()));
        let ordered =
            self.tree.value(id, field::STATUS).and_then(Value::as_text).is_some_and(finding::is_ordered);
        // A visit that cannot be read is named all the same.
        let named = |value: &Value| {
            let visit = finding::recheck(value)?;
            Some(
                mention(self.connection, visit)
                    .unwrap_or(VisitMention { visit: visit.to_string(), started_ms: None }),
            )
        };
        Ok(FindingView {
            id: id.to_string(),
            status: self.shown(id, field::STATUS, text)?,
            description: self.shown(id, field::DESCRIPTION, text)?,
            deadline: self.shown(id, field::DEADLINE, text)?,
            overdue: ordered && over,
            authority: self.shown(id, field::AUTHORITY, text)?,
            recheck: self.shown(id, field::RECHECK, named)?,
            standing: self.standing(id)?,
        })
    }

    fn notes(&self, item: Option<&str>) -> Result<Vec<NoteView>> {
        let mut notes = Vec::new();
        for node in self.tree.of_kind(kind::NOTE) {
            let Some((of, author)) = entities::note_key(&node.key) else { continue };
            let Some(live) = self.tree.live(node.id, field::TEXT) else { continue };
            let empty = live.value.value().and_then(Value::as_text).is_some_and(str::is_empty);
            if of != item || empty {
                continue;
            }
            notes.push(NoteView {
                officer: author.to_string(),
                officer_name: officer(self.connection, author)?.name,
                mine: Some(author) == self.authors.me(),
                at_ms: live.corrected_ms,
                text: self.shown(node.id, field::TEXT, |value| value.as_text().map(str::to_owned))?,
            });
        }
        notes.sort_by_key(|note| note.at_ms);
        Ok(notes)
    }

    fn note_token(&self, item: Option<&str>) -> String {
        let mine = self.authors.me().map(|me| entities::note(&entities::visit(self.tree.root), item, me).id);
        mine.map(|id| self.tree.token(id, field::TEXT)).unwrap_or_default()
    }

    fn photos(&self, item: Option<&str>) -> Result<Vec<PhotoView>> {
        let mut photos = Vec::new();
        for node in self.tree.of_kind(kind::PHOTO).filter(|node| entities::photo_item(&node.key) == item) {
            let Some(live) = self.tree.live(node.id, field::FACT) else { continue };
            let Some(photo) = live.value.value().and_then(Photo::from_value) else { continue };
            let here = self.photos.iter().find(|row| row.sha256 == photo.sha256);
            let name = Name { photo: photo.sha256, thumb: false };
            let original = fetched::get(self.connection, name)?;
            let thumb = fetched::get(self.connection, Name { thumb: true, ..name })?;
            let fetched = original.is_some_and(|original| original.whole);
            photos.push(PhotoView {
                id: node.id.to_string(),
                sha256: hex::encode(photo.sha256),
                size: photo.size,
                width: photo.width,
                height: photo.height,
                officer_name: officer(self.connection, live.officer)?.name,
                at_ms: live.corrected_ms,
                here: here.is_some() || fetched,
                thumb_here: here.is_some() || fetched || thumb.is_some_and(|thumb| thumb.whole),
                fetch: self.engine.0.wanted.state_of(name),
                fetched_bytes: original.map_or(0, |original| original.bytes),
                standing: self.standing(node.id)?,
                erased: erasures::photo_erased(self.connection, &photo.sha256)?,
                state: match here {
                    // Held is the photo whose bytes and whose record are at HQ.
                    Some(row) => {
                        let recorded = log::received(self.connection, &live.commit)?;
                        let carried = (row.received || hubs::carries_photo(self.connection, &row.sha256)?)
                            && (recorded || hubs::carries_commit(self.connection, live.commit)?);
                        Some(state(self.engine, row.problem.is_some(), !row.received || !recorded, !carried))
                    }
                    None => None,
                },
            });
        }
        photos.sort_by_key(|photo| photo.at_ms);
        Ok(photos)
    }

    /// Whether a snapshot stands for it that does not hold all of it.
    fn partly(&self) -> bool {
        self.tree.lacks
            && (self.tree.all_live().any(|(_, _, live)| self.tree.elsewhere(live))
                || self.tree.value(self.tree.root, field::VENUE).is_none())
    }

    pub(super) fn standing(&self, id: EntityId) -> Result<Standing> {
        super::retract::shown(self.connection, &self.authors, &self.tree, id)
    }

    /// Live entries outside the basis of every seal.
    fn after_seal(&self) -> Result<u32> {
        let mut covered = BTreeSet::new();
        for presence in self.tree.of_kind(kind::PRESENCE) {
            let Some(live) = self.tree.live(presence.id, field::SEAL) else { continue };
            let Some(seal) = live.value.value().and_then(Seal::from_value) else { continue };
            covered.extend(store::basis::covered(self.connection, live.commit, &seal.basis)?);
        }
        Ok(if covered.is_empty() { 0 } else { self.after(&covered) })
    }

    fn after(&self, covered: &BTreeSet<CommitRef>) -> u32 {
        basis::outside(standing::entries(&self.tree, self.tree.root, basis::is_entry), covered)
    }

    fn review(&self) -> Result<Option<ReviewView>> {
        let id = review::entity(&entities::visit(self.tree.root)).id;
        let Some(live) = self.tree.live(id, field::FACT) else { return Ok(None) };
        let Some(found) = live.value.value().and_then(Review::from_value) else { return Ok(None) };
        let covered = store::basis::covered(self.connection, live.commit, &found.basis)?;
        let remark = self.tree.value(id, field::TEXT).and_then(Value::as_text);
        Ok(Some(ReviewView {
            state: found.state.into(),
            remark: remark.filter(|text| !text.is_empty()).map(str::to_owned),
            by: officer(self.connection, live.officer)?.name,
            at_ms: live.corrected_ms,
            after: self.after(&covered),
        }))
    }
}

impl From<words::ReviewState> for ReviewState {
    fn from(state: words::ReviewState) -> Self {
        match state {
            words::ReviewState::Approved => Self::Approved,
            words::ReviewState::Returned => Self::Returned,
        }
    }
}

pub(super) fn choices(item: &ChecklistItem) -> Vec<ChoiceRow> {
    let row = |choice: &checklist::Choice| ChoiceRow {
        code: choice.code.clone(),
        zh: choice.zh.clone(),
        en: choice.en.clone(),
    };
    item.choices.iter().map(row).collect()
}

macro_rules! same_words {
    ($($wire:ident { $($variant:ident),+ })+) => { $(
        impl $wire {
            fn from_number(number: i64) -> Option<Self> {
                words::$wire::from_number(number).map(|word| match word { $(words::$wire::$variant => Self::$variant),+ })
            }

            /// The word for a number in the log.
            pub(super) fn word(number: i64) -> Option<&'static str> {
                words::$wire::from_number(number).map(words::$wire::as_str)
            }

            /// The number in the log.
            pub(super) const fn number(self) -> i64 {
                match self { $(Self::$variant => words::$wire::$variant.number()),+ }
            }
        }
    )+ };
}
same_words! {
    VisitKind { Inspection, Survey, Patrol, Recheck, ClosureCheck }
    VisitMode { OnSite, Phone, Online }
    LeadLevel { Bureau, Brigade, District }
}

impl From<checklist::Answer> for Answer {
    fn from(answer: checklist::Answer) -> Self {
        match answer {
            checklist::Answer::Yes => Self::Yes,
            checklist::Answer::No => Self::No,
            checklist::Answer::Na => Self::Na,
            checklist::Answer::Number(n) => Self::Number(n),
            checklist::Answer::Percent(n) => Self::Percent(n),
            checklist::Answer::Temperature(n) => Self::Temperature(n),
            checklist::Answer::Text(text) => Self::Text(text),
            checklist::Answer::Choice(code) => Self::Choice(code),
        }
    }
}

impl From<&ChecklistItem> for AnswerKind {
    fn from(item: &ChecklistItem) -> Self {
        match item.answer {
            checklist::AnswerKind::YesNo => Self::YesNo,
            checklist::AnswerKind::YesNoNa => Self::YesNoNa,
            checklist::AnswerKind::Number => Self::Number,
            checklist::AnswerKind::Percent => Self::Percent,
            checklist::AnswerKind::Temperature => Self::Temperature,
            checklist::AnswerKind::Text => Self::Text,
            checklist::AnswerKind::Choice => Self::Choice,
        }
    }
}

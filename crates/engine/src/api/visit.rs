//! A visit: begun, answered, left, finished.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{self, Mode, Severity};
use xuncha_domain::ids::{EntityId, OfficerId, Scope};
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::{answer as answers, field, visit as entities, words};
use xuncha_domain::{reference, text};

use super::types::{
    Answer, ErrorCode, NewVisit, Nothing, RestItem, SetAnswer, SetMember, SetNote, SetPosition, SetRest,
    SetVisitField, VisitRef, VisitView,
};
use super::{venues, view};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::{base, checklists, rows, things};
use crate::tree::Tree;
use crate::write::{self, Pen, Tap};

/// A note; more belongs into a document.
const NOTE_CHARS_MAX: usize = 4_000;

pub fn start(engine: &Engine, new: NewVisit) -> Result<VisitView> {
    let venue: EntityId = new.venue.parse()?;
    let id = EntityId::v7(engine.now_ms(), &*engine.0.options.entropy);
    engine.write(|connection, pen| {
        let row = venues::row(connection, venue, None)?.ok_or_else(venues::no_venue)?;
        let purpose = Mode::from_code(&new.purpose).ok_or_else(|| bad("no such purpose"))?;
        let checklist = checklists::current(connection, &row.category, purpose)?
            .ok_or_else(|| bad("no checklist for this purpose"))?;
        let root = entities::visit(id);
        let presence = entities::presence(&root, pen.enrolment.certificate.device);
        let now = Value::Int(pen.clock.now_ms());
        let mut taps = vec![
            tap(&root, field::VENUE, Value::bytes(venue.0)),
            tap(&root, field::VISIT_KIND, Value::Int(new.kind.number())),
            tap(&root, field::MODE, Value::Int(new.mode.number())),
            tap(&root, field::LEAD, Value::Int(new.lead_level.number())),
            tap(&root, field::CHECKLIST, Value::bytes(checklist.hash)),
            tap(&root, &field::member(pen.enrolment.officer()), Value::Bool(true)),
            tap(&presence, field::START, now),
        ];
        if let Some(position) = new.position {
            taps.push(tap(&presence, field::POSITION, venues::position_value(position)?));
        }
        // The district of the venue at the first tap.
        write::record(connection, pen, &reference::scope_of_district(&row.district)?, taps)
    })?;
    done(engine, id)
}

pub fn get(engine: &Engine, visit: VisitRef) -> Result<VisitView> {
    let id = visit.visit.parse()?;
    let view = engine.read(|connection| view::visit(engine, connection, id))?;
    if view.partly {
        // A full disk hides nothing: whoever looks again asks again.
        match engine.0.store.write(|transaction| base::want_thing(transaction, id)) {
            Ok(true) => engine.wake_sync(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "what a visit lacks is fetched later"),
        }
    }
    Ok(view)
}

pub fn set(engine: &Engine, set: SetVisitField) -> Result<VisitView> {
    let (name, number) = match set.field.as_str() {
        "kind" => (field::VISIT_KIND, words::VisitKind::parse(&set.value).map(words::VisitKind::number)),
        "mode" => (field::MODE, words::VisitMode::parse(&set.value).map(words::VisitMode::number)),
        "lead_level" => (field::LEAD, words::LeadLevel::parse(&set.value).map(words::LeadLevel::number)),
        _ => return Err(bad("no such field")),
    };
    let value = Value::Int(number.ok_or_else(|| bad("no such word"))?);
    edit(engine, &set.visit, |draft| Ok(vec![Tap { token: set.token, ..tap(&draft.root, name, value) }]))
}

pub fn member(engine: &Engine, set: SetMember) -> Result<VisitView> {
    let officer: OfficerId = set.officer.parse()?;
    edit(engine, &set.visit, |draft| {
        let name = field::member(officer);
        Ok(vec![Tap { token: set.token, ..tap(&draft.root, &name, Value::Bool(set.present)) }])
    })
}

pub fn answer(engine: &Engine, set: SetAnswer) -> Result<VisitView> {
    let answer = checked(set.answer)?;
    edit(engine, &set.visit, |draft| {
        let item = draft.tree.checklist.and_then(|checklist| checklist.item(&set.item));
        if !item.is_some_and(|item| item.accepts(&answer)) {
            return Err(bad("the visit's checklist has no such item or answer"));
        }
        let mut tap = tap(&draft.root, &field::answer(&set.item), answers::to_value(&answer));
        tap.detached = answers::detached(&answer);
        tap.token = set.token;
        Ok(vec![tap])
    })
}

/// All of them or none, in one transaction.
pub fn answer_rest(engine: &Engine, set: SetRest) -> Result<VisitView> {
    edit(engine, &set.visit, |draft| {
        let checklist = draft.tree.checklist.ok_or_else(|| bad("the visit has no checklist"))?;
        let mut seen = BTreeSet::new();
        set.items
            .into_iter()
            .map(|RestItem { item: id, token }| {
                let item = checklist.item(&id).filter(|item| item.severity != Severity::Critical);
                if !item.is_some_and(|item| item.accepts(&checklist::Answer::Yes)) || !seen.insert(id.clone())
                {
                    return Err(bad("an item that is answered by itself"));
                }
                let value = answers::to_value(&checklist::Answer::Yes);
                Ok(Tap { token, ..tap(&draft.root, &field::answer(&id), value) })
            })
            .collect()
    })
}

pub fn note(engine: &Engine, set: SetNote) -> Result<VisitView> {
    let text = checked_text(&set.text)?;
    edit(engine, &set.visit, |draft| {
        let note = entities::note(&draft.root, set.item.as_deref(), draft.me);
        Ok(vec![Tap { detached: true, token: set.token, ..tap(&note, field::TEXT, Value::text(text)) }])
    })
}

pub fn position(engine: &Engine, set: SetPosition) -> Result<VisitView> {
    let value = venues::position_value(set.position)?;
    edit(engine, &set.visit, |draft| {
        let token = draft.tree.token(draft.presence.id, field::POSITION);
        Ok(vec![Tap { token, ..tap(&draft.presence, field::POSITION, value) }])
    })
}

pub fn leave(engine: &Engine, visit: VisitRef) -> Result<Nothing> {
    let id: EntityId = visit.visit.parse()?;
    engine.write(|connection, pen| {
        let scope = scope_of(connection, id)?;
        write::flush(connection, pen, &scope)
    })?;
    engine.wake_sync();
    Ok(Nothing {})
}

pub fn finish(engine: &Engine, visit: VisitRef) -> Result<VisitView> {
    let id: EntityId = visit.visit.parse()?;
    whole_here(engine, id)?;
    engine.write(|connection, pen| {
        let counts = rows::visit(connection, id)?.ok_or_else(view::no_visit)?;
        if counts.sealed {
            return Err(sealed());
        }
        if counts.answered == 0 && counts.photos == 0 && counts.readings == 0 {
            return Err(Error::Refused(ErrorCode::VisitEmpty, "nothing is recorded in this visit"));
        }
        end_and_seal(connection, pen, &scope_of(connection, id)?, id)
    })?;
    engine.wake_sync();
    done(engine, id)
}

/// A seal names every commit: of a visit that is partly at HQ it waits until the rest has come.
pub(super) fn whole_here(engine: &Engine, id: EntityId) -> Result<()> {
    if !engine.read(|connection| base::stands_for(connection, id))? {
        return Ok(());
    }
    engine.0.store.write(|transaction| base::want_thing(transaction, id))?;
    engine.wake_sync();
    Err(Error::Refused(ErrorCode::VisitPartly, "a part of the visit is at HQ"))
}

/// This phone's part in the visit ends, and the visit is sealed as it is now.
pub(super) fn end_and_seal(
    connection: &Connection,
    pen: &Pen<'_>,
    scope: &Scope,
    id: EntityId,
) -> Result<()> {
    let presence = entities::presence(&entities::visit(id), pen.enrolment.certificate.device);
    let end = tap(&presence, field::END, Value::Int(pen.clock.now_ms()));
    write::record(connection, pen, scope, vec![end])?;
    write::seal(connection, pen, scope, id)
}

/// A visit that is being edited.
pub(super) struct Draft {
    pub tree: Tree,
    pub root: Entity,
    pub presence: Entity,
    pub me: OfficerId,
}

/// Records what `taps` makes of an unsealed visit, and draws it again.
pub(super) fn edit(
    engine: &Engine,
    visit: &str,
    taps: impl FnOnce(&Draft) -> Result<Vec<Tap>>,
) -> Result<VisitView> {
    let id: EntityId = visit.parse()?;
    engine.write(|connection, pen| {
        let draft = open(connection, pen, id)?;
        let scope = scope_of(connection, id)?;
        write::record(connection, pen, &scope, taps(&draft)?)
    })?;
    done(engine, id)
}

/// An unsealed visit.
pub(super) fn open(connection: &Connection, pen: &Pen<'_>, id: EntityId) -> Result<Draft> {
    let tree = Tree::read(connection, id)?.ok_or_else(view::no_visit)?;
    if rows::visit(connection, id)?.is_some_and(|counts| counts.sealed) {
        return Err(sealed());
    }
    let root = entities::visit(id);
    let presence = entities::presence(&root, pen.enrolment.certificate.device);
    Ok(Draft { tree, root, presence, me: pen.enrolment.officer() })
}

pub(super) fn scope_of(connection: &Connection, id: EntityId) -> Result<Scope> {
    things::scope_of(connection, id)?.ok_or_else(view::no_visit)
}

pub(super) fn done(engine: &Engine, id: EntityId) -> Result<VisitView> {
    engine.wrote(&id.to_string());
    engine.read(|connection| view::visit(engine, connection, id))
}

/// A tap that saw no value before.
pub(super) fn tap(entity: &Entity, name: &str, value: Value) -> Tap {
    Tap { entity: entity.clone(), field: name.into(), value, detached: false, token: String::new() }
}

pub(super) fn checked_text(input: &str) -> Result<String> {
    let clean = text::clean(input);
    if clean.chars().count() > NOTE_CHARS_MAX {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a text is too long"));
    }
    Ok(clean)
}

fn checked(answer: Answer) -> Result<checklist::Answer> {
    Ok(match answer {
        Answer::Yes => checklist::Answer::Yes,
        Answer::No => checklist::Answer::No,
        Answer::Na => checklist::Answer::Na,
        Answer::Number(n) => checklist::Answer::Number(n),
        Answer::Percent(n) => checklist::Answer::Percent(n),
        Answer::Temperature(n) => checklist::Answer::Temperature(n),
        Answer::Text(text) => checklist::Answer::Text(checked_text(&text)?),
        Answer::Choice(code) => checklist::Answer::Choice(code),
    })
}

pub(super) fn bad(what: &'static str) -> Error {
    Error::Refused(ErrorCode::BadRequest, what)
}

fn sealed() -> Error {
    Error::Refused(ErrorCode::VisitSealed, "the visit is sealed")
}

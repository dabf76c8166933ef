//! Temperatures: recorded once, corrected with a reason, never overwritten.

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::random;
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::fact::Reading;
use xuncha_domain::model::words::{Sequence, Site, Step};
use xuncha_domain::model::{field, kind, visit as entities};
use xuncha_domain::text;

use super::types::{
    AddReading, CorrectReading, ErrorCode, ReadingInput, SetReadingDone, SetReadingStep, VisitView,
};
use super::visit::{Draft, bad, checked_text, edit, tap};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::write::Tap;

/// What a thermometer can show at all, in tenths of a degree; beyond is a slip of the finger.
const SHOWN_DC: std::ops::RangeInclusive<i32> = -500..=1_000;
/// A label such as "收银员" or "保安2".
const SUBJECT_CHARS_MAX: usize = 40;

pub fn add(engine: &Engine, new: AddReading) -> Result<VisitView> {
    let reading = checked(new.reading)?;
    let nonce = random::<5>(&*engine.0.options.entropy);
    edit(engine, &new.visit, |draft| {
        let entity = entities::reading(&draft.root, nonce);
        let mut taps = vec![fact(&entity, &reading, String::new())];
        if let Some(id) = &new.retest_of {
            let key = named(draft, id)?.origin.map_or(Value::Null, |origin| origin.key.clone());
            taps.push(tap(&entity, field::RETEST_OF, key));
        }
        Ok(taps)
    })
}

pub fn correct(engine: &Engine, change: CorrectReading) -> Result<VisitView> {
    let reading = checked(change.reading)?;
    let reason = checked_text(&change.reason)?;
    if reason.is_empty() {
        return Err(bad("a correction needs a reason"));
    }
    edit(engine, &change.visit, |draft| {
        let entity = named(draft, &change.id)?;
        let why = Tap {
            detached: true,
            token: change.reason_token,
            ..tap(&entity, field::REASON, Value::text(reason))
        };
        Ok(vec![fact(&entity, &reading, change.token), why])
    })
}

/// Whether something was done about a reading.
pub fn step(engine: &Engine, set: SetReadingStep) -> Result<VisitView> {
    let name = field::step(Step::parse(&set.step).ok_or_else(|| bad("no such step"))?);
    edit(engine, &set.visit, |draft| {
        let entity = named(draft, &set.id)?;
        Ok(vec![Tap { token: set.token, ..tap(&entity, &name, Value::Bool(set.done)) }])
    })
}

/// What was done about a reading, in words: they may name people.
pub fn done(engine: &Engine, set: SetReadingDone) -> Result<VisitView> {
    let text = Value::text(checked_text(&set.text)?);
    edit(engine, &set.visit, |draft| {
        let entity = named(draft, &set.id)?;
        Ok(vec![Tap { detached: true, token: set.token, ..tap(&entity, field::TEXT, text) }])
    })
}

/// A reading of the visit.
fn named(draft: &Draft, id: &str) -> Result<Entity> {
    let node = draft.tree.nodes.get(&id.parse()?).filter(|node| node.kind == kind::READING);
    let node = node.ok_or(Error::Refused(ErrorCode::NotFound, "no such reading"))?;
    Ok(Entity::keyed(kind::READING, &draft.root, node.key.clone()))
}

pub(super) fn fact(entity: &Entity, reading: &Reading, token: String) -> Tap {
    Tap { detached: reading.detached(), token, ..tap(entity, field::FACT, reading.to_value()) }
}

fn checked(input: ReadingInput) -> Result<Reading> {
    if !SHOWN_DC.contains(&input.temperature_dc) || input.ambient_dc.is_some_and(|dc| !SHOWN_DC.contains(&dc))
    {
        return Err(Error::Refused(ErrorCode::ReadingImplausible, "no thermometer shows this"));
    }
    let subject = input.subject.map(|subject| text::clean(&subject)).filter(|subject| !subject.is_empty());
    if subject.as_ref().is_some_and(|subject| subject.chars().count() > SUBJECT_CHARS_MAX) {
        return Err(Error::Refused(ErrorCode::TextTooLong, "a label is too long"));
    }
    Ok(Reading {
        temperature_dc: input.temperature_dc,
        site: Site::parse(&input.site).ok_or_else(|| bad("no such site"))?,
        sequence: Sequence::parse(&input.sequence).ok_or_else(|| bad("no such sequence"))?,
        indoor: input.indoor,
        ambient_dc: input.ambient_dc,
        subject,
    })
}

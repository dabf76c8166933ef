//! Temperatures as screens draw them: each reading, the people of a visit with what came of their retests, and the labels
//! of those who were measured at the venue before.

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::measured::{self, Chain, Crowd, Measured, Outcome};
use xuncha_domain::model::fact::{Imported, Reading};
use xuncha_domain::model::words::Step;
use xuncha_domain::model::{field, kind, visit as entities};
use xuncha_domain::reading::Verdict;

use super::reference::officer;
use super::types::{
    CrowdView, PersonView, ReadingInput, ReadingStep, ReadingVerdict, ReadingView, RosterView, VisitRef,
};
use super::view::{Artist, no_visit};
use crate::engine::Engine;
use crate::error::Result;
use crate::standing;
use crate::store::rows;
use crate::tree::{Node, Tree};

/// Earlier visits that are looked at for labels: who works at a venue changes little from one to the next.
const EARLIER_MAX: u32 = 5;
/// Labels that are remembered of a venue; a longer list is not measured person by person.
const LABELS_MAX: usize = 200;

impl Artist<'_> {
    pub(super) fn readings(&self) -> Result<Vec<ReadingView>> {
        let mut readings = Vec::new();
        for node in self.tree().of_kind(kind::READING) {
            let Some(live) = self.tree().live(node.id, field::FACT) else { continue };
            let shown = live.value.value().and_then(Reading::from_value);
            if shown.is_none() && !live.value.erased() {
                continue;
            }
            let imported = imported(self.tree(), node);
            let verdict = reading_verdict(shown.as_ref().and_then(Reading::verdict));
            // A file has hundreds; what must be dealt with is listed, the rest is in the history.
            if imported.is_some() && shown.is_some() && verdict == ReadingVerdict::Normal {
                continue;
            }
            let because = self.tree().value(node.id, field::REASON).and_then(Value::as_text);
            readings.push(ReadingView {
                id: node.id.to_string(),
                reading: self.shown(node.id, field::FACT, |value| {
                    Reading::from_value(value).map(ReadingInput::from)
                })?,
                verdict: shown.as_ref().map(|_| verdict),
                officer_name: officer(self.connection, live.officer)?.name,
                at_ms: live.corrected_ms,
                corrected_because: because.map(str::to_owned),
                reason_token: self.tree().token(node.id, field::REASON),
                retest_of: retest_of(self.tree(), node).map(|id| id.to_string()),
                imported_ms: imported.map(|imported| imported.at_ms),
                steps: Step::ALL.iter().map(|step| self.step(node.id, *step)).collect::<Result<_>>()?,
                done: self.shown(node.id, field::TEXT, |value| value.as_text().map(str::to_owned))?,
                standing: self.standing(node.id)?,
            });
        }
        readings.sort_by_key(|reading| reading.at_ms);
        Ok(readings)
    }

    fn step(&self, reading: EntityId, step: Step) -> Result<ReadingStep> {
        let name = field::step(step);
        let said = self.tree().live(reading, &name);
        Ok(ReadingStep {
            step: step.as_str().into(),
            done: self.shown(reading, &name, Value::as_bool)?,
            officer_name: said
                .map(|live| officer(self.connection, live.officer))
                .transpose()?
                .map(|row| row.name),
            at_ms: said.map(|live| live.corrected_ms),
        })
    }

    pub(super) fn roster(&self) -> Result<RosterView> {
        let here = taken(self.connection, self.tree())?.into_iter().filter(|taken| !taken.imported);
        let chains = measured::chains(here.map(|taken| taken.measured));
        let crowd = Crowd::of(&chains);
        Ok(RosterView {
            people: chains.into_iter().filter_map(person).collect(),
            crowd: CrowdView {
                measured: crowd.measured,
                abnormal: crowd.abnormal,
                retest_normal: crowd.retest_normal,
                implausible: crowd.implausible,
                highest_dc: crowd.highest_dc,
            },
        })
    }
}

fn person(chain: Chain<EntityId>) -> Option<PersonView> {
    let outcome = chain.outcome()?;
    Some(PersonView {
        subject: chain.subject,
        readings: chain.readings.into_iter().map(|reading| reading.id.to_string()).collect(),
        outcome: outcome.code().into(),
        open: matches!(outcome, Outcome::Implausible | Outcome::Suspect | Outcome::Confirmed),
    })
}

/// A reading of a body that stands.
pub(super) struct Taken {
    /// When it was measured.
    pub at_ms: i64,
    /// It came from a file of a thermometer.
    pub imported: bool,
    pub measured: Measured<EntityId>,
}

/// The readings of bodies that stand, oldest first.
pub(super) fn taken(connection: &Connection, tree: &Tree) -> Result<Vec<Taken>> {
    let mut taken = Vec::new();
    for node in tree.of_kind(kind::READING) {
        let Some(live) = tree.live(node.id, field::FACT) else { continue };
        let Some(reading) = live.value.value().and_then(Reading::from_value) else { continue };
        let Some(verdict) = reading.verdict() else { continue };
        if standing::of(connection, tree, node.id)?.is_some_and(|found| found.hidden()) {
            continue;
        }
        let reported = tree.value(node.id, &field::step(Step::Reported)).and_then(Value::as_bool);
        let measured = Measured {
            id: node.id,
            retest_of: retest_of(tree, node),
            sequence: reading.sequence,
            subject: reading.subject,
            temperature_dc: reading.temperature_dc,
            verdict,
            reported: reported == Some(true),
        };
        let imported = imported(tree, node);
        let at_ms = imported.map_or(live.corrected_ms, |imported| imported.at_ms);
        taken.push(Taken { at_ms, imported: imported.is_some(), measured });
    }
    taken.sort_by_key(|taken| taken.at_ms);
    Ok(taken)
}

/// Where a reading came from that nobody measured in the visit.
pub(super) fn imported(tree: &Tree, node: &Node) -> Option<Imported> {
    tree.value(node.id, field::IMPORTED).and_then(Imported::from_value)
}

fn retest_of(tree: &Tree, node: &Node) -> Option<EntityId> {
    let key = tree.value(node.id, field::RETEST_OF).and_then(entities::reading_key)?;
    Some(entities::reading(&entities::visit(tree.root), key).id)
}

/// Labels of the people who were measured at the venue in earlier visits, as the newest of them has them.
pub fn labels(engine: &Engine, visit: VisitRef) -> Result<Vec<String>> {
    let id: EntityId = visit.visit.parse()?;
    engine.read(|connection| {
        let venue = Tree::read(connection, id)?.ok_or_else(no_visit)?.venue();
        let Some(venue) = venue else { return Ok(Vec::new()) };
        let mut labels: Vec<String> = Vec::new();
        for earlier in rows::visits_measured(connection, venue, Some(id), EARLIER_MAX)? {
            let Some(tree) = Tree::read(connection, earlier)? else { continue };
            let here = taken(connection, &tree)?.into_iter().filter(|taken| !taken.imported);
            for subject in here.filter_map(|taken| taken.measured.subject) {
                if !labels.contains(&subject) && labels.len() < LABELS_MAX {
                    labels.push(subject);
                }
            }
        }
        Ok(labels)
    })
}

impl From<Reading> for ReadingInput {
    fn from(reading: Reading) -> Self {
        Self {
            temperature_dc: reading.temperature_dc,
            site: reading.site.as_str().into(),
            indoor: reading.indoor,
            ambient_dc: reading.ambient_dc,
            sequence: reading.sequence.as_str().into(),
            subject: reading.subject,
        }
    }
}

/// The air of a room is recorded and never judged.
pub(super) fn reading_verdict(verdict: Option<Verdict>) -> ReadingVerdict {
    match verdict {
        Some(Verdict::Abnormal) => ReadingVerdict::Abnormal,
        Some(Verdict::Implausible) => ReadingVerdict::Implausible,
        Some(Verdict::Normal) | None => ReadingVerdict::Normal,
    }
}

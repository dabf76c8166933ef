//! The row of a visit: what the console's list shows and filters by.

use std::collections::{BTreeMap, BTreeSet};

use xuncha_domain::checklist::{Judgement, judge};
use xuncha_domain::ids::CommitRef;
use xuncha_domain::merge::Agreement;
use xuncha_domain::model::display::display;
use xuncha_domain::model::fact::{Photo, Reading};
use xuncha_domain::model::seal::Seal;
use xuncha_domain::model::words::{LeadLevel, VisitKind, VisitMode};
use xuncha_domain::model::{answer, basis, field, kind, rules};
use xuncha_domain::reading::Verdict;
use xuncha_domain::time::ClockOffset;

use super::{Thing, Tree, acts};
use crate::service::Error;
use crate::storage::{Read, Tx, VisitRecord};

pub(super) fn project(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let visit = tree.root();
    let checklist = tree.checklist;
    let code = |name: &str| visit.value(name).and_then(|value| value.as_int());
    let mut record = VisitRecord {
        entity: visit.entity.id,
        id: visit.entity.name.0,
        scope: visit.entity.scope.to_string(),
        venue: visit.value(field::VENUE).and_then(|value| value.as_bytes()?.try_into().ok()),
        kind: code(field::VISIT_KIND).and_then(VisitKind::from_number).map(VisitKind::as_str),
        mode: code(field::MODE).and_then(VisitMode::from_number).map(VisitMode::as_str),
        lead: code(field::LEAD).and_then(LeadLevel::from_number).map(LeadLevel::as_str),
        started_ms: time(tree, field::START).min().or(first_op_ms(tree)).unwrap_or_default(),
        finished_ms: time(tree, field::END).max(),
        received_ms: last_received_ms(tx, visit)?,
        ..VisitRecord::default()
    };
    for (name, given) in &visit.fields {
        let Some(item) = field::answered_item(name) else { continue };
        let Some(given) = display(kind::VISIT, name, checklist, given)
            .and_then(|shown| answer::from_value(shown.live.first()?.value.value()?))
        else {
            continue;
        };
        record.answered += 1;
        let failed =
            checklist.and_then(|c| c.item(item)).is_some_and(|i| judge(i, &given) == Judgement::NonCompliant);
        record.failed += u32::from(failed);
    }
    // Things that were taken back do not count; those that need another look count and are a conflict.
    let mut hidden = BTreeSet::new();
    for thing in tree.all() {
        let Some(standing) = acts::standing(tx, tree, thing)? else { continue };
        record.conflicts += u32::from(standing.open());
        if standing.hidden() {
            hidden.insert(thing.entity.id);
        }
    }
    record.retracted = hidden.contains(&visit.entity.id);
    let readings = tree.of(kind::READING).filter(|thing| !hidden.contains(&thing.entity.id));
    for reading in readings.filter_map(|thing| Reading::from_value(thing.value(field::FACT)?)) {
        record.readings += 1;
        record.abnormal += u32::from(reading.verdict() == Some(Verdict::Abnormal));
    }
    for thing in tree.all() {
        // A retraction was judged as a whole above, and one value is in conflict with nothing.
        let several = thing.fields.iter().filter(|(name, field)| {
            field.live.len() > 1 && *name != field::RETRACTED && *name != field::RETRACTED_BECAUSE
        });
        let shown = several.filter_map(|(name, field)| display(thing.entity.kind, name, checklist, field));
        record.conflicts += u32::try_from(shown.filter(|shown| shown.state == Agreement::Conflict).count())
            .unwrap_or(u32::MAX);
    }
    let seals = seals(tx, tree)?;
    record.sealed = !seals.is_empty();
    if record.sealed {
        let covered = seals.into_iter().flatten().collect();
        record.after_seal = after(tree, &covered);
    }
    if let Some((_, review, after)) = acts::review(tx, tree)? {
        record.review = Some(review.state.as_str());
        record.after_review = after;
    }
    tx.put_visit(&record, &members(visit), &photos(tree))?;
    let missing = visit.checklist_hash().filter(|_| checklist.is_none());
    tx.set_checklist_missing(visit.entity.id, missing.map(|hash| rules::checklist(&hash).id))?;
    Ok(tx.find_duplicates(&record)?)
}

fn members(visit: &Thing) -> Vec<[u8; 16]> {
    let members = visit.fields.iter().filter_map(|(name, field)| {
        let officer = field::member_officer(name)?;
        Some((display(kind::VISIT, name, None, field)?, officer))
    });
    members
        .filter(|(shown, _)| shown.live.first().and_then(|live| live.value.value()?.as_bool()) == Some(true))
        .map(|(_, officer)| officer.0)
        .collect()
}

/// Photos, each with its thumbnail if it names one.
fn photos(tree: &Tree) -> BTreeMap<[u8; 32], Option<[u8; 32]>> {
    tree.of(kind::PHOTO)
        .filter_map(|thing| Photo::from_value(thing.value(field::FACT)?))
        .map(|photo| (photo.sha256, photo.thumb))
        .collect()
}

/// A time fact of every phone that took part, put right by its last known offset to HQ.
fn time(tree: &Tree, name: &str) -> impl Iterator<Item = i64> {
    tree.of(kind::PRESENCE).filter_map(move |thing| {
        let shown = thing.shown(name, None)?;
        let live = shown.live.first()?;
        Some(ClockOffset::correct(tree.clock(&live.commit), live.value.value()?.as_int()?))
    })
}

fn first_op_ms(tree: &Tree) -> Option<i64> {
    tree.all()
        .flat_map(|thing| thing.fields.values())
        .flat_map(|field| field.live.values())
        .map(|live| live.corrected_ms)
        .min()
}

fn last_received_ms(read: &Read<'_>, visit: &Thing) -> Result<i64, Error> {
    Ok(read.last_touched_ms(visit.entity.id)?.unwrap_or_default())
}

/// What each live seal covers.
pub(in crate::service) fn seals(read: &Read<'_>, tree: &Tree) -> Result<Vec<BTreeSet<CommitRef>>, Error> {
    let mut seals = Vec::new();
    for thing in tree.of(kind::PRESENCE) {
        for live in thing.fields.get(field::SEAL).into_iter().flat_map(|field| field.live.values()) {
            let Some(seal) = live.value.value().and_then(Seal::from_value) else { continue };
            seals.push(acts::covered(read, &live.commit, &seal.basis)?);
        }
    }
    Ok(seals)
}

/// Live entries that an act with this basis had not seen.
pub(in crate::service) fn after(tree: &Tree, covered: &BTreeSet<CommitRef>) -> u32 {
    basis::outside(acts::entries(tree, tree.root(), basis::is_entry), covered)
}

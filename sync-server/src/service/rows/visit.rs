//! The row of a visit: what the console's list shows and filters by.

use std::collections::BTreeSet;

use xuncha_domain::checklist::{Judgement, judge};
use xuncha_domain::ids::CommitRef;
use xuncha_domain::merge::Agreement;
use xuncha_domain::model::fact::{Photo, Reading};
use xuncha_domain::model::seal::{Basis, Seal};
use xuncha_domain::model::words::{LeadLevel, VisitKind, VisitMode};
use xuncha_domain::model::{answer, field, kind};
use xuncha_domain::reading::Verdict;
use xuncha_domain::time::ClockOffset;

use super::{Thing, Tree};
use crate::service::Error;
use crate::storage::{Read, Tx, VisitRecord};

pub(super) fn project(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    let visit = tree.root();
    let checklist = tree.checklist();
    let code = |name: &str| visit.value(name).and_then(|value| value.as_int());
    let mut record = VisitRecord {
        entity: visit.entity.id,
        id: visit.entity.name.0,
        scope: visit.entity.scope.to_string(),
        venue: visit.value(field::VENUE).and_then(|value| value.as_bytes()?.try_into().ok()),
        kind: code(field::VISIT_KIND).and_then(VisitKind::from_number).map(VisitKind::as_str),
        mode: code(field::MODE).and_then(VisitMode::from_number).map(VisitMode::as_str),
        lead: code(field::LEAD).and_then(LeadLevel::from_number).map(LeadLevel::as_str),
        started_ms: time(tx, tree, field::START)?.min().or(first_op_ms(tree)).unwrap_or_default(),
        finished_ms: time(tx, tree, field::END)?.max(),
        received_ms: last_received_ms(tx, visit)?,
        ..VisitRecord::default()
    };
    for name in visit.fields.keys() {
        let Some(item) = field::answered_item(name) else { continue };
        let Some(given) = visit
            .shown(name, checklist)
            .and_then(|shown| answer::from_value(shown.live.first()?.value.value()?))
        else {
            continue;
        };
        record.answered += 1;
        let failed =
            checklist.and_then(|c| c.item(item)).is_some_and(|i| judge(i, &given) == Judgement::NonCompliant);
        record.failed += u32::from(failed);
    }
    for reading in tree.of(kind::READING).filter_map(|thing| Reading::from_value(thing.value(field::FACT)?)) {
        record.readings += 1;
        record.abnormal += u32::from(reading.verdict() == Some(Verdict::Abnormal));
    }
    for thing in tree.all() {
        let shown = thing.fields.keys().filter_map(|name| thing.shown(name, checklist));
        record.conflicts += u32::try_from(shown.filter(|shown| shown.state == Agreement::Conflict).count())
            .unwrap_or(u32::MAX);
    }
    let seals = seals(tx, tree)?;
    record.sealed = !seals.is_empty();
    if record.sealed {
        let covered = seals.into_iter().flatten().collect();
        record.after_seal = after_seal(tree, &covered);
    }
    tx.put_visit(&record, &members(visit), &photos(tree))?;
    Ok(())
}

fn members(visit: &Thing) -> Vec<[u8; 16]> {
    let names = visit.fields.keys().filter_map(|name| Some((name, field::member_officer(name)?)));
    names
        .filter(|(name, _)| visit.value(name).and_then(|v| v.as_bool()) == Some(true))
        .map(|(_, officer)| officer.0)
        .collect()
}

fn photos(tree: &Tree) -> BTreeSet<[u8; 32]> {
    tree.of(kind::PHOTO)
        .filter_map(|thing| Some(Photo::from_value(thing.value(field::FACT)?)?.sha256))
        .collect()
}

/// A time fact of every phone that took part, put right by its last known offset to HQ.
fn time(read: &Read<'_>, tree: &Tree, name: &str) -> Result<impl Iterator<Item = i64>, Error> {
    let mut times = Vec::new();
    for thing in tree.of(kind::PRESENCE) {
        let Some(live) = thing.shown(name, None).and_then(|shown| shown.live.first().copied()) else {
            continue;
        };
        let Some(device_ms) = live.value.value().and_then(|value| value.as_int()) else { continue };
        let clock = read.commit(&live.commit)?.and_then(|row| row.clock);
        times.push(ClockOffset::correct(clock, device_ms));
    }
    Ok(times.into_iter())
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
            seals.push(basis(read, &live.commit, &seal)?);
        }
    }
    Ok(seals)
}

/// The commits that a seal names.
pub(in crate::service) fn basis(
    read: &Read<'_>,
    sealing: &CommitRef,
    seal: &Seal,
) -> Result<BTreeSet<CommitRef>, Error> {
    let Some(row) = read.commit(sealing)? else { return Ok(BTreeSet::new()) };
    let mut commits = BTreeSet::new();
    for basis in &seal.basis {
        match basis {
            Basis::Other(commit) => drop(commits.insert(*commit)),
            Basis::Own(seq) => commits.extend(read.ancestor(&row, *seq)?.map(|hash| hash.short())),
        }
    }
    Ok(commits)
}

/// Live ops that no seal covers; seals themselves are not entries.
pub(in crate::service) fn after_seal(tree: &Tree, covered: &BTreeSet<CommitRef>) -> u32 {
    let entries = tree.all().flat_map(|thing| {
        let entry = move |name: &&String| !(thing.entity.kind == kind::PRESENCE && *name == field::SEAL);
        thing.fields.iter().filter(move |(name, _)| entry(name)).flat_map(|(_, field)| field.live.keys())
    });
    u32::try_from(entries.filter(|commit| !covered.contains(commit)).count()).unwrap_or(u32::MAX)
}

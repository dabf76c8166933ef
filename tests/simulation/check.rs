//! What must hold: while things go wrong, and after everything is healed.

use std::collections::BTreeSet;

use xuncha_domain::ids::EntityId;
use xuncha_engine::api::types::{MemberView, ReviewState, SaveState, VisitRef, VisitView};
use xuncha_server::http::types::{FieldRow, VisitDetail};
use xuncha_server::service::Service;

use crate::editions;
use crate::model::{Drawing, Edit, Kept, Model, Visit, all_notes, at_hq, comes_after, displayed, on_phone};
use crate::phone::Phone;
use crate::standing::{self, Standings};

/// A phone that says "held by HQ" is believed by its officer: edits and the bytes of photos must be there now.
pub fn receipts_hold(model: &Model, phone: &Phone, hq: &Service, wrong: &mut Vec<String>) {
    // What a closed phone pushed is held: HQ has it and does not show it.
    let shows = !phone.estranged;
    let number = phone.author.phone;
    for (id, visit) in &model.visits {
        let Ok(view) = phone.engine.visit_get(VisitRef { visit: id.clone() }) else { continue };
        let detail = detail(hq, id);
        if shows && phone.all_held() && detail.is_err() {
            wrong.push(format!("{id}: held by HQ, says phone {number}; HQ does not know it"));
        }
        let Ok(detail) = detail else { continue };
        if shows && phone.all_held() {
            let there = at_hq(&detail);
            // Of the mode HQ shows one value while only one officer differs from themselves.
            let lost = |(field, edit): &(&str, &Edit)| {
                *field != "mode"
                    && edit.kept() == Kept::Yes
                    && !there.get(*field).is_some_and(|values| holds(field, values, &edit.value))
            };
            for (field, edit) in visit.live_of(phone.author.phone).filter(lost) {
                wrong.push(format!(
                    "{id} {field}: {:?} is held, says phone {number}; HQ lacks it",
                    edit.value
                ));
            }
        }
        if !shows {
            continue;
        }
        let held: BTreeSet<&str> =
            detail.photos.iter().filter(|row| row.held).map(|row| row.sha256.as_str()).collect();
        let said = view.photos.iter().filter(|photo| photo.here && photo.state == Some(SaveState::Held));
        let due = |sha256: &str| visit.photo(sha256) == Kept::Yes && !held.contains(sha256);
        for photo in said.filter(|photo| due(&photo.sha256)) {
            wrong.push(format!("{id}: photo {} is held, says phone {number}; HQ lacks it", photo.sha256));
        }
    }
}

/// Whether a value is among those that HQ shows, or gives way to one of them.
fn holds(field: &str, shown: &BTreeSet<String>, value: &str) -> bool {
    let gave_way = || shown.iter().any(|later| comes_after(later, value));
    shown.contains(value) || (field.starts_with("status ") && gave_way())
}

/// Of the healed state, as HQ shows it.
#[derive(Default)]
pub struct Tally {
    /// That history demands.
    pub conflicts: u64,
    /// Visits in which several officers recorded something.
    pub joint_visits: u64,
    /// Conflicts in joint visits beyond those that history demands.
    pub false_conflicts: u64,
    /// Visits that do not count.
    pub retracted: u64,
    /// Things that were retracted and need another look.
    pub open_standings: u64,
}

impl Tally {
    fn add(&mut self, visit: &Visit, detail: &VisitDetail) {
        let (_, most) = conflicts(visit);
        self.conflicts += most as u64;
        if visit.officers() > 1 {
            self.joint_visits += 1;
            self.false_conflicts += u64::from(detail.row.conflicts).saturating_sub(most as u64);
        }
        self.retracted += u64::from(detail.row.retracted);
        let words = standing::said_at_hq(detail);
        self.open_standings += words.values().filter(|word| standing::is_open(word)).count() as u64;
    }
}

/// Everything that was ever acknowledged is at HQ and on every phone, once, with the conflicts that history demands.
pub fn all_agree(model: &Model, phones: &[Phone], hq: &Service, tally: &mut Tally, wrong: &mut Vec<String>) {
    let mut calls = BTreeSet::new();
    for (id, visit) in &model.visits {
        let mut asks = BTreeSet::new();
        let at_hq = match detail(hq, id) {
            Ok(detail) => {
                tally.add(visit, &detail);
                hq_agrees(id, visit, &detail, hq, wrong);
                joined(model, id, "HQ", detail.row.joined, wrong);
                editions::asks(id, "HQ", visit, editions::at_hq(&detail), wrong);
                asks.insert(editions::at_hq(&detail));
                if !detail.row.retracted {
                    calls.insert(model.call(id));
                }
                let review = detail.review.as_ref().map(|review| review.after);
                Some((standing::said_at_hq(&detail), detail.row.conflicts, review))
            }
            Err(error) => {
                wrong.push(format!("{id}: HQ lacks the visit: {error}"));
                None
            }
        };
        let mut first = None;
        for (number, phone) in phones.iter().enumerate().filter(|(_, phone)| phone.reads(visit)) {
            let Some(view) = phone_agrees(id, visit, number, phone, wrong) else { continue };
            // Whoever reads one district alone need not know the other visit.
            if phone.district.is_none() {
                joined(model, id, &format!("phone {number}"), view.summary.joined, wrong);
            }
            editions::asks(id, &format!("phone {number}"), visit, editions::on_phone(&view), wrong);
            asks.insert(editions::on_phone(&view));
            let displayed = displayed(&view);
            let first = first.get_or_insert_with(|| displayed.clone());
            same(id, &format!("phone {number}"), first, &Drawing::new(), &displayed, wrong);
            let review = view.review.as_ref().map(|review| review.after);
            let here = (standing::said_on_phone(&view), view.summary.conflicts, review);
            if at_hq.as_ref().is_some_and(|at_hq| *at_hq != here) {
                wrong.push(format!("{id}: phone {number} says {here:?}, HQ {at_hq:?}"));
            }
        }
        if asks.len() > 1 {
            wrong.push(format!("{id}: replicas ask by {asks:?}"));
        }
    }
    let overview = hq.overview().map(|overview| overview.visits);
    if overview.as_ref().ok() != Some(&(calls.len() as u64)) {
        wrong.push(format!("HQ counts {overview:?} visits of {}", calls.len()));
    }
}

fn phone_agrees(
    id: &str,
    visit: &Visit,
    number: usize,
    phone: &Phone,
    wrong: &mut Vec<String>,
) -> Option<VisitView> {
    let view = match phone.engine.visit_get(VisitRef { visit: id.into() }) {
        Ok(view) => view,
        Err(error) => {
            wrong.push(format!("{id}: phone {number} lacks the visit: {error:?}"));
            return None;
        }
    };
    let who = format!("phone {number}");
    same(id, &who, &visit.drawing(), &visit.perhaps(), &on_phone(&view), wrong);
    let summary = &view.summary;
    let standings = standing::said_on_phone(&view);
    stand(id, &who, visit, &standings, summary.retracted, wrong);
    let there = |member: &&MemberView| member.present.value == Some(true);
    let members = view.members.iter().filter(there).map(|member| member.officer.id.clone());
    take_part(id, &who, visit, members.collect(), wrong);
    let review = view.review.as_ref().map(|review| match review.state {
        ReviewState::Approved => "approved",
        ReviewState::Returned => "returned",
    });
    reviewed(id, &who, visit, review, wrong);
    let photos: BTreeSet<&str> = view.photos.iter().map(|photo| photo.sha256.as_str()).collect();
    let counts = (photos.len(), summary.photos as usize, summary.readings as usize);
    let expected = (
        visit.photos.len(),
        visit.photos.len() - standing::hidden(&standings, "photo"),
        visit.readings() - standing::hidden(&standings, "reading"),
    );
    if counts != expected {
        wrong.push(format!("{id}: {who} counts photos and readings {counts:?}, not {expected:?}"));
    }
    for photo in &view.photos {
        if visit.photo(&photo.sha256) == Kept::No && !photo.erased {
            wrong.push(format!("{id}: {who} does not say that photo {} was erased", photo.sha256));
        }
    }
    for photo in view.photos.iter().filter(|photo| photo.here) {
        let bytes = phone.engine.photo(&photo.sha256, false).map(|(_, bytes)| bytes);
        if bytes.as_ref().ok() != visit.photos.get(&photo.sha256) {
            wrong
                .push(format!("{id}: {who}'s bytes of photo {} are not those that were taken", photo.sha256));
        }
    }
    conflict(id, &who, visit, summary.conflicts, wrong);
    Some(view)
}

fn hq_agrees(id: &str, visit: &Visit, detail: &VisitDetail, hq: &Service, wrong: &mut Vec<String>) {
    let mut shown = at_hq(detail);
    let mut expected = all_notes(&visit.drawing());
    shown.retain(|field, _| expected.contains_key(field) || field.split(' ').count() > 1);
    if visit.two_of_yours("mode") && shown.get("mode").is_some_and(|one| expected["mode"].is_superset(one)) {
        expected.remove("mode");
        shown.remove("mode");
    }
    same(id, "HQ", &expected, &all_notes(&visit.perhaps()), &shown, wrong);
    let left = detail.photos.iter().filter(|photo| !photo.erased).count();
    let standings = standing::said_at_hq(detail);
    stand(id, "HQ", visit, &standings, detail.row.retracted, wrong);
    let members = detail.members.iter().filter(|member| member.present);
    reviewed(id, "HQ", visit, detail.row.review.as_deref(), wrong);
    take_part(id, "HQ", visit, members.map(|member| member.officer.clone()).collect(), wrong);
    let counts = (detail.photos.len(), detail.row.photos as usize, detail.row.readings as usize);
    let readings = visit.readings() - standing::hidden(&standings, "reading");
    let expected = (visit.photos.len(), left, readings);
    if counts != expected {
        wrong.push(format!("{id}: HQ counts photos and readings {counts:?}, not {expected:?}"));
    }
    let before = wrong.len();
    conflict(id, "HQ", visit, detail.row.conflicts, wrong);
    if wrong.len() > before {
        let fields: Vec<&str> = disputed(detail).map(|row| row.field.as_str()).collect();
        wrong.push(format!("{id}: HQ holds in conflict {fields:?}, beside it {standings:?}"));
    }
    for (sha256, bytes) in &visit.photos {
        let file = hash(sha256).and_then(|hash| hq.blob_file(&hash).ok());
        let held = file.and_then(|file| std::fs::read(file).ok());
        let right = match visit.photo(sha256) {
            Kept::Yes => held.as_ref() == Some(bytes),
            Kept::Either => held.is_none_or(|held| held == *bytes),
            Kept::No => held.is_none(),
        };
        if !right {
            wrong.push(format!("{id}: HQ's bytes of photo {sha256} are not those that were taken"));
        }
    }
    for seal in detail.seals.iter().filter(|seal| !seal.hash_matches) {
        wrong.push(format!("{id}: the seal in {} does not match at HQ", seal.commit));
    }
}

/// The fields that HQ shows with several values.
fn disputed(detail: &VisitDetail) -> impl Iterator<Item = &FieldRow> {
    let findings =
        detail.findings.iter().flat_map(|finding| finding.description.iter().chain(&finding.status));
    let answers = detail.answers.iter().map(|row| &row.shown);
    let readings = detail.readings.iter().map(|row| &row.shown);
    let all =
        detail.attribute_conflicts.iter().chain(answers).chain(&detail.notes).chain(findings).chain(readings);
    all.filter(|row| row.conflict)
}

/// How many conflicts history demands, at least and at most.
fn conflicts(visit: &Visit) -> (usize, usize) {
    let (least, most) = visit.open_standings();
    (visit.conflicts().start() + least, visit.conflicts().end() + most)
}

fn conflict(id: &str, who: &str, visit: &Visit, counted: u32, wrong: &mut Vec<String>) {
    let (least, most) = conflicts(visit);
    let most = most + visit.copied();
    if !(least..=most).contains(&(counted as usize)) {
        wrong.push(format!("{id}: {who} counts {counted} conflicts, not {least} to {most}"));
    }
}

/// What was taken back does not count, and what its author had not seen shows.
fn stand(id: &str, who: &str, visit: &Visit, said: &Standings, retracted: bool, wrong: &mut Vec<String>) {
    let things: BTreeSet<&String> = visit.acts.keys().chain(said.keys()).collect();
    for thing in things {
        let (word, expected) = (said.get(thing), visit.standing(thing));
        if !word.map_or(expected.is_empty(), |word| expected.contains(word)) {
            wrong.push(format!("{id} {thing}: {who} says {word:?}, history demands {expected:?}"));
        }
    }
    if retracted != standing::hides(said.get(standing::WHOLE)) {
        wrong.push(format!("{id}: {who} lists it as retracted: {retracted}"));
    }
}

/// Visits that HQ joined know of each other.
fn joined(model: &Model, id: &str, who: &str, others: u32, wrong: &mut Vec<String>) {
    let expected = model.call(id).len() - 1;
    if others as usize != expected {
        wrong.push(format!("{id}: {who} counts it as one with {others} others, not {expected}"));
    }
}

/// What a supervisor said last, and nothing before anybody did.
fn reviewed(id: &str, who: &str, visit: &Visit, state: Option<&str>, wrong: &mut Vec<String>) {
    if state != visit.review {
        wrong.push(format!("{id}: {who} shows the review {state:?}, not {:?}", visit.review));
    }
}

fn take_part(id: &str, who: &str, visit: &Visit, members: BTreeSet<String>, wrong: &mut Vec<String>) {
    if members != visit.members {
        wrong.push(format!("{id}: members are {members:?}, says {who}; {:?} took part", visit.members));
    }
}

/// `perhaps` are values that may be shown, too.
fn same(
    id: &str,
    who: &str,
    expected: &Drawing,
    perhaps: &Drawing,
    shown: &Drawing,
    wrong: &mut Vec<String>,
) {
    let fields: BTreeSet<&String> = expected.keys().chain(shown.keys()).collect();
    for field in fields {
        let of = |drawing: &Drawing| drawing.get(field).cloned().unwrap_or_default();
        let (a, b, may) = (of(expected), of(shown), of(perhaps));
        if !a.is_subset(&b) || !b.is_subset(&a.union(&may).cloned().collect()) {
            wrong.push(format!("{id} {field}: {who} shows {b:?}, history demands {a:?}"));
        }
    }
}

fn detail(hq: &Service, id: &str) -> Result<VisitDetail, String> {
    let id: EntityId = id.parse().map_err(|_| "not an id")?;
    hq.visit(&id.0).map_err(|error| error.to_string())
}

fn hash(hex: &str) -> Option<[u8; 32]> {
    let bytes = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(bytes).collect();
    bytes?.try_into().ok()
}

//! The reference: what causal history demands, computed without a line of the merge.
//!
//! It keeps every edit that a phone acknowledged, together with the edits that its author had been shown at that moment.
//! An edit is live while no other edit was made by somebody who had been shown it. No two edits of a field by officers
//! have one value, so a drawn value names its edit; what HQ settled is told by the name of the op.
//!
//! An erase order takes every edit of what it names that is not made by somebody who has read it. What was erased is drawn
//! nowhere; what an edit replaced stays replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use xuncha_engine::api::types::{Answer, NoteView, Shown, Token, VisitView};
use xuncha_server::http::types::{FieldRow, VisitDetail};

use crate::editions::Moves;
use crate::standing::{self, Act, Presence};

/// The values of every field of a visit, by a name that a phone and HQ can both tell.
pub type Drawing = BTreeMap<String, BTreeSet<String>>;

/// Who made an edit.
#[derive(Clone)]
pub struct Author {
    /// The officer's id.
    pub officer: String,
    /// The number of the phone.
    pub phone: usize,
    /// Erase orders that it has read.
    pub read: BTreeSet<String>,
}

/// What erase orders leave of an edit or a photo.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    Yes,
    /// HQ was restored: then it is kept or not, and everywhere the same.
    Either,
    No,
}

/// What an order names of a visit.
#[derive(Clone, PartialEq, Eq)]
pub enum Named {
    Field(String),
    Everything,
    Photo(String),
}

pub struct Order {
    pub id: String,
    pub visit: String,
    pub named: Named,
    /// An HQ that was restored since numbers its feed anew.
    restored_since: bool,
    /// HQ was restored before: the position of an author who has not heard of that may be beyond the order's.
    restored_before: bool,
}

impl Order {
    /// Whether it names what an edit recorded.
    fn names(&self, visit: &str, field: &str, value: &str) -> bool {
        let named = match &self.named {
            Named::Field(named) => named == field,
            Named::Everything => may_be_erased(field, value),
            Named::Photo(_) => false,
        };
        self.visit == visit && named
    }
}

/// Only free text can be erased here.
pub fn may_be_erased(field: &str, value: &str) -> bool {
    field.starts_with("note ") || field.starts_with("finding ") || value.starts_with("答 ")
}

pub struct Edit {
    pub author: Author,
    pub value: String,
    /// Counts up over all that is recorded in a run.
    pub when: usize,
    /// Indices of the edits of this field that were drawn.
    pub shown: BTreeSet<usize>,
    /// Of what HQ settled.
    pub name: Option<String>,
    /// What each order that names it leaves of it.
    orders: BTreeMap<usize, Kept>,
    /// The phones that may have written it again, as a bit of it flipped there: who replaced it elsewhere had not seen
    /// that it is the same, so that it stands beside what replaced it.
    copied_by: BTreeSet<usize>,
}

impl Edit {
    pub fn kept(&self) -> Kept {
        self.orders.values().copied().max().unwrap_or(Kept::Yes)
    }

    /// Whether a phone may have written it again under another name.
    pub fn is_copied(&self) -> bool {
        !self.copied_by.is_empty()
    }
}

#[derive(Default)]
pub struct Visit {
    /// Where the venue lies: who reads that district has the visit.
    pub district: String,
    pub fields: BTreeMap<String, Vec<Edit>>,
    /// By their hash.
    pub photos: BTreeMap<String, Vec<u8>>,
    /// Who began it, and who joined.
    pub members: BTreeSet<String>,
    pub presences: Vec<Presence>,
    /// What was said of whether a thing counts, by the name of the thing.
    pub acts: BTreeMap<String, Vec<Act>>,
    /// Things of which acts were issued again under another name.
    pub renamed: BTreeSet<String>,
    pub moves: Moves,
    /// What a supervisor made of it last.
    pub review: Option<&'static str>,
    /// Those that an order names.
    erased: BTreeMap<String, BTreeMap<usize, Kept>>,
    /// An order named everything, and with it why readings were corrected.
    reasons_erased: bool,
}

#[derive(Default)]
pub struct Model {
    pub visits: BTreeMap<String, Visit>,
    /// The texts of QRs that were shown, by visit.
    pub invitations: BTreeMap<String, String>,
    /// Two visits, the lower first, and whether HQ said last that they are one.
    pub pairs: BTreeMap<(String, String), bool>,
    ticks: usize,
    pub orders: Vec<Order>,
    /// HQ was restored in this run.
    restored: bool,
}

impl Model {
    /// An acknowledged edit of somebody who had `screen` before them. Fails when it shows what nobody recorded.
    pub fn edit(
        &mut self,
        visit: &str,
        field: &str,
        author: &Author,
        value: &str,
        screen: &Screen,
    ) -> Result<(), String> {
        let known = self.visits.entry(visit.into()).or_default();
        let names = screen.tokens.get(field).map(|token| standing::names(token)).unwrap_or_default();
        let mut shown = BTreeSet::new();
        for drawn in screen.drawing.get(field).into_iter().flatten() {
            let edits = known.meant(field, drawn, |name| names.contains(name));
            shown.extend(edits.ok_or(format!("{visit} {field} shows {drawn:?}, which nobody recorded"))?);
        }
        self.push(visit, field, author.clone(), value, shown, None);
        Ok(())
    }

    /// HQ let one of the `shown` edits stand.
    pub fn settle(
        &mut self,
        visit: &str,
        field: &str,
        author: Author,
        value: &str,
        name: String,
        shown: BTreeSet<usize>,
    ) {
        self.push(visit, field, author, value, shown, Some(name));
    }

    fn push(
        &mut self,
        visit: &str,
        field: &str,
        author: Author,
        value: &str,
        shown: BTreeSet<usize>,
        name: Option<String>,
    ) {
        let caught = |(number, order): (usize, &Order)| {
            let kept = match (author.read.contains(&order.id), order.restored_since) {
                (false, _) if order.restored_before => Kept::Either,
                (false, _) => Kept::No,
                (true, false) => Kept::Yes,
                (true, true) => Kept::Either,
            };
            order.names(visit, field, value).then_some((number, kept))
        };
        let orders = self.orders.iter().enumerate().filter_map(caught).collect();
        let when = self.tick();
        let edits = self.visits.entry(visit.into()).or_default().fields.entry(field.into()).or_default();
        let copied_by = BTreeSet::new();
        edits.push(Edit { author, value: value.into(), when, shown, name, orders, copied_by });
    }

    /// A bit flipped in something that this officer recorded after `since`, on this phone.
    pub fn flipped(&mut self, author: &Author, since: usize) {
        let edits = self.visits.values_mut().flat_map(|visit| visit.fields.values_mut().flatten());
        for edit in edits.filter(|edit| edit.author.officer == author.officer && edit.when > since) {
            edit.copied_by.insert(author.phone);
        }
        // An act that was written again has another name, and stands beside what replaced it elsewhere.
        for visit in self.visits.values_mut() {
            let by = |act: &Act| act.author.officer == author.officer;
            let again = visit.acts.iter().filter(|(_, acts)| acts.iter().any(by));
            visit.renamed.extend(again.map(|(thing, _)| thing.clone()));
        }
    }

    /// The last of all that was recorded.
    pub fn last_tick(&self) -> usize {
        self.ticks
    }

    /// The visits that are one call with this, itself among them.
    pub fn call(&self, visit: &str) -> BTreeSet<&str> {
        let mut found: BTreeSet<&str> =
            self.visits.keys().map(String::as_str).filter(|id| *id == visit).collect();
        loop {
            let before = found.len();
            for ((a, b), _) in self.pairs.iter().filter(|(_, same)| **same) {
                if found.contains(a.as_str()) || found.contains(b.as_str()) {
                    found.extend([a.as_str(), b.as_str()]);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// HQ gives an order: nobody has read it. Of a whole visit, HQ names these photos.
    pub fn order(&mut self, id: String, visit: &str, named: Named, photos: Vec<String>) {
        let kept = if self.restored { Kept::Either } else { Kept::No };
        let (number, visit) = (self.orders.len(), visit.to_owned());
        let order = Order { id, visit, named, restored_since: false, restored_before: self.restored };
        let of = self.visits.entry(order.visit.clone()).or_default();
        for (field, edits) in &mut of.fields {
            for edit in edits.iter_mut().filter(|edit| order.names(&order.visit, field, &edit.value)) {
                edit.orders.insert(number, kept);
            }
        }
        of.reasons_erased |= order.named == Named::Everything;
        for photo in photos {
            of.erased.entry(photo).or_default().insert(number, kept);
        }
        self.orders.push(order);
    }

    /// HQ was restored from an old backup.
    pub fn restored(&mut self) {
        self.restored = true;
        self.orders.iter_mut().for_each(|order| order.restored_since = true);
        for edit in self.visits.values_mut().flat_map(|visit| visit.fields.values_mut().flatten()) {
            edit.orders.values_mut().filter(|kept| **kept == Kept::Yes).for_each(|kept| *kept = Kept::Either);
        }
    }

    /// A restored HQ lost an order that no phone had read.
    pub fn void(&mut self, order: usize) {
        for visit in self.visits.values_mut() {
            let edits = visit.fields.values_mut().flatten().map(|edit| &mut edit.orders);
            for orders in edits.chain(visit.erased.values_mut()) {
                orders.entry(order).and_modify(|kept| *kept = Kept::Either);
            }
        }
    }

    /// The next of all that is recorded.
    pub fn tick(&mut self) -> usize {
        self.ticks += 1;
        self.ticks
    }

    /// Whether somebody recorded this value in this field before.
    pub fn used(&self, visit: &str, field: &str, value: &str) -> bool {
        let edits = self.visits.get(visit).and_then(|visit| visit.fields.get(field));
        edits.is_some_and(|edits| edits.iter().any(|edit| edit.value == value))
    }
}

impl Visit {
    fn live(edits: &[Edit]) -> impl Iterator<Item = &Edit> {
        Self::live_indices(edits).into_iter().map(|index| &edits[index])
    }

    pub fn live_indices(edits: &[Edit]) -> BTreeSet<usize> {
        let replaced: BTreeSet<usize> = edits.iter().flat_map(|edit| edit.shown.iter().copied()).collect();
        (0..edits.len()).filter(|index| !replaced.contains(index)).collect()
    }

    /// The live edits of one phone, by the names that HQ has for their fields.
    pub fn live_of(&self, phone: usize) -> impl Iterator<Item = (&str, &Edit)> {
        let live = self.fields.iter().flat_map(|(field, edits)| {
            let field = told(field);
            Self::live(edits).map(move |edit| (field, edit))
        });
        live.filter(move |(_, edit)| edit.author.phone == phone)
    }

    /// What every replica must show in the end.
    pub fn drawing(&self) -> Drawing {
        self.drawn(Kept::Yes)
    }

    /// What a replica may show beside that.
    pub fn perhaps(&self) -> Drawing {
        let mut perhaps = self.drawn(Kept::Either);
        for (field, edits) in &self.fields {
            let copies = Self::copies(edits).filter(|edit| edit.kept() != Kept::No);
            perhaps.entry(field.clone()).or_default().extend(copies.map(|edit| edit.value.clone()));
        }
        perhaps
    }

    fn drawn(&self, kept: Kept) -> Drawing {
        let live = |edits: &Vec<Edit>| {
            let live = Self::live(edits).filter(|edit| edit.kept() == kept);
            live.map(|edit| edit.value.clone()).collect()
        };
        self.fields.iter().map(|(field, edits)| (field.clone(), shown(field, live(edits)))).collect()
    }

    /// Edits that were replaced, and may stand all the same as a phone wrote them again that did not replace them.
    fn copies(edits: &[Edit]) -> impl Iterator<Item = &Edit> {
        edits.iter().enumerate().filter_map(|(index, edit)| {
            let by: BTreeSet<usize> = edits
                .iter()
                .filter(|other| other.shown.contains(&index))
                .map(|other| other.author.phone)
                .collect();
            (!by.is_empty() && !edit.copied_by.is_subset(&by)).then_some(edit)
        })
    }

    /// In how many fields such an edit may stand.
    pub fn copied(&self) -> usize {
        self.fields.values().filter(|edits| Self::copies(edits).next().is_some()).count()
    }

    /// What orders leave of a photo.
    pub fn photo(&self, sha256: &str) -> Kept {
        let orders = self.erased.get(sha256);
        orders.and_then(|orders| orders.values().copied().max()).unwrap_or(Kept::Yes)
    }

    /// Texts of which no byte may be left.
    pub fn gone(&self) -> impl Iterator<Item = &str> {
        let edits = self.fields.values().flatten().filter(|edit| edit.kept() == Kept::No);
        edits.map(|edit| edit.value.as_str())
    }

    /// How many officers recorded something.
    pub fn officers(&self) -> usize {
        let authors = self.fields.values().flatten().map(|edit| edit.author.officer.as_str());
        authors.collect::<BTreeSet<_>>().len()
    }

    /// HQ shows one of several values that one officer left on two phones: theirs to settle.
    pub fn two_of_yours(&self, field: &str) -> bool {
        let live = self.fields.get(field).into_iter().flat_map(|edits| Self::live(edits));
        live.map(|edit| &edit.author.officer).collect::<BTreeSet<_>>().len() == 1
    }

    /// In how many fields different officers say different things. An erased value may have been replaced by somebody who
    /// saw that it was erased, which no screen tells, or stand beside another: at least and at most.
    pub fn conflicts(&self) -> RangeInclusive<usize> {
        let conflict = |field: &str, live: &mut dyn Iterator<Item = &Edit>| {
            let live: Vec<_> = live.collect();
            let shown = shown(field, live.iter().map(|edit| edit.value.clone()).collect());
            let live = || live.iter().filter(|edit| shown.contains(&edit.value));
            let officers: BTreeSet<&str> = live().map(|edit| edit.author.officer.as_str()).collect();
            shown.len() > 1 && officers.len() > 1
        };
        let certain = |(field, edits): &(&String, &Vec<Edit>)| {
            conflict(field, &mut Self::live(edits).filter(|edit| edit.kept() == Kept::Yes))
        };
        let perhaps = |(field, edits): &(&String, &Vec<Edit>)| conflict(field, &mut Self::live(edits));
        // Every correction here has the same reason. One that was erased differs from one that was not.
        let reasons =
            |at: &(&String, &Vec<Edit>)| self.reasons_erased && at.0.starts_with("reading ") && perhaps(at);
        let most = self.fields.iter().filter(perhaps).count() + self.fields.iter().filter(reasons).count();
        self.fields.iter().filter(certain).count()..=most
    }

    pub fn readings(&self) -> usize {
        self.fields.keys().filter(|field| field.starts_with("reading ")).count()
    }
}

/// The ways of a finding that officers of the simulation go, each from earlier to later.
const WAYS: [&[&str]; 3] = [
    &["open", "rectifying", "rectified"],
    &["open", "fixed_on_spot"],
    &["open", "transferred", "transfer_closed"],
];

/// Every status in [`WAYS`].
pub fn statuses() -> Vec<&'static str> {
    WAYS.iter().flat_map(|way| way.iter().copied()).collect()
}

/// Whether a status comes after another on one way.
pub fn comes_after(late: &str, early: &str) -> bool {
    let at = |way: &[&str], status: &str| way.iter().position(|step| *step == status);
    WAYS.iter()
        .any(|way| matches!((at(way, early), at(way, late)), (Some(early), Some(late)) if early < late))
}

/// What a screen shows of the live values of a field: an earlier status gives way to a later one.
fn shown(field: &str, live: BTreeSet<String>) -> BTreeSet<String> {
    if !field.starts_with("status ") {
        return live;
    }
    let stands = |status: &&String| !live.iter().any(|other| comes_after(other, status));
    live.iter().filter(stands).cloned().collect()
}

/// What lies before an officer: what is drawn of a visit, and how the screen names it.
#[derive(Clone, Default)]
pub struct Screen {
    pub drawing: Drawing,
    pub tokens: BTreeMap<String, Token>,
}

impl Screen {
    pub fn of(view: &VisitView) -> Self {
        let mut tokens = BTreeMap::from([("mode".to_owned(), view.mode.token.clone())]);
        for item in view.sections.iter().flat_map(|section| &section.items) {
            tokens.insert(format!("answer {}", item.id), item.answer.token.clone());
            if let Some(finding) = &item.finding {
                tokens.insert(format!("finding {}", item.id), finding.description.token.clone());
                tokens.insert(format!("status {}", item.id), finding.status.token.clone());
            }
        }
        Self { drawing: on_phone(view), tokens }
    }
}

/// What a phone shows of a visit.
pub fn on_phone(view: &VisitView) -> Drawing {
    let mut drawing = Drawing::new();
    put(&mut drawing, "mode".into(), &view.mode, |mode| word(&serde_json::to_value(mode)));
    notes(&mut drawing, None, &view.notes);
    for item in view.sections.iter().flat_map(|section| &section.items) {
        put(&mut drawing, format!("answer {}", item.id), &item.answer, answer);
        notes(&mut drawing, Some(&item.id), &item.notes);
        if let Some(finding) = &item.finding {
            put(&mut drawing, format!("finding {}", item.id), &finding.description, String::clone);
            put(&mut drawing, format!("status {}", item.id), &finding.status, String::clone);
        }
    }
    for reading in &view.readings {
        let temperature =
            |reading: &xuncha_engine::api::types::ReadingInput| reading.temperature_dc.to_string();
        put(&mut drawing, format!("reading {}", reading.id), &reading.reading, temperature);
    }
    drawing
}

/// The one value of each field that a phone displays while several are live.
pub fn displayed(view: &VisitView) -> Drawing {
    let mut drawing = Drawing::new();
    let mut put =
        |field: String, value: Option<String>| drop(drawing.insert(field, value.into_iter().collect()));
    put("mode".into(), view.mode.value.as_ref().map(|mode| word(&serde_json::to_value(mode))));
    for item in view.sections.iter().flat_map(|section| &section.items) {
        put(format!("answer {}", item.id), item.answer.value.as_ref().map(answer));
        put(format!("failed {}", item.id), Some(item.failed.to_string()));
    }
    for reading in &view.readings {
        let temperature = reading.reading.value.as_ref().map(|value| value.temperature_dc.to_string());
        put(format!("reading {}", reading.id), temperature);
    }
    drawing
}

fn notes(drawing: &mut Drawing, item: Option<&str>, notes: &[NoteView]) {
    for note in notes {
        put(drawing, note_field(&note.officer, item), &note.text, String::clone);
    }
}

pub fn note_field(officer: &str, item: Option<&str>) -> String {
    format!("note {officer} {}", item.unwrap_or("-"))
}

fn put<T>(drawing: &mut Drawing, field: String, shown: &Shown<T>, text: impl Fn(&T) -> String) {
    let mut values: BTreeSet<String> = shown.conflict.iter().map(|one| text(&one.value)).collect();
    if values.is_empty() {
        values.extend(shown.value.as_ref().map(text));
    }
    if !values.is_empty() {
        drawing.insert(field, values);
    }
}

/// An answer as HQ spells it.
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Yes => "yes".into(),
        Answer::No => "no".into(),
        Answer::Na => "na".into(),
        Answer::Number(n) | Answer::Percent(n) | Answer::Temperature(n) => n.to_string(),
        Answer::Text(text) | Answer::Choice(text) => text.clone(),
    }
}

fn word(json: &serde_json::Result<serde_json::Value>) -> String {
    json.as_ref().ok().and_then(|json| json.as_str()).unwrap_or_default().to_owned()
}

/// What HQ shows of a visit. It names notes by an id alone, so their texts are one field, [`all_notes`] of a phone's.
pub fn at_hq(detail: &VisitDetail) -> Drawing {
    let values = |row: &FieldRow| row.live.iter().filter_map(|live| live.value.clone()).collect();
    let mut drawing = Drawing::new();
    drawing.insert("mode".into(), detail.row.mode.iter().cloned().collect());
    drawing
        .extend(detail.attribute_conflicts.iter().map(|conflict| (conflict.field.clone(), values(conflict))));
    drawing.extend(detail.answers.iter().map(|row| (format!("answer {}", row.item), values(&row.shown))));
    for finding in &detail.findings {
        let description = finding.description.iter();
        drawing.extend(description.map(|row| (format!("finding {}", finding.item), values(row))));
        let status = finding.status.iter();
        drawing.extend(status.map(|row| (format!("status {}", finding.item), values(row))));
    }
    drawing.extend(detail.readings.iter().map(|row| (format!("reading {}", row.id), values(&row.shown))));
    let notes: BTreeSet<String> = detail.notes.iter().flat_map(&values).collect();
    if !notes.is_empty() {
        drawing.insert("notes".into(), notes);
    }
    drawing
}

/// A phone's or the model's drawing with its notes as HQ names them.
pub fn all_notes(drawing: &Drawing) -> Drawing {
    let mut all = Drawing::new();
    for (field, values) in drawing {
        all.entry(told(field).to_owned()).or_default().extend(values.iter().cloned());
    }
    all
}

/// The name by which HQ tells a field.
fn told(field: &str) -> &str {
    if field.starts_with("note ") { "notes" } else { field }
}

//! Whether a thing counts: the reference for retractions, and what replicas say.
//!
//! An act on a thing (it is retracted, or stands after all) has a basis: what its author had been shown of the thing. An
//! entry that no such author had been shown is news. Some entries are on no screen: when a phone came to a visit and left
//! it. Whether an author had received one is told by what else of that phone was drawn; where nothing tells it, either
//! is right, and replicas only have to agree.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xuncha_engine::api::types::{Standing, VisitView};
use xuncha_server::http::types::{RetractionRow, VisitDetail};

use crate::model::{Author, Drawing, Edit, Kept, Visit, comes_after, on_phone};

/// The visit itself, among the names of things.
pub const WHOLE: &str = "visit";

/// A word on how each thing stands of which anybody ever said something, by its name.
pub type Standings = BTreeMap<String, &'static str>;

const STANDS: &str = "stands";
const RETRACTED: &str = "retracted";
const NEWS: &str = "retracted, with news";
const DISPUTED: &str = "disputed";

/// Something recorded of a thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// An edit of a field, by its index.
    Edit(String, usize),
    Photo(String),
    /// One of [`Visit::presences`], by its index.
    Presence(usize),
}

/// What a phone records by itself of the officer's being there.
pub struct Presence {
    pub phone: usize,
    /// See [`Edit::when`].
    pub when: usize,
    pub what: Being,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Being {
    Began,
    Joined,
    Left,
}

/// Somebody said that a thing does not count, or does after all.
#[derive(Clone)]
pub struct Act {
    pub author: Author,
    /// What replicas call it.
    pub name: String,
    pub retracted: bool,
    /// The acts that were drawn, by their index.
    pub over: BTreeSet<usize>,
    /// The entries that had been drawn, and those of which nobody can tell.
    pub seen: BTreeSet<Entry>,
    pub unclear: BTreeSet<Entry>,
}

impl Visit {
    /// What is live of a thing.
    pub fn entries(&self, thing: &str) -> BTreeSet<Entry> {
        let mut entries = BTreeSet::new();
        for (field, edits) in self.fields.iter().filter(|(field, _)| belongs(field, thing)) {
            let live = Self::live_indices(edits).into_iter();
            entries.extend(live.map(|index| Entry::Edit(field.clone(), index)));
        }
        let photos = self.photos.keys().filter(|sha256| thing == WHOLE || thing == photo(sha256));
        entries.extend(photos.map(|sha256| Entry::Photo(sha256.clone())));
        if thing == WHOLE {
            entries.extend((0..self.presences.len()).map(Entry::Presence));
        }
        entries
    }

    /// Which entries of a thing an officer with this screen has been shown, and of which it is unclear. `causal`: whoever
    /// has an edit has everything that its phone recorded before.
    pub fn shown_of(
        &self,
        thing: &str,
        view: &VisitView,
        causal: bool,
    ) -> (BTreeSet<Entry>, BTreeSet<Entry>) {
        let drawing = on_phone(view);
        let (mut seen, mut unclear) = (BTreeSet::new(), BTreeSet::new());
        for entry in self.entries(thing) {
            let known = match &entry {
                // A text that goes with the value is still at HQ, and nobody has seen it.
                Entry::Edit(field, index) => {
                    shows(&drawing, field, &self.fields[field][*index]).filter(|seen| !(*seen && view.partly))
                }
                Entry::Photo(sha256) => Some(view.photos.iter().any(|photo| photo.sha256 == *sha256)),
                Entry::Presence(index) => {
                    self.knows(&self.presences[*index], &drawing, view).filter(|_| causal)
                }
            };
            match known {
                Some(true) => drop(seen.insert(entry)),
                Some(false) => {}
                None => drop(unclear.insert(entry)),
            }
        }
        (seen, unclear)
    }

    /// Whether what is drawn tells that the phone has heard of a presence, or not.
    fn knows(&self, presence: &Presence, drawing: &Drawing, view: &VisitView) -> Option<bool> {
        let later = |(field, values): (&String, &BTreeSet<String>)| {
            let edits = self.fields.get(field).into_iter().flatten();
            let mut of_phone = edits.filter(|edit| edit.author.phone == presence.phone);
            of_phone.any(|edit| edit.when > presence.when && values.contains(&edit.value))
        };
        if drawing.iter().any(later) {
            return Some(true);
        }
        let left = || self.presences.iter().filter(|other| other.what == Being::Left).count();
        match presence.what {
            // The mode is recorded in the same moment.
            Being::Began => match drawing.get("mode") {
                None => Some(false),
                Some(modes) => self.descend_from_first("mode", modes).then_some(true),
            },
            Being::Left if view.summary.sealed && left() == 1 => Some(true),
            Being::Joined | Being::Left => None,
        }
    }

    /// Whether one of these values is the first that was recorded in a field, or was put in its place.
    fn descend_from_first(&self, field: &str, values: &BTreeSet<String>) -> bool {
        let Some(edits) = self.fields.get(field) else { return false };
        let mut heirs = BTreeSet::from([0]);
        for (index, edit) in edits.iter().enumerate() {
            if !edit.shown.is_disjoint(&heirs) {
                heirs.insert(index);
            }
        }
        heirs.iter().any(|heir| edits.get(*heir).is_some_and(|edit| values.contains(&edit.value)))
    }

    /// How every replica may say in the end that a thing stands; none when nobody said anything.
    pub fn standing(&self, thing: &str) -> Vec<&'static str> {
        let acts = self.acts.get(thing).map(Vec::as_slice).unwrap_or_default();
        if self.renamed.contains(thing) {
            return vec![STANDS, RETRACTED, NEWS, DISPUTED];
        }
        let replaced: BTreeSet<usize> = acts.iter().flat_map(|act| act.over.iter().copied()).collect();
        let live: Vec<&Act> = acts
            .iter()
            .enumerate()
            .filter(|(index, _)| !replaced.contains(index))
            .map(|(_, act)| act)
            .collect();
        let officers: BTreeSet<&str> = live.iter().map(|act| act.author.officer.as_str()).collect();
        let says: BTreeSet<bool> = live.iter().map(|act| act.retracted).collect();
        if says.is_empty() {
            return Vec::new();
        }
        if says.len() > 1 && officers.len() > 1 {
            return vec![DISPUTED];
        }
        // "Stands" is the graver of what one officer said on two phones.
        if says.contains(&false) {
            return vec![STANDS];
        }
        let covers = |entry: &&Entry| !live.iter().any(|act| act.seen.contains(*entry));
        let entries = self.entries(thing);
        let mut news = entries.iter().filter(covers).peekable();
        if news.peek().is_none() {
            // What was written again after a bit flipped has another name, which the retraction does not know.
            let again = |entry: &Entry| matches!(entry, Entry::Edit(field, index) if self.fields[field][*index].is_copied());
            return if entries.iter().any(again) { vec![RETRACTED, NEWS] } else { vec![RETRACTED] };
        }
        let sure = news.any(|entry| !live.iter().any(|act| act.unclear.contains(entry)));
        if sure { vec![NEWS] } else { vec![NEWS, RETRACTED] }
    }

    /// The things of which a person has to look again: at least and at most so many.
    pub fn open_standings(&self) -> (usize, usize) {
        let standings: Vec<_> = self.acts.keys().map(|thing| self.standing(thing)).collect();
        let sure =
            standings.iter().filter(|words| !words.is_empty() && words.iter().all(|word| is_open(word)));
        let most = standings.iter().filter(|words| words.iter().any(|word| is_open(word)));
        (sure.count(), most.count())
    }
}

/// Whether a person has to look again.
pub fn is_open(word: &str) -> bool {
    [NEWS, DISPUTED].contains(&word)
}

/// Whether a standing means that the thing does not count.
pub fn hides(word: Option<&&'static str>) -> bool {
    word == Some(&RETRACTED)
}

/// How many things of one kind do not count.
pub fn hidden(standings: &Standings, kind: &str) -> usize {
    standings.iter().filter(|(thing, word)| thing.starts_with(kind) && hides(Some(word))).count()
}

fn belongs(field: &str, thing: &str) -> bool {
    thing == WHOLE
        || field == thing
        || match (field.strip_prefix("status "), thing.strip_prefix("finding ")) {
            (Some(item), Some(of)) => item == of,
            _ => false,
        }
}

/// Whether a live edit is drawn. An earlier status is not, beside a later one.
fn shows(drawing: &Drawing, field: &str, edit: &Edit) -> Option<bool> {
    // What was erased is on no screen.
    if edit.kept() != Kept::Yes {
        return None;
    }
    let Some(values) = drawing.get(field) else { return Some(false) };
    let gives_way = field.starts_with("status ") && values.iter().any(|late| comes_after(late, &edit.value));
    if gives_way { None } else { Some(values.contains(&edit.value)) }
}

fn photo(sha256: &str) -> String {
    format!("photo {sha256}")
}

/// The things of a visit that a phone draws, each with its name in the model, its id, and how it stands.
pub fn things(view: &VisitView) -> Vec<(String, &str, &Standing)> {
    let mut things = vec![(WHOLE.to_owned(), view.summary.id.as_str(), &view.standing)];
    let items = view.sections.iter().flat_map(|section| &section.items);
    for (item, finding) in items.filter_map(|item| Some((item, item.finding.as_ref()?))) {
        things.push((format!("finding {}", item.id), &finding.id, &finding.standing));
    }
    let photos = view.photos.iter().map(|row| (photo(&row.sha256), row.id.as_str(), &row.standing));
    things.extend(photos);
    let readings = view.readings.iter();
    things.extend(readings.map(|row| (format!("reading {}", row.id), row.id.as_str(), &row.standing)));
    things
}

/// The names of the acts that a token holds.
pub fn names(token: &str) -> BTreeSet<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).expect("a token of the engine");
    bytes.chunks(16).map(|name| name.iter().map(|byte| format!("{byte:02x}")).collect()).collect()
}

/// What a phone says.
pub fn said_on_phone(view: &VisitView) -> Standings {
    let said = |(thing, _, standing): (String, &str, &Standing)| {
        standing.by.as_ref()?;
        Some((thing, word(standing.retracted, standing.news, standing.disputed)))
    };
    things(view).into_iter().filter_map(said).collect()
}

/// What HQ says.
pub fn said_at_hq(detail: &VisitDetail) -> Standings {
    let mut rows: Vec<(String, &Option<RetractionRow>)> = vec![(WHOLE.to_owned(), &detail.retraction)];
    rows.extend(detail.findings.iter().map(|row| (format!("finding {}", row.item), &row.retraction)));
    rows.extend(detail.photos.iter().map(|row| (photo(&row.sha256), &row.retraction)));
    rows.extend(detail.readings.iter().map(|row| (format!("reading {}", row.id), &row.retraction)));
    let said = rows.into_iter().filter_map(|(thing, row)| Some((thing, row.as_ref()?)));
    said.map(|(thing, row)| (thing, word(row.retracted, row.news, row.disputed))).collect()
}

fn word(retracted: bool, news: u32, disputed: bool) -> &'static str {
    match (disputed, retracted, news) {
        (true, ..) => DISPUTED,
        (false, true, 0) => RETRACTED,
        (false, true, _) => NEWS,
        (false, false, _) => STANDS,
    }
}

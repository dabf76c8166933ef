//! An officer's taps, and what a screen shows of them as plain facts that can be compared.
//!
//! A fact is a line such as `answer CMN-R-01 no` or `photo <sha256>`. The same lines are read from a phone's view and from
//! HQ's, so that "nothing is missing" is equality of two sets.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};
use xuncha_engine::api::types::{AddPhoto, Answer, AnswerKind, ItemView, VenueRow, VisitView};
use xuncha_server::http::types::{FieldRow, VisitDetail};

use crate::program::{Hand, ask};
use crate::random::Random;
use crate::world::drawn;

pub type Facts = BTreeSet<String>;

/// One call of the phone that records something.
#[derive(Debug, Clone)]
pub enum Tap {
    Answer { item: String, answer: Answer },
    Note(String),
    Reading { subject: String, temperature_dc: i32 },
    Photo(Vec<u8>),
    Leave,
    Finish,
}

impl Tap {
    /// Does it on what `view` draws; the visit as it is then.
    ///
    /// # Errors
    /// When the phone refused, or did not answer any more.
    pub fn perform(&self, hand: &impl Hand, view: &VisitView) -> Result<VisitView, String> {
        let visit = &view.summary.id;
        match self {
            Self::Answer { item, answer } => {
                let token = &drawn(view, item).answer.token;
                let set = json!({ "visit": visit, "item": item, "answer": answer, "token": token });
                ask(hand, "visit_answer", set)
            }
            Self::Note(text) => {
                let token = &view.note_token;
                let set = json!({ "visit": visit, "item": null, "text": text, "token": token });
                ask(hand, "visit_note", set)
            }
            Self::Reading { subject, temperature_dc } => {
                let reading = json!({
                    "temperature_dc": temperature_dc, "site": "forehead", "indoor": true, "ambient_dc": null,
                    "sequence": "first", "subject": subject,
                });
                ask(hand, "reading_add", json!({ "visit": visit, "reading": reading }))
            }
            Self::Photo(bytes) => {
                hand.photo(&AddPhoto { visit: visit.clone(), item: None, position: None }, bytes)
            }
            Self::Leave => {
                hand.call("visit_leave", json!({ "visit": visit }))?;
                Ok(view.clone())
            }
            Self::Finish => ask(hand, "visit_finish", json!({ "visit": visit })),
        }
    }

    /// What must be shown when it was done to a visit that showed `before`.
    pub fn after(&self, before: &Facts) -> Facts {
        let mut facts = before.clone();
        match self {
            Self::Answer { item, answer } => {
                let field = format!("answer {item} ");
                facts.retain(|fact| !fact.starts_with(&field));
                facts.insert(field + word(answer));
            }
            Self::Note(text) => {
                facts.retain(|fact| !fact.starts_with("note "));
                facts.insert(format!("note {text}"));
            }
            Self::Reading { subject, temperature_dc } => {
                facts.insert(format!("reading {subject} {temperature_dc}"));
            }
            Self::Photo(bytes) => {
                facts.insert(format!("photo {}", sha256(bytes)));
            }
            Self::Leave => {}
            Self::Finish => {
                facts.insert("sealed".into());
            }
        }
        facts
    }
}

/// Begins a visit to any venue of the phone's register.
///
/// # Errors
/// As [`Tap::perform`].
pub fn begin(hand: &impl Hand, random: &mut Random) -> Result<VisitView, String> {
    let venues: Vec<VenueRow> = ask(hand, "venues_find", json!({ "text": "", "limit": 100 }))?;
    let venue = &random.one_of(&venues).id;
    let new = json!({
        "venue": venue, "kind": "inspection", "mode": "on_site", "lead_level": "brigade", "purpose": "routine",
        "position": null,
    });
    ask(hand, "visit_start", new)
}

/// Any tap that an unsealed visit allows. Photos have up to `photo_bytes`.
pub fn any_tap(random: &mut Random, view: &VisitView, photo_bytes: u64) -> Tap {
    match random.below(100) {
        0..10 => Tap::Note(format!("note {}", random.number())),
        10..25 => reading(random),
        25..40 => {
            let bytes = 4_000 + random.below(photo_bytes);
            Tap::Photo(random.photo(usize::try_from(bytes).expect("a size")))
        }
        40..45 => Tap::Leave,
        45..50 if view.summary.answered > 3 => Tap::Finish,
        _ => answer(random, view),
    }
}

pub fn reading(random: &mut Random) -> Tap {
    let temperature_dc = 355 + i32::try_from(random.below(30)).expect("small");
    Tap::Reading { subject: format!("{:016x}", random.number()), temperature_dc }
}

pub fn answer(random: &mut Random, view: &VisitView) -> Tap {
    let items: Vec<&ItemView> = view.sections.iter().flat_map(|section| &section.items).collect();
    let simple = |item: &&&ItemView| matches!(item.answer_kind, AnswerKind::YesNo | AnswerKind::YesNoNa);
    let items: Vec<&&ItemView> = items.iter().filter(simple).collect();
    let item = random.one_of(&items);
    let answer = if random.chance(70) { Answer::Yes } else { Answer::No };
    Tap::Answer { item: item.id.clone(), answer }
}

/// What a phone shows of a visit.
pub fn facts(view: &VisitView) -> Facts {
    let mut facts = Facts::new();
    for item in view.sections.iter().flat_map(|section| &section.items) {
        facts.extend(item.answer.value.as_ref().map(|answer| format!("answer {} {}", item.id, word(answer))));
        facts.extend(item.answer.conflict.iter().map(|_| format!("conflict {}", item.id)));
    }
    facts.extend(view.notes.iter().filter_map(|note| Some(format!("note {}", note.text.value.as_ref()?))));
    for row in &view.readings {
        let reading = row.reading.value.as_ref().expect("nobody corrects or erases here");
        let subject = reading.subject.as_deref().unwrap_or_default();
        facts.insert(format!("reading {subject} {}", reading.temperature_dc));
    }
    facts.extend(view.photos.iter().map(|photo| format!("photo {}", photo.sha256)));
    facts.extend(view.summary.sealed.then(|| "sealed".into()));
    facts
}

/// What HQ shows of a visit; a photo is a fact only when its bytes are there.
pub fn facts_at_hq(detail: &VisitDetail) -> Facts {
    let values =
        |row: &FieldRow| -> Vec<String> { row.live.iter().filter_map(|live| live.value.clone()).collect() };
    let mut facts = Facts::new();
    for row in &detail.answers {
        facts.extend(values(&row.shown).iter().map(|value| format!("answer {} {value}", row.item)));
    }
    facts.extend(detail.notes.iter().flat_map(values).map(|text| format!("note {text}")));
    for row in &detail.readings {
        let (subject, temperature) = (row.subject.as_deref().unwrap_or_default(), row.temperature_dc);
        facts.insert(format!("reading {subject} {}", temperature.unwrap_or_default()));
    }
    let held = detail.photos.iter().filter(|photo| photo.held);
    facts.extend(held.map(|photo| format!("photo {}", photo.sha256)));
    facts.extend(detail.row.sealed.then(|| "sealed".into()));
    facts
}

/// Lowercase hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Na => "na",
        _ => "another kind of answer",
    }
}

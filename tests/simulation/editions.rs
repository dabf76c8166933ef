//! Checklists that HQ publishes while visits are under way. A visit keeps what it began with until one of its officers
//! moves it; the first item says by its words which edition asks.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use xuncha_domain::checklist::{Checklist, Mode, Rule};
use xuncha_domain::ids::OfficerId;
use xuncha_engine::api::types::{ChecklistState, MoveChecklist, VisitRef, VisitView};
use xuncha_server::http::types::VisitDetail;
use xuncha_server::service::Service;
use xuncha_tests::edition;
use xuncha_tests::random::Random;

use crate::model::Visit;
use crate::officer::{Done, Hand};
use crate::unsure::Unsure;

/// What every run asks; all visits of a run are of this kind.
const CATEGORY: &str = "ICAFE";
/// The program's own is number 0.
const EDITIONS: usize = 5;
const FIRST_ITEM: &str = "许可证或备案证明在有效期内";

struct Edition {
    hash: [u8; 32],
    rule: Rule,
}

fn editions() -> &'static [Edition] {
    static ALL: OnceLock<Vec<Edition>> = OnceLock::new();
    ALL.get_or_init(|| (0..EDITIONS).map(Edition::of).collect())
}

impl Edition {
    fn of(number: usize) -> Self {
        let words = format!("{FIRST_ITEM}（{number}）");
        let replaced = [(FIRST_ITEM, words.as_str())];
        let mut rules = edition(replaced.get(usize::from(number == 0)..).unwrap_or_default()).into_iter();
        let rule = rules.find(|rule| rule.category == CATEGORY && rule.purpose == Mode::Routine);
        let rule = rule.expect("an edition asks internet cafés");
        Self { hash: Checklist::from_content(&rule.content).expect("a checklist").hash, rule }
    }
}

/// The edition by which a phone asks in a visit; none when it does not know what is asked.
pub fn on_phone(view: &VisitView) -> Option<usize> {
    let first = view.sections.iter().flat_map(|section| &section.items).next()?;
    (0..EDITIONS).rev().find(|number| *number == 0 || first.zh.contains(&format!("（{number}）")))
}

/// The edition by which HQ judges a visit.
pub fn at_hq(detail: &VisitDetail) -> Option<usize> {
    let named = detail.checklist.as_ref()?;
    editions().iter().position(|edition| hex::encode(edition.hash) == *named)
}

/// HQ makes another edition the one of new visits.
pub fn publish(hq: &Service, random: &mut Random) -> Result<Option<&'static str>, String> {
    let rule = random.one_of(editions()).rule.clone();
    let published = hq.publish_checklists(OfficerId([9; 16]), &[rule], false);
    let published = published.map_err(|error| format!("checklists: {error}"))?;
    Ok((published.added + published.changed > 0).then_some("HQ publishes a checklist"))
}

/// The editions that a visit was moved to.
#[derive(Default)]
pub struct Moves {
    pub begun_with: Option<usize>,
    acknowledged: BTreeSet<usize>,
    /// The phone lost power before it answered.
    perhaps: BTreeSet<usize>,
}

impl Moves {
    /// The editions that may ask in the visit once everybody knows everything.
    pub fn allowed(&self) -> BTreeSet<usize> {
        let begun_with = self.begun_with.filter(|_| self.acknowledged.is_empty());
        self.acknowledged.iter().chain(&self.perhaps).copied().chain(begun_with).collect()
    }
}

impl Hand<'_> {
    /// Moves the visit to what new visits ask, as the screen offers it.
    pub fn move_checklist(&mut self, view: &VisitView) -> Done {
        if view.checklist != ChecklistState::Superseded {
            return Ok(None);
        }
        let visit = view.summary.id.clone();
        let change = match self.phone.engine.visit_checklist_change(VisitRef { visit: visit.clone() }) {
            Ok(change) => change,
            // The screen is older than what asks now.
            Err(error) if error.code == xuncha_engine::api::types::ErrorCode::StaleToken => return Ok(None),
            Err(error) => return self.failed_surely(&error),
        };
        let to = editions().iter().position(|edition| hex::encode(edition.hash) == change.to);
        let to = to.ok_or("a visit is to be moved to what nobody published")?;
        let wanted = MoveChecklist { visit: visit.clone(), token: change.token, to: change.to };
        match self.phone.engine.visit_checklist_move(wanted) {
            Ok(now) => {
                if on_phone(&now) != Some(to) {
                    return Err(format!("{visit}: was moved to {to} and asks by {:?}", on_phone(&now)));
                }
                self.moves(&visit).acknowledged.insert(to);
                self.phone.screens.insert(visit, now);
                Ok(Some("visit moved to another checklist"))
            }
            Err(error) => {
                if self.phone.disk.ended() {
                    self.moves(&visit).perhaps.insert(to);
                }
                self.failed(&error, || Unsure::Finish { visit })
            }
        }
    }

    fn moves(&mut self, visit: &str) -> &mut Moves {
        &mut self.model.visits.entry(visit.into()).or_default().moves
    }
}

/// What asks in a visit is what it began with, or what somebody moved it to.
pub fn asks(id: &str, who: &str, visit: &Visit, by: Option<usize>, wrong: &mut Vec<String>) {
    let allowed = visit.moves.allowed();
    if !by.is_some_and(|by| allowed.contains(&by)) {
        wrong.push(format!("{id}: {who} asks by edition {by:?}, not one of {allowed:?}"));
    }
}

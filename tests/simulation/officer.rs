//! What an officer does with a phone, through the engine's public api, each edit told to the model.

use xuncha_engine::api::types::{
    Answer, AnswerKind, ApiError, ErrorCode, FindVenues, ItemView, LeadLevel, NewVisit, SetAnswer,
    SetFinding, SetNote, SetVisitField, VisitKind, VisitMode, VisitRef, VisitView,
};
use xuncha_tests::random::Random;

use crate::editions;
use crate::model::{self, Model, Screen, comes_after, note_field};
use crate::phone::Phone;
use crate::standing::Being;
use crate::unsure::Unsure;

/// Items that officers answer: few, so that they clash.
const ITEMS_MAX: usize = 8;

/// An officer with a phone in hand.
pub struct Hand<'a> {
    pub phone: &'a mut Phone,
    pub model: &'a mut Model,
    pub random: &'a mut Random,
    /// Makes texts and temperatures unique.
    pub serial: &'a mut i32,
    /// Whoever has an edit has everything that its phone recorded before: until HQ was restored.
    pub causal: bool,
    /// Visits of one run: few, so that phones meet in them.
    pub visits_max: usize,
}

impl Hand<'_> {
    /// Does one thing. Returns its name, or none when there was nothing to do; fails on what must not happen.
    pub fn act(&mut self) -> Result<Option<&'static str>, String> {
        let started = self.model.visits.len();
        if started == 0 || (started < self.visits_max && self.random.chance(8)) {
            return self.start();
        }
        if self.random.chance(4) {
            return self.join();
        }
        let ids: Vec<String> = self.model.visits.keys().cloned().collect();
        let id = self.random.one_of(&ids).clone();
        // Half of the time the officer acts on what lay on the screen since some earlier moment.
        if !self.phone.screens.contains_key(&id) || self.random.chance(50) {
            match self.phone.engine.visit_get(VisitRef { visit: id.clone() }) {
                Ok(view) => drop(self.phone.screens.insert(id.clone(), view)),
                Err(error) if error.code == ErrorCode::NotFound => return Ok(None),
                Err(error) => return Err(format!("a visit cannot be drawn: {error:?}")),
            }
        }
        let view = self.phone.screens[&id].clone();
        let screen = Screen::of(&view);
        match self.random.below(114) {
            0..50 => self.answer(&view, &screen),
            50..58 => self.note(&view, &screen),
            58..65 => self.finding(&view, &screen),
            65..70 => self.status(&view, &screen),
            70..78 => self.reading(&view),
            78..84 => self.correct(&view),
            84..90 => self.mode(&view, &screen),
            90..96 => self.photo(&view),
            96..98 => self.leave(&view),
            98..102 => self.invite(&view),
            102..108 => self.retract(&view),
            108..112 => self.move_checklist(&view),
            _ => self.finish(&view),
        }
    }

    fn start(&mut self) -> Done {
        let venues =
            self.phone.engine.venues_find(FindVenues { text: "网吧".into(), ..Default::default() });
        let mut venues = venues.map_err(|error| format!("venues: {error:?}"))?;
        if let Some(district) = &self.phone.district {
            venues.retain(|venue| venue.district == *district);
        }
        let visit = NewVisit {
            venue: self.random.one_of(&venues).id.clone(),
            kind: VisitKind::Inspection,
            mode: VisitMode::OnSite,
            lead_level: LeadLevel::Brigade,
            purpose: "routine".into(),
            position: None,
        };
        match self.phone.engine.visit_start(visit) {
            Ok(view) => self.started(view),
            Err(error) => self.failed(&error, || Unsure::Start),
        }
    }

    pub fn started(&mut self, view: VisitView) -> Done {
        let id = view.summary.id.clone();
        self.model.edit(&id, "mode", &self.phone.author, "on_site", &Screen::default())?;
        self.present(&id, Being::Began);
        let visit = self.model.visits.entry(id.clone()).or_default();
        visit.district = view.summary.venue.district.clone();
        visit.moves.begun_with = editions::on_phone(&view);
        self.phone.screens.insert(id, view);
        Ok(Some("visit started"))
    }

    fn item<'v>(&mut self, view: &'v VisitView) -> Option<&'v ItemView> {
        let items: Vec<_> = view.sections.iter().flat_map(|section| &section.items).take(ITEMS_MAX).collect();
        (!items.is_empty()).then(|| *self.random.one_of(&items))
    }

    pub fn next(&mut self) -> i32 {
        *self.serial += 1;
        *self.serial
    }

    /// Now and then a second tap comes before the screen is drawn again.
    fn answer(&mut self, view: &VisitView, screen: &Screen) -> Done {
        // None where HQ holds the commit that began the visit.
        let Some(item) = self.item(view) else { return Ok(None) };
        let first = self.answer_to(item, view, screen)?;
        if first == Some("answer") && self.random.chance(20) {
            return self.answer_to(item, view, screen);
        }
        Ok(first)
    }

    fn answer_to(&mut self, item: &ItemView, view: &VisitView, screen: &Screen) -> Done {
        let serial = self.next();
        let number = i64::from(serial % 90);
        let answer = match item.answer_kind {
            AnswerKind::YesNo => self.random.one_of(&[Answer::Yes, Answer::No]).clone(),
            AnswerKind::YesNoNa => self.random.one_of(&[Answer::Yes, Answer::No, Answer::Na]).clone(),
            AnswerKind::Number => Answer::Number(number),
            AnswerKind::Percent => Answer::Percent(number),
            AnswerKind::Temperature => Answer::Temperature(number),
            AnswerKind::Text => Answer::Text(format!("答 {serial}。")),
            AnswerKind::Choice => return Ok(None),
        };
        let (field, value) = (format!("answer {}", item.id), model::answer(&answer));
        let (visit, token) = (view.summary.id.clone(), item.answer.token.clone());
        if self.model.used(&visit, &field, &value) {
            return Ok(None);
        }
        let done = self.phone.engine.visit_answer(SetAnswer { visit, item: item.id.clone(), answer, token });
        self.edited(view, &field, &value, screen, done, "answer")
    }

    fn note(&mut self, view: &VisitView, screen: &Screen) -> Done {
        let item = if self.random.chance(50) { self.item(view) } else { None };
        let token = item.map_or(&view.note_token, |item| &item.note_token).clone();
        let text = format!("记录 {}。", self.next());
        let (visit, on) = (view.summary.id.clone(), item.map(|item| item.id.clone()));
        let field = note_field(&self.phone.author.officer, on.as_deref());
        let done = self.phone.engine.visit_note(SetNote { visit, item: on, text: text.clone(), token });
        self.edited(view, &field, &text, screen, done, "note")
    }

    fn finding(&mut self, view: &VisitView, screen: &Screen) -> Done {
        let Some(item) = self.item(view) else { return Ok(None) };
        let text = format!("问题 {}。", self.next());
        let token = item.finding.as_ref().map(|finding| finding.description.token.clone());
        let set = SetFinding {
            visit: view.summary.id.clone(),
            item: item.id.clone(),
            field: "description".into(),
            value: text.clone(),
            token: token.unwrap_or_default(),
        };
        let done = self.phone.engine.finding_set(set);
        self.edited(view, &format!("finding {}", item.id), &text, screen, done, "finding")
    }

    /// A later status than every one on the screen; any when there is none.
    fn status(&mut self, view: &VisitView, screen: &Screen) -> Done {
        let Some(item) = self.item(view) else { return Ok(None) };
        let (visit, field) = (view.summary.id.clone(), format!("status {}", item.id));
        let mut next = model::statuses();
        let after_all = |late: &str| {
            screen.drawing.get(&field).into_iter().flatten().all(|early| comes_after(late, early))
        };
        next.retain(|status| after_all(status) && !self.model.used(&visit, &field, status));
        if next.is_empty() {
            return Ok(None);
        }
        let value = *self.random.one_of(&next);
        let token = item.finding.as_ref().map(|finding| finding.status.token.clone()).unwrap_or_default();
        let set =
            SetFinding { visit, item: item.id.clone(), field: "status".into(), value: value.into(), token };
        let done = self.phone.engine.finding_set(set);
        self.edited(view, &field, value, screen, done, "status")
    }

    fn mode(&mut self, view: &VisitView, screen: &Screen) -> Done {
        let value = *self.random.one_of(&["phone", "online"]);
        let (visit, token) = (view.summary.id.clone(), view.mode.token.clone());
        if self.model.used(&visit, "mode", value) {
            return Ok(None);
        }
        let set = SetVisitField { visit, field: "mode".into(), value: value.into(), token };
        let done = self.phone.engine.visit_set(set);
        self.edited(view, "mode", value, screen, done, "mode")
    }

    fn leave(&mut self, view: &VisitView) -> Done {
        let left = self.phone.engine.visit_leave(VisitRef { visit: view.summary.id.clone() });
        match left {
            Ok(_) => Ok(Some("visit left")),
            Err(error) => self.failed_surely(&error),
        }
    }

    fn finish(&mut self, view: &VisitView) -> Done {
        match self.phone.engine.visit_finish(VisitRef { visit: view.summary.id.clone() }) {
            Ok(now) => {
                self.present(&view.summary.id, Being::Left);
                self.phone.screens.insert(view.summary.id.clone(), now);
                Ok(Some("visit sealed"))
            }
            Err(error) => self.failed(&error, || Unsure::Finish { visit: view.summary.id.clone() }),
        }
    }

    pub fn edited(
        &mut self,
        view: &VisitView,
        field: &str,
        value: &str,
        screen: &Screen,
        done: Result<VisitView, ApiError>,
        name: &'static str,
    ) -> Done {
        match done {
            Ok(now) => {
                let id = &view.summary.id;
                self.model.edit(id, field, &self.phone.author, value, screen)?;
                self.phone.screens.insert(id.clone(), now);
                Ok(Some(name))
            }
            Err(error) if error.code == ErrorCode::BadRequest && self.is_held(&view.summary.id) => {
                Ok(Some("refused: held"))
            }
            Err(error) => self.failed(&error, || Unsure::Edit {
                visit: view.summary.id.clone(),
                field: Some(field.into()),
                value: value.into(),
                screen: screen.clone(),
            }),
        }
    }
}

pub type Done = Result<Option<&'static str>, String>;

//! What an officer does with a visit as a whole: lets a colleague join it, joins one, takes a thing back.

use std::collections::BTreeSet;

use xuncha_engine::api::types::{ErrorCode, MemberView, VisitRef, VisitView};
use xuncha_engine::api::{InviteText, JoinVisit, Retract};

use crate::officer::{Done, Hand};
use crate::standing::{Act, Being, Presence, WHOLE, names, things};
use crate::unsure::Unsure;

impl Hand<'_> {
    /// Shows the QR to whoever stands near.
    pub fn invite(&mut self, view: &VisitView) -> Done {
        let visit = view.summary.id.clone();
        match self.phone.engine.visit_invite(VisitRef { visit: visit.clone() }) {
            Ok(invitation) => {
                self.model.invitations.insert(visit, invitation.text);
                Ok(Some("invitation shown"))
            }
            Err(error) if error.code == ErrorCode::NotFound && self.is_held(&visit) => {
                Ok(Some("refused: held"))
            }
            Err(error) => self.failed_surely(&error),
        }
    }

    /// Joins a visit of which somebody showed the QR, whether this phone has ever heard of it or not.
    pub fn join(&mut self) -> Done {
        let texts: Vec<String> = self.model.invitations.values().cloned().collect();
        if texts.is_empty() {
            return Ok(None);
        }
        let text = self.random.one_of(&texts).clone();
        let read = self.phone.engine.invite_read(InviteText { text: text.clone() });
        let read = read.map_err(|error| format!("an invitation is not read: {error:?}"))?;
        let heard_of = self.phone.engine.visit_get(VisitRef { visit: read.visit.clone() }).is_ok();
        let elsewhere = {
            let district = self.model.visits.get(&read.visit).map(|visit| &visit.district);
            self.phone.district.as_ref().is_some_and(|own| Some(own) != district)
        };
        let name = match (read.joined, heard_of) {
            (true, _) => "visit joined again",
            (false, _) if elsewhere => "visit of another district joined",
            (false, true) => "visit joined",
            (false, false) => "unheard-of visit joined",
        };
        match self.phone.engine.visit_join(JoinVisit { text: text.clone(), position: None }) {
            Ok(view) if read.joined => {
                self.phone.screens.insert(view.summary.id.clone(), view);
                Ok(Some(name))
            }
            Ok(view) => self.joined(view).map(|_| Some(name)),
            Err(error) => self.failed(&error, || Unsure::Join { text, joined: read.joined }),
        }
    }

    /// This phone wrote of its officer's joining.
    pub fn joined(&mut self, view: VisitView) -> Done {
        let id = view.summary.id.clone();
        let me = &self.phone.author.officer;
        let here = |member: &MemberView| member.officer.id == *me && member.present.value == Some(true);
        if !view.members.iter().any(here) {
            return Err(format!("{id}: joined, and not shown as a member"));
        }
        self.present(&id, Being::Joined);
        self.phone.screens.insert(id, view);
        Ok(Some("visit joined"))
    }

    /// What a phone records by itself. Who begins or joins is a member.
    pub fn present(&mut self, visit: &str, what: Being) {
        let when = self.model.tick();
        let visit = self.model.visits.entry(visit.into()).or_default();
        visit.presences.push(Presence { phone: self.phone.author.phone, when, what });
        if what != Being::Left {
            visit.members.insert(self.phone.author.officer.clone());
        }
    }

    /// Takes back a thing on the screen, or says that it counts after all.
    pub fn retract(&mut self, view: &VisitView) -> Done {
        // Where HQ holds the commit that began the visit, not everything that is there is drawn.
        if view.sections.is_empty() {
            return Ok(None);
        }
        let visit = view.summary.id.clone();
        let things = things(view);
        // Whole visits often enough to see others go on with them.
        let (thing, entity, standing) =
            if self.random.chance(30) { things[0].clone() } else { self.random.one_of(&things).clone() };
        let retracted = !standing.retracted || self.random.chance(15);
        let drawn = names(&standing.token);
        let known = self.model.visits.entry(visit.clone()).or_default();
        let acts = known.acts.get(&thing).map(Vec::as_slice).unwrap_or_default();
        let over = (0..acts.len()).filter(|index| drawn.contains(&acts[*index].name)).collect();
        // What was issued again on another chain has another name.
        if drawn.iter().any(|name| !acts.iter().any(|act| act.name == *name)) {
            known.renamed.insert(thing.clone());
        }
        let (seen, unclear) = known.shown_of(&thing, view, self.causal);
        let author = self.phone.author.clone();
        let act = Act { author, name: String::new(), retracted, over, seen, unclear };
        let wanted = Retract {
            visit: visit.clone(),
            entity: entity.into(),
            retracted,
            reason: if retracted { format!("撤回 {}", self.next()) } else { String::new() },
            basis: standing.basis.clone(),
            token: standing.token.clone(),
            reason_token: standing.reason_token.clone(),
        };
        let before = self.phone.engine.visit_get(VisitRef { visit: visit.clone() });
        let before = before.map(|view| acts_in(&view, &thing)).map_err(|error| format!("{error:?}"))?;
        let name = match (retracted, thing.as_str()) {
            (true, WHOLE) => "visit retracted",
            (true, _) => "thing retracted",
            (false, WHOLE) => "visit stands after all",
            (false, _) => "thing stands after all",
        };
        match self.phone.engine.retract(wanted) {
            Ok(now) => {
                if !self.acted(&visit, &thing, act, &before, &now) {
                    return Err(format!("{visit} {thing}: a retraction was acknowledged and is not shown"));
                }
                self.phone.screens.insert(visit, now);
                Ok(Some(name))
            }
            Err(error) if error.code == ErrorCode::NotFound && self.is_held(&visit) => {
                Ok(Some("refused: held"))
            }
            Err(error) => self.failed(&error, || Unsure::Act { visit, thing, act, before }),
        }
    }

    /// Tells the model of an act if the view shows one that was not there before.
    pub fn acted(
        &mut self,
        visit: &str,
        thing: &str,
        act: Act,
        before: &BTreeSet<String>,
        now: &VisitView,
    ) -> bool {
        let now = acts_in(now, thing);
        let mut new = now.difference(before);
        let Some(name) = new.next().cloned() else { return false };
        let acts = self.model.visits.entry(visit.into()).or_default().acts.entry(thing.into()).or_default();
        acts.push(Act { name, ..act });
        true
    }
}

/// The names of the acts on a thing that a phone has.
fn acts_in(view: &VisitView, thing: &str) -> BTreeSet<String> {
    let of = things(view).into_iter().find(|(name, ..)| name == thing);
    of.map(|(_, _, standing)| names(&standing.token)).unwrap_or_default()
}

//! What a supervisor decides of whole visits: a review with what it had seen, and pairs of visits that are one call.

use std::collections::BTreeSet;

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId, OfficerId, Scope};
use xuncha_domain::merge::LiveOps;
use xuncha_domain::model::basis::{self, Basis};
use xuncha_domain::model::review::{self, Review, ReviewState};
use xuncha_domain::model::same_as::SameAs;
use xuncha_domain::model::{field, kind, visit as keys};
use xuncha_domain::text;

use super::desk::Desk;
use super::resolve::name;
use crate::http::types::{
    DecideDuplicate, DuplicatePage, DuplicatePair, RetractionRow, ReviewRow, ReviewVisit, VisitDetail,
};
use crate::service::author::{Draft, references};
use crate::service::rows::{Thing, Tree, acts};
use crate::service::{Changed, ConsoleUser, Error, Service};
use crate::storage::{Pair, Read};

/// Pairs on the page; the rest follows when these are decided.
const PAIRS: u32 = 50;
/// A remark; more belongs into a document.
const REMARK_CHARS_MAX: usize = 2_000;
/// Commits that one review can have seen.
const BASIS_MAX: usize = 1_000;

impl Service {
    /// Approves a visit or returns it with a remark, over the review that was drawn. What the console had not drawn of the
    /// visit shows as entries after the review.
    pub fn review(
        &self,
        user: &ConsoleUser,
        id: &[u8; 16],
        wanted: &ReviewVisit,
    ) -> Result<VisitDetail, Error> {
        user.must_be_admin()?;
        let state = ReviewState::parse(&wanted.state).ok_or(Error::BadRequest("a review"))?;
        let remark = text::clean(&wanted.remark);
        if remark.chars().count() > REMARK_CHARS_MAX || wanted.basis.len() > BASIS_MAX {
            return Err(Error::BadRequest("a remark that is too long"));
        }
        if state == ReviewState::Returned && remark.is_empty() {
            return Err(Error::BadRequest("a visit is returned with a remark"));
        }
        let names = |texts: &[String]| texts.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>();
        let (mut seen, over) = (names(&wanted.basis)?, names(&wanted.over)?);
        seen.sort_unstable();
        seen.dedup();
        let basis = seen.into_iter().map(Basis::Other).collect();
        self.storage.write(|tx| {
            let visit = tx.entity_by_name(&EntityId(*id))?.filter(|row| row.kind == kind::VISIT);
            let visit = visit.ok_or(Error::NotFound)?;
            let entity = review::entity(&keys::visit(visit.name));
            let over = references(tx, &over)?;
            let verdict = Draft {
                over: over.clone(),
                ..Draft::plain(entity.clone(), field::FACT, Review { state, basis }.to_value())
            };
            let remark = Draft { over, ..Draft::personal(entity, field::TEXT, Value::text(remark)) };
            let counted = self.write_as_hq(tx, &visit.scope, OfficerId(user.id), &[vec![verdict, remark]])?;
            self.project(tx, &counted)
        })?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        self.visit(id)
    }

    /// Pairs of visits that may be one call, and those already decided on.
    pub fn duplicates(&self) -> Result<DuplicatePage, Error> {
        self.storage.read(|read| {
            let desk = Desk::new(self, read);
            let mut page = DuplicatePage { open: Vec::new(), joined: Vec::new(), apart: Vec::new() };
            for pair in read.duplicates(PAIRS)? {
                page.open.extend(desk.pair(&pair)?);
            }
            for (pair, same) in read.decided(PAIRS)? {
                let list = if same { &mut page.joined } else { &mut page.apart };
                list.extend(desk.pair(&pair)?);
            }
            Ok(page)
        })
    }

    /// Joins two visits to one call, or keeps them apart; each undoes the other.
    pub fn decide_duplicate(
        &self,
        user: &ConsoleUser,
        wanted: &DecideDuplicate,
    ) -> Result<DuplicatePage, Error> {
        user.must_be_admin()?;
        let id = |text: &str| text.parse::<EntityId>().map_err(|_| Error::NotFound);
        let decided = SameAs::new(id(&wanted.visits[0])?, id(&wanted.visits[1])?, wanted.same)
            .ok_or(Error::BadRequest("a visit and itself"))?;
        let over = wanted.over.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>()?;
        self.storage.write(|tx| {
            let entity = decided.entity();
            // Whoever reads only one of the visits hears of it, too: one commit in each of their scopes.
            for scope in scopes_of(tx, &decided)?.ok_or(Error::NotFound)? {
                let live = match tx.entity(&scope, entity.kind, &entity.id)? {
                    Some(row) => tx.field(row, field::FACT)?.live,
                    None => LiveOps::default(),
                };
                let seen: Vec<CommitRef> =
                    over.iter().filter(|commit| live.contains_key(commit)).copied().collect();
                // Somebody decided meanwhile.
                if !live.is_empty() && seen.is_empty() {
                    return Err(Error::Stale);
                }
                let draft = Draft {
                    over: references(tx, &seen)?,
                    ..Draft::plain(entity.clone(), field::FACT, decided.to_value())
                };
                let counted = self.write_as_hq(tx, &scope, OfficerId(user.id), &[vec![draft]])?;
                self.project(tx, &counted)?;
            }
            Ok(())
        })?;
        self.events.tell(Changed { visits: true, ..Changed::default() });
        self.duplicates()
    }
}

/// The scopes of a pair, one or two; none when a visit of it is not here.
fn scopes_of(read: &Read<'_>, pair: &SameAs) -> Result<Option<BTreeSet<Scope>>, Error> {
    let (Some(lower), Some(higher)) = (read.visit(&pair.lower.0)?, read.visit(&pair.higher.0)?) else {
        return Ok(None);
    };
    let scope = |text: &str| text.parse().map_err(|_| Error::Internal("a scope"));
    Ok(Some([scope(&lower.scope)?, scope(&higher.scope)?].into()))
}

impl Desk<'_, '_> {
    /// None when a visit of the pair is not here.
    fn pair(&self, pair: &Pair) -> Result<Option<DuplicatePair>, Error> {
        let (Some(lower), Some(higher)) = (self.read.visit(&pair.lower)?, self.read.visit(&pair.higher)?)
        else {
            return Ok(None);
        };
        let mut over = Vec::new();
        if let Some(decided) = SameAs::new(EntityId(pair.lower), EntityId(pair.higher), true) {
            let entity = decided.entity();
            for scope in scopes_of(self.read, &decided)?.into_iter().flatten() {
                let Some(row) = self.read.entity(&scope, entity.kind, &entity.id)? else { continue };
                for commit in self.read.field(row, field::FACT)?.live.keys() {
                    over.push(self.commit(commit)?.hash.to_string());
                }
            }
        }
        let mut visits = vec![self.visit_row(lower)?, self.visit_row(higher)?];
        visits.sort_by_key(|visit| visit.started_ms);
        Ok(Some(DuplicatePair { visits, same_members: pair.members, two_phones: pair.phones, over }))
    }

    pub(super) fn retraction(&self, tree: &Tree, thing: &Thing) -> Result<Option<RetractionRow>, Error> {
        let Some(found) = acts::standing(self.read, tree, thing)? else { return Ok(None) };
        Ok(Some(RetractionRow {
            retracted: found.retracted,
            because: thing.text(field::RETRACTED_BECAUSE).unwrap_or_default().to_owned(),
            news: if found.retracted { found.news } else { 0 },
            disputed: found.disputed,
            by: self.live(thing, field::RETRACTED, &found.live)?,
        }))
    }

    pub(super) fn review(&self, tree: &Tree) -> Result<Option<ReviewRow>, Error> {
        let Some(thing) = tree.of(kind::REVIEW).next() else { return Ok(None) };
        let Some((live, review, after)) = acts::review(self.read, tree)? else { return Ok(None) };
        let mut over = Vec::new();
        for commit in thing.fields.get(field::FACT).into_iter().flat_map(|field| field.live.keys()) {
            over.push(self.commit(commit)?.hash.to_string());
        }
        Ok(Some(ReviewRow {
            state: review.state.as_str().to_owned(),
            remark: thing.text(field::TEXT).unwrap_or_default().to_owned(),
            by: self.live(thing, field::FACT, &live)?,
            after,
            over,
        }))
    }

    /// The commits that hold what is drawn of a visit.
    pub(super) fn basis(&self, tree: &Tree) -> Result<Vec<String>, Error> {
        let mut seen: Vec<_> = acts::entries(tree, tree.root(), basis::is_entry).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.iter().take(BASIS_MAX).map(|commit| Ok(self.commit(commit)?.hash.to_string())).collect()
    }
}

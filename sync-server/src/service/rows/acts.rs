//! Acts on visits: retractions with their news, the review, and pairs that HQ joined.

use std::collections::BTreeSet;

use xuncha_domain::ids::CommitRef;
use xuncha_domain::log::body::Kind;
use xuncha_domain::merge::{Agreement, Live};
use xuncha_domain::model::basis::{self, Basis};
use xuncha_domain::model::retraction::Retraction;
use xuncha_domain::model::review::Review;
use xuncha_domain::model::same_as::SameAs;
use xuncha_domain::model::{field, kind};

use super::{Thing, Tree};
use crate::service::Error;
use crate::storage::{Read, Tx};

/// What the last word on a thing is.
pub(in crate::service) struct Standing {
    pub(in crate::service) live: Live,
    pub(in crate::service) retracted: bool,
    /// Entries that nobody who retracted it had seen.
    pub(in crate::service) news: u32,
    /// Somebody else says the opposite.
    pub(in crate::service) disputed: bool,
}

impl Standing {
    /// Retracted, and nothing speaks against it.
    pub(in crate::service) fn hidden(&self) -> bool {
        self.retracted && self.news == 0 && !self.disputed
    }

    /// A person has to look at it again.
    pub(in crate::service) fn open(&self) -> bool {
        self.disputed || (self.retracted && self.news > 0)
    }
}

/// None when nobody ever said anything about it.
pub(in crate::service) fn standing(
    read: &Read<'_>,
    tree: &Tree,
    thing: &Thing,
) -> Result<Option<Standing>, Error> {
    let Some(shown) = thing.shown(field::RETRACTED, None) else { return Ok(None) };
    let said = |live: &Live| Retraction::from_value(live.value.value()?);
    let Some((live, first)) = shown.live.first().and_then(|live| Some((*live, said(live)?))) else {
        return Ok(None);
    };
    let mut seen = BTreeSet::new();
    for live in &shown.live {
        if let Some(retraction) = said(live).filter(|retraction| retraction.retracted) {
            seen.append(&mut covered(read, &live.commit, &retraction.basis)?);
        }
    }
    Ok(Some(Standing {
        live: live.clone(),
        retracted: first.retracted,
        news: basis::outside(entries(tree, thing, basis::is_retractable), &seen),
        disputed: shown.state == Agreement::Conflict,
    }))
}

/// The commits that hold live entries of a thing: of the whole visit for its root. May name one more than once.
pub(in crate::service) fn entries<'t>(
    tree: &'t Tree,
    thing: &'t Thing,
    counts: fn(Kind, &str) -> bool,
) -> impl Iterator<Item = CommitRef> + 't {
    let whole = thing.entity.id == tree.root().entity.id;
    let things = tree.all().filter(move |each| whole || each.entity.id == thing.entity.id);
    things.flat_map(move |each| {
        let fields = each.fields.iter().filter(move |(name, _)| counts(each.entity.kind, name));
        fields.flat_map(|(_, field)| field.live.keys().copied())
    })
}

/// The commits of a basis, and that of the act itself.
pub(in crate::service) fn covered(
    read: &Read<'_>,
    act: &CommitRef,
    basis: &[Basis],
) -> Result<BTreeSet<CommitRef>, Error> {
    let mut commits = BTreeSet::from([*act]);
    if basis.is_empty() {
        return Ok(commits);
    }
    let Some(row) = read.commit(act)? else { return Ok(commits) };
    for basis in basis {
        match basis {
            Basis::Other(commit) => drop(commits.insert(*commit)),
            Basis::Own(seq) => commits.extend(read.ancestor(&row, *seq)?.map(|hash| hash.short())),
        }
    }
    Ok(commits)
}

/// The review of a visit with the op that holds it, and how many entries it had not seen.
pub(in crate::service) fn review(read: &Read<'_>, tree: &Tree) -> Result<Option<(Live, Review, u32)>, Error> {
    let Some(thing) = tree.of(kind::REVIEW).next() else { return Ok(None) };
    let Some(shown) = thing.shown(field::FACT, None) else { return Ok(None) };
    let Some(live) = shown.live.first() else { return Ok(None) };
    let Some(review) = live.value.value().and_then(Review::from_value) else { return Ok(None) };
    let seen = covered(read, &live.commit, &review.basis)?;
    let after = basis::outside(entries(tree, tree.root(), basis::is_entry), &seen);
    Ok(Some(((*live).clone(), review, after)))
}

pub(super) fn same_as(tx: &Tx<'_>, tree: &Tree) -> Result<(), Error> {
    match tree.root().value(field::FACT).and_then(SameAs::from_value) {
        Some(decided) => Ok(tx.put_same_as(&decided)?),
        None => Ok(()),
    }
}

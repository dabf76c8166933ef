//! One damaged commit never stops a phone: it is set aside, and what is known of it, and what followed it on its chain, is
//! issued again on a successor chain.
//!
//! The bytes of the commit are not believed any more, but the values that screens drew from it are: they lie in other
//! pages of the database, and are what the officer saw as recorded.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use xuncha_domain::ids::{ChainId, CommitRef, EntityId, Scope};
use xuncha_domain::log::body::Reference;
use xuncha_domain::log::chain::Genesis;
use xuncha_domain::merge::Live;

use super::reissue::{Again, write_again};
use super::{Pen, commit};
use crate::error::Result;
use crate::store::chains::ChainRow;
use crate::store::quarantine::{self, Damaged};
use crate::store::{chains, live, log, mend, things};

/// Sets aside what cannot be read of our unsent commits.
pub fn set_damaged_aside(connection: &Connection, pen: &Pen<'_>) -> Result<()> {
    let unsound = quarantine::unsound(connection)?;
    if unsound.is_empty() {
        return Ok(());
    }
    // Everything is counted again below.
    mend::drop_damaged(connection)?;
    let mut lost = Vec::new();
    let mut gone = Gone::default();
    for one in &unsound.damaged {
        tracing::error!(seq = one.seq, "a commit cannot be read any more");
        for name in one.names() {
            lost.extend(drawn_from(connection, one, name)?.map(Again::Drawn));
            gone.commits.insert(name);
        }
    }
    for commit in unsound.loose {
        if let Some(chain) = chains::get(connection, commit.header.chain)?.filter(|chain| ours(pen, chain)) {
            lost.push(Again::Whole(chain.scope, Box::new(commit)));
        }
    }
    gone.look(connection, &lost, &unsound.damaged)?;
    for one in &unsound.damaged {
        quarantine::set_aside(connection, one)?;
    }
    let broken = unsound.damaged.iter().filter_map(|one| one.chain).chain(lost.iter().map(Again::chain));
    for chain in broken.collect::<BTreeSet<_>>() {
        let end = unsound.ends.get(&chain).copied();
        chains::close_at(connection, chain, end)?;
    }
    write_again(connection, pen, lost, gone)
}

/// A phone that came from another city keeps what it recorded there and does not tell it to this one.
pub(super) fn ours(pen: &Pen<'_>, chain: &ChainRow) -> bool {
    Genesis::verify(&chain.genesis, &pen.enrolment.hq_key, pen.enrolment.city).is_ok()
}

/// What cannot be read any more, and what was live while it could.
#[derive(Default)]
pub(super) struct Gone {
    pub(super) commits: BTreeSet<CommitRef>,
    before: BTreeMap<(EntityId, String), Before>,
}

/// A field before anything was taken out of the log.
#[derive(Default)]
struct Before {
    live: BTreeSet<CommitRef>,
    /// Replaced, and not here to be counted: a hub may still bring them to HQ.
    dead: Vec<Reference>,
}

impl Gone {
    /// Looks at the fields of what is written again.
    fn look(&mut self, connection: &Connection, lost: &[Again], damaged: &[Damaged]) -> Result<()> {
        let mut gone: BTreeMap<EntityId, Vec<Reference>> = BTreeMap::new();
        for one in damaged {
            for name in one.names() {
                for (_, root) in log::touched_by(connection, name)? {
                    gone.entry(root).or_default().push(one.reference(name));
                }
            }
        }
        for (entity, field) in lost.iter().flat_map(Again::fields) {
            let live: BTreeSet<_> = live::of_field(connection, entity, &field)?.keys().copied().collect();
            let mut dead = quarantine::dead(connection, entity, &field)?;
            let root = commit::entity(connection, entity)?.root().id;
            let replaced =
                |one: &&Reference| matches!(one, Reference::Other { commit, .. } if !live.contains(commit));
            dead.extend(gone.get(&root).into_iter().flatten().filter(replaced));
            self.before.insert((entity, field), Before { live, dead });
        }
        Ok(())
    }

    /// What was replaced in a field and cannot be read here any more.
    pub(super) fn dead(&self, entity: EntityId, field: &str) -> &[Reference] {
        self.before.get(&(entity, field.to_owned())).map_or(&[], |before| &before.dead)
    }

    /// What an op over something that is gone has to name in its stead: what came to life without it.
    pub(super) fn revived(
        &self,
        connection: &Connection,
        entity: EntityId,
        field: &str,
    ) -> Result<Vec<CommitRef>> {
        let before = self.before.get(&(entity, field.to_owned()));
        let now = live::of_field(connection, entity, field)?;
        let known = |now: &&CommitRef| before.is_some_and(|before| before.live.contains(*now));
        Ok(now.keys().filter(|now| !known(now)).copied().collect())
    }

    /// What was live beside it under its old name does not come to life under its new one.
    pub(super) fn renamed(&mut self, old: CommitRef, new: CommitRef) {
        for before in self.before.values_mut().filter(|before| before.live.contains(&old)) {
            before.live.insert(new);
        }
    }
}

/// What screens drew from a commit that cannot be read.
pub(super) struct Drawn {
    pub(super) commit: CommitRef,
    pub(super) chain: ChainId,
    pub(super) seq: u64,
    pub(super) scope: Scope,
    pub(super) live: Vec<(EntityId, String, Live)>,
}

/// None when nothing of it is drawn any more.
fn drawn_from(connection: &Connection, damaged: &Damaged, name: CommitRef) -> Result<Option<Drawn>> {
    let live = live::of_commit(connection, name)?;
    let Some((entity, ..)) = live.first() else { return Ok(None) };
    let chain = damaged.chain.map(|chain| chains::get(connection, chain)).transpose()?.flatten();
    let scope = match &chain {
        Some(chain) => Some(chain.scope.clone()),
        None => things::scope_of(connection, *entity)?,
    };
    let chain = chain.map_or(quarantine::UNKNOWN, |chain| chain.id);
    Ok(scope.map(|scope| Drawn { commit: name, chain, seq: damaged.seq, scope, live }))
}

//! What a snapshot does not hold, fetched when it is needed: all commits of a thing that somebody opens or that has news,
//! and single commits that others follow. Commits that were damaged on this phone come back the same way.

use std::collections::BTreeSet;

use xuncha_domain::ids::{CommitHash, CommitRef, EntityId, Scope};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::packet::Packet;
use xuncha_domain::model::kind;
use xuncha_domain::protocol::v1::things::{Brought, Fed, Wanted};

use super::Session;
use super::apply::{Taking, changes};
use crate::erase;
use crate::error::Result;
use crate::store::{base, chains, live, log, rows, things};

/// Names of one request; more would bring more than one answer holds.
const NAMES_MAX: usize = 50;
/// Requests of one run: a hundred thousand things. The rest follows with the next.
const ROUNDS_MAX: usize = 2_000;

/// Fetches whatever is wanted.
pub(super) async fn bring(session: &Session<'_>) -> Result<()> {
    let Session { engine, client, enrolment } = session;
    for _ in 0..ROUNDS_MAX {
        let names = engine.read(|connection| base::wanted(connection, NAMES_MAX))?;
        if names.is_empty() {
            return Ok(());
        }
        let of = |thing| names.iter().filter(move |name| name.1 == thing).map(|name| name.0.into());
        let wanted = Wanted { roots: of(true).collect(), commits: of(false).collect() };
        let brought = client.things(&wanted).await?;
        let touched = engine.0.store.write(|transaction| {
            let mut taking = Taking::new(engine, transaction, enrolment);
            taking.brought(&wanted, &brought)?;
            taking.refresh()?;
            Ok(taking.touched)
        })?;
        engine.emit(&changes(&touched));
    }
    Ok(())
}

impl Taking<'_> {
    fn brought(&mut self, wanted: &Wanted, brought: &Brought) -> Result<()> {
        for fed in &brought.packets {
            self.fed(fed)?;
        }
        let later: BTreeSet<[u8; 16]> = brought.later.iter().map(|name| **name).collect();
        // An answer that puts all of it off would be asked for without end.
        let answered = |name: &[u8; 16]| brought.packets.is_empty() || !later.contains(name);
        for root in wanted.roots.iter().filter(|root| answered(root)) {
            let id = EntityId(**root);
            let whole = brought.whole.contains(root);
            if let Some((kind, scope)) = things::thing(self.connection, id)?.filter(|_| whole) {
                base::set_whole(self.connection, id, &scope)?;
                log::recount_thing(self.connection, id)?;
                self.touched.insert((kind, id));
            }
            base::unwant(self.connection, **root)?;
        }
        for commit in wanted.commits.iter().filter(|commit| answered(commit)) {
            base::unwant(self.connection, **commit)?;
        }
        Ok(())
    }

    /// Keeps those commits of a packet that were read: the snapshot stands for them, or they were damaged here. The others
    /// come with the feed.
    fn fed(&mut self, fed: &Fed) -> Result<()> {
        let packet = Packet::decode(&fed.packet)?;
        let Some(chain) = chains::get(self.connection, packet.chain)? else { return Ok(()) };
        let scope: Scope = chain.scope;
        let (read, _) = rows::feed(self.connection, &scope)?;
        let end = base::position(self.connection, &scope)?.unwrap_or(0);
        let genesis = self.genesis(&scope, &packet)?;
        let commits = self.linked(&genesis, &packet, CommitHash(fed.prev))?;
        for commit in &commits {
            let reference = commit.hash.short();
            let Some(position) = fed.position(commit.header.seq).filter(|position| *position <= read) else {
                continue;
            };
            if log::hash_of(self.connection, reference)?.is_some() {
                continue;
            }
            let commit = &*erase::arriving(self.connection, &scope, commit)?;
            log::insert(self.connection, commit, true)?;
            log::set_position(self.connection, reference, position)?;
            let based = position <= end && !base::held(self.connection, reference)?;
            if based {
                base::set_based(self.connection, reference)?;
            }
            if log::was_counted(self.connection, reference)? {
                self.count_no_more(commit)?;
            } else {
                self.count(&genesis, commit)?;
                // It was damaged here, or HQ held it when the snapshot was made, and comes after those that name it by its
                // number.
                self.recount |= !based || self.touches_whole(reference)?;
            }
        }
        if let Some(last) = commits.last() {
            log::keep_signature(self.connection, last.hash.short(), &packet.signature)?;
        }
        Ok(())
    }

    fn touches_whole(&self, commit: CommitRef) -> Result<bool> {
        let mut whole = false;
        for (_, root) in log::touched_by(self.connection, commit)? {
            whole |= base::is_whole(self.connection, root)?;
        }
        Ok(whole)
    }

    /// A commit is back of which everything was drawn before, but for what was erased meanwhile.
    fn count_no_more(&mut self, commit: &Commit) -> Result<()> {
        log::set_counted(self.connection, commit.hash.short())?;
        for op in commit.ops().iter().filter(|op| commit.live_op(op).value.erased()) {
            live::erase(self.connection, commit, op)?;
        }
        self.touch(commit.hash.short())
    }

    /// News of a thing that was closed long ago, and is not in the snapshot: it is fetched as a whole.
    pub(super) fn want_left_out(&self) -> Result<()> {
        for (_, visit) in self.touched.iter().filter(|(kind, _)| *kind == kind::VISIT) {
            let known = rows::visit(self.connection, *visit)?.is_some_and(|row| row.venue.is_some());
            if !known && base::may_lack(self.connection, *visit)? {
                base::want_thing(self.connection, *visit)?;
            }
        }
        Ok(())
    }
}

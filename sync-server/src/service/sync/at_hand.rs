//! Commits of requests that are under way, as they were verified: publishing takes up whatever is stored, also what another
//! request has just brought, and need not unpack and verify that once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xuncha_domain::ids::CommitRef;
use xuncha_domain::log::commit::Commit;

/// Holds no more than the requests that run at once brought.
#[derive(Default)]
pub(in crate::service) struct AtHand(Mutex<HashMap<CommitRef, Arc<Commit>>>);

/// Keeps commits at hand until it is dropped.
pub(super) struct Holding<'a> {
    of: &'a AtHand,
    names: Vec<CommitRef>,
}

impl AtHand {
    pub(super) fn hold(&self, commits: Vec<Arc<Commit>>) -> Holding<'_> {
        let names = commits.iter().map(|commit| commit.hash.short()).collect();
        self.locked().extend(commits.into_iter().map(|commit| (commit.hash.short(), commit)));
        Holding { of: self, names }
    }

    pub(super) fn get(&self, name: &CommitRef) -> Option<Arc<Commit>> {
        self.locked().get(name).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<CommitRef, Arc<Commit>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let mut commits = self.of.locked();
        for name in &self.names {
            commits.remove(name);
        }
    }
}

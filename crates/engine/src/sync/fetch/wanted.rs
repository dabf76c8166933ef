//! What screens asked for and what became of it; in memory, since whoever still wants it asks again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use xuncha_domain::ids::EntityId;

use crate::api::types::FetchState;
use crate::store::fetched::Name;

/// Pictures wanted at once: the thumbnails of some large visits. More push out what was asked for first.
const WANTED_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    pub name: Name,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// More is not taken.
    pub bytes_max: u64,
    /// Where it is shown.
    pub visit: EntityId,
}

#[derive(Default)]
pub struct Wanted {
    /// Rung when something was added.
    pub rung: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Want>,
    /// Why the last try brought nothing.
    missed: HashMap<Name, FetchState>,
}

impl Wanted {
    /// An original that somebody looks at now goes before thumbnails.
    pub fn add(&self, want: Want) {
        let mut state = self.state();
        state.missed.remove(&want.name);
        state.queue.retain(|other| other.name != want.name);
        if want.name.thumb {
            state.queue.push_back(want);
        } else {
            state.queue.push_front(want);
        }
        while state.queue.len() > WANTED_MAX {
            state.queue.pop_back();
        }
        drop(state);
        self.rung.notify_one();
    }

    /// What to fetch next. It stays wanted until it is done.
    pub(super) fn next(&self, count: usize) -> Vec<Want> {
        self.state().queue.iter().take(count.max(1)).cloned().collect()
    }

    pub(super) fn done(&self, want: &Want, missed: Option<FetchState>) {
        let mut state = self.state();
        state.queue.retain(|other| other.name != want.name);
        // A reason for each picture that was ever asked for would grow without end.
        if state.missed.len() >= WANTED_MAX {
            state.missed.clear();
        }
        state.missed.extend(missed.map(|missed| (want.name, missed)));
    }

    /// What a screen says of a picture that is not here.
    pub fn state_of(&self, name: Name) -> Option<FetchState> {
        let state = self.state();
        let wanted = state.queue.iter().any(|want| want.name == name);
        if wanted { Some(FetchState::Fetching) } else { state.missed.get(&name).copied() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

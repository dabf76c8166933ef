//! Whose turn it is to work on an upload.
//!
//! One request at a time. A phone that changes networks leaves a dead connection behind and comes back on a new one:
//! whoever comes later, to ask or to bring bytes, makes the present holder stop as soon as it would have to wait for
//! more, so that a dead connection is never waited for. What the holder has brought by then is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedMutexGuard, watch};

type Slots = Arc<Mutex<HashMap<[u8; 16], Weak<Slot>>>>;

#[derive(Default)]
pub(in crate::service) struct Turns {
    slots: Slots,
}

struct Slot {
    busy: Arc<tokio::sync::Mutex<()>>,
    /// How many ask the holder to stop.
    asking: watch::Sender<usize>,
}

/// A place in the queue of one upload.
pub struct Turn {
    slot: Arc<Slot>,
    id: [u8; 16],
    slots: Slots,
}

/// The right to work on the upload, until dropped.
pub struct HeldTurn {
    _guard: OwnedMutexGuard<()>,
    turn: Turn,
}

impl Turns {
    pub(super) fn join(&self, id: &[u8; 16]) -> Turn {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(id).and_then(Weak::upgrade).unwrap_or_else(|| {
            let slot = Arc::new(Slot { busy: Arc::default(), asking: watch::Sender::new(0) });
            slots.insert(*id, Arc::downgrade(&slot));
            slot
        });
        Turn { slot, id: *id, slots: Arc::clone(&self.slots) }
    }
}

impl Turn {
    /// Asks the holder to stop and waits until it has.
    pub async fn take(self) -> HeldTurn {
        let asking = Asking::new(&self.slot.asking);
        let guard = Arc::clone(&self.slot.busy).lock_owned().await;
        drop(asking);
        HeldTurn { _guard: guard, turn: self }
    }
}

impl HeldTurn {
    /// Resolves when somebody asks the holder to stop.
    pub async fn asked_to_stop(&self) {
        // The sender lives as long as this turn, so waiting cannot fail.
        let _ = self.turn.slot.asking.subscribe().wait_for(|asking| *asking > 0).await;
    }
}

/// Counts one asker for as long as it lives: its request may be dropped while it waits.
struct Asking<'a>(&'a watch::Sender<usize>);

impl<'a> Asking<'a> {
    fn new(sender: &'a watch::Sender<usize>) -> Self {
        sender.send_modify(|asking| *asking += 1);
        Self(sender)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|asking| *asking = asking.saturating_sub(1));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Joining upgrades under the same lock, so this one is the last.
        if Arc::strong_count(&self.slot) == 1 {
            slots.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_stops_the_holder_and_the_table_empties() {
        let turns = Turns::default();
        let holder = turns.join(&[1; 16]).take().await;
        let question = tokio::spawn(turns.join(&[1; 16]).take());
        holder.asked_to_stop().await;
        drop(holder);
        let question = question.await.unwrap();
        assert!(
            tokio::time::timeout(std::time::Duration::ZERO, question.asked_to_stop()).await.is_err(),
            "a request must not stop itself"
        );
        drop(question);
        assert!(turns.slots.lock().unwrap().is_empty());
    }
}

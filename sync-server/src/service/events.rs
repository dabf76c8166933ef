//! "Something new", told to open consoles and phones. Carries no data: whoever hears it asks again.

use tokio::sync::broadcast;

/// Which kinds of thing changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    pub visits: bool,
    pub devices: bool,
}

/// A listener that falls this far behind is told that everything changed.
const BEHIND_MAX: usize = 64;

pub struct Events {
    sender: broadcast::Sender<Changed>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::channel(BEHIND_MAX).0 }
    }
}

impl Events {
    pub fn listen(&self) -> broadcast::Receiver<Changed> {
        self.sender.subscribe()
    }

    pub(super) fn tell(&self, changed: Changed) {
        // Nobody listening is the usual case.
        let _ = self.sender.send(changed);
    }
}

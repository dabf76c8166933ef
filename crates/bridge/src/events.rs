//! `GET /events`: what changed, as server-sent events.

use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};
use xuncha_engine::Engine;
use xuncha_engine::api::types::Changes;

/// How many changes a page may be behind. A page that is further behind is told to refetch everything.
const BEHIND_MAX: usize = 64;

#[derive(Clone)]
pub(crate) struct Announcer(broadcast::Sender<Changes>);

impl Announcer {
    /// Of an engine that could not be opened nothing is ever announced.
    pub(crate) fn of(engine: Option<&Engine>) -> Self {
        let (sender, _) = broadcast::channel(BEHIND_MAX);
        let announcer = Self(sender);
        let Some(engine) = engine else { return announcer };
        let own = announcer.clone();
        engine.subscribe(Box::new(move |changes| {
            // Without an open page there is nobody to tell.
            let _ = own.0.send(changes);
        }));
        announcer
    }

    pub(crate) fn stream(&self) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let changes =
            BroadcastStream::new(self.0.subscribe()).map(|next| next.unwrap_or_else(|_| everything()));
        let events = changes.filter_map(|changes| Event::default().json_data(changes).ok().map(Ok));
        Sse::new(events).keep_alive(KeepAlive::default())
    }
}

fn everything() -> Changes {
    Changes { venues: true, officers: true, sync: true, visits: Vec::new(), visits_all: true, ledgers: true }
}

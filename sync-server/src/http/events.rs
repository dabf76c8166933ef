//! Server-sent events: "something new", for open consoles and phones.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::app::App;
use super::console_user::Signed;
use super::device::OpenPhone;
use super::error::Problem;
use super::types::ApiProblem;
use crate::service::{Changed, Error};

/// Data of the event `changed`.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedEvent {
    visits: bool,
    devices: bool,
}

/// Events named `changed` until the console goes away.
#[utoipa::path(get, path = "/api/events",
    responses((status = 200, description = "Done", content_type = "text/event-stream", body = ChangedEvent), (status = 401, description = "Not signed in", body = ApiProblem)))]
pub(super) async fn console(
    State(app): State<App>,
    Signed(_): Signed,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    stream(&app)
}

/// Nudges an open phone: ask again.
pub(super) async fn phone(
    State(app): State<App>,
    OpenPhone(_): OpenPhone,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    stream(&app)
}

fn stream(app: &App) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| Error::Busy)?;
    let mut changes = app.service().events().listen();
    let mut ended = app.ended.clone();
    // One event waits in the channel, later ones in the broadcast; a slow reader hears of everything at once.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _permit = permit;
        loop {
            let changed = tokio::select! {
                changed = changes.recv() => changed,
                _ = ended.wait_for(|ended| *ended) => break,
                () = sender.closed() => break,
            };
            let changed = match changed {
                Ok(changed) => changed,
                Err(RecvError::Lagged(_)) => Changed { visits: true, devices: true },
                Err(RecvError::Closed) => break,
            };
            let event = ChangedEvent { visits: changed.visits, devices: changed.devices };
            let Ok(event) = Event::default().event("changed").json_data(event) else { break };
            if sender.send(Ok(event)).await.is_err() {
                break;
            }
        }
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default()))
}

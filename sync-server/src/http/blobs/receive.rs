//! The bytes of one request, from the connection to the file.

use std::time::Duration;

use axum::body::Body;
use tokio_stream::StreamExt;

use crate::http::app::App;
use crate::http::error::Problem;
use crate::service::{Checksum, Device, Error, PatchEnd, Receiving};

/// A connection that brings nothing for this long is dead; the phone asks and goes on.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Written to the file at once. Smaller writes would cost a thread switch each.
const BUFFER_BYTES: usize = 256 * 1024;

/// Takes the request's bytes at `offset`. Returns the offset behind what is durable.
///
/// Runs as a task of its own: when the connection breaks, the server drops the request, but what arrived must be kept.
pub(super) async fn receive(
    app: App,
    device: Device,
    upload: [u8; 16],
    offset: u64,
    length: Option<u64>,
    checksum: Option<Checksum>,
    body: Body,
) -> Result<u64, Problem> {
    let task = tokio::spawn(async move {
        let turn = app.service().upload_turn(&upload).take().await;
        let mut receiving =
            app.run(move |service| service.receive(&device, &upload, offset, length, checksum)).await?;
        let mut bytes = body.into_data_stream();
        let mut buffer = Vec::new();
        let end = loop {
            let chunk = tokio::select! {
                biased;
                chunk = tokio::time::timeout(IDLE_MAX, bytes.next()) => chunk,
                () = turn.asked_to_stop() => break PatchEnd::Interrupted,
            };
            match chunk {
                Ok(Some(Ok(chunk))) => buffer.extend_from_slice(&chunk),
                Ok(None) => break PatchEnd::Whole,
                Ok(Some(Err(_))) | Err(_) => break PatchEnd::Interrupted,
            }
            if buffer.len() >= BUFFER_BYTES {
                receiving = write(&app, receiving, std::mem::take(&mut buffer)).await?;
            }
        };
        let receiving = write(&app, receiving, buffer).await?;
        app.run(move |service| service.received(receiving, end)).await
    });
    task.await.map_err(|_| Problem(Error::Internal("an upload ended early")))?
}

async fn write(app: &App, mut receiving: Receiving, bytes: Vec<u8>) -> Result<Receiving, Problem> {
    app.run(move |_| {
        receiving.write(&bytes)?;
        Ok(receiving)
    })
    .await
}

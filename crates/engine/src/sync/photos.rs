//! Photos to HQ: all thumbnails before any original, several at once, and records never behind either.
//!
//! HQ is asked once which of them it lacks. While they are on their way, receipts are fetched as originals arrive, and
//! whatever the officer records meanwhile is sent beside them.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use minicbor::bytes::ByteArray;
use xuncha_domain::protocol::v1::blobs::{Hashes, LACKING_MAX};

use super::Session;
use super::upload::{Sending, Upload};
use crate::api::sending;
use crate::api::types::{Changes, ErrorCode, PictureKind};
use crate::error::{Error, Result};
use crate::store::meta;
use crate::store::photos::{self, PhotoRow};
use crate::store::thumbs::{self, ThumbRow};
use crate::write;

/// Pictures of either kind that one run looks at: both fit into one question.
const OF_A_KIND_MAX: usize = LACKING_MAX / 2;
/// Seen when the file is gone or damaged: the photo needs a person.
const MISSING: &str = "photo_missing";

enum Picture {
    Thumb(ThumbRow),
    Original(PhotoRow),
}

/// What one of the things that go on at once came to.
enum Done {
    Asked(Result<()>),
    /// True when all of its bytes are there.
    Sent(Picture, Result<bool>),
}

type Job<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// Sends what HQ lacks and fetches the receipts. A photo that cannot be sent is marked and holds nothing back.
pub async fn send(session: &Session<'_>) -> Result<()> {
    let Some(mut plan) = Plan::make(session).await? else { return Ok(()) };
    let lanes = session.engine.0.options.transport.lanes().max(1);
    let sending = Sending::new(session.engine, &session.client);
    let mut jobs: FuturesUnordered<Job<'_>> = FuturesUnordered::new();
    let mut uploads = 0;
    let mut asking = false;
    loop {
        // Records are small and go beside photos; where one thing goes at a time, before the next.
        if plan.ask && !asking && (lanes > 1 || uploads == 0) {
            (plan.ask, asking) = (false, true);
            jobs.push(Box::pin(async { Done::Asked(session.exchange().await) }));
        }
        while uploads < lanes && (lanes > 1 || !asking) {
            let Some(picture) = plan.next()? else { break };
            uploads += 1;
            jobs.push(Box::pin(bring(&sending, picture)));
        }
        if jobs.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            Some(done) = jobs.next() => match done {
                Done::Asked(result) => {
                    result?;
                    asking = false;
                }
                Done::Sent(picture, result) => {
                    uploads -= 1;
                    plan.sent(&picture, result)?;
                }
            },
            () = session.engine.0.work.notified() => {
                session.engine.write(|transaction, pen| write::flush_all(transaction, pen))?;
                plan.ask = true;
            }
        }
    }
}

async fn bring(sending: &Sending<'_>, picture: Picture) -> Done {
    let result = match &picture {
        Picture::Thumb(thumb) => sending.bring(Upload::of_thumb(sending.engine, thumb)).await,
        Picture::Original(photo) => sending.bring(Upload::of_original(sending.engine, photo)).await,
    };
    Done::Sent(picture, result)
}

/// What is still to be sent in this run.
struct Plan<'a> {
    session: &'a Session<'a>,
    /// Sent or being sent, or HQ said that it has them.
    settled: HashSet<[u8; 32]>,
    /// HQ has something to say: a receipt is due, or there are new records.
    ask: bool,
}

impl<'a> Plan<'a> {
    /// None when nothing waits, or nothing may be sent.
    async fn make(session: &'a Session<'a>) -> Result<Option<Self>> {
        let mut plan = Self { session, settled: HashSet::new(), ask: false };
        let (thumbs, originals) = plan.waiting()?;
        if originals.is_empty() {
            // What the officer wanted to be sent now is sent.
            session.engine.0.photos_now.store(false, Ordering::Relaxed);
        }
        if plan.next()?.is_none() {
            return Ok(None);
        }
        plan.settled.clear();
        let asked = thumbs.iter().map(|thumb| thumb.sha256).chain(originals.iter().map(|photo| photo.sha256));
        let asked = Hashes { hashes: asked.map(ByteArray::from).collect() };
        let lacking: HashSet<[u8; 32]> =
            session.client.lacking(&asked).await?.hashes.into_iter().map(Into::into).collect();
        session.engine.0.store.write(|tx| {
            for thumb in thumbs.iter().filter(|thumb| !lacking.contains(&thumb.sha256)) {
                thumbs::set_done(tx, &thumb.sha256)?;
            }
            for photo in originals.iter().filter(|photo| !lacking.contains(&photo.sha256)) {
                // Somebody sent the same picture, or the answer to our last piece was lost.
                photos::set_upload(tx, &photo.sha256, None, photo.size)?;
                plan.settled.insert(photo.sha256);
                plan.ask = true;
            }
            Ok(())
        })?;
        Ok(Some(plan))
    }

    fn waiting(&self) -> Result<(Vec<ThumbRow>, Vec<PhotoRow>)> {
        self.session.engine.read(|connection| {
            Ok((thumbs::waiting(connection, OF_A_KIND_MAX)?, photos::unreceived(connection, OF_A_KIND_MAX)?))
        })
    }

    /// The next picture that may be sent over the connection as it is now.
    fn next(&mut self) -> Result<Option<Picture>> {
        let (thumbs, originals) = self.waiting()?;
        let may = |kind| -> Result<bool> {
            let policy = self.session.engine.read(|connection| meta::photo_policy(connection, kind))?;
            Ok(sending::wait(self.session.engine, policy).is_none())
        };
        let thumb = thumbs.into_iter().find(|thumb| !self.settled.contains(&thumb.sha256));
        let original = originals.into_iter().find(|photo| !self.settled.contains(&photo.sha256));
        let next = match (thumb, original) {
            (Some(thumb), _) if may(PictureKind::Thumbnail)? => Some((thumb.sha256, Picture::Thumb(thumb))),
            (_, Some(photo)) if may(PictureKind::Original)? => Some((photo.sha256, Picture::Original(photo))),
            _ => None,
        };
        Ok(next.map(|(sha256, picture)| {
            self.settled.insert(sha256);
            picture
        }))
    }

    /// Takes in what became of a picture; fails with what ends the run.
    fn sent(&mut self, picture: &Picture, result: Result<bool>) -> Result<()> {
        let engine = &self.session.engine;
        match (picture, result) {
            // Out of reach, or HQ asks to come later: for all of them.
            (_, Err(error)) if error.code() == ErrorCode::ServerUnreachable => return Err(error),
            (Picture::Thumb(thumb), Ok(true) | Err(Error::Io(_))) => {
                engine.0.store.write(|tx| thumbs::set_done(tx, &thumb.sha256))?;
            }
            (Picture::Thumb(_), Ok(false)) => {}
            (Picture::Thumb(_), Err(error)) => tracing::warn!(%error, "a thumbnail waits"),
            (Picture::Original(photo), result) => {
                match result {
                    Ok(arrived) => self.ask |= arrived,
                    Err(error) => {
                        tracing::warn!(%error, "a photo waits");
                        let problem = if matches!(error, Error::Io(_)) { MISSING } else { "photo_refused" };
                        engine.0.store.write(|tx| photos::set_problem(tx, &photo.sha256, Some(problem)))?;
                    }
                }
                engine.emit(&Changes {
                    sync: true,
                    visits: vec![photo.root.to_string()],
                    ..Changes::default()
                });
            }
        }
        Ok(())
    }
}

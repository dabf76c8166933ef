//! One picture to HQ by tus: created with its first piece, gone on with at the byte where it broke off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::Client;
use super::pace::Size;
use crate::api::types::Changes;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::photos::{self, PhotoRow};
use crate::store::thumbs::ThumbRow;

/// How often HQ is asked where one picture stands before it waits for the next run.
const ASTRAY_MAX: usize = 5;

/// Notes durably where an upload is and how far it got, so that the next run goes on with it.
pub type Keep<'a> = Box<dyn Fn(Option<&str>, u64) -> Result<()> + Send + Sync + 'a>;

/// What is being sent, and how far it is known to have got.
pub struct Upload<'a> {
    /// `Upload-Metadata`.
    metadata: String,
    size: u64,
    file: PathBuf,
    keep: Keep<'a>,
    url: Option<String>,
    at: u64,
    /// Whether HQ said so, and nothing was lost since.
    sure: bool,
    /// Whether bytes of it were sent to `url` in this run.
    brought: bool,
}

/// How `Upload-Metadata` writes a hash.
pub fn named(hash: &[u8; 32]) -> String {
    STANDARD.encode(hex::encode(hash))
}

impl<'a> Upload<'a> {
    pub fn new(
        metadata: String,
        file: PathBuf,
        size: u64,
        known: (Option<String>, u64),
        keep: Keep<'a>,
    ) -> Self {
        let (url, at) = known;
        // Without an address nothing of it is known to be there, whatever HQ once said of the whole.
        let at = url.as_ref().map_or(0, |_| at);
        Self { metadata, size, file, keep, url, at, sure: false, brought: false }
    }

    /// A thumbnail is begun anew by each run: it is a few pieces at most.
    pub fn of_thumb(engine: &'a Engine, thumb: &ThumbRow) -> Self {
        let metadata = format!("sha256 {}", named(&thumb.sha256));
        let file = engine.0.photos.join(&thumb.file);
        Self::new(metadata, file, thumb.size, (None, 0), Box::new(|_, _| Ok(())))
    }

    pub fn of_original(engine: &'a Engine, photo: &PhotoRow) -> Self {
        let sha256 = photo.sha256;
        let keep =
            move |url: Option<&str>, at| engine.0.store.write(|tx| photos::set_upload(tx, &sha256, url, at));
        let metadata = format!("sha256 {}", named(&sha256));
        let file = engine.0.photos.join(&photo.file);
        Self::new(metadata, file, photo.size, (photo.upload_url.clone(), photo.sent), Box::new(keep))
    }

    /// HQ does not know it, or knows another one by this address.
    fn forget(&mut self) {
        (self.url, self.at, self.sure, self.brought) = (None, 0, false, false);
    }

    /// The bytes that come next.
    fn piece(&self, file: &mut File, size: &Size) -> Result<Vec<u8>> {
        file.seek(SeekFrom::Start(self.at))?;
        let mut piece = Vec::new();
        file.take(size.bytes() as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(piece)
    }
}

/// The uploads of one run.
pub struct Sending<'a> {
    pub engine: &'a Engine,
    client: &'a Client<'a>,
    /// How often HQ acknowledged bytes of any of them.
    acknowledged: AtomicU64,
}

impl<'a> Sending<'a> {
    pub fn new(engine: &'a Engine, client: &'a Client<'a>) -> Self {
        Self { engine, client, acknowledged: AtomicU64::new(0) }
    }

    /// Brings a picture to the other side; true when all of it is there. What breaks off goes on at once, as long as anything at all
    /// gets through.
    pub async fn bring(&self, mut upload: Upload<'_>) -> Result<bool> {
        let mut file = File::open(&upload.file)?;
        self.engine.0.progress.expect(upload.size);
        self.engine.0.progress.sent(upload.at);
        let (mut astray, mut creation_lost, mut lost_at) = (0, false, None);
        while !(upload.sure && upload.at >= upload.size) {
            match self.step(&mut upload, &mut file, creation_lost).await {
                Ok(true) => {}
                Ok(false) => {
                    upload.sure = false;
                    astray += 1;
                    if astray == ASTRAY_MAX {
                        // It gets nowhere, so it is not what it is taken for: the next run begins another.
                        upload.forget();
                        (upload.keep)(None, 0)?;
                        return Ok(false);
                    }
                }
                Err(error) if error.lost() => {
                    self.engine.0.progress.pace.piece.lost();
                    let acknowledged = self.acknowledged.load(Ordering::Relaxed);
                    if lost_at == Some(acknowledged) {
                        return Err(error);
                    }
                    lost_at = Some(acknowledged);
                    upload.sure = false;
                    creation_lost |= upload.url.is_none();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// One request. False when HQ did not take it as it was meant.
    async fn step(&self, upload: &mut Upload<'_>, file: &mut File, creation_lost: bool) -> Result<bool> {
        let Self { client, engine, .. } = self;
        let size = &engine.0.progress.pace.piece;
        let before = upload.at;
        let Some(url) = upload.url.clone() else {
            // Bytes that come with a creation are lost with its answer, which names the place where to go on.
            let first = if creation_lost { Vec::new() } else { upload.piece(file, size)? };
            let (sent, began) = (first.len(), self.now_ms());
            upload.brought = sent > 0;
            let (url, at) = client.tus_create(&upload.metadata, upload.size, first).await?;
            size.acknowledged(sent, self.now_ms() - began);
            (upload.url, upload.at, upload.sure) = (Some(url), at, true);
            return self.moved(upload, before);
        };
        if !upload.sure {
            match client.tus_offset(&url).await? {
                // Complete although HQ lacks the picture: another one's.
                Some(at) if at >= upload.size && !upload.brought => upload.forget(),
                Some(at) => (upload.at, upload.sure) = (at, true),
                None => upload.forget(),
            }
            // What arrived of a piece that broke off: the link is bad, but not dead.
            return self.moved(upload, before);
        }
        let piece = upload.piece(file, size)?;
        let (sent, began) = (piece.len(), self.now_ms());
        upload.brought = true;
        match client.tus_patch(&url, before, piece).await? {
            Some(next) if next > before && next <= upload.size => upload.at = next,
            // Anything else is not the answer to this piece.
            _ => return Ok(false),
        }
        size.acknowledged(sent, self.now_ms() - began);
        self.moved(upload, before)
    }

    fn moved(&self, upload: &Upload<'_>, before: u64) -> Result<bool> {
        let engine = &self.engine;
        (upload.keep)(upload.url.as_deref(), upload.at)?;
        if upload.at > before {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            engine.0.progress.sent(upload.at - before);
            engine.0.progress.moved.store(true, Ordering::Relaxed);
            engine.emit(&Changes { sync: true, ..Changes::default() });
        }
        Ok(true)
    }

    fn now_ms(&self) -> i64 {
        self.engine.0.options.clock.monotonic_ms()
    }
}

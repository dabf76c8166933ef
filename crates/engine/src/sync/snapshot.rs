//! A scope of which this phone lacks much begins with HQ's snapshot instead of the feed.
//!
//! The file comes in pieces that a break does not cost, and becomes the scope's beginning in one transaction. Without one
//! the feed is read as ever.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use xuncha_domain::ids::Scope;
use xuncha_domain::protocol::v1::snapshot::{self, FILE_BYTES_MAX};

use super::Session;
use super::apply::{Taking, changes};
use super::client::BlobPart;
use crate::engine::{Engine, Options};
use crate::error::{Error, Result};
use crate::store::{Store, base, log, meta, rows, trail};

/// HQ may make a new file while the old one is fetched; it does not do so again and again.
const BEGINNINGS_MAX: u32 = 3;

/// Takes the snapshot of a scope. False when there is none that goes far enough beyond what was read, or it cannot be used.
///
/// # Errors
/// The link failed: the pieces that arrived stay. Or the disk.
pub(super) async fn take(session: &Session<'_>, scope: &Scope) -> Result<bool> {
    let Session { engine, enrolment, .. } = session;
    let (stands, _) = engine.read(|connection| rows::feed(connection, scope))?;
    let after = stands.saturating_add(engine.0.options.snapshot_beyond);
    let part = Part { path: path(engine, scope) };
    let Some(file) = fetch(session, scope, after, &part).await? else { return Ok(false) };
    part.remove()?;
    let read = snapshot::read(&file, &enrolment.hq_key, enrolment.city.0, scope.as_str());
    let (head, state) = match read {
        Ok((head, state)) if head.position > after => (head, state),
        Ok(_) => return Ok(false),
        Err(error) => {
            tracing::warn!(%scope, %error, "not a snapshot of HQ");
            return Ok(false);
        }
    };
    let touched = engine.0.store.write(|transaction| {
        let mut taking = Taking::new(engine, transaction, enrolment);
        base::put(transaction, enrolment, scope, head.position, &state, &file)?;
        rows::set_feed(transaction, scope, head.position, head.rolling)?;
        trail::keep(transaction, scope, head.position, head.rolling)?;
        taking.touched.extend(log::recount(transaction)?);
        rows::refresh(transaction, &taking.touched)?;
        Ok(taking.touched)
    })?;
    engine.emit(&changes(&touched));
    Ok(true)
}

/// All bytes of the file, piece by piece; none when HQ has no such file.
async fn fetch(session: &Session<'_>, scope: &Scope, after: u64, part: &Part) -> Result<Option<Vec<u8>>> {
    let Session { engine, client, enrolment } = session;
    let pull = &engine.0.progress.pace.pull;
    let mut bytes = part.read()?;
    let mut beginnings = 0;
    loop {
        // What is here belongs to a file that its own head names.
        let head = snapshot::head(&bytes, &enrolment.hq_key, enrolment.city.0, scope.as_str());
        let going_on = head.ok().map(|(head, _)| (bytes.len() as u64, head.content));
        if going_on.is_none() {
            beginnings += 1;
            bytes.clear();
            part.write(&bytes)?;
        }
        if beginnings > BEGINNINGS_MAX {
            return Ok(None);
        }
        let began = engine.0.options.clock.monotonic_ms();
        let answer = client.snapshot_part(scope.as_str(), after, going_on, pull.bytes() as u64).await;
        match answer.inspect_err(|_| pull.lost())? {
            BlobPart::Part { bytes: more, size } if !more.is_empty() && size <= FILE_BYTES_MAX as u64 => {
                pull.acknowledged(more.len(), engine.0.options.clock.monotonic_ms().saturating_sub(began));
                part.append(&more)?;
                bytes.extend(more);
                if bytes.len() as u64 >= size {
                    return Ok(Some(bytes));
                }
            }
            // Another file lies there now: what is here is thrown away above.
            BlobPart::Beyond => bytes.clear(),
            BlobPart::Part { .. } | BlobPart::NotThere => return Ok(None),
        }
    }
}

fn path(engine: &Engine, scope: &Scope) -> PathBuf {
    engine.0.options.data.join(name(scope))
}

fn name(scope: &Scope) -> String {
    format!("snapshot-{}.part", hex::encode(Sha256::digest(scope.as_str())))
}

/// Removes what arrived of snapshots of scopes that this phone does not read any more.
pub fn sweep(store: &Store, options: &Options) -> Result<()> {
    let kept: Vec<String> = store.read(meta::scopes)?.iter().map(name).collect();
    for entry in fs::read_dir(&options.data)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snapshot-") && name.ends_with(".part") && !kept.iter().any(|kept| *kept == name)
        {
            options.disk.remove(&path)?;
        }
    }
    Ok(())
}

/// The pieces that arrived. A copy of what HQ has: nothing is lost with it.
struct Part {
    path: PathBuf,
}

impl Part {
    fn read(&self) -> Result<Vec<u8>> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => Ok(read?),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(&self.path, bytes)?)
    }

    fn append(&self, bytes: &[u8]) -> Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        Ok(file.write_all(bytes)?)
    }

    fn remove(&self) -> Result<()> {
        Ok(fs::remove_file(&self.path)?)
    }
}

/// The link failed, or the disk: the next sync goes on. After anything else the feed is read.
pub(super) fn comes_back(error: &Error) -> bool {
    error.lost() || matches!(error, Error::Io(_) | Error::Sqlite(_))
}

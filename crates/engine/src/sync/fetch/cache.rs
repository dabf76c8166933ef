//! The files of fetched pictures: grown piece by piece, checked as a whole, dropped when room is needed.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xuncha_domain::disk;

use super::Want;
use crate::api::types::ErrorCode;
use crate::engine::{Engine, Options};
use crate::error::{Error, Result};
use crate::store::fetched::{self, Fetched, Name};
use crate::store::{Store, erasures, lost, things};

/// What all of it may take: some hundred originals of others, or thousands of thumbnails.
const CACHE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Looked at once to make room.
const DROPPED_AT_ONCE: usize = 100;
/// A look at a picture is noted this often: noting every one would write for each thumbnail on a screen.
const USED_EVERY_MS: i64 = 24 * 60 * 60 * 1000;

/// Where a picture lies when all of it is here.
fn path(engine: &Engine, name: Name) -> PathBuf {
    let ending = if name.thumb { "thumb" } else { "photo" };
    folder(&engine.0.options.data).join(format!("{}.{ending}", hex::encode(name.photo)))
}

/// Where they lie in the app's data.
pub fn folder(data: &Path) -> PathBuf {
    data.join("fetched")
}

/// The file of a picture that is here as a whole; none when it is not.
pub fn open(engine: &Engine, name: Name) -> Result<Option<PathBuf>> {
    let row = engine.read(|connection| fetched::get(connection, name))?;
    let Some(row) = row.filter(|row| row.whole) else { return Ok(None) };
    let now_ms = engine.now_ms();
    if now_ms.saturating_sub(row.used_ms) > USED_EVERY_MS {
        engine.0.store.write(|tx| fetched::set(tx, name, Fetched { used_ms: now_ms, ..row }))?;
    }
    Ok(Some(path(engine, name)))
}

/// A picture that is being fetched.
pub(super) struct Part<'a> {
    engine: &'a Engine,
    want: &'a Want,
    path: PathBuf,
    file: File,
    at: u64,
    /// As HQ says; unknown before the first piece.
    size: Option<u64>,
    restarted: bool,
}

impl<'a> Part<'a> {
    pub(super) fn open(engine: &'a Engine, want: &'a Want) -> Result<Self> {
        fs::create_dir_all(folder(&engine.0.options.data))?;
        make_room(engine, want)?;
        let path = path(engine, want.name).with_added_extension("part");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let at = file.seek(SeekFrom::End(0))?;
        let mut part = Self { engine, want, path, file, at, size: None, restarted: false };
        if at > want.bytes_max {
            part.restart()?;
        }
        Ok(part)
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn complete(&self) -> bool {
        self.size.is_some_and(|size| self.at >= size)
    }

    pub(super) fn append(&mut self, bytes: &[u8], size: u64) -> Result<()> {
        let end = self.at.saturating_add(bytes.len() as u64);
        if size > self.want.bytes_max
            || end > size
            || bytes.is_empty()
            || self.size.is_some_and(|s| s != size)
        {
            return Err(wrong());
        }
        self.size = Some(size);
        self.file.write_all(bytes)?;
        self.at = end;
        self.note(false)
    }

    /// Begins again; a second time is not another break.
    pub(super) fn restart(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.restarted, true) {
            return Err(wrong());
        }
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.at = 0;
        self.size = None;
        Ok(())
    }

    /// Checks the whole and gives it its name. Other bytes than the record names are thrown away.
    pub(super) fn finish(mut self) -> Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        if disk::sha256(&mut self.file)?.1 != self.want.sha256 {
            forget(self.engine, self.want.name)?;
            return Err(wrong());
        }
        self.file.sync_all()?;
        fs::rename(&self.path, path(self.engine, self.want.name))?;
        self.note(true)
    }

    fn note(&self, whole: bool) -> Result<()> {
        let fetched = Fetched { bytes: self.at, whole, used_ms: self.engine.now_ms() };
        let kept = self.engine.0.store.write(|tx| {
            let keeps = !erasures::photo_erased(tx, &self.want.name.photo)?
                && !lost::not_read(tx, self.want.visit)?
                && things::scope_of(tx, self.want.visit)?.is_some();
            if keeps {
                fetched::set(tx, self.want.name, fetched)?;
            }
            Ok(keeps)
        })?;
        if kept {
            return Ok(());
        }
        forget(self.engine, self.want.name)?;
        Err(Error::Refused(ErrorCode::Erased, "it was erased or lost with its scope meanwhile"))
    }
}

/// Drops what nobody looked at for the longest time. All of it is at HQ, from where it came.
fn make_room(engine: &Engine, want: &Want) -> Result<()> {
    let (total, oldest) = engine.read(|connection| {
        Ok((fetched::total(connection)?, fetched::least_used(connection, DROPPED_AT_ONCE)?))
    })?;
    let mut over = total.saturating_add(want.bytes_max).saturating_sub(CACHE_BYTES_MAX);
    for (name, bytes) in oldest {
        if over == 0 {
            break;
        }
        if name != want.name {
            forget(engine, name)?;
            over = over.saturating_sub(bytes);
        }
    }
    Ok(())
}

/// Drops all of it. What a screen shows again is fetched again.
pub fn clear(engine: &Engine) -> Result<()> {
    loop {
        let some = engine.read(|connection| fetched::least_used(connection, DROPPED_AT_ONCE))?;
        if some.is_empty() {
            return sweep(&engine.0.store, &engine.0.options);
        }
        for (name, _) in some {
            forget(engine, name)?;
        }
    }
}

fn forget(engine: &Engine, name: Name) -> Result<()> {
    let path = path(engine, name);
    for path in [&path.with_added_extension("part"), &path] {
        remove(path)?;
    }
    engine.0.store.write(|tx| fetched::remove(tx, name))
}

/// Removes the files of pictures that are not known any more: their scope was lost. One that is being fetched right now and
/// has no row yet is fetched again by whoever asks for it.
pub fn sweep(store: &Store, options: &Options) -> Result<()> {
    let folder = folder(&options.data);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let known: BTreeSet<String> = store.read(fetched::photos)?.iter().map(hex::encode).collect();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.get(..64).is_some_and(|photo| !known.contains(photo)) {
            options.disk.remove(&path)?;
        }
    }
    Ok(options.disk.flush_folder(&folder)?)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn wrong() -> Error {
    Error::Refused(ErrorCode::ServerAnswer, "these are not the bytes of the photo")
}

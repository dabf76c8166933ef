//! Moving a damaged database out of the way: its three files, in a folder named by the time. And the end of such folders.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::with_ending;
use crate::error::Result;
use crate::store::open;

/// Below the data folder.
const FOLDER: &str = "damaged";
/// Present while the recovery of its folder has not ended.
const MARKER: &str = "unfinished";
/// The log first and the database last: while the database is in its place, nothing opens without its log.
const SET: [&str; 3] = ["-wal", "-shm", ""];

/// Somebody with better tools may get more out of a set for as long as a campaign and its aftermath last.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A phone whose storage fails makes sets faster than that, and each is as large as its database.
const KEPT_MAX: usize = 3;

/// The folder of a recovery that was killed.
pub fn unfinished(data: &Path) -> Result<Option<PathBuf>> {
    Ok(folders(data)?.into_iter().find(|folder| folder.join(MARKER).exists()))
}

/// Removes sets that are too old or too many. Only for when HQ holds everything that was carried over.
pub fn prune(data: &Path, now_ms: i64) -> Result<()> {
    let oldest = named(
        Timestamp::from_millisecond(now_ms).unwrap_or_default().saturating_sub(KEPT).unwrap_or_default(),
    );
    let mut folders = folders(data)?;
    // Their names are times.
    folders.sort();
    let too_many = folders.len().saturating_sub(KEPT_MAX);
    for (n, folder) in folders.iter().enumerate() {
        let old = folder.file_name().is_some_and(|name| *name.to_string_lossy() < *oldest);
        if (old || n < too_many) && !folder.join(MARKER).exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

fn folders(data: &Path) -> Result<Vec<PathBuf>> {
    let folders = match fs::read_dir(data.join(FOLDER)) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(folders.map(|folder| folder.map(|folder| folder.path())).collect::<io::Result<_>>()?)
}

fn named(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%S%.3fZ").to_string()
}

/// Makes the folder for a damaged set, with its marker.
pub fn begin(data: &Path, now_ms: i64) -> Result<PathBuf> {
    let name = named(Timestamp::from_millisecond(now_ms).unwrap_or_default());
    // A clock that was set back must not mix two sets.
    let folder = (0..)
        .map(|n: u32| data.join(FOLDER).join(if n == 0 { name.clone() } else { format!("{name}-{n}") }))
        .find(|folder| !folder.exists())
        .unwrap_or_default();
    fs::create_dir_all(&folder)?;
    File::create(folder.join(MARKER))?.sync_all()?;
    flush_folder(&folder)?;
    flush_folder(&data.join(FOLDER))?;
    flush_folder(data)?;
    Ok(folder)
}

/// Moves what of the set is still in its place, unless all of it was moved before. Returns where the database is now.
pub fn move_set(database: &Path, folder: &Path) -> Result<PathBuf> {
    let moved = folder.join(database.file_name().unwrap_or_default());
    if moved.exists() {
        return Ok(moved);
    }
    for ending in SET {
        match fs::rename(with_ending(database, ending), with_ending(&moved, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    flush_folder(folder)?;
    Ok(moved)
}

/// Removes every set whose recovery has ended.
pub fn discard(data: &Path) -> Result<()> {
    let folders = match fs::read_dir(data.join(FOLDER)) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for folder in folders {
        let folder = folder?.path();
        if !folder.join(MARKER).exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    flush_folder(&data.join(FOLDER))
}

/// Removes a half-made new database: nothing was ever recorded in it.
pub fn remove_set(database: &Path) -> Result<()> {
    for ending in ["-wal", "-shm", "-journal", ""] {
        match fs::remove_file(with_ending(database, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

pub fn end(folder: &Path) -> Result<()> {
    fs::remove_file(folder.join(MARKER))?;
    flush_folder(folder)
}

/// An emptied database file beside a log with content is damage: SQLite would take it for a new one and delete the log.
pub fn check_not_emptied(database: &Path) -> Result<()> {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    if database.exists() && length(database) == 0 && length(&with_ending(database, "-wal")) > 0 {
        return Err(open::damaged("the file was emptied"));
    }
    Ok(())
}

/// Makes created and renamed entries survive a power cut.
pub fn flush_folder(folder: &Path) -> Result<()> {
    // Elsewhere a folder cannot be flushed; the file system's journal orders the rename.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

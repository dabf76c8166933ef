//! Backups: a folder with one consistent database, HQ's key, every photo, and a manifest that is written last.
//!
//! The database is copied first. Photos are never taken away, so all that it names are still there when they are copied.
//! Uploads under way are left out: their phones send them again. A folder without a manifest is not a backup.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::sync::{Backup, Covered};

use super::{DATABASE, Error, KEY, PHOTOS, Service, key, rescue};
use crate::blobs::{self, Blobs};
use crate::storage::{self, Read, Storage, read_copy};

const MANIFEST: &str = "manifest.json";
/// Where the database says what the newest backup covers.
const NEWEST: &str = "newest_backup";
/// Goes up when a backup means something else than its fields say to an older server.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// When it was made, by HQ's clock; milliseconds since 1970.
    pub made_ms: i64,
    /// Of which installation; hexadecimal.
    pub city: String,
    /// Rows by table.
    pub counts: BTreeMap<String, u64>,
    /// Every file of the backup but this one.
    pub files: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Below the folder, parts joined by `/`.
    pub path: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// Why there is no backup, or no restored installation.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} is not empty; nothing was written 目标文件夹非空，未写入", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is no backup: it has no manifest 不是备份文件夹（缺少清单）", .0.display())]
    NoManifest(PathBuf),
    #[error("the manifest cannot be read: {0}")]
    Manifest(#[from] serde_json::Error),
    #[error("this backup has format {0}; a newer server can read it 备份由更新版本生成")]
    Newer(u32),
    #[error("damaged or missing 已损坏或缺失: {0}")]
    Damaged(String),
    #[error("files: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
}

impl Service {
    /// Writes a backup into a new or empty folder while the server goes on.
    pub fn backup(&self, target: &Path) -> Result<Manifest, BackupError> {
        make_empty(target)?;
        let database = target.join(DATABASE);
        self.storage.snapshot_into(&database)?;
        let made_ms = self.clock.now_ms();
        let (counts, held, covered) = read_copy(&database, |read| {
            Ok::<_, BackupError>((read.counts()?, read.all_blobs()?, covered(read, made_ms)?))
        })?;
        let key = target.join(KEY);
        key::write(&key, &self.key)?;
        // Without it phones' rescue bundles could not be opened any more.
        let rescue_key = target.join(rescue::KEY);
        rescue::write(&rescue_key, &self.rescue)?;
        let mut files = vec![entry(target, &database)?, entry(target, &key)?, entry(target, &rescue_key)?];
        let photos = Blobs::folder(target.join(PHOTOS))?;
        for sha256 in held {
            let copy = photos.local_file(&sha256);
            link_or_copy(&self.blobs.local_file(&sha256), &copy)
                .map_err(|error| BackupError::Damaged(format!("{}: {error}", hex::encode(sha256))))?;
            let entry = entry(target, &copy)?;
            if entry.sha256 != hex::encode(sha256) {
                return Err(BackupError::Damaged(entry.path));
            }
            files.push(entry);
        }
        let manifest = Manifest { format: FORMAT, made_ms, city: hex::encode(self.city.id.0), counts, files };
        let path = target.join(MANIFEST);
        fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
        durable(&path)?;
        blobs::sync_folder(target)?;
        // Only now is it a backup, and phones may rely on it.
        self.storage.write(|tx| tx.set_meta(NEWEST, &v1::encode(&covered)))?;
        Ok(manifest)
    }
}

/// What a copy of the database covers.
fn covered(read: &Read<'_>, made_ms: i64) -> Result<Backup, BackupError> {
    let scopes = read.feed_ends()?.into_iter().map(|(scope, position)| Covered { scope, position });
    Ok(Backup { made_ms, scopes: scopes.collect(), photos: read.photo_mark()?.position })
}

/// What the newest backup covers; nothing when there is none.
pub(super) fn newest(read: &Read<'_>) -> Result<Backup, Error> {
    let Some(bytes) = read.meta(NEWEST)? else { return Ok(Backup::default()) };
    v1::decode(&bytes).map_err(|_| Error::Internal("the newest backup"))
}

/// Makes a new installation of a backup: all of it or nothing. Every file is checked after it was copied.
pub fn restore(backup: &Path, data: &Path) -> Result<Manifest, BackupError> {
    let bytes = fs::read(backup.join(MANIFEST)).map_err(|_| BackupError::NoManifest(backup.into()))?;
    let manifest: Manifest = serde_json::from_slice(&bytes)?;
    if manifest.format > FORMAT {
        return Err(BackupError::Newer(manifest.format));
    }
    make_empty(data)?;
    let unfinished = data.with_extension("restoring");
    make_empty(&unfinished)?;
    let restored = copy_checked(backup, &unfinished, &manifest);
    if let Err(error) = restored {
        fs::remove_dir_all(&unfinished)?;
        return Err(error);
    }
    fs::remove_dir(data)?;
    fs::rename(&unfinished, data)?;
    if let Some(above) = data.parent().filter(|above| !above.as_os_str().is_empty()) {
        blobs::sync_folder(above)?;
    }
    Ok(manifest)
}

fn copy_checked(backup: &Path, target: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for wanted in &manifest.files {
        let damaged = || BackupError::Damaged(wanted.path.clone());
        let path = Path::new(&wanted.path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(damaged());
        }
        let copy = target.join(path);
        fs::create_dir_all(copy.parent().unwrap_or(target))?;
        fs::copy(backup.join(path), &copy).map_err(|_| damaged())?;
        durable(&copy)?;
        if entry(target, &copy)? != *wanted {
            return Err(damaged());
        }
    }
    let database = target.join(DATABASE);
    let counts = read_copy(&database, |read| {
        if !read.is_sound()? {
            return Err(BackupError::Damaged(DATABASE.into()));
        }
        Ok(read.counts()?)
    })?;
    if counts != manifest.counts {
        return Err(BackupError::Damaged(MANIFEST.into()));
    }
    // Phones may hold what HQ wrote after the backup: none of its numbers is used twice.
    Ok(Storage::open(&database)?.write(|tx| tx.close_hq_chains())?)
}

/// A folder that is there and holds nothing.
fn make_empty(folder: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() { Err(BackupError::NotEmpty(folder.into())) } else { Ok(()) }
}

/// A second name costs nothing where the file system allows it: blobs are never written to again.
fn link_or_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(shelf) = to.parent() {
        fs::create_dir_all(shelf)?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    durable(to)
}

fn durable(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

fn entry(folder: &Path, file: &Path) -> Result<Entry, BackupError> {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let mut opened = File::open(file)?;
    let bytes = opened.metadata()?.len();
    Ok(Entry { path: parts.join("/"), bytes, sha256: hex::encode(blobs::hash(&mut opened)?) })
}

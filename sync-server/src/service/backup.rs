//! Backups: a folder with one consistent database, HQ's key, every photo, and a manifest that is written last.
//!
//! The database is copied first. Photos are never taken away, so all that it names are still there when they are copied.
//! Uploads under way are left out: their phones send them again. A folder without a manifest is not a backup.
//!
//! A photo that a disk lost is no reason to save nothing: it is listed, and everything else is saved. The same when a
//! backup is restored; the new HQ then knows that it lacks the photo, and a phone that still has it can send it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xuncha_domain::ids::Entropy;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::sync::{Backup, Covered};
use xuncha_domain::time::Clock;

use super::{DATABASE, Error, KEY, PHOTOS, Service, erase, key, rescue};
use crate::blobs::{self, Blobs};
use crate::storage::{self, Read, Storage, read_copy};

const MANIFEST: &str = "manifest.json";
/// Where the database says what the newest backup covers.
const NEWEST: &str = "newest_backup";
/// For people; there only when something is missing.
const MISSING: &str = "missing.txt";
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
    /// Every file of the backup but this one and the list for people.
    pub files: Vec<Entry>,
    /// Photos that should be there and are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Below the folder, parts joined by `/`.
    pub path: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// A photo of which HQ lost the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Hexadecimal; the photo's name everywhere.
    pub sha256: String,
    pub why: Lack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// There is no file, or it cannot be read.
    Missing,
    /// The bytes are not those of its hash.
    Damaged,
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
    #[error("the erase orders beside the backup cannot be carried out 无法执行备份旁的删除令: {0}")]
    Orders(String),
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
        let (counts, held, mut covered) = read_copy(&database, |read| {
            Ok::<_, BackupError>((read.counts()?, read.all_blobs()?, covered(read, made_ms)?))
        })?;
        let key = target.join(KEY);
        key::write(&key, &self.key)?;
        // Without it phones' rescue bundles could not be opened any more.
        let rescue_key = target.join(rescue::KEY);
        rescue::write(&rescue_key, &self.rescue)?;
        let mut files = vec![entry(target, &database)?, entry(target, &key)?, entry(target, &rescue_key)?];
        let photos = Blobs::folder(target.join(PHOTOS))?;
        let mut missing = Vec::new();
        for sha256 in held {
            let source = self.blobs.local_file(&sha256);
            if let Some(why) = lack(&source, &sha256) {
                missing.push(Missing { sha256: hex::encode(sha256), why });
                continue;
            }
            let copy = photos.local_file(&sha256);
            link_or_copy(&source, &copy)?;
            let entry = entry(target, &copy)?;
            if entry.sha256 != hex::encode(sha256) {
                return Err(BackupError::Damaged(entry.path));
            }
            files.push(entry);
        }
        let manifest =
            Manifest { format: FORMAT, made_ms, city: hex::encode(self.city.id.0), counts, files, missing };
        if !manifest.missing.is_empty() {
            let list = target.join(MISSING);
            fs::write(&list, listed(&manifest.missing))?;
            durable(&list)?;
            // A phone may drop what lies below the first that is lost: of those above it may have the only copy.
            let lost = manifest.missing.iter().filter_map(|lost| decoded(&lost.sha256)).collect();
            let below = read_copy(&database, |read| Ok::<_, BackupError>(read.photos_before(&lost)?))?;
            covered.photos = covered.photos.min(below.unwrap_or(0));
        }
        blobs::sync_tree(target)?;
        let path = target.join(MANIFEST);
        fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
        durable(&path)?;
        blobs::sync_folder(target)?;
        // Only now is it a backup, and phones may rely on it. Orders given from now on are written beside it.
        let remembered = self.storage.write(|tx| {
            tx.set_meta(NEWEST, &v1::encode(&covered))?;
            erase::remember(tx, target)
        });
        remembered.map_err(|error| BackupError::Orders(error.to_string()))?;
        // A phone without them reads the feed.
        if let Err(error) = self.make_snapshots(&database) {
            tracing::error!(%error, "no snapshots of this backup");
        }
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

/// One photo a line: its name, and what is wrong with it.
pub fn listed(missing: &[Missing]) -> String {
    let line = |Missing { sha256, why }: &Missing| match why {
        Lack::Missing => format!("{sha256} missing 缺失\n"),
        Lack::Damaged => format!("{sha256} damaged 损坏\n"),
    };
    missing.iter().map(line).collect()
}

fn lack(photo: &Path, sha256: &[u8; 32]) -> Option<Lack> {
    match File::open(photo).map_err(blobs::Error::from).and_then(|mut file| blobs::hash(&mut file)) {
        Ok(hash) if hash == *sha256 => None,
        Ok(_) => Some(Lack::Damaged),
        Err(_) => Some(Lack::Missing),
    }
}

/// Makes a new installation of a backup: the database and the keys whole, or nothing. Every file is checked after it was
/// copied. The answer names the photos that are missing, those of the backup's own list included.
pub fn restore(
    backup: &Path,
    data: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Manifest, BackupError> {
    let bytes = fs::read(backup.join(MANIFEST)).map_err(|_| BackupError::NoManifest(backup.into()))?;
    let mut manifest: Manifest = serde_json::from_slice(&bytes)?;
    if manifest.format > FORMAT {
        return Err(BackupError::Newer(manifest.format));
    }
    make_empty(data)?;
    let unfinished = data.with_extension("restoring");
    make_empty(&unfinished)?;
    // Erased is what was erased since, before anything is served.
    let restored = copy_checked(backup, &unfinished, &mut manifest)
        .and_then(|()| erase::carry_out_beside(backup, &unfinished, clock, entropy));
    if let Err(error) = restored {
        fs::remove_dir_all(&unfinished)?;
        return Err(error);
    }
    blobs::sync_tree(&unfinished)?;
    fs::remove_dir(data)?;
    fs::rename(&unfinished, data)?;
    if let Some(above) = data.parent().filter(|above| !above.as_os_str().is_empty()) {
        blobs::sync_folder(above)?;
    }
    Ok(manifest)
}

fn copy_checked(backup: &Path, target: &Path, manifest: &mut Manifest) -> Result<(), BackupError> {
    let erased = erase::photos_erased_beside(backup)?;
    let mut missing = Vec::new();
    for wanted in &manifest.files {
        if erased.iter().any(|sha256| wanted.sha256 == hex::encode(sha256)) {
            continue;
        }
        let damaged = || BackupError::Damaged(wanted.path.clone());
        let path = Path::new(&wanted.path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(damaged());
        }
        if path.starts_with(PHOTOS)
            && let Some(why) =
                decoded(&wanted.sha256).map_or(Some(Lack::Damaged), |hash| lack(&backup.join(path), &hash))
        {
            missing.push(Missing { sha256: wanted.sha256.clone(), why });
            continue;
        }
        let copy = target.join(path);
        fs::create_dir_all(copy.parent().unwrap_or(target))?;
        fs::copy(backup.join(path), &copy).map_err(|_| damaged())?;
        durable(&copy)?;
        if entry(target, &copy)? != *wanted {
            return Err(damaged());
        }
    }
    manifest.missing.append(&mut missing);
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
    let lost: Vec<[u8; 32]> = manifest.missing.iter().filter_map(|photo| decoded(&photo.sha256)).collect();
    Storage::open(&database)?.write(|tx| {
        // "Held by HQ" is not true of them any more.
        tx.forget_blobs(&lost)?;
        // Phones may hold what HQ wrote after the backup: none of its numbers is used twice.
        tx.close_hq_chains()
    })?;
    Ok(())
}

fn decoded(sha256: &str) -> Option<[u8; 32]> {
    hex::decode(sha256).ok()?.try_into().ok()
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

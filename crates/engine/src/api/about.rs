//! What this app and its data are, and what they take.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use xuncha_domain::protocol::v1;

use super::types::{Changes, Nothing};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{meta, open, photos};
use crate::sync::fetch;

/// Enough to find a phone in HQ's list, short enough to be read out.
const DEVICE_CHARS: usize = 8;
/// Folders in folders; ours are two deep.
const DEPTH_MAX: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct About {
    pub app_version: String,
    /// Version of the sync protocol.
    pub protocol: u32,
    /// Version of the database's shape.
    pub store: u32,
    /// The beginning of this phone's id; none before it is enrolled.
    pub device: Option<String>,
}

/// Bytes of files, by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StorageUse {
    /// Records: the database with its write-ahead log.
    pub database: u64,
    /// Originals of this phone's own photos.
    pub photos: u64,
    /// Of these, what receipts name. They stay here all the same: an HQ that is restored from a backup asks for them again.
    pub photos_held: u64,
    pub thumbnails: u64,
    pub documents: u64,
    /// Pictures of other phones. HQ holds them all: the one thing that may be dropped at any time.
    pub cache: u64,
    /// What this phone carries for others as a hub, and what it sealed for hubs.
    pub hub: u64,
    /// The rescue file that was made last.
    pub rescue: u64,
    /// Damaged databases that were moved aside.
    pub damaged: u64,
    pub other: u64,
    /// What may still be written; none where the platform does not tell.
    pub free: Option<u64>,
}

pub fn about(engine: &Engine, _: Nothing) -> Result<About> {
    let enrolment = engine.read(meta::enrolment)?;
    Ok(About {
        app_version: engine.0.options.app_version.clone(),
        protocol: v1::VERSION,
        store: u32::try_from(open::VERSION).unwrap_or(u32::MAX),
        device: enrolment
            .map(|known| known.certificate.device.to_string().chars().take(DEVICE_CHARS).collect()),
    })
}

/// Looks at every file once. What cannot be read counts nothing.
pub fn storage_use(engine: &Engine, _: Nothing) -> Result<StorageUse> {
    let options = &engine.0.options;
    let mut used = StorageUse {
        photos_held: engine.read(photos::received_bytes)?,
        free: options.disk.free_bytes(&options.data),
        ..StorageUse::default()
    };
    each_file(&options.data, DEPTH_MAX, &mut |path, bytes| {
        if let Ok(path) = path.strip_prefix(&options.data) {
            *place(&mut used, path) += bytes;
        }
    });
    // A photo may be known whose file is gone.
    used.photos_held = used.photos_held.min(used.photos);
    Ok(used)
}

pub fn clear_cache(engine: &Engine, _: Nothing) -> Result<StorageUse> {
    fetch::clear(engine)?;
    engine.emit(&Changes { visits_all: true, ..Changes::default() });
    storage_use(engine, Nothing {})
}

/// Where a file of the data folder counts.
fn place<'a>(used: &'a mut StorageUse, path: &Path) -> &'a mut u64 {
    let top = path.iter().next().unwrap_or_default().to_string_lossy();
    match &*top {
        "photos" if path.extension().is_some_and(|ending| ending == "thumb") => &mut used.thumbnails,
        "photos" => &mut used.photos,
        "documents" => &mut used.documents,
        "fetched" => &mut used.cache,
        "hub" | "hub-sealed" => &mut used.hub,
        "rescue" => &mut used.rescue,
        "damaged" => &mut used.damaged,
        file if file.starts_with("xuncha.db") => &mut used.database,
        _ => &mut used.other,
    }
}

fn each_file(folder: &Path, depth: usize, found: &mut dyn FnMut(&Path, u64)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(std::result::Result::ok) {
        // Of a link itself, not of what it points to.
        let Ok(metadata) = entry.metadata() else { continue };
        if !metadata.is_dir() {
            found(&entry.path(), metadata.len());
        } else if depth > 0 {
            each_file(&entry.path(), depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    #[test]
    fn every_byte_counts_once_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(Options::system(folder.path().into())).unwrap();
        let before = storage_use(&engine, Nothing {}).unwrap();
        assert!(before.database > 0 && before.free.is_some());
        let picture = format!("fetched/{}.photo", "ab".repeat(32));
        let files = [
            ("photos/aa/one.jpg", 1),
            ("photos/aa/one.thumb", 2),
            ("documents/one.pdf", 3),
            (&*picture, 4),
            ("hub/blobs/one", 5),
            ("hub-sealed/one", 6),
            ("rescue/one.age", 7),
            ("damaged/20260101/xuncha.db", 8),
            ("device.key", 9),
        ];
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; bytes]).unwrap();
        }
        let after = storage_use(&engine, Nothing {}).unwrap();
        let expected = StorageUse {
            photos: 1,
            thumbnails: 2,
            documents: 3,
            cache: 4,
            hub: 11,
            rescue: 7,
            damaged: 8,
            other: before.other + 9,
            free: after.free,
            ..before.clone()
        };
        assert_eq!(after, expected);
        let cleared = clear_cache(&engine, Nothing {}).unwrap();
        assert_eq!(StorageUse { free: None, ..cleared }, StorageUse { cache: 0, free: None, ..expected });
    }
}

//! The files of documents: one per document that this phone made, by the document's id.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use xuncha_domain::disk::Disk;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::field;

use crate::error::Result;
use crate::store::things;
use crate::tree::Tree;

/// Name of the folder beside the database.
const FOLDER: &str = "documents";
/// Ends the name of what is being written; [`crate::photo::sweep`] removes what a kill left.
const UNFINISHED: &str = "part";

pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn path_of(folder: &Path, id: EntityId) -> PathBuf {
    folder.join(format!("{id}.pdf"))
}

pub fn read(folder: &Path, id: EntityId) -> Option<Vec<u8>> {
    fs::read(path_of(folder, id)).ok()
}

/// Writes a document durably under its id: to a temporary file, flushed, renamed, the folder flushed.
pub fn keep(disk: &dyn Disk, folder: &Path, id: EntityId, bytes: &[u8]) -> io::Result<()> {
    disk.create_folder(folder)?;
    let unfinished = folder.join(format!("{id}.{UNFINISHED}"));
    // What an earlier try left is of no use.
    if unfinished.exists() {
        disk.remove(&unfinished)?;
    }
    let written = write(disk, &unfinished, bytes)
        .and_then(|()| disk.rename(&unfinished, &path_of(folder, id)))
        .and_then(|()| disk.flush_folder(folder));
    if written.is_err() && unfinished.exists() {
        disk.remove(&unfinished)?;
    }
    written
}

fn write(disk: &dyn Disk, path: &Path, mut bytes: &[u8]) -> io::Result<()> {
    let file = disk.create(path)?;
    while !bytes.is_empty() {
        match disk.write(path, &file, bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = bytes.get(written..).unwrap_or_default(),
        }
    }
    disk.flush(path, &file)
}

/// Removes the files of documents whose data an order erased, or that the log does not name. Costs what was made here.
pub fn sweep_erased(connection: &Connection, disk: &dyn Disk, folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut removed = false;
    for entry in entries {
        let path = entry?.path();
        let id = path.file_stem().and_then(|name| name.to_str()?.parse::<EntityId>().ok());
        if !id.map_or(Ok(false), |id| stands(connection, id))? {
            disk.remove(&path)?;
            removed = true;
        }
    }
    if removed {
        disk.flush_folder(folder)?;
    }
    Ok(())
}

/// Whether what a document says is here.
fn stands(connection: &Connection, id: EntityId) -> Result<bool> {
    let Some(root) = things::root_of(connection, id)? else { return Ok(false) };
    let tree = Tree::read(connection, root)?;
    Ok(tree.is_some_and(|tree| tree.value(id, field::DATA).is_some()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use xuncha_domain::disk::RealDisk;

    use super::*;

    const ID: EntityId = EntityId([7; 16]);

    /// Fails at the n-th call.
    struct Failing(std::sync::atomic::AtomicI32);

    impl Failing {
        fn step(&self) -> io::Result<()> {
            let left = self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            if left == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl Disk for Failing {
        fn create(&self, path: &Path) -> io::Result<File> {
            self.step()?;
            RealDisk.create(path)
        }
        fn write(&self, path: &Path, file: &File, bytes: &[u8]) -> io::Result<usize> {
            self.step()?;
            // A disk may take less than it was given.
            RealDisk.write(path, file, bytes.get(..3).unwrap_or(bytes))
        }
        fn flush(&self, path: &Path, file: &File) -> io::Result<()> {
            self.step()?;
            RealDisk.flush(path, file)
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.step()?;
            RealDisk.rename(from, to)
        }
    }

    #[test]
    fn a_disk_that_fails_at_any_step_leaves_the_old_file_or_the_new_one_whole() {
        for step in 0..6 {
            let folder = tempfile::tempdir().unwrap();
            keep(&RealDisk, folder.path(), ID, b"before").unwrap();
            let failed = keep(&Failing(step.into()), folder.path(), ID, b"after").is_err();
            let expected: &[u8] = if failed { b"before" } else { b"after" };
            assert_eq!(read(folder.path(), ID).as_deref(), Some(expected), "step {step}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-made at step {step}");
        }
    }

    #[test]
    fn what_a_kill_left_is_swept_and_does_not_stand_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("{ID}.part")), b"ha").unwrap();
        keep(&RealDisk, folder.path(), ID, b"whole").unwrap();
        fs::write(folder.path().join("x.part"), b"ha").unwrap();
        assert_eq!(crate::photo::sweep(folder.path()).unwrap(), 1);
        assert_eq!(read(folder.path(), ID).as_deref(), Some(&b"whole"[..]));
    }
}

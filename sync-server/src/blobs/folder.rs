//! A folder: `parts/<upload>`, `held/<two hex digits>/<sha256>`, `derived/…`.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xuncha_domain::disk::{self, Disk, RealDisk};

use super::{Completed, Error};

pub struct Folder {
    disk: Arc<dyn Disk>,
    root: PathBuf,
}

/// The bytes of one upload, open for appending.
pub struct PartWriter {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: File,
    start: u64,
    written: u64,
}

impl Folder {
    pub(super) fn open(disk: Arc<dyn Disk>, root: PathBuf) -> Result<Self, Error> {
        for folder in ["parts", "held", "derived"] {
            disk.create_folder(&root.join(folder))?;
        }
        disk.flush_folder(&root)?;
        // Its own name, too, or a power cut takes every photo with it.
        disk.flush_folder(
            root.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        )?;
        Ok(Self { disk, root })
    }

    pub(super) fn write_part(&self, upload: &[u8; 16], offset: u64) -> Result<PartWriter, Error> {
        let path = self.part_path(upload);
        let open = || OpenOptions::new().write(true).open(&path);
        let mut file = match open() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && offset == 0 => {
                self.disk.create(&path)?
            }
            opened => opened.map_err(missing)?,
        };
        if file.metadata()?.len() < offset {
            return Err(Error::PartMissing);
        }
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(PartWriter { disk: Arc::clone(&self.disk), path, file, start: offset, written: 0 })
    }

    pub(super) fn read_part(&self, upload: &[u8; 16]) -> Result<File, Error> {
        File::open(self.part_path(upload)).map_err(missing)
    }

    pub(super) fn complete(&self, upload: &[u8; 16], sha256: &[u8; 32]) -> Result<Completed, Error> {
        let part = self.part_path(upload);
        let mut file = File::open(&part).map_err(missing)?;
        if hash(&mut file)? != *sha256 {
            self.drop_part(upload)?;
            return Ok(Completed::WrongHash);
        }
        self.disk.flush(&part, &file)?;
        let held = self.blob_path(sha256);
        let folder = held.parent().unwrap_or(&self.root);
        self.disk.create_folder(folder)?;
        self.disk.rename(&part, &held)?;
        self.disk.flush_folder(folder)?;
        self.disk.flush_folder(&self.root.join("held"))?;
        Ok(Completed::Held)
    }

    pub(super) fn drop_part(&self, upload: &[u8; 16]) -> Result<(), Error> {
        match self.disk.remove(&self.part_path(upload)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn remove(&self, sha256: &[u8; 32]) -> Result<(), Error> {
        let name = hex::encode(sha256);
        let held = self.blob_path(sha256);
        for folder in [self.root.join("derived"), held.parent().unwrap_or(&self.root).into()] {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(&name) {
                    self.disk.remove(&entry.path())?;
                }
            }
            self.disk.flush_folder(&folder)?;
        }
        Ok(())
    }

    pub(super) fn blob_path(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex::encode(sha256);
        let shelf: String = name.chars().take(2).collect();
        self.root.join("held").join(shelf).join(name)
    }

    pub(super) fn derived_path(&self, sha256: &[u8; 32], what: &'static str) -> PathBuf {
        self.root.join("derived").join(format!("{}.{what}", hex::encode(sha256)))
    }

    fn part_path(&self, upload: &[u8; 16]) -> PathBuf {
        self.root.join("parts").join(hex::encode(upload))
    }
}

impl PartWriter {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.write_all(bytes)?)
    }

    /// Makes the bytes durable. Returns the offset behind them.
    pub fn finish(self) -> Result<u64, Error> {
        self.disk.flush(&self.path, &self.file)?;
        Ok(self.start + self.written)
    }

    /// Takes back what was written since the writer was opened. Returns the offset it began at.
    pub fn undo(self) -> Result<u64, Error> {
        self.file.set_len(self.start)?;
        Ok(self.start)
    }
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.disk.write(&self.path, &self.file, bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("new");
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, path)?;
    Ok(())
}

fn missing(error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound { Error::PartMissing } else { error.into() }
}

/// The SHA-256 of what follows in a file.
pub(crate) fn hash(file: &mut File) -> Result<[u8; 32], Error> {
    Ok(disk::sha256(file)?.1)
}

/// A renamed file survives a power cut only when its folder was flushed, too.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    Ok(RealDisk.flush_folder(path)?)
}

/// The same for every folder below, and for the folder itself.
pub(crate) fn sync_tree(path: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn sha256(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    #[test]
    fn bytes_beyond_the_counted_offset_are_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(Arc::new(RealDisk), dir.path().into()).unwrap();
        let mut part = folder.write_part(&[1; 16], 0).unwrap();
        part.write(b"abcXXX").unwrap();
        drop(part);
        let mut part = folder.write_part(&[1; 16], 3).unwrap();
        part.write(b"def").unwrap();
        assert_eq!(part.finish().unwrap(), 6);
        assert_eq!(folder.complete(&[1; 16], &sha256(b"abcdef")).unwrap(), Completed::Held);
        assert_eq!(fs::read(folder.blob_path(&sha256(b"abcdef"))).unwrap(), b"abcdef");
    }

    #[test]
    fn a_wrong_hash_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(Arc::new(RealDisk), dir.path().into()).unwrap();
        let mut part = folder.write_part(&[1; 16], 0).unwrap();
        part.write(b"abc").unwrap();
        part.finish().unwrap();
        assert_eq!(folder.complete(&[1; 16], &sha256(b"abd")).unwrap(), Completed::WrongHash);
        assert!(!folder.part_path(&[1; 16]).exists());
        assert!(matches!(folder.write_part(&[1; 16], 3), Err(Error::PartMissing)));
    }
}

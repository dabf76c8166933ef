//! The bytes of a sealed photo as they arrive.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use xuncha_domain::disk::{self, Disk};

/// A file open behind what arrived before.
pub struct Part {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: File,
    new: bool,
}

impl Part {
    pub(super) fn open(disk: Arc<dyn Disk>, path: PathBuf, arrived: u64) -> io::Result<Option<Self>> {
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let (mut file, new) = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (disk.create(&path)?, true),
            opened => (opened?, false),
        };
        if file.metadata()?.len() < arrived {
            return Ok(None);
        }
        // What a broken write left behind that nobody was told of.
        file.set_len(arrived)?;
        file.seek(SeekFrom::Start(arrived))?;
        Ok(Some(Self { disk, path, file, new }))
    }

    /// Adds bytes and makes them durable, with the name of a new file.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        self.disk.flush(&self.path, &self.file)?;
        if let Some(folder) = self.path.parent().filter(|_| self.new) {
            self.disk.flush_folder(folder)?;
        }
        Ok(())
    }

    /// The SHA-256 of the whole file.
    pub fn sha256(&self) -> io::Result<[u8; 32]> {
        Ok(disk::sha256(File::open(&self.path)?)?.1)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(&self.path, &self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use xuncha_domain::disk::RealDisk;

    use super::*;

    fn part(folder: &tempfile::TempDir, arrived: u64) -> Option<Part> {
        Part::open(Arc::new(RealDisk), folder.path().join("photo"), arrived).unwrap()
    }

    #[test]
    fn what_nobody_was_told_of_is_written_again_and_what_is_gone_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        part(&folder, 0).unwrap().add(b"first, and more that broke off").unwrap();
        let mut whole = part(&folder, 5).unwrap();
        whole.add(b" second").unwrap();
        assert_eq!(std::fs::read(folder.path().join("photo")).unwrap(), b"first second");
        assert_eq!(whole.sha256().unwrap(), disk::sha256(&b"first second"[..]).unwrap().1);
        assert!(part(&folder, 13).is_none(), "the file is shorter than what was acknowledged");
    }
}

//! The door to the disk: what must survive a power cut passes here.
//!
//! Beside [`Clock`](crate::time::Clock) and [`Entropy`](crate::ids::Entropy) the third thing that comes from outside. Each
//! method does what its name says; the simulation overrides them to run out of space, to pull the plug between any two
//! calls, and to forget what was never flushed. SQLite writes its own files and is told of here by its transactions.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::Path;

use sha2::{Digest, Sha256};

/// A disk. Every default is the real thing.
pub trait Disk: Send + Sync {
    /// A transaction that may write is about to begin. An error keeps it from beginning.
    fn before_transaction(&self) -> io::Result<()> {
        Ok(())
    }

    /// A transaction is durable, and nobody was told yet.
    fn after_transaction(&self) {}

    /// Makes a file that is not there yet.
    fn create(&self, path: &Path) -> io::Result<File> {
        File::create_new(path)
    }

    /// Writes some of `bytes` to an open file and says how many.
    fn write(&self, _path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    /// Makes the content of a file durable, not its name.
    fn flush(&self, _path: &Path, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Makes a folder with those above it.
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Gives a file another name, in place of whatever had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Makes the names in a folder durable. Where folders cannot be flushed, the file system's journal orders a rename
    /// after the flushed content.
    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    /// Bytes that this app may still write where `path` lies; none where nobody tells.
    fn free_bytes(&self, _path: &Path) -> Option<u64> {
        None
    }
}

/// How many bytes follow in `content`, and their SHA-256. Reads them piece by piece.
///
/// # Errors
/// Those of `content`.
pub fn sha256(mut content: impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let read = content.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        size += read as u64;
    }
    Ok((size, hasher.finalize().into()))
}

/// The machine's own.
pub struct RealDisk;

impl Disk for RealDisk {}

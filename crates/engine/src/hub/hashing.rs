//! A file that is hashed while it is written.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use xuncha_domain::disk::Disk;

pub struct Hashing<'a> {
    disk: &'a dyn Disk,
    path: &'a Path,
    file: &'a File,
    hasher: Sha256,
    size: u64,
}

impl<'a> Hashing<'a> {
    pub fn new(disk: &'a dyn Disk, path: &'a Path, file: &'a File) -> Self {
        Self { disk, path, file, hasher: Sha256::new(), size: 0 }
    }

    /// The SHA-256 of what was written, and how many bytes.
    pub fn finish(self) -> ([u8; 32], u64) {
        (self.hasher.finalize().into(), self.size)
    }
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.disk.write(self.path, self.file, bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

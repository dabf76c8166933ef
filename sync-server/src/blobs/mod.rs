//! The bytes of photos, named by their SHA-256, behind one type.
//!
//! An object is named by its hash or by the upload it is part of, never by a path. A blob is durable before its name is
//! handed back: flush the file, rename it to its hash, flush the folder. The row that says "held" comes after that.

mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xuncha_domain::disk::{Disk, RealDisk};

pub use folder::PartWriter;
pub(crate) use folder::{hash, sync_folder, sync_tree};

/// Where the bytes lie. An S3-compatible store will be the second case.
pub enum Blobs {
    Folder(folder::Folder),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("blob store: {0}")]
    Io(#[from] std::io::Error),
    /// The part file is gone; the upload must begin again.
    #[error("upload part missing")]
    PartMissing,
}

/// What came of completing an upload.
#[derive(Debug, PartialEq, Eq)]
pub enum Completed {
    Held,
    /// The bytes have another hash; they are gone.
    WrongHash,
}

impl Blobs {
    /// A folder on this machine, made when missing.
    pub fn folder(root: PathBuf) -> Result<Self, Error> {
        Self::folder_on(Arc::new(RealDisk), root)
    }

    pub fn folder_on(disk: Arc<dyn Disk>, root: PathBuf) -> Result<Self, Error> {
        Ok(Self::Folder(folder::Folder::open(disk, root)?))
    }

    /// Opens the bytes of an upload for writing at `offset`, cutting off what a crash left beyond it.
    pub fn write_part(&self, upload: &[u8; 16], offset: u64) -> Result<PartWriter, Error> {
        match self {
            Self::Folder(folder) => folder.write_part(upload, offset),
        }
    }

    /// The bytes of an upload so far.
    pub fn read_part(&self, upload: &[u8; 16]) -> Result<std::fs::File, Error> {
        match self {
            Self::Folder(folder) => folder.read_part(upload),
        }
    }

    /// Checks the whole against its hash and gives it its name.
    pub fn complete(&self, upload: &[u8; 16], sha256: &[u8; 32]) -> Result<Completed, Error> {
        match self {
            Self::Folder(folder) => folder.complete(upload, sha256),
        }
    }

    /// Forgets the bytes of an upload; harmless when there are none.
    pub fn drop_part(&self, upload: &[u8; 16]) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.drop_part(upload),
        }
    }

    /// Destroys a blob and every picture derived from it; harmless when there is none.
    pub fn remove(&self, sha256: &[u8; 32]) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.remove(sha256),
        }
    }

    /// A local file with the blob's bytes, for serving it with ranges.
    pub fn local_file(&self, sha256: &[u8; 32]) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.blob_path(sha256),
        }
    }

    /// Where a picture derived from a blob may be cached; deleting it loses nothing.
    pub fn derived_file(&self, sha256: &[u8; 32], what: &'static str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.derived_path(sha256, what),
        }
    }

    /// Writes a whole file so that readers see all of it or nothing.
    pub fn write_derived(path: &Path, bytes: &[u8]) -> Result<(), Error> {
        folder::write_whole(path, bytes)
    }
}

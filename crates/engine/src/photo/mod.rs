//! Photos as evidence: kept byte for byte under their hash, and small derived pictures that are never evidence.
//!
//! A photo is safe before anything mentions it: bytes go to a temporary file while they are hashed, are flushed, checked,
//! renamed to their hash, and the folder is flushed; only then may a row or an op name the hash. A kill at any instant
//! leaves either a temporary file, which [`sweep`] removes at the next start, or a whole photo.
//!
//! The checks refuse what cannot be a photo (wrong format, cut short, too large to decode safely). They do not decode the
//! picture: a photo with a damaged patch is still evidence, and decoding twelve megapixels would make the officer wait.

mod capture;
mod check;
mod derive;
mod exif;

use std::io;

use crate::api::types::ErrorCode;

pub use capture::{Captured, capture, path_of, sweep};
pub use check::{Format, PIXELS_MAX, Picture, inspect};
pub use derive::{SIDE_MAX, brightness, thumbnail};
pub use exif::{ExifFacts, Orientation};

pub use self::exif::read as read_exif;

/// 40 MiB. Phone cameras write 3 to 25 MB; beyond this a file is no photo, and it would hold up a weak link for hours.
pub const PHOTO_BYTES_MAX: u64 = 40 * 1024 * 1024;

/// Why a file was not kept, or not drawn. Nothing half-made stays behind any of them.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    #[error("over {PHOTO_BYTES_MAX} bytes")]
    TooLarge,
    #[error("{width}×{height} pixels are too many to decode safely")]
    TooManyPixels { width: u32, height: u32 },
    /// The camera must be set to JPEG: no decoder under a licence that we may ship gets HEIC colours right.
    #[error("HEIC instead of JPEG")]
    Heic,
    #[error("not a whole JPEG, PNG or WebP picture")]
    Unreadable,
    #[error("no space left")]
    DiskFull,
    #[error(transparent)]
    Io(io::Error),
}

impl PhotoError {
    /// The code that a screen acts on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge => ErrorCode::PhotoTooLarge,
            Self::TooManyPixels { .. } => ErrorCode::PhotoTooManyPixels,
            Self::Heic => ErrorCode::PhotoHeic,
            Self::Unreadable => ErrorCode::PhotoUnreadable,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Io(_) => ErrorCode::Internal,
        }
    }
}

impl From<io::Error> for PhotoError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod fixtures {
    use std::path::PathBuf;

    /// A file of `tests/fixtures/photos`.
    pub(super) fn path(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/photos").join(name)
    }

    pub(super) fn bytes(name: &str) -> Vec<u8> {
        std::fs::read(path(name)).unwrap()
    }
}

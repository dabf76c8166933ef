//! From a stream of bytes to a file that is named by its hash and survives a power cut.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use xuncha_domain::disk::Disk;

use super::{Format, PHOTO_BYTES_MAX, PhotoError, Picture, check};

/// How the name of an unfinished file ends; no finished photo ends so.
const UNFINISHED: &str = "part";

/// A photo that is durable under its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    pub sha256: [u8; 32],
    pub bytes: u64,
    pub picture: Picture,
    pub path: PathBuf,
}

/// Keeps the bytes of `source` under `folder` as `<first two hex digits>/<sha256>.<ext>`, exactly as they came.
///
/// `temp_name` names the unfinished file: letters, digits, `-` and `_`, new for each call. The same bytes twice give the
/// same file. After an error nothing of this call is left.
pub fn capture(
    disk: &dyn Disk,
    folder: &Path,
    temp_name: &str,
    source: impl Read,
) -> Result<Captured, PhotoError> {
    let temp = Unfinished::create(disk, folder, temp_name)?;
    let received = receive(&temp, source)?;
    let picture = check::inspect(&temp.path)?;
    keep(folder, &temp, received, picture)
}

/// Where [`capture`] puts a photo.
pub fn path_of(folder: &Path, sha256: &[u8; 32], format: Format) -> PathBuf {
    let name = hex::encode(sha256);
    let shelf = folder.join(name.get(..2).unwrap_or_default());
    shelf.join(format!("{name}.{}", format.extension()))
}

/// Removes what a kill left unfinished and returns how many files that were. To be called before the first capture.
pub fn sweep(folder: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == UNFINISHED) && path.is_file() {
            fs::remove_file(path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// A file that is being written. It is gone when this is dropped, unless it was renamed before.
struct Unfinished<'d> {
    disk: &'d dyn Disk,
    path: PathBuf,
    file: File,
}

impl<'d> Unfinished<'d> {
    fn create(disk: &'d dyn Disk, folder: &Path, name: &str) -> io::Result<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file name"));
        }
        let path = folder.join(format!("{name}.{UNFINISHED}"));
        let file = disk.create(&path)?;
        Ok(Self { disk, path, file })
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // After the rename there is nothing to remove. After a failing disk the next sweep does it.
        let _ = self.disk.remove(&self.path);
    }
}

struct Received {
    sha256: [u8; 32],
    bytes: u64,
}

/// Writes and hashes in one pass, then flushes to the disk.
fn receive(temp: &Unfinished<'_>, source: impl Read) -> Result<Received, PhotoError> {
    let mut sink = Hashing { temp, hasher: Sha256::new() };
    let bytes = io::copy(&mut source.take(PHOTO_BYTES_MAX + 1), &mut sink)?;
    if bytes > PHOTO_BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    temp.disk.flush(&temp.path, &temp.file)?;
    Ok(Received { sha256: sink.hasher.finalize().into(), bytes })
}

struct Hashing<'a> {
    temp: &'a Unfinished<'a>,
    hasher: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Unfinished { disk, path, file } = self.temp;
        let written = disk.write(path, file, bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the file its name and makes the name durable. An older file of the same name holds the same bytes, or was
/// damaged since: either way it is replaced.
fn keep(
    folder: &Path,
    temp: &Unfinished<'_>,
    received: Received,
    picture: Picture,
) -> Result<Captured, PhotoError> {
    let Received { sha256, bytes } = received;
    let path = path_of(folder, &sha256, picture.format);
    let shelf = path.parent().unwrap_or(folder);
    temp.disk.create_folder(shelf)?;
    temp.disk.rename(&temp.path, &path)?;
    temp.disk.flush_folder(shelf)?;
    temp.disk.flush_folder(folder)?;
    Ok(Captured { sha256, bytes, picture, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::fixtures;
    use xuncha_domain::disk::RealDisk;

    fn capture(folder: &Path, temp_name: &str, source: impl Read) -> Result<Captured, PhotoError> {
        super::capture(&RealDisk, folder, temp_name, source)
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    /// Every file below `folder`, by its path inside.
    fn files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.extend(files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
            } else {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_photo_is_kept_byte_for_byte_under_its_hash() {
        let folder = folder();
        for (name, extension) in [("baseline.jpg", "jpg"), ("picture.png", "png"), ("picture.webp", "webp")] {
            let original = fixtures::bytes(name);
            let captured = capture(folder.path(), "t", &original[..]).unwrap();
            assert_eq!(captured.sha256, <[u8; 32]>::from(Sha256::digest(&original)));
            assert_eq!(captured.bytes, original.len() as u64);
            assert_eq!((captured.picture.width, captured.picture.height), (96, 64));
            assert_eq!(fs::read(&captured.path).unwrap(), original);
            let hash = hex::encode(captured.sha256);
            let expected = folder.path().join(&hash[..2]).join(format!("{hash}.{extension}"));
            assert_eq!(captured.path, expected);
        }
        assert_eq!(files(folder.path()).len(), 3, "no temporary file is left");
    }

    #[test]
    fn the_same_bytes_twice_are_one_file() {
        let folder = folder();
        let original = fixtures::bytes("gps.jpg");
        let first = capture(folder.path(), "a", &original[..]).unwrap();
        let second = capture(folder.path(), "b", &original[..]).unwrap();
        assert_eq!(first, second);
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[test]
    fn what_is_no_photo_leaves_nothing() {
        let folder = folder();
        let refused = |bytes: &[u8]| {
            let error = capture(folder.path(), "t", bytes).unwrap_err();
            assert_eq!(files(folder.path()), [""; 0], "{error}");
            error
        };
        assert!(matches!(refused(&fixtures::bytes("header.heic")), PhotoError::Heic));
        assert!(matches!(refused(&fixtures::bytes("truncated.jpg")), PhotoError::Unreadable));
        assert!(matches!(
            refused(&fixtures::bytes("bomb.png")),
            PhotoError::TooManyPixels { width: 50_000, height: 50_000 }
        ));
        assert!(matches!(refused(&fixtures::bytes("bomb-deep.png")), PhotoError::TooManyPixels { .. }));
        assert!(matches!(refused(b"<html>"), PhotoError::Unreadable));
        assert!(matches!(refused(b""), PhotoError::Unreadable));
    }

    #[test]
    fn an_endless_source_is_cut_off() {
        let folder = folder();
        let error = capture(folder.path(), "t", io::repeat(0xff)).unwrap_err();
        assert!(matches!(error, PhotoError::TooLarge));
        assert_eq!(files(folder.path()), [""; 0]);
    }

    /// Gives half a photo, then fails as `kind`.
    struct Broken {
        rest: Vec<u8>,
        kind: io::ErrorKind,
    }

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.rest.is_empty() {
                return Err(self.kind.into());
            }
            let n = self.rest.len().min(buffer.len());
            buffer[..n].copy_from_slice(&self.rest[..n]);
            self.rest.drain(..n);
            Ok(n)
        }
    }

    #[test]
    fn a_full_disk_has_its_own_error_and_leaves_nothing() {
        let folder = folder();
        let broken = |kind| Broken { rest: fixtures::bytes("truncated.jpg"), kind };
        let error = capture(folder.path(), "t", broken(io::ErrorKind::StorageFull)).unwrap_err();
        assert!(matches!(error, PhotoError::DiskFull));
        let error = capture(folder.path(), "t", broken(io::ErrorKind::TimedOut)).unwrap_err();
        assert!(matches!(error, PhotoError::Io(_)));
        assert_eq!(files(folder.path()), [""; 0]);
        // What the system says when a write finds no space.
        #[cfg(unix)]
        assert!(matches!(PhotoError::from(io::Error::from_raw_os_error(28)), PhotoError::DiskFull));
    }

    #[test]
    fn a_temporary_name_stays_in_the_folder() {
        let folder = folder();
        for name in ["", "../x", "a/b", "a.jpg", "照片"] {
            let error = capture(folder.path(), name, &fixtures::bytes("baseline.jpg")[..]).unwrap_err();
            assert!(matches!(error, PhotoError::Io(_)), "{name}");
        }
        assert_eq!(files(folder.path()), [""; 0]);
    }

    #[test]
    fn another_capture_under_the_same_name_is_left_alone() {
        let folder = folder();
        let running = Unfinished::create(&RealDisk, folder.path(), "t").unwrap();
        assert!(capture(folder.path(), "t", &fixtures::bytes("baseline.jpg")[..]).is_err());
        assert!(running.path.exists());
    }

    /// Runs the capture up to `step` and stops there as a kill does: no destructor runs.
    fn killed_after(step: u8, folder: &Path, name: &str) {
        let temp = Unfinished::create(&RealDisk, folder, name).unwrap();
        let original = fixtures::bytes("baseline.jpg");
        match step {
            0 => {}
            1 => drop(receive(&temp, &original[..original.len() / 2])),
            2 => drop(receive(&temp, &original[..])),
            _ => {
                let received = receive(&temp, &original[..]).unwrap();
                keep(folder, &temp, received, check::inspect(&temp.path).unwrap()).unwrap();
            }
        }
        std::mem::forget(temp);
    }

    #[test]
    fn a_kill_between_any_two_steps_leaves_a_swept_temporary_or_a_whole_photo() {
        for step in 0..=3 {
            let folder = folder();
            let kept = capture(folder.path(), "t", &fixtures::bytes("gps.jpg")[..]).unwrap();
            killed_after(step, folder.path(), "killed");
            let finished = usize::from(step == 3);
            assert_eq!(files(folder.path()).len(), 2);
            assert_eq!(sweep(folder.path()).unwrap(), 1 - finished, "after step {step}");
            assert_eq!(files(folder.path()).len(), 1 + finished, "after step {step}");
            assert_eq!(fs::read(&kept.path).unwrap(), fixtures::bytes("gps.jpg"));
            // The officer takes the photo again.
            capture(folder.path(), "killed", &fixtures::bytes("baseline.jpg")[..]).unwrap();
            assert_eq!(files(folder.path()).len(), 2);
        }
    }

    /// The environment variable that makes [`dies_while_receiving`] do so.
    const DIE_IN: &str = "XUNCHA_TEST_DIE_IN";

    /// Aborts the process after half a photo.
    struct Deadly(io::Cursor<Vec<u8>>);

    impl Read for Deadly {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => std::process::abort(),
                n => Ok(n),
            }
        }
    }

    #[test]
    fn dies_while_receiving() {
        if let Some(folder) = std::env::var_os(DIE_IN) {
            let half = io::Cursor::new(fixtures::bytes("truncated.jpg"));
            let _ = capture(Path::new(&folder), "killed", Deadly(half));
        }
    }

    #[test]
    fn a_process_that_dies_while_receiving_loses_only_the_temporary_file() {
        let folder = folder();
        let kept = capture(folder.path(), "t", &fixtures::bytes("gps.jpg")[..]).unwrap();
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "photo::capture::tests::dies_while_receiving"])
            .env(DIE_IN, folder.path())
            .output()
            .unwrap()
            .status;
        assert!(!status.success());
        assert!(folder.path().join("killed.part").exists());
        assert_eq!(sweep(folder.path()).unwrap(), 1);
        assert_eq!(sweep(folder.path()).unwrap(), 0);
        assert!(kept.path.exists());
    }
}

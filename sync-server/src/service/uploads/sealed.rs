//! Photos that a hub carried: an upload of an `age` file, whose metadata name the photo in it.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use xuncha_domain::protocol::v1::blobs::BLOB_BYTES_MAX;

use super::value;
use crate::blobs::Completed;
use crate::service::{Error, Service, rescue};
use crate::storage::UploadRow;

/// The age header with one recipient, and 16 bytes per 64 KiB of 40 MiB.
const SEAL_BYTES_MAX: u64 = 16 * 1024;
const COPY_BYTES: usize = 64 * 1024;

/// The SHA-256 of the photo in a sealed upload; none when the upload is a photo itself.
pub(super) fn photo_in(metadata: &str) -> Option<[u8; 32]> {
    let mut sha256 = [0; 32];
    hex::decode_to_slice(STANDARD.decode(value(metadata, "sealed")?).ok()?, &mut sha256).ok()?;
    Some(sha256)
}

/// The part into which a sealed upload is opened. Its name follows from the upload's, so that what a crash leaves there is
/// overwritten by the next try and found by an erase order.
pub(in crate::service) fn opened_part(upload: &[u8; 16]) -> [u8; 16] {
    upload.map(|byte| !byte)
}

/// Largest upload with these metadata.
pub(super) fn bytes_max(metadata: &str) -> u64 {
    BLOB_BYTES_MAX + photo_in(metadata).map_or(0, |_| SEAL_BYTES_MAX)
}

impl Service {
    /// Opens a whole sealed upload and keeps the photo in it. Returns the photo's size, or what is wrong with it; its part
    /// is gone either way. The seal itself says whether a byte was changed, so the announced hash of the file is not computed.
    pub(super) fn keep_sealed(
        &self,
        upload: &UploadRow,
        photo: &[u8; 32],
    ) -> Result<(Completed, u64), Error> {
        let opened = opened_part(&upload.id);
        let size = self.open_sealed(upload, &opened);
        let size = match size {
            Ok(size) => size,
            Err(Error::HashMismatch) => {
                self.blobs.drop_part(&opened)?;
                self.blobs.drop_part(&upload.id)?;
                return Ok((Completed::WrongHash, 0));
            }
            Err(error) => return Err(error),
        };
        let completed = self.blobs.complete(&opened, photo)?;
        self.blobs.drop_part(&upload.id)?;
        Ok((completed, size))
    }

    fn open_sealed(&self, upload: &UploadRow, into: &[u8; 16]) -> Result<u64, Error> {
        let sealed = std::io::BufReader::new(self.blobs.read_part(&upload.id)?);
        let bad = |_| Error::HashMismatch;
        let inside = rescue::unseal(sealed, Some(&self.rescue)).map_err(|_| Error::HashMismatch)?;
        let mut inside = inside.take(BLOB_BYTES_MAX + 1);
        let mut part = self.blobs.write_part(into, 0)?;
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = inside.read(&mut buffer).map_err(bad)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            part.write(bytes)?;
        }
        let size = part.finish()?;
        if size > BLOB_BYTES_MAX { Err(Error::HashMismatch) } else { Ok(size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_name_the_photo_in_a_sealed_upload() {
        let hash = STANDARD.encode("ab".repeat(32));
        assert_eq!(photo_in(&format!("sha256 {hash},sealed {hash}")), Some([0xab; 32]));
        assert_eq!(photo_in(&format!("sha256 {hash}")), None);
        assert_eq!(photo_in("sealed YQ=="), None);
        assert_eq!(bytes_max(&format!("sha256 {hash}")), BLOB_BYTES_MAX);
    }
}

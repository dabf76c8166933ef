//! Making a bundle.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use super::{BundleError, LIST_BYTES_MAX, List, MAGIC, check_limits, list_hash};
use crate::protocol::v1;

/// Writes the contents in the order of the list.
pub struct Writer<W> {
    out: W,
    list: List,
    next: usize,
}

impl<W: Write> Writer<W> {
    /// Writes the list.
    pub fn new(mut out: W, list: List) -> Result<Self, BundleError> {
        check_limits(&list)?;
        let bytes = v1::encode(&list);
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length as usize <= LIST_BYTES_MAX);
        out.write_all(&MAGIC)?;
        out.write_all(&length.ok_or(BundleError::Limit("list"))?.to_be_bytes())?;
        out.write_all(&list_hash(&bytes))?;
        out.write_all(&bytes)?;
        Ok(Self { out, list, next: 0 })
    }

    /// Writes the next entry's bytes; fails when they are not those that the list promised.
    pub fn entry(&mut self, content: impl Read) -> Result<(), BundleError> {
        let entry = *self.list.entries.get(self.next).ok_or(BundleError::Trailing)?;
        self.next += 1;
        let mut hasher = Sha256::new();
        // One byte more than announced shows that the content has grown.
        let mut content = content.take(entry.size + 1);
        let mut buffer = [0; 16 * 1024];
        let mut size = 0;
        loop {
            let read = content.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            hasher.update(bytes);
            self.out.write_all(bytes)?;
            size += read as u64;
        }
        let sha256: [u8; 32] = hasher.finalize().into();
        if (size, sha256) == (entry.size, entry.sha256) {
            Ok(())
        } else {
            Err(BundleError::Content(self.next))
        }
    }

    /// The output, when every entry was written.
    pub fn finish(self) -> Result<W, BundleError> {
        if self.next == self.list.entries.len() {
            Ok(self.out)
        } else {
            Err(BundleError::CutIn(self.next + 1))
        }
    }
}

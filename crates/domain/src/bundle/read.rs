//! Reading a bundle.

use std::io::{ErrorKind, Read, Write};

use sha2::{Digest, Sha256};

use super::{BundleError, Entry, LIST_BYTES_MAX, List, MAGIC, check_limits, list_hash};
use crate::protocol::v1;

/// Reads the list, then the contents in its order.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    list: List,
    next: usize,
}

impl<R: Read> Reader<R> {
    /// Reads the list. Allocates what is there, never what a length claims.
    pub fn new(mut source: R) -> Result<Self, BundleError> {
        let mut magic = [0; MAGIC.len()];
        fill(&mut source, &mut magic).map_err(|error| match error {
            BundleError::CutInList => BundleError::NotABundle,
            error => error,
        })?;
        if magic != MAGIC {
            return Err(BundleError::NotABundle);
        }
        let (mut length, mut hash) = ([0; 4], [0; 32]);
        fill(&mut source, &mut length)?;
        fill(&mut source, &mut hash)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LIST_BYTES_MAX {
            return Err(BundleError::Limit("list"));
        }
        let mut bytes = Vec::new();
        (&mut source).take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(BundleError::CutInList);
        }
        if list_hash(&bytes) != hash {
            return Err(BundleError::List);
        }
        let list: List = v1::decode(&bytes)?;
        check_limits(&list)?;
        Ok(Self { source, list, next: 0 })
    }

    pub fn list(&self) -> &List {
        &self.list
    }

    /// The number of the entry that comes next, from 1.
    pub fn at(&self) -> usize {
        self.next + 1
    }

    /// The entry that comes next; none after the last, when the file ends there.
    pub fn peek(&mut self) -> Result<Option<Entry>, BundleError> {
        if let Some(entry) = self.list.entries.get(self.next) {
            return Ok(Some(*entry));
        }
        match self.source.read(&mut [0])? {
            0 => Ok(None),
            _ => Err(BundleError::Trailing),
        }
    }

    /// Copies the next entry's bytes into `sink`. They are right only when this returns `Ok`.
    pub fn copy(&mut self, mut sink: impl Write) -> Result<(), BundleError> {
        let entry = *self.list.entries.get(self.next).ok_or(BundleError::Trailing)?;
        self.next += 1;
        let mut hasher = Sha256::new();
        let mut content = (&mut self.source).take(entry.size);
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = match content.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
                read => read?,
            };
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            hasher.update(bytes);
            sink.write_all(bytes)?;
        }
        if content.limit() > 0 {
            return Err(BundleError::CutIn(self.next));
        }
        let sha256: [u8; 32] = hasher.finalize().into();
        if sha256 == entry.sha256 { Ok(()) } else { Err(BundleError::Content(self.next)) }
    }
}

fn fill(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), BundleError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => BundleError::CutInList,
        _ => error.into(),
    })
}

//! What a phone that began with a snapshot fetches when it needs it: every packet that touches a thing.

use std::collections::BTreeSet;

use minicbor::bytes::ByteArray;
use xuncha_domain::ids::{CommitRef, Scope};
use xuncha_domain::protocol::v1::things::{Brought, Fed, NAMES_MAX, Wanted};

use super::{Device, Error, Service};
use crate::storage::{Read, RowId};

/// Bytes of packets in one answer, as in an answer to a sync. The first name is answered however much that is.
const ANSWER_BYTES: usize = 1024 * 1024;

impl Service {
    /// Only of scopes that the phone reads. What HQ does not know is answered with nothing, as what touches nothing.
    pub fn things(&self, device: &Device, wanted: &Wanted) -> Result<Brought, Error> {
        if wanted.roots.len() + wanted.commits.len() > NAMES_MAX {
            return Err(Error::TooLarge);
        }
        self.storage.read(|read| {
            let mut bringing =
                Bringing { read, brought: Brought::default(), seen: BTreeSet::new(), bytes: 0 };
            let scopes = self.scopes_of(read, &device.officer)?;
            for commit in &wanted.commits {
                let found = read.packet_of(&CommitRef(**commit))?;
                let found = found.filter(|(_, of)| scopes.iter().any(|scope| scope.as_str() == of));
                let packets = found.map(|(packet, _)| packet).into_iter().collect();
                bringing.bring(*commit, with_forked_chains(read, packets)?)?;
            }
            for root in &wanted.roots {
                let packets = touching(read, &scopes, root)?;
                if !packets.is_empty() && bringing.bring(*root, packets)? {
                    bringing.brought.whole.push(*root);
                }
            }
            Ok(bringing.brought)
        })
    }
}

fn touching(read: &Read<'_>, scopes: &[Scope], root: &[u8; 16]) -> Result<Vec<RowId>, Error> {
    let mut packets = Vec::new();
    for scope in scopes {
        packets.extend(read.packets_touching(scope, root)?);
    }
    with_forked_chains(read, packets)
}

/// A branch of a forked chain can only be followed back by somebody who has all of it.
fn with_forked_chains(read: &Read<'_>, packets: Vec<RowId>) -> Result<Vec<RowId>, Error> {
    let mut all = BTreeSet::new();
    for packet in packets {
        if !all.contains(&packet) {
            all.extend(read.packets_of_forked(packet)?);
            all.insert(packet);
        }
    }
    Ok(all.into_iter().collect())
}

struct Bringing<'r, 'c> {
    read: &'r Read<'c>,
    brought: Brought,
    /// Packets that are in the answer.
    seen: BTreeSet<RowId>,
    bytes: usize,
}

impl Bringing<'_, '_> {
    /// Puts all packets of a name into the answer; false when there is no room.
    fn bring(&mut self, name: ByteArray<16>, packets: Vec<RowId>) -> Result<bool, Error> {
        if self.bytes >= ANSWER_BYTES {
            self.brought.later.push(name);
            return Ok(false);
        }
        for packet in packets {
            if self.seen.insert(packet) {
                let row = self.read.packet(packet)?;
                self.bytes += row.bytes.len();
                let placed = self.read.placed(packet)?;
                self.brought.packets.push(Fed { packet: row.bytes.into(), prev: row.prev_hash.0, placed });
            }
        }
        Ok(true)
    }
}

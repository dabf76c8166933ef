//! Verifies packets and stores them. Nothing is ever ignored by number: both branches of a forked chain are kept.
//!
//! Verification (unpacking, hashing, one signature per packet) runs outside the write transaction, so that a storm of
//! phones queues for the disk and not for the arithmetic.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use minicbor::bytes::ByteVec;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, DeviceId, Scope};
use xuncha_domain::log::chain::{ChainError, Genesis};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::PublicKey;
use xuncha_domain::log::packet::{self, Packet, PacketError};
use xuncha_domain::protocol::v1::refusal::packet as reason;
use xuncha_domain::protocol::v1::sync::{HeadName, Refused};

use crate::service::{Device, Error, Service, erase, quotas};
use crate::storage::{self, DeviceRecord, NewChain, NewPacket, Read, Report, RowId, Tx};

/// What became of the packets of one request.
#[derive(Default)]
pub(super) struct Received {
    /// Commits that HQ did not have.
    pub(super) stored: usize,
    pub(super) refused: Vec<Refused>,
    /// The sender is over its quota: the last packets were not looked at, and may come again after so many seconds.
    pub(super) retry_after_s: Option<u32>,
    /// The last commit of every packet that was taken.
    pub(super) heads: Vec<CommitHash>,
    /// Some of it has no place in the feed yet.
    pub(super) behind: bool,
}

/// Commits that a transaction has stored, as they were verified: publishing need not unpack them again.
pub(super) type AtHand = HashMap<RowId, Arc<Commit>>;

/// A packet whose every byte is accounted for.
struct Whole<'a> {
    bytes: Cow<'a, [u8]>,
    scope: Scope,
    chain: ChainId,
    /// The record that starts the chain, when HQ has not seen it.
    genesis: Option<Genesis>,
    prev: CommitHash,
    commits: Vec<Arc<Commit>>,
    fed: bool,
}

/// What earlier packets of the same request bring.
#[derive(Default)]
struct Arrived {
    chains: HashMap<ChainId, Known>,
    commits: HashMap<CommitRef, (ChainId, u64, CommitHash)>,
}

/// What must be known of a chain to verify a packet of it.
#[derive(Clone)]
struct Known {
    scope: Scope,
    key: PublicKey,
    genesis_hash: CommitHash,
    device: DeviceId,
}

/// Why a packet is not taken: a reason for the phone, or breakage here.
enum Fault {
    Refused(&'static str, Option<HeadName>),
    Error(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<storage::Error> for Fault {
    fn from(error: storage::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<PacketError> for Fault {
    fn from(error: PacketError) -> Self {
        let reason = match error {
            PacketError::Crypto(_) => reason::SIGNATURE,
            PacketError::Compression => reason::COMPRESSION,
            _ => reason::UNREADABLE,
        };
        Self::Refused(reason, None)
    }
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Self {
        let reason = match error {
            ChainError::Crypto(_) => reason::SIGNATURE,
            ChainError::City => reason::CITY,
            _ => reason::UNREADABLE,
        };
        Self::Refused(reason, None)
    }
}

impl Service {
    /// Stores what is new, and what the sender says about itself.
    pub(super) fn take_packets(
        &self,
        sender: &Device,
        packets: &[ByteVec],
        fed: &[u32],
        report: Option<&Report>,
        now_ms: i64,
    ) -> Result<Received, Error> {
        let mut received = Received::default();
        if packets.is_empty() {
            if let Some(report) = report {
                self.storage.write(|tx| tx.put_report(&sender.id, report))?;
            }
            return Ok(received);
        }
        let packets: Vec<Cow<'_, [u8]>> = packets.iter().map(|bytes| self.unsealed(bytes)).collect();
        let wholes = self.storage.read(|read| {
            let brought = read.packets_brought(&sender.id, quotas::since_ms(now_ms))?;
            let mut room = quotas::packets(sender, brought, now_ms);
            let mut arrived = Arrived::default();
            let mut wholes = Vec::new();
            for (index, bytes) in (0_u32..).zip(&packets) {
                let Some(left) = room.bytes.checked_sub(bytes.len() as u64) else {
                    received.retry_after_s = Some(room.retry_after_s);
                    break;
                };
                room.bytes = left;
                match self.verify(read, &mut arrived, bytes) {
                    Ok((whole, author)) => {
                        // Nobody vouches for themselves, and a closed phone for nobody.
                        let fed = fed.contains(&index) && author.0 != sender.id && !sender.closed;
                        wholes.push(Whole { fed, ..whole });
                    }
                    Err(Fault::Refused(reason, last_common)) => {
                        received.refused.push(Refused {
                            packet: index,
                            reason: reason.to_owned(),
                            last_common,
                        });
                    }
                    Err(Fault::Error(error)) => return Err(error),
                }
            }
            Ok(wholes)
        })?;
        received.heads =
            wholes.iter().filter_map(|whole| whole.commits.last()).map(|last| last.hash).collect();
        (received.stored, received.behind) = self.store_and_publish(sender, report, &wholes, now_ms)?;
        Ok(received)
    }

    fn verify<'a>(
        &self,
        read: &Read<'_>,
        arrived: &mut Arrived,
        bytes: &'a [u8],
    ) -> Result<(Whole<'a>, DeviceId), Fault> {
        let packet = Packet::decode(bytes)?;
        let (known, genesis) = self.known_chain(read, arrived, &packet)?;
        let prev = predecessor(read, arrived, &packet, &known)?;
        let commits = packet::link(&packet, packet.unpack()?, prev)?;
        packet::verify_head(&packet, &commits, self.city.id, &known.scope, &known.key)?;
        if !packet::can_be_erased(&packet, &commits) {
            return Err(PacketError::Limit("values that could not be erased").into());
        }
        let (author, scope) = (known.device, known.scope.clone());
        arrived.chains.insert(packet.chain, known);
        for commit in &commits {
            arrived.commits.insert(commit.hash.short(), (packet.chain, commit.header.seq, commit.hash));
        }
        let whole = Whole {
            bytes: bytes.into(),
            scope,
            chain: packet.chain,
            genesis,
            prev,
            commits: commits.into_iter().map(Arc::new).collect(),
            fed: false,
        };
        Ok((whole, author))
    }

    /// The packet's chain as HQ knows it, or as the packet's genesis proves it.
    fn known_chain(
        &self,
        read: &Read<'_>,
        arrived: &Arrived,
        packet: &Packet,
    ) -> Result<(Known, Option<Genesis>), Fault> {
        if let Some(known) = arrived.chains.get(&packet.chain) {
            return Ok((known.clone(), None));
        }
        if let Some(chain) = read.chain(&packet.chain)? {
            let key = self.device_key(read, &chain.device)?;
            let (scope, genesis_hash, device) = (chain.scope, chain.genesis_hash, chain.device);
            return Ok((Known { scope, key, genesis_hash, device }, None));
        }
        let bytes = packet.genesis.as_deref().ok_or(Fault::Refused(reason::PREDECESSOR, None))?;
        let mut row = Ok(None);
        let genesis = Genesis::verify_unless(bytes, &self.public_key(), self.city.id, |certificate| {
            row = read.device(&certificate.device.0);
            matches!(&row, Ok(Some(row)) if row.certificate == certificate.as_bytes())
        })?;
        if genesis.chain() != packet.chain {
            return Err(Fault::Refused(reason::UNREADABLE, None));
        }
        let device = genesis.certificate.device;
        let key = match row? {
            _ if device.0 == self.city.id.0 => self.public_key(),
            Some(row) if row.certificate != genesis.certificate.as_bytes() => key_of(&row)?,
            // HQ signed the certificate: a device that it does not know was enrolled after the backup that it comes from.
            _ => genesis.certificate.key.clone(),
        };
        let known = Known { scope: genesis.scope.clone(), key, genesis_hash: genesis.hash(), device };
        Ok((known, Some(genesis)))
    }

    fn device_key(&self, read: &Read<'_>, device: &DeviceId) -> Result<PublicKey, Fault> {
        if device.0 == self.city.id.0 {
            return Ok(self.public_key());
        }
        key_of(&read.device(&device.0)?.ok_or(Fault::Refused(reason::DEVICE_UNKNOWN, None))?)
    }
}

fn key_of(row: &DeviceRecord) -> Result<PublicKey, Fault> {
    let key = PublicKey::from_bytes(PublicKey::ALGORITHM as u8, &row.public_key);
    key.map_err(|_| Fault::Error(Error::Internal("a device key")))
}

/// The whole hash of what the packet links to.
fn predecessor(
    read: &Read<'_>,
    arrived: &Arrived,
    packet: &Packet,
    known: &Known,
) -> Result<CommitHash, Fault> {
    let Some(prev) = packet.prev else { return Ok(known.genesis_hash) };
    let before = packet.from_seq.saturating_sub(1);
    if let Some((chain, seq, hash)) = arrived.commits.get(&prev)
        && *chain == packet.chain
        && *seq == before
    {
        return Ok(*hash);
    }
    if let Some(row) = read.commit(&prev)?
        && row.seq == before
        && read.chain_by_row(row.chain)?.name == packet.chain
    {
        return Ok(row.hash);
    }
    Err(Fault::Refused(reason::PREDECESSOR, Some(last_common(read, packet, known)?)))
}

/// The highest commit below the packet that HQ has of its chain; the genesis when it has none.
fn last_common(read: &Read<'_>, packet: &Packet, known: &Known) -> Result<HeadName, Fault> {
    let below = match read.chain(&packet.chain)? {
        Some(chain) => read.last_below(chain.id, packet.from_seq)?,
        None => None,
    };
    let (seq, hash) = below.map_or((0, known.genesis_hash), |row| (row.seq, row.hash));
    Ok(HeadName { chain: packet.chain.0, seq, hash: hash.0 })
}

impl Service {
    /// In one transaction, so that the disk is waited for once. What cannot be published must not cost the receipt: then it
    /// is stored alone, as if it had come while HQ could not publish. Returns how many commits were new, and whether some
    /// of them wait for their place in the feed.
    fn store_and_publish(
        &self,
        sender: &Device,
        report: Option<&Report>,
        wholes: &[Whole<'_>],
        now_ms: i64,
    ) -> Result<(usize, bool), Error> {
        let both = self.storage.write(|tx| {
            let stored = self.store_all(tx, sender, report, wholes, now_ms)?;
            let all = stored.is_empty() || self.publish_stored(tx, &stored)?;
            Ok::<_, Error>((stored.len(), !all))
        });
        both.or_else(|error| {
            tracing::error!(%error, "packets cannot be stored and published at once");
            let store = |tx: &Tx<'_>| self.store_all(tx, sender, report, wholes, now_ms);
            Ok((self.storage.write(store)?.len(), true))
        })
    }

    fn store_all(
        &self,
        tx: &Tx<'_>,
        sender: &Device,
        report: Option<&Report>,
        wholes: &[Whole<'_>],
        now_ms: i64,
    ) -> Result<AtHand, Error> {
        report.map_or(Ok(()), |report| tx.put_report(&sender.id, report))?;
        let mut stored = AtHand::new();
        for whole in wholes {
            self.store(tx, sender, whole, now_ms, &mut stored)?;
        }
        Ok(stored)
    }

    /// Stores what is new of a packet, without what erase orders name, and adds it to `stored`.
    fn store(
        &self,
        tx: &Tx<'_>,
        sender: &Device,
        whole: &Whole<'_>,
        now_ms: i64,
        stored: &mut AtHand,
    ) -> Result<(), Error> {
        let erased = erase::arriving(tx, &whole.scope, &whole.bytes, &whole.commits)?;
        let (bytes, commits) = match &erased {
            Some(erased) => (erased.bytes.as_slice(), &erased.commits),
            None => (&*whole.bytes, &whole.commits),
        };
        let (Some(first), Some(last)) = (commits.first(), commits.last()) else { return Ok(()) };
        if tx.commit(&last.hash.short())?.is_some() {
            // The chain runs over it, so everything before is here, too.
            return Ok(());
        }
        let (chain, author) = match (tx.chain(&whole.chain)?, &whole.genesis) {
            (Some(chain), _) => (chain.id, chain.device),
            (None, Some(genesis)) => {
                self.know_again(tx, &genesis.certificate)?;
                let device = genesis.certificate.device;
                let chain = tx.insert_chain(&NewChain {
                    name: whole.chain,
                    scope: &genesis.scope,
                    device,
                    genesis: genesis.as_bytes(),
                    genesis_hash: genesis.hash(),
                })?;
                (chain, device)
            }
            (None, None) => return Err(Error::Internal("a chain without a beginning")),
        };
        let mut parent = match first.header.seq {
            1 => None,
            _ => Some(
                tx.commit(&whole.prev.short())?.ok_or(Error::Internal("a commit without a predecessor"))?.id,
            ),
        };
        let packet = tx.insert_packet(&NewPacket {
            chain,
            from_seq: first.header.seq,
            to_seq: last.header.seq,
            prev_hash: whole.prev,
            head_hash: last.hash,
            sender: DeviceId(sender.id),
            received_ms: now_ms,
            fed: whole.fed,
            bytes,
        })?;
        let before = stored.len();
        // Nearly always: then none of it is here, and none is the second one with its number.
        let ahead = tx.is_ahead(chain, first.header.seq)?;
        for commit in commits {
            let known = if ahead { None } else { tx.commit(&commit.hash.short())?.map(|row| row.id) };
            parent = Some(match known {
                Some(known) => known,
                None => {
                    if !ahead {
                        tx.note_twin(chain, commit.header.seq)?;
                    }
                    let row = tx.insert_commit(commit, chain, parent, packet, now_ms)?;
                    stored.insert(row, Arc::clone(commit));
                    row
                }
            });
        }
        if stored.len() > before && author.0 == self.city.id.0 {
            // HQ was restored, and somebody holds more of its chain. Two commits must not get one number.
            tx.close_hq_chain(chain)?;
        }
        for (name, places) in erased.iter().flat_map(|erased| &erased.destroyed) {
            if let Some(row) = tx.commit(name)? {
                erase::note(tx, &row, places)?;
            }
        }
        Ok(())
    }
}

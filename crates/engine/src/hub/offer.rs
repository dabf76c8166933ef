//! What a phone offers a hub: what no receipt names and the hub does not carry, personal values sealed to HQ.

use age::x25519::Recipient;
use minicbor::bytes::{ByteArray, ByteVec};
use rusqlite::Connection;
use xuncha_domain::limits::PACKETS_PER_SYNC_MAX;
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::packet;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::hub::{Carried, without_values};
use xuncha_domain::protocol::v1::sync::SyncRequest;

use crate::engine::Engine;
use crate::error::Result;
use crate::seal;
use crate::store::chains::{self, ChainRow};
use crate::store::hubs::{self, HubRow};
use crate::store::meta::Enrolment;
use crate::store::{log, photos};
use crate::sync::request::{self, BLOBS_PER_REQUEST_MAX, signed_packet};

/// Commits of one chain looked at for one request; what 16 packets may hold, and as many that the hub has.
const COMMITS_MAX: usize = 40_000;

/// Names this phone's heads; with `packets`, brings what the hub lacks.
pub fn plan(engine: &Engine, enrolment: &Enrolment, hub: &HubRow, packets: bool) -> Result<SyncRequest> {
    let signer = request::signer(engine, enrolment)?;
    engine.read(|connection| {
        let recipient = seal::recipient(connection, None)?;
        let mut offer = Offer { enrolment, signer: &*signer, recipient, packets: Vec::new() };
        for chain in chains::mine(connection)? {
            if packets && hub.scopes.contains(&chain.scope) {
                offer.push_chain(connection, hub, &chain)?;
            }
        }
        let waiting = photos::unreceived(connection, BLOBS_PER_REQUEST_MAX)?;
        Ok(SyncRequest {
            packets: offer.packets,
            blobs: waiting.iter().map(|photo| ByteArray::from(photo.sha256)).collect(),
            ..request::question(engine, connection)?
        })
    })
}

struct Offer<'a> {
    enrolment: &'a Enrolment,
    signer: &'a dyn Signer,
    recipient: Recipient,
    packets: Vec<ByteVec>,
}

impl Offer<'_> {
    fn push_chain(&mut self, connection: &Connection, hub: &HubRow, chain: &ChainRow) -> Result<()> {
        if chain.device != self.enrolment.certificate.device {
            return Ok(());
        }
        let mut lacking = Vec::new();
        for commit in log::unreceived(connection, chain.id, COMMITS_MAX)? {
            if !hubs::has_commit(connection, &hub.pin, commit.hash.short())? {
                lacking.push(commit);
            }
        }
        for run in log::branches(lacking) {
            let mut rest = run.as_slice();
            while !rest.is_empty() {
                if self.packets.len() == PACKETS_PER_SYNC_MAX {
                    return Ok(());
                }
                // Hashes in place of short values take more room than the values.
                let fitting = packet::fitting(rest).min(packet::fitting(&without_values(rest)));
                let (now, later) = rest.split_at(fitting);
                self.packets.extend(self.carried(chain, now)?.map(|carried| v1::encode(&carried).into()));
                rest = later;
            }
        }
        Ok(())
    }

    fn carried(&self, chain: &ChainRow, commits: &[Commit]) -> Result<Option<Carried>> {
        let Some(first) = commits.first() else { return Ok(None) };
        let (prev, genesis) = (first.header.prev.0, chain.genesis.clone());
        let Some(whole) = signed_packet(self.enrolment, self.signer, chain, commits)? else {
            return Ok(None);
        };
        if commits.iter().all(|commit| commit.detached.is_empty()) {
            return Ok(Some(Carried { genesis, prev, packet: whole, sealed: None }));
        }
        let sealed = Some(seal::sealed(&self.recipient, &whole)?.into());
        let bare = signed_packet(self.enrolment, self.signer, chain, &without_values(commits))?;
        Ok(bare.map(|packet| Carried { genesis, prev, packet, sealed }))
    }
}

//! A phone as the protocol sees it: chains, packets, cursors. It checks everything that it is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CityId, CommitHash, CommitRef, EntityId, Scope};
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{Certificate, Genesis};
use xuncha_domain::log::commit::{Commit, Place, Stamp};
use xuncha_domain::log::crypto::{PublicKey, SecretKey, Signer};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{self, Compression, Packet};
use xuncha_domain::protocol::v1::enroll::{EnrollRequest, Proof};
use xuncha_domain::protocol::v1::receipt::{Held, ReceiptBody};
use xuncha_domain::protocol::v1::sync::{Cursor, HeadName, Here, Source, SyncAnswer, SyncRequest, roll};
use xuncha_domain::time::{Clock, ClockOffset};
use xuncha_server::service::{Device, Error, Service};

use crate::world::World;

pub struct Phone {
    pub service: Arc<Service>,
    pub clock: Arc<crate::world::TestClock>,
    pub key: Arc<SecretKey>,
    pub token: [u8; 32],
    pub certificate: Certificate,
    pub city: CityId,
    pub hq: PublicKey,
    pub scopes: Vec<String>,
    /// Own chains by scope, whole.
    pub chains: BTreeMap<Scope, Chain>,
    /// What was read of each scope's feed.
    pub feeds: BTreeMap<String, Feed>,
    nonce: u8,
}

#[derive(Clone)]
pub struct Chain {
    pub genesis: Genesis,
    pub commits: Vec<Commit>,
}

#[derive(Clone, Default)]
pub struct Feed {
    pub position: u64,
    pub rolling: [u8; 16],
    /// In the order of the feed.
    pub commits: Vec<Commit>,
    /// Every commit of other chains that arrived in a packet, by name.
    known: BTreeMap<CommitRef, Commit>,
    geneses: BTreeMap<ChainId, Genesis>,
}

/// What an op sets, before it has a place.
pub fn op(entity: &Entity, field: &str, value: Value) -> Op {
    Op {
        entity: entity.clone(),
        field: field.into(),
        value: OpValue::Plain(value),
        before_s: 0,
        over: Vec::new(),
    }
}

pub fn over(mut op: Op, commits: &[&Commit]) -> Op {
    op.over = commits
        .iter()
        .map(|c| Reference::Other { chain: c.header.chain, seq: c.header.seq, commit: c.hash.short() })
        .collect();
    op
}

pub fn visit(n: u8) -> Entity {
    xuncha_domain::model::visit::visit(EntityId([n; 16]))
}

impl Phone {
    pub fn enrol(world: &World, code: &str) -> Result<Self, Error> {
        Self::join(world, Proof::Code(code.into()))
    }

    pub fn join(world: &World, proof: Proof) -> Result<Self, Error> {
        let key = SecretKey::generate(&*world.entropy);
        let request = EnrollRequest {
            proof,
            algorithm: 1,
            public_key: key.public_key().to_bytes(),
            app_version: "test".into(),
        };
        let answer = world.service.enrol(&request, "test")?;
        let hq = PublicKey::from_bytes(answer.hq_algorithm, &answer.hq_key).unwrap();
        let city = CityId(answer.city);
        Ok(Self {
            service: world.service.clone(),
            clock: world.clock.clone(),
            certificate: Certificate::verify(&answer.certificate, &hq, city).unwrap(),
            key: Arc::new(key),
            token: answer.token.try_into().unwrap(),
            city,
            hq,
            scopes: answer.scopes,
            chains: BTreeMap::new(),
            feeds: BTreeMap::new(),
            nonce: 0,
        })
    }

    /// A copy with the same key, chains and cursors: what a restored backup is.
    pub fn clone_of(&self) -> Self {
        Self {
            service: self.service.clone(),
            clock: self.clock.clone(),
            key: self.key.clone(),
            token: self.token,
            certificate: self.certificate.clone(),
            city: self.city,
            hq: self.hq.clone(),
            scopes: self.scopes.clone(),
            chains: self.chains.clone(),
            feeds: self.feeds.clone(),
            nonce: self.nonce,
        }
    }

    pub fn device(&self) -> Device {
        self.service.device(&self.token).unwrap()
    }

    pub fn write(&mut self, scope: &str, ops: &[Op]) -> Commit {
        self.write_detached(scope, ops, Vec::new())
    }

    pub fn write_detached(&mut self, scope: &str, ops: &[Op], values: Vec<Value>) -> Commit {
        self.write_after(scope, ops, values, 0)
    }

    /// A commit whose author has read the scope's feed up to there.
    pub fn write_after(&mut self, scope: &str, ops: &[Op], values: Vec<Value>, feed_position: u64) -> Commit {
        self.nonce += 1;
        let scope: Scope = scope.parse().unwrap();
        let certificate = self.certificate.clone();
        let nonce = self.nonce;
        let chain = self.chains.entry(scope.clone()).or_insert_with(|| Chain {
            genesis: Genesis::new([nonce; 16], scope, certificate, None),
            commits: Vec::new(),
        });
        let place = Place {
            chain: chain.genesis.chain(),
            seq: chain.commits.len() as u64 + 1,
            prev: chain.commits.last().map_or(chain.genesis.hash(), |c| c.hash),
        };
        let stamp = Stamp {
            officer: self.certificate.officer,
            device_ms: self.clock.now_ms(),
            clock: Some(ClockOffset { offset_ms: 0, error_ms: 50 }),
            boot: [nonce; 8],
            monotonic_ms: 0,
            feed_position,
        };
        let commit = Commit::write(place, &stamp, ops, Detached::new([nonce; 16], values)).unwrap();
        chain.commits.push(commit.clone());
        commit
    }

    /// Commits `from..=to` of the scope's chain as a packet.
    pub fn packet(&self, scope: &str, from: usize, to: usize) -> Vec<u8> {
        let scope: Scope = scope.parse().unwrap();
        let chain = &self.chains[&scope];
        let run = &chain.commits[from - 1..to];
        let last = run.last().unwrap();
        let head = Head {
            city: self.city,
            scope,
            chain: chain.genesis.chain(),
            seq: last.header.seq,
            hash: last.hash,
        };
        let genesis = (from == 1).then(|| chain.genesis.as_bytes());
        Packet::pack(genesis, run, head.sign(&*self.key).unwrap(), Compression::Zstd).unwrap().encode()
    }

    pub fn heads(&self) -> Vec<HeadName> {
        let tips = self.chains.values().filter_map(|chain| chain.commits.last());
        tips.map(|c| HeadName { chain: c.header.chain.0, seq: c.header.seq, hash: c.hash.0 }).collect()
    }

    pub fn request(&self, packets: Vec<Vec<u8>>) -> SyncRequest {
        let cursor = |scope: &String| {
            let feed = self.feeds.get(scope).cloned().unwrap_or_default();
            Cursor { scope: scope.clone(), position: feed.position, rolling: feed.rolling }
        };
        SyncRequest {
            app_version: "test".into(),
            device_ms: self.clock.now_ms(),
            cursors: self.scopes.iter().map(cursor).collect(),
            heads: self.heads(),
            here: Here::default(),
            packets: packets.into_iter().map(Into::into).collect(),
            ..SyncRequest::default()
        }
    }

    pub fn send(&mut self, request: &SyncRequest) -> SyncAnswer {
        let answer = self.service.sync(&self.device(), request).unwrap();
        self.read(request, &answer);
        answer
    }

    /// Sends packets and reads everything that is new.
    pub fn sync(&mut self, packets: Vec<Vec<u8>>) -> SyncAnswer {
        let first = self.send(&self.request(packets));
        let mut more = first.more;
        while more {
            more = self.send(&self.request(Vec::new())).more;
        }
        first
    }

    pub fn receipt(&self, answer: &SyncAnswer) -> ReceiptBody {
        answer.receipt.verify(&self.hq, self.city.0).unwrap()
    }

    /// What HQ says it holds of this commit's chain.
    pub fn held(&self, answer: &SyncAnswer, commit: &Commit) -> Option<Held> {
        self.receipt(answer).chains.into_iter().find(|held| held.hash == commit.hash.0)
    }

    /// Takes the feeds of an answer and checks every byte of them.
    fn read(&mut self, request: &SyncRequest, answer: &SyncAnswer) {
        for news in &answer.feeds {
            let own = self.chains.get(&news.scope.parse().unwrap()).cloned();
            let feed = self.feeds.entry(news.scope.clone()).or_default();
            if let Some(own) = &own {
                feed.geneses.insert(own.genesis.chain(), own.genesis.clone());
                feed.known.extend(own.commits.iter().map(|c| (c.hash.short(), c.clone())));
            }
            if news.restart {
                // Without a trail the common point is the beginning.
                feed.position = 0;
                feed.rolling = [0; 16];
                feed.commits.clear();
            }
            let mut unpacked = Vec::new();
            for bytes in &news.packets {
                let packet = Packet::decode(bytes).unwrap();
                if let Some(genesis) = &packet.genesis {
                    let genesis = Genesis::verify(genesis, &self.hq, self.city).unwrap();
                    feed.geneses.insert(genesis.chain(), genesis);
                }
                let genesis = &feed.geneses[&packet.chain];
                let prev = match packet.prev {
                    None => genesis.hash(),
                    Some(prev) => feed.known[&prev].hash,
                };
                let commits = packet::link(&packet, packet.unpack().unwrap(), prev).unwrap();
                packet::verify_head(&packet, &commits, self.city, &genesis.scope, &genesis.certificate.key)
                    .unwrap();
                feed.known.extend(commits.iter().map(|c| (c.hash.short(), c.clone())));
                unpacked.push(commits);
            }
            for run in &news.order {
                let source: &[Commit] = match run.source {
                    Source::Packet(i) => &unpacked[i as usize],
                    Source::Declared(i) => {
                        let own = own.as_ref().unwrap();
                        assert_eq!(request.heads[i as usize].chain, own.genesis.chain().0);
                        &own.commits
                    }
                };
                for seq in run.from_seq..run.from_seq + u64::from(run.count) {
                    let commit = source.iter().find(|c| c.header.seq == seq).unwrap();
                    feed.rolling = roll(feed.rolling, &commit.hash);
                    feed.position += 1;
                    feed.commits.push(commit.clone());
                }
            }
            assert_eq!((feed.position, feed.rolling), (news.cursor.position, news.cursor.rolling));
        }
    }

    /// Hashes of a scope's feed as this phone read it.
    pub fn read_hashes(&self, scope: &str) -> Vec<CommitHash> {
        self.feeds.get(scope).into_iter().flat_map(|feed| &feed.commits).map(|c| c.hash).collect()
    }
}

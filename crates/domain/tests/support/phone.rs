//! HQ and phones that write chains.

use xuncha_domain::ids::{CityId, CommitHash, DeviceId, OfficerId, Scope};
use xuncha_domain::log::body::Op;
use xuncha_domain::log::chain::{Certificate, Continues, Genesis};
use xuncha_domain::log::commit::{Commit, Place, Stamp};
use xuncha_domain::log::crypto::{SecretKey, Signer};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{Compression, Packet};

pub const CITY: CityId = CityId([0xc1; 16]);
/// 2020-01-28 09:00 in Taiyuan.
pub const MORNING_MS: i64 = 1_580_173_200_000;

pub fn hq() -> SecretKey {
    SecretKey::from_bytes(&[0x51; 32]).unwrap()
}

pub fn district() -> Scope {
    Scope::district("140105").unwrap()
}

/// A phone with one chain.
pub struct Phone {
    pub key: SecretKey,
    pub device: DeviceId,
    pub officer: OfficerId,
    pub scope: Scope,
    pub genesis: Genesis,
    pub commits: Vec<Commit>,
}

impl Phone {
    /// Phone number `n`; all its ids and its key follow from the number.
    pub fn new(n: u8) -> Self {
        Self::with(n, district(), None)
    }

    pub fn with(n: u8, scope: Scope, continues: Option<Continues>) -> Self {
        let key = SecretKey::from_bytes(&[n; 32]).unwrap();
        let (device, officer) = (DeviceId([0xd0 | n; 16]), OfficerId([n; 16]));
        let certificate =
            Certificate::issue(&hq(), CITY, device, key.public_key(), officer, MORNING_MS - 86_400_000)
                .unwrap();
        let nonce = [if continues.is_some() { n ^ 0x80 } else { n }; 16];
        let genesis = Genesis::new(nonce, scope.clone(), certificate, continues);
        Self { key, device, officer, scope, genesis, commits: Vec::new() }
    }

    /// HQ as an author: its certificate names the city as its device.
    #[allow(dead_code, reason = "not every test target has HQ write")]
    pub fn hq() -> Self {
        let (key, device, officer, scope) = (hq(), DeviceId(CITY.0), OfficerId(CITY.0), district());
        let certificate =
            Certificate::issue(&key, CITY, device, key.public_key(), officer, MORNING_MS - 86_400_000)
                .unwrap();
        let genesis = Genesis::new([0x51; 16], scope.clone(), certificate, None);
        Self { key, device, officer, scope, genesis, commits: Vec::new() }
    }

    /// The same phone copied as it stands: both go on writing the same chain.
    pub fn cloned(&self) -> Self {
        Self {
            key: SecretKey::from_bytes(&self.key.to_bytes()).unwrap(),
            device: self.device,
            officer: self.officer,
            scope: self.scope.clone(),
            genesis: self.genesis.clone(),
            commits: self.commits.clone(),
        }
    }

    pub fn next(&self) -> Place {
        let (seq, prev) = match self.commits.last() {
            None => (1, self.genesis.hash()),
            Some(last) => (last.header.seq + 1, last.hash),
        };
        Place { chain: self.genesis.chain(), seq, prev }
    }

    pub fn stamp(&self, minute: i64) -> Stamp {
        Stamp {
            officer: self.officer,
            device_ms: MORNING_MS + minute * 60_000,
            clock: None,
            boot: [7; 8],
            monotonic_ms: 3_600_000 + minute * 60_000,
            feed_position: 0,
        }
    }

    pub fn write(&mut self, minute: i64, ops: &[Op], detached: Detached) -> Commit {
        self.write_stamped(&self.stamp(minute), ops, detached)
    }

    pub fn write_stamped(&mut self, stamp: &Stamp, ops: &[Op], detached: Detached) -> Commit {
        let commit = Commit::write(self.next(), stamp, ops, detached).unwrap();
        self.commits.push(commit.clone());
        commit
    }

    pub fn head(&self, commit: &Commit) -> Head {
        Head {
            city: CITY,
            scope: self.scope.clone(),
            chain: self.genesis.chain(),
            seq: commit.header.seq,
            hash: commit.hash,
        }
    }

    /// A signed packet of `commits`, which must be a run of this chain.
    pub fn packet(&self, commits: &[Commit], compression: Compression) -> Packet {
        let last = commits.last().unwrap();
        let genesis = (commits[0].header.seq == 1).then(|| self.genesis.as_bytes());
        Packet::pack(genesis, commits, self.head(last).sign(&self.key).unwrap(), compression).unwrap()
    }

    /// The hash that the commit with this number names as its predecessor.
    pub fn before(&self, seq: u64) -> CommitHash {
        match usize::try_from(seq).unwrap() {
            1 => self.genesis.hash(),
            n => self.commits[n - 2].hash,
        }
    }
}

//! The hub: a phone or laptop that carries other phones' packets and photos to HQ when there is no Internet here.
//!
//! A phone reads the hub's code ([`Pairing`]), connects to it over TLS that accepts the one certificate whose hash the code
//! holds, and joins once: both sides show their certificate by HQ and sign for this hub and this code. Then it speaks the
//! same protocol as with HQ: `POST /v1/sync` with [`SyncRequest`](super::sync::SyncRequest), whose packets are [`Carried`]
//! ones, and `/v1/blobs`. What the hub answers is a [`HubAnswer`] and never a receipt: only the receipts of HQ in it make
//! anything "held by HQ". A repeat of any step changes nothing; a hub that is lost costs nothing.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::ids::{CityId, CommitHash, DeviceId, Scope};
use crate::limits;
use crate::log::chain::{ChainError, Genesis};
use crate::log::commit::Commit;
use crate::log::crypto::PublicKey;
use crate::log::packet::{self, Packet, PacketError};

use super::receipt::Receipt;
use super::sync::Refused;

/// What a hub's QR begins with.
pub const QR_PREFIX: &str = "xuncha://hub?";
pub const TAG: &str = "xuncha/1 hub";
/// A QR of this length can still be read from a phone's screen.
pub const TEXT_BYTES_MAX: usize = 1_000;
/// A hotspot, a cable, a second Wi-Fi: a computer with more networks names the first.
pub const ADDRESSES_MAX: usize = 8;
/// City, ten districts, some teams.
pub const SCOPES_MAX: usize = 16;
/// What sealing adds to 256 KiB or less: the age header with one recipient, and 16 bytes per 64 KiB.
pub const SEAL_BYTES_MAX: usize = 1_024;
/// A sync request to a hub: each packet twice, once to be checked and once sealed.
pub const BODY_BYTES_MAX: usize = 2 * limits::SYNC_BODY_BYTES_MAX;
/// Reason for which a hub refuses a packet, beside those of `refusal::packet`: it does not have that scope itself.
pub const SCOPE: &str = "scope";
/// It holds values that anybody on the way could read.
pub const UNSEALED: &str = "unsealed";

/// The hub's code:
/// `xuncha://hub?v=1&a=<addresses>&p=<port>&k=<certificate hash>&s=<secret>&c=<city>&r=<scopes>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    pub addresses: Vec<IpAddr>,
    pub port: u16,
    /// SHA-256 of the TLS certificate (DER).
    pub pin: [u8; 32],
    /// Good for one device.
    pub secret: [u8; 16],
    pub city: CityId,
    /// What the hub takes.
    pub scopes: Vec<Scope>,
}

/// A text that is no hub's code of version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the code of a hub")]
pub struct NotAPairing;

impl Pairing {
    /// Where the hub may be reached, best first.
    pub fn urls(&self) -> impl Iterator<Item = String> + '_ {
        self.addresses.iter().map(|address| format!("https://{}", SocketAddr::new(*address, self.port)))
    }
}

impl fmt::Display for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let scopes: Vec<&str> = self.scopes.iter().map(Scope::as_str).collect();
        write!(
            f,
            "{QR_PREFIX}v=1&a={}&p={}&k={}&s={}&c={}&r={}",
            addresses.join(","),
            self.port,
            hex::encode(self.pin),
            hex::encode(self.secret),
            self.city,
            scopes.join(",")
        )
    }
}

impl FromStr for Pairing {
    type Err = NotAPairing;

    /// Unknown parts are passed over, so that a later version of the app may add some.
    fn from_str(text: &str) -> Result<Self, NotAPairing> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(NotAPairing);
        }
        let query = text.strip_prefix(QR_PREFIX).ok_or(NotAPairing)?;
        let part = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value).ok_or(NotAPairing)
        };
        if part("v")? != "1" {
            return Err(NotAPairing);
        }
        Ok(Self {
            addresses: list(part("a")?, ADDRESSES_MAX)?,
            port: part("p")?.parse().ok().filter(|port| *port != 0).ok_or(NotAPairing)?,
            pin: bytes(part("k")?)?,
            secret: bytes(part("s")?)?,
            city: part("c")?.parse().map_err(|_| NotAPairing)?,
            scopes: list(part("r")?, SCOPES_MAX)?,
        })
    }
}

fn list<T: FromStr>(text: &str, max: usize) -> Result<Vec<T>, NotAPairing> {
    let items: Result<Vec<T>, _> = text.split(',').take(max + 1).map(str::parse).collect();
    items.ok().filter(|items| items.len() <= max).ok_or(NotAPairing)
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], NotAPairing> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAPairing)?;
    Ok(bytes)
}

/// Who signs at a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Side {
    Phone = 1,
    Hub = 2,
}

/// What both sides sign under [`TAG`]: side (1) ‖ certificate hash (32) ‖ secret (16) ‖ the phone's device id (16). It is
/// worth nothing to another hub, nor under another code.
pub fn statement(side: Side, pin: &[u8; 32], secret: &[u8; 16], phone: DeviceId) -> Vec<u8> {
    [[side as u8].as_slice(), pin, secret, phone.as_bytes()].concat()
}

/// `POST /v1/hub/join`: a phone shows that HQ enrolled it. The same device may repeat it and gets a fresh token.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HubJoin {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub secret: [u8; 16],
    #[cbor(n(1), with = "minicbor::bytes")]
    pub certificate: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub signature: Vec<u8>,
    #[n(3)]
    pub app_version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HubJoined {
    /// Bearer token at this hub. The phone's token at HQ never leaves the phone.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub token: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    pub certificate: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

/// The hub's answer to a sync request. It says what the hub carries, and hands on what HQ signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HubAnswer {
    /// What the hub has of the declared chains: several of one chain where it has branches or gaps.
    #[n(0)]
    pub runs: Vec<HubRun>,
    /// Photos that the hub has whole, of those asked about.
    #[n(1)]
    pub blobs: Vec<ByteArray<32>>,
    #[n(2)]
    pub refused: Vec<Refused>,
    /// Receipts of HQ that name a declared chain or a photo asked about.
    #[n(3)]
    pub receipts: Vec<Receipt>,
    /// Scopes that the hub takes.
    #[n(4)]
    pub scopes: Vec<String>,
    /// The hub is full: the last packets were neither taken nor refused.
    #[n(5)]
    pub retry_after_s: Option<u32>,
}

/// The commits from `from_seq` to `seq` on the branch that ends in `hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct HubRun {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub chain: [u8; 16],
    #[n(1)]
    pub from_seq: u64,
    #[n(2)]
    pub seq: u64,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// A packet on its way over a hub. The hub checks it without HQ and without reading a personal value.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Carried {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub genesis: Vec<u8>,
    /// Hash of the commit before the run, or of the genesis record.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub prev: [u8; 32],
    /// A packet in which the hash of every detached value stands for the value.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub packet: Vec<u8>,
    /// The whole packet, sealed to HQ; none when it has no detached values.
    #[n(3)]
    pub sealed: Option<ByteVec>,
}

/// A carried packet that holds: signed by an enrolled device, with nothing in it to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub genesis: Genesis,
    pub from_seq: u64,
    pub commits: Vec<Commit>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarriedError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Packet(#[from] PacketError),
    #[error("of another chain than it says")]
    OtherChain,
    #[error("a value in it can be read")]
    Unsealed,
    #[error("over a limit")]
    Limit,
}

impl Carried {
    /// What HQ is given.
    pub fn for_hq(&self) -> &[u8] {
        self.sealed.as_ref().map_or(&self.packet, |sealed| sealed)
    }

    /// Checks everything that can be checked without HQ.
    pub fn check(&self, hq: &PublicKey, city: CityId) -> Result<Checked, CarriedError> {
        if self.for_hq().len() > limits::PACKET_BYTES_MAX + SEAL_BYTES_MAX {
            return Err(CarriedError::Limit);
        }
        let genesis = Genesis::verify(&self.genesis, hq, city)?;
        let packet = Packet::decode(&self.packet)?;
        if packet.chain != genesis.chain() || (packet.from_seq == 1 && self.prev != genesis.hash().0) {
            return Err(CarriedError::OtherChain);
        }
        let commits = packet::link(&packet, packet.unpack()?, CommitHash(self.prev))?;
        packet::verify_head(&packet, &commits, city, &genesis.scope, &genesis.certificate.key)?;
        let open = |commit: &Commit| (0..commit.detached.len()).any(|at| commit.detached.value(at).is_some());
        if commits.iter().any(open) {
            return Err(CarriedError::Unsealed);
        }
        Ok(Checked { genesis, from_seq: packet.from_seq, commits })
    }
}

/// The same commits without their detached values. Every hash stays as it was.
pub fn without_values(commits: &[Commit]) -> Vec<Commit> {
    let erased = |commit: &Commit| {
        let all: Vec<usize> = (0..commit.detached.len()).collect();
        commit.erased(&all)
    };
    commits.iter().map(erased).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairing() -> Pairing {
        Pairing {
            addresses: vec!["192.168.43.1".parse().unwrap(), "fd00::1".parse().unwrap()],
            port: 41_234,
            pin: [0xaa; 32],
            secret: [0xbb; 16],
            city: CityId([0xc1; 16]),
            scopes: vec![Scope::city(), Scope::district("140105").unwrap()],
        }
    }

    #[test]
    fn a_code_is_read_as_it_was_written() {
        let text = pairing().to_string();
        assert_eq!(text.parse(), Ok(pairing()));
        assert_eq!(format!(" {text}&x=later\n").parse(), Ok(pairing()));
        let urls: Vec<String> = pairing().urls().collect();
        assert_eq!(urls, ["https://192.168.43.1:41234", "https://[fd00::1]:41234"]);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let text = pairing().to_string();
        let changed = [
            ("xuncha://hub?", "xuncha://enroll?"),
            ("v=1", "v=2"),
            ("192.168.43.1", "192.168.43.256"),
            ("p=41234", "p=0"),
            ("p=41234", "p=65536"),
            ("k=aa", "k="),
            ("s=bb", "s=zz"),
            ("c=c1", "d=c1"),
            ("r=city", "r=City"),
        ];
        for (from, to) in changed {
            assert_eq!(text.replacen(from, to, 1).parse::<Pairing>(), Err(NotAPairing), "{to}");
        }
        let many = ["10.0.0.1"; ADDRESSES_MAX + 1].join(",");
        assert!(text.replacen("192.168.43.1,fd00::1", &many, 1).parse::<Pairing>().is_err());
        assert!(format!("{text}&x={}", "y".repeat(TEXT_BYTES_MAX)).parse::<Pairing>().is_err());
    }
}

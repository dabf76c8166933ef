//! An enrolled phone in the wrong hands: its key is good, and it lies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::bytes::ByteVec;
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CityId, CommitHash, EntityId, OfficerId, Scope, random};
use xuncha_domain::limits;
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::chain::{Certificate, Genesis};
use xuncha_domain::log::commit::{Commit, Place, Stamp};
use xuncha_domain::log::crypto::{PublicKey, SecretKey, Signer as _};
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::head::Head;
use xuncha_domain::log::packet::{Compression, Packet};
use xuncha_domain::model::{field, kind, visit};
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::enroll::{EnrollRequest, Proof};
use xuncha_domain::protocol::v1::sync::SyncRequest;
use xuncha_engine::transport::Request;
use xuncha_tests::random::Random;

use crate::hq::{ADDRESS, Hq};
use crate::model::Model;
use crate::nature::{BEGIN_MS, MachineEntropy};

pub struct Hostile {
    random: Random,
    entropy: MachineEntropy,
    key: SecretKey,
    city: CityId,
    certificate: Certificate,
    officer: OfficerId,
    token: Vec<u8>,
}

type Lie = (&'static str, Request);

impl Hostile {
    pub fn enrol(hq: &Hq, officer: OfficerId, seed: u64) -> Self {
        let entropy = MachineEntropy::new(seed);
        let key = SecretKey::generate(&entropy);
        let service = hq.service();
        let code = service.new_enrol_code(officer, ADDRESS).expect("a code").code;
        let request = EnrollRequest {
            proof: Proof::Code(code),
            algorithm: PublicKey::ALGORITHM as u8,
            public_key: key.public_key().to_bytes(),
            app_version: "0.1.0".into(),
        };
        let answer = service.enrol(&request, "10.0.0.1").expect("it enrols");
        let city = service.city().id;
        let certificate = Certificate::verify(&answer.certificate, &service.public_key(), city);
        Self {
            random: Random::seeded(seed),
            entropy,
            key,
            city,
            certificate: certificate.expect("HQ's certificate"),
            officer,
            token: answer.token,
        }
    }

    /// One lie; nothing when it needs what is not there yet.
    pub fn lie(&mut self, hq: &Hq, model: &Model, overheard: Option<Request>) -> Vec<Lie> {
        let theirs = overheard.and_then(|request| v1::decode::<SyncRequest>(&request.body).ok());
        let lie = match self.random.below(5) {
            0 => self.bury(hq, model),
            1 => theirs.and_then(|theirs| self.forge(theirs)),
            2 => theirs.and_then(|theirs| self.damage(theirs)),
            3 => Some(self.flood()),
            _ => self.announce(model),
        };
        lie.into_iter().collect()
    }

    /// A commit that speaks as HQ, and in passing answers an item over everything that stands there.
    fn bury(&mut self, hq: &Hq, model: &Model) -> Option<Lie> {
        let visits: Vec<&String> = model.visits.keys().collect();
        if visits.is_empty() {
            return None;
        }
        let id: EntityId = self.random.one_of(&visits).parse().ok()?;
        let detail = hq.service().visit(&id.0).ok()?;
        let row = detail.answers.first()?;
        let commits = row.shown.live.iter().filter_map(|live| live.commit.parse::<CommitHash>().ok());
        let victims: Vec<CommitHash> = commits.collect();
        let over = |victim: &CommitHash| Reference::Other {
            chain: ChainId([7; 16]),
            seq: 1,
            commit: victim.short(),
        };
        let verdict = Op {
            entity: Entity::new(kind::VERDICT, EntityId(victims.first()?.short().0)),
            field: field::FACT.into(),
            value: OpValue::Plain(xuncha_domain::model::verdict::to_value(
                false,
                xuncha_domain::model::words::HeldReason::DeviceClosed,
            )),
            before_s: 0,
            over: Vec::new(),
        };
        let answer = Op {
            entity: visit::visit(id),
            field: field::answer(&row.item),
            value: OpValue::Plain(Value::text("forged")),
            before_s: 0,
            over: victims.iter().map(over).collect(),
        };
        let district = &model.visits.get(&id.to_string())?.district;
        let genesis = Genesis::new(
            random(&self.entropy),
            Scope::district(district).ok()?,
            self.certificate.clone(),
            None,
        );
        let place = Place { chain: genesis.chain(), seq: 1, prev: genesis.hash() };
        let packet = self.packet(place, &genesis, &[verdict, answer])?;
        Some(("hostile: speaks as HQ", self.sync(vec![packet.into()])))
    }

    /// The next commit of another phone's chain, under the wrong key.
    fn forge(&mut self, theirs: SyncRequest) -> Option<Lie> {
        let head = theirs.heads.first()?;
        let scope = Scope::city();
        let genesis = Genesis::new(random(&self.entropy), scope, self.certificate.clone(), None);
        let place = Place { chain: ChainId(head.chain), seq: head.seq + 1, prev: CommitHash(head.hash) };
        let op = Op {
            entity: visit::visit(EntityId::v7(BEGIN_MS, &self.entropy)),
            field: field::MODE.into(),
            value: OpValue::Plain(Value::Int(1)),
            before_s: 0,
            over: Vec::new(),
        };
        let packet = self.packet(place, &genesis, &[op])?;
        Some(("hostile: another's chain", self.sync(vec![packet.into()])))
    }

    /// Another phone's packets with a bit turned inside.
    fn damage(&mut self, mut theirs: SyncRequest) -> Option<Lie> {
        let packet = theirs.packets.first_mut()?;
        let at = usize::try_from(self.random.below(packet.len() as u64)).unwrap_or_default();
        packet[at] ^= 1 << self.random.below(8);
        Some(("hostile: damaged packets", self.sync(theirs.packets)))
    }

    /// More than anybody may send.
    fn flood(&mut self) -> Lie {
        let request = match self.random.below(3) {
            0 => self.request("/v1/sync", vec![0; limits::SYNC_BODY_BYTES_MAX + 1]),
            1 => self.sync(vec![vec![0xff; 64].into(); limits::PACKETS_PER_SYNC_MAX + 1]),
            _ => self.sync(vec![vec![0xff; limits::PACKET_BYTES_MAX + 1].into()]),
        };
        ("hostile: oversized", request)
    }

    /// Announces a photo that somebody else took; other bytes follow with [`Hostile::poison`].
    fn announce(&mut self, model: &Model) -> Option<Lie> {
        let photos: Vec<(&String, usize)> = model
            .visits
            .values()
            .flat_map(|visit| visit.photos.iter().map(|(sha256, bytes)| (sha256, bytes.len())))
            .collect();
        if photos.is_empty() {
            return None;
        }
        let (sha256, _) = self.random.one_of(&photos);
        let mut request = self.request("/v1/blobs", Vec::new());
        request.headers.extend([
            ("tus-resumable", "1.0.0".into()),
            ("upload-length", POISON.len().to_string()),
            ("upload-metadata", format!("sha256 {}", STANDARD.encode(sha256))),
        ]);
        Some(("hostile: other bytes for a photo", request))
    }

    /// The bytes for an announced upload.
    pub fn poison(&self, location: &str) -> Option<Request> {
        let mut request = self.request(location, POISON.to_vec());
        request.method = "PATCH";
        request.headers = vec![
            ("authorization", format!("Bearer {}", hex(&self.token))),
            ("tus-resumable", "1.0.0".into()),
            ("upload-offset", "0".into()),
            ("content-type", "application/offset+octet-stream".into()),
        ];
        Some(request)
    }

    fn packet(&self, place: Place, genesis: &Genesis, ops: &[Op]) -> Option<Vec<u8>> {
        let stamp = Stamp {
            officer: self.officer,
            device_ms: BEGIN_MS,
            clock: None,
            boot: [1; 8],
            monotonic_ms: 0,
            feed_position: 0,
        };
        let commit = Commit::write(place, &stamp, ops, Detached::none()).ok()?;
        let head = Head {
            city: self.city,
            scope: genesis.scope.clone(),
            chain: place.chain,
            seq: place.seq,
            hash: commit.hash,
        };
        let signature = head.sign(&self.key).ok()?;
        let first = (place.seq == 1).then(|| genesis.as_bytes());
        Some(Packet::pack(first, &[commit], signature, Compression::None).ok()?.encode())
    }

    fn sync(&self, packets: Vec<ByteVec>) -> Request {
        let request = SyncRequest {
            app_version: "0.1.0".into(),
            device_ms: BEGIN_MS,
            packets,
            ..SyncRequest::default()
        };
        self.request("/v1/sync", v1::encode(&request))
    }

    fn request(&self, path: &str, body: Vec<u8>) -> Request {
        Request {
            method: "POST",
            url: format!("{ADDRESS}{path}"),
            headers: vec![
                ("authorization", format!("Bearer {}", hex(&self.token))),
                ("content-type", v1::CONTENT_TYPE.to_owned()),
            ],
            body,
            patience: std::time::Duration::MAX,
        }
    }
}

const POISON: &[u8] = b"not the photo that was announced";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

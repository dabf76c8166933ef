//! How phones join: one-time codes, certificates, and new keys for restored phones.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use xuncha_domain::ids::{DeviceId, OfficerId, random};
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::log::crypto::PublicKey;
use xuncha_domain::protocol::v1::enroll::{self, EnrollAnswer, EnrollRequest, Proof, QR_PREFIX};

use super::{Changed, ConsoleUser, Error, Service, secret};
use crate::storage::{NewDevice, Tx};

/// Long enough for a phone that comes back to the office tomorrow.
const CODE_VALID_MS: i64 = 24 * 60 * 60 * 1000;

/// A code as it is shown, once.
pub struct NewCode {
    pub code: String,
    /// What the QR holds.
    pub text: String,
    pub qr_svg: String,
    pub expires_ms: i64,
}

impl Service {
    /// A code for an officer, asked for at the console. Phones are sent to the public address, else to the one that the
    /// console itself used.
    pub fn enrol_code_by(
        &self,
        user: &ConsoleUser,
        officer: OfficerId,
        host: Option<&str>,
    ) -> Result<NewCode, Error> {
        user.must_be_admin()?;
        let url = match (&self.public_url, host) {
            (Some(url), _) => url.clone(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => return Err(Error::BadRequest("which address do phones use?")),
        };
        self.new_enrol_code(officer, &url)
    }

    /// A code with which one phone of this officer can join within a day.
    pub fn new_enrol_code(&self, officer: OfficerId, server_url: &str) -> Result<NewCode, Error> {
        let code = secret::new_code(&*self.entropy);
        let expires_ms = self.clock.now_ms().saturating_add(CODE_VALID_MS);
        let text = format!("{QR_PREFIX}u={}&c={code}", percent_encoded(server_url));
        let qr = QRBuilder::new(text.as_str())
            .build()
            .map_err(|_| Error::BadRequest("the server's address is too long"))?;
        let qr_svg = SvgBuilder::default().to_str(&qr);
        self.storage.write(|tx| {
            tx.officer(&officer.0)?.ok_or(Error::NotFound)?;
            Ok::<_, Error>(tx.insert_enrol_code(&secret::hash_code(&code), &officer.0, expires_ms)?)
        })?;
        Ok(NewCode { code, text, qr_svg, expires_ms })
    }

    /// Lets a phone join. `address` is where the attempt comes from; wrong codes are limited per address.
    pub fn enrol(&self, request: &EnrollRequest, address: &str) -> Result<EnrollAnswer, Error> {
        let now_ms = self.clock.now_ms();
        let key = format!("enrol {address}");
        if let Some(wait_s) = self.attempts.wait_s(&key, now_ms) {
            return Err(Error::TooManyAttempts(wait_s));
        }
        let public =
            PublicKey::from_bytes(request.algorithm, &request.public_key).map_err(|_| Error::Malformed)?;
        let joined = self.storage.write(|tx| {
            let joined = self.join(tx, request, public, now_ms)?;
            let scopes = self.scopes_of(tx, &joined.certificate.officer.0)?;
            Ok((joined, scopes))
        });
        if matches!(joined, Err(Error::CodeUnknown | Error::DeviceUnknown)) {
            self.attempts.failed(&key, now_ms);
        }
        let (Joined { certificate, token }, scopes) = joined?;
        self.events.tell(Changed { devices: true, ..Changed::default() });
        Ok(EnrollAnswer {
            certificate: certificate.as_bytes().to_vec(),
            city: self.city.id.0,
            city_name: self.city.name.clone(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            token,
            hq_algorithm: PublicKey::ALGORITHM as u8,
            hq_key: self.public_key().to_bytes(),
            time_ms: now_ms,
            rescue: Some(self.rescue_recipient()),
        })
    }

    fn join(
        &self,
        tx: &Tx<'_>,
        request: &EnrollRequest,
        public: PublicKey,
        now_ms: i64,
    ) -> Result<Joined, Error> {
        let (officer, replaces) = match &request.proof {
            Proof::Code(code) => {
                let hash = secret::hash_code(code);
                let row = tx.enrol_code(&hash)?.ok_or(Error::CodeUnknown)?;
                if row.used_ms.is_some() {
                    return Err(Error::CodeUsed);
                }
                if row.expires_ms <= now_ms {
                    return Err(Error::CodeExpired);
                }
                tx.use_enrol_code(&hash, now_ms)?;
                (OfficerId(row.officer), None)
            }
            Proof::Renewal(token) => {
                let device = tx.device_by_token(&secret::hash(token))?.ok_or(Error::DeviceUnknown)?;
                if device.closed_ms.is_some() {
                    return Err(Error::DeviceClosed);
                }
                (OfficerId(device.officer), Some(device.id))
            }
            Proof::Certificate(certificate, token, signature) => {
                return self.take_back(tx, &public, certificate, token, signature);
            }
        };
        let device = DeviceId(random(&*self.entropy));
        let token: [u8; 32] = random(&*self.entropy);
        let certificate = Certificate::issue(&self.key, self.city.id, device, public, officer, now_ms)
            .map_err(|_| Error::Internal("certificate"))?;
        tx.insert_device(&NewDevice {
            id: device.0,
            officer: officer.0,
            public_key: &request.public_key,
            certificate: certificate.as_bytes(),
            token_hash: secret::hash(token),
            replaces,
            enrolled_ms: now_ms,
        })?;
        Ok(Joined { certificate, token: token.to_vec() })
    }

    /// A phone that HQ enrolled after the backup that it was restored from: it is the device that it was.
    fn take_back(
        &self,
        tx: &Tx<'_>,
        public: &PublicKey,
        certificate: &[u8],
        token: &[u8],
        signature: &[u8],
    ) -> Result<Joined, Error> {
        let signed = enroll::returning(certificate, token);
        let certificate = Certificate::verify(certificate, &self.public_key(), self.city.id)
            .map_err(|_| Error::DeviceUnknown)?;
        let proven = certificate.key == *public && token.len() == 32;
        if !proven || public.verify(enroll::RETURN_TAG, &signed, signature).is_err() {
            return Err(Error::DeviceUnknown);
        }
        self.know_again(tx, &certificate)?;
        let id = certificate.device.0;
        if tx.device(&id)?.is_some_and(|device| device.closed_ms.is_none()) {
            tx.set_device_token(&id, &secret::hash(token))?;
            Ok(Joined { certificate, token: token.to_vec() })
        } else {
            Err(Error::DeviceClosed)
        }
    }
}

struct Joined {
    certificate: Certificate,
    token: Vec<u8>,
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

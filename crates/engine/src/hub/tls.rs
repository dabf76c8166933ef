//! TLS between a phone and a hub: a certificate that the hub made itself, and a client that takes this one alone.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use sha2::{Digest, Sha256};

use crate::api::types::ErrorCode;
use crate::error::{Error, Result};

/// Nobody reads the name: the pin names the hub.
const NAME: &str = "xuncha-hub";

/// A hub's certificate and its key, both as DER.
#[derive(Clone)]
pub struct Identity {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

impl Identity {
    pub fn generate() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).map_err(|_| no_tls())?;
        Ok(Self { certificate: made.cert.der().to_vec(), key: made.signing_key.serialize_der() })
    }

    pub fn pin(&self) -> [u8; 32] {
        pin(&self.certificate)
    }

    pub fn server(&self) -> Result<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .and_then(|builder| {
                let certificate = CertificateDer::from(self.certificate.clone());
                builder.with_no_client_auth().with_single_cert(vec![certificate], key)
            })
            .map_err(|_| no_tls())
    }
}

fn pin(certificate: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// ring, as for HQ: it builds for every phone without a C toolchain of its own.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn no_tls() -> Error {
    Error::Refused(ErrorCode::Internal, "no TLS for a hub")
}

/// Accepts the certificate with this hash, and nothing else.
pub fn client(pin: [u8; 32]) -> Option<ClientConfig> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]).ok()?;
    let verifier = Arc::new(Pinned { pin, algorithms });
    Some(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    /// The pin stands for everything else that a certificate says: names, dates, issuer.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if pin(end_entity) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    /// Whoever copied the certificate does not have its key.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

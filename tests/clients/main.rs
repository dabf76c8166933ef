//! Clients that others wrote upload photos to the real server: whoever follows tus 1.0.0 can send to HQ.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod proxy;

use std::env;
use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};
use xuncha_domain::ids::{Entropy, random};
use xuncha_domain::log::crypto::{SecretKey, Signer};
use xuncha_domain::protocol::v1::enroll::{EnrollAnswer, EnrollRequest, Proof};
use xuncha_domain::protocol::v1::{self, CONTENT_TYPE};
use xuncha_server::system::SystemEntropy;
use xuncha_tests::package;
use xuncha_tests::stage::Hq;

use proxy::BreakingLine;

const PHOTO_BYTES: usize = 3_000_000;

#[test]
fn tus_js_client_goes_on_after_a_break() {
    let mut client = Command::new("node");
    client.arg(package().join("clients/tus.mjs"));
    uploads_over_a_breaking_line(client);
}

#[test]
fn tuspy_goes_on_after_a_break() {
    let mut client = Command::new(python());
    client.arg(package().join("clients/tuspy.py"));
    uploads_over_a_breaking_line(client);
}

/// The Python that `cargo xtask test` gave tuspy to.
fn python() -> PathBuf {
    let beside = || {
        let test = env::current_exe().unwrap();
        test.ancestors().nth(3).unwrap().join("tuspy/bin/python")
    };
    let python = env::var_os("XUNCHA_TUSPY_PYTHON").map_or_else(beside, PathBuf::from);
    assert!(python.exists(), "{} is missing; `cargo xtask test` makes it", python.display());
    python
}

fn uploads_over_a_breaking_line(mut client: Command) {
    let hq = Hq::with_demo_city();
    let token = enrol(&hq);
    let photo: Vec<u8> =
        (0..PHOTO_BYTES / 8).flat_map(|_| random::<8>(&SystemEntropy as &dyn Entropy)).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("photo.jpg");
    std::fs::write(&file, &photo).unwrap();
    let sha256: String = Sha256::digest(&photo).iter().map(|byte| format!("{byte:02x}")).collect();
    let line = BreakingLine::to(hq.address().trim_start_matches("http://"), PHOTO_BYTES / 2);
    let blobs = format!("{}/v1/blobs", line.url());
    let done = client.args([&blobs, &token]).arg(&file).arg(&sha256).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(line.breaks(), 1);
    assert!(line.sent() < PHOTO_BYTES / 4 * 5, "went on instead of beginning again: {}", line.sent());
    let mut held = ureq::get(format!("{}/v1/blobs/{sha256}", hq.address()))
        .header("authorization", format!("Bearer {token}"))
        .call()
        .unwrap();
    assert!(held.body_mut().read_to_vec().unwrap() == photo);
}

/// Joins as a phone does. Returns the device's token.
fn enrol(hq: &Hq) -> String {
    let key = SecretKey::generate(&SystemEntropy);
    let request = EnrollRequest {
        proof: Proof::Code(hq.enroll_code()),
        algorithm: 1,
        public_key: key.public_key().to_bytes(),
        app_version: "tus".into(),
    };
    let mut answer = ureq::post(format!("{}/v1/enroll", hq.address()))
        .content_type(CONTENT_TYPE)
        .send(v1::encode(&request))
        .unwrap();
    let answer: EnrollAnswer = v1::decode(&answer.body_mut().read_to_vec().unwrap()).unwrap();
    answer.token.iter().map(|byte| format!("{byte:02x}")).collect()
}

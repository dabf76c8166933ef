//! Joining HQ, and joining it again under a new key.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::ids::{CityId, CommitHash, CommitRef};
use xuncha_domain::log::chain::Certificate;
use xuncha_domain::log::crypto::{PublicKey, SecretKey, Signer as _};
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::enroll::{
    EnrollAnswer, EnrollRequest, Proof, QR_PREFIX, RETURN_TAG, returning,
};
use xuncha_domain::protocol::v1::sync::{HeadName, SyncRequest};

use super::apply;
use super::client::Client;
use crate::api::types::{Changes, ErrorCode};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::meta::{self, Enrolment};
use crate::store::{chains, log};
use crate::write::{self, Pen};

/// Names in one question; HQ takes 256.
const POINTS_MAX: usize = 200;
/// Each round narrows a branch to a hundredth or less: more than enough for whatever a phone holds.
const ROUNDS_MAX: usize = 8;

/// Enrols this phone with the code of a QR, or a code as typed and the server's address.
pub async fn enroll(engine: &Engine, text: &str, server_url: Option<&str>) -> Result<()> {
    if engine.read(meta::enrolment)?.is_some() {
        return Err(Error::Refused(ErrorCode::AlreadyEnrolled, "this phone is enrolled"));
    }
    let (server_url, code) = read_code(text, server_url)?;
    let key = engine.0.options.keys.create(&*engine.0.options.entropy)?;
    let answer = ask(engine, &server_url, &[], Proof::Code(code), &key.public_key()).await?;
    let enrolment = verified(answer.clone(), server_url, &key.public_key())?;
    // Work of an enrolment that a damaged database lost goes on under this one. The code is used, so what HQ has of it is
    // a question whose answer may be missing: what is issued again without need agrees with what is there.
    if let Err(error) = learn_what_hq_holds(engine, &enrolment).await {
        tracing::warn!(%error, "HQ did not say what it holds of this phone");
    }
    take_over(engine, &enrolment, &answer)?;
    engine.emit(&Changes { sync: true, officers: true, venues: true, ..Changes::default() });
    engine.wake_sync();
    Ok(())
}

/// HQ's word that whoever holds this phone may: a code that it gave for this phone's officer. Nothing changes on the phone,
/// so that a sync may run beside it. The code is used up, and HQ lists one more device; its key and token are thrown away
/// here, so that nobody can ever speak for it.
pub async fn vouched(engine: &Engine, text: &str, server_url: Option<&str>) -> Result<()> {
    let not_enrolled = || Error::Refused(ErrorCode::NotEnrolled, "this phone is not enrolled");
    let known = engine.read(meta::enrolment)?.ok_or_else(not_enrolled)?;
    let (server_url, code) = read_code(text, server_url.or(Some(&known.server_url)))?;
    let nobodys = SecretKey::generate(&*engine.0.options.entropy).public_key();
    let answer = ask(engine, &server_url, &[], Proof::Code(code), &nobodys).await?;
    let given = verified(answer, server_url, &nobodys)?;
    if given.city != known.city || given.hq_key != known.hq_key {
        return Err(Error::Refused(ErrorCode::ServerAnswer, "another HQ answered"));
    }
    if given.officer() != known.officer() {
        return Err(Error::Refused(ErrorCode::CodeForeign, "the code is for another officer"));
    }
    Ok(())
}

/// When the key store does not hold the key of this database (a restored phone), gets a certificate for a new key and
/// moves unsent work to successor chains.
pub async fn renew_if_key_is_gone(engine: &Engine) -> Result<()> {
    let Some(enrolment) = engine.read(meta::enrolment)? else { return Ok(()) };
    let stored = engine.0.options.keys.load()?;
    let key = match stored {
        Some(key) if key.public_key() == enrolment.certificate.key => return Ok(()),
        // A key that was made for a renewal whose answer was lost: use it again.
        Some(key) => key,
        None => engine.0.options.keys.create(&*engine.0.options.entropy)?,
    };
    let proof = Proof::Renewal(enrolment.token.clone());
    let answer = ask(engine, &enrolment.server_url, &enrolment.token, proof, &key.public_key()).await?;
    let renewed = verified(answer.clone(), enrolment.server_url.clone(), &key.public_key())?;
    if renewed.city != enrolment.city || renewed.hq_key != enrolment.hq_key {
        return Err(Error::Refused(ErrorCode::ServerAnswer, "another HQ answered"));
    }
    // An old copy of the folder does not know what HQ has of it.
    learn_what_hq_holds(engine, &renewed).await?;
    take_over(engine, &renewed, &answer)
}

/// Shows HQ the certificate that it gave: it was restored from a backup that is older. Nothing changes on this phone.
pub(super) async fn come_back(engine: &Engine, client: &Client<'_>, enrolment: &Enrolment) -> Result<()> {
    let unknown = || Error::Refused(ErrorCode::DeviceUnknown, "HQ does not know this phone");
    let key = engine.0.options.keys.load()?.ok_or_else(unknown)?;
    let certificate = enrolment.certificate.as_bytes().to_vec();
    let signature = key.sign(RETURN_TAG, &returning(&certificate, &enrolment.token))?;
    let proof = Proof::Certificate(certificate, enrolment.token.clone(), signature);
    let answer = client.enroll(&request(engine, proof, &key.public_key())).await?;
    verified(answer, enrolment.server_url.clone(), &key.public_key()).map(drop)
}

/// Asks HQ under a new enrolment which commits of this phone it holds, and marks them. Heads alone would not tell: a copy
/// may have gone on from before the end of what HQ holds, so points along each branch are named, until it is known where
/// they part.
async fn learn_what_hq_holds(engine: &Engine, enrolment: &Enrolment) -> Result<()> {
    let client = Client::new(&*engine.0.options.transport, &enrolment.server_url, &enrolment.token);
    let mut lacking = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let question = engine.read(|connection| {
            let heads = points(connection, &lacking)?;
            Ok(SyncRequest { heads, ..super::request::question(engine, connection)? })
        })?;
        if question.heads.is_empty() {
            break;
        }
        let answer = client.sync(v1::encode(&question)).await?;
        let receipt = apply::verified(enrolment, &question, &answer)?;
        engine.0.store.write(|transaction| apply::take_receipt(engine, transaction, enrolment, &receipt))?;
        let held = |head: &HeadName| receipt.chains.iter().any(|held| held.hash == head.hash);
        let others = question.heads.iter().filter(|head| !held(head));
        lacking.extend(others.map(|head| CommitHash(head.hash).short()));
    }
    Ok(())
}

/// Commits without a receipt, at even distances on every branch, its last one among them. HQ lacks those of `lacking` and
/// what follows them.
fn points(connection: &Connection, lacking: &BTreeSet<CommitRef>) -> Result<Vec<HeadName>> {
    let mut branches = Vec::new();
    for chain in chains::mine(connection)? {
        for mut branch in log::branches(log::unreceived(connection, chain.id, usize::MAX >> 1)?) {
            branch
                .truncate(branch.iter().take_while(|commit| !lacking.contains(&commit.hash.short())).count());
            branches.push(branch);
        }
    }
    let each = POINTS_MAX.checked_div(branches.len()).unwrap_or_default().max(1);
    let points = branches.iter().flat_map(|branch| {
        branch.iter().rev().step_by(branch.len().div_ceil(each).max(1)).map(|commit| HeadName {
            chain: commit.header.chain.0,
            seq: commit.header.seq,
            hash: commit.hash.0,
        })
    });
    Ok(points.take(POINTS_MAX).collect())
}

/// Keeps an enrolment, and moves work of an older key that HQ does not have to successor chains.
fn take_over(engine: &Engine, enrolment: &Enrolment, answer: &EnrollAnswer) -> Result<()> {
    engine.0.store.write(|transaction| {
        meta::set_enrolment(transaction, enrolment)?;
        meta::set_scopes(transaction, &answer.scopes)?;
        meta::set_rescue(transaction, answer.rescue.as_deref())?;
        write::reissue(transaction, &Pen::of(&engine.0.options, enrolment, transaction)?).map(drop)
    })
}

async fn ask(
    engine: &Engine,
    server_url: &str,
    token: &[u8],
    proof: Proof,
    key: &PublicKey,
) -> Result<EnrollAnswer> {
    let request = request(engine, proof, key);
    Client::new(&*engine.0.options.transport, server_url, token).enroll(&request).await
}

fn request(engine: &Engine, proof: Proof, key: &PublicKey) -> EnrollRequest {
    EnrollRequest {
        proof,
        algorithm: PublicKey::ALGORITHM as u8,
        public_key: key.to_bytes(),
        app_version: engine.0.options.app_version.clone(),
    }
}

/// An answer counts only if its certificate is for our key and signed by the key that it names as HQ's.
fn verified(answer: EnrollAnswer, server_url: String, key: &PublicKey) -> Result<Enrolment> {
    let city = CityId(answer.city);
    let hq_key = PublicKey::from_bytes(answer.hq_algorithm, &answer.hq_key)?;
    let certificate = Certificate::verify(&answer.certificate, &hq_key, city)?;
    if certificate.key != *key {
        return Err(Error::Refused(ErrorCode::ServerAnswer, "the certificate is for another key"));
    }
    Ok(Enrolment { city, city_name: answer.city_name, server_url, token: answer.token, hq_key, certificate })
}

/// Reads `xuncha://enroll?u=<server>&c=<code>`, or a bare code with its server.
fn read_code(text: &str, server_url: Option<&str>) -> Result<(String, String)> {
    let text = text.trim();
    let bad = || Error::Refused(ErrorCode::BadRequest, "not an enrolment code");
    let (server, code) = match text.strip_prefix(QR_PREFIX) {
        Some(query) => {
            let part = |name: &str| {
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let mut named = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
                named.next().and_then(percent_decoded)
            };
            (part("u").ok_or_else(bad)?, part("c").ok_or_else(bad)?)
        }
        None => (server_url.ok_or_else(bad)?.trim().to_owned(), text.to_owned()),
    };
    let web = server.starts_with("https://") || server.starts_with("http://");
    if !web || code.is_empty() || code.len() > 200 || server.len() > 500 {
        return Err(bad());
    }
    Ok((server.trim_end_matches('/').to_owned(), code))
}

fn percent_decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_a_qr_or_as_typed() {
        let qr = "xuncha://enroll?u=http%3A%2F%2F127.0.0.1%3A8443%2F&c=ABCD-EFGH";
        let expected = ("http://127.0.0.1:8443".to_owned(), "ABCD-EFGH".to_owned());
        assert_eq!(read_code(qr, None).unwrap(), expected);
        assert_eq!(read_code(" ABCD-EFGH ", Some("http://127.0.0.1:8443")).unwrap(), expected);
        assert!(read_code("ABCD", None).is_err());
        assert!(read_code("ABCD", Some("ftp://x")).is_err());
        assert!(read_code("xuncha://enroll?u=http%3A%2F%2Fx", None).is_err());
    }

    /// Whatever a camera reads off a wall: an address of the web and a code of sensible length, or a refusal.
    #[test]
    fn no_text_of_a_code_is_taken_for_more_than_it_says() {
        let number =
            |name: &str, default: u64| std::env::var(name).ok().map_or(default, |text| text.parse().unwrap());
        let cases = number("XUNCHA_FUZZ_CASES", 20_000);
        let mut state = number("XUNCHA_FUZZ_SEED", 1);
        let mut below = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % n
        };
        let pieces = [
            "xuncha://enroll?",
            "u=",
            "c=",
            "&",
            "=",
            "%",
            "%E5",
            "%00",
            "https://",
            "http://",
            "hq.example",
            "/",
            "7KQ4-M2XP",
            " ",
            "\0",
            "检",
            "\u{202e}",
            "u=https%3A%2F%2Fhq.example&c=7KQ4-M2XP",
        ];
        let mut taken = 0;
        for _ in 0..cases {
            let mut text: String = (0..below(9)).map(|_| pieces[below(pieces.len())]).collect();
            if below(50) == 0 {
                text = text.repeat(200);
            }
            let typed = ["https://hq.example", "javascript:1", ""][below(3)];
            let Ok((server, code)) = read_code(&text, (below(2) == 0).then_some(typed)) else { continue };
            taken += 1;
            assert!(server.starts_with("https://") || server.starts_with("http://"), "{text:?}");
            assert!(!code.is_empty() && code.len() <= 200 && server.len() <= 500, "{text:?}");
        }
        println!("enrolment text: {cases} inputs, {taken} taken");
        assert!(taken > 0);
    }
}

//! Whatever comes to HQ's doors is answered, never with a panic and never as HQ's own fault: forms of the console, syncs
//! and enrolments, the headers of uploads, and registers from anywhere. How it works and its settings:
//! `crates/domain/tests/fuzz.rs`.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use xuncha_domain::cbor::Value;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::enroll::{EnrollRequest, Proof};
use xuncha_server::http::{App, router};
use xuncha_server::service::read_venues;

use crate::mutate::{Shown, input, mutate, number, place};
use crate::phone::{op, visit};
use crate::rng::Rng;
use crate::sync::HERE;
use crate::world::World;

const CASES: u64 = 1_000;

fn settings(cases: u64) -> (u64, Rng) {
    (number("XUNCHA_FUZZ_CASES", cases), Rng::new(number("XUNCHA_FUZZ_SEED", 1)))
}

/// HQ without a socket.
struct Doors {
    world: World,
    router: Router,
    runtime: Runtime,
}

impl Doors {
    fn new() -> Self {
        let world = World::new();
        let (_, ended) = tokio::sync::watch::channel(false);
        let router = router(App::new(world.service.clone(), ended), None);
        Self { world, router, runtime: Runtime::new().unwrap() }
    }

    /// What HQ answers. That it is at fault, it never says.
    fn ask(&self, name: &str, mut request: Request<Body>, shown: &[u8]) -> (StatusCode, Vec<u8>) {
        let _shown = Shown(name, shown);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let busy = status == StatusCode::SERVICE_UNAVAILABLE;
            assert!(status.as_u16() < 500 || busy, "{status}: {}", String::from_utf8_lossy(&body));
            (status, body.to_vec())
        })
    }
}

/// One value of a form becomes one that nobody expects there.
fn twist(rng: &mut Rng, json: &mut Json) {
    let values: Vec<&mut Json> = match json {
        Json::Object(map) if !map.is_empty() => map.values_mut().collect(),
        Json::Array(items) if !items.is_empty() => items.iter_mut().collect(),
        _ => {
            *json = match rng.below(9) {
                0 => Json::Null,
                1 => json!(u64::MAX),
                2 => json!(-1.5e300),
                3 => json!(""),
                4 => json!("\u{0}\u{202e}\u{1f9ea}".repeat(50)),
                5 => json!("a".repeat(20_000)),
                6 => (0..100).fold(json!(1), |inner, _| json!([inner])),
                7 => json!({ "$ref": 1 }),
                _ => Json::Array(vec![json.clone(); 3_000]),
            };
            return;
        }
    };
    let at = place(rng, values.len() - 1);
    if let Some(value) = values.into_iter().nth(at) {
        twist(rng, value);
    }
}

#[test]
fn whatever_a_form_of_the_console_holds_hq_answers() {
    let doors = Doors::new();
    let mut phone = doors.world.brigade_phone("甲");
    let mut other = doors.world.brigade_phone("乙");
    for (phone, value) in [(&mut phone, true), (&mut other, false)] {
        phone.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(value))]);
        phone.sync(vec![phone.packet(HERE, 1, 1)]);
    }
    let commits = [&phone, &other]
        .map(|phone| hex::encode(phone.chains[&HERE.parse().unwrap()].commits[0].hash.short().0));
    let service = &doors.world.service;
    let link = service.new_setup_token().unwrap().unwrap();
    let session = service.set_up(&link, "admin", "a long password").unwrap().token;
    let officer = hex::encode(phone.certificate.officer.0);
    let move_to = format!("/api/officers/{officer}/team");
    let forms = [
        ("POST", "/api/setup", json!({ "token": "0", "user": "second", "password": "a long password" })),
        ("POST", "/api/officers", json!({ "name": "丙", "certificate_no": "C-3", "team": null })),
        ("POST", &*move_to, json!({ "from": null, "to": "02".repeat(16) })),
        ("POST", "/api/enroll-codes", json!({ "officer": officer })),
        (
            "POST",
            "/api/conflicts/resolve",
            json!({ "entity": "01".repeat(16), "field": "a/CMN-R-01", "keep": commits[0], "over": commits }),
        ),
        ("POST", "/api/devices/00000000000000000000000000000000/close", json!({})),
        ("GET", "/api/visits?limit=5&text=a&before_ms=9", json!({})),
        ("GET", "/api/conflicts?limit=5", json!({})),
        ("GET", "/api/visits/01010101010101010101010101010101", json!({})),
        (
            "GET",
            "/api/photos/0101010101010101010101010101010101010101010101010101010101010101?size=thumb",
            json!({}),
        ),
    ];
    let (cases, mut rng) = settings(CASES);
    let mut taken = 0;
    for _ in 0..cases {
        let (method, path, form) = &forms[place(&mut rng, forms.len() - 1)];
        let mut form = form.clone();
        let mut bytes = if rng.below(2) == 0 {
            twist(&mut rng, &mut form);
            form.to_string().into_bytes()
        } else {
            input(&mut rng, &[form.to_string().into_bytes()], &[form.to_string().into_bytes()])
        };
        let mut path = (*path).to_owned();
        if rng.below(2) == 0 {
            // What stands in an address is letters, whatever they mean.
            let mut wild = path.clone().into_bytes();
            mutate(&mut rng, &mut wild, b"%00%ff&limit=99999999999999999999&before_ms=-1");
            let end =
                String::from_utf8_lossy(&wild).chars().filter(char::is_ascii_graphic).collect::<String>();
            path = format!("/{}", end.trim_start_matches('/'));
        } else if rng.below(20) == 0 {
            bytes = vec![b'['; 60_000];
        }
        let request = Request::builder()
            .method(*method)
            .uri(&path)
            .header("cookie", format!("xuncha_session={session}"))
            .header("x-xuncha", "1")
            .header("content-type", "application/json")
            .body(Body::from(bytes.clone()));
        let Ok(request) = request else { continue };
        // An event stream does not end.
        if path.starts_with("/api/events") {
            continue;
        }
        taken += u64::from(doors.ask(&path, request, &bytes).0.is_success());
    }
    println!("forms of the console: {cases} inputs, {taken} taken");
    assert!(taken > 0);
}

#[test]
fn whatever_a_phone_sends_hq_answers_and_keeps_what_others_wrote() {
    let doors = Doors::new();
    let (mut phone, mut other) = (doors.world.brigade_phone("甲"), doors.world.brigade_phone("乙"));
    other.write(HERE, &[op(&visit(9), "a/CMN-R-01", Value::Bool(true))]);
    other.sync(vec![other.packet(HERE, 1, 1)]);
    phone.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    phone.write(HERE, &[op(&visit(1), "a/CMN-R-02", Value::Bool(false))]);
    let syncs = [
        v1::encode(&phone.request(Vec::new())),
        v1::encode(&phone.request(vec![phone.packet(HERE, 1, 1)])),
        v1::encode(&phone.request(vec![phone.packet(HERE, 1, 1), phone.packet(HERE, 2, 2)])),
    ];
    let enrolment = EnrollRequest {
        proof: Proof::Code("AAAA-BBBB".into()),
        algorithm: 1,
        public_key: phone.hq.to_bytes(),
        app_version: "test".into(),
    };
    let doors_of_phones = [
        ("/v1/sync", syncs.to_vec()),
        ("/v1/enroll", vec![v1::encode(&enrolment)]),
        ("/v1/blobs/lacking", syncs.to_vec()),
    ];
    let (cases, mut rng) = settings(CASES);
    let mut taken = 0;
    for _ in 0..cases {
        // Three times of four a sync.
        let (path, own) = &doors_of_phones[place(&mut rng, 7).saturating_sub(5)];
        let bytes = input(&mut rng, own, &syncs);
        let request = Request::post(*path)
            .header("authorization", format!("Bearer {}", hex::encode(phone.token)))
            .header("content-type", v1::CONTENT_TYPE)
            .body(Body::from(bytes.clone()))
            .unwrap();
        taken += u64::from(doors.ask(path, request, &bytes).0.is_success());
    }
    println!("bodies of phones: {cases} inputs, {taken} taken");
    assert!(taken > 0);
    assert!(doors.world.service.visit(&[9; 16]).is_ok());
    assert!(doors.world.service.reproject().is_ok(), "the log can be counted again");
}

#[test]
fn whatever_the_headers_of_an_upload_say_hq_holds_no_bytes_but_those_of_the_hash() {
    let doors = Doors::new();
    let phone = doors.world.brigade_phone("甲");
    let photo = b"a photo of no picture".to_vec();
    let sha256: [u8; 32] = Sha256::digest(&photo).into();
    let metadata = format!("sha256 {}", STANDARD.encode(hex::encode(sha256)));
    let length = photo.len().to_string();
    let checksum = format!("sha256 {}", STANDARD.encode(sha256));
    let own = [
        "tus-resumable",
        "upload-length",
        "upload-offset",
        "upload-metadata",
        "upload-checksum",
        "content-type",
    ];
    let valid: [&[u8]; 6] = [
        b"1.0.0",
        length.as_bytes(),
        b"0",
        metadata.as_bytes(),
        checksum.as_bytes(),
        b"application/offset+octet-stream",
    ];
    let odd: [&[u8]; 7] =
        [b"", b"-1", b"18446744073709551615", b"1e9", b"sha256", b"sha256 !", b"sha1 AAAA,sha256 "];
    let (cases, mut rng) = settings(CASES);
    let (mut taken, mut uploads) = (0, vec!["/v1/blobs".to_owned()]);
    for _ in 0..cases {
        let path = if rng.below(3) == 0 {
            "/v1/blobs".into()
        } else {
            uploads[place(&mut rng, uploads.len() - 1)].clone()
        };
        let method = if path == "/v1/blobs" {
            "POST"
        } else {
            rng.pick(&["PATCH", "PATCH", "HEAD", "DELETE", "POST", "GET"])
        };
        let mut request =
            Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(&path);
        request = request.header("authorization", format!("Bearer {}", hex::encode(phone.token)));
        let mut shown = Vec::new();
        for (name, value) in own.iter().zip(valid) {
            let mut value = value.to_vec();
            match rng.below(12) {
                0 => continue,
                1 => value = rng.pick(&odd).to_vec(),
                2 => mutate(&mut rng, &mut value, &[b'9'; 40]),
                _ => {}
            }
            if let Ok(header) = HeaderValue::from_bytes(&value) {
                shown.extend([name.as_bytes(), b": ", &value, b"\n"].concat());
                request = request.header(HeaderName::from_static(name), header);
            }
        }
        let mut body = photo.clone();
        if rng.below(4) == 0 {
            mutate(&mut rng, &mut body, &photo);
        }
        let (status, _) = doors.ask(&path, request.body(Body::from(body)).unwrap(), &shown);
        taken += u64::from(status.is_success());
        if let Ok(upload) = doors.world.service.create_upload(&phone.device(), announced(sha256, photo.len()))
        {
            if let xuncha_server::service::Creation::Created(id) = upload {
                uploads.push(format!("/v1/blobs/{}", hex::encode(id)));
            }
            // Old ones are answered as gone; a few at a time are enough.
            if uploads.len() > 4 {
                let given_up = uploads.remove(1);
                let request = Request::delete(&given_up)
                    .header("tus-resumable", "1.0.0")
                    .header("authorization", format!("Bearer {}", hex::encode(phone.token)));
                doors.ask(&given_up, request.body(Body::empty()).unwrap(), b"");
            }
        }
    }
    println!("headers of uploads: {cases} inputs, {taken} taken");
    assert!(taken > 0);
    if let Ok(held) = doors.world.service.blob_file(&sha256) {
        assert_eq!(std::fs::read(held).unwrap(), photo);
    }
}

fn announced(sha256: [u8; 32], size: usize) -> xuncha_server::service::Announced {
    xuncha_server::service::Announced { sha256, size: size as u64, metadata: String::new() }
}

const TABLE: &str = "name,category,district,township,address,licence_no,lat,lon\n\
    \"网吧 \"\"一\"\"号\",CATEGORY,140105,,\"平阳路1号,二层\",LIC-1,37.81,112.54\n\
    影城,CATEGORY,小店区,,长风街2号,,,\n";

#[test]
fn a_damaged_register_never_panics() {
    let (cases, mut rng) = settings(2 * CASES);
    let category = &xuncha_domain::reference::categories()[0].code;
    let table = TABLE.replace("CATEGORY", category);
    let mut rows = read_venues(table.as_bytes()).0.len();
    assert_eq!(rows, 2);
    for _ in 0..cases {
        let mut bytes = table.clone().into_bytes();
        for _ in 0..=rng.below(5) {
            let piece = rng.pick(&["\"\r\n,", "9", "\u{feff}", "影"]).repeat(place(&mut rng, 400));
            mutate(&mut rng, &mut bytes, piece.as_bytes());
        }
        let _shown = Shown("register", &bytes);
        let (venues, errors) = read_venues(&bytes);
        assert!(venues.len() + errors.len() <= bytes.len());
        rows += venues.len();
    }
    println!("register: {cases} inputs, {rows} rows taken");
}

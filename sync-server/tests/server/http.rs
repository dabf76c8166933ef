//! Over real HTTP: the console's doors, and photos by tus with the status codes of its specification.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};
use xuncha_domain::cbor::Value;
use xuncha_domain::protocol::v1::refusal::Refusal;
use xuncha_domain::protocol::v1::{self, blobs::Hashes};

use crate::phone::{op, visit};
use crate::sync::HERE;
use crate::world::World;

/// A running HQ. Ends with its last request when dropped.
struct Hq {
    world: World,
    address: SocketAddr,
    agent: Agent,
    token: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Hq {
    fn start() -> Self {
        let world = World::new();
        let token = hex::encode(world.brigade_phone("甲").token);
        let (stop, stopped) = oneshot::channel();
        let (started, address) = std::sync::mpsc::channel();
        let service = Arc::clone(&world.service);
        let thread = std::thread::spawn(move || {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap()
                .block_on(async {
                    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                    started.send(listener.local_addr().unwrap()).unwrap();
                    let stop = async {
                        let _ = stopped.await;
                    };
                    xuncha_server::serve_service(service, None, listener, stop).await.unwrap();
                });
        });
        let agent =
            Agent::config_builder().http_status_as_error(false).max_idle_connections(0).build().into();
        Self { world, address: address.recv().unwrap(), agent, token, stop: Some(stop), thread: Some(thread) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Body> {
        self.try_send(method, path, headers, body).unwrap()
    }

    fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response<Body>, ureq::Error> {
        let mut request = Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_empty() && method != "POST" && method != "PATCH" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        }
    }

    /// A tus request of the enrolled phone.
    fn tus(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Body> {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str()), ("tus-resumable", "1.0.0")];
        all.extend_from_slice(headers);
        self.send(method, path, &all, body)
    }

    /// Creates an upload of these bytes. Returns its path.
    fn create(&self, bytes: &[u8]) -> String {
        let length = bytes.len().to_string();
        let created = self.tus(
            "POST",
            "/v1/blobs",
            &[("upload-length", &length), ("upload-metadata", &metadata(bytes))],
            b"",
        );
        assert_eq!(created.status(), 201);
        assert_eq!(header(&created, "upload-offset"), "0");
        header(&created, "location")
    }

    fn patch(&self, path: &str, offset: usize, bytes: &[u8], more: &[(&str, &str)]) -> Response<Body> {
        let offset = offset.to_string();
        let mut headers =
            vec![("upload-offset", offset.as_str()), ("content-type", "application/offset+octet-stream")];
        headers.extend_from_slice(more);
        self.tus("PATCH", path, &headers, bytes)
    }

    /// Brings the rest as a phone does: it asks, goes on from there, and asks again when that is refused or breaks off.
    fn go_on(&self, path: &str, bytes: &[u8]) {
        let bearer = format!("Bearer {}", self.token);
        for _ in 0..100 {
            let offset = self.offset(path);
            let from: usize = offset.parse().unwrap();
            if from == bytes.len() {
                return;
            }
            let headers = [
                ("authorization", bearer.as_str()),
                ("tus-resumable", "1.0.0"),
                ("upload-offset", offset.as_str()),
                ("content-type", "application/offset+octet-stream"),
            ];
            if let Ok(answer) = self.try_send("PATCH", path, &headers, &bytes[from..]) {
                assert!([204, 409].contains(&answer.status().as_u16()), "{}", answer.status());
            }
        }
        panic!("the upload does not end");
    }

    fn offset(&self, path: &str) -> String {
        let head = self.tus("HEAD", path, &[], b"");
        assert_eq!(head.status(), 200);
        assert_eq!(header(&head, "cache-control"), "no-store");
        header(&head, "upload-offset")
    }
}

impl Drop for Hq {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

fn header(response: &Response<Body>, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn metadata(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(hex::encode(Sha256::digest(bytes))))
}

fn checksum(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(Sha256::digest(bytes)))
}

/// Bytes that differ by `seed` and do not repeat soon.
fn picture(seed: u32, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed << 20) >> 13) as u8).collect()
}

#[test]
fn a_photo_arrives_in_pieces_and_is_held_when_its_hash_is_right() {
    let hq = Hq::start();
    let bytes = picture(1, 100_000);
    let at = hq.create(&bytes);
    assert_eq!(hq.offset(&at), "0");
    let first = hq.patch(&at, 0, &bytes[..40_000], &[]);
    assert_eq!((first.status().as_u16(), header(&first, "upload-offset").as_str()), (204, "40000"));
    let wrong = hq.patch(&at, 0, &bytes[..10], &[]);
    assert_eq!((wrong.status().as_u16(), header(&wrong, "upload-offset").as_str()), (409, "40000"));
    assert_eq!(hq.patch(&at, 40_000, &picture(2, 60_001), &[]).status(), 413);
    assert_eq!(hq.offset(&at), "40000");
    let last = hq.patch(&at, 40_000, &bytes[40_000..], &[("upload-checksum", &checksum(&bytes[40_000..]))]);
    assert_eq!((last.status().as_u16(), header(&last, "tus-resumable").as_str()), (204, "1.0.0"));
    assert_eq!(hq.offset(&at), "100000");
    // Whoever lost the answer creates again and finds it complete.
    let length = bytes.len().to_string();
    let again = hq.tus(
        "POST",
        "/v1/blobs",
        &[("upload-length", &length), ("upload-metadata", &metadata(&bytes))],
        b"",
    );
    assert_eq!((again.status().as_u16(), header(&again, "upload-offset").as_str()), (201, "100000"));
    assert_eq!(hq.offset(&header(&again, "location")), "100000");
    assert_eq!(hq.patch(&header(&again, "location"), 100_000, b"", &[]).status(), 204, "an empty goodbye");
    assert_eq!(hq.patch(&at, 100_000, b"", &[]).status(), 204);
    assert_eq!(hq.patch(&at, 100_000, b"more", &[]).status(), 413);
    assert_eq!(hq.offset(&at), "100000");
    let mut got = hq.tus("GET", &header(&again, "location"), &[("range", "bytes=10-19")], b"");
    assert_eq!(got.status(), 206);
    assert_eq!(got.body_mut().read_to_vec().unwrap(), bytes[10..20]);
}

#[test]
fn wrong_requests_get_the_codes_of_the_specification() {
    let hq = Hq::start();
    let bytes = picture(3, 1_000);
    let at = hq.create(&bytes);
    let bearer = format!("Bearer {}", hq.token);
    let old = hq.send("HEAD", &at, &[("authorization", &bearer), ("tus-resumable", "0.2.2")], b"");
    assert_eq!((old.status().as_u16(), header(&old, "tus-version").as_str()), (412, "1.0.0"));
    let stranger = hq.send("HEAD", &at, &[("tus-resumable", "1.0.0")], b"");
    assert_eq!(stranger.status(), 401);
    let typed = hq.tus("PATCH", &at, &[("upload-offset", "0"), ("content-type", "text/plain")], &bytes);
    assert_eq!(typed.status(), 415);
    let nowhere = hq.tus("PATCH", &at, &[("content-type", "application/offset+octet-stream")], &bytes);
    assert_eq!(nowhere.status(), 400);
    let unknown = hq.patch(&format!("/v1/blobs/{}", "0".repeat(32)), 0, &bytes, &[]);
    assert_eq!(unknown.status(), 404);
    let broken = hq.patch(&at, 0, &bytes, &[("upload-checksum", &checksum(b"other"))]);
    assert_eq!(broken.status(), 460);
    assert_eq!(hq.offset(&at), "0", "bytes under a wrong checksum do not count");
    let odd = hq.patch(&at, 0, &bytes, &[("upload-checksum", "md5 AAAA")]);
    assert_eq!(odd.status(), 400);
    let large = hq.tus(
        "POST",
        "/v1/blobs",
        &[("upload-length", "41943041"), ("upload-metadata", &metadata(b"x"))],
        b"",
    );
    assert_eq!(large.status(), 413);
    let nameless = hq.tus("POST", "/v1/blobs", &[("upload-length", "5")], b"");
    assert_eq!(nameless.status(), 400);
    let options = hq.send("OPTIONS", "/v1/blobs", &[], b"");
    assert_eq!((options.status().as_u16(), header(&options, "tus-max-size").as_str()), (204, "41943040"));
    assert_eq!(
        header(&options, "tus-extension"),
        "creation,creation-with-upload,checksum,expiration,termination"
    );
    assert_eq!(header(&options, "tus-checksum-algorithm"), "sha256,sha1");
}

#[test]
fn bytes_with_another_hash_are_refused_and_gone() {
    let hq = Hq::start();
    let at = hq.create(&picture(4, 500));
    assert_eq!(hq.patch(&at, 0, &picture(5, 500), &[]).status(), 460);
    assert_eq!(hq.tus("HEAD", &at, &[], b"").status(), 410);
    assert_eq!(hq.patch(&at, 0, &picture(4, 500), &[]).status(), 410);
}

#[test]
fn a_terminated_upload_is_gone_and_a_blob_stays() {
    let hq = Hq::start();
    let bytes = picture(10, 4_000);
    let at = hq.create(&bytes);
    assert_eq!(hq.patch(&at, 0, &bytes[..1_000], &[]).status(), 204);
    assert_eq!(hq.tus("DELETE", &at, &[], b"").status(), 204);
    for method in ["HEAD", "DELETE"] {
        assert_eq!(hq.tus(method, &at, &[], b"").status(), 410, "{method}");
    }
    assert_eq!(hq.patch(&at, 1_000, &bytes[1_000..], &[]).status(), 410);
    assert!(std::fs::read_dir(hq.world.dir.path().join("blobs/parts")).unwrap().next().is_none());
    assert_eq!(hq.tus("DELETE", &format!("/v1/blobs/{}", "0".repeat(32)), &[], b"").status(), 404);
    let at = hq.create(&bytes);
    hq.go_on(&at, &bytes);
    let blob = format!("/v1/blobs/{}", hex::encode(Sha256::digest(&bytes)));
    assert_eq!(hq.tus("DELETE", &blob, &[], b"").status(), 403, "HQ said that it holds it");
    assert_eq!(hq.tus("POST", &at, &[("x-http-method-override", "DELETE")], b"").status(), 204);
    assert_eq!(hq.offset(&blob), "4000");
}

#[test]
fn an_unfinished_upload_expires_and_is_swept() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let hq = Hq::start();
    let bytes = picture(11, 4_000);
    let at = hq.create(&bytes);
    let headers = [("upload-length", "4000"), ("upload-metadata", &metadata(&bytes) as &str)];
    let created = hq.tus("POST", "/v1/blobs", &headers, b"");
    assert_eq!(header(&created, "upload-expires"), "Sat, 08 Feb 2020 00:00:00 GMT");
    let patched = hq.patch(&at, 0, &bytes[..1_000], &[]);
    assert_eq!(header(&patched, "upload-expires"), "Sat, 08 Feb 2020 00:00:00 GMT");
    let whole = hq.create(&picture(12, 100));
    let last = hq.patch(&whole, 0, &picture(12, 100), &[]);
    assert_eq!((last.status().as_u16(), header(&last, "upload-expires").as_str()), (204, ""));
    hq.world.clock.advance(7 * DAY_MS - 1);
    assert_eq!(hq.offset(&at), "1000");
    hq.world.clock.advance(1);
    assert_eq!(hq.tus("HEAD", &at, &[], b"").status(), 410);
    assert_eq!(hq.patch(&at, 1_000, &bytes[1_000..], &[]).status(), 410);
    let parts = || std::fs::read_dir(hq.world.dir.path().join("blobs/parts")).unwrap().count();
    assert_eq!(parts(), 1, "a request that began in time may end");
    hq.world.clock.advance(DAY_MS + 1);
    hq.create(&picture(13, 100));
    assert_eq!(parts(), 0);
    assert_eq!(hq.offset(&whole), "100", "what is complete does not expire");
}

#[test]
fn a_blob_is_fetched_in_ranges_by_those_who_may_read_it() {
    let hq = Hq::start();
    let bytes = picture(9, 10_000);
    let at = hq.create(&bytes);
    hq.go_on(&at, &bytes);
    let name = hex::encode(Sha256::digest(&bytes));
    let tag = format!("\"{name}\"");
    let path = format!("/v1/blobs/{name}");
    let get = |token: &str, headers: &[(&str, &str)]| {
        let bearer = format!("Bearer {token}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        hq.send("GET", &path, &all, b"")
    };
    let mine = |headers: &[(&str, &str)]| get(&hq.token, headers);
    let body = |mut answer: Response<Body>| answer.body_mut().read_to_vec().unwrap();

    let whole = mine(&[]);
    assert_eq!((whole.status().as_u16(), header(&whole, "etag")), (200, tag.clone()));
    assert_eq!(body(whole), bytes);
    let rest = mine(&[("range", "bytes=6000-"), ("if-range", &tag)]);
    assert_eq!(rest.status(), 206);
    assert_eq!(header(&rest, "content-range"), "bytes 6000-9999/10000");
    assert_eq!(header(&rest, "content-length"), "4000");
    assert_eq!(body(rest), bytes[6_000..]);
    let other = mine(&[("range", "bytes=6000-"), ("if-range", "\"other\"")]);
    assert_eq!((other.status().as_u16(), body(other).len()), (200, 10_000));
    let beyond = mine(&[("range", "bytes=10000-")]);
    assert_eq!((beyond.status().as_u16(), header(&beyond, "content-range")), (416, "bytes */10000".into()));
    assert_eq!(mine(&[("if-none-match", &tag)]).status(), 304);

    // No visit that others may read names it.
    let stranger = hq.world.phone(hq.world.officer("乙", Some("140105")));
    assert_eq!(get(&hex::encode(stranger.token), &[]).status(), 404);
    assert_eq!(hq.send("GET", &path, &[], b"").status(), 401);
}

#[test]
fn a_snapshot_goes_on_at_the_byte_and_is_not_sent_twice() {
    let hq = Hq::start();
    let bearer = format!("Bearer {}", hq.token);
    let get = |path: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        hq.send("GET", path, &all, b"")
    };
    let mut phone = hq.world.brigade_phone("丙");
    phone.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    phone.sync(vec![phone.packet(HERE, 1, 1)]);
    let path = "/v1/snapshot/district/140105";
    assert_eq!(get(path, &[]).status(), 404, "there was no backup");
    hq.world.service.backup(&hq.world.dir.path().join("backup")).unwrap();
    let mut whole = get(path, &[]);
    let tag = header(&whole, "etag");
    assert_eq!((whole.status().as_u16(), header(&whole, "accept-ranges").as_str()), (200, "bytes"));
    let bytes = whole.body_mut().read_to_vec().unwrap();
    let mut rest = get(path, &[("range", "bytes=20-"), ("if-range", &tag)]);
    assert_eq!(rest.status(), 206);
    assert_eq!(rest.body_mut().read_to_vec().unwrap(), bytes[20..]);
    assert_eq!(get(path, &[("if-none-match", &tag)]).status(), 304);
    assert_eq!(get("/v1/snapshot/district/999999", &[]).status(), 404);
    assert_eq!(hq.send("GET", path, &[], b"").status(), 401);
}

#[test]
fn a_creation_may_bring_the_bytes() {
    let hq = Hq::start();
    let bytes = picture(6, 3_000);
    let headers = [
        ("upload-length", "3000"),
        ("upload-metadata", &metadata(&bytes)),
        ("content-type", "application/offset+octet-stream"),
    ];
    let created = hq.tus("POST", "/v1/blobs", &headers, &bytes[..2_000]);
    assert_eq!((created.status().as_u16(), header(&created, "upload-offset").as_str()), (201, "2000"));
    let at = header(&created, "location");
    assert_eq!(header(&hq.tus("HEAD", &at, &[], b""), "upload-metadata"), metadata(&bytes));
    let override_patch = [
        ("x-http-method-override", "PATCH"),
        ("upload-offset", "2000"),
        ("content-type", "application/offset+octet-stream"),
    ];
    assert_eq!(hq.tus("POST", &at, &override_patch, &bytes[2_000..]).status(), 204);
    assert_eq!(hq.offset(&at), "3000");
}

#[test]
fn a_broken_connection_loses_nothing_that_arrived() {
    let hq = Hq::start();
    let bytes = picture(7, 50_000);
    let at = hq.create(&bytes);
    let mut broken = TcpStream::connect(hq.address).unwrap();
    write!(
        broken,
        "PATCH {at} HTTP/1.1\r\nHost: hq\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: 50000\r\n\r\n",
        hq.token
    )
    .unwrap();
    broken.write_all(&bytes[..30_000]).unwrap();
    // The phone lost its network: this connection says nothing more, and the phone goes on over another one.
    hq.go_on(&at, &bytes);
    assert_eq!(hq.offset(&at), "50000");
    drop(broken);
}

#[test]
fn concurrent_requests_of_one_upload_take_turns() {
    let hq = Hq::start();
    let bytes = picture(8, 2_000_000);
    let at = hq.create(&bytes);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| hq.go_on(&at, &bytes));
        }
    });
    assert_eq!(hq.offset(&at), "2000000");
}

#[test]
fn lacking_answers_in_the_language_of_the_question() {
    let hq = Hq::start();
    let bytes = picture(9, 100);
    let at = hq.create(&bytes);
    assert_eq!(hq.patch(&at, 0, &bytes, &[]).status(), 204);
    let (held, lacked): ([u8; 32], [u8; 32]) = (Sha256::digest(&bytes).into(), [1; 32]);
    let asked = Hashes { hashes: vec![held.into(), lacked.into()] };
    let mut answer =
        hq.tus("POST", "/v1/blobs/lacking", &[("content-type", "application/cbor")], &v1::encode(&asked));
    let answer: Hashes = v1::decode(&answer.body_mut().read_to_vec().unwrap()).unwrap();
    assert_eq!(answer.hashes, [lacked.into()]);
    let asked = format!("[\"{}\",\"{}\"]", hex::encode(held), hex::encode(lacked));
    let mut answer =
        hq.tus("POST", "/v1/blobs/lacking", &[("content-type", "application/json")], asked.as_bytes());
    assert_eq!(answer.body_mut().read_to_string().unwrap(), format!("[\"{}\"]", hex::encode(lacked)));
    let mut refused = hq.tus("POST", "/v1/blobs/lacking", &[("content-type", "application/cbor")], b"\xff");
    assert_eq!(refused.status(), 400);
    let refused: Refusal = v1::decode(&refused.body_mut().read_to_vec().unwrap()).unwrap();
    assert_eq!(refused.code, "malformed");
}

#[test]
fn a_bomb_or_noise_at_sync_changes_nothing() {
    let hq = Hq::start();
    let bearer = format!("Bearer {}", hq.token);
    for body in [vec![0xff; 100], vec![0x9f; 100_000], Vec::new()] {
        assert_eq!(hq.send("POST", "/v1/sync", &[("authorization", &bearer)], &body).status(), 400);
    }
    // Asked first, or the refusal could cut the connection under the body.
    let headers = [("authorization", bearer.as_str()), ("expect", "100-continue")];
    let mut large = hq.send("POST", "/v1/sync", &headers, &vec![0; 6 * 1024 * 1024]);
    assert_eq!(large.status(), 413);
    let refusal: Refusal = v1::decode(&large.body_mut().read_to_vec().unwrap()).unwrap();
    assert_eq!(refusal.code, "too_large");
    assert_eq!(hq.send("POST", "/v1/sync", &[("authorization", "Bearer x")], b"\x80").status(), 401);
}

#[test]
fn the_console_signs_in_and_foreign_pages_do_not_act() {
    let hq = Hq::start();
    let token = hq.world.service.new_setup_token().unwrap().unwrap();
    let ours = ("x-xuncha", "1");
    let json = ("content-type", "application/json");
    let body = format!(r#"{{"token":"{token}","user":"hq","password":"eleven brown hens"}}"#);
    assert_eq!(hq.send("POST", "/api/setup", &[json], body.as_bytes()).status(), 403, "no header of ours");
    let mut opened = hq.send("POST", "/api/setup", &[json, ours], body.as_bytes());
    assert_eq!(opened.status(), 200, "{}", opened.body_mut().read_to_string().unwrap());
    let cookie = header(&opened, "set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let signed = ("cookie", cookie.as_str());
    for path in ["session", "reference", "overview", "visits?limit=5", "devices", "officers", "teams"] {
        let path = format!("/api/{path}");
        assert_eq!(hq.send("GET", &path, &[signed], b"").status(), 200, "{path}");
        assert_eq!(hq.send("GET", &path, &[], b"").status(), 401, "{path}");
    }
    let mut problem = hq.send("GET", "/api/visits/zz", &[signed], b"");
    assert_eq!(problem.status(), 404);
    assert!(problem.body_mut().read_to_string().unwrap().contains(r#""code":"not_found""#));
    assert_eq!(hq.send("DELETE", "/api/session", &[signed, ours], b"").status(), 204);
    assert_eq!(hq.send("GET", "/api/session", &[signed], b"").status(), 401);
    let mut page = hq.send("GET", "/setup", &[], b"");
    assert_eq!(page.status(), 503, "the pages are not installed here, and it says so");
    assert!(page.body_mut().read_to_string().unwrap().contains("--ui"));
    assert!(header(&page, "content-security-policy").contains("frame-ancestors 'none'"));
}

#[test]
fn an_open_console_hears_of_news_and_lets_the_server_end() {
    let hq = Hq::start();
    hq.world.service.add_user("hq", "eleven brown hens", xuncha_server::storage::Role::Admin).unwrap();
    let opened = hq.world.service.sign_in("hq", "eleven brown hens", "test").unwrap();
    let mut stream = TcpStream::connect(hq.address).unwrap();
    let cookie = opened.token;
    write!(stream, "GET /api/events HTTP/1.1\r\nHost: hq\r\nCookie: xuncha_session={cookie}\r\n\r\n")
        .unwrap();
    let mut heard = String::new();
    read_until(&mut stream, &mut heard, "\r\n\r\n");
    hq.world.brigade_phone("乙");
    read_until(&mut stream, &mut heard, "\"devices\":true");
    assert!(heard.contains("event: changed"), "{heard}");
    // Dropping HQ would wait for ever if the open stream kept it running.
}

fn read_until(stream: &mut TcpStream, heard: &mut String, end: &str) {
    let mut buffer = [0; 1024];
    while !heard.contains(end) {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the stream ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

#[test]
fn every_console_route_is_documented() {
    let document = serde_json::to_value(xuncha_server::http::document()).unwrap();
    let mut routes: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            routes.push(format!("{method} {path}"));
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(response["description"].is_string(), "{method} {path}: OpenAPI wants a description");
            }
        }
    }
    // No reference leads nowhere.
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not described");
    }
    routes.sort();
    let expected = [
        "delete /api/session",
        "get /api/conflicts",
        "get /api/devices",
        "get /api/duplicates",
        "get /api/erase-orders",
        "get /api/events",
        "get /api/ledgers",
        "get /api/ledgers/{ledger}",
        "get /api/officers",
        "get /api/overview",
        "get /api/photos/{sha256}",
        "get /api/quarantine",
        "get /api/reference",
        "get /api/rows/{id}",
        "get /api/session",
        "get /api/setup",
        "get /api/teams",
        "get /api/venues",
        "get /api/visits",
        "get /api/visits/{id}",
        "patch /api/rows/{id}",
        "post /api/assignments",
        "post /api/conflicts/resolve",
        "post /api/devices/{id}/close",
        "post /api/duplicates/decide",
        "post /api/enroll-codes",
        "post /api/erase-orders",
        "post /api/ledgers/{ledger}",
        "post /api/officers",
        "post /api/officers/{id}/team",
        "post /api/session",
        "post /api/setup",
        "post /api/visits/{id}/review",
    ];
    assert_eq!(routes, expected);
}

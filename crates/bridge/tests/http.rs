//! What a page in a browser meets: the key, the limits, the public files. What calls do is tested in the engine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use xuncha_engine::{Options, Phone};

const KEY: &str = "k0";

/// A bridge on a free port, served until it is dropped.
struct Served {
    address: SocketAddr,
    agent: ureq::Agent,
    stop: Option<oneshot::Sender<()>>,
    runtime: Runtime,
    ended: Option<tokio::task::JoinHandle<anyhow::Result<()>>>,
    _folder: tempfile::TempDir,
}

fn serve() -> Served {
    serve_phone(|data| Phone::open(Options::system(data)))
}

fn serve_phone(open: impl FnOnce(PathBuf) -> Phone) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let ui = folder.path().join("ui");
    fs::create_dir_all(ui.join("assets")).unwrap();
    fs::write(ui.join("phone.html"), "<title>巡查</title>").unwrap();
    fs::write(ui.join("assets/a.js"), "1").unwrap();
    fs::write(folder.path().join("outside.txt"), "private").unwrap();

    let phone = open(folder.path().join("data"));
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = runtime.spawn(async move {
        let shutdown = async { drop(stopped.await) };
        xuncha_bridge::serve(phone, listener, &ui, KEY.to_owned(), shutdown).await
    });
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    Served { address, agent, stop: Some(stop), runtime, ended: Some(ended), _folder: folder }
}

impl Served {
    fn get(&self, path: &str) -> (u16, String) {
        let mut answer = self.agent.get(format!("http://{}{path}", self.address)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    fn post(&self, path: &str, body: &[u8]) -> (u16, Value) {
        let request = self.agent.post(format!("http://{}{path}", self.address)).header("x-bridge-key", KEY);
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }
}

#[test]
fn the_files_of_the_ui_are_public_and_nothing_else_is() {
    let bridge = serve();
    assert_eq!(bridge.get("/"), (200, "<title>巡查</title>".into()));
    assert_eq!(bridge.get("/assets/a.js"), (200, "1".into()));
    assert_eq!(bridge.get("/../outside.txt").0, 404);
    assert_eq!(bridge.get("/%2e%2e/outside.txt").0, 404);
    for path in ["/events", "/events?key=wrong", "/photo/ab?size=thumb"] {
        assert_eq!(bridge.get(path).0, 401, "{path}");
    }
    let call = bridge.agent.post(format!("http://{}/call/status", bridge.address)).send("{}").unwrap();
    assert_eq!(call.status().as_u16(), 401);
    let scan = bridge.agent.post(format!("http://{}/scan", bridge.address)).send("").unwrap();
    assert_eq!(scan.status().as_u16(), 401);
}

#[test]
fn calls_answer_with_the_engines_result_or_its_error() {
    let bridge = serve();
    let (status, answer) = bridge.post("/call/status", b"{}");
    assert_eq!((status, &answer["enrolled"]), (200, &Value::Bool(false)));
    let (status, answer) = bridge.post("/call/no_such_call", b"{}");
    assert!(status >= 400 && answer["code"].is_string(), "{status} {answer}");
    let (status, answer) = bridge.post("/call/status", b"no json");
    assert_eq!((status, &answer["code"]), (400, &Value::from("bad_request")));
    let (status, answer) =
        bridge.post("/scan", include_bytes!("../../../tests/fixtures/photos/baseline.jpg"));
    assert_eq!((status, &answer["code"]), (422, &Value::from("code_unreadable")));
    assert_eq!(bridge.get(&format!("/photo/../data?key={KEY}")).0, 404);
    assert_eq!(bridge.get(&format!("/photo/ab?key={KEY}")).0, 404);
}

#[test]
fn bodies_over_their_limit_are_refused_with_a_reason() {
    let bridge = serve();
    let meta = "meta=%7B%22visit%22%3A%22v%22%2C%22item%22%3Anull%2C%22position%22%3Anull%7D";
    let (status, answer) = bridge.post(&format!("/photo?{meta}"), &vec![0; 48 * 1024 * 1024 + 1]);
    assert_eq!((status, &answer["code"]), (413, &Value::from("photo_too_large")));
    let (status, answer) = bridge.post("/scan", &vec![0; 48 * 1024 * 1024 + 1]);
    assert_eq!((status, &answer["code"]), (413, &Value::from("photo_too_large")));
    let request = bridge.agent.post(format!("http://{}/call/status", bridge.address));
    let answer = request.header("x-bridge-key", KEY).send(&vec![b' '; 256 * 1024 + 1][..]).unwrap();
    assert_eq!(answer.status().as_u16(), 413);
}

#[test]
fn an_open_event_stream_does_not_keep_the_bridge_from_ending() {
    let mut bridge = serve();
    let stream = bridge.agent.get(format!("http://{}/events?key={KEY}", bridge.address)).call().unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    bridge.stop.take().unwrap().send(()).unwrap();
    bridge.runtime.block_on(bridge.ended.take().unwrap()).unwrap().unwrap();
}

#[test]
fn data_of_a_newer_app_are_said_to_be_so_by_every_call() {
    let bridge = serve_phone(|data| {
        drop(Phone::open(Options::system(data.clone())));
        let database = rusqlite::Connection::open(data.join("xuncha.db")).unwrap();
        database.pragma_update(None, "user_version", 999).unwrap();
        database
            .execute("UPDATE meta SET value = CAST('7.2.0' AS BLOB) WHERE key = 'shaped_by'", [])
            .unwrap();
        Phone::open(Options::system(data))
    });
    for call in ["status", "today", "visit_start"] {
        let (status, answer) = bridge.post(&format!("/call/{call}"), b"{}");
        assert_eq!(
            (status, &answer["code"], &answer["needs"]),
            (422, &"database_newer".into(), &"7.2.0".into())
        );
    }
    // Except the one that gets the work off the phone, had it any.
    assert_eq!(bridge.post("/call/rescue_bundle", b"{}").1["code"], "not_enrolled");
    assert_eq!(bridge.get("/").0, 200);
}

#[test]
fn a_rescue_bundle_is_downloaded_under_its_name() {
    let mut made = PathBuf::new();
    let bridge = serve_phone(|data| {
        made = data.join("rescue");
        Phone::open(Options::system(data))
    });
    let download = || bridge.agent.get(format!("http://{}/rescue?key={KEY}", bridge.address)).call().unwrap();
    assert_eq!(bridge.get("/rescue").0, 401);
    assert_eq!(download().status().as_u16(), 404);
    fs::create_dir_all(&made).unwrap();
    fs::write(made.join("xuncha-rescue-0a-1.age"), "sealed").unwrap();
    fs::write(made.join("rescue.part"), "half").unwrap();
    let mut answer = download();
    let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(name, "attachment; filename=\"xuncha-rescue-0a-1.age\"");
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "sealed");
}

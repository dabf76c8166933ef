//! A phone that cannot reach HQ any more gives its work to a file, and HQ takes the file.

use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use xuncha_domain::bundle::{self, BundleError, Check};
use xuncha_domain::ids::{EntityId, OfficerId};
use xuncha_engine::api::types::{Answer, Enroll, ErrorCode, Nothing};
use xuncha_engine::rescue::RescueBundle;
use xuncha_engine::{Options, rescue};
use xuncha_server::service::{Service, rescue as sealed};
use xuncha_tests::processes::built;
use xuncha_tests::world::Phone;

use super::{finish, measure, take_photo};

const ITEM: &str = "CMN-R-01";

/// HQ on a folder that a test may look into. It answers as long as its runtime lives.
struct Hq {
    service: Arc<Service>,
    folder: TempDir,
    runtime: Runtime,
    address: String,
}

impl Hq {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = open(folder.path());
        service.write_demo().unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving =
            xuncha_server::serve_service(Arc::clone(&service), None, listener, std::future::pending());
        runtime.spawn(serving);
        Self { service, folder, runtime, address }
    }

    fn phone(&self) -> Phone {
        self.phone_of(0)
    }

    /// Of the n-th officer.
    fn phone_of(&self, n: usize) -> Phone {
        let officer = OfficerId(self.service.officers().unwrap()[n].row.id);
        let code = self.service.new_enrol_code(officer, &self.address).unwrap().text;
        let phone = Phone::new();
        phone.engine.enroll(Enroll { text: code, server_url: None }).unwrap();
        self.sync(&phone);
        phone
    }

    fn sync(&self, phone: &Phone) {
        self.runtime.block_on(phone.engine.sync_once()).unwrap();
    }

    /// The same HQ as it was at the last backup, on another machine: database and keys.
    fn backup(&self) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        let database = rusqlite::Connection::open(self.folder.path().join("hq.sqlite")).unwrap();
        let copy = to.path().join("hq.sqlite");
        database.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        for key in ["hq.key", "rescue.key"] {
            fs::copy(self.folder.path().join(key), to.path().join(key)).unwrap();
        }
        to
    }
}

fn open(folder: &Path) -> Arc<Service> {
    xuncha_server::Config { data: folder.into(), ..Default::default() }.open().unwrap()
}

/// A sealed visit with an answer, a named reading and a photo, that never left the phone.
fn worked(phone: &Phone) -> String {
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    measure(phone, &visit, 378, Some("保安2"));
    take_photo(phone, &visit, "gps.jpg");
    finish(phone, &visit);
    visit
}

fn import(service: &Service, file: &Path) -> (usize, usize) {
    let imported = service.import_bundle(BufReader::new(fs::File::open(file).unwrap())).unwrap();
    assert_eq!(imported.refused, []);
    (imported.commits_new, imported.photos_new)
}

/// The inside of a bundle, opened with the key file as the tools of age do it.
fn opened(hq: &Hq, file: &Path) -> Vec<u8> {
    let key = fs::read_to_string(hq.folder.path().join("rescue.key")).unwrap();
    let file = BufReader::new(fs::File::open(file).unwrap());
    let mut inside = Vec::new();
    sealed::unseal(file, sealed::parse(&key).as_ref()).unwrap().read_to_end(&mut inside).unwrap();
    inside
}

fn arrived(service: &Service, visit: &str) {
    let id: EntityId = visit.parse().unwrap();
    let detail = service.visit(&id.0).unwrap();
    assert_eq!((detail.readings.len(), detail.photos.len()), (1, 1));
    assert!(detail.photos[0].held && detail.seals[0].hash_matches);
    assert!(detail.proof.iter().all(|commit| commit.signature_valid && commit.state == "applied"));
    let answer = detail.answers.iter().find(|row| row.item == ITEM).unwrap();
    assert_eq!(answer.shown.live[0].value.as_deref(), Some("no"));
}

#[test]
fn a_restored_hq_takes_everything_from_the_file_once() {
    let hq = Hq::new();
    let phone = hq.phone();
    let backup = hq.backup();
    let visit = worked(&phone);
    let open_visit = phone.begin_visit("影城").summary.id;
    let made: RescueBundle = phone.engine.rescue_bundle(Nothing {}).unwrap();
    assert_eq!((made.photos, made.photos_missing, made.commits_unsigned), (1, 0, 0));
    assert_eq!(made.size, fs::metadata(&made.path).unwrap().len());

    let file = Path::new(&made.path);
    let restored = open(backup.path());
    assert_eq!(import(&restored, file), (made.commits as usize, 1));
    arrived(&restored, &visit);
    let open_visit: EntityId = open_visit.parse().unwrap();
    assert!(restored.visit(&open_visit.0).is_ok(), "what was in the journal came along");
    assert_eq!(import(&restored, file), (0, 0), "the second time changes nothing");

    // When the network comes back HQ's receipts reach the phone, and it has nothing left to rescue.
    assert_eq!(import(&hq.service, file), (made.commits as usize, 1));
    hq.sync(&phone);
    let status = phone.sync_status();
    assert_eq!((status.commits_here, status.photos_here), (0, 0));
    let later = phone.engine.rescue_bundle(Nothing {}).unwrap();
    assert_eq!((later.packets, later.photos), (0, 0));
    assert!(!file.exists(), "the older file made room");
}

#[test]
fn a_folder_that_no_app_can_open_gives_its_work_too() {
    let hq = Hq::new();
    let phone = hq.phone();
    let empty = phone.engine.rescue_bundle(Nothing {}).unwrap();
    let folder = Path::new(&empty.path).ancestors().nth(2).unwrap();
    let visit = worked(&phone);
    let open_visit = phone.begin_visit("影城").summary.id;
    let set = || ["xuncha.db", "xuncha.db-wal"].map(|name| fs::read(folder.join(name)).unwrap());
    let before = set();
    let into = tempfile::tempdir().unwrap();
    let options = Options::system(folder.into());
    let made = rescue::from_folder(&options, None, into.path()).unwrap();
    assert!(set() == before, "nothing was written to the phone's database");
    assert_eq!(fs::read_dir(into.path()).unwrap().count(), 1, "no copy is left behind");

    // As the screen of an app does it that is too old for its data.
    let database = rusqlite::Connection::open(folder.join("xuncha.db")).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    let shut = xuncha_engine::Phone::open(options);
    assert!(shut.engine().is_err());
    let by_call: RescueBundle =
        serde_json::from_value(shut.call("rescue_bundle", serde_json::json!({})).unwrap()).unwrap();
    assert_eq!((by_call.commits, by_call.photos), (made.commits, made.photos));
    let (name, mut file) = shut.rescue_file().unwrap();
    assert!(by_call.path.ends_with(&name));
    assert_eq!(std::io::copy(&mut file, &mut std::io::sink()).unwrap(), by_call.size);
    import(&hq.service, Path::new(&made.path));
    arrived(&hq.service, &visit);
    let open_visit: EntityId = open_visit.parse().unwrap();
    assert!(hq.service.visit(&open_visit.0).is_ok(), "what was in the journal came along");
}

#[test]
fn damage_anywhere_is_named() {
    let hq = Hq::new();
    let phone = hq.phone();
    worked(&phone);
    let made = phone.engine.rescue_bundle(Nothing {}).unwrap();
    let inside = opened(&hq, Path::new(&made.path));
    let checked = bundle::check(inside.as_slice(), Some(&hq.service.public_key())).unwrap();
    assert_eq!((checked.packets, checked.photos), (made.packets as usize, 1));

    // Every byte of the list and the packets, and some of the photo.
    let photo = fs::metadata(super::photo_file("gps.jpg")).unwrap().len() as usize;
    let packets_end = inside.len() - photo;
    for at in (0..packets_end).chain((packets_end..inside.len()).step_by(997)) {
        let mut damaged = inside.clone();
        damaged[at] ^= 1;
        let wrong = bundle::check(damaged.as_slice(), None).unwrap_err();
        let photo_place = format!("entry {} (photo)", made.packets + 1);
        assert_eq!(wrong.place == photo_place, at >= packets_end, "byte {at}: {wrong}");
    }
    for end in (0..inside.len()).step_by(101) {
        let wrong = bundle::check(&inside[..end], None).unwrap_err();
        let cut = matches!(
            wrong.what,
            Check::Bundle(BundleError::NotABundle | BundleError::CutInList | BundleError::CutIn(_))
        );
        assert!(cut, "cut at {end}: {wrong}");
    }
    // And through the seal, where nothing can be changed unseen.
    let file = fs::read(&made.path).unwrap();
    for at in (0..file.len()).step_by(file.len() / 40) {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(hq.service.import_bundle(damaged.as_slice()).is_err(), "byte {at}");
        assert!(hq.service.import_bundle(&file[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn another_hq_cannot_open_it() {
    let (hq, other) = (Hq::new(), Hq::new());
    let phone = hq.phone();
    worked(&phone);
    let made = phone.engine.rescue_bundle(Nothing {}).unwrap();
    let file = fs::read(&made.path).unwrap();
    assert!(other.service.import_bundle(file.as_slice()).is_err());
    assert!(other.service.import_bundle(opened(&hq, Path::new(&made.path)).as_slice()).is_err());
}

/// What the server's program prints, and how it ends.
fn program(arguments: &[&str], data: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(built("XUNCHA_SERVER", "xuncha-server"));
    let output = command.args(arguments).arg("--data").arg(data).env("XUNCHA_LOG", "off").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn the_servers_program_verifies_and_takes_the_file() {
    let hq = Hq::new();
    let phone = hq.phone();
    worked(&phone);
    let made = phone.engine.rescue_bundle(Nothing {}).unwrap();
    let key = hex::encode(hq.service.public_key().to_bytes());
    let Hq { service, folder, runtime, .. } = hq;
    runtime.shutdown_background();
    drop(service);
    let identity = folder.path().join("rescue.key");
    let identity = identity.to_str().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let verify = |file: &str, key: &str| {
        program(&["verify", file, "--identity", identity, "--hq-key", key], empty.path())
    };

    let (code, said) = verify(&made.path, &key);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("whole") && said.contains("照片 1"), "{said}");
    // Another HQ's key is no reason to trust it; the generator of the curve is a key of nobody.
    let nobody = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    let (code, said) = verify(&made.path, nobody);
    assert_eq!((code, said.trim()), (Some(1), "list: made for another HQ"));
    let cut = empty.path().join("cut.age");
    let file = fs::read(&made.path).unwrap();
    fs::write(&cut, &file[..file.len() - 1]).unwrap();
    let (code, said) = verify(cut.to_str().unwrap(), &key);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 1, "verify needs no data and makes none");

    let import = || program(&["import", "bundle", &made.path], folder.path());
    let (code, said) = import();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("new photos 新照片 1"), "{said}");
    let (code, said) = import();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("new commits 新记录 0") && said.contains("new photos 新照片 0"), "{said}");
}

#[test]
fn a_colleagues_phone_hands_the_file_on_without_being_able_to_read_it() {
    let hq = Hq::new();
    let (author, carrier) = (hq.phone(), hq.phone_of(1));
    let visit = worked(&author);
    let file = fs::read(author.engine.rescue_bundle(Nothing {}).unwrap().path).unwrap();
    drop(author);

    let carry = |bytes: &[u8]| carrier.engine.carry_rescue(&mut &bytes[..]).map_err(|error| error.code);
    let bundles = || {
        let status = carrier.engine.hub_status(Nothing {}).unwrap();
        (status.bundles, status.delivered_bundles, status.refused_bundles)
    };
    carry(&file).unwrap();
    carry(&file).unwrap();
    assert_eq!(bundles(), (1, 0, 0), "the same file is taken once");
    hq.sync(&carrier);
    assert_eq!(bundles(), (0, 1, 0));
    arrived(&hq.service, &visit);
    let left = fs::read_dir(carrier.data().join("hub/bundles")).unwrap().count();
    assert_eq!(left, 0, "it leaves the phone when HQ has it");

    assert_eq!(carry(b"a picture"), Err(ErrorCode::RescueUnreadable));
    let mut damaged = file;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    carry(&damaged).unwrap();
    hq.sync(&carrier);
    assert_eq!(bundles(), (0, 1, 1), "HQ cannot open it, and the phone goes on");
}

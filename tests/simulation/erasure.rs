//! Erase orders of HQ's desk, and the search for what they name in every byte of every replica.

use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;
use xuncha_domain::ids::{CommitHash, EntityId, OfficerId};
use xuncha_domain::log::packet::{self, Packet};
use xuncha_domain::model::erase::Target;
use xuncha_domain::model::visit;
use xuncha_server::service::{ConsoleUser, Error};
use xuncha_server::storage::Role;

use crate::fleet::Fleet;
use crate::model::{Kept, Named};

/// Random bytes right behind the head of a picture of the simulation: also the first piece of an upload has them.
const OWN_BYTES: std::ops::Range<usize> = 6..22;

impl Fleet {
    /// Somebody at HQ orders to erase something that HQ knows.
    pub fn erase(&mut self) {
        let visits: Vec<String> = self.model.visits.keys().cloned().collect();
        if visits.is_empty() {
            return;
        }
        let id = self.random.one_of(&visits).clone();
        let Some(named) = self.named(&id) else { return };
        let Some(target) = target(&id, &named) else { return };
        let service = self.hq.service();
        let photos = match &named {
            Named::Field(_) => Vec::new(),
            Named::Photo(sha256) => vec![sha256.clone()],
            Named::Everything => {
                let visit = EntityId::from_slice(&bytes(&id)).ok().and_then(|id| service.visit(&id.0).ok());
                visit.into_iter().flat_map(|visit| visit.photos).map(|photo| photo.sha256).collect()
            }
        };
        let desk = ConsoleUser { id: [9; 16], name: "desk".into(), role: Role::Admin };
        match service.erase(&desk, &[target], "本人要求") {
            Ok(order) => {
                self.counts.add("erase order");
                self.model.order(order.to_string(), &id, named, photos);
            }
            // It is still on its way.
            Err(Error::NotFound) => {}
            Err(error) => self.wrong.push(format!("{id}: HQ does not take an erase order: {error}")),
        }
    }

    /// A text or a photo of a visit, or everything of it.
    fn named(&mut self, id: &str) -> Option<Named> {
        let visit = &self.model.visits[id];
        if self.random.chance(15) {
            return Some(Named::Everything);
        }
        let texts =
            visit.fields.keys().filter(|field| field.starts_with("note ") || field.starts_with("finding "));
        let texts = texts.cloned().map(Named::Field);
        let all: Vec<Named> = texts.chain(visit.photos.keys().cloned().map(Named::Photo)).collect();
        (!all.is_empty()).then(|| self.random.one_of(&all).clone())
    }

    /// Everything is healed: an order that stands has left no byte of what it names, nor a file of its name. An order that
    /// HQ does not have any more was lost with it before any phone had read it.
    pub fn nothing_erased_remains(&mut self) {
        let listed = self.hq.service().erase_orders().expect("the orders");
        for number in 0..self.model.orders.len() {
            let order = &self.model.orders[number];
            if listed.iter().any(|row| row.id == order.id) {
                continue;
            }
            if let Some(phone) = self.phones.iter().position(|phone| phone.has_order(order)) {
                let wrong = format!("HQ lacks the erase order {}, which phone {phone} has read", order.id);
                self.wrong.push(wrong);
            }
            self.model.void(number);
        }
        let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
        let mut names = Vec::new();
        for (id, visit) in &self.model.visits {
            needles.extend(visit.gone().map(|text| (format!("{id}: {text:?}"), text.as_bytes().to_vec())));
            for (sha256, bytes) in visit.photos.iter().filter(|(sha256, _)| visit.photo(sha256) == Kept::No) {
                needles.push((format!("{id}: photo {sha256}"), bytes[OWN_BYTES].to_vec()));
                names.push(sha256.clone());
            }
        }
        if needles.is_empty() {
            return;
        }
        let mut wrong = self.hq.look(|data| search("HQ", data, &needles, &names));
        for (number, phone) in self.phones.iter().enumerate() {
            wrong.append(&mut search(&format!("phone {number}"), phone.data(), &needles, &names));
        }
        self.wrong.append(&mut wrong);
    }
}

fn target(id: &str, named: &Named) -> Option<Target> {
    let root = visit::visit(EntityId::from_slice(&bytes(id)).ok()?);
    let field = match named {
        Named::Everything => return Some(Target::Everything(root.id)),
        Named::Photo(sha256) => return Some(Target::Photo(bytes(sha256).try_into().ok()?)),
        Named::Field(field) => field,
    };
    let mut words = field.split(' ');
    match (words.next()?, words.next()?, words.next()) {
        ("note", officer, item) => {
            let item = item.filter(|item| *item != "-");
            let officer = OfficerId::from_slice(&bytes(officer)).ok()?;
            Some(Target::Everything(visit::note(&root, item, officer).id))
        }
        ("finding", item, _) => Some(Target::Field {
            entity: visit::finding(&root, item).id,
            field: xuncha_domain::model::field::DESCRIPTION.into(),
        }),
        _ => None,
    }
}

fn search(who: &str, data: &Path, needles: &[(String, Vec<u8>)], names: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        for (what, needle) in needles {
            if memmem::find(bytes, needle).is_some() {
                wrong.push(format!("{what} was erased and remains: {who}, {place}"));
            }
        }
    };
    let mut named = Vec::new();
    for path in files(data) {
        let place = path.strip_prefix(data).unwrap_or(&path).display().to_string();
        // A file may go between being listed and being read: SQLite's own.
        look(&place, &fs::read(&path).unwrap_or_default());
        named.extend(names.iter().filter(|name| place.contains(*name)).map(|_| format!("{who} has {place}")));
    }
    let database = data.join("hq.sqlite");
    if database.exists() {
        unpacked(&database).iter().for_each(|bytes| look("a packet", bytes));
    }
    wrong.append(&mut named);
    wrong
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// What HQ's packets hold once they are unpacked.
fn unpacked(database: &Path) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(database).expect("the database");
    let mut statement = database.prepare("SELECT bytes, prev_hash FROM packets").expect("sql");
    let rows = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 32]>(1)?)));
    let plain = |(bytes, prev): (Vec<u8>, [u8; 32])| {
        let packet = Packet::decode(&bytes).expect("a stored packet");
        let loose = packet.unpack().expect("a stored packet");
        let commits = packet::link(&packet, loose, CommitHash(prev)).expect("a stored packet");
        commits.iter().flat_map(|commit| [commit.core.clone(), commit.detached.to_bytes()].concat()).collect()
    };
    rows.expect("rows").map(|row| plain(row.expect("a row"))).collect()
}

/// The bytes of a name in hexadecimal digits, with or without hyphens.
fn bytes(name: &str) -> Vec<u8> {
    let digits: String = name.chars().filter(|char| *char != '-').collect();
    hex::decode(digits).unwrap_or_default()
}

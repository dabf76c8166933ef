//! Work that travels by a hub: who joins one, and what must hold of it.

use std::path::Path;

use xuncha_domain::ids::CommitHash;
use xuncha_domain::log::packet::{Packet, link};
use xuncha_engine::api::types::{ErrorCode, Nothing};
use xuncha_engine::hub::RelayPair;
use xuncha_tests::world::copy_folder;

use crate::fleet::{DAY_MS, Fleet, MINUTE_MS};
use crate::nature::folder;

/// What a file sealed to HQ begins with.
const SEALED: &[u8] = b"age-encryption.org/v1";
/// What the free texts of a run begin with: notes, findings, reasons.
const PERSONAL: [&str; 3] = ["记录 ", "问题 ", "撤回 "];
/// A phone gives, the hub hands on, the phone hears of it: once more when the hub had to ask twice.
const CONTACTS: usize = 3;

impl Fleet {
    /// Scans the code of a colleague's phone, and is without a signal itself for some hours.
    pub fn join_hub(&mut self, number: usize) {
        let hub = usize::try_from(self.random.below(self.phones.len() as u64)).unwrap_or_default();
        if hub == number {
            return;
        }
        let code = match self.hotspot.code(hub, &self.phones[hub].engine) {
            Ok(code) => code,
            Err(error) if error.code == ErrorCode::DeviceClosed => return,
            Err(error) => return self.wrong.push(format!("phone {hub} cannot be a hub: {error:?}")),
        };
        let pair = RelayPair { text: code.to_string() };
        match self.phones[number].engine.relay_pair(pair).map_err(|error| error.code) {
            Ok(_) => self.counts.add("a hub joined"),
            // Restored without its key, it has to reach HQ first.
            Err(ErrorCode::KeyGone) => {}
            // The connection, or what is left of its answer.
            Err(ErrorCode::HubUnreachable | ErrorCode::HubAnswer | ErrorCode::HubFull) => {}
            Err(error) => self.wrong.push(format!("phone {number} cannot join phone {hub}: {error:?}")),
        }
        self.hubs_without_power(number);
        self.phones[number].away_until_ms = self.time.now_ms() + DAY_MS / 4;
        (0..3).for_each(|_| self.act(number));
        self.sync(number);
        self.sync(hub);
    }

    /// What a phone carried for others is gone for ever.
    pub fn lose_hub(&mut self, number: usize) {
        let carried = self.phones[number].data().join("hub");
        if !carried.exists() {
            return;
        }
        self.counts.add("a hub lost for ever");
        let phone = &mut self.phones[number];
        phone.engine.suspend();
        let left = folder();
        copy_folder(phone.data(), left.path());
        std::fs::remove_dir_all(left.path().join("hub")).expect("it was there");
        phone.clock.reboot();
        phone.replace(left);
        self.hotspot.lose(number);
    }

    /// Phones that lost power while they answered somebody else are started again.
    pub fn hubs_without_power(&mut self, but: usize) {
        for number in (0..self.phones.len()).filter(|number| *number != but) {
            if self.phones[number].disk.ended() {
                self.phones[number].kill(&mut self.random);
            }
        }
    }

    /// A phone that has no signal, but a hub of its areas that has one, needs nothing else.
    pub fn reach_hq_by_hubs(&mut self) {
        for number in 0..self.phones.len() {
            let Some(hub) = self.hub_of(number) else { continue };
            // What a restored HQ lost is told by HQ alone.
            self.sync_calmly(hub, false);
            let phone = &self.phones[number];
            if phone.heard_of != self.restored || !phone.whole || phone.all_held() {
                continue;
            }
            *self.operations.entry("phones that had only a hub").or_default() += 1;
            for _ in 0..CONTACTS {
                self.sync_calmly(number, true);
                self.sync_calmly(hub, false);
            }
            self.sync_calmly(number, true);
            let relay = self.phones[number].engine.relay_status(Nothing {});
            // An older copy of the hub does not know the phone: its code must be scanned again.
            let takes_all = relay.as_ref().is_ok_and(|relay| {
                relay.commits_not_taken == 0 && relay.last_error != Some(ErrorCode::HubUnknownPhone)
            }) && !self.carried_elsewhere(number);
            let status = self.phones[number].status();
            // A photo of which it has not heard that it was erased is not taken.
            let photos_wait = status.photos_here > 0 && self.model.orders.is_empty();
            if takes_all && (status.commits_here > 0 || photos_wait) {
                self.wrong.push(format!("phone {number} has only the hub {hub}: {relay:?} {status:?}"));
            }
        }
    }

    /// The hub that a phone uses, if it can be reached.
    fn hub_of(&self, number: usize) -> Option<usize> {
        let pin = self.phones[number].database().query_row(
            "SELECT pin FROM hub WHERE active = 1 ORDER BY joined_ms DESC",
            [],
            |row| row.get(0),
        );
        self.hotspot.phone_of(&pin.ok()?)
    }

    /// A hub that the phone used before has some of its work, which its hub of today may not take.
    fn carried_elsewhere(&self, number: usize) -> bool {
        let elsewhere = self.phones[number].database().query_row(
            "SELECT EXISTS (SELECT 1 FROM hub_commit JOIN hub USING (pin) WHERE active = 0)",
            [],
            |row| row.get(0),
        );
        elsewhere.expect("an answer")
    }

    fn sync_calmly(&mut self, number: usize, away: bool) {
        self.time.pass(MINUTE_MS);
        self.phones[number].network.set_away(away);
        // It may say that HQ is out of reach.
        if self.runtime.block_on(self.phones[number].line().sync()).is_none() {
            self.phones[number].kill(&mut self.random);
        }
        self.phones[number].network.set_away(false);
    }

    /// Whoever finds a hub reads no personal values and no pictures in it.
    pub fn look_into_hubs(&mut self) {
        for (number, phone) in self.phones.iter().enumerate() {
            let hub = phone.data().join("hub");
            if !hub.exists() {
                continue;
            }
            let status = phone.engine.hub_status(Nothing {}).expect("a status");
            for (name, count) in [
                ("packets that came by a hub", status.delivered_packets),
                ("photos that came by a hub", status.delivered_photos),
            ] {
                *self.operations.entry(name).or_default() += u64::from(count);
            }
            for file in readable(&hub) {
                self.wrong.push(format!("phone {number} is a hub, and {file} can be read"));
            }
        }
    }
}

/// What somebody without HQ's key can read of a hub's folder.
fn readable(hub: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(hub).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let photos =
                std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path());
            let open = photos.filter(|photo| {
                let bytes = std::fs::read(photo).expect("a file");
                bytes.len() >= SEALED.len() && !bytes.starts_with(SEALED)
            });
            found.extend(open.map(|photo| photo.display().to_string()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found.extend(
            PERSONAL.iter().find(|text| holds(text)).map(|text| format!("{text:?} in {}", path.display())),
        );
    }
    found.extend(
        packets(&hub.join("hub.db")).iter().filter(|packet| tells(packet)).map(|_| "a packet".into()),
    );
    found
}

fn packets(database: &Path) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(database).expect("the hub's database");
    let mut packets = database.prepare("SELECT bytes FROM packet WHERE bytes IS NOT NULL").expect("packets");
    let packets = packets.query_map([], |row| row.get(0)).expect("packets");
    packets.collect::<Result<_, _>>().expect("packets")
}

/// Whether a packet that is not sealed holds a value that should be.
fn tells(packet: &[u8]) -> bool {
    if packet.starts_with(SEALED) {
        return false;
    }
    let packet = Packet::decode(packet).expect("a packet");
    // Only the beginning of the hash before it is known here; it names the commits and says nothing of their values.
    let short = packet.prev.map_or(packet.chain.0, |prev| prev.0);
    let mut prev = CommitHash([0; 32]);
    prev.0[..short.len()].copy_from_slice(&short);
    let commits = packet.unpack().and_then(|commits| link(&packet, commits, prev)).expect("commits");
    commits.iter().any(|commit| (0..commit.detached.len()).any(|at| commit.detached.value(at).is_some()))
}

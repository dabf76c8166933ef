//! Officers who are moved to another team and back, and what their phones must not hold meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use xuncha_domain::ids::OfficerId;
use xuncha_server::service::{ConsoleUser, Service};
use xuncha_server::storage::Role;

use crate::erasure::files;
use crate::fleet::Fleet;
use crate::model::may_be_erased;
use crate::phone::Phone;

/// The team of each officer when the run began.
pub type Homes = BTreeMap<String, Option<[u8; 16]>>;

pub fn homes(service: &Service) -> Homes {
    let officers = service.officers().expect("officers");
    officers.into_iter().map(|officer| (hex::encode(officer.row.id), officer.row.team)).collect()
}

fn desk() -> ConsoleUser {
    ConsoleUser { id: [9; 16], name: "desk".into(), role: Role::Admin }
}

impl Fleet {
    /// To a district group, whose phones lose the other districts; or home again.
    pub fn move_officer(&mut self, number: usize) {
        if self.phones[number].district.is_some() || self.phones[number].estranged {
            return;
        }
        self.look_at_teams();
        if self.phones[number].moved {
            self.counts.add("officer moved back");
            self.send_home(number);
        } else {
            self.counts.add("officer moved to another team");
            let teams = self.hq.service().teams().expect("teams");
            let groups: Vec<[u8; 16]> =
                teams.into_iter().filter(|team| team.district.is_some()).map(|team| team.id).collect();
            let group = *self.random.one_of(&groups);
            self.set_team(number, group);
        }
        self.look_at_teams();
    }

    fn send_home(&mut self, number: usize) {
        if let Some(home) = self.homes[&self.phones[number].author.officer] {
            self.set_team(number, home);
        }
    }

    fn set_team(&mut self, number: usize, team: [u8; 16]) {
        let (service, officer) = (self.hq.service(), self.officer(number));
        let now = service.officer(&officer).expect("an officer").row.team;
        if let Err(error) = service.move_officer(&desk(), &officer, now, team) {
            self.wrong.push(format!("HQ does not move an officer: {error}"));
        }
    }

    fn officer(&self, number: usize) -> OfficerId {
        let bytes = hex::decode(&self.phones[number].author.officer).expect("an id");
        OfficerId::from_slice(&bytes).expect("an id")
    }

    /// Who is with another team, says HQ now: a restored one may have forgotten a move, and hear of it from a phone.
    pub fn look_at_teams(&mut self) {
        let now = homes(&self.hq.service());
        for phone in &mut self.phones {
            let officer = &phone.author.officer;
            phone.moved = now.get(officer) != self.homes.get(officer);
        }
    }

    /// Everybody is back in their team.
    pub fn all_go_home(&mut self) {
        self.look_at_teams();
        for number in 0..self.phones.len() {
            if self.phones[number].moved {
                self.send_home(number);
            }
        }
        self.look_at_teams();
    }

    /// Before anybody is moved back: the phones that lost a scope hold nothing of it but their officer's own work.
    pub fn lost_scopes_are_gone(&mut self) {
        self.look_at_teams();
        let moved: Vec<usize> = (0..self.phones.len()).filter(|number| self.phones[*number].moved).collect();
        for _ in 0..3 {
            for number in moved.iter().copied() {
                if self.runtime.block_on(self.phones[number].line().sync()).is_none() {
                    self.phones[number].kill(&mut self.random);
                }
            }
        }
        self.look_at_teams();
        for number in moved {
            let phone = &self.phones[number];
            let reads = reads(phone);
            // A closed phone keeps what it has.
            if phone.moved && !reads.is_empty() {
                self.counts.add("phone that lost a scope looked through");
                let mut wrong = self.remains(number, &reads);
                self.wrong.append(&mut wrong);
            }
        }
    }

    fn remains(&self, number: usize, reads: &BTreeSet<String>) -> Vec<String> {
        let phone = &self.phones[number];
        let mut wrong = Vec::new();
        let database = phone.database();
        let listed: Vec<String> = reads.iter().map(|scope| format!("'{scope}'")).collect();
        let listed = listed.join(",");
        let me = &phone.author.officer;
        for (what, sql) in [
            (
                "commits of others",
                format!(
                    "SELECT count(*) FROM log JOIN chain ON chain.id = log.chain
                     WHERE chain.scope NOT IN ({listed}) AND mine = 0 AND lower(hex(log.officer)) <> '{me}'"
                ),
            ),
            (
                "visits without a part of the officer",
                format!(
                    "SELECT count(*) FROM visit_row JOIN entity USING (id)
                     WHERE entity.scope NOT IN ({listed}) AND visit_row.mine = 0"
                ),
            ),
            ("snapshots", format!("SELECT count(*) FROM base WHERE scope NOT IN ({listed})")),
        ] {
            let count: i64 = database.query_row(&sql, [], |row| row.get(0)).expect("a count");
            if count > 0 {
                wrong.push(format!("phone {number} lost a scope and holds {count} {what} of it"));
            }
        }
        let mut needles = Vec::new();
        for (id, visit) in &self.model.visits {
            if reads.contains(&format!("district/{}", visit.district)) {
                continue;
            }
            for (field, edits) in &visit.fields {
                let others = edits.iter().filter(|edit| edit.author.officer != *me);
                let texts = others.filter(|edit| may_be_erased(field, &edit.value));
                needles.extend(
                    texts.map(|edit| (format!("{id} {field}: {:?}", edit.value), edit.value.clone())),
                );
            }
        }
        for path in files(phone.data()) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for (what, needle) in &needles {
                if memmem::find(&bytes, needle.as_bytes()).is_some() {
                    wrong.push(format!(
                        "{what} was lost with its scope and remains: phone {number}, {}",
                        path.display()
                    ));
                }
            }
        }
        wrong
    }
}

/// The scopes that a phone was told to read.
fn reads(phone: &Phone) -> BTreeSet<String> {
    let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE key = 'scopes'";
    let scopes: String = phone.database().query_row(sql, [], |row| row.get(0)).unwrap_or_default();
    scopes.split_whitespace().map(str::to_owned).collect()
}

//! The merge against a model that shares no code with it: live is every op of a counted commit that no op of a counted
//! commit names in the same entity and field.
//!
//! A random script is played on phones that edit, exchange packets, draw their screens, and get cloned. Then a stranger
//! receives what they wrote, in any split, order and repetition, with some commits held, some of them applied later, and
//! some values erased before or after they arrive. Whatever the way, the state is that of the model.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use support::phone::Phone;
use support::replica::{Key, Received, Replica};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::log::packet::Compression;
use xuncha_domain::merge::{self, Agreement};

/// What happens on a phone; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    /// Sets some of the four fields and commits. An op with `stray` also names a commit that does not hold its field.
    Write {
        phone: usize,
        fields: Vec<(u8, u8, bool)>,
        stray: bool,
    },
    /// Receives all that another phone has.
    Pull {
        phone: usize,
        from: usize,
    },
    /// The screen is drawn anew: from now on edits replace what is live now.
    Draw {
        phone: usize,
    },
    Clone {
        phone: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fields = prop::collection::vec((0..4_u8, 0..3_u8, any::<bool>()), 1..4);
    let step = prop_oneof![
        5 => (0..9_usize, fields, prop::bool::weighted(0.1))
            .prop_map(|(phone, fields, stray)| Step::Write { phone, fields, stray }),
        2 => (0..9_usize, 0..9_usize).prop_map(|(phone, from)| Step::Pull { phone, from }),
        2 => (0..9_usize).prop_map(|phone| Step::Draw { phone }),
        1 => (0..9_usize).prop_map(|phone| Step::Clone { phone }),
    ];
    prop::collection::vec(step, 1..40)
}

fn entity(field: u8) -> Entity {
    Entity::new(5, EntityId([field / 2; 16]))
}

fn key(field: u8) -> Key {
    (EntityId([field / 2; 16]), format!("f{}", field % 2))
}

/// A phone with what it received and what its screen shows.
struct User {
    phone: Phone,
    replica: Replica,
    drawn: BTreeMap<Key, Vec<CommitRef>>,
    /// Commits that were here when the screen was drawn.
    seen: BTreeSet<CommitRef>,
}

impl User {
    fn new(n: u8) -> Self {
        let (replica, drawn, seen) = (Replica::default(), BTreeMap::new(), BTreeSet::new());
        Self { phone: Phone::new(n), replica, drawn, seen }
    }

    fn take(&mut self, commit: &Commit) {
        self.replica.store.insert(commit.hash.short(), commit.clone());
        self.replica.count(commit.hash.short());
    }

    fn draw(&mut self) {
        self.drawn = (0..4).map(|n| (key(n), self.replica.token(&key(n)))).collect();
        self.seen = self.replica.counted.clone();
    }

    fn reference(&self, name: &CommitRef) -> Reference {
        let header = &self.replica.store[name].header;
        match self.phone.commits.iter().find(|own| own.hash.short() == *name) {
            Some(own) => Reference::Own { seq: own.header.seq },
            None => Reference::Other { chain: header.chain, seq: header.seq, commit: *name },
        }
    }

    fn write(&mut self, minute: i64, fields: &[(u8, u8, bool)], stray: bool) -> Commit {
        let fields: BTreeMap<u8, (u8, bool)> =
            fields.iter().map(|(n, value, personal)| (*n, (*value, *personal))).collect();
        let mut personal = Vec::new();
        let mut ops = Vec::new();
        for (n, (value, is_personal)) in &fields {
            let mut over = self.drawn.get(&key(*n)).cloned().unwrap_or_default();
            let elsewhere =
                |name: &&CommitRef| !over.contains(name) && !self.replica.live(&key(*n)).contains_key(*name);
            if let (true, Some(name)) = (stray, self.seen.iter().find(elsewhere)) {
                over.push(*name);
            }
            let value = Value::Int((*value).into());
            let value = if *is_personal {
                personal.push(value);
                OpValue::Detached(personal.len() - 1)
            } else {
                OpValue::Plain(value)
            };
            let over = over.iter().map(|name| self.reference(name)).collect();
            ops.push(Op { entity: entity(*n), field: key(*n).1, value, before_s: 0, over });
        }
        let secret = [u8::try_from(minute).unwrap(); 16];
        let commit = self.phone.write(minute, &ops, Detached::new(secret, personal));
        self.take(&commit);
        for n in fields.keys() {
            self.drawn.insert(key(*n), vec![commit.hash.short()]);
        }
        self.seen.insert(commit.hash.short());
        commit
    }
}

/// Plays a script. Returns the phones and, for each commit, what its author had seen.
fn play(steps: &[Step]) -> (Vec<User>, BTreeMap<CommitRef, BTreeSet<CommitRef>>) {
    let mut users: Vec<User> = (1..=3).map(User::new).collect();
    let mut seen = BTreeMap::new();
    for (minute, step) in (0..).zip(steps) {
        let count = users.len();
        match step {
            Step::Write { phone, fields, stray } => {
                let user = &mut users[phone % count];
                let before = user.seen.clone();
                let commit = user.write(minute, fields, *stray);
                seen.insert(commit.hash.short(), before);
            }
            Step::Pull { phone, from } => {
                let commits: Vec<Commit> = users[from % count].replica.store.values().cloned().collect();
                let user = &mut users[phone % count];
                commits.iter().for_each(|commit| {
                    user.replica.store.entry(commit.hash.short()).or_insert_with(|| commit.clone());
                });
                commits.iter().for_each(|commit| user.replica.count(commit.hash.short()));
            }
            Step::Draw { phone } => users[phone % count].draw(),
            Step::Clone { phone } if count < 6 => {
                let user = &users[phone % count];
                let mut clone = User { phone: user.phone.cloned(), ..User::new(1) };
                user.replica.store.values().for_each(|commit| {
                    clone.replica.store.insert(commit.hash.short(), commit.clone());
                });
                user.replica.counted.iter().for_each(|name| clone.replica.count(*name));
                (clone.drawn, clone.seen) = (user.drawn.clone(), user.seen.clone());
                users.push(clone);
            }
            Step::Clone { .. } => {}
        }
    }
    (users, seen)
}

/// One op as the model sees it.
struct Said {
    key: Key,
    commit: CommitRef,
    over: Vec<CommitRef>,
    value: Option<Value>,
}

/// All ops of `users`, read from what they wrote, by walking their chains.
fn said(users: &[User], erased: &BTreeSet<CommitRef>) -> Vec<Said> {
    let mut said = Vec::new();
    let mut done = BTreeSet::new();
    for user in users {
        for commit in &user.phone.commits {
            if !done.insert(commit.hash) {
                continue;
            }
            for op in commit.ops() {
                let over = op.over.iter().map(|reference| match reference {
                    Reference::Own { seq } => {
                        user.phone.commits[usize::try_from(*seq).unwrap() - 1].hash.short()
                    }
                    Reference::Other { commit, .. } => *commit,
                });
                let commit_name = commit.hash.short();
                let value = match &op.value {
                    OpValue::Plain(value) => Some(value.clone()),
                    OpValue::Detached(_) if erased.contains(&commit_name) => None,
                    OpValue::Detached(i) => commit.detached.value(*i).cloned(),
                };
                let key = (op.entity.id, op.field.clone());
                said.push(Said { key, commit: commit_name, over: over.collect(), value });
            }
        }
    }
    said
}

type Model = BTreeMap<Key, (BTreeMap<CommitRef, Option<Value>>, BTreeSet<CommitRef>)>;

/// Live values, and names of replaced commits that are not counted, of every field.
fn model(said: &[Said], counted: &BTreeSet<CommitRef>) -> Model {
    let said: Vec<&Said> = said.iter().filter(|op| counted.contains(&op.commit)).collect();
    let mut model = Model::new();
    for op in &said {
        let replaced = said.iter().any(|by| by.key == op.key && by.over.contains(&op.commit));
        let (live, dead) = model.entry(op.key.clone()).or_default();
        if !replaced {
            live.insert(op.commit, op.value.clone());
        }
        dead.extend(op.over.iter().filter(|name| !counted.contains(*name)));
    }
    model
}

fn state(replica: &Replica) -> Model {
    let field = |(key, field): (&Key, &merge::Field)| {
        let live = field.live.values().map(|op| (op.commit, op.value.value().cloned())).collect();
        (key.clone(), (live, field.dead.clone()))
    };
    replica.fields.iter().map(field).collect()
}

/// How a stranger gets to know it all.
#[derive(Debug, Clone)]
struct Way {
    /// Decides splits, order and repetition.
    seed: u64,
    /// Of eight commits, those held by number of their hash, and whether they are applied in the end.
    held: u8,
    applied_later: bool,
    /// Of eight commits, those whose values are erased, and whether that happened before they arrived.
    erased: u8,
    erased_before: bool,
}

fn way() -> impl Strategy<Value = Way> {
    (any::<u64>(), any::<u8>(), any::<bool>(), any::<u8>(), any::<bool>()).prop_map(
        |(seed, held, applied_later, erased, erased_before)| Way {
            seed,
            held: held & (held >> 3),
            applied_later,
            erased,
            erased_before,
        },
    )
}

fn chosen(mask: u8, commit: &CommitRef) -> bool {
    mask >> (commit.0[0] % 8) & 1 == 1
}

fn shuffle<T>(rng: &mut support::rng::Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, usize::try_from(rng.below(i as u64 + 1)).unwrap());
    }
}

/// Sends everything through real packets and counts it, in an order that only the seed knows.
fn arrive(users: &[User], way: &Way) -> Replica {
    let mut rng = support::rng::Rng::new(way.seed);
    let mut packets = Vec::new();
    for user in users {
        let mut from = 0;
        while from < user.phone.commits.len() {
            let left = (user.phone.commits.len() - from) as u64;
            let to = from + 1 + usize::try_from(rng.below(left)).unwrap();
            let mut run = user.phone.commits[from..to].to_vec();
            for commit in &mut run {
                if way.erased_before && chosen(way.erased, &commit.hash.short()) {
                    commit.detached = commit.detached.erase(&(0..commit.detached.len()).collect::<Vec<_>>());
                }
            }
            let compression = if rng.below(2) == 0 { Compression::None } else { Compression::Zstd };
            let packet = user.phone.packet(&run, compression).encode();
            packets.extend(std::iter::repeat_n(packet, 1 + usize::try_from(rng.below(2)).unwrap()));
            from = to;
        }
    }
    shuffle(&mut rng, &mut packets);
    let mut replica = Replica::default();
    let mut counting = Vec::new();
    while !packets.is_empty() {
        let before = packets.len();
        packets.retain(|packet| match replica.receive(packet).unwrap() {
            Received::Waits => true,
            Received::Stored(names) => {
                counting.extend(names);
                false
            }
        });
        assert!(packets.len() < before, "what waits must get its predecessor");
    }
    shuffle(&mut rng, &mut counting);
    let (held, mut free): (Vec<_>, Vec<_>) = counting.into_iter().partition(|name| chosen(way.held, name));
    if way.applied_later {
        free.extend(held);
    }
    free.into_iter().for_each(|name| replica.count(name));
    if !way.erased_before {
        let names: Vec<CommitRef> =
            replica.store.keys().filter(|name| chosen(way.erased, name)).copied().collect();
        for name in names {
            (0..replica.store[&name].detached.len()).for_each(|index| replica.erase(name, index));
        }
    }
    replica
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_leads_to_the_state_of_the_model(steps in steps(), ways in prop::collection::vec(way(), 2..4)) {
        let (users, _) = play(&steps);
        for way in ways {
            let replica = arrive(&users, &way);
            let all: BTreeSet<CommitRef> = replica.store.keys().copied().collect();
            let counted: BTreeSet<CommitRef> =
                all.iter().filter(|name| way.applied_later || !chosen(way.held, name)).copied().collect();
            let erased = all.iter().filter(|name| chosen(way.erased, name)).copied().collect();
            let said = said(&users, &erased);
            prop_assert_eq!(said.iter().map(|op| op.commit).collect::<BTreeSet<_>>(), all);
            prop_assert_eq!(state(&replica), model(&said, &counted));
            let dead = replica.fields.values().flat_map(|field| &field.dead);
            prop_assert!(dead.into_iter().all(|name| chosen(way.held, name)), "the dead set shrinks again");
        }
    }

    #[test]
    fn nothing_is_replaced_by_somebody_who_had_not_seen_it(steps in steps(), way in way()) {
        let (users, seen) = play(&steps);
        let way = Way { held: 0, erased: 0, ..way };
        let replica = arrive(&users, &way);
        let said = said(&users, &BTreeSet::new());
        for op in &said {
            if replica.live(&op.key).contains_key(&op.commit) {
                continue;
            }
            let knew = |by: &&Said| by.key == op.key && by.over.contains(&op.commit) && seen[&by.commit].contains(&op.commit);
            prop_assert!(said.iter().any(|by| knew(&by)));
        }
    }

    #[test]
    fn two_people_resolve_one_conflict(values in prop::collection::vec(0..3_u8, 1..4), a in 0..3_u8, b in 0..3_u8, way in way()) {
        let mut users: Vec<User> = (1..=3).map(User::new).collect();
        let mut first = Vec::new();
        for (n, value) in values.iter().enumerate() {
            first.push(users[n % 3].write(i64::try_from(n).unwrap(), &[(0, *value, false)], false));
        }
        for user in &mut users[..2] {
            first.iter().for_each(|commit| { user.replica.store.insert(commit.hash.short(), commit.clone()); });
            first.iter().for_each(|commit| user.replica.count(commit.hash.short()));
            user.draw();
        }
        let by_a = users[0].write(10, &[(0, a, false)], false);
        let by_b = users[1].write(11, &[(0, b, false)], false);
        let way = Way { held: 0, erased: 0, ..way };
        let both: BTreeSet<CommitRef> = [by_a.hash.short(), by_b.hash.short()].into();
        let replica = arrive(&users, &way);
        prop_assert_eq!(replica.fields[&key(0)].live.keys().copied().collect::<BTreeSet<_>>(), both);
        let shown = merge::display(&replica.fields[&key(0)], &|_| 0, &|_, _| false).unwrap().state;
        prop_assert_eq!(shown, if a == b { Agreement::Agreed } else { Agreement::Conflict });

        let third = &mut users[2];
        let known: Vec<Commit> = replica.store.values().cloned().collect();
        known.iter().for_each(|commit| { third.replica.store.insert(commit.hash.short(), commit.clone()); });
        known.iter().for_each(|commit| third.replica.count(commit.hash.short()));
        third.draw();
        let last = third.write(12, &[(0, 2, false)], false);
        let replica = arrive(&users, &way);
        prop_assert_eq!(replica.fields[&key(0)].live.keys().copied().collect::<Vec<_>>(), [last.hash.short()]);
    }
}

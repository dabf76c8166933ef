//! A snapshot of a scope: a reader that starts from it and goes on with the feed stands where one does that counted all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{CommitRef, EntityId};
use xuncha_domain::log::body::{Op, OpValue, Reference};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::log::crypto::Signer;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::merge::{Field, Live, Stored};
use xuncha_domain::model::visit;
use xuncha_domain::protocol::v1::snapshot::{
    self, ChainState, DeadOp, Head, LiveOp, LiveValue, SnapshotError, State, Thing, Tip,
};

use support::phone::{CITY, Phone, hq};
use support::replica::Key;

const SCOPE: &str = "district/140105";

/// Counts commits of a feed in order, as an HQ or a phone does, from nothing or from a snapshot.
#[derive(Default)]
struct Reader {
    fields: BTreeMap<Key, Field>,
    counted: BTreeSet<CommitRef>,
    /// The commits of each chain that are here, by number; of a snapshot those with live ops.
    by_seq: BTreeMap<([u8; 16], u64), CommitRef>,
}

impl Reader {
    fn count(&mut self, commit: &Commit) {
        let name = commit.hash.short();
        self.by_seq.insert((commit.header.chain.0, commit.header.seq), name);
        for (op, value) in commit.ops().iter().zip(commit.stored()) {
            let over: Vec<CommitRef> = op
                .over
                .iter()
                .filter_map(|reference| match reference {
                    Reference::Other { commit, .. } => Some(*commit),
                    // One that is not here was replaced before the snapshot.
                    Reference::Own { seq } => self.by_seq.get(&(commit.header.chain.0, *seq)).copied(),
                })
                .collect();
            let live = Live {
                commit: name,
                value,
                officer: commit.header.officer,
                corrected_ms: commit.op_corrected_ms(op),
            };
            let counted = &self.counted;
            let field = self.fields.entry((op.entity.id, op.field.clone())).or_default();
            field.count(live, &over, |commit| counted.contains(commit));
        }
        self.counted.insert(name);
    }

    fn snapshot(&self, phones: &[&Phone]) -> State {
        let chain_of = |name: &CommitRef| {
            let found = self.by_seq.iter().find(|(_, commit)| *commit == name).unwrap();
            let chain = phones.iter().position(|phone| phone.genesis.chain().0 == found.0.0).unwrap();
            (u32::try_from(chain).unwrap(), found.0.1)
        };
        let mut state = State::default();
        for phone in phones {
            let chain = phone.genesis.chain().0;
            let tip = self.by_seq.range((chain, 0)..=(chain, u64::MAX)).next_back();
            let commit = tip.and_then(|(_, name)| phone.commits.iter().find(|c| c.hash.short() == *name));
            let tips = commit.map(|commit| Tip { seq: commit.header.seq, hash: commit.hash.0 });
            state.chains.push(ChainState {
                genesis: phone.genesis.as_bytes().to_vec().into(),
                tips: tips.into_iter().collect(),
            });
        }
        let mut things: Vec<EntityId> = Vec::new();
        for ((entity, name), field) in &self.fields {
            if !things.contains(entity) {
                things.push(*entity);
                state.things.push(Thing { kind: 5, id: entity.0, under: None });
            }
            let thing = u32::try_from(things.iter().position(|id| id == entity).unwrap()).unwrap();
            for live in field.live.values() {
                let (chain, seq) = chain_of(&live.commit);
                state.live.push(LiveOp {
                    thing,
                    field: name.clone(),
                    chain,
                    seq,
                    commit: live.commit.0,
                    officer: live.officer.0,
                    corrected_ms: live.corrected_ms,
                    value: match &live.value {
                        Stored::Plain(value) => LiveValue::Plain(value.encode().into()),
                        Stored::Detached { hash, value: Some(_) } => LiveValue::Elsewhere(*hash),
                        Stored::Detached { hash, value: None } => LiveValue::Erased(*hash),
                    },
                    tips: None,
                });
            }
            for dead in &field.dead {
                state.dead.push(DeadOp { thing, field: name.clone(), commit: dead.0 });
            }
        }
        state
    }

    fn from(state: &State, phones: &[&Phone]) -> Self {
        let mut reader = Self::default();
        for op in &state.live {
            let entity = EntityId(state.things[op.thing as usize].id);
            let chain = phones[op.chain as usize].genesis.chain().0;
            let commit = CommitRef(op.commit);
            reader.by_seq.insert((chain, op.seq), commit);
            reader.counted.insert(commit);
            let value = match &op.value {
                LiveValue::Plain(bytes) => Stored::Plain(Value::decode(bytes).unwrap()),
                LiveValue::Elsewhere(hash) | LiveValue::Erased(hash) => {
                    Stored::Detached { hash: *hash, value: None }
                }
            };
            let live = Live {
                commit,
                value,
                officer: xuncha_domain::ids::OfficerId(op.officer),
                corrected_ms: op.corrected_ms,
            };
            reader.fields.entry((entity, op.field.clone())).or_default().live.insert(live);
        }
        for op in &state.dead {
            let entity = EntityId(state.things[op.thing as usize].id);
            reader.fields.entry((entity, op.field.clone())).or_default().dead.insert(CommitRef(op.commit));
        }
        reader
    }

    /// The live ops of each field, without detached values, which a snapshot never brings.
    fn live(&self) -> BTreeMap<Key, Vec<(CommitRef, Option<Value>, i64)>> {
        let plain = |live: &Live| match &live.value {
            Stored::Plain(value) => Some(value.clone()),
            Stored::Detached { .. } => None,
        };
        self.fields
            .iter()
            .map(|(key, field)| {
                let ops = field.live.values().map(|live| (live.commit, plain(live), live.corrected_ms));
                (key.clone(), ops.collect::<Vec<_>>())
            })
            .filter(|(_, ops)| !ops.is_empty())
            .collect()
    }
}

fn set(field: &str, value: OpValue, over: Vec<Reference>) -> Op {
    let entity = visit::visit(EntityId([0x11; 16]));
    Op { entity, field: field.into(), value, before_s: 0, over }
}

fn other(commit: &Commit) -> Reference {
    Reference::Other { chain: commit.header.chain, seq: commit.header.seq, commit: commit.hash.short() }
}

/// Two phones at one visit: overwriting, a conflict and its end, a note, and a victim that arrives late.
fn story() -> (Phone, Phone, Vec<Commit>) {
    let (mut a, mut b) = (Phone::new(1), Phone::new(2));
    let plain = |text: &str| OpValue::Plain(Value::text(text));
    let stamp = |phone: &Phone| phone.stamp(0);
    let write = |phone: &mut Phone, ops: &[Op], detached: Detached| {
        let stamp = stamp(phone);
        phone.write_stamped(&stamp, ops, detached);
        phone.commits.last().unwrap().clone()
    };
    let a1 = write(&mut a, &[set("x", plain("a1"), vec![]), set("y", plain("a1"), vec![])], Detached::none());
    let b1 = write(&mut b, &[set("x", plain("b1"), vec![]), set("z", plain("b1"), vec![])], Detached::none());
    let note = Detached::new([7; 16], vec![Value::text("张某")]);
    let a2 = write(&mut a, &[set("note", OpValue::Detached(0), vec![])], note);
    let a3 = write(&mut a, &[set("y", plain("a3"), vec![Reference::Own { seq: 1 }])], Detached::none());
    let b2 = write(
        &mut b,
        &[set("x", plain("b2"), vec![other(&a1), Reference::Own { seq: 1 }])],
        Detached::none(),
    );
    let a4 = write(
        &mut a,
        &[
            set("y", plain("a4"), vec![Reference::Own { seq: 3 }]),
            set("z", plain("a4"), vec![other(&b1)]),
            set("x", plain("a4"), vec![Reference::Own { seq: 1 }]),
        ],
        Detached::none(),
    );
    let b3 = write(&mut b, &[set("y", plain("b3"), vec![other(&a1), other(&a3)])], Detached::none());
    // What a4 replaces of b arrives after it.
    (a, b, vec![a1, a2, a3, a4, b1, b2, b3])
}

#[test]
fn a_reader_that_starts_anywhere_ends_where_all_do() {
    let (a, b, feed) = story();
    let phones = [&a, &b];
    let mut all = Reader::default();
    feed.iter().for_each(|commit| all.count(commit));
    for position in 0..=feed.len() {
        let mut until = Reader::default();
        feed[..position].iter().for_each(|commit| until.count(commit));
        let head = head(position as u64);
        let file = snapshot::write(head, &until.snapshot(&phones), &hq()).unwrap();
        let (head, state) = snapshot::read(&file, &hq().public_key(), CITY.0, SCOPE).unwrap();
        assert_eq!(head.position, position as u64);
        let mut started = Reader::from(&state, &phones);
        feed[position..].iter().for_each(|commit| started.count(commit));
        assert_eq!(started.live(), all.live(), "from position {position}");
    }
}

fn head(position: u64) -> Head {
    Head {
        city: CITY.0,
        scope: SCOPE.into(),
        position,
        rolling: [3; 16],
        made_ms: 5,
        kept_since_ms: 0,
        left_out: 0,
        unpacked: 0,
        content: [0; 32],
    }
}

#[test]
fn no_detached_value_is_in_it_and_nothing_but_hqs_own_bytes_is_believed() {
    let (a, b, feed) = story();
    let mut reader = Reader::default();
    feed.iter().for_each(|commit| reader.count(commit));
    let state = reader.snapshot(&[&a, &b]);
    let plain = xuncha_domain::protocol::v1::encode(&state);
    assert!(!plain.windows(6).any(|part| part == "张某".as_bytes()));

    let key = hq().public_key();
    let file = snapshot::write(head(7), &state, &hq()).unwrap();
    assert_eq!(snapshot::read(&file, &key, CITY.0, SCOPE).unwrap().1, state);
    assert!(matches!(snapshot::read(&file, &key, CITY.0, "city"), Err(SnapshotError::Elsewhere)));
    assert!(matches!(snapshot::read(&file, &key, [0; 16], SCOPE), Err(SnapshotError::Elsewhere)));
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(snapshot::read(&changed, &key, CITY.0, SCOPE).is_err(), "byte {at}");
        assert!(snapshot::read(&file[..at], &key, CITY.0, SCOPE).is_err(), "cut at {at}");
    }
    let of = |state: &State| {
        let file = snapshot::write(head(7), state, &hq()).unwrap();
        snapshot::read(&file, &key, CITY.0, SCOPE)
    };
    for broken in 0..3 {
        let mut state = state.clone();
        match broken {
            0 => state.live[0].thing = 1_000,
            1 => state.live[0].chain = 1_000,
            _ => state.live[0].value = LiveValue::Plain(vec![0xff].into()),
        }
        assert!(matches!(of(&state), Err(SnapshotError::Dangling)));
    }
}

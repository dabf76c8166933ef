//! How vectors write things down: bytes as hex, values as the hex of their CBOR.

use serde_json::{Value as Json, json};
use xuncha_domain::cbor::Value;
use xuncha_domain::log::body::{Entity, Op, OpValue, Reference};
use xuncha_domain::log::commit::Commit;
use xuncha_domain::merge::{Agreement, Stored};
use xuncha_domain::model::display;

use crate::support::phone::Phone;
use crate::support::replica::{Key, Replica};

pub fn hex(bytes: impl AsRef<[u8]>) -> Json {
    json!(hex::encode(bytes))
}

pub fn value(value: &Value) -> Json {
    hex(value.encode())
}

pub fn entity(entity: &Entity) -> Json {
    match &entity.origin {
        None => json!({ "kind": entity.kind, "id": hex(entity.id) }),
        Some(origin) => json!({
            "kind": entity.kind,
            "id": hex(entity.id),
            "parent": self::entity(&origin.parent),
            "key": value(&origin.key),
        }),
    }
}

pub fn op(op: &Op) -> Json {
    let over = op.over.iter().map(|reference| match reference {
        Reference::Own { seq } => json!({ "own_seq": seq }),
        Reference::Other { chain, seq, commit } => {
            json!({ "chain": hex(chain), "seq": seq, "commit": hex(commit) })
        }
    });
    json!({
        "entity": entity(&op.entity),
        "field": op.field,
        "value": match &op.value {
            OpValue::Plain(plain) => value(plain),
            OpValue::Detached(index) => json!({ "detached": index }),
        },
        "before_s": op.before_s,
        "over": over.collect::<Vec<_>>(),
    })
}

/// Everything of a commit, with what a receiver computes.
pub fn commit(commit: &Commit) -> Json {
    json!({
        "seq": commit.header.seq,
        "core": hex(&commit.core),
        "detached": hex(commit.detached.to_bytes()),
        "detached_hashes": commit.detached.hashes().iter().map(hex).collect::<Vec<_>>(),
        "body_hash": hex(commit.header.body_hash),
        "header": hex(commit.header.encode()),
        "hash": hex(commit.hash),
        "ops": commit.ops().iter().map(op).collect::<Vec<_>>(),
    })
}

pub fn phone(phone: &Phone) -> Json {
    json!({
        "scope": phone.scope.as_str(),
        "genesis": hex(phone.genesis.as_bytes()),
        "chain": hex(phone.genesis.chain()),
        "public_key": hex(phone.genesis.certificate.key.to_bytes()),
    })
}

/// The merged state: live ops by field, the displayed one first, and what is awaited.
pub fn state(replica: &Replica) -> Json {
    let field = |(key, field): (&Key, &xuncha_domain::merge::Field)| {
        let kind = replica
            .store
            .values()
            .flat_map(Commit::ops)
            .find(|op| op.entity.id == key.0)
            .map(|op| op.entity.kind);
        let shown = kind.and_then(|kind| display::display(kind, &key.1, None, field));
        let live = shown.iter().flat_map(|shown| &shown.live).map(|live| {
            json!({
                "commit": hex(live.commit),
                "officer": hex(live.officer),
                "corrected_ms": live.corrected_ms,
                "value": match &live.value {
                    Stored::Plain(plain) => value(plain),
                    Stored::Detached { value: Some(open), .. } => value(open),
                    Stored::Detached { value: None, hash } => json!({ "erased": hex(hash) }),
                },
            })
        });
        json!({
            "entity": hex(key.0),
            "field": key.1,
            "live": live.collect::<Vec<_>>(),
            "agreement": shown.as_ref().map(|shown| match shown.state {
                Agreement::Agreed => "agreed",
                Agreement::TwoOfYours => "two_of_yours",
                Agreement::Conflict => "conflict",
            }),
            "dead": field.dead.iter().map(hex).collect::<Vec<_>>(),
        })
    };
    json!(replica.fields.iter().map(field).collect::<Vec<_>>())
}

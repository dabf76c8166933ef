//! A newer server over the data of an older one: what was held is judged again, what was applied stays so.

use std::collections::BTreeSet;

use rusqlite::Connection;
use xuncha_domain::cbor::Value;
use xuncha_domain::model::visit as keys;
use xuncha_server::http::types::FieldRow;

use crate::phone::{op, over, visit};
use crate::sync::{HERE, admin};
use crate::world::World;

/// Makes the data look as if an older judge had held back what this one lets through.
fn as_if_older(world: &World) {
    let sql = Connection::open(world.dir.path().join("hq.sqlite")).unwrap();
    sql.execute_batch(
        "UPDATE devices SET closed_ms = NULL;
         UPDATE commits SET reason = 'newer_format' WHERE state = 'held';
         UPDATE meta SET value = x'00000000' WHERE key = 'judge_version';",
    )
    .unwrap();
}

fn shown(world: &World) -> (Vec<Option<String>>, u32) {
    let detail = world.service.visit(&[1; 16]).unwrap();
    let live = detail.answers.iter().flat_map(|answer| &answer.shown.live);
    (live.map(|live| live.value.clone()).collect(), detail.row.conflicts)
}

#[test]
fn held_commits_count_after_an_upgrade_and_every_phone_learns_it() {
    let mut world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let first = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    world.service.close_device(&admin(), &a.certificate.device.0).unwrap();
    let held = a.write(HERE, &[over(op(&visit(1), "a/CMN-R-01", Value::Bool(false)), &[&first])]);
    a.sync(vec![a.packet(HERE, 2, 2)]);
    b.sync(Vec::new());
    assert_eq!(shown(&world), (vec![Some("yes".into())], 0));
    as_if_older(&world);
    world.restart();
    (a.service, b.service) = (world.service.clone(), world.service.clone());
    assert_eq!(shown(&world), (vec![Some("no".into())], 0));
    let answer = a.sync(Vec::new());
    assert_eq!(answer.verdicts.len(), 1);
    assert!(answer.verdicts[0].applied && answer.verdicts[0].hash == held.hash.0);
    b.sync(Vec::new());
    let news = b.feeds[HERE].commits.last().unwrap();
    let entity = xuncha_domain::model::verdict::entity(&held.hash);
    assert!(news.ops().iter().any(|op| op.entity == entity), "the feed says that it counts");
    // Again, and from the beginning: nothing more happens.
    let end = b.read_hashes(HERE);
    for again in 0..2 {
        if again == 1 {
            as_if_older(&world);
        }
        world.restart();
        b.service = world.service.clone();
        b.sync(Vec::new());
        assert_eq!(b.read_hashes(HERE), end);
        assert_eq!(shown(&world), (vec![Some("no".into())], 0));
    }
}

#[test]
fn what_stays_held_keeps_its_verdict_and_what_was_applied_is_never_held() {
    let mut world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    let bad = a.write(HERE, &[op(&visit(1), "kind", Value::text("?"))]);
    a.sync(vec![a.packet(HERE, 1, 2)]);
    let feed = a.read_hashes(HERE);
    let sql = Connection::open(world.dir.path().join("hq.sqlite")).unwrap();
    // A stricter judge: this device would have been closed all along.
    sql.execute_batch("UPDATE devices SET closed_ms = 0; DELETE FROM meta WHERE key = 'judge_version'")
        .unwrap();
    world.restart();
    sql.execute("UPDATE devices SET closed_ms = NULL", []).unwrap();
    a.service = world.service.clone();
    let answer = a.sync(Vec::new());
    assert_eq!(answer.verdicts.len(), 1);
    assert!(!answer.verdicts[0].applied && answer.verdicts[0].hash == bad.hash.0);
    assert_eq!(answer.verdicts[0].reason, "value_invalid");
    assert_eq!(a.read_hashes(HERE), feed);
    assert_eq!(shown(&world).0, vec![Some("yes".into())]);
}

#[test]
fn a_damaged_packet_does_not_keep_hq_from_starting() {
    let mut world = World::new();
    let mut a = world.brigade_phone("甲");
    a.write(HERE, &[op(&visit(1), "kind", Value::text("?"))]);
    a.sync(vec![a.packet(HERE, 1, 1)]);
    let sql = Connection::open(world.dir.path().join("hq.sqlite")).unwrap();
    sql.execute_batch(
        "CREATE TABLE kept AS SELECT id, bytes FROM packets;
         UPDATE packets SET bytes = x'00' WHERE id IN (SELECT packet FROM commits WHERE state = 'held');
         DELETE FROM meta WHERE key = 'judge_version';",
    )
    .unwrap();
    world.restart();
    let judged = || {
        sql.query_row("SELECT count(*) FROM meta WHERE key = 'judge_version'", [], |row| row.get::<_, u32>(0))
    };
    assert_eq!(judged(), Ok(0), "the next start tries again");
    sql.execute("UPDATE packets SET bytes = (SELECT bytes FROM kept WHERE kept.id = packets.id)", [])
        .unwrap();
    world.restart();
    assert_eq!(judged(), Ok(1));
}

#[test]
fn a_deadline_that_is_no_day_and_a_recheck_that_is_no_visit_are_held() {
    let world = World::new();
    let mut a = world.brigade_phone("甲");
    let finding = keys::finding(&visit(1), "CMN-R-01");
    let mut write = |name: &str, value: Value| a.write(HERE, &[op(&finding, name, value)]).hash.0;
    write("deadline", Value::text("2020-02-04"));
    write("authority", Value::text("transfer:of_a_newer_app"));
    write("recheck", Value::bytes([2; 16]));
    let bad = [
        write("deadline", Value::text("2020-02-30")),
        write("deadline", Value::Int(20_200_204)),
        write("authority", Value::Null),
        write("recheck", Value::bytes([2; 15])),
    ];
    let answer = a.sync(vec![a.packet(HERE, 1, 7)]);
    let held: BTreeSet<_> = answer.verdicts.iter().map(|held| (held.hash, held.reason.as_str())).collect();
    assert_eq!(held, bad.map(|hash| (hash, "value_invalid")).into());
    let shown = world.service.visit(&[1; 16]).unwrap().findings.remove(0);
    let value = |field: Option<FieldRow>| field.unwrap().live.remove(0).value.unwrap();
    assert_eq!(value(shown.deadline), "2020-02-04");
    assert_eq!(value(shown.authority), "transfer:of_a_newer_app");
    assert_eq!(value(shown.recheck), "02".repeat(16));
}

//! Backups and rebuilt rows: what comes back is what was there.

use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::EntityId;
use xuncha_domain::log::body::Entity;
use xuncha_domain::model::{field, kind};
use xuncha_server::restore;
use xuncha_server::service::{
    Announced, BackupError, Creation, Lack, Missing, PatchEnd, Service, Settings, UploadRef, listed,
};

use crate::phone::{Phone, op, over, visit};
use crate::sync::HERE;
use crate::world::World;

/// A city with answers, a conflict, one that came before what it replaces, and one that is held.
fn city() -> (World, Phone) {
    let world = World::new();
    let (mut a, mut b) = (world.brigade_phone("甲"), world.brigade_phone("乙"));
    let first = a.write(HERE, &[op(&visit(1), "a/CMN-R-01", Value::Bool(true))]);
    a.write(HERE, &[op(&visit(2), "a/CMN-R-02", Value::Bool(true))]);
    b.write(HERE, &[over(op(&visit(1), "a/CMN-R-01", Value::Bool(false)), &[&first])]);
    b.write(HERE, &[op(&visit(2), "a/CMN-R-02", Value::Bool(false))]);
    let officer = Entity::new(kind::OFFICER, EntityId([5; 16]));
    b.write(HERE, &[op(&officer, field::NAME, Value::text("假"))]);
    b.sync(vec![b.packet(HERE, 1, 3)]);
    a.sync(vec![a.packet(HERE, 1, 2)]);
    (world, a)
}

/// Every row that a screen or the merge reads, without the numbers that mean nothing outside the database.
fn rows(data: &Path) -> Vec<String> {
    let sql = Connection::open(data.join("hq.sqlite")).unwrap();
    let queries = [
        "SELECT 'commit', quote(hash), state, reason, position FROM commits",
        "SELECT 'entity', quote(e.name), e.scope, e.kind, quote(p.name), quote(e.key), quote(r.name)
         FROM entities e LEFT JOIN entities p ON p.id = e.parent LEFT JOIN entities r ON r.id = e.root",
        "SELECT 'dead', quote(ref), quote(e.name), field FROM dead d JOIN entities e ON e.id = d.entity",
        "SELECT 'touch', quote(e.name), quote(c.hash), quote(live) FROM touches t JOIN entities e ON e.id = t.root
         JOIN commits c ON c.id = t.commit_id",
        "SELECT 'visit', quote(id), scope, quote(venue), kind, mode, lead, started_ms, finished_ms, answered, failed,
         readings, abnormal, conflicts, sealed, after_seal, received_ms FROM visits",
        "SELECT 'venue', quote(id), name, category, district, address, licence_no, lat_e7, lon_e7 FROM venues",
        "SELECT 'officer', quote(id), name, certificate_no, quote(team) FROM officers",
        "SELECT 'team', quote(id), name, tier, district FROM teams",
    ];
    let mut rows = Vec::new();
    for query in queries {
        let mut statement = sql.prepare(query).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
            let values: Result<Vec<rusqlite::types::Value>, _> = (0..columns).map(|i| row.get(i)).collect();
            Ok(format!("{:?}", values?))
        };
        rows.extend(statement.query_map([], row).unwrap().map(Result::unwrap));
    }
    rows.sort();
    rows
}

fn photo(world: &World, phone: &Phone, bytes: &[u8]) -> [u8; 32] {
    let sha256 = Sha256::digest(bytes).into();
    let announced = Announced { sha256, size: bytes.len() as u64, metadata: String::new() };
    let device = phone.device();
    let Creation::Created(id) = world.service.create_upload(&device, announced).unwrap() else {
        panic!("held before it was sent")
    };
    let mut receiving = world.service.receive(&device, &id, 0, None, None).unwrap();
    receiving.write(bytes).unwrap();
    world.service.received(receiving, PatchEnd::Whole).unwrap();
    sha256
}

#[test]
fn rows_are_rebuilt_from_the_log_alone() {
    let (world, mut a) = city();
    world.service.write_demo().unwrap();
    let before = rows(world.dir.path());
    assert!(before.iter().filter(|row| row.contains("\"visit\"")).count() == 2);
    assert_eq!(world.service.visit(&[1; 16]).unwrap().row.conflicts, 0);
    assert_eq!(world.service.visit(&[2; 16]).unwrap().row.conflicts, 1);
    let counted = world.service.reproject().unwrap();
    assert!(counted > 4);
    assert_eq!(rows(world.dir.path()), before);
    let sql = Connection::open(world.dir.path().join("hq.sqlite")).unwrap();
    sql.execute_batch(
        "UPDATE touches SET live = x''; DELETE FROM venues; UPDATE visits SET answered = 99, conflicts = 7",
    )
    .unwrap();
    drop(sql);
    assert_ne!(rows(world.dir.path()), before);
    assert_eq!(world.service.reproject().unwrap(), counted);
    assert_eq!(rows(world.dir.path()), before);
    let answer = a.sync(Vec::new());
    assert!(answer.feeds.iter().all(|feed| !feed.restart), "the feed stays as it was");
}

#[test]
fn a_restored_backup_is_the_same_city() {
    let (mut world, mut a) = city();
    let sha256 = photo(&world, &a, b"a photo");
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("new"));
    let manifest = world.service.backup(&backup).unwrap();
    assert_eq!((manifest.counts["blobs"], manifest.files.len()), (1, 4), "database, two keys, a photo");
    let before = rows(world.dir.path());
    // The old server goes on; what comes now is not in the backup.
    a.write(HERE, &[op(&visit(3), "a/CMN-R-01", Value::Bool(true))]);
    a.sync(vec![a.packet(HERE, 3, 3)]);
    assert_eq!(restore(&backup, &data).unwrap(), manifest);
    assert_eq!(rows(&data), before);
    let settings = Settings { data: &data, public_url: None, city_name: None };
    world.service =
        std::sync::Arc::new(Service::open(settings, world.clock.clone(), world.entropy.clone()).unwrap());
    a.service = world.service.clone();
    assert_eq!(world.service.public_key().to_bytes(), a.hq.to_bytes());
    let held = world.service.upload(&a.device(), UploadRef::Blob(sha256)).unwrap();
    assert_eq!(held.offset, 7);
    assert_eq!(std::fs::read(world.service.blob_file(&sha256).unwrap()).unwrap(), b"a photo");
    // The phone brings what the backup lacks.
    let answer = a.sync(vec![a.packet(HERE, 3, 3)]);
    assert!(answer.refused.is_empty());
    assert!(world.service.visit(&[3; 16]).is_ok());
}

#[test]
fn a_backup_with_a_damaged_database_or_key_restores_nothing_and_nothing_is_overwritten() {
    let (world, _) = city();
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("new"));
    let manifest = world.service.backup(&backup).unwrap();
    assert!(matches!(world.service.backup(&backup), Err(BackupError::NotEmpty(_))));
    assert!(matches!(restore(&backup, world.dir.path()), Err(BackupError::NotEmpty(_))));
    for file in &manifest.files {
        let path = backup.join(&file.path);
        let good = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(restore(&backup, &data), Err(BackupError::Damaged(_))), "{} missing", file.path);
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(restore(&backup, &data), Err(BackupError::Damaged(_))), "{} changed", file.path);
        std::fs::write(&path, good).unwrap();
        assert!(std::fs::read_dir(&data).unwrap().next().is_none());
    }
    std::fs::rename(backup.join("manifest.json"), folder.path().join("m")).unwrap();
    assert!(matches!(restore(&backup, &data), Err(BackupError::NoManifest(_))));
    std::fs::rename(folder.path().join("m"), backup.join("manifest.json")).unwrap();
    restore(&backup, &data).unwrap();
}

/// The photo's file gets other bytes; not the file that shares them under a second name.
fn damage(file: &Path) {
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, b"other bytes").unwrap();
}

#[test]
fn lost_photos_are_listed_and_cost_nothing_else() {
    let (mut world, mut a) = city();
    let [kept, gone, bad, later] = [b"kept", b"gone", b"bad!", b"late"].map(|bytes| photo(&world, &a, bytes));
    std::fs::remove_file(world.service.blob_file(&gone).unwrap()).unwrap();
    damage(&world.service.blob_file(&bad).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join("backup"), folder.path().join("new"));
    let manifest = world.service.backup(&backup).unwrap();
    let lacks = |sha256, why| Missing { sha256: hex::encode(sha256), why };
    let named = |missing: &[Missing]| -> std::collections::BTreeSet<String> {
        missing.iter().map(|photo| format!("{photo:?}")).collect()
    };
    let lost = [lacks(gone, Lack::Missing), lacks(bad, Lack::Damaged)];
    assert_eq!(named(&manifest.missing), named(&lost));
    let list = std::fs::read_to_string(backup.join("missing.txt")).unwrap();
    assert_eq!(list, listed(&manifest.missing));
    assert!(list.contains(&hex::encode(gone)) && list.contains(&hex::encode(bad)));
    let told = a.sync(Vec::new()).backup.unwrap();
    assert_eq!(told.photos, 1, "only what came before the first lost one may leave a phone");

    // The backup's own disk loses another one.
    let entry = manifest.files.iter().find(|file| file.sha256 == hex::encode(later)).unwrap();
    damage(&backup.join(&entry.path));
    let restored = restore(&backup, &data).unwrap();
    assert_eq!(named(&restored.missing), named(&[lost.to_vec(), vec![lacks(later, Lack::Damaged)]].concat()));
    let settings = Settings { data: &data, public_url: None, city_name: None };
    world.service =
        std::sync::Arc::new(Service::open(settings, world.clock.clone(), world.entropy.clone()).unwrap());
    a.service = world.service.clone();
    assert_eq!(std::fs::read(world.service.blob_file(&kept).unwrap()).unwrap(), b"kept");
    assert_eq!(world.service.lacking(&[kept, gone, bad, later]).unwrap(), [gone, bad, later]);
    // A phone that still has it sends it again.
    photo(&world, &a, b"gone");
    assert!(world.service.lacking(&[gone]).unwrap().is_empty());
}

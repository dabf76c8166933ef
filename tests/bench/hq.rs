//! HQ for the bench: its officers and venues, the server binary on them, and what its rows hold.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rusqlite::Connection;
use serde_json::{Value, json};
use xuncha_domain::ids::OfficerId;
use xuncha_domain::model::words::LeadLevel;
use xuncha_server::Config;
use xuncha_server::service::{NewTeam, RegisterVenue, Service};

use crate::Hq;
use crate::workload::CATEGORY;

/// Where the first workload's venues lie. Its officers read another district, so that each phone only sends, like the
/// floor's.
pub(crate) const VISITED: &str = "140105";
const READ_BY_ITS_OFFICERS: &str = "140106";
/// One pair's district each, in turn: who edits together reads the same.
pub(crate) const PAIRS: [&str; 8] =
    ["140107", "140108", "140109", "140110", "140121", "140122", "140123", "140181"];
/// As many as the workload draws from.
pub(crate) const VENUES: usize = 500;
/// Who reads every district.
pub(crate) const EVERYWHERE: &str = "通览";

/// The officers that phones of one kind belong to, by the beginning of their names.
pub(crate) fn day_officer(phone: usize) -> String {
    format!("日{:03}", phone % 100)
}

pub(crate) fn pair_officer(pair: u32, side: &str) -> String {
    format!("双{}{side}", pair as usize % PAIRS.len())
}

pub(crate) fn open(data: &Path) -> Result<Arc<Service>> {
    Ok(Config { data: data.into(), ..Config::default() }.open()?)
}

pub(crate) fn serve(hq: &Hq, server: &Path) -> Result<()> {
    if !hq.data.join("hq.sqlite").exists() {
        set_up(&*open(&hq.data)?)?;
    }
    let mut command = Command::new(server);
    command.arg("--data").arg(&hq.data).args(["serve", "--listen", &format!("127.0.0.1:{}", hq.port)]);
    // Only returns when it failed.
    bail!("{}: {}", server.display(), command.exec())
}

fn set_up(service: &Service) -> Result<()> {
    let by = OfficerId(service.city().id.0);
    let team = |name: &str, district: Option<&str>| {
        let tier = if district.is_some() { LeadLevel::District } else { LeadLevel::Brigade };
        let team = NewTeam { name: name.into(), tier, district: district.map(str::to_owned) };
        service.add_team(by, &team).map(|id| id.0)
    };
    let add = |name: &str, team| service.add_officer(by, name, name, Some(team)).map(drop);
    let days = team("日", Some(READ_BY_ITS_OFFICERS))?;
    for phone in 0..100 {
        add(&day_officer(phone), days)?;
    }
    for (pair, district) in (0..).zip(PAIRS) {
        let team = team(&format!("双{pair}"), Some(district))?;
        for side in ["a", "b", "s"] {
            add(&pair_officer(pair, side), team)?;
        }
    }
    add(EVERYWHERE, team("全", None)?)?;
    let mut venues: Vec<RegisterVenue> = (0..VENUES).map(|n| venue(n, VISITED)).collect();
    venues.extend((VENUES..).zip(PAIRS).map(|(n, district)| venue(n, district)));
    service.import_venues(by, &venues, false)?;
    Ok(())
}

pub(crate) fn venue(n: usize, district: &str) -> RegisterVenue {
    RegisterVenue {
        name: format!("示例{n:06}"),
        category: CATEGORY.into(),
        district: district.into(),
        township: None,
        address: format!("示例路{n}号"),
        licence_no: Some(format!("{district}{n:06}")),
        position: None,
    }
}

/// A one-time code for the officer of this name.
pub(crate) fn code(service: &Service, name: &str, address: &str) -> Result<String> {
    let officers = service.officers()?;
    let officer = officers.iter().find(|officer| officer.row.name == name).context("no such officer")?;
    Ok(service.new_enrol_code(OfficerId(officer.row.id), address)?.code)
}

/// Read from the rows of the console, so that nothing is counted that is not projected.
pub(crate) fn stats(data: &Path) -> Result<Value> {
    let connection = Connection::open(data.join("hq.sqlite"))?;
    let sums = "SELECT count(*), coalesce(sum(answered), 0), coalesce(sum(readings), 0) FROM visits";
    let (visits, answers, readings): (u64, u64, u64) =
        connection.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(json!({ "inspections": visits, "answers": answers, "temps": readings }))
}

/// Bytes of all files of a folder.
pub(crate) fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

//! The first workload: every phone's days, one sync each, and a fresh phone that takes everything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::phone::{Phone, Traffic};
use crate::workload::Inspection;
use crate::{Fleet, hq, workload};

/// Enrolment and the register come before the visits. What they take on the disks is reported, so that it can be taken off.
pub(crate) fn load(fleet: &Fleet) -> Result<Value> {
    let days = workload::days(&fleet.workload)?;
    let venues = venues(days.iter().flatten())?;
    let codes = codes(fleet, (0..days.len()).map(hq::day_officer))?;
    let address = address(fleet);
    let register = Mutex::new(0);
    let phones: Vec<_> = days.iter().zip(codes).enumerate().collect();
    let work = |(n, (day, code)): &(usize, (&Vec<Inspection>, String))| {
        let phone = Phone::open(&folder(fleet, *n))?;
        phone.enrol(code, &address)?;
        phone.sync()?;
        let folder = phone.close();
        *register.lock().expect("no panic") += hq::size(&folder)?;
        let phone = Phone::open(&folder)?;
        for inspection in *day {
            let visit = phone.inspect(&name_of(&venues, inspection), inspection)?;
            phone.finish(&visit)?;
        }
        let tapped = std::mem::take(&mut *phone.taps.lock().expect("no panic"));
        phone.close();
        Ok(tapped)
    };
    // The first is alone, as an officer's phone is.
    let (first, others) = phones.split_at(phones.len().min(1));
    let mut taps = first.iter().map(work).collect::<Result<Vec<_>>>()?.concat();
    each(others, fleet.at_once, |phone| work(phone).map(drop))?;
    let registered = register.into_inner()?;
    taps.sort_unstable();
    let p95 = taps.get(taps.len() * 95 / 100).map(|tap| tap.as_secs_f64() * 1e3);
    Ok(json!({
        "devices": days.len(),
        "tap_p95_ms": p95,
        "register_phones_bytes": registered,
        "register_hq_bytes": pages(&fleet.hq.data.join("hq.sqlite"))?,
    }))
}

pub(crate) fn sync(fleet: &Fleet) -> Result<Value> {
    let folders: Vec<PathBuf> =
        (0..).map(|n| folder(fleet, n)).take_while(|folder| folder.exists()).collect();
    let sums = Mutex::new((Vec::new(), Vec::new(), Vec::new()));
    each(&folders, fleet.at_once, |folder| {
        let phone = Phone::open(folder)?;
        phone.sync()?;
        let (requests, up, down) = counted(&phone.traffic);
        let mut sums = sums.lock().expect("no panic");
        sums.0.push(requests);
        sums.1.push(up);
        sums.2.push(down);
        Ok(())
    })?;
    let (requests, up, down) = sums.into_inner()?;
    let sum = |list: &[u64]| list.iter().sum::<u64>();
    let max = |list: &[u64]| list.iter().max().copied();
    Ok(json!({
        "posts": sum(&requests), "sent": sum(&up), "got": sum(&down),
        "posts_max": max(&requests), "sent_max": max(&up), "got_max": max(&down),
        "publish_cpu_s": publishing(&fleet.hq.data)?,
    }))
}

pub(crate) fn pull(fleet: &Fleet) -> Result<Value> {
    let phone = Phone::open(&fleet.phones.join(format!("fresh-{}", fleet.fresh)))?;
    let codes = codes(fleet, [hq::EVERYWHERE.to_owned()])?;
    phone.enrol(codes.first().context("a code")?, &address(fleet))?;
    phone.sync()?;
    let (requests, up, down) = counted(&phone.traffic);
    Ok(json!({ "posts": requests, "sent": up, "got": down }))
}

pub(crate) fn counted(traffic: &Traffic) -> (u64, u64, u64) {
    let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    (read(&traffic.requests), read(&traffic.up), read(&traffic.down))
}

/// The workload's venues, sorted: the n-th stands for the n-th of the register.
fn venues<'a>(inspections: impl Iterator<Item = &'a Inspection>) -> Result<Vec<&'a str>> {
    let named: BTreeSet<&str> = inspections.map(|inspection| inspection.venue.as_str()).collect();
    ensure!(named.len() <= hq::VENUES, "more venues than the register has");
    Ok(named.into_iter().collect())
}

fn name_of(venues: &[&str], inspection: &Inspection) -> String {
    let nth = venues.binary_search(&inspection.venue.as_str()).expect("it was collected");
    hq::venue(nth, hq::VISITED).name
}

/// One-time codes, drawn as the console does while the server runs.
pub(crate) fn codes(fleet: &Fleet, officers: impl IntoIterator<Item = String>) -> Result<Vec<String>> {
    let service = hq::open(&fleet.hq.data)?;
    let address = address(fleet);
    officers.into_iter().map(|officer| hq::code(&service, &officer, &address)).collect()
}

pub(crate) fn address(fleet: &Fleet) -> String {
    format!("http://127.0.0.1:{}", fleet.hq.port)
}

fn folder(fleet: &Fleet, phone: usize) -> PathBuf {
    fleet.phones.join(format!("{phone:05}"))
}

/// Runs `work` on every item, `at_once` at a time; the first error ends it.
fn each<T: Sync>(items: &[T], at_once: usize, work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once.max(1)).map(|_| scope.spawn(run)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })
}

/// What the database holds, whether it lies in the file or still in its log.
fn pages(database: &Path) -> Result<u64> {
    let connection = Connection::open(database)?;
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    Ok(number("page_count")? * number("page_size")?)
}

/// CPU seconds that HQ has spent after its receipts were durable: judging, publishing, projecting. From its log.
fn publishing(data: &Path) -> Result<Option<f64>> {
    let Some(log) = data.parent().map(|work| work.join("server.log")).filter(|log| log.exists()) else {
        return Ok(None);
    };
    let mut micros = 0_u64;
    for line in std::fs::read_to_string(log)?.lines() {
        let figure = line.split_once("publish_cpu_us=").and_then(|(_, rest)| rest.split_whitespace().next());
        micros += figure.and_then(|figure| figure.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Some(micros as f64 / 1e6))
}

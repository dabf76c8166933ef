//! `import` and `demo`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xuncha_domain::ids::OfficerId;
use xuncha_server::service::{Imported, Service, read_venues};

use super::{Import, open};

/// More than two hundred thousand rows of a register.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(super) fn run(data: PathBuf, what: Import) -> anyhow::Result<()> {
    match what {
        Import::Venues { file, dry_run, skip_bad } => venues(data, &file, dry_run, skip_bad),
        Import::Checklists { file, dry_run } => checklists(data, &file, dry_run),
        Import::Bundle { file } => bundle(data, &file),
    }
}

fn bundle(data: PathBuf, file: &Path) -> anyhow::Result<()> {
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let imported = open(data)?.import_bundle(std::io::BufReader::new(opened))?;
    println!(
        "packets 数据包 {}, new commits 新记录 {}, photos 照片 {}, new photos 新照片 {}",
        imported.packets, imported.commits_new, imported.photos, imported.photos_new
    );
    for (entry, reason) in &imported.refused {
        eprintln!("entry {entry} 第{entry}项: not taken 未接收: {reason}");
    }
    if !imported.refused.is_empty() {
        bail!("{} packets not taken 个数据包未接收", imported.refused.len());
    }
    Ok(())
}

fn venues(data: PathBuf, file: &Path, dry_run: bool, skip_bad: bool) -> anyhow::Result<()> {
    let csv = read(file)?;
    let (venues, errors) = read_venues(&csv);
    for error in &errors {
        eprintln!("line {} 第{}行: {}", error.line, error.line, error.reason);
    }
    if !errors.is_empty() && !skip_bad {
        bail!("{} bad rows, nothing written 有错误行，未写入 (--skip-bad takes the others)", errors.len());
    }
    let service = open(data)?;
    say_import(service.import_venues(hq(&service), &venues, dry_run)?, dry_run);
    Ok(())
}

fn checklists(data: PathBuf, file: &Path, dry_run: bool) -> anyhow::Result<()> {
    let yaml = String::from_utf8(read(file)?).context("not UTF-8 非 UTF-8 编码")?;
    let rules = xuncha_domain::checklist::read_edition(&yaml)?;
    let service = open(data)?;
    say_import(service.publish_checklists(hq(&service), &rules, dry_run)?, dry_run);
    Ok(())
}

/// Who imports when no console user does.
fn hq(service: &Service) -> OfficerId {
    OfficerId(service.city().id.0)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut bytes = Vec::new();
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{} is larger than 64 MiB", file.display());
    }
    Ok(bytes)
}

fn say_import(imported: Imported, dry_run: bool) {
    if dry_run {
        print!("dry run, nothing written 试运行，未写入: ");
    }
    say(imported);
}

pub(super) fn demo(data: PathBuf) -> anyhow::Result<()> {
    say(open(data)?.write_demo()?);
    Ok(())
}

fn say(Imported { added, changed, unchanged }: Imported) {
    println!("added 新增 {added}, changed 更新 {changed}, unchanged 未变 {unchanged}");
}

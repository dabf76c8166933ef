//! `import` and `demo`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xuncha_domain::ids::OfficerId;
use xuncha_server::service::{Imported, read_venues};

use super::{Import, open};

/// More than two hundred thousand rows of a register.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(super) fn run(data: PathBuf, what: Import) -> anyhow::Result<()> {
    match what {
        Import::Venues { file, dry_run, skip_bad } => venues(data, &file, dry_run, skip_bad),
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
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut csv = Vec::new();
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut csv)?;
    if csv.len() as u64 > FILE_BYTES_MAX {
        bail!("{} is larger than 64 MiB", file.display());
    }
    let (venues, errors) = read_venues(&csv);
    for error in &errors {
        eprintln!("line {} 第{}行: {}", error.line, error.line, error.reason);
    }
    if !errors.is_empty() && !skip_bad {
        bail!("{} bad rows, nothing written 有错误行，未写入 (--skip-bad takes the others)", errors.len());
    }
    let service = open(data)?;
    let by = OfficerId(service.city().id.0);
    let imported = service.import_venues(by, &venues, dry_run)?;
    if dry_run {
        print!("dry run, nothing written 试运行，未写入: ");
    }
    say(imported);
    Ok(())
}

pub(super) fn demo(data: PathBuf) -> anyhow::Result<()> {
    say(open(data)?.write_demo()?);
    Ok(())
}

fn say(Imported { added, changed, unchanged }: Imported) {
    println!("added 新增 {added}, changed 更新 {changed}, unchanged 未变 {unchanged}");
}

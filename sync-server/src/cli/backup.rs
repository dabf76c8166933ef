//! `backup`, `restore` and `reproject`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use xuncha_server::restore;
use xuncha_server::service::{Manifest, Service, listed};

use super::open;

/// Done, except for the photos that are listed.
const COMPLETE_EXCEPT: u8 = 3;

pub(super) fn backup(data: PathBuf, target: &Path) -> anyhow::Result<ExitCode> {
    Ok(say(&open_existing(data)?.backup(target)?))
}

pub(super) fn restore_into(data: &Path, backup: &Path) -> anyhow::Result<ExitCode> {
    Ok(say(&restore(backup, data)?))
}

pub(super) fn reproject(data: PathBuf) -> anyhow::Result<()> {
    println!("commits counted again 重新计算提交: {}", open_existing(data)?.reproject()?);
    Ok(())
}

/// A mistyped --data must not become an empty installation, and that its backup.
fn open_existing(data: PathBuf) -> anyhow::Result<Arc<Service>> {
    ensure!(data.join("hq.sqlite").exists(), "{} holds no installation 无数据", data.display());
    open(data)
}

fn say(manifest: &Manifest) -> ExitCode {
    println!("files 文件 {}", manifest.files.len());
    for (table, rows) in &manifest.counts {
        println!("{table} {rows}");
    }
    if manifest.missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    print!("{}", listed(&manifest.missing));
    println!("complete except for {0} photos 除 {0} 张照片外均已完成", manifest.missing.len());
    ExitCode::from(COMPLETE_EXCEPT)
}

//! `backup`, `restore` and `reproject`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::ensure;
use xuncha_server::service::{Manifest, Service, restore};

use super::open;

pub(super) fn backup(data: PathBuf, target: &Path) -> anyhow::Result<()> {
    say(&open_existing(data)?.backup(target)?);
    Ok(())
}

pub(super) fn restore_into(data: &Path, backup: &Path) -> anyhow::Result<()> {
    say(&restore(backup, data)?);
    Ok(())
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

fn say(manifest: &Manifest) {
    println!("files 文件 {}", manifest.files.len());
    for (table, rows) in &manifest.counts {
        println!("{table} {rows}");
    }
}

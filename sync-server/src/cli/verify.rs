//! `verify`.

use std::fs::File;
use std::io::BufReader;

use anyhow::Context;
use xuncha_domain::bundle;
use xuncha_domain::log::crypto::PublicKey;
use xuncha_server::service::rescue;

use super::Verify;

/// Needs no data folder: whoever holds the file and the key can check it anywhere.
pub(super) fn run(Verify { file, identity, hq_key }: Verify) -> anyhow::Result<()> {
    let identity = match identity {
        Some(path) => {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(rescue::parse(&text).context("--identity: not an age identity file")?)
        }
        None => None,
    };
    let hq = hq_key.map(|text| {
        let bytes = hex::decode(text.trim()).ok()?;
        PublicKey::from_bytes(PublicKey::ALGORITHM as u8, &bytes).ok()
    });
    let hq = match hq {
        Some(hq) => Some(hq.context("--hq-key: 66 hexadecimal digits")?),
        None => None,
    };
    let source = File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let inside = rescue::unseal(BufReader::new(source), identity.as_ref())?;
    let checked = bundle::check(inside, hq.as_ref())?;
    println!(
        "whole 完整: packets 数据包 {}, commits 记录 {}, photos 照片 {}, bytes 字节 {}",
        checked.packets, checked.commits, checked.photos, checked.bytes
    );
    Ok(())
}

//! What is kept compressed: the cores of commits and the live ops of roots, with the packets' dictionary, which knows the
//! names of fields and items.

use std::cell::RefCell;

use xuncha_domain::log::packet::DICTIONARY;
use zstd::bulk::{Compressor, Decompressor};

/// Up to this many bytes, which is most of a register: higher levels find nothing more in them.
const SHORT: usize = 512;
const SHORT_LEVEL: i32 = 3;
/// A visit: a tenth less than level 3, and nearly what the highest levels do, for some 30 microseconds on a desktop
/// instead of 10. Work of a commit, not of a tap.
const LEVEL: i32 = 12;
/// How a zstd frame begins. As CBOR it is a negative number, which none of ours begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

thread_local! {
    // Each holds some hundred KiB of tables that are dear to set up for half a kilobyte of text.
    static SHORT_COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Smaller bytes, or the same where there are none.
pub fn squeeze(plain: Vec<u8>) -> Vec<u8> {
    let (kept, level) =
        if plain.len() > SHORT { (&COMPRESSOR, LEVEL) } else { (&SHORT_COMPRESSOR, SHORT_LEVEL) };
    let packed = kept.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(compressor(level).ok()?),
        };
        compressor.compress(&plain).ok()
    });
    packed.filter(|packed| packed.len() < plain.len()).unwrap_or(plain)
}

/// The inverse, for at most `max` bytes; none for bytes that are damaged.
pub fn unsqueeze(bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
    if !bytes.starts_with(&MAGIC) {
        return Some(bytes);
    }
    let length = zstd::zstd_safe::get_frame_content_size(&bytes).ok()??;
    let length = usize::try_from(length).ok().filter(|length| *length <= max)?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::with_dictionary(DICTIONARY).ok()?),
        };
        decompressor.decompress(&bytes, length).ok()
    })
}

fn compressor(level: i32) -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::with_dictionary(level, DICTIONARY)?;
    compressor.include_checksum(false)?;
    compressor.include_dictid(false)?;
    Ok(compressor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_squeezed_comes_back_and_damage_is_noticed() {
        let long = b"\x9fchecklist item checklist item checklist item".repeat(9);
        let packed = squeeze(long.clone());
        assert!(packed.len() < long.len() / 4);
        assert_eq!(unsqueeze(packed.clone(), long.len()).as_ref(), Some(&long));
        assert_eq!(unsqueeze(packed.clone(), long.len() - 1), None);
        assert!((5..packed.len()).all(|len| unsqueeze(packed[..len].to_vec(), 4_096).is_none()));
        let short = vec![0x81, 0x07];
        assert_eq!(squeeze(short.clone()), short);
        assert_eq!(unsqueeze(short.clone(), 0), Some(short));
    }
}

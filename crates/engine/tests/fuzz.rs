//! Pictures from anywhere, kept as evidence or read for a QR: whatever the bytes are, the phone answers, within its
//! memory, and keeps nothing half-made. How it works and its settings: `crates/domain/tests/fuzz.rs`.
// Helpers of a test target are tests, too: clippy.toml allows this inside `#[test]` only.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../domain/tests/support/mutate.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test target uses a part of it")]
mod mutate;
#[path = "../../domain/tests/support/rng.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test target uses a part of it")]
mod rng;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use fast_qr::qr::QRBuilder;
use image::{GrayImage, ImageFormat, Luma};
use mutate::{Shown, input, number};
use peak_alloc::PeakAlloc;
use rng::Rng;
use xuncha_domain::disk::RealDisk;
use xuncha_engine::photo::{self, SIDE_MAX};
use xuncha_engine::{Engine, Options};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Decoding takes a millisecond or two in a debug build.
const CASES: u64 = 1_500;
/// A picture is decoded for its thumbnail within the limit of `photo::PIXELS_MAX`, four bytes a pixel, and a second time
/// while it is turned. A test picture of a kilobyte that claims more must not be believed.
const BYTES_MAX: usize = 2 * 4 * photo::PIXELS_MAX as usize;

fn pictures() -> Vec<Vec<u8>> {
    let folder =
        PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../tests/fixtures/photos");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|ending| ending != "md"));
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A picture of a QR, as sharp as a screen shows it.
fn code() -> Vec<u8> {
    const SCALE: u32 = 4;
    let code = QRBuilder::new("xuncha://enroll?u=https%3A%2F%2Fhq.example&c=7KQ4-M2XP").build().unwrap();
    let size = u32::try_from(code.size).unwrap();
    let picture = GrayImage::from_fn((size + 8) * SCALE, (size + 8) * SCALE, |x, y| {
        let module = |at: u32| (at / SCALE).checked_sub(4).filter(|at| *at < size);
        let dark = module(x).zip(module(y)).is_some_and(|(x, y)| code[y as usize][x as usize].value());
        Luma([if dark { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Everything that happens to a picture; whether it was kept.
fn keep(folder: &Path, bytes: &[u8]) -> bool {
    let Ok(kept) = photo::capture(&RealDisk, folder, "t", bytes) else {
        assert_eq!(files(folder), 0, "something half-made stayed");
        return false;
    };
    assert_eq!(std::fs::read(&kept.path).unwrap(), bytes, "evidence is kept as it came");
    let facts = photo::read_exif(&kept.path);
    if let Ok(thumbnail) = photo::thumbnail(&kept.path, facts.orientation, SIDE_MAX) {
        assert!(image::load_from_memory(&thumbnail).unwrap().width().max(1) <= SIDE_MAX);
    }
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::create_dir(folder).unwrap();
    true
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .fold(0, |count, entry| count + if entry.path().is_dir() { files(&entry.path()) } else { 1 })
}

// One test, alone in its process: the allocator counts for all threads.
#[test]
fn whatever_a_picture_holds_it_is_kept_whole_or_not_at_all() {
    let (cases, seed) = (number("XUNCHA_FUZZ_CASES", CASES), number("XUNCHA_FUZZ_SEED", 1));
    let mut pictures = pictures();
    pictures.extend(vec![code(); 4]);
    let folder = tempfile::tempdir().unwrap();
    let phone = Engine::open(Options::system(folder.path().join("phone"))).unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let mut rng = Rng::new(seed);
    let (mut kept, mut read, mut most) = (0, 0, 0);
    for _ in 0..cases {
        let bytes = input(&mut rng, &pictures, &pictures);
        let _shown = Shown("picture", &bytes);
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        kept += u64::from(keep(&photos, &bytes));
        // The slower one: every eighth picture.
        if rng.below(8) == 0 {
            read += u64::from(phone.read_code(&mut bytes.as_slice()).is_ok());
        }
        most = most.max(MEMORY.peak_usage().saturating_sub(before));
        assert!(most <= BYTES_MAX, "{most} bytes of memory for a picture of {}", bytes.len());
    }
    assert!(kept > 0 && read > 0);
    println!("picture: {cases} inputs, {kept} kept, {read} with a QR, at most {most} bytes of memory");
}

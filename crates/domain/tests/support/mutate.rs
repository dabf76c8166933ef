//! Bytes that mean harm, made from valid ones and a seed. Shared by the fuzz tests of all crates.

use super::rng::Rng;

/// Inputs stay below; what is longer is refused by its size before it is read.
pub const INPUT_BYTES_MAX: usize = 16 * 1024;

pub fn place(rng: &mut Rng, len: usize) -> usize {
    usize::try_from(rng.below(len as u64 + 1)).unwrap()
}

/// One step from valid bytes towards bytes that mean harm.
pub fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let (a, b) = (place(rng, bytes.len()), place(rng, bytes.len()));
    let (from, to) = (a.min(b), a.max(b));
    match rng.below(8) {
        0 if a < bytes.len() => bytes[a] ^= 1 << rng.below(8),
        1 if a < bytes.len() => bytes[a] = rng.bytes::<1>()[0],
        2 => bytes.truncate(a),
        3 => drop(bytes.drain(from..to.min(from + 40))),
        4 => {
            let piece = other[place(rng, other.len())..].iter().take(200).copied().collect::<Vec<_>>();
            bytes.splice(a..a, piece);
        }
        5 => {
            let piece = bytes[from..to].to_vec();
            let times = rng.below(8);
            (0..times).for_each(|_| drop(bytes.splice(from..from, piece.iter().copied())));
        }
        // A length that is not there: of an array, byte string, text or map, in one to eight bytes.
        6 => {
            let head =
                rng.pick(&[0x40_u8, 0x60, 0x80, 0xa0, 0x00, 0x20, 0xc0]) | rng.pick(&[24, 25, 26, 27, 31]);
            let length = rng.bytes::<8>().map(|byte| if byte & 1 == 0 { 0xff } else { byte });
            let width = place(rng, 8);
            bytes.splice(
                from..(from + 1).min(bytes.len()),
                [head].into_iter().chain(length.into_iter().take(width)),
            );
        }
        _ => {
            let extreme = rng.pick(&[0_u64, 1, u64::MAX, i64::MAX as u64, 1 << 31, 2_001, 4_097]);
            let head = rng.pick(&[0x1b_u8, 0x3b]);
            bytes.splice(from..(from + 1).min(bytes.len()), [head].into_iter().chain(extreme.to_be_bytes()));
        }
    }
    bytes.truncate(INPUT_BYTES_MAX);
}

/// Noise one time in ten; else bytes that the decoder takes, or that another one takes, and some steps from there.
pub fn input(rng: &mut Rng, own: &[Vec<u8>], all: &[Vec<u8>]) -> Vec<u8> {
    let any = |rng: &mut Rng| &all[place(rng, all.len() - 1)];
    if rng.below(10) == 0 {
        let len = place(rng, 300);
        return (0..len).map(|_| rng.bytes::<1>()[0]).collect();
    }
    let from = if rng.below(4) == 0 { all } else { own };
    let mut bytes = from[place(rng, from.len() - 1)].clone();
    for _ in 0..rng.below(5) {
        let other = any(rng);
        mutate(rng, &mut bytes, other);
    }
    bytes
}

/// Tells which bytes a decoder panicked on.
pub struct Shown<'a>(pub &'a str, pub &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: {}", self.0, hex::encode(self.1));
        }
    }
}

/// A number from the environment, such as `XUNCHA_FUZZ_CASES`.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

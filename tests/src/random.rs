//! Randomness of a test, from one seed that is printed: a failing run can be run again.

use xuncha_domain::ids;
use xuncha_engine::system::SystemEntropy;

/// The seed to run again with.
const SEED: &str = "XUNCHA_SEED";

/// SplitMix64: small, fast and good enough to choose instants and taps.
pub struct Random {
    pub seed: u64,
    state: u64,
}

impl Random {
    /// From the seed in `XUNCHA_SEED`, or else from a new one.
    ///
    /// # Panics
    /// When the variable holds no number.
    pub fn new() -> Self {
        let fresh = || u64::from_be_bytes(ids::random::<8>(&SystemEntropy)) >> 16;
        let seed = std::env::var(SEED).map_or_else(|_| fresh(), |text| text.parse().expect("a number"));
        Self::seeded(seed)
    }

    pub fn seeded(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 up to and without `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).expect("an index")]
    }

    /// A JPEG of about `bytes` bytes that no other is equal to: a small picture with comments that cannot be compressed,
    /// as large as what a phone uploads.
    pub fn photo(&mut self, bytes: usize) -> Vec<u8> {
        const COMMENT: [u8; 2] = [0xff, 0xfe];
        const COMMENT_BYTES: usize = 60_000;
        let file = crate::package().join("fixtures/photos/baseline.jpg");
        let picture = std::fs::read(file).expect("a picture");
        let (start_of_image, rest) = picture.split_at(2);
        let mut photo = start_of_image.to_vec();
        let mut left = bytes.saturating_sub(picture.len()).max(16);
        while left > 0 {
            let here = left.min(COMMENT_BYTES);
            photo.extend(COMMENT);
            photo.extend(u16::try_from(here + 2).expect("fits a segment").to_be_bytes());
            photo.extend((0..here.div_ceil(8)).flat_map(|_| self.number().to_be_bytes()).take(here));
            left -= here;
        }
        photo.extend(rest);
        photo
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

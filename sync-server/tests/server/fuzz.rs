//! A register from anywhere: damaged tables are read or refused line by line, never with a panic.

use xuncha_domain::ids::random;
use xuncha_server::service::read_venues;
use xuncha_server::system::SystemEntropy;

const CASES: u64 = 2_000;
const TABLE: &str = "name,category,district,township,address,licence_no,lat,lon\n\
    \"网吧 \"\"一\"\"号\",internet_cafe,140105,,\"平阳路1号,二层\",LIC-1,37.81,112.54\n\
    影城,cinema,小店区,,长风街2号,,,\n";

fn below(n: usize) -> usize {
    usize::try_from(u64::from_le_bytes(random(&SystemEntropy)) % (n as u64 + 1)).unwrap()
}

#[test]
fn a_damaged_register_never_panics() {
    let cases = std::env::var("XUNCHA_FUZZ_CASES").ok().map_or(CASES, |text| text.parse().unwrap());
    for _ in 0..cases {
        let mut bytes = TABLE.as_bytes().to_vec();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(3) {
                0 => bytes.truncate(at),
                1 => drop(bytes.splice(at..at, random::<3>(&SystemEntropy))),
                2 => drop(bytes.splice(at..at, *b"\"\r\n,")),
                _ => bytes.splice(at..at, "9".repeat(400).into_bytes()).for_each(drop),
            }
        }
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let read = std::panic::catch_unwind(|| read_venues(&bytes));
        let (venues, errors) = read.unwrap_or_else(|_| panic!("{shown}"));
        assert!(venues.len() + errors.len() <= bytes.len());
    }
}

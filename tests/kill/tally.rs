//! What happened, and what must not have happened.

#[derive(Default)]
pub struct Tally {
    pub kills: usize,
    /// Kills that hit a program before it was ready.
    pub starting: usize,
    pub acknowledged: usize,
    pub photos: usize,
    /// Calls that a kill cut off, and how many of those had been recorded nevertheless.
    pub cut: usize,
    pub cut_and_kept: usize,
    pub violations: Vec<String>,
}

impl Tally {
    /// Prints the count.
    ///
    /// # Panics
    /// When anything was violated.
    pub fn report(&self, who: &str, seed: u64) {
        let Self { kills, starting, acknowledged, photos, cut, cut_and_kept, violations } = self;
        println!(
            "{who}: {kills} kills ({starting} while starting), {acknowledged} calls acknowledged, {photos} photos, \
             {cut} calls cut off ({cut_and_kept} of them recorded), {} violations, seed {seed}",
            violations.len()
        );
        assert!(violations.is_empty(), "seed {seed}:\n{}", violations.join("\n"));
    }

    pub fn must(&mut self, well: bool, what: impl FnOnce() -> String) {
        if !well {
            let violation = format!("after kill {}: {}", self.kills, what());
            println!("VIOLATION {violation}");
            self.violations.push(violation);
        }
    }
}

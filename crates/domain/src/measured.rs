//! People who were measured: which readings are one chain of retests, what came of each, and the count of a crowd.
//!
//! The states of a chain are those of the machine `temperature_outcome` of `data/statuses.csv`.

use crate::model::words::Sequence;
use crate::reading::Verdict;
use crate::words::words;

words!(
    /// What came of a chain of readings of one person.
    Outcome {
        Normal = "normal",
        /// Nothing but values that no body has: nobody was measured yet.
        Implausible = "implausible",
        /// Abnormal once, and not measured again.
        Suspect = "suspect",
        RetestNormal = "retest_normal",
        Confirmed = "confirmed",
        /// Confirmed, and reported.
        Referred = "referred",
    }
);

impl Outcome {
    /// The person still has a temperature that something must be done about.
    pub const fn is_abnormal(self) -> bool {
        matches!(self, Self::Suspect | Self::Confirmed | Self::Referred)
    }

    /// By the verdicts of a chain, oldest first; none for an empty one.
    ///
    /// An implausible value decides nothing. Two abnormal ones confirm each other, and what follows does not take that
    /// back: only a physician can.
    pub fn of(chain: impl IntoIterator<Item = Verdict>, reported: bool) -> Option<Self> {
        let last = chain.into_iter().fold(None, |so_far, verdict| Some(Self::after(so_far, verdict)))?;
        Some(if last == Self::Confirmed && reported { Self::Referred } else { last })
    }

    const fn after(so_far: Option<Self>, verdict: Verdict) -> Self {
        match (so_far, verdict) {
            (Some(Self::Confirmed | Self::Referred), _)
            | (Some(Self::Suspect | Self::RetestNormal), Verdict::Abnormal) => Self::Confirmed,
            (None, Verdict::Implausible) => Self::Implausible,
            (Some(before), Verdict::Implausible) => before,
            (Some(Self::Suspect | Self::RetestNormal), Verdict::Normal) => Self::RetestNormal,
            (None | Some(Self::Normal | Self::Implausible), Verdict::Normal) => Self::Normal,
            (None | Some(Self::Normal | Self::Implausible), Verdict::Abnormal) => Self::Suspect,
        }
    }
}

/// A reading of a body, as far as chains are made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured<Id> {
    pub id: Id,
    /// The reading that it repeats, where that was said.
    pub retest_of: Option<Id>,
    pub sequence: Sequence,
    pub subject: Option<String>,
    pub temperature_dc: i32,
    pub verdict: Verdict,
    /// The person was reported to whoever is responsible.
    pub reported: bool,
}

/// One person, measured once or again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain<Id> {
    pub subject: Option<String>,
    /// Oldest first.
    pub readings: Vec<Measured<Id>>,
}

impl<Id> Chain<Id> {
    pub fn outcome(&self) -> Option<Outcome> {
        let reported = self.readings.iter().any(|reading| reading.reported);
        Outcome::of(self.readings.iter().map(|reading| reading.verdict), reported)
    }
}

/// Puts readings, oldest first, together by person.
///
/// A reading that names the one it repeats joins that one's chain. One that only says "second" or "confirm" joins the
/// newest chain of its subject. Every other begins a chain: a label such as "保安" may stand for two people.
pub fn chains<Id: PartialEq>(readings: impl IntoIterator<Item = Measured<Id>>) -> Vec<Chain<Id>> {
    let mut chains: Vec<Chain<Id>> = Vec::new();
    for reading in readings {
        let named = reading.retest_of.as_ref();
        let repeats = |chain: &Chain<Id>| named.is_some_and(|id| chain.readings.iter().any(|r| r.id == *id));
        let again = reading.sequence != Sequence::First && reading.subject.is_some();
        let found = chains
            .iter()
            .rposition(repeats)
            .or_else(|| chains.iter().rposition(|chain| again && chain.subject == reading.subject));
        match found.and_then(|place| chains.get_mut(place)) {
            Some(chain) => {
                // The label may come with the retest.
                if chain.subject.is_none() {
                    chain.subject.clone_from(&reading.subject);
                }
                chain.readings.push(reading);
            }
            None => chains.push(Chain { subject: reading.subject.clone(), readings: vec![reading] }),
        }
    }
    chains
}

/// A crowd is counted, never named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crowd {
    /// People with at least one plausible reading.
    pub measured: u32,
    /// Of these, suspect, confirmed or referred.
    pub abnormal: u32,
    /// Of these, abnormal at first and normal afterwards.
    pub retest_normal: u32,
    /// People who must be measured again, because no body has what was measured.
    pub implausible: u32,
    /// The highest plausible reading, in tenths of a degree.
    pub highest_dc: Option<i32>,
}

impl Crowd {
    pub fn of<Id>(chains: &[Chain<Id>]) -> Self {
        let mut crowd = Self::default();
        for chain in chains {
            let Some(outcome) = chain.outcome() else { continue };
            crowd.measured += u32::from(outcome != Outcome::Implausible);
            crowd.abnormal += u32::from(outcome.is_abnormal());
            crowd.retest_normal += u32::from(outcome == Outcome::RetestNormal);
            crowd.implausible += u32::from(outcome == Outcome::Implausible);
            let plausible = chain.readings.iter().filter(|reading| reading.verdict != Verdict::Implausible);
            crowd.highest_dc = crowd.highest_dc.max(plausible.map(|reading| reading.temperature_dc).max());
        }
        crowd
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::judge_dc;
    use crate::status::Machine;

    fn measured(id: u32, subject: Option<&str>, sequence: Sequence, dc: i32) -> Measured<u32> {
        let subject = subject.map(str::to_owned);
        Measured {
            id,
            retest_of: None,
            sequence,
            subject,
            temperature_dc: dc,
            verdict: judge_dc(dc),
            reported: false,
        }
    }

    fn outcome(chain: &[i32], reported: bool) -> Option<Outcome> {
        Outcome::of(chain.iter().map(|dc| judge_dc(*dc)), reported)
    }

    #[test]
    fn the_outcomes_are_the_states_of_the_data_and_follow_its_steps() {
        let machine = Machine::get("temperature_outcome").unwrap();
        let codes: Vec<_> = machine.states.iter().map(|state| state.code.as_str()).collect();
        assert_eq!(codes.len(), Outcome::ALL.len());
        assert!(Outcome::ALL.iter().all(|outcome| codes.contains(&outcome.code())));
        for (from, to) in [
            ("implausible", "normal"),
            ("implausible", "suspect"),
            ("suspect", "confirmed"),
            ("suspect", "retest_normal"),
        ] {
            assert!(machine.allows(from, to), "{from} {to}");
        }
    }

    #[test]
    fn a_chain_says_what_came_of_it() {
        assert_eq!(outcome(&[], true), None);
        assert_eq!(outcome(&[365], true), Some(Outcome::Normal));
        assert_eq!(outcome(&[341], false), Some(Outcome::Implausible));
        assert_eq!(outcome(&[341, 366], false), Some(Outcome::Normal));
        assert_eq!(outcome(&[376], true), Some(Outcome::Suspect), "reported before it was confirmed");
        assert_eq!(outcome(&[376, 428], false), Some(Outcome::Suspect), "the retest must be repeated");
        assert_eq!(outcome(&[376, 368], false), Some(Outcome::RetestNormal));
        assert_eq!(outcome(&[376, 375], false), Some(Outcome::Confirmed));
        assert_eq!(outcome(&[376, 375], true), Some(Outcome::Referred));
        assert_eq!(outcome(&[376, 375, 366], false), Some(Outcome::Confirmed), "no reading takes it back");
        assert_eq!(outcome(&[376, 366, 375], false), Some(Outcome::Confirmed));
    }

    #[test]
    fn readings_of_one_person_are_one_chain() {
        let mut retest = measured(4, None, Sequence::Second, 368);
        retest.retest_of = Some(3);
        let chains = chains([
            measured(1, Some("保安"), Sequence::First, 365),
            measured(2, Some("保安"), Sequence::First, 376),
            measured(3, None, Sequence::First, 379),
            retest,
            measured(5, Some("保安"), Sequence::Second, 377),
            measured(6, None, Sequence::Second, 366),
        ]);
        let ids: Vec<Vec<u32>> =
            chains.iter().map(|chain| chain.readings.iter().map(|reading| reading.id).collect()).collect();
        assert_eq!(ids, [vec![1], vec![2, 5], vec![3, 4], vec![6]]);
    }

    #[test]
    fn a_crowd_is_counted_by_people() {
        let readings = [
            measured(1, Some("1"), Sequence::First, 365),
            measured(2, Some("2"), Sequence::First, 376),
            measured(3, Some("2"), Sequence::Second, 378),
            measured(4, Some("3"), Sequence::First, 374),
            measured(5, Some("3"), Sequence::Second, 369),
            measured(6, Some("4"), Sequence::First, 431),
        ];
        let crowd = Crowd::of(&chains(readings));
        assert_eq!(
            crowd,
            Crowd { measured: 3, abnormal: 1, retest_normal: 1, implausible: 1, highest_dc: Some(378) }
        );
    }
}

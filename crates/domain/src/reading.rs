//! Temperature readings: whole tenths of a degree Celsius (373 is 37.3 °C), judged by a dated rule.
//!
//! A reading is never judged by a screen or a query: all of them ask here, so that a phone and HQ cannot disagree.

use jiff::civil::Date;

use crate::words::words;

words!(
    /// What a body reading says.
    Verdict {
        Normal = "normal",
        /// No body has it: the device, the cold or the distance. Measure again.
        Implausible = "implausible",
        Abnormal = "abnormal",
    }
);

impl Verdict {
    /// Which of several concurrent readings is displayed: the highest rank.
    pub const fn severity_rank(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Implausible => 1,
            Self::Abnormal => 2,
        }
    }
}

/// Judges a body temperature in tenths of a degree by the standing rule.
pub fn judge_dc(dc: i32) -> Verdict {
    TemperatureRule::STANDING.judge(dc)
}

/// What counts as abnormal from a day on. All temperatures are in tenths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemperatureRule {
    /// The first day of the rule.
    pub from: Date,
    /// This value itself is abnormal.
    pub abnormal_at_dc: i32,
    /// The lowest and the highest value that a body can have; both are plausible themselves.
    pub plausible_min_dc: i32,
    pub plausible_max_dc: i32,
}

impl TemperatureRule {
    /// The rule of the brigade's material, in force until an office sets another.
    pub const STANDING: Self = Self {
        from: Date::constant(2020, 1, 1),
        abnormal_at_dc: 373,
        plausible_min_dc: 350,
        plausible_max_dc: 420,
    };

    /// The latest of `rules` that has begun on `day`, else the standing one.
    pub fn on(rules: &[Self], day: Date) -> Self {
        let begun = rules.iter().filter(|rule| rule.from <= day);
        begun.max_by_key(|rule| rule.from).copied().unwrap_or(Self::STANDING)
    }

    /// Judges a body temperature. Implausible wins over abnormal: 42.1 °C is measured again, not reported.
    pub const fn judge(&self, dc: i32) -> Verdict {
        if dc < self.plausible_min_dc || dc > self.plausible_max_dc {
            Verdict::Implausible
        } else if dc >= self.abnormal_at_dc {
            Verdict::Abnormal
        } else {
            Verdict::Normal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist;

    #[test]
    fn the_bounds_are_exact() {
        for (dc, verdict) in [
            (i32::MIN, Verdict::Implausible),
            (349, Verdict::Implausible),
            (350, Verdict::Normal),
            (372, Verdict::Normal),
            (373, Verdict::Abnormal),
            (420, Verdict::Abnormal),
            (421, Verdict::Implausible),
            (i32::MAX, Verdict::Implausible),
        ] {
            assert_eq!(judge_dc(dc), verdict, "{dc}");
        }
    }

    #[test]
    fn abnormal_shows_before_implausible_before_normal() {
        let mut verdicts = [Verdict::Normal, Verdict::Abnormal, Verdict::Implausible];
        verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity_rank()));
        assert_eq!(verdicts, [Verdict::Abnormal, Verdict::Implausible, Verdict::Normal]);
    }

    #[test]
    fn the_standing_rule_is_that_of_the_data() {
        let data = &checklist::parameters().temperature;
        let rule = TemperatureRule::STANDING;
        assert_eq!(
            (rule.abnormal_at_dc, rule.plausible_min_dc, rule.plausible_max_dc),
            (data.abnormal_at, data.plausible_min, data.plausible_max)
        );
    }

    #[test]
    fn a_rule_counts_from_its_day() {
        let stricter = TemperatureRule {
            from: Date::constant(2020, 3, 1),
            abnormal_at_dc: 370,
            ..TemperatureRule::STANDING
        };
        let rules = [stricter];
        assert_eq!(TemperatureRule::on(&rules, Date::constant(2020, 2, 29)).judge(371), Verdict::Normal);
        assert_eq!(TemperatureRule::on(&rules, Date::constant(2020, 3, 1)).judge(371), Verdict::Abnormal);
        assert_eq!(TemperatureRule::on(&[], Date::constant(2030, 1, 1)), TemperatureRule::STANDING);
    }

    #[test]
    fn words_have_their_codes() {
        assert_eq!(Verdict::from_code("fever"), None);
    }
}

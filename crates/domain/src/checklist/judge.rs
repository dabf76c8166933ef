//! What an answer means. One function decides for phone, HQ and console.

use jiff::civil::Date;

use super::{Answer, CapacityCap, Check, ChecklistItem, Limit};

/// What an answer says about the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judgement {
    Compliant,
    NotApplicable,
    NonCompliant,
    /// The item only records something, or what it is compared with is unknown.
    Unjudged,
}

impl Judgement {
    /// Which of several concurrent answers is displayed: the highest rank. Non-compliant, then n/a, then compliant.
    pub const fn severity_rank(self) -> u8 {
        match self {
            Self::Unjudged => 0,
            Self::Compliant => 1,
            Self::NotApplicable => 2,
            Self::NonCompliant => 3,
        }
    }

    const fn of(compliant: bool) -> Self {
        if compliant { Self::Compliant } else { Self::NonCompliant }
    }
}

/// What some limits compare an answer with.
pub struct Situation<'a> {
    /// The day of the visit; picks the cap in force.
    pub day: Date,
    /// The number that another item of the same visit is answered with.
    pub number_of: &'a dyn Fn(&str) -> Option<i64>,
}

/// Judges an answer by the item alone. Limits that need the day or other answers are [`Judgement::Unjudged`] here, so
/// that the result is a pure function of the answer and may decide which concurrent answer is displayed.
pub fn judge(item: &ChecklistItem, answer: &Answer) -> Judgement {
    judge_with(item, answer, None)
}

/// Judges an answer with the day and the other answers of the visit.
pub fn judge_in(item: &ChecklistItem, answer: &Answer, situation: &Situation<'_>) -> Judgement {
    judge_with(item, answer, Some(situation))
}

fn judge_with(item: &ChecklistItem, answer: &Answer, situation: Option<&Situation<'_>>) -> Judgement {
    if !item.accepts(answer) {
        return Judgement::Unjudged;
    }
    match answer {
        Answer::Yes => Judgement::Compliant,
        Answer::No => Judgement::NonCompliant,
        Answer::Na => Judgement::NotApplicable,
        Answer::Number(n) | Answer::Percent(n) | Answer::Temperature(n) => {
            let keeps = item.limit.as_ref().and_then(|limit| keeps(limit, *n, situation));
            keeps.map_or(Judgement::Unjudged, Judgement::of)
        }
        Answer::Text(text) => match item.check {
            Some(Check::CreditCode) => Judgement::of(is_credit_code(text)),
            None => Judgement::Unjudged,
        },
        Answer::Choice(_) => Judgement::Unjudged,
    }
}

/// Whether `n` keeps the limit; `None` when what it is compared with is unknown.
fn keeps(limit: &Limit, n: i64, situation: Option<&Situation<'_>>) -> Option<bool> {
    Some(match limit {
        Limit::Below(bound) => n < *bound,
        Limit::AtMost(bound) => n <= *bound,
        Limit::AtLeast(bound) => n >= *bound,
        Limit::Between(low, high) => (*low..=*high).contains(&n),
        Limit::EqualsItem(other) => n == (situation?.number_of)(other)?,
        Limit::AtMostItem(other) => n <= (situation?.number_of)(other)?,
        Limit::AtMostCap { caps, .. } => n <= cap_on(caps, situation?.day)?.percent?,
    })
}

/// The cap in force on `day`; `None` before the first.
fn cap_on(caps: &[CapacityCap], day: Date) -> Option<&CapacityCap> {
    caps.iter().filter(|cap| cap.from <= day).max_by_key(|cap| cap.from)
}

/// Whether `text` is a unified social credit code with the right check character (GB 32100—2015): the first 17 values
/// weighted with the powers of 3, plus the value of the check character, is a multiple of 31.
fn is_credit_code(text: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const LEN: usize = 18;
    let values: Option<Vec<usize>> = text.chars().take(LEN + 1).map(|c| ALPHABET.find(c)).collect();
    let Some((check, body)) = values.as_ref().and_then(|values| values.split_last()) else { return false };
    let (sum, _) =
        body.iter().fold((0, 1), |(sum, weight), value| ((sum + value * weight) % 31, weight * 3 % 31));
    body.len() + 1 == LEN && (sum + check) % 31 == 0
}

#[cfg(test)]
mod tests {
    use super::super::{Checklist, Mode};
    use super::*;

    fn item(id: &str) -> &'static ChecklistItem {
        Checklist::for_venue("ICAFE", Mode::Routine)
            .into_iter()
            .chain(Checklist::for_venue("ICAFE", Mode::Closure))
            .chain(Checklist::for_venue("ICAFE", Mode::Reopening))
            .chain(Checklist::for_venue("LIBRARY", Mode::Routine))
            .find_map(|checklist| checklist.item(id))
            .unwrap()
    }

    #[test]
    fn yes_is_compliant() {
        assert_eq!(judge(item("ICF-R-01"), &Answer::Yes), Judgement::Compliant);
        assert_eq!(judge(item("ICF-R-01"), &Answer::No), Judgement::NonCompliant);
    }

    #[test]
    fn an_answer_of_another_kind_is_not_judged() {
        assert_eq!(judge(item("ICF-R-01"), &Answer::Na), Judgement::Unjudged);
        assert_eq!(judge(item("ICF-R-01"), &Answer::Number(0)), Judgement::Unjudged);
        assert_eq!(judge(item("CLS-09"), &Answer::Choice("pigeon".into())), Judgement::Unjudged);
        assert!(!item("CLS-09").accepts(&Answer::Choice("pigeon".into())));
        assert!(item("CLS-09").accepts(&Answer::Choice("on_site".into())));
    }

    #[test]
    fn fixed_limits() {
        for (id, answer, judgement) in [
            ("CLS-02", Answer::Number(0), Judgement::Compliant),
            ("CLS-02", Answer::Number(1), Judgement::NonCompliant),
            ("CLS-16", Answer::Temperature(372), Judgement::Compliant),
            ("CLS-16", Answer::Temperature(373), Judgement::NonCompliant),
            ("LIB-R-07", Answer::Temperature(160), Judgement::Compliant),
            ("LIB-R-07", Answer::Temperature(221), Judgement::NonCompliant),
            ("LIB-R-07", Answer::Na, Judgement::NotApplicable),
            ("CLS-15", Answer::Number(3), Judgement::Unjudged),
        ] {
            assert_eq!(judge(item(id), &answer), judgement, "{id} {answer:?}");
        }
    }

    fn in_2020(month: i8, day: i8, online: Option<i64>, id: &str, answer: Answer) -> Judgement {
        let number_of = |other: &str| online.filter(|_| other == "ICF-R-05");
        let situation = Situation { day: Date::constant(2020, month, day), number_of: &number_of };
        judge_in(item(id), &answer, &situation)
    }

    #[test]
    fn a_limit_by_another_answer_waits_for_it() {
        let registered = || Answer::Number(12);
        assert_eq!(in_2020(1, 1, None, "ICF-R-06", registered()), Judgement::Unjudged);
        assert_eq!(in_2020(1, 1, Some(12), "ICF-R-06", registered()), Judgement::Compliant);
        assert_eq!(in_2020(1, 1, Some(13), "ICF-R-06", registered()), Judgement::NonCompliant);
        assert_eq!(judge(item("ICF-R-06"), &registered()), Judgement::Unjudged);
    }

    #[test]
    fn a_cap_is_that_of_the_day() {
        let full = |percent| Answer::Percent(percent);
        assert_eq!(in_2020(5, 11, None, "ICF-E-02", full(10)), Judgement::Unjudged, "before the first cap");
        assert_eq!(in_2020(5, 12, None, "ICF-E-02", full(50)), Judgement::Compliant);
        assert_eq!(in_2020(8, 31, None, "ICF-E-02", full(51)), Judgement::NonCompliant);
        assert_eq!(in_2020(9, 1, None, "ICF-E-02", full(75)), Judgement::Compliant);
    }

    #[test]
    fn the_credit_code_is_checked_by_its_check_character() {
        let code = |text: &str| judge(item("CMN-R-03"), &Answer::Text(text.into()));
        // The example of the standard.
        assert_eq!(code("91350100M000100Y43"), Judgement::Compliant);
        for wrong in
            ["91350100M000100Y44", "91350100M000100Y4", "91350100M000100Y430", "", "9135O100M000100Y43"]
        {
            assert_eq!(code(wrong), Judgement::NonCompliant, "{wrong}");
        }
    }

    #[test]
    fn the_worst_judgement_is_displayed() {
        let ranks = [Judgement::Compliant, Judgement::NotApplicable, Judgement::NonCompliant]
            .map(Judgement::severity_rank);
        assert!(ranks.is_sorted() && ranks[0] < ranks[1] && ranks[1] < ranks[2]);
    }
}

//! Small closed lists of words, with their number in the log and their name elsewhere.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $number),+ }
            }
            pub fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(
    /// What a visit is for.
    VisitKind { Inspection = 1 "inspection", Survey = 2 "survey", Patrol = 3 "patrol", Recheck = 4 "recheck",
        ClosureCheck = 5 "closure_check" }
);
words!(
    /// How a visit is made.
    VisitMode { OnSite = 1 "on_site", Phone = 2 "phone", Online = 3 "online" }
);
words!(
    /// Which level leads a visit; also the tier of a team.
    LeadLevel { Bureau = 1 "bureau", Brigade = 2 "brigade", District = 3 "district" }
);
words!(
    /// Where a temperature was taken.
    Site { Forehead = 1 "forehead", Wrist = 2 "wrist", Ear = 3 "ear", Axilla = 4 "axilla", Air = 5 "air" }
);
words!(
    /// Which reading of a retest chain.
    Sequence { First = 1 "first", Second = 2 "second", Confirm = 3 "confirm" }
);

words!(
    /// What is done about an abnormal reading: the person is kept apart, and reported to whoever is responsible. How it
    /// was done is recorded as a text.
    Step { Isolated = 1 "isolated", Reported = 2 "reported" }
);

words!(
    /// What the party of a document did.
    DocumentOutcome { Signed = 1 "signed", Refused = 2 "refused", Witness = 3 "witness" }
);

words!(
    /// What a supervisor made of a visit.
    ReviewState { Approved = 1 "approved", Returned = 2 "returned" }
);

words!(
    /// Why HQ holds a commit back.
    HeldReason {
        /// An op of a kind that only HQ may write.
        KindReserved = 1 "kind_reserved",
        /// The device was closed before the commit arrived.
        DeviceClosed = 2 "device_closed",
        /// Written by a newer version; applied after HQ's upgrade.
        NewerFormat = 3 "newer_format",
        /// A value that its kind does not allow.
        ValueInvalid = 4 "value_invalid" }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_round_trip() {
        for kind in VisitKind::ALL {
            assert_eq!(VisitKind::from_number(kind.number()), Some(*kind));
            assert_eq!(VisitKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(Site::from_number(0), None);
    }
}

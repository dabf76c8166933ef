//! Closed sets of words: one enum per set, one stable code per word.
//!
//! The same codes stand in data files, SQL, the log and TypeScript, so the list of them is written exactly once.

/// Declares an enum whose variants are words with a stable `code()`, `from_code`, and serde by that code.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $code)] $variant),+
        }

        impl $name {
            /// Every word, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as data files, the log and screens write it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The word with this code, or `None`.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use words;

//! Finding a venue by a part of its name, the first letters of its pinyin, its address or its licence number.
//!
//! An index holds the [`grams`] of each venue, any full-text index that knows "all of these tokens". It only filters:
//! what it finds is held against the venue's own words by [`Wanted::rank`], so that neither a character with two
//! readings nor a gram of another word makes a false hit. Chinese has no spaces to cut at, and two characters are a
//! usual search; so the tokens are pairs of characters, and not words or trigrams.

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti as _;
use unicode_normalization::UnicodeNormalization as _;

/// More words than this narrow nothing down.
const WORDS_MAX: usize = 5;
/// Longer than any name that somebody types.
const CHARS_MAX: usize = 40;
/// Stands before the first character of a name, so that a name that begins with a word is found first. A letter to any
/// tokenizer, and in no name after folding.
const BEGIN: char = 'ˆ';

/// What a venue is found by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    pub name: &'a str,
    pub address: &'a str,
    pub licence_no: &'a str,
}

/// How well a venue answers; the least is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    NameBegins,
    Name,
    Initials,
    Elsewhere,
}

/// What somebody typed: words of which each must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(Vec<Vec<char>>);

impl Wanted {
    pub fn parse(typed: &str) -> Self {
        let words = typed.split_whitespace().map(|word| folded(word).take(CHARS_MAX).collect::<Vec<_>>());
        Self(words.filter(|word| !word.is_empty()).take(WORDS_MAX).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An FTS5 query for what may answer.
    pub fn query(&self) -> String {
        self.0.iter().flat_map(|word| tokens_of(word)).collect::<Vec<_>>().join(" AND ")
    }

    /// One for what may begin with the first word, by its characters or its initials.
    pub fn query_begins(&self) -> String {
        let first = self.0.first().and_then(|word| word.first());
        let begin = first.map(|first| format!("\"{BEGIN}{first}\""));
        begin
            .into_iter()
            .chain(self.0.iter().flat_map(|word| tokens_of(word)))
            .collect::<Vec<_>>()
            .join(" AND ")
    }

    /// How a venue answers, by the best of the words; `None` when a word is nowhere.
    pub fn rank(&self, venue: Words<'_>) -> Option<Rank> {
        let name: Vec<char> = folded(venue.name).collect();
        let initials = initials(&name);
        let others = [venue.address, venue.licence_no].map(|text| folded(text).collect::<Vec<_>>());
        let rank = |word: &Vec<char>| {
            if name.starts_with(word) || begins(&initials, word) {
                Some(Rank::NameBegins)
            } else if holds(&name, word) {
                Some(Rank::Name)
            } else if (1..initials.len()).any(|at| initials.get(at..).is_some_and(|rest| begins(rest, word)))
            {
                Some(Rank::Initials)
            } else {
                others.iter().any(|text| holds(text, word)).then_some(Rank::Elsewhere)
            }
        };
        self.0.iter().map(rank).collect::<Option<Vec<_>>>()?.into_iter().min()
    }
}

/// The tokens under which a venue is indexed, with spaces between them.
pub fn grams(venue: Words<'_>) -> String {
    let mut found = BTreeSet::new();
    let name: Vec<char> = folded(venue.name).collect();
    let initials = initials(&name);
    found.extend(name.first().map(|first| format!("{BEGIN}{first}")));
    found.extend(initials.first().into_iter().flatten().map(|first| format!("{BEGIN}{first}")));
    for (at, letters) in initials.iter().enumerate() {
        for letter in letters {
            match initials.get(at + 1) {
                Some(after) => found.extend(after.iter().map(|next| format!("{letter}{next}"))),
                None => found.extend([letter.to_string()]),
            }
        }
    }
    for text in [name, folded(venue.address).collect(), folded(venue.licence_no).collect()] {
        found.extend(text.windows(2).map(|pair| pair.iter().collect::<String>()));
        // So that a last character alone is found by the prefix that a single one is looked up with.
        found.extend(text.last().map(char::to_string));
    }
    found.into_iter().collect::<Vec<_>>().join(" ")
}

/// Without what people leave out or write in two widths: spaces, brackets, case.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric())
}

/// What may stand for each character when only first letters are typed: of every reading of a Chinese one, and itself
/// of a letter or digit.
fn initials(name: &[char]) -> Vec<BTreeSet<char>> {
    name.iter()
        .map(|&character| match character.to_pinyin_multi() {
            Some(readings) => {
                readings.into_iter().filter_map(|reading| reading.first_letter().chars().next()).collect()
            }
            None => BTreeSet::from([character]),
        })
        .collect()
}

fn tokens_of(word: &[char]) -> Vec<String> {
    match word {
        [one] => vec![format!("\"{one}\"*")],
        _ => word.windows(2).map(|pair| format!("\"{}\"", pair.iter().collect::<String>())).collect(),
    }
}

fn begins(initials: &[BTreeSet<char>], word: &[char]) -> bool {
    initials.len() >= word.len()
        && initials.iter().zip(word).all(|(letters, letter)| letters.contains(letter))
}

fn holds(text: &[char], word: &[char]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENUE: Words<'_> =
        Words {
            name: "太原市星河音乐（KTV）", address: "小店区 学府街 12 号", licence_no: "晋A-2019-0042"
        };

    fn rank(typed: &str) -> Option<Rank> {
        Wanted::parse(typed).rank(VENUE)
    }

    #[test]
    fn a_venue_is_found_by_any_part_of_its_words() {
        assert_eq!(rank("太原市星河"), Some(Rank::NameBegins));
        assert_eq!(rank("星河"), Some(Rank::Name));
        assert_eq!(rank("ｋｔｖ"), Some(Rank::Name));
        assert_eq!(rank("音乐ktv"), Some(Rank::Name));
        assert_eq!(rank("学府街12"), Some(Rank::Elsewhere));
        assert_eq!(rank("20190042"), Some(Rank::Elsewhere));
        assert_eq!(rank("星河 学府"), Some(Rank::Name));
        assert_eq!(rank("星河 长治路"), None);
        assert_eq!(rank("河星"), None);
    }

    #[test]
    fn initials_know_each_reading_of_a_character() {
        assert_eq!(rank("tys"), Some(Rank::NameBegins));
        assert_eq!(rank("xhyy"), Some(Rank::Initials)); // 乐 yuè
        assert_eq!(rank("xhyl"), Some(Rank::Initials)); // 乐 lè
        assert_eq!(rank("yyktv"), Some(Rank::Initials));
        assert_eq!(rank("xhz"), None);
        // An address is not searched by initials: half the city would answer.
        assert_eq!(rank("xfj"), None);
    }

    /// Whatever is found by its words is let through by the index: every token of the query is one of the venue.
    #[test]
    fn what_a_query_asks_for_is_among_the_grams() {
        let grams = grams(VENUE);
        let indexed: BTreeSet<&str> = grams.split(' ').collect();
        for typed in [
            "太原市星河",
            "星河",
            "ktv",
            "学府街12",
            "20190042",
            "xhyy",
            "xhyl",
            "星",
            "号",
            "v",
            "2",
            "星河 2019",
        ] {
            let wanted = Wanted::parse(typed);
            assert!(wanted.rank(VENUE).is_some(), "{typed}");
            for token in wanted.query().split(" AND ") {
                let plain = token.trim_matches(['"', '*']);
                let among = match token.ends_with('*') {
                    true => indexed.iter().any(|gram| gram.starts_with(plain)),
                    false => indexed.contains(plain),
                };
                assert!(among, "{token} of {typed}");
            }
        }
        for typed in ["太原", "tys"] {
            let query = Wanted::parse(typed).query_begins();
            let begin = query.split(" AND ").next().unwrap().trim_matches('"').to_owned();
            assert!(indexed.contains(begin.as_str()), "{begin} of {typed}");
        }
    }

    #[test]
    fn what_is_typed_is_bounded_and_cannot_speak_the_language_of_the_index() {
        assert!(Wanted::parse(" \" * ( ) - ").is_empty());
        assert_eq!(Wanted::parse("a b c d e f g").0.len(), WORDS_MAX);
        assert_eq!(Wanted::parse(&"星".repeat(1_000)).0[0].len(), CHARS_MAX);
        assert_eq!(Wanted::parse("星\"河 OR").query(), "\"星河\" AND \"or\"");
    }
}

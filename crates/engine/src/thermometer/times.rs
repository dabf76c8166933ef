//! Times as devices write them.

use jiff::civil::{Date, DateTime};
use xuncha_domain::time::CHINA;

/// The numbers of a text, in their order; none for more than a time has.
fn numbers(text: &str) -> Option<Vec<&str>> {
    let numbers: Vec<&str> =
        text.split(|char: char| !char.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    (numbers.len() <= 8).then_some(numbers)
}

/// The day at the start of a text, and what comes after it: `2020-02-03 …`, `2020/2/3 …`, `2020年2月3日…`, `20200203…`.
/// A day without its year, or with the year at its end, could be two days and is none.
fn split(text: &str) -> Option<(Date, String)> {
    let numbers = numbers(text)?;
    let number = |text: &str| text.parse::<i16>().ok();
    let small = |text: &str| text.parse::<i8>().ok();
    let first = numbers.first()?;
    match first.len() {
        4 => {
            let date = Date::new(number(first)?, small(numbers.get(1)?)?, small(numbers.get(2)?)?).ok()?;
            // The text after the third number.
            let mut rest = text;
            for part in numbers.iter().take(3) {
                let at = rest.find(part)?;
                rest = rest.get(at + part.len()..)?;
            }
            Some((date, rest.to_owned()))
        }
        8 | 12 | 14 => {
            let at = text.find(first)?;
            let (year, month, day) = (first.get(..4)?, first.get(4..6)?, first.get(6..8)?);
            let date = Date::new(number(year)?, small(month)?, small(day)?).ok()?;
            let clock: Vec<&str> =
                [(8, 10), (10, 12), (12, 14)].iter().filter_map(|(a, b)| first.get(*a..*b)).collect();
            let rest = text.get(at + first.len()..)?;
            Some((date, if clock.is_empty() { rest.to_owned() } else { clock.join(":") }))
        }
        _ => None,
    }
}

/// The day that a text names.
pub fn date_of(text: &str) -> Option<Date> {
    split(text).map(|(date, _)| date)
}

/// The moment that a text names by day and time of day; `time` where that stands in another cell. Milliseconds since 1970
/// UTC; a text without an offset is of China's clock.
pub fn moment_of(text: &str, time: Option<&str>) -> Option<i64> {
    let text = text.trim();
    if time.is_none()
        && let Ok(exact) = text.parse::<jiff::Timestamp>()
    {
        return Some(exact.as_millisecond());
    }
    let (date, rest) = split(text)?;
    let clock = clock_of(time.unwrap_or(&rest))?;
    let at = DateTime::new(date.year(), date.month(), date.day(), clock.0, clock.1, clock.2, 0).ok()?;
    CHINA.to_timestamp(at).ok().map(|at| at.as_millisecond())
}

/// Hours, minutes and seconds; of twelve hours with 上午, 下午, AM or PM.
fn clock_of(text: &str) -> Option<(i8, i8, i8)> {
    let lower = text.to_lowercase();
    let numbers = numbers(&lower)?;
    let part = |at: usize| numbers.get(at).map(|number| number.parse::<i8>());
    let (hour, minute) = (part(0)?.ok()?, part(1)?.ok()?);
    let second = part(2).transpose().ok()?.unwrap_or(0);
    let says = |words: [&str; 3]| words.iter().any(|word| lower.contains(word));
    let hour = match hour {
        1..=11 if says(["下午", "晚上", "pm"]) => hour + 12,
        12 if says(["上午", "凌晨", "am"]) => 0,
        hour => hour,
    };
    Some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, time: Option<&str>) -> Option<String> {
        let at = jiff::Timestamp::from_millisecond(moment_of(text, time)?).unwrap();
        Some(CHINA.to_datetime(at).to_string())
    }

    #[test]
    fn times_are_read_as_devices_write_them() {
        for text in [
            "2020-02-03 08:05",
            "2020/2/3 8:05:00",
            "2020年2月3日 8时05分",
            "2020.02.03 上午8:05",
            "202002030805",
            "20200203080500",
            "20200203 08:05",
            "2020-02-03T08:05:00+08:00",
            "2020-02-03T00:05:00Z",
        ] {
            assert_eq!(written(text, None).as_deref(), Some("2020-02-03T08:05:00"), "{text}");
        }
        assert_eq!(written("2020-02-03", Some("18:05")).as_deref(), Some("2020-02-03T18:05:00"));
        assert_eq!(written("2020-02-03 下午6:05", None).as_deref(), Some("2020-02-03T18:05:00"));
        assert_eq!(written("2020-02-03 12:05 AM", None).as_deref(), Some("2020-02-03T00:05:00"));
    }

    #[test]
    fn what_could_be_two_times_is_none() {
        for text in [
            "",
            "08:05",
            "02-03 08:05",
            "03/02/2020 08:05",
            "2020-02-30 08:05",
            "2020-02-03 25:00",
            "2020-02-03",
            "昨天",
            "1 2 3 4 5 6 7 8 9",
        ] {
            assert_eq!(moment_of(text, None), None, "{text}");
        }
    }
}

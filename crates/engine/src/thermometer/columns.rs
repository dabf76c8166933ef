//! Which column holds what.

use super::rows::{degrees, has_time_of_day};
use super::table::Table;
use super::times::date_of;

/// Places of columns, counted from nought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// A role or a code; without one every reading is unnamed.
    pub subject: Option<usize>,
    pub temperature: Option<usize>,
    /// The moment, or the day when there is a column for the time of day.
    pub date: Option<usize>,
    /// The time of day.
    pub time: Option<usize>,
}

const CODES: &[&str] =
    &["编号", "工号", "代号", "岗位", "职务", "部门", "id", "no", "no.", "code", "role", "post"];
const NAMES: &[&str] = &["姓名", "名字", "人员", "name", "person", "user"];
const TEMPERATURES: &[&str] = &["体温", "温度", "temp", "℃", "°c"];
const DATES: &[&str] = &["测量时间", "测温时间", "日期", "时间", "datetime", "date", "timestamp", "time"];
const TIMES: &[&str] = &["时间", "时刻", "time"];

/// Lines that a guess by contents looks at.
const LOOKED_AT: usize = 20;

/// Guesses by the headings, and by the contents where those say nothing. A person corrects it.
pub fn detect(table: &Table) -> Columns {
    let holds = |place: usize, is: &dyn Fn(&str) -> bool| {
        let cells: Vec<&str> = table
            .lines
            .iter()
            .take(LOOKED_AT)
            .filter_map(|(_, cells)| cells.get(place))
            .map(String::as_str)
            .collect();
        !cells.is_empty() && cells.iter().filter(|cell| is(cell)).count() * 2 > cells.len()
    };
    let by_contents = |is: &dyn Fn(&str) -> bool| (0..table.width).find(|place| holds(*place, is));
    let named = |words| heading(table, words);
    let temperature = named(TEMPERATURES)
        .filter(|place| holds(*place, &|cell| degrees(cell).is_some()))
        .or_else(|| by_contents(&|cell| degrees(cell).is_some()));
    let is_date = |cell: &str| date_of(cell).is_some();
    let date = named(DATES).filter(|place| holds(*place, &is_date)).or_else(|| by_contents(&is_date));
    let whole = date.is_some_and(|place| holds(place, &|cell| has_time_of_day(cell)));
    let time = (0..table.width).filter(|_| !whole).find(|place| {
        Some(*place) != date
            && Some(*place) != temperature
            && (says(table, *place, TIMES) || table.headings.is_empty())
            && holds(*place, &|cell| cell.contains([':', '：', '时', '点']))
    });
    let taken = [temperature, date, time];
    let subject = named(CODES).or_else(|| named(NAMES)).filter(|place| !taken.contains(&Some(*place)));
    let subject = subject.or_else(|| {
        // Without headings: the first column that is left.
        let left = |place: &usize| !taken.contains(&Some(*place));
        table.headings.is_empty().then(|| (0..table.width).find(left)).flatten()
    });
    Columns { subject, temperature, date, time }
}

/// Whether a column is one of names, which are replaced by codes.
pub fn holds_names(table: &Table, place: usize) -> bool {
    says(table, place, NAMES)
}

fn heading(table: &Table, words: &[&str]) -> Option<usize> {
    // By the order of the words: "日期" says more than "时间".
    words.iter().find_map(|word| (0..table.headings.len()).find(|place| says(table, *place, &[word])))
}

fn says(table: &Table, place: usize, words: &[&str]) -> bool {
    let heading = table.headings.get(place).map(|heading| heading.to_lowercase()).unwrap_or_default();
    // A short word stands alone: "humidity" is no "id".
    words.iter().any(|word| {
        if word.len() <= 3 && word.is_ascii() { heading == *word } else { heading.contains(word) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_table;
    use super::*;

    fn columns(text: &str) -> (Option<usize>, Option<usize>, Option<usize>, Option<usize>) {
        let Columns { subject, temperature, date, time } = detect(&read_table(text.as_bytes()).unwrap());
        (subject, temperature, date, time)
    }

    #[test]
    fn columns_are_known_by_their_headings() {
        assert_eq!(
            columns("序号,工号,姓名,体温(℃),测量时间\n1,A07,甲,36.5,2020-02-03 08:10\n"),
            (Some(1), Some(3), Some(4), None)
        );
        assert_eq!(
            columns("Date,Time,Name,Temp\n2020/2/3,8:10,A,36.5\n"),
            (Some(2), Some(3), Some(0), Some(1))
        );
    }

    #[test]
    fn columns_without_headings_are_known_by_what_they_hold() {
        assert_eq!(
            columns("7,2020-02-03 08:10,36.5\n8,2020-02-03 08:11,36.6\n"),
            (Some(0), Some(2), Some(1), None)
        );
    }

    #[test]
    fn a_room_that_is_cold_is_not_taken_for_people() {
        assert_eq!(columns("编号,室温,体温\n1,18.5,36.5\n"), (Some(0), Some(2), None, None));
        assert_eq!(columns("humidity,temp\n40,36.5\n"), (None, Some(1), None, None));
    }

    #[test]
    fn names_are_known_as_names() {
        let table = read_table("姓名,体温\n甲,36.5\n".as_bytes()).unwrap();
        assert!(holds_names(&table, 0) && !holds_names(&table, 1));
    }
}

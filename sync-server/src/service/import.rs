//! Venues from a CSV file. Every row is checked before anything is written; an error names its line.

use std::collections::HashMap;

use serde::Deserialize;
use xuncha_domain::ids::EntityId;
use xuncha_domain::model::fact::Position;
use xuncha_domain::{places, reference, text};

use super::RegisterVenue;

/// A city's register has some ten thousand rows; this bounds what a wrong file can make us read.
pub const ROWS_MAX: usize = 200_000;
const TEXT_CHARS_MAX: usize = 200;
/// How well the position of a register is known when the file does not say.
const ACCURACY_M: u32 = 50;

/// Why a row was not taken. Lines count from 1, the header included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    pub line: u64,
    pub reason: String,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    category: String,
    district: String,
    #[serde(default)]
    township: String,
    address: String,
    #[serde(default)]
    licence_no: String,
    #[serde(default)]
    lat: String,
    #[serde(default)]
    lon: String,
}

/// Reads the file: the rows that can be taken, and why the others cannot.
pub fn read_venues(csv: &[u8]) -> (Vec<RegisterVenue>, Vec<RowError>) {
    // Spreadsheets put a byte order mark before the header.
    let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
    let mut venues = Vec::new();
    let mut errors = Vec::new();
    let headers = reader.headers().cloned();
    let headers = match headers {
        Ok(headers) => headers,
        Err(error) => return (venues, vec![RowError { line: 1, reason: error.to_string() }]),
    };
    let mut lines: HashMap<EntityId, u64> = HashMap::new();
    for record in reader.records() {
        if venues.len() >= ROWS_MAX {
            errors.push(RowError { line: 0, reason: format!("more than {ROWS_MAX} rows") });
            break;
        }
        let read =
            record.map_err(|error| (error.position().map_or(0, csv::Position::line), error.to_string()));
        let read = read.and_then(|record| {
            let line = record.position().map_or(0, csv::Position::line);
            let row = record.deserialize(Some(&headers)).map_err(|error| (line, error.to_string()))?;
            let venue = venue(row).map_err(|reason| (line, reason))?;
            match lines.insert(venue.id(), line) {
                None => Ok(venue),
                Some(first) => Err((line, format!("the same venue as in line {first}"))),
            }
        });
        match read {
            Ok(venue) => venues.push(venue),
            Err((line, reason)) => errors.push(RowError { line, reason }),
        }
    }
    (venues, errors)
}

fn venue(row: Row) -> Result<RegisterVenue, String> {
    let category = reference::categories().iter().find(|c| c.code == row.category || c.zh == row.category);
    let category =
        category.ok_or_else(|| format!("category: {:?} is neither a code nor a legal name", row.category))?;
    let district = reference::districts().iter().filter(|d| !d.statistical);
    let district = district.into_iter().find(|d| d.code == row.district || d.zh == row.district);
    let district =
        district.ok_or_else(|| format!("district: {:?} is neither a code nor a name", row.district))?;
    let township = match row.township.as_str() {
        "" => None,
        given => {
            let found = reference::townships_of(&district.code).find(|t| t.code == given || t.zh == given);
            let found =
                found.ok_or_else(|| format!("township: {given:?} does not lie in {}", district.zh))?;
            Some(found.code.clone())
        }
    };
    let licence_no = text::clean(&row.licence_no);
    Ok(RegisterVenue {
        name: line("name", &row.name)?,
        category: category.code.clone(),
        district: district.code.clone(),
        township,
        address: line("address", &row.address)?,
        licence_no: if licence_no.is_empty() { None } else { Some(line("licence_no", &licence_no)?) },
        position: position(&row.lat, &row.lon)?,
    })
}

fn line(column: &str, value: &str) -> Result<String, String> {
    let value = text::clean(value);
    if value.is_empty() {
        return Err(format!("{column}: empty"));
    }
    if value.chars().count() > TEXT_CHARS_MAX || value.chars().any(char::is_control) {
        return Err(format!("{column}: over {TEXT_CHARS_MAX} characters, or more than one line"));
    }
    Ok(value)
}

fn position(lat: &str, lon: &str) -> Result<Option<Position>, String> {
    if lat.is_empty() && lon.is_empty() {
        return Ok(None);
    }
    let degrees = |text: &str| text.parse::<f64>().ok();
    let at = degrees(lat).zip(degrees(lon)).and_then(|(lat, lon)| places::Position::from_degrees(lat, lon));
    let at = at.ok_or("lat, lon: decimal degrees (WGS-84), both or neither")?;
    Ok(Some(Position { lat_e7: at.lat_e7, lon_e7: at.lon_e7, accuracy_m: ACCURACY_M }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name,category,district,township,address,licence_no,lat,lon\n";

    #[test]
    fn rows_are_read_by_code_or_name() {
        let file = format!(
            "\u{feff}{HEADER}示例网吧,ICAFE,140105,,示例路1号,140105210001,37.73,112.56\n\
             示例图书馆,LIBRARY,迎泽区,柳巷街道,示例路2号,,,\n"
        );
        let (venues, errors) = read_venues(file.as_bytes());
        assert_eq!(errors, []);
        assert_eq!(venues.len(), 2);
        assert_eq!(venues[0].position.unwrap().lat_e7, 377_300_000);
        assert_eq!(
            (venues[1].district.as_str(), venues[1].township.as_deref()),
            ("140106", Some("140106001"))
        );
    }

    #[test]
    fn errors_name_their_line() {
        let file = format!(
            "{HEADER}a,ICAFE,140105,,x,,,\nb,NOTHING,140105,,x,,,\nc,ICAFE,140171,,x,,,\nd,ICAFE,140105,柳巷街道,x,,,\n\
             ,ICAFE,140105,,x,,,\ne,ICAFE,140105,,x,,91,0\nf,ICAFE\na,OTHER,140105,,x,,,\n"
        );
        let (venues, errors) = read_venues(file.as_bytes());
        assert_eq!(venues.len(), 1);
        assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9], "{errors:?}");
    }
}

//! What a camera claims about a photo. Claims stand beside the app's own record of time and place and never replace it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ::exif::{Exif, In, Reader, Tag, Value};
use xuncha_domain::places::Position;

use super::PHOTO_BYTES_MAX;

/// A camera's model and its time have at most 60 bytes in practice; what is longer is damage or an attack.
const TEXT_BYTES_MAX: usize = 128;

/// How to turn the stored pixels upright: EXIF values 1 to 8.
pub type Orientation = image::metadata::Orientation;

/// Each fact alone: a damaged one takes no other with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExifFacts {
    /// As stored when the camera says nothing.
    pub orientation: Orientation,
    /// The camera's own text, such as `2020:02:05 09:12:33`; in whatever zone its clock was set to.
    pub taken: Option<String>,
    pub model: Option<String>,
    /// Only when latitude and longitude are whole.
    pub position: Option<Position>,
}

impl Default for ExifFacts {
    fn default() -> Self {
        Self { orientation: Orientation::NoTransforms, taken: None, model: None, position: None }
    }
}

/// Reads what can be read; a file without EXIF data, or an unreadable one, has no facts.
pub fn read(path: &Path) -> ExifFacts {
    parse(path).map_or_else(ExifFacts::default, |exif| ExifFacts {
        orientation: orientation(&exif),
        taken: text(&exif, Tag::DateTimeOriginal),
        model: text(&exif, Tag::Model),
        position: position(&exif),
    })
}

fn parse(path: &Path) -> Option<Exif> {
    let file = File::open(path).ok()?;
    // The reader allocates what a chunk really holds, so the length of the file bounds it.
    if file.metadata().ok()?.len() > PHOTO_BYTES_MAX {
        return None;
    }
    let read = Reader::new().continue_on_error(true).read_from_container(&mut BufReader::new(file));
    read.or_else(|error| error.distill_partial_result(|_| {})).ok()
}

fn orientation(exif: &Exif) -> Orientation {
    let field = exif.get_field(Tag::Orientation, In::PRIMARY);
    let value = field.and_then(|field| field.value.get_uint(0)).and_then(|value| u8::try_from(value).ok());
    value.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let field = exif.get_field(tag, In::PRIMARY)?;
    let Value::Ascii(parts) = &field.value else { return None };
    let text = std::str::from_utf8(parts.first()?).ok()?.trim();
    (!text.is_empty() && text.len() <= TEXT_BYTES_MAX).then(|| text.to_owned())
}

fn position(exif: &Exif) -> Option<Position> {
    let lat = degrees(exif, Tag::GPSLatitude)? * sign(exif, Tag::GPSLatitudeRef, "N", "S")?;
    let lon = degrees(exif, Tag::GPSLongitude)? * sign(exif, Tag::GPSLongitudeRef, "E", "W")?;
    Position::from_degrees(lat, lon)
}

/// Degrees, minutes and seconds as degrees; a division by zero is no number and is refused with the position.
fn degrees(exif: &Exif, tag: Tag) -> Option<f64> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(parts) => match parts.as_slice() {
            [d, m, s] => Some(d.to_f64() + m.to_f64() / 60.0 + s.to_f64() / 3600.0),
            _ => None,
        },
        _ => None,
    }
}

fn sign(exif: &Exif, tag: Tag, plus: &str, minus: &str) -> Option<f64> {
    match text(exif, tag)? {
        side if side == plus => Some(1.0),
        side if side == minus => Some(-1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::fixtures;

    #[test]
    fn a_camera_says_when_and_with_what() {
        let facts = read(&fixtures::path("baseline.jpg"));
        assert_eq!(facts.model.as_deref(), Some("XC-1 test camera"));
        assert_eq!(facts.taken.as_deref(), Some("2020:02:05 09:12:33"));
        assert_eq!(facts.position, None);
    }

    #[test]
    fn a_position_is_whole_or_absent() {
        let position = Position { lat_e7: 378_700_000, lon_e7: 1_125_500_000 };
        assert_eq!(read(&fixtures::path("gps.jpg")).position, Some(position));
        let half = read(&fixtures::path("gps-half.jpg"));
        assert_eq!(half.position, None);
        assert!(half.model.is_some(), "the other facts are there");
    }

    #[test]
    fn all_eight_orientations() {
        for n in 1..=8 {
            let facts = read(&fixtures::path(&format!("orientation-{n}.jpg")));
            assert_eq!(Some(facts.orientation), Orientation::from_exif(n));
        }
    }

    #[test]
    fn no_facts_are_no_error() {
        for name in ["picture.png", "picture.webp", "header.heic", "README.md", "no such file"] {
            assert_eq!(read(&fixtures::path(name)), ExifFacts::default(), "{name}");
        }
    }

    #[test]
    fn a_cut_file_keeps_the_facts_before_the_cut() {
        assert!(read(&fixtures::path("truncated.jpg")).model.is_some());
    }
}

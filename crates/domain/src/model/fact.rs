//! Facts: a photo, a reading, a position. One op each, corrected by an op over it, never overwritten.

use crate::cbor::Value;

use super::words::{Sequence, Site};
use crate::reading::{self, Verdict};

/// WGS-84 in units of 1e-7 degree, with accuracy in metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub lat_e7: i32,
    pub lon_e7: i32,
    pub accuracy_m: u32,
}

impl Position {
    /// `[lat, lon, accuracy]`.
    pub fn to_value(self) -> Value {
        Value::Array(vec![
            Value::Int(self.lat_e7.into()),
            Value::Int(self.lon_e7.into()),
            Value::Int(self.accuracy_m.into()),
        ])
    }

    /// None for a value of another shape or a place that is not on Earth.
    pub fn from_value(value: &Value) -> Option<Self> {
        let [Value::Int(lat), Value::Int(lon), Value::Int(accuracy)] = value.as_array()? else { return None };
        let position = Self {
            lat_e7: i32::try_from(*lat).ok()?,
            lon_e7: i32::try_from(*lon).ok()?,
            accuracy_m: u32::try_from(*accuracy).ok()?,
        };
        position.on_earth().then_some(position)
    }

    pub fn on_earth(&self) -> bool {
        self.lat_e7.unsigned_abs() <= 900_000_000 && self.lon_e7.unsigned_abs() <= 1_800_000_000
    }
}

/// One temperature as measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Tenths of a degree Celsius.
    pub temperature_dc: i32,
    pub site: Site,
    pub sequence: Sequence,
    pub indoor: bool,
    pub ambient_dc: Option<i32>,
    /// Whose it is; then the whole reading is detached.
    pub subject: Option<String>,
}

impl Reading {
    /// `[temperature, site, sequence, indoor, null | ambient]`, and the subject when there is one.
    pub fn to_value(&self) -> Value {
        let mut parts = vec![
            Value::Int(self.temperature_dc.into()),
            Value::Int(self.site.number()),
            Value::Int(self.sequence.number()),
            Value::Bool(self.indoor),
            Value::option(self.ambient_dc, |dc| Value::Int(dc.into())),
        ];
        parts.extend(self.subject.as_deref().map(Value::text));
        Value::Array(parts)
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let parts = value.as_array()?;
        Some(Self {
            temperature_dc: i32::try_from(parts.first()?.as_int()?).ok()?,
            site: Site::from_number(parts.get(1)?.as_int()?)?,
            sequence: Sequence::from_number(parts.get(2)?.as_int()?)?,
            indoor: parts.get(3)?.as_bool()?,
            ambient_dc: match parts.get(4)? {
                Value::Null => None,
                value => Some(i32::try_from(value.as_int()?).ok()?),
            },
            subject: parts.get(5).and_then(Value::as_text).map(str::to_owned),
        })
    }

    /// What it says by the standing rule; the air of a room is recorded and never judged.
    pub fn verdict(&self) -> Option<Verdict> {
        (self.site != Site::Air).then(|| reading::judge_dc(self.temperature_dc))
    }

    /// A reading tied to a person is personal data.
    pub fn detached(&self) -> bool {
        self.subject.is_some()
    }
}

/// Where a reading came from that nobody measured in the visit: a line of a thermometer's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// By the thermometer's clock, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The first bytes of the SHA-256 of the file.
    pub file: [u8; 8],
    /// Counted from 1, as a spreadsheet counts them.
    pub line: u32,
}

impl Imported {
    /// `[time, file, line]`.
    pub fn to_value(self) -> Value {
        Value::Array(vec![Value::Int(self.at_ms), Value::bytes(self.file), Value::Int(self.line.into())])
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let [Value::Int(at_ms), Value::Bytes(file), Value::Int(line)] = value.as_array()? else {
            return None;
        };
        Some(Self { at_ms: *at_ms, file: file.as_slice().try_into().ok()?, line: u32::try_from(*line).ok()? })
    }
}

/// What a file format says of itself; never trusted as time or place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExifClaims {
    /// 1 to 8 (CIPA DC-008, tag 0x0112).
    pub orientation: Option<u8>,
    pub taken: Option<String>,
    pub model: Option<String>,
}

/// A photo: the original's hash and our own record beside the file's claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub sha256: [u8; 32],
    pub size: u64,
    pub width: u32,
    pub height: u32,
    pub mime: String,
    pub exif: ExifClaims,
    pub position: Option<Position>,
    /// SHA-256 of a small JPEG of it, which travels before the original. Never evidence; none from older phones.
    pub thumb: Option<[u8; 32]>,
}

impl Photo {
    /// `[sha256, size, width, height, mime, orientation, taken, model, position]`, null for what is missing, and the
    /// thumbnail when there is one.
    pub fn to_value(&self) -> Value {
        let mut parts = vec![
            Value::bytes(self.sha256),
            Value::Int(i64::try_from(self.size).unwrap_or(i64::MAX)),
            Value::Int(self.width.into()),
            Value::Int(self.height.into()),
            Value::text(&self.mime),
            Value::option(self.exif.orientation, |o| Value::Int(o.into())),
            Value::option(self.exif.taken.as_deref(), Value::text),
            Value::option(self.exif.model.as_deref(), Value::text),
            Value::option(self.position, Position::to_value),
        ];
        parts.extend(self.thumb.map(Value::bytes));
        Value::Array(parts)
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        let parts = value.as_array()?;
        let text = |i: usize| parts.get(i).and_then(Value::as_text).map(str::to_owned);
        Some(Self {
            sha256: parts.first()?.as_bytes()?.try_into().ok()?,
            size: u64::try_from(parts.get(1)?.as_int()?).ok()?,
            width: u32::try_from(parts.get(2)?.as_int()?).ok()?,
            height: u32::try_from(parts.get(3)?.as_int()?).ok()?,
            mime: text(4)?,
            exif: ExifClaims {
                orientation: parts.get(5).and_then(Value::as_int).and_then(|o| u8::try_from(o).ok()),
                taken: text(6),
                model: text(7),
            },
            position: parts.get(8).and_then(Position::from_value),
            thumb: parts.get(9).and_then(|thumb| thumb.as_bytes()?.try_into().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_round_trip() {
        let position = Position { lat_e7: 378_700_000, lon_e7: 1_125_500_000, accuracy_m: 12 };
        assert_eq!(Position::from_value(&position.to_value()), Some(position));
        assert_eq!(Position::from_value(&Value::Array(vec![Value::Int(1_000_000_000); 3])), None);
        let mut reading = Reading {
            temperature_dc: 365,
            site: Site::Forehead,
            sequence: Sequence::First,
            indoor: true,
            ambient_dc: None,
            subject: None,
        };
        assert_eq!(Reading::from_value(&reading.to_value()), Some(reading.clone()));
        reading.subject = Some("保安2".into());
        reading.ambient_dc = Some(-105);
        assert_eq!(Reading::from_value(&reading.to_value()), Some(reading));
        let imported = Imported { at_ms: 1_580_688_600_000, file: [7; 8], line: 2 };
        assert_eq!(Imported::from_value(&imported.to_value()), Some(imported));
        let mut photo = Photo {
            sha256: [1; 32],
            size: 5,
            width: 4,
            height: 3,
            mime: "image/jpeg".into(),
            exif: ExifClaims { orientation: Some(6), taken: None, model: Some("m".into()) },
            position: Some(position),
            thumb: Some([2; 32]),
        };
        assert_eq!(Photo::from_value(&photo.to_value()), Some(photo.clone()));
        photo.thumb = None;
        assert_eq!(Photo::from_value(&photo.to_value()), Some(photo));
    }
}

//! What the page reads: the data with the labels of its form.

use serde::Serialize;
use xuncha_domain::documents;

use crate::Error;
use crate::data::{Data, FindingRow, Outcome, PhotoRow, Role};
use crate::forms::Form;
use crate::world::has_glyph;

#[derive(Serialize)]
pub struct Page<'a> {
    title: &'a str,
    title_en: &'a str,
    number: &'a str,
    made: String,
    rows: Vec<Row<'a>>,
    findings: &'a [FindingRow],
    photos: &'a [PhotoRow],
    outcome: Option<String>,
    signatures: Vec<SignatureRow<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip)]
    key: &'a str,
    zh: &'a str,
    en: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct SignatureRow<'a> {
    label: &'a str,
    name: &'a str,
    date: String,
    strokes: &'a [Vec<[u16; 2]>],
}

/// The civil time in China.
pub fn china(ms: i64) -> Result<jiff::civil::DateTime, Error> {
    let at = jiff::Timestamp::from_millisecond(ms).map_err(|_| Error::BadTime)?;
    Ok(xuncha_domain::time::CHINA.to_datetime(at))
}

fn day(at: jiff::civil::DateTime) -> String {
    format!("{}年{}月{}日", at.year(), at.month(), at.day())
}

impl<'a> Page<'a> {
    pub fn new(form: &'static Form, data: &'a Data) -> Result<Self, Error> {
        let name = documents::by_code(form.code).ok_or_else(|| Error::NoSuchForm(data.code.clone()))?;
        let at = china(data.made_ms)?;
        let row = |field: &'static crate::forms::Field| Row {
            key: field.key,
            zh: field.zh,
            en: field.en,
            text: data.text(field.key),
        };
        // An optional field that is empty takes no room.
        let shown = form.fields.iter().filter(|field| field.required || !data.text(field.key).is_empty());
        let signature = |signature: &'a crate::data::Signature| SignatureRow {
            label: match signature.role {
                Role::Party => form.party_zh,
                Role::Witness => "见证人",
                Role::Officer => "执法人员",
            },
            name: &signature.name,
            date: if signature.strokes.is_empty() { "    年  月  日".into() } else { day(at) },
            strokes: &signature.strokes,
        };
        Ok(Self {
            title: &name.name_zh,
            title_en: &name.name_en,
            number: &data.number,
            made: format!("{}{:02}时{:02}分", day(at), at.hour(), at.minute()),
            rows: shown.map(row).collect(),
            findings: if form.findings { &data.findings } else { &[] },
            photos: if form.photos { &data.photos } else { &[] },
            outcome: data.outcome.map(|outcome| match outcome {
                Outcome::Signed => form.signed_zh.into(),
                Outcome::Refused => format!("当事人拒绝签名。理由：{}", data.reason),
                Outcome::Witness => format!("当事人未签名，由见证人见证。理由：{}", data.reason),
            }),
            signatures: data.signatures.iter().map(signature).collect(),
        })
    }

    /// # Errors
    /// [`Error::NoGlyph`] for the first character that the font does not have.
    pub fn check_glyphs(&self) -> Result<(), Error> {
        let rows = self.rows.iter().map(|row| (row.key, row.text));
        let findings = self.findings.iter().flat_map(|row| {
            [("findings", row.item.as_str()), ("findings", &row.found), ("findings", &row.basis)]
        });
        let photos = self.photos.iter().flat_map(|row| [("photos", row.of.as_str()), ("photos", &row.at)]);
        let signatures = self.signatures.iter().map(|row| ("signature", row.name));
        let others = [("number", self.number), ("reason", self.outcome.as_deref().unwrap_or_default())];
        for (place, text) in rows.chain(findings).chain(photos).chain(signatures).chain(others) {
            if let Some(character) = text.chars().find(|c| *c != '\n' && !has_glyph(*c)) {
                return Err(Error::NoGlyph { character, place: place.into() });
            }
        }
        Ok(())
    }
}

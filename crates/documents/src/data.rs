//! What a document says. Its JSON is what the log keeps: the same data gives the same paper on every replica.

use serde::{Deserialize, Serialize};

/// Points of one signature: at 60 a second ten seconds of ink, which also bounds what a page draws.
pub const POINTS_MAX: usize = 600;
/// Width and height of the field in which is signed; points lie within.
pub const PAD: (u16, u16) = (1_000, 400);
/// JSON of one document: what one detached value of the log holds, less its own frame. Some twenty pages of text.
pub const DATA_BYTES_MAX: usize = 60 * 1024;

/// One document. Field order is the order of its JSON, which is hashed: it never changes within an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// Edition of the page, the labels, the font and the typesetter.
    pub edition: u32,
    pub code: String,
    /// Provisional, unique without HQ.
    pub number: String,
    /// When it was made, milliseconds since 1970, by the phone that made it.
    pub made_ms: i64,
    pub fields: Vec<FieldText>,
    pub findings: Vec<FindingRow>,
    pub photos: Vec<PhotoRow>,
    /// None while it is only looked at.
    pub outcome: Option<Outcome>,
    /// Why the party refused, or was not there.
    pub reason: String,
    pub signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldText {
    pub key: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRow {
    pub item: String,
    pub found: String,
    pub basis: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoRow {
    pub of: String,
    pub at: String,
    /// Hex.
    pub sha256: String,
}

/// What the party did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Signed,
    /// Refused; the reason stands in the document.
    Refused,
    /// Refused or absent, and a witness signed.
    Witness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Party,
    Witness,
    Officer,
}

/// A name, and the ink of who signed on the screen; without ink the paper has an empty field for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub role: Role,
    pub name: String,
    /// Each from pen down to pen up, points from the top left within [`PAD`].
    pub strokes: Vec<Vec<[u16; 2]>>,
}

impl Signature {
    /// Whether there is ink, every point lies on the pad, and there are not too many.
    pub fn is_whole(&self) -> bool {
        !self.strokes.is_empty() && self.is_bounded()
    }

    pub(crate) fn is_bounded(&self) -> bool {
        let points = self.strokes.iter().map(Vec::len).sum::<usize>();
        let on_pad = self.strokes.iter().flatten().all(|[x, y]| *x <= PAD.0 && *y <= PAD.1);
        points <= POINTS_MAX && on_pad && self.strokes.iter().all(|stroke| !stroke.is_empty())
    }
}

impl Data {
    /// What the log keeps.
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// None for what no version of ours wrote.
    pub fn from_json(json: &str) -> Option<Self> {
        if json.len() > DATA_BYTES_MAX { None } else { serde_json::from_str(json).ok() }
    }

    pub fn text(&self, key: &str) -> &str {
        self.fields.iter().find(|field| field.key == key).map_or("", |field| field.text.as_str())
    }
}

//! Documents on paper: the data of one in, the bytes of a PDF/A-2a out, the same bytes every time.
//!
//! Pure: no clock, no files, no network. One page (`templates/form-1.typ`) serves every document, because they differ in
//! their fields and not in their looks; a document is a row of [`forms`]. What the log keeps is [`data::Data`]; labels, page,
//! font and typesetter together are an *edition*, and a released edition stays, so that any replica can make a signed paper
//! again and compare its hash.
//!
//! A character that the font does not have is an error that names it: on paper it would vanish. A required field that is
//! empty is an error that names it, and so is a signature that is missing.

pub mod data;
pub mod forms;
mod page;
mod world;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use typst_svg::SvgOptions;

use data::{DATA_BYTES_MAX, Data, Outcome, Role};
use page::Page;
use world::Desk;

/// The edition that new documents are made in.
pub const EDITION: u32 = 1;

/// Why no paper was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("no document {0}")]
    NoSuchForm(String),
    #[error("edition {0} is not known to this version")]
    NoSuchEdition(u32),
    /// Required and empty; the key of the field.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// No font has it.
    #[error("no font has {character:?}, which stands in {place}")]
    NoGlyph {
        character: char,
        /// The key of the field, or what else it stands in.
        place: String,
    },
    #[error("more than {DATA_BYTES_MAX} bytes")]
    TooLong,
    /// Points outside the field, or too many.
    #[error("this is no signature")]
    BadSignature,
    /// A time that no calendar has.
    #[error("no such time")]
    BadTime,
    /// The page itself is wrong: ours, and a test's to find.
    #[error("typesetting: {0}")]
    Typesetting(String),
}

/// A document that was set.
pub struct Paper {
    document: PagedDocument,
    options: PdfOptions,
}

impl Paper {
    /// Sets a document as it stands, also one that is not whole: to look at.
    ///
    /// # Errors
    /// All but [`Error::Missing`].
    pub fn draft(data: &Data) -> Result<Self, Error> {
        let form = forms::by_code(&data.code).ok_or_else(|| Error::NoSuchForm(data.code.clone()))?;
        if data.edition != EDITION {
            return Err(Error::NoSuchEdition(data.edition));
        }
        if data.to_json().len() > DATA_BYTES_MAX {
            return Err(Error::TooLong);
        }
        if !data.signatures.iter().all(data::Signature::is_bounded) {
            return Err(Error::BadSignature);
        }
        let page = Page::new(form, data)?;
        page.check_glyphs()?;
        let json = serde_json::to_string(&page).map_err(|error| Error::Typesetting(error.to_string()))?;
        let desk = Desk::new(include_str!("../templates/form-1.typ"), json)
            .ok_or_else(|| Error::Typesetting("no desk".into()))?;
        let set = typst::compile::<PagedDocument>(&desk);
        // It remembers for editors, which set the same page again; we never do.
        typst::comemo::evict(0);
        let document = set.output.map_err(|errors| typesetting(&errors))?;
        if !set.warnings.is_empty() {
            return Err(typesetting(&set.warnings));
        }
        Ok(Self { document, options: options(data)? })
    }

    /// Sets a document that is signed, or refused with its reason.
    ///
    /// # Errors
    /// All of them; nothing is made of a document that is not whole.
    pub fn signed(data: &Data) -> Result<Self, Error> {
        let form = forms::by_code(&data.code).ok_or_else(|| Error::NoSuchForm(data.code.clone()))?;
        if let Some(field) = form.fields.iter().find(|field| field.lacks(data.text(field.key))) {
            return Err(Error::Missing(field.key));
        }
        let inked = |role| data.signatures.iter().any(|of| of.role == role && of.is_whole());
        match data.outcome {
            None => return Err(Error::Missing("outcome")),
            Some(Outcome::Signed) if !inked(Role::Party) => return Err(Error::Missing("signature")),
            Some(Outcome::Witness) if !inked(Role::Witness) => return Err(Error::Missing("witness")),
            Some(Outcome::Refused | Outcome::Witness) if data.reason.trim().is_empty() => {
                return Err(Error::Missing("reason"));
            }
            Some(_) => {}
        }
        Self::draft(data)
    }

    /// PDF/A-2a.
    pub fn pdf(&self) -> Result<Vec<u8>, Error> {
        let pdf = typst_pdf::pdf(&self.document, &self.options).map_err(|errors| typesetting(&errors));
        typst::comemo::evict(0);
        pdf
    }

    pub fn pages(&self) -> usize {
        self.document.pages().len()
    }

    /// One page as SVG with its letters as outlines: a web view shows it without any font of ours. None past the last.
    pub fn svg(&self, page: usize) -> Option<String> {
        let options = SvgOptions { render_bleed: false, pretty: false };
        let svg = self.document.pages().get(page).map(|page| typst_svg::svg(page, &options));
        typst::comemo::evict(0);
        svg
    }
}

fn typesetting(diagnostics: &[SourceDiagnostic]) -> Error {
    Error::Typesetting(diagnostics.first().map(|first| first.message.to_string()).unwrap_or_default())
}

/// China has one time zone.
const CHINA_MINUTES: i32 = 480;

fn options(data: &Data) -> Result<PdfOptions, Error> {
    let at = page::china(data.made_ms)?;
    let part = |n: i8| u8::try_from(n).unwrap_or_default();
    let at = Datetime::from_ymd_hms(
        i32::from(at.year()),
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    );
    let timestamp = at.and_then(|at| Timestamp::new_local(at, CHINA_MINUTES)).ok_or(Error::BadTime)?;
    let standards = PdfStandards::new(&[PdfStandard::A_2a])
        .map_err(|error| Error::Typesetting(error.message().to_string()))?;
    Ok(PdfOptions {
        ident: Smart::Custom(format!("xuncha {}", data.number)),
        creator: Smart::Custom(Some("Xuncha".into())),
        timestamp: Some(timestamp),
        standards,
        ..PdfOptions::default()
    })
}

//! Photos for the console: the original as a file, and a thumbnail made once.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::PathBuf;

use image::{ImageDecoder, ImageFormat, ImageReader, Limits};

use super::{Device, Error, Service};
use crate::blobs::Blobs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoSize {
    Thumb,
    Full,
}

/// A picture to serve: the file and its media type.
#[derive(Debug)]
pub struct Photo {
    pub path: PathBuf,
    pub mime: &'static str,
}

const THUMB_EDGE_PX: u32 = 320;
/// A 200-megapixel photo in RGB. What claims more is not decoded.
const DECODE_BYTES_MAX: u64 = 640 * 1024 * 1024;
const EDGE_PX_MAX: u32 = 20_000;

impl Service {
    /// The file of a blob that HQ holds.
    pub fn blob_file(&self, sha256: &[u8; 32]) -> Result<PathBuf, Error> {
        self.storage.read(|r| Ok::<_, Error>(r.blob_size(sha256)?))?.ok_or(Error::NotFound)?;
        Ok(self.blobs.local_file(sha256))
    }

    /// The file of a blob that a phone may read: what hangs on a visit in its scopes, and what it brought itself as long as
    /// no visit names it. Others do not exist for it, nor what it brought to a scope that it does not read (any more): a
    /// hub brings what it may not look at.
    pub fn blob_for(&self, device: &Device, sha256: &[u8; 32]) -> Result<PathBuf, Error> {
        let may = self.storage.read(|read| {
            if read.blob_device(sha256)? == Some(device.id) && !read.is_picture(sha256)? {
                return Ok::<_, Error>(true);
            }
            for scope in self.scopes_of(read, &device.officer)? {
                if read.is_picture_of(&scope, sha256)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if may { self.blob_file(sha256) } else { Err(Error::NotFound) }
    }

    /// A picture that HQ holds. Only formats that a browser shows and we decode are served as pictures.
    pub fn photo(&self, sha256: &[u8; 32], size: PhotoSize) -> Result<Photo, Error> {
        let original = self.blob_file(sha256)?;
        match size {
            PhotoSize::Full => Ok(Photo { mime: mime(&original)?, path: original }),
            PhotoSize::Thumb => {
                let thumb = self.blobs.derived_file(sha256, "thumb");
                if !thumb.exists() {
                    Blobs::write_derived(&thumb, &thumbnail(original)?)?;
                    // An order may have come while it was drawn.
                    if self.storage.read(|read| Ok::<_, Error>(read.photo_erased(sha256)?))? {
                        self.blobs.remove(sha256)?;
                        return Err(Error::NotFound);
                    }
                }
                Ok(Photo { path: thumb, mime: "image/jpeg" })
            }
        }
    }
}

fn mime(path: &PathBuf) -> Result<&'static str, Error> {
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(crate::blobs::Error::from)?;
    Ok(match reader.format() {
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::WebP) => "image/webp",
        _ => "application/octet-stream",
    })
}

/// The EXIF orientation is applied; a picture that cannot be decoded within the limits has no thumbnail.
fn thumbnail(original: PathBuf) -> Result<Vec<u8>, Error> {
    let file = BufReader::new(File::open(original).map_err(crate::blobs::Error::from)?);
    let mut reader = ImageReader::new(file).with_guessed_format().map_err(crate::blobs::Error::from)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    limits.max_image_width = Some(EDGE_PX_MAX);
    limits.max_image_height = Some(EDGE_PX_MAX);
    reader.limits(limits);
    let unreadable = |_| Error::NotFound;
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = image::DynamicImage::from_decoder(decoder)
        .map_err(unreadable)?
        .thumbnail(THUMB_EDGE_PX, THUMB_EDGE_PX);
    picture.apply_orientation(orientation);
    let mut jpeg = Cursor::new(Vec::new());
    picture.to_rgb8().write_to(&mut jpeg, ImageFormat::Jpeg).map_err(unreadable)?;
    Ok(jpeg.into_inner())
}

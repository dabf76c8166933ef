//! Is this a whole picture that is safe to decode? Answered from headers and structure; no pixel is decoded.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use image::{ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{PHOTO_BYTES_MAX, PhotoError};

/// Phone cameras write 12 to 50 megapixels; this leaves room for twice that.
pub const PIXELS_MAX: u64 = 100_000_000;
/// What decoding one picture may take in memory. Holds [`PIXELS_MAX`] in 8-bit RGB or RGBA, and 59 megapixels of a
/// progressive JPEG; deeper pictures must have fewer pixels.
const DECODING_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// A progressive JPEG is gathered scan by scan as 16-bit coefficients of three components beside the picture.
const PROGRESSIVE_BYTES_PER_PIXEL: u64 = 2 * 3;

/// The formats that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::WebP];

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// The media type.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    const fn codec(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

/// What the header of a picture says; pixels as stored, before any EXIF orientation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    pub format: Format,
    pub width: u32,
    pub height: u32,
}

/// Checks that a file is a whole picture of a known format that can be decoded within the limits.
pub fn inspect(path: &Path) -> Result<Picture, PhotoError> {
    let file = File::open(path)?;
    let (picture, _) = open(BufReader::new(&file), file.metadata()?.len())?;
    if is_whole(&file, picture.format)? { Ok(picture) } else { Err(PhotoError::Unreadable) }
}

/// Reads the header of a picture of `len` bytes and returns a decoder that is within the limits, before it has decoded
/// anything.
pub(super) fn open<'a>(
    mut reader: impl BufRead + Seek + 'a,
    len: u64,
) -> Result<(Picture, impl ImageDecoder + 'a), PhotoError> {
    if len > PHOTO_BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    let format = recognise(reader.fill_buf()?)?;
    let progressive = format == Format::Jpeg && jpeg_is_progressive(&mut reader)?;
    reader.rewind()?;
    let mut reader = ImageReader::with_format(reader, format.codec());
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODING_BYTES_MAX);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let gathered = if progressive { pixels * PROGRESSIVE_BYTES_PER_PIXEL } else { 0 };
    if pixels > PIXELS_MAX || decoder.total_bytes() + gathered > DECODING_BYTES_MAX {
        return Err(PhotoError::TooManyPixels { width, height });
    }
    if pixels == 0 {
        return Err(PhotoError::Unreadable);
    }
    Ok((Picture { format, width, height }, decoder))
}

/// What a decoder's error means to an officer: the picture is broken, unless the operating system says that the disk is.
pub(super) fn unreadable(error: ImageError) -> PhotoError {
    match error {
        ImageError::IoError(error) if error.raw_os_error().is_some() => error.into(),
        _ => PhotoError::Unreadable,
    }
}

/// The format by the first bytes; file names are not asked.
fn recognise(start: &[u8]) -> Result<Format, PhotoError> {
    const HEIC_BRANDS: [&[u8; 4]; 8] =
        [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"];
    match image::guess_format(start) {
        Ok(ImageFormat::Jpeg) => Ok(Format::Jpeg),
        Ok(ImageFormat::Png) => Ok(Format::Png),
        Ok(ImageFormat::WebP) => Ok(Format::WebP),
        _ => match start.get(4..12).and_then(|boxed| boxed.strip_prefix(b"ftyp")) {
            Some(brand) if HEIC_BRANDS.iter().any(|heic| heic.as_slice() == brand) => Err(PhotoError::Heic),
            _ => Err(PhotoError::Unreadable),
        },
    }
}

/// Whether the file reaches the end that its own structure announces. Decoders do not tell: they paint what is missing.
fn is_whole(file: &File, format: Format) -> io::Result<bool> {
    let len = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    reader.rewind()?;
    let whole = match format {
        Format::Jpeg => jpeg_is_whole(&mut reader),
        Format::Png => png_is_whole(&mut reader),
        Format::WebP => webp_is_whole(&mut reader, len),
    };
    match whole {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        whole => whole,
    }
}

/// Walks from marker to marker to *end of image*. Each step consumes two bytes or more, so the file bounds the loop.
fn jpeg_is_whole(reader: &mut BufReader<&File>) -> io::Result<bool> {
    let mut seen_scan = false;
    loop {
        match next_marker(reader)? {
            marker::END_OF_IMAGE => return Ok(seen_scan),
            marker => seen_scan |= marker == marker::START_OF_SCAN,
        }
    }
}

/// Whether the first frame comes in several passes. False also for a file that ends before it.
fn jpeg_is_progressive(reader: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    loop {
        match next_marker(reader) {
            Ok(marker::PROGRESSIVE_FRAME) => return Ok(true),
            Ok(marker::START_OF_SCAN | marker::END_OF_IMAGE) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Marker codes of ITU-T T.81 that are asked for.
mod marker {
    pub(super) const PROGRESSIVE_FRAME: u8 = 0xc2;
    pub(super) const END_OF_IMAGE: u8 = 0xd9;
    pub(super) const START_OF_SCAN: u8 = 0xda;
}

/// The next marker; the reader stands behind its segment.
fn next_marker(reader: &mut (impl BufRead + Seek)) -> io::Result<u8> {
    // Compressed data lies between markers; a 0xff byte in it is followed by 0x00.
    reader.skip_until(0xff)?;
    let mut marker = byte(reader)?;
    while marker == 0xff {
        marker = byte(reader)?;
    }
    // An escaped 0xff, restarts, start and end of the image have no segment.
    if !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd9) {
        let len = u16::from_be_bytes([byte(reader)?, byte(reader)?]);
        reader.seek_relative(i64::from(len.saturating_sub(2)))?;
    }
    Ok(marker)
}

/// Walks from chunk to chunk to `IEND`. Each step consumes twelve bytes or more.
fn png_is_whole(reader: &mut BufReader<&File>) -> io::Result<bool> {
    const SIGNATURE_LEN: i64 = 8;
    const CHECKSUM_LEN: i64 = 4;
    reader.seek_relative(SIGNATURE_LEN)?;
    loop {
        let (mut len, mut kind) = ([0; 4], [0; 4]);
        reader.read_exact(&mut len)?;
        reader.read_exact(&mut kind)?;
        if kind == *b"IEND" {
            reader.read_exact(&mut [0; CHECKSUM_LEN as usize])?;
            return Ok(true);
        }
        reader.seek_relative(i64::from(u32::from_be_bytes(len)) + CHECKSUM_LEN)?;
    }
}

/// The RIFF header announces the length of the rest.
fn webp_is_whole(reader: &mut BufReader<&File>, file_len: u64) -> io::Result<bool> {
    let mut header = [0; 8];
    reader.read_exact(&mut header)?;
    let [_, _, _, _, len @ ..] = header;
    Ok(8 + u64::from(u32::from_le_bytes(len)) <= file_len)
}

fn byte(reader: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    let [byte] = byte;
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo::{fixtures, read_exif, thumbnail};

    fn inspect_fixture(name: &str) -> Result<Picture, PhotoError> {
        inspect(&fixtures::path(name))
    }

    #[test]
    fn formats_are_recognised_by_content() {
        let picture = |format| Picture { format, width: 96, height: 64 };
        for (name, format) in [
            ("baseline.jpg", Format::Jpeg),
            ("progressive.jpg", Format::Jpeg),
            ("picture.png", Format::Png),
            ("picture.webp", Format::WebP),
        ] {
            assert_eq!(inspect_fixture(name).unwrap(), picture(format), "{name}");
        }
    }

    #[test]
    fn refusals_say_why() {
        assert!(matches!(inspect_fixture("header.heic"), Err(PhotoError::Heic)));
        assert!(matches!(inspect_fixture("truncated.jpg"), Err(PhotoError::Unreadable)));
        assert!(matches!(inspect_fixture("bomb.png"), Err(PhotoError::TooManyPixels { .. })));
        assert!(matches!(inspect_fixture("bomb-deep.png"), Err(PhotoError::TooManyPixels { .. })));
        assert!(matches!(inspect_fixture("README.md"), Err(PhotoError::Unreadable)));
        assert!(matches!(inspect_fixture("no such file"), Err(PhotoError::Io(_))));
    }

    #[test]
    fn a_photo_cut_anywhere_is_not_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut");
        for name in ["baseline.jpg", "progressive.jpg", "picture.png", "picture.webp"] {
            let original = fixtures::bytes(name);
            for len in (0..original.len()).step_by(7).chain([original.len() - 1]) {
                std::fs::write(&path, &original[..len]).unwrap();
                assert!(matches!(inspect(&path), Err(PhotoError::Unreadable)), "{name} cut to {len}");
            }
        }
    }

    #[test]
    fn a_progressive_bomb_counts_its_coefficients() {
        // 9,900 × 9,900 pixels fit as a baseline picture, and not with the coefficients of a progressive one.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.jpg");
        for (name, fits) in [("baseline.jpg", true), ("progressive.jpg", false)] {
            let mut bytes = fixtures::bytes(name);
            let frame = bytes
                .windows(4)
                .position(|w| w[0] == 0xff && matches!(w[1], 0xc0 | 0xc2) && w[2] == 0)
                .unwrap();
            for size in [frame + 5, frame + 7] {
                bytes[size..size + 2].copy_from_slice(&9_900u16.to_be_bytes());
            }
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(inspect(&path).is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn bytes_after_the_end_do_no_harm() {
        // Phones append moving pictures and their maker's notes.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.jpg");
        let bytes = [fixtures::bytes("baseline.jpg"), b"trailer".to_vec()].concat();
        std::fs::write(&path, bytes).unwrap();
        assert!(inspect(&path).is_ok());
    }

    /// Law 9: whatever one flipped byte does to a real photo, it is a result and no panic.
    #[test]
    fn a_flipped_byte_never_panics() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged");
        for name in ["gps.jpg", "progressive.jpg", "picture.png", "picture.webp"] {
            let original = fixtures::bytes(name);
            // Headers byte by byte, the compressed rest in steps.
            for place in (0..500).chain((500..original.len()).step_by(9)) {
                let mut damaged = original.clone();
                damaged[place] ^= 0xff;
                std::fs::write(&path, &damaged).unwrap();
                let inspected = inspect(&path);
                let drawn = thumbnail(&path, read_exif(&path).orientation, 24);
                let blames_the_disk =
                    matches!(inspected, Err(PhotoError::Io(_))) || matches!(drawn, Err(PhotoError::Io(_)));
                assert!(!blames_the_disk, "{name} at {place}: {inspected:?} {:?}", drawn.err());
            }
        }
    }
}

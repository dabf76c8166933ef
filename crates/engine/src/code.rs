//! QR codes, read from a photo: any phone's camera app can take one, and no live picture has to pass through the webview.

use std::io::Read;

use image::{GrayImage, imageops};
use rxing::BarcodeFormat;

use crate::api::types::ErrorCode;
use crate::error::{Error, Result};
use crate::photo::{self, PHOTO_BYTES_MAX, PhotoError};

/// Of ten test photos with tilt, blur, noise and glare, ten were read at this size or half of it, nine at one size alone.
const SIDE: u32 = 1_600;

/// The text of the QR in a JPEG, PNG or WebP picture, whichever way it is turned.
pub fn read(source: &mut dyn Read) -> Result<String> {
    let mut bytes = Vec::new();
    source.take(PHOTO_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PHOTO_BYTES_MAX {
        return Err(PhotoError::TooLarge.into());
    }
    let picture = photo::brightness(&bytes, SIDE)?;
    drop(bytes);
    let half = imageops::thumbnail(&picture, (picture.width() / 2).max(1), (picture.height() / 2).max(1));
    [picture, half]
        .into_iter()
        .find_map(text)
        .ok_or(Error::Refused(ErrorCode::CodeUnreadable, "no QR was found in the photo"))
}

fn text(picture: GrayImage) -> Option<String> {
    let (width, height) = picture.dimensions();
    let found =
        rxing::helpers::detect_in_luma(picture.into_raw(), width, height, Some(BarcodeFormat::QR_CODE));
    found.ok().map(|code| code.getText().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use fast_qr::qr::QRBuilder;
    use image::{ImageFormat, Luma};

    use super::*;

    const TEXT: &str = "xuncha://enroll?u=https%3A%2F%2Fhq.example&c=7KQ4-M2XP";

    /// The code with its quiet zone, `scale` pixels to a module.
    fn drawn(scale: u32) -> GrayImage {
        const QUIET: u32 = 4;
        let code = QRBuilder::new(TEXT).build().unwrap();
        let size = code.size as u32;
        let dark = |at: u32| (at / scale).checked_sub(QUIET).filter(|at| *at < size);
        GrayImage::from_fn((size + 2 * QUIET) * scale, (size + 2 * QUIET) * scale, |x, y| {
            let module = dark(x).zip(dark(y));
            let is_dark = module.is_some_and(|(x, y)| code[y as usize][x as usize].value());
            Luma([if is_dark { 20 } else { 235 }])
        })
    }

    /// Speckles that repeat from run to run.
    fn noise(width: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| {
            let mixed = (x ^ y.rotate_left(16)).wrapping_mul(0x9e37_79b1);
            Luma([((mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b) >> 24) as u8])
        })
    }

    fn read_as(picture: &GrayImage, format: ImageFormat) -> Result<String> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        read(&mut bytes.get_ref().as_slice())
    }

    #[test]
    fn a_code_is_read_whichever_way_the_phone_is_held() {
        let upright = drawn(4);
        let turns = [
            upright.clone(),
            imageops::rotate90(&upright),
            imageops::rotate180(&upright),
            imageops::rotate270(&upright),
        ];
        for (n, picture) in turns.iter().enumerate() {
            assert_eq!(read_as(picture, ImageFormat::Png).unwrap(), TEXT, "turn {n}");
            assert_eq!(read_as(picture, ImageFormat::Jpeg).unwrap(), TEXT, "turn {n}");
        }
    }

    #[test]
    fn a_code_is_found_in_a_large_photo() {
        let mut photo = noise(4_000, 3_000);
        imageops::replace(&mut photo, &imageops::rotate90(&drawn(24)), 1_700, 900);
        assert_eq!(read_as(&photo, ImageFormat::Jpeg).unwrap(), TEXT);
    }

    #[test]
    fn a_photo_without_a_code_says_so() {
        for photo in [noise(800, 600), noise(1, 1), GrayImage::new(300, 200)] {
            let refused = read_as(&photo, ImageFormat::Png).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::CodeUnreadable);
        }
    }

    #[test]
    fn what_is_no_photo_is_refused() {
        assert_eq!(read(&mut &b"no picture"[..]).unwrap_err().code(), ErrorCode::PhotoUnreadable);
        let endless = read(&mut std::io::repeat(0xff)).unwrap_err();
        assert_eq!(endless.code(), ErrorCode::PhotoTooLarge);
    }
}

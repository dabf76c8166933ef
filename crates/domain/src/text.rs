//! Text as it enters the log.

use unicode_normalization::UnicodeNormalization;

/// NFC and trimmed, so that two people who type the same thing agree byte for byte.
pub fn clean(text: &str) -> String {
    text.trim().nfc().collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn composed_and_decomposed_agree() {
        assert_eq!(super::clean(" e\u{301} "), "\u{e9}");
    }
}

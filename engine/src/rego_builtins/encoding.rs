//! Bytes as text: the dialects of base64 that tokens use, as Go reads them.

use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, Encoding, Specification};

/// What Go's decoder accepts: line breaks between the characters, and any value in the bits that are left over.
static LENIENT: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    specification.ignore.push_str("\r\n");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
});

/// The bytes behind base64url, with or without padding.
pub(super) fn base64url(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    if text.len() > bare.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    LENIENT.as_ref()?.decode(bare.as_bytes()).ok()
}

/// The bytes as base64url without padding.
pub(super) fn to_base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

//! Text of the engine as UTF-8.

#![expect(unsafe_code, reason = "text is lent through the C interface")]

use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

use rquickjs::qjs;

use super::Js;

/// The UTF-8 form of a string; a lone surrogate is encoded as if it were a character.
pub(in crate::javascript) struct Text<'js> {
    pub(super) js: Js<'js>,
    pub(super) bytes: NonNull<u8>,
    pub(super) length: usize,
}

impl Text<'_> {
    /// The text, unless it has a lone surrogate.
    #[inline]
    pub(in crate::javascript) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// The text with U+FFFD for each lone surrogate.
    pub(in crate::javascript) fn lossy(&self) -> String {
        match self.as_str() {
            Some(text) => text.to_owned(),
            None => without_surrogates(self),
        }
    }
}

/// A lone surrogate is three bytes, of which each would become a U+FFFD of its own.
fn without_surrogates(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first() == Some(&0xed) {
            text.push('\u{fffd}');
        }
    }
    text
}

impl Deref for Text<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the engine gave pointer and length, and the bytes are ours until they are freed.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr(), self.length) }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the bytes came from the engine and are freed once.
        unsafe { qjs::JS_FreeCString(self.js.context(), self.bytes.as_ptr().cast()) };
    }
}

//! Digests and keyed digests, as text in hexadecimal digits.

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use ring::{digest, hmac};

use super::arguments::{Outcome, text};
use super::{Builtin, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("crypto.hmac.equal", 2, equal),
    Builtin::new("crypto.hmac.md5", 2, hmac_md5),
    Builtin::new("crypto.hmac.sha1", 2, |arguments, _| {
        keyed(arguments, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY)
    }),
    Builtin::new("crypto.hmac.sha256", 2, |arguments, _| {
        keyed(arguments, hmac::HMAC_SHA256)
    }),
    Builtin::new("crypto.hmac.sha512", 2, |arguments, _| {
        keyed(arguments, hmac::HMAC_SHA512)
    }),
    Builtin::new("crypto.md5", 1, |arguments, _| {
        Ok(hexadecimal(&Md5::digest(text(arguments, 0)?.as_bytes())))
    }),
    Builtin::new("crypto.sha1", 1, |arguments, _| {
        plain(arguments, &digest::SHA1_FOR_LEGACY_USE_ONLY)
    }),
    Builtin::new("crypto.sha256", 1, |arguments, _| {
        plain(arguments, &digest::SHA256)
    }),
];

fn hexadecimal(bytes: &[u8]) -> Value {
    Value::from(HEXLOWER.encode(bytes))
}

fn plain(arguments: &[Value], algorithm: &'static digest::Algorithm) -> Outcome {
    let digest = digest::digest(algorithm, text(arguments, 0)?.as_bytes());
    Ok(hexadecimal(digest.as_ref()))
}

fn keyed(arguments: &[Value], algorithm: hmac::Algorithm) -> Outcome {
    let (message, key) = (text(arguments, 0)?, text(arguments, 1)?);
    let key = hmac::Key::new(algorithm, key.as_bytes());
    Ok(hexadecimal(hmac::sign(&key, message.as_bytes()).as_ref()))
}

/// HMAC as RFC 2104 defines it, over the one digest that ring does not have.
fn hmac_md5(arguments: &[Value], _: &Context) -> Outcome {
    const BLOCK: usize = 64;
    let (message, key) = (text(arguments, 0)?, text(arguments, 1)?);
    let mut padded = if key.len() > BLOCK {
        Md5::digest(key.as_bytes()).to_vec()
    } else {
        key.as_bytes().to_vec()
    };
    padded.resize(BLOCK, 0);
    let masked = |mask: u8| padded.iter().map(|byte| byte ^ mask).collect::<Vec<u8>>();
    let mut inner = Md5::new_with_prefix(masked(0x36));
    inner.update(message.as_bytes());
    let mut outer = Md5::new_with_prefix(masked(0x5c));
    outer.update(inner.finalize());
    Ok(hexadecimal(&outer.finalize()))
}

fn equal(arguments: &[Value], _: &Context) -> Outcome {
    let (one, other) = (text(arguments, 0)?, text(arguments, 1)?);
    Ok(Value::from(same(one.as_bytes(), other.as_bytes())))
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    // Digests under any key are compared, because ring's comparison of digests is what keeps the time.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"comparison");
    hmac::verify(&key, other, hmac::sign(&key, one).as_ref()).is_ok()
}

//! JSON web tokens: reading them, checking them against keys and constraints, and making them.

mod constraints;
mod key;
mod sign;
mod signature;
mod token;

use super::arguments::{Outcome, object, text};
use super::builtin::DependsOn;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

use constraints::Constraints;
use signature::Algorithm;
use token::Token;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("io.jwt.decode", 1, decode),
    Builtin::new("io.jwt.decode_verify", 2, decode_verify).depending_on(DependsOn::Clock),
    Builtin::new("io.jwt.encode_sign", 3, sign::encode_sign),
    Builtin::new("io.jwt.encode_sign_raw", 3, sign::encode_sign_raw),
    Builtin::new("io.jwt.verify_eddsa", 2, |arguments, _| {
        verify(arguments, Algorithm::EdDsa)
    }),
    Builtin::new("io.jwt.verify_es256", 2, |arguments, _| {
        verify(arguments, Algorithm::Es256)
    }),
    Builtin::new("io.jwt.verify_es384", 2, |arguments, _| {
        verify(arguments, Algorithm::Es384)
    }),
    Builtin::new("io.jwt.verify_hs256", 2, |arguments, _| {
        verify_secret(arguments, Algorithm::Hs256)
    }),
    Builtin::new("io.jwt.verify_hs384", 2, |arguments, _| {
        verify_secret(arguments, Algorithm::Hs384)
    }),
    Builtin::new("io.jwt.verify_hs512", 2, |arguments, _| {
        verify_secret(arguments, Algorithm::Hs512)
    }),
    Builtin::new("io.jwt.verify_ps256", 2, |arguments, _| {
        verify(arguments, Algorithm::Ps256)
    }),
    Builtin::new("io.jwt.verify_ps384", 2, |arguments, _| {
        verify(arguments, Algorithm::Ps384)
    }),
    Builtin::new("io.jwt.verify_ps512", 2, |arguments, _| {
        verify(arguments, Algorithm::Ps512)
    }),
    Builtin::new("io.jwt.verify_rs256", 2, |arguments, _| {
        verify(arguments, Algorithm::Rs256)
    }),
    Builtin::new("io.jwt.verify_rs384", 2, |arguments, _| {
        verify(arguments, Algorithm::Rs384)
    }),
    Builtin::new("io.jwt.verify_rs512", 2, |arguments, _| {
        verify(arguments, Algorithm::Rs512)
    }),
];

/// Tokens inside each other that are unpacked.
const MAX_NESTING: usize = 8;

/// The header, the payload and the signature of a token; nothing is checked.
fn decode(arguments: &[Value], _: &Context) -> Outcome {
    let mut text = text(arguments, 0)?.to_string();
    for _ in 0..MAX_NESTING {
        let token = Token::split(&text)?;
        let header = token.header()?;
        let payload = token.payload()?;
        if header.content_type() == Some("JWT") {
            // A nested token stands in quotes.
            text = payload.trim_matches(['"', '\'']).to_owned();
            continue;
        }
        let signature = data_encoding::HEXLOWER.encode(&token.signature()?);
        return Ok(Value::from(vec![
            header.value(),
            token::json_object(&payload)?,
            Value::from(signature),
        ]));
    }
    Err(nested_too_deep())
}

fn nested_too_deep() -> BuiltinError {
    BuiltinError::failed("cannot read tokens that are nested so deep")
}

/// Whether a token is signed with the secret.
fn verify_secret(arguments: &[Value], algorithm: Algorithm) -> Outcome {
    let (jwt, secret) = (text(arguments, 0)?, text(arguments, 1)?);
    let token = Token::split(jwt)?;
    let signature = token.signature()?;
    let key = key::Key::Secret(secret.as_bytes().to_vec());
    Ok(Value::from(algorithm.verifies(
        &key,
        token.signed.as_bytes(),
        &signature,
    )))
}

/// Whether a token is signed with one of the keys.
fn verify(arguments: &[Value], algorithm: Algorithm) -> Outcome {
    let (jwt, keys) = (text(arguments, 0)?, text(arguments, 1)?);
    let token = Token::split(jwt)?;
    let keys = key::verification_keys(keys)?;
    let signature = token.signature()?;
    let header = token.header()?;
    let found = key::candidates(&keys, header.key_id()?, header.algorithm()?)
        .any(|key| algorithm.verifies(key, token.signed.as_bytes(), &signature));
    Ok(Value::from(found))
}

/// Whether a token is signed and meets all constraints, with its header and payload if it does.
fn decode_verify(arguments: &[Value], context: &Context) -> Outcome {
    let mut jwt = text(arguments, 0)?.to_string();
    let constraints = Constraints::parse(object(arguments, 1)?, context)?;
    let unverified = || {
        Ok(Value::from(vec![
            Value::from(false),
            Value::new_object(),
            Value::new_object(),
        ]))
    };
    for _ in 0..MAX_NESTING {
        let token = Token::split(&jwt)?;
        let header = token.header()?;
        if !header.is_valid()? || !constraints.allows_algorithm(header.algorithm()?) {
            return unverified();
        }
        let signature = token.signature()?;
        if !constraints.verifies(&header, token.signed.as_bytes(), &signature)? {
            return unverified();
        }
        let payload = token.payload()?;
        let is_nested = header
            .content_type()
            .is_some_and(|content| content.eq_ignore_ascii_case("JWT"));
        if is_nested {
            jwt = payload;
            continue;
        }
        let payload = token::json_object(&payload)?;
        if !constraints.allows_payload(&payload)? {
            return unverified();
        }
        return Ok(Value::from(vec![
            Value::from(true),
            header.value(),
            payload,
        ]));
    }
    Err(nested_too_deep())
}

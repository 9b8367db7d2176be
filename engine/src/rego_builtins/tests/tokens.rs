//! Tokens: signed, read and checked, and never taken for checked when they are not.

use super::{call, rego};
use crate::value::Value;

const SECRET: &str = r#"{"kty": "oct", "k": "c2VjcmV0"}"#;

/// A token with this header and payload, signed with the secret `secret`.
fn token(header: &str, payload: &str) -> String {
    let signed = call(
        "io.jwt.encode_sign",
        &format!("[{header}, {payload}, {SECRET}]"),
    );
    signed.unwrap().as_string().unwrap().to_string()
}

fn is_verified(token: &str, constraints: &str) -> Result<Value, String> {
    let result = call(
        "io.jwt.decode_verify",
        &format!("[\"{token}\", {constraints}]"),
    )?;
    let parts = result.as_array().map_err(|error| error.to_string())?;
    Ok(parts.first().cloned().unwrap_or(Value::Undefined))
}

#[test]
fn a_token_is_what_was_signed() {
    let token = token(r#"{"alg": "HS256"}"#, r#"{"sub": "me"}"#);
    assert_eq!(
        call("io.jwt.verify_hs256", &format!("[\"{token}\", \"secret\"]")),
        Ok(Value::from(true))
    );
    assert_eq!(
        call("io.jwt.verify_hs256", &format!("[\"{token}\", \"Secret\"]")),
        Ok(Value::from(false))
    );
    let decoded = call("io.jwt.decode", &format!("[\"{token}\"]")).unwrap();
    let parts = decoded.as_array().unwrap();
    assert_eq!(parts.get(0), Some(&rego(r#"{"alg": "HS256"}"#)));
    assert_eq!(parts.get(1), Some(&rego(r#"{"sub": "me"}"#)));
}

#[test]
fn a_token_holds_only_as_long_as_it_says_and_for_whom_it_says() {
    let header = r#"{"alg": "HS256"}"#;
    let of = |payload: &str| token(header, payload);
    let cases = [
        (r#"{"exp": 1767268801}"#, r#"{"secret": "secret"}"#, true),
        (r#"{"exp": 1767268800}"#, r#"{"secret": "secret"}"#, false),
        (r#"{"nbf": 1767268800}"#, r#"{"secret": "secret"}"#, true),
        (r#"{"nbf": 1767268801}"#, r#"{"secret": "secret"}"#, false),
        (r#"{"aud": "a"}"#, r#"{"secret": "secret"}"#, false),
        (
            r#"{"aud": ["b", "a"]}"#,
            r#"{"secret": "secret", "aud": "a"}"#,
            true,
        ),
        (r#"{}"#, r#"{"secret": "secret", "aud": "a"}"#, false),
        (
            r#"{"iss": "i"}"#,
            r#"{"secret": "secret", "iss": "i"}"#,
            true,
        ),
        (r#"{}"#, r#"{"secret": "secret", "iss": "i"}"#, false),
        (r#"{}"#, r#"{"secret": "secret", "alg": "HS384"}"#, false),
        (r#"{}"#, r#"{"secret": "other"}"#, false),
        (
            r#"{"exp": 5}"#,
            r#"{"secret": "secret", "time": 4999999999}"#,
            true,
        ),
    ];
    for (payload, constraints, expected) in cases {
        assert_eq!(
            is_verified(&of(payload), constraints),
            Ok(Value::from(expected)),
            "{payload} {constraints}"
        );
    }
}

#[test]
fn a_token_that_proves_nothing_is_refused() {
    // {"alg":"none"}.{}. with and without a signature
    let none = "eyJhbGciOiJub25lIn0.e30.";
    assert_eq!(
        is_verified(none, r#"{"secret": "secret"}"#),
        Err("`io.jwt.decode_verify` does not know the algorithm of the token".to_owned())
    );
    let good = token(r#"{"alg": "HS256"}"#, "{}");
    assert_eq!(
        is_verified(&good, "{}"),
        Err("`io.jwt.decode_verify` expects a string as constraint `cert` or `secret`, because a token without a key proves nothing".to_owned())
    );
    assert_eq!(
        is_verified(&good, r#"{"secret": "secret", "issuer": "i"}"#),
        Err("`io.jwt.decode_verify` knows the constraints alg, aud, cert, iss, secret and time, and no others".to_owned())
    );
    let critical = token(r#"{"alg": "HS256", "crit": ["new"], "new": 1}"#, "{}");
    assert_eq!(
        is_verified(&critical, r#"{"secret": "secret"}"#),
        Ok(Value::from(false))
    );
}

#[test]
fn a_public_key_is_no_secret() {
    // Whoever signs with the text of a public key as secret must not be believed.
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"wEZFfoAj1rFKTLOOmjJjVZlCHwksuvMb2I5y_hg70E8"}"#;
    let forged = token(r#"{"alg": "HS256"}"#, "{}");
    let constraints = format!("{{\"cert\": `{key}`}}");
    assert_eq!(is_verified(&forged, &constraints), Ok(Value::from(false)));
}

#[test]
fn a_token_of_ed25519_is_signed_and_checked() {
    let private = r#"{"kty": "OKP", "crv": "Ed25519", "x": "wEZFfoAj1rFKTLOOmjJjVZlCHwksuvMb2I5y_hg70E8", "d": "9XI34uQzYUJfWhDZf_0nYsLMBRVu8a6dFsy60P8uugk"}"#;
    let signed = call(
        "io.jwt.encode_sign",
        &format!(r#"[{{"alg": "EdDSA"}}, {{}}, {private}]"#),
    );
    let signed = signed.unwrap();
    let token = signed.as_string().unwrap();
    let public =
        r#"{"kty":"OKP","crv":"Ed25519","x":"wEZFfoAj1rFKTLOOmjJjVZlCHwksuvMb2I5y_hg70E8"}"#;
    assert_eq!(
        call("io.jwt.verify_eddsa", &format!("[\"{token}\", `{public}`]")),
        Ok(Value::from(true))
    );
    let other = token.replacen("e30", "e31", 1);
    assert_eq!(
        call("io.jwt.verify_eddsa", &format!("[\"{other}\", `{public}`]")),
        Ok(Value::from(false))
    );
}

#[test]
fn nothing_is_signed_by_chance() {
    let key = r#"{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}"#;
    assert_eq!(
        call("io.jwt.encode_sign", &format!(r#"[{{"alg": "ES256"}}, {{}}, {key}]"#)),
        Err("`io.jwt.encode_sign` cannot sign by an algorithm of chance, because a decision must be repeatable: use HS256, RS256 or EdDSA".to_owned())
    );
}

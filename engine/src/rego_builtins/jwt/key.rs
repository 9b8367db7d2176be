//! Keys that check signatures, from PEM blocks and JSON web keys.

use data_encoding::BASE64;
use regorus::value::Object;

use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::der::{CONTEXT_0, IDENTIFIER, INTEGER, Reader, without_leading_zeros};
use crate::rego_builtins::encoding::base64url;
use crate::value::Value;

/// Keys of one set.
const MAX_KEYS: usize = 64;
/// Bytes of a number in a key: 8192 bits, with room for a sign.
const MAX_NUMBER: usize = 1_025;

/// What checks a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Secret(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve { curve: Curve, point: Vec<u8> },
}

/// The curves on which signatures are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    Ed25519,
    /// One that ring does not have: nothing verifies with it.
    Other,
}

/// A key with what a set says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VerificationKey {
    id: Option<String>,
    algorithm: Option<String>,
    key: Key,
}

/// The keys that may have signed a token: the one with its id, else all that are for its algorithm or for any.
pub(super) fn candidates<'keys>(
    keys: &'keys [VerificationKey],
    id: Option<&str>,
    algorithm: &str,
) -> Box<dyn Iterator<Item = &'keys Key> + 'keys> {
    let named = id.and_then(|id| keys.iter().find(|key| key.id.as_deref() == Some(id)));
    if let Some(named) = named {
        return Box::new(std::iter::once(&named.key));
    }
    let algorithm = algorithm.to_owned();
    let fits = move |key: &&VerificationKey| {
        key.algorithm
            .as_ref()
            .is_none_or(|wanted| *wanted == algorithm)
    };
    Box::new(keys.iter().filter(fits).map(|key| &key.key))
}

/// Reads a PEM block with a certificate or a public key, a JSON web key, or a set of them.
pub(super) fn verification_keys(text: &str) -> Result<Vec<VerificationKey>, BuiltinError> {
    if text.contains("-----BEGIN ") {
        let key = pem_key(text)?;
        return Ok(vec![VerificationKey {
            id: None,
            algorithm: None,
            key,
        }]);
    }
    json_keys(text, |parameters| {
        let text = |name| match parameters.get(&Value::from(name)) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.to_string()),
            _ => None,
        };
        Ok(VerificationKey {
            id: text("kid"),
            algorithm: text("alg"),
            key: public_key(parameters)?,
        })
    })
}

/// Reads every key of a text with one JSON web key or a set of them.
pub(super) fn json_keys<K>(
    text: &str,
    read: impl Fn(&Object) -> Result<K, BuiltinError>,
) -> Result<Vec<K>, BuiltinError> {
    let malformed = || BuiltinError::failed("expects a PEM block or a JSON web key as key");
    let value = Value::from_json_str(text).map_err(|_| malformed())?;
    let Value::Object(parameters) = &value else {
        return Err(malformed());
    };
    match parameters.get(&Value::from("keys")) {
        Some(Value::Array(keys)) if !keys.is_empty() => {
            if keys.len() > MAX_KEYS {
                return Err(BuiltinError::too_large());
            }
            keys.iter()
                .map(|key| match key {
                    Value::Object(parameters) => read(parameters),
                    _ => Err(malformed()),
                })
                .collect()
        }
        _ => Ok(vec![read(parameters)?]),
    }
}

/// The bytes of a parameter of a JSON web key.
pub(super) fn bytes(parameters: &Object, name: &str) -> Result<Vec<u8>, BuiltinError> {
    let text = match parameters.get(&Value::from(name)) {
        Some(Value::String(text)) => text,
        _ => {
            return Err(BuiltinError::failed(format!(
                "expects `{name}` in the JSON web key"
            )));
        }
    };
    base64url(text)
        .filter(|bytes| bytes.len() <= MAX_NUMBER || name == "k")
        .ok_or_else(|| BuiltinError::failed(format!("cannot read `{name}` of the JSON web key")))
}

/// The kind of a JSON web key.
pub(super) fn kind(parameters: &Object) -> &str {
    match parameters.get(&Value::from("kty")) {
        Some(Value::String(kind)) => kind,
        _ => "",
    }
}

/// The curve of a JSON web key.
pub(super) fn curve(parameters: &Object) -> Curve {
    match parameters.get(&Value::from("crv")) {
        Some(Value::String(name)) => match name.as_ref() {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            "Ed25519" => Curve::Ed25519,
            _ => Curve::Other,
        },
        _ => Curve::Other,
    }
}

fn public_key(parameters: &Object) -> Result<Key, BuiltinError> {
    match kind(parameters) {
        "RSA" => Ok(Key::Rsa {
            n: without_leading_zeros(&bytes(parameters, "n")?).to_vec(),
            e: without_leading_zeros(&bytes(parameters, "e")?).to_vec(),
        }),
        "EC" => {
            let (x, y) = (bytes(parameters, "x")?, bytes(parameters, "y")?);
            let curve = curve(parameters);
            Ok(Key::Curve {
                curve,
                point: point(curve, &x, &y),
            })
        }
        "OKP" => Ok(Key::Curve {
            curve: curve(parameters),
            point: bytes(parameters, "x")?,
        }),
        "oct" => Ok(Key::Secret(bytes(parameters, "k")?)),
        _ => Err(BuiltinError::failed(
            "expects a JSON web key whose `kty` is RSA, EC, OKP or oct",
        )),
    }
}

/// A point as ring reads it: both coordinates in full width.
pub(super) fn point(curve: Curve, x: &[u8], y: &[u8]) -> Vec<u8> {
    let width = match curve {
        Curve::P384 => 48,
        _ => 32,
    };
    let mut point = vec![4];
    for coordinate in [x, y] {
        let digits = without_leading_zeros(coordinate);
        point.resize(point.len() + width_left(width, digits.len()), 0);
        point.extend_from_slice(digits);
    }
    point
}

const fn width_left(width: usize, used: usize) -> usize {
    width.saturating_sub(used)
}

/// The key in a PEM block that is the only one of its text.
fn pem_key(text: &str) -> Result<Key, BuiltinError> {
    let malformed = || BuiltinError::failed("cannot read the PEM block");
    let (label, bytes) = pem_block(text).ok_or_else(malformed)?;
    let info = match label.as_str() {
        "CERTIFICATE" => certificate_key(&bytes).ok_or_else(malformed)?,
        "PUBLIC KEY" => bytes.as_slice(),
        _ => {
            return Err(BuiltinError::failed(
                "expects a PEM block with a certificate or a public key",
            ));
        }
    };
    key_info(info).ok_or_else(|| {
        BuiltinError::failed("expects a PEM block with a key of RSA, P-256, P-384 or Ed25519")
    })
}

/// The label and the bytes of a PEM block; `None` if anything follows it.
fn pem_block(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, rest) = rest.split_once(&format!("-----END {label}-----"))?;
    if !matches!(rest, "" | "\n" | "\r\n") {
        return None;
    }
    let digits: String = body.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(digits.as_bytes()).ok()?;
    Some((label.to_owned(), bytes))
}

/// The public key of a certificate (RFC 5280, section 4.1), in its own encoding.
fn certificate_key(bytes: &[u8]) -> Option<&[u8]> {
    let mut outer = Reader::new(bytes);
    let mut certificate = outer.sequence()?;
    let mut fields = certificate.sequence()?;
    if !outer.is_empty() {
        return None;
    }
    // Only the first version has none.
    let _ = fields.take(CONTEXT_0);
    // The serial number.
    fields.take(INTEGER)?;
    // The algorithm, the issuer, the validity and the subject.
    for _ in 0..4 {
        fields.sequence()?;
    }
    fields.take_whole()
}

/// A key in the encoding that says what kind it is (RFC 5280, section 4.1.2.7).
fn key_info(bytes: &[u8]) -> Option<Key> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    const CURVES: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    let mut outer = Reader::new(bytes);
    let mut info = outer.sequence()?;
    let mut algorithm = info.sequence()?;
    let identifier = algorithm.take(IDENTIFIER)?;
    let key = info.bits()?;
    if !outer.is_empty() || !info.is_empty() {
        return None;
    }
    match identifier {
        RSA => {
            let mut numbers = Reader::new(key).sequence()?;
            Some(Key::Rsa {
                n: numbers.unsigned()?.to_vec(),
                e: numbers.unsigned()?.to_vec(),
            })
        }
        CURVES => Some(Key::Curve {
            curve: named_curve(algorithm.take(IDENTIFIER)?),
            point: key.to_vec(),
        }),
        ED25519 => Some(Key::Curve {
            curve: Curve::Ed25519,
            point: key.to_vec(),
        }),
        _ => None,
    }
}

fn named_curve(identifier: &[u8]) -> Curve {
    match identifier {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => Curve::P256,
        [0x2b, 0x81, 0x04, 0x00, 0x22] => Curve::P384,
        _ => Curve::Other,
    }
}

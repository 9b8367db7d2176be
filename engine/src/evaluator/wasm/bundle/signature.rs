//! The signature of a bundle: a token over the digest of every file, as `opa build --signing-key` writes it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::fault;
use crate::decision::DecisionErrorKind;
use crate::digest::digits;
use crate::evaluator::PolicyFault;
use crate::rego_builtins::{self, Context};
use crate::value::{self, Value};

const FILE: &str = ".signatures.json";

/// The key with which bundles have to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BundleKey {
    /// The algorithm, as tokens name it: `RS256`, `ES256`, `HS256` and so on.
    pub(crate) algorithm: String,
    /// A public key as PEM, or the secret of an HMAC.
    pub(crate) key: String,
}

#[derive(Debug, Deserialize)]
struct Signatures {
    signatures: Vec<String>,
}

/// Checks that the key has signed exactly these files.
pub(super) fn verify(
    files: &BTreeMap<String, Vec<u8>>,
    key: &BundleKey,
) -> Result<(), PolicyFault> {
    let text = files
        .get(FILE)
        .ok_or_else(|| refused("the bundle is not signed"))?;
    let Signatures { signatures } = serde_json::from_slice(text)
        .map_err(|_| refused("the bundle's `.signatures.json` is broken"))?;
    let [token] = signatures.as_slice() else {
        return Err(refused("the bundle has not exactly one signature"));
    };
    let signed = signed_files(token, key)?;
    for (path, content) in files.iter().filter(|(path, _)| path.as_str() != FILE) {
        match signed.get(path.as_str()) {
            None => return Err(refused("the bundle holds a file that is not signed")),
            Some(wanted) if *wanted != digest(path, content)? => {
                return Err(refused("a file of the bundle is not as it was signed"));
            }
            Some(_) => {}
        }
    }
    if signed.keys().all(|path| files.contains_key(path)) {
        Ok(())
    } else {
        Err(refused("a signed file is missing in the bundle"))
    }
}

fn refused(message: &'static str) -> PolicyFault {
    PolicyFault {
        kind: DecisionErrorKind::Trust,
        ..fault::load(message)
    }
}

/// The digests that the token says, once the key has proven it.
fn signed_files(token: &str, key: &BundleKey) -> Result<BTreeMap<String, String>, PolicyFault> {
    const BAD: &str = "the signature of the bundle is not that of the key";
    let function = rego_builtins::find("io.jwt.decode_verify")
        .ok_or_else(|| refused("signatures of bundles cannot be checked"))?;
    let kind = if key.algorithm.starts_with("HS") {
        "secret"
    } else {
        "cert"
    };
    let constraints = value::object([
        (kind, Value::from(key.key.as_str())),
        ("alg", Value::from(key.algorithm.as_str())),
    ]);
    let context = Context {
        now: SystemTime::now(),
        seed: [0; 16],
        deadline: None,
    };
    let answer = function
        .call(&[Value::from(token), constraints], &context)
        .map_err(|_| refused(BAD))?;
    let Value::Array(parts) = &answer else {
        return Err(refused(BAD));
    };
    let parts: Vec<&Value> = parts.iter().collect();
    let [Value::Bool(true), _, payload] = parts.as_slice() else {
        return Err(refused(BAD));
    };
    files_of(payload).ok_or_else(|| refused("the signature of the bundle lists no files"))
}

fn files_of(payload: &Value) -> Option<BTreeMap<String, String>> {
    let field = |value: &Value, name: &str| match value {
        Value::Object(fields) => fields.get(&Value::from(name)).cloned(),
        _ => None,
    };
    let Some(Value::Array(files)) = field(payload, "files") else {
        return None;
    };
    let mut signed = BTreeMap::new();
    for file in files.iter() {
        let name = field(file, "name")?;
        let name = value::text(&name)?.trim_start_matches('/').to_owned();
        let hash = field(file, "hash")?;
        let algorithm = field(file, "algorithm");
        let is_known = algorithm
            .as_ref()
            .and_then(value::text)
            .is_some_and(|name| name.replace('-', "").eq_ignore_ascii_case("sha256"));
        if !is_known
            || signed
                .insert(name, value::text(&hash)?.to_string())
                .is_some()
        {
            return None;
        }
    }
    Some(signed)
}

/// The digest of a file: JSON by what it says, everything else by its bytes.
fn digest(path: &str, content: &[u8]) -> Result<String, PolicyFault> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let digest = if name == ".manifest" || name == "data.json" {
        let value = super::wire::read(content)
            .map_err(|_| refused("a document of the bundle is not JSON"))?;
        let text = super::wire::write(&value)
            .map_err(|_| refused("a document of the bundle is not JSON"))?;
        Sha256::new_with_prefix(text)
    } else {
        Sha256::new_with_prefix(content)
    };
    Ok(digits(digest))
}

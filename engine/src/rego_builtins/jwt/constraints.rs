//! What `io.jwt.decode_verify` may be asked to hold a token to.

use regorus::value::Object;

use super::key::{self, Key, VerificationKey};
use super::signature::Algorithm;
use super::token::Header;
use crate::rego_builtins::arguments::float;
use crate::rego_builtins::{BuiltinError, Context};
use crate::value::Value;

/// The constraints of one call.
#[derive(Debug)]
pub(super) struct Constraints {
    keys: Keys,
    algorithm: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    /// The time at which the token must be valid, in seconds since 1970.
    time: f64,
}

#[derive(Debug)]
enum Keys {
    Secret(Key),
    Public(Vec<VerificationKey>),
}

impl Constraints {
    /// Reads the constraints; those that nobody knows are errors.
    pub(super) fn parse(constraints: &Object, context: &Context) -> Result<Self, BuiltinError> {
        const KNOWN: [&str; 6] = ["alg", "aud", "cert", "iss", "secret", "time"];
        let is_known = |key: &Value| KNOWN.iter().any(|known| *key == Value::from(*known));
        if !constraints.keys().all(is_known) {
            return Err(BuiltinError::failed(
                "knows the constraints alg, aud, cert, iss, secret and time, and no others",
            ));
        }
        let text = |name: &str| match constraints.get(&Value::from(name)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string()).filter(|text| !text.is_empty())),
            Some(_) => Err(BuiltinError::failed(format!(
                "expects a string as constraint `{name}`"
            ))),
        };
        let keys = match (text("secret")?, constraints.get(&Value::from("cert"))) {
            (Some(secret), None) => Keys::Secret(Key::Secret(secret.into_bytes())),
            (None, Some(Value::String(text))) => Keys::Public(key::verification_keys(text)?),
            (Some(_), Some(_)) => {
                return Err(BuiltinError::failed(
                    "expects one of the constraints `cert` and `secret`, not both",
                ));
            }
            _ => {
                return Err(BuiltinError::failed(
                    "expects a string as constraint `cert` or `secret`, because a token without a key proves nothing",
                ));
            }
        };
        Ok(Self {
            keys,
            algorithm: text("alg")?,
            issuer: text("iss")?,
            audience: text("aud")?,
            time: time(constraints, context)?,
        })
    }

    pub(super) fn allows_algorithm(&self, algorithm: &str) -> bool {
        self.algorithm
            .as_ref()
            .is_none_or(|wanted| wanted == algorithm)
    }

    /// Whether one of the keys has signed the message.
    pub(super) fn verifies(
        &self,
        header: &Header,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, BuiltinError> {
        let name = header.algorithm()?;
        let algorithm = Algorithm::named(name)
            .ok_or_else(|| BuiltinError::failed("does not know the algorithm of the token"))?;
        Ok(match &self.keys {
            Keys::Secret(secret) => {
                if algorithm.secret().is_none() {
                    return Err(BuiltinError::failed(
                        "cannot check the algorithm of the token with a secret",
                    ));
                }
                algorithm.verifies(secret, message, signature)
            }
            Keys::Public(keys) => key::candidates(keys, header.key_id()?, name)
                .any(|key| algorithm.verifies(key, message, signature)),
        })
    }

    /// Whether issuer, audience and times are as they have to be.
    pub(super) fn allows_payload(&self, payload: &Value) -> Result<bool, BuiltinError> {
        let field = |name: &str| {
            let fields = payload.as_object().ok()?;
            fields.get(&Value::from(name))
        };
        let issuer = self.issuer.as_ref().is_none_or(|issuer| {
            field("iss").is_some_and(|found| *found == Value::from(issuer.as_str()))
        });
        let audience = match (field("aud"), &self.audience) {
            (None, wanted) => wanted.is_none(),
            // A token for someone is not for nobody in particular.
            (Some(_), None) => false,
            (Some(Value::Array(found)), Some(wanted)) => {
                found.contains(&Value::from(wanted.as_str()))
            }
            (Some(found), Some(wanted)) => *found == Value::from(wanted.as_str()),
        };
        let expires = seconds(field("exp"), "exp")?;
        let begins = seconds(field("nbf"), "nbf")?;
        Ok(issuer
            && audience
            && expires.is_none_or(|expires| self.time < expires)
            && begins.is_none_or(|begins| self.time >= begins))
    }
}

fn seconds(value: Option<&Value>, name: &str) -> Result<Option<f64>, BuiltinError> {
    match value {
        None => Ok(None),
        Some(value) => match float(value) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(BuiltinError::failed(format!(
                "expects a token whose `{name}` is a number"
            ))),
        },
    }
}

fn time(constraints: &Object, context: &Context) -> Result<f64, BuiltinError> {
    const NANOSECONDS: f64 = 1e9;
    match constraints.get(&Value::from("time")) {
        None => Ok(context.nanoseconds()? as f64 / NANOSECONDS),
        Some(time @ Value::Number(_)) => float(time)
            .filter(|time| *time >= 0.0)
            .map(|time| time / NANOSECONDS)
            .ok_or_else(|| BuiltinError::failed("expects a time after 1970")),
        Some(_) => Err(BuiltinError::failed(
            "expects a number as constraint `time`",
        )),
    }
}

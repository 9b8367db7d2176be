//! The three parts of a token, and what its header says.

use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::encoding::base64url;
use crate::value::Value;

/// Header fields that are understood, so that `crit` may name them.
const KNOWN: [&str; 5] = ["alg", "crit", "cty", "kid", "typ"];

/// A token, taken apart at its dots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'text> {
    header: &'text str,
    payload: &'text str,
    signature: &'text str,
    /// What is signed: header and payload as they stand.
    pub(super) signed: &'text str,
}

impl<'text> Token<'text> {
    pub(super) fn split(text: &'text str) -> Result<Self, BuiltinError> {
        let malformed = || BuiltinError::failed("expects a token of three parts with dots between");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        if payload.contains('.') {
            return Err(malformed());
        }
        Ok(Self {
            header,
            payload,
            signature,
            signed,
        })
    }

    pub(super) fn header(&self) -> Result<Header, BuiltinError> {
        let text = decoded_text(self.header, "header")?;
        let value = json_object(&text)?;
        let header = Header(value);
        if header.field("enc").is_some() {
            return Err(BuiltinError::failed("cannot read encrypted tokens"));
        }
        Ok(header)
    }

    pub(super) fn payload(&self) -> Result<String, BuiltinError> {
        decoded_text(self.payload, "payload")
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, BuiltinError> {
        base64url(self.signature)
            .ok_or_else(|| BuiltinError::failed("expects a token whose signature is base64url"))
    }
}

fn decoded_text(part: &str, name: &str) -> Result<String, BuiltinError> {
    base64url(part)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| BuiltinError::failed(format!("expects a token whose {name} is base64url")))
}

/// An object of JSON; of keys that stand there twice the last counts.
pub(super) fn json_object(text: &str) -> Result<Value, BuiltinError> {
    match Value::from_json_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(BuiltinError::failed(
            "expects a token whose parts are objects of JSON",
        )),
    }
}

/// The header of a token.
#[derive(Debug)]
pub(super) struct Header(Value);

impl Header {
    pub(super) fn value(self) -> Value {
        self.0
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.0.as_object().ok()?.get(&Value::from(name))
    }

    fn text(&self, name: &str) -> Result<Option<&str>, BuiltinError> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BuiltinError::failed(format!(
                "expects a token whose `{name}` is a string"
            ))),
        }
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.text("cty").ok().flatten()
    }

    /// The id of the key, if it is not empty.
    pub(super) fn key_id(&self) -> Result<Option<&str>, BuiltinError> {
        Ok(self.text("kid")?.filter(|id| !id.is_empty()))
    }

    pub(super) fn algorithm(&self) -> Result<&str, BuiltinError> {
        Ok(self.text("alg")?.unwrap_or_default())
    }

    /// Whether there is an algorithm, and every field that must be understood is.
    pub(super) fn is_valid(&self) -> Result<bool, BuiltinError> {
        for name in ["typ", "cty", "kid"] {
            self.text(name)?;
        }
        let critical_are_known = match self.field("crit") {
            None => true,
            Some(Value::Array(names)) if !names.is_empty() => names.iter().all(|name| {
                let known = KNOWN.iter().any(|known| Value::from(*known) == *name);
                let present = match name {
                    Value::String(name) => self.field(name).is_some(),
                    _ => true,
                };
                known || !present
            }),
            Some(_) => {
                return Err(BuiltinError::failed(
                    "expects a token whose `crit` is a list with something in it",
                ));
            }
        };
        Ok(!self.algorithm()?.is_empty() && critical_are_known)
    }
}

//! Signatures of requests to Amazon's services, version 4, as AWS documents them. Nothing is sent.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use regorus::value::Object;
use ring::{digest, hmac};

use super::arguments::{Outcome, at, integer, object};
use super::json_text::compact;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[Builtin::new("providers.aws.sign_req", 3, sign_request)];

/// Headers that proxies change, and that therefore are not signed.
const UNSIGNED: [&str; 3] = ["authorization", "user-agent", "x-amzn-trace-id"];

fn sign_request(arguments: &[Value], _: &Context) -> Outcome {
    let request = object(arguments, 0)?;
    let account = Account::read(object(arguments, 1)?)?;
    let Value::Number(_) = at(arguments, 2) else {
        return Err(BuiltinError::expects(2, "a number", at(arguments, 2)));
    };
    let time = integer(arguments, 2).ok().filter(|time| *time >= 0);
    let time = time.and_then(|time| Timestamp::from_nanosecond(i128::from(time)).ok());
    let time = time.ok_or_else(|| BuiltinError::failed("expects nanoseconds since 1970"))?;
    let moment = Moment {
        day: time.strftime("%Y%m%d").to_string(),
        second: time.strftime("%Y%m%dT%H%M%SZ").to_string(),
    };

    let (method, url) = (required(request, "method")?, required(request, "url")?);
    let url = Url::split(&url)?;
    let content = if account.signs_payload {
        HEXLOWER.encode(digest::digest(&digest::SHA256, body(request)?.as_bytes()).as_ref())
    } else {
        "UNSIGNED-PAYLOAD".to_owned()
    };
    let own = account.headers(&url, &moment, &content);
    let given = given_headers(request)?;
    let mut signed: BTreeMap<String, String> = own.clone();
    for (name, value) in &given {
        let name = name.to_lowercase();
        if !UNSIGNED.contains(&name.as_str()) {
            signed.insert(name, value.clone());
        }
    }
    let names = signed.keys().cloned().collect::<Vec<_>>().join(";");
    let lines: String = signed
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let canonical = format!(
        "{method}\n{}\n{}\n{lines}\n{names}\n{content}",
        url.path, url.query
    );
    let authorization = account.authorization(&moment, &names, &canonical);

    let headers = given
        .into_iter()
        .chain([("Authorization".to_owned(), authorization)])
        .chain(own);
    let headers: BTreeMap<Value, Value> = headers
        .map(|(name, value)| (Value::from(name), Value::from(value)))
        .collect();
    let mut request = request.clone();
    request.insert(Value::from("headers"), Value::from(headers));
    Ok(Value::from(request))
}

struct Moment {
    day: String,
    second: String,
}

struct Account {
    key: String,
    secret: String,
    token: Option<String>,
    service: String,
    region: String,
    signs_payload: bool,
}

impl Account {
    fn read(settings: &Object) -> Result<Self, BuiltinError> {
        let token = match settings.get(&Value::from("aws_session_token")) {
            Some(Value::String(token)) if !token.is_empty() => Some(token.to_string()),
            _ => None,
        };
        let signs_payload = match settings.get(&Value::from("disable_payload_signing")) {
            None => true,
            Some(Value::Bool(disabled)) => !disabled,
            Some(_) => {
                return Err(BuiltinError::failed(
                    "expects a boolean as `disable_payload_signing`",
                ));
            }
        };
        Ok(Self {
            key: required(settings, "aws_access_key")?,
            secret: required(settings, "aws_secret_access_key")?,
            token,
            service: required(settings, "aws_service")?,
            region: required(settings, "aws_region")?,
            signs_payload,
        })
    }

    /// The headers that the signature brings along.
    fn headers(&self, url: &Url, moment: &Moment, content: &str) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::from([
            ("host".to_owned(), url.host.clone()),
            ("x-amz-date".to_owned(), moment.second.clone()),
        ]);
        if matches!(self.service.as_str(), "s3" | "glacier") {
            headers.insert("x-amz-content-sha256".to_owned(), content.to_owned());
        }
        if let Some(token) = &self.token {
            headers.insert("x-amz-security-token".to_owned(), token.clone());
        }
        headers
    }

    fn authorization(&self, moment: &Moment, names: &str, canonical: &str) -> String {
        let day = &moment.day;
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            moment.second,
            HEXLOWER.encode(digest.as_ref())
        );
        let first = format!("AWS4{}", self.secret).into_bytes();
        let parts = [
            day.as_str(),
            &self.region,
            &self.service,
            "aws4_request",
            &to_sign,
        ];
        let signature = parts.into_iter().fold(first, |key, part| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::sign(&key, part.as_bytes()).as_ref().to_vec()
        });
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={}",
            self.key,
            HEXLOWER.encode(&signature)
        )
    }
}

fn required(object: &Object, name: &str) -> Result<String, BuiltinError> {
    match object.get(&Value::from(name)) {
        Some(Value::String(text)) => Ok(text.to_string()),
        _ => Err(BuiltinError::failed(format!(
            "expects a string as `{name}`"
        ))),
    }
}

fn body(request: &Object) -> Result<String, BuiltinError> {
    let raw = request.get(&Value::from("raw_body"));
    match (raw, request.get(&Value::from("body"))) {
        (Some(Value::String(text)), _) => Ok(text.to_string()),
        (Some(_), _) => Err(BuiltinError::failed("expects a string as `raw_body`")),
        (None, Some(body)) => compact(body),
        (None, None) => Ok(String::new()),
    }
}

fn given_headers(request: &Object) -> Result<BTreeMap<String, String>, BuiltinError> {
    let headers = match request.get(&Value::from("headers")) {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(BuiltinError::failed("expects an object as `headers`")),
    };
    headers
        .iter_sorted()
        .map(|(name, value)| match (name, value) {
            (Value::String(name), Value::String(value)) => {
                Ok((name.to_string(), value.to_string()))
            }
            _ => Err(BuiltinError::failed("expects headers that are strings")),
        })
        .collect()
}

/// The parts of an address that are signed.
struct Url {
    host: String,
    path: String,
    query: String,
}

impl Url {
    fn split(text: &str) -> Result<Self, BuiltinError> {
        let (_, rest) = text
            .split_once("://")
            .ok_or_else(|| BuiltinError::failed("expects an address with its scheme as `url`"))?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match rest.find('/') {
            Some(start) => rest.split_at_checked(start).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        Ok(Self {
            host: host.to_owned(),
            path: escaped(path),
            query: query.to_owned(),
        })
    }
}

/// The path with everything escaped that must not stand in one.
fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

//! Makes tokens. Only by algorithms that sign the same message alike each time: a decision must be repeatable.

use regorus::value::Object;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding,
};

use super::key;
use super::signature::Algorithm;
use crate::rego_builtins::arguments::{Outcome, at, bounded, text};
use crate::rego_builtins::encoding::to_base64url;
use crate::rego_builtins::json_text::compact;
use crate::rego_builtins::{BuiltinError, Context};
use crate::value::Value;

/// Signs a header and a payload that are values.
pub(super) fn encode_sign(arguments: &[Value], _: &Context) -> Outcome {
    let [header, payload, key] = [0, 1, 2].map(|index| compact(at(arguments, index)));
    signed(&header?, &payload?, &key?)
}

/// Signs a header and a payload that are texts.
pub(super) fn encode_sign_raw(arguments: &[Value], _: &Context) -> Outcome {
    signed(
        text(arguments, 0)?,
        text(arguments, 1)?,
        text(arguments, 2)?,
    )
}

fn signed(header: &str, payload: &str, key: &str) -> Outcome {
    let fields = Value::from_json_str(header).ok();
    let Some(Value::Object(fields)) = fields else {
        return Err(BuiltinError::failed("expects an object of JSON as header"));
    };
    let field = |name: &str| match fields.get(&Value::from(name)) {
        Some(Value::String(text)) => text.as_ref(),
        _ => "",
    };
    let algorithm = Algorithm::named(field("alg"))
        .ok_or_else(|| BuiltinError::failed("does not know the algorithm in the header"))?;
    if matches!(field("typ"), "" | "JWT") && Value::from_json_str(payload).is_err() {
        return Err(BuiltinError::failed(
            "expects JSON as payload, because the header says that it makes a JWT",
        ));
    }
    let message = format!(
        "{}.{}",
        to_base64url(header.as_bytes()),
        to_base64url(payload.as_bytes())
    );
    // Of a set the first key signs.
    let keys = key::json_keys(key, |parameters| Ok(parameters.clone()))?;
    let key = keys
        .first()
        .ok_or_else(|| BuiltinError::failed("expects a JSON web key as key"))?;
    let signature = signature(algorithm, key, message.as_bytes())?;
    bounded(format!("{message}.{}", to_base64url(&signature)))
}

fn signature(
    algorithm: Algorithm,
    parameters: &Object,
    message: &[u8],
) -> Result<Vec<u8>, BuiltinError> {
    let wrong_kind = || BuiltinError::failed("expects a key that fits the algorithm in the header");
    match (algorithm, key::kind(parameters)) {
        (Algorithm::Rs256, "RSA") => rsa(&RSA_PKCS1_SHA256, parameters, message),
        (Algorithm::Rs384, "RSA") => rsa(&RSA_PKCS1_SHA384, parameters, message),
        (Algorithm::Rs512, "RSA") => rsa(&RSA_PKCS1_SHA512, parameters, message),
        (Algorithm::EdDsa, "OKP") => {
            let (seed, public) = (key::bytes(parameters, "d")?, key::bytes(parameters, "x")?);
            let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
                .map_err(|_| wrong_kind())?;
            Ok(pair.sign(message).as_ref().to_vec())
        }
        (_, "oct") => {
            let algorithm = algorithm.secret().ok_or_else(wrong_kind)?;
            let key = hmac::Key::new(algorithm, &key::bytes(parameters, "k")?);
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
        (
            Algorithm::Es256
            | Algorithm::Es384
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512,
            "EC" | "RSA",
        ) => Err(BuiltinError::failed(
            "cannot sign by an algorithm of chance, because a decision must be repeatable: use HS256, RS256 or EdDSA",
        )),
        _ => Err(wrong_kind()),
    }
}

fn rsa(
    encoding: &'static dyn RsaEncoding,
    parameters: &Object,
    message: &[u8],
) -> Result<Vec<u8>, BuiltinError> {
    let part = |name| key::bytes(parameters, name);
    let components = KeyPairComponents {
        public_key: PublicKeyComponents {
            n: part("n")?,
            e: part("e")?,
        },
        d: part("d")?,
        p: part("p")?,
        q: part("q")?,
        dP: part("dp")?,
        dQ: part("dq")?,
        qInv: part("qi")?,
    };
    let unusable = |_| BuiltinError::failed("cannot sign with this key of RSA");
    let pair = KeyPair::from_components(&components).map_err(unusable)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    // Chance only hides the key from whoever measures times: the signature is the same each time.
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .map_err(|_| BuiltinError::failed("cannot sign with this key of RSA"))?;
    Ok(signature)
}

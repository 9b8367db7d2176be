//! Names of variables, fields and headers whose values are secret.

/// How many characters of a name are looked at, from its end.
const LONGEST: usize = 128;

/// What the value of a secret name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// Something that a person types.
    Password,
    /// Something that is worth what it opens.
    Token,
    /// `authorization`: a scheme and a token.
    Authorization,
    /// `cookie`: pairs to the end of the line.
    Cookie,
    /// Words to the end of the line.
    Phrase,
    /// What a user calls secret.
    Custom,
}

/// A name ends with this, when case and separators do not count.
struct Ending {
    text: &'static str,
    kind: &'static str,
    secret: Secret,
}

const fn ending(text: &'static str, kind: &'static str, secret: Secret) -> Ending {
    Ending { text, kind, secret }
}

/// A name is secret if it ends with one of these.
const ENDINGS: &[Ending] = &[
    ending("password", "password", Secret::Password),
    ending("passwd", "password", Secret::Password),
    ending("passphrase", "password", Secret::Password),
    ending("passcode", "password", Secret::Password),
    ending("passwordhash", "password", Secret::Password),
    ending("passwords", "password", Secret::Password),
    ending("pwd", "password", Secret::Password),
    ending("dbpass", "password", Secret::Password),
    ending("pgpass", "password", Secret::Password),
    ending("mysqlpass", "password", Secret::Password),
    ending("userpass", "password", Secret::Password),
    ending("rootpass", "password", Secret::Password),
    ending("adminpass", "password", Secret::Password),
    ending("smtppass", "password", Secret::Password),
    ending("mailpass", "password", Secret::Password),
    ending("ftppass", "password", Secret::Password),
    ending("sshpass", "password", Secret::Password),
    ending("keypass", "password", Secret::Password),
    ending("storepass", "password", Secret::Password),
    ending("token", "token", Secret::Token),
    ending("accesstokens", "token", Secret::Token),
    ending("authtokens", "token", Secret::Token),
    ending("apitokens", "token", Secret::Token),
    ending("refreshtokens", "token", Secret::Token),
    ending("jwt", "token", Secret::Token),
    ending("bearer", "token", Secret::Token),
    ending("secret", "secret", Secret::Token),
    ending("secrets", "secret", Secret::Token),
    ending("secretvalue", "secret", Secret::Token),
    ending("secretstring", "secret", Secret::Token),
    ending("credential", "secret", Secret::Token),
    ending("credentials", "secret", Secret::Token),
    ending("creds", "secret", Secret::Token),
    ending("apikey", "key", Secret::Token),
    ending("apikeys", "key", Secret::Token),
    ending("accesskey", "key", Secret::Token),
    ending("accesskeys", "key", Secret::Token),
    ending("secretkey", "key", Secret::Token),
    ending("secretkeybase", "key", Secret::Token),
    ending("secretkeys", "key", Secret::Token),
    ending("privatekey", "key", Secret::Token),
    ending("privatekeys", "key", Secret::Token),
    ending("signingkey", "key", Secret::Token),
    ending("encryptionkey", "key", Secret::Token),
    ending("decryptionkey", "key", Secret::Token),
    ending("masterkey", "key", Secret::Token),
    ending("accountkey", "key", Secret::Token),
    ending("sharedkey", "key", Secret::Token),
    ending("sessionkey", "key", Secret::Token),
    ending("authkey", "key", Secret::Token),
    ending("servicekey", "key", Secret::Token),
    ending("serverkey", "key", Secret::Token),
    ending("deploykey", "key", Secret::Token),
    ending("licensekey", "key", Secret::Token),
    ending("subscriptionkey", "key", Secret::Token),
    ending("functionskey", "key", Secret::Token),
    ending("consumerkey", "key", Secret::Token),
    ending("storagekey", "key", Secret::Token),
    ending("amzsignature", "signature", Secret::Token),
    ending("googsignature", "signature", Secret::Token),
    ending("mnemonic", "secret", Secret::Phrase),
    ending("seedphrase", "secret", Secret::Phrase),
    ending("recoveryphrase", "secret", Secret::Phrase),
    ending("recoverycode", "secret", Secret::Token),
    ending("recoverycodes", "secret", Secret::Token),
    ending("basicauth", "authorization", Secret::Token),
    ending("authorization", "authorization", Secret::Authorization),
    ending("cookie", "cookie", Secret::Cookie),
    ending("cookies", "cookie", Secret::Cookie),
];

/// A whole name that is secret, although longer names with this end are not.
const WHOLE: &[Ending] = &[
    ending("auth", "authorization", Secret::Token),
    ending("pass", "password", Secret::Password),
    ending("otp", "password", Secret::Token),
    ending("totp", "password", Secret::Token),
];

/// Endings of names that only sound secret: the tokens of parsers, of models and of lists with pages.
const HARMLESS: &[&str] = &[
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "synctoken",
    "cancellationtoken",
    "canceltoken",
    "unexpectedtoken",
    "expectedtoken",
    "previoustoken",
    "currenttoken",
    "lasttoken",
    "firsttoken",
    "pertoken",
    "bostoken",
    "eostoken",
    "padtoken",
    "unktoken",
    "septoken",
    "clstoken",
    "masktoken",
    "stoptoken",
    "specialtoken",
    "istoken",
    "issecret",
    "haspassword",
    "publickeytoken",
];

/// What a text holds at every place where one of the names above may end.
pub(super) const ANCHORS: &[&str] = &[
    "pass",
    "pwd",
    "token",
    "jwt",
    "bearer",
    "secret",
    "cred",
    "key",
    "signature",
    "mnemonic",
    "phrase",
    "recovery",
    "auth",
    "cookie",
    "otp",
];

/// A name with neither case nor separators.
pub(super) fn normal(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What the value of a name is, if it is secret; `own` are the normal names that a user added.
pub(super) fn secret(name: &str, own: &[Box<str>]) -> Option<(&'static str, Secret)> {
    if name.len() < 3 && own.is_empty() {
        return None;
    }
    // The working directory of a shell.
    if matches!(name, "PWD" | "OLDPWD") {
        return None;
    }
    let start = name.len().saturating_sub(LONGEST);
    let end = name.get(name.ceil_char_boundary(start)..).unwrap_or(name);
    let normal = normal(end);
    if own.iter().any(|own| normal.ends_with(&**own)) {
        return Some(("custom", Secret::Custom));
    }
    if is_harmless(&normal) {
        return None;
    }
    // `config.auth`: the whole name is what stands behind the last dot.
    let last = end.rsplit('.').next().unwrap_or(end);
    let known = ENDINGS
        .iter()
        .find(|ending| normal.ends_with(ending.text))
        .or_else(|| {
            let last = self::normal(last);
            WHOLE.iter().find(|whole| last == whole.text)
        })?;
    Some((known.kind, known.secret))
}

/// Whether a normal name only sounds secret.
pub(super) fn is_harmless(normal: &str) -> bool {
    HARMLESS.iter().any(|harmless| normal.ends_with(harmless))
}

/// The part of a user's name that stands in a text in every way of writing it: its longest word.
pub(super) fn anchor(name: &str) -> Box<str> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for character in name.chars() {
        let new = !character.is_alphanumeric() || (lower && character.is_uppercase());
        lower = character.is_lowercase();
        if new {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && character.is_alphanumeric()
        {
            word.push(character);
        }
    }
    words
        .into_iter()
        .max_by_key(String::len)
        .unwrap_or_default()
        .into()
}

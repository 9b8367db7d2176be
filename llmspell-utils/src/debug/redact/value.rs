//! What a value looks like: a secret, a word of a sentence, a piece of code, or a place for a value.

/// How many bytes of a value are looked at; what is longer is no word.
const LOOKED_AT: usize = 96;

/// Whether nobody would write this as a word: digits among letters, a long number, or case that changes often.
pub(super) fn looks_random(value: &[u8]) -> bool {
    let near = value.get(..LOOKED_AT).unwrap_or(value);
    let digits = near.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = near
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let changes = near
        .windows(2)
        .filter(|pair| matches!(pair, [one, two] if one.is_ascii_lowercase() && two.is_ascii_uppercase()))
        .count();
    (digits > 0 && digits + letters >= 6 && (letters > 0 || digits == near.len()))
        || (near.len() >= 12 && changes >= 3)
}

/// Whether this stands for a value, says that there is none, or was redacted before.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    value.starts_with("[redacted")
        || value.starts_with("${")
        || value.starts_with("$(")
        || value.starts_with("{{")
        || value.starts_with("%(")
        || (value.starts_with('<') && value.ends_with('>'))
        || (value.starts_with('{') && value.ends_with('}'))
        || is_variable(value)
        || value
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'.' | b'-' | b'_' | b'?'))
        || (value.len() >= 3 && value.bytes().all(|byte| matches!(byte, b'x' | b'X')))
        || (!value.is_ascii()
            && value
                .chars()
                .all(|character| matches!(character, '•' | '…' | '●' | '∗' | '█' | '*' | '.')))
        || ABSENT
            .iter()
            .any(|absent| value.eq_ignore_ascii_case(absent))
}

/// `$NAME`, `%NAME%`
fn is_variable(value: &str) -> bool {
    let name = match value.strip_prefix('%') {
        Some(rest) => rest.strip_suffix('%'),
        None => value.strip_prefix('$'),
    };
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    }) || value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    })
}

/// Values that say that there is none.
const ABSENT: &[&str] = &[
    "null",
    "nil",
    "none",
    "undefined",
    "true",
    "false",
    "yes",
    "no",
    "redacted",
    "masked",
    "hidden",
    "filtered",
    "[filtered]",
    "(none)",
    "(null)",
    "(empty)",
    "n/a",
];

/// Words that stand behind `password:` in a sentence.
const HARMLESS: &[&str] = &[
    "a",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "bool",
    "boolean",
    "by",
    "can",
    "cannot",
    "changed",
    "check",
    "checked",
    "checks",
    "correct",
    "could",
    "defined",
    "denied",
    "disabled",
    "does",
    "empty",
    "enabled",
    "expected",
    "expired",
    "expires",
    "failed",
    "for",
    "forgotten",
    "found",
    "got",
    "had",
    "has",
    "if",
    "in",
    "incorrect",
    "input",
    "int",
    "invalid",
    "is",
    "it",
    "length",
    "loaded",
    "match",
    "matches",
    "may",
    "minimum",
    "mismatch",
    "missing",
    "must",
    "need",
    "needed",
    "needs",
    "never",
    "not",
    "number",
    "object",
    "of",
    "ok",
    "on",
    "only",
    "optional",
    "or",
    "please",
    "policy",
    "present",
    "prompt",
    "provided",
    "read",
    "rejected",
    "required",
    "reset",
    "rotated",
    "saved",
    "set",
    "should",
    "str",
    "string",
    "text",
    "that",
    "the",
    "this",
    "to",
    "too",
    "unknown",
    "unset",
    "updated",
    "use",
    "used",
    "valid",
    "verified",
    "was",
    "weak",
    "when",
    "which",
    "will",
    "with",
    "wrong",
    "you",
    "your",
];

/// Whether this is a word that a sentence about a password goes on with.
pub(super) fn is_harmless_word(value: &str) -> bool {
    let word = value.trim_matches(|character: char| !character.is_alphanumeric());
    HARMLESS
        .iter()
        .any(|harmless| word.eq_ignore_ascii_case(harmless))
}

/// Whether this is code that makes the value, and not the value: a call, an index, a path of modules.
///
/// Behind a tight separator a password may look like a call, so only an empty one counts.
pub(super) fn is_code(value: &str, tight: bool) -> bool {
    let near = value.as_bytes();
    let near = near.get(..LOOKED_AT).unwrap_or(near);
    let name = near
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'))
        .count();
    let behind = near.get(name..).unwrap_or_default();
    let called = match behind {
        [b'(' | b'['] => true,
        [b'(' | b'[', ..] | [b':', b':', ..] => !tight,
        _ => false,
    };
    (name > 0 && called)
        || (!tight && value.starts_with('&'))
        || SOURCES.iter().any(|beginning| value.starts_with(beginning))
}

/// Where programs get secrets from.
const SOURCES: &[&str] = &[
    "process.env",
    "os.environ",
    "secrets.",
    "self.",
    "this.",
    "req.",
    "args.",
    "config.",
    "std::",
];

/// Whether this is names with dots and underscores between, as code has them.
pub(super) fn is_path_of_names(value: &str) -> bool {
    value.len() <= LOOKED_AT
        && value.contains(['.', '_'])
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_'))
}

/// Whether this is the path of a file.
pub(super) fn is_file(value: &str) -> bool {
    let rooted = value.starts_with('/') && value.len() != 40;
    (rooted && value.get(1..).is_some_and(|rest| rest.contains(['/', '.'])))
        || ["./", "../", "~/"]
            .iter()
            .any(|beginning| value.starts_with(beginning))
}

/// Whether this is Base64 of printable text with a colon in it.
pub(super) fn decodes_to_credentials(value: &[u8]) -> bool {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut colon = false;
    let trimmed = value.iter().take_while(|byte| **byte != b'=');
    let mut length = 0_usize;
    for byte in trimmed.take(LOOKED_AT) {
        let Some(six) = six_bits(*byte) else {
            return false;
        };
        length += 1;
        bits = (bits << 6) | six;
        count += 6;
        if count >= 8 {
            count -= 8;
            let decoded = (bits >> count) & 0xff;
            if !(0x20..0x7f).contains(&decoded) {
                return false;
            }
            colon |= decoded == u32::from(b':');
        }
    }
    colon && length >= 4
}

fn six_bits(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

//! Values that stand behind a secret name: `password=…`, `"token": "…"`, `--api-key …`, `<secret>…</secret>`.

use super::alphabet::Alphabet;
use super::name::{self, Secret};
use super::scan::{Scan, Span};
use super::value::{
    is_code, is_file, is_harmless_word, is_path_of_names, is_placeholder, looks_random,
};

/// How far a name reaches to either side of its anchor, in bytes.
const NAME_BYTES: usize = 64;

/// How many blanks may stand around a separator.
const BLANKS: usize = 8;

/// How a name and its value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// `name=value`, `--name value`, `<name>value`: nothing but a value can follow.
    Tight,
    /// `name = value`, as configuration files and code have it.
    Equals,
    /// `name: value`, as headers and sentences have it.
    Colon,
    /// `the name is value`
    Sentence,
}

/// The value behind the name around an anchor, if the name is secret and the value may be one.
pub(super) fn find(scan: &mut Scan<'_>, start: usize, end: usize) -> Option<Span> {
    let name_start =
        scan.text
            .ceil_char_boundary(scan.run_start(Alphabet::Name, start, NAME_BYTES));
    let name_end = scan.run_end(Alphabet::Name, end);
    if name_end - end > NAME_BYTES {
        return None;
    }
    let flag = scan.starts_with(name_start, "--");
    let (joint, value) = joint(scan, name_start, name_end, flag)?;
    let (kind, secret) = secret_name(scan, name_start, name_end)?;
    let (start, end) = value_of(scan, value, joint, secret)?;
    Some(Span { start, end, kind })
}

/// What the name says; `api key` may be two words.
fn secret_name(scan: &Scan<'_>, start: usize, end: usize) -> Option<(&'static str, Secret)> {
    let own = scan.own;
    name::secret(scan.part(start, end), own).or_else(|| {
        let blank = start.checked_sub(1)?;
        if scan.byte(blank) != Some(b' ') {
            return None;
        }
        let earlier = scan.run_start(Alphabet::Alnum, blank, NAME_BYTES);
        if earlier == blank {
            return None;
        }
        name::secret(scan.part(earlier, end), own)
    })
}

fn blanks(scan: &Scan<'_>, at: usize) -> usize {
    let near = scan.bytes(at, at.saturating_add(BLANKS));
    at + near
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// A quote with the backslashes before it: where it ends, which it is, and how many backslashes.
fn quote(scan: &Scan<'_>, at: usize) -> Option<(usize, u8, usize)> {
    let near = scan.bytes(at, at.saturating_add(16));
    let slashes = near.iter().take_while(|byte| **byte == b'\\').count();
    match near.get(slashes) {
        Some(mark @ (b'"' | b'\'' | b'`')) => Some((at + slashes + 1, *mark, slashes)),
        _ => None,
    }
}

/// How the value is joined to a name that ends here, and where it begins.
fn joint(scan: &Scan<'_>, start: usize, end: usize, flag: bool) -> Option<(Joint, usize)> {
    if scan.byte(end) == Some(b'>') {
        let opened = start
            .checked_sub(1)
            .is_some_and(|before| scan.byte(before) == Some(b'<'));
        return opened.then_some((Joint::Tight, end + 1));
    }
    let mut closed = quote(scan, end).map_or(end, |(behind, _, _)| behind);
    if scan.byte(closed) == Some(b']') {
        closed += 1;
    }
    let at = blanks(scan, closed);
    let spaced = at > closed;
    let (joint, behind) = match scan.bytes(at, at.saturating_add(6)) {
        [b':', b':' | b'/', ..] => return None,
        [b':', b'=', ..] | [b'=', b'>' | b'=', ..] | [b'!', b'=', ..] => (Joint::Equals, at + 2),
        [b'=', b' ' | b'\t', ..] => (Joint::Equals, at + 1),
        [b'=', ..] if spaced => (Joint::Equals, at + 1),
        [b'=', ..] => (Joint::Tight, at + 1),
        [b':', ..] => (Joint::Colon, at + 1),
        [b'%', b'3', b'D' | b'd' | b'A' | b'a', ..] => (Joint::Tight, at + 3),
        [b'\\', b'u', b'0', b'0', b'3', b'd' | b'D'] => (Joint::Tight, at + 6),
        [b'i', b's', b' ' | b':', ..] if spaced => (Joint::Sentence, at + 3),
        [b',', ..] if flag && closed > end => (Joint::Tight, at + 1),
        [_, ..] if flag && spaced => (Joint::Tight, at),
        _ => return None,
    };
    // `===`, and `is: `
    let behind = match scan.byte(behind) {
        Some(b'=') if joint == Joint::Equals => behind + 1,
        _ => behind,
    };
    Some((joint, blanks(scan, behind)))
}

/// Where the value is, if it may be secret.
fn value_of(scan: &Scan<'_>, at: usize, joint: Joint, secret: Secret) -> Option<(usize, usize)> {
    let at = inside_wrapper(scan, at);
    if let Some((start, mark, slashes)) = quote(scan, at) {
        let end = closing_quote(scan, start, mark, slashes);
        let value = scan.part(start, end);
        return (!value.is_empty() && !is_placeholder(value)).then_some((start, end));
    }
    if scan.byte(at) == Some(b'[') {
        return list(scan, at);
    }
    match secret {
        Secret::Authorization => authorization(scan, at, joint),
        Secret::Cookie | Secret::Phrase => {
            let end = line_end(scan, at);
            let value = scan.part(at, end);
            let several = match secret {
                Secret::Cookie => value.contains('='),
                _ => value.split_ascii_whitespace().count() >= 6,
            };
            (several && !is_placeholder(value)).then_some((at, end))
        }
        Secret::Password | Secret::Token | Secret::Custom => {
            let end = bare_end(scan, at, joint);
            is_secret_value(scan.part(at, end), joint, secret).then_some((at, end))
        }
    }
}

/// Steps into `Some("…")` and `b"…"`, as languages print values.
fn inside_wrapper(scan: &Scan<'_>, at: usize) -> usize {
    for wrapper in ["Some(", "String(", "Ok("] {
        if scan.starts_with(at, wrapper) {
            return at + wrapper.len();
        }
    }
    match scan.bytes(at, at.saturating_add(2)) {
        [b'b' | b'r' | b'f' | b'u', b'"' | b'\''] => at + 1,
        _ => at,
    }
}

/// Where the quoted text ends: at the same quote behind as many backslashes, or with the line.
fn closing_quote(scan: &Scan<'_>, start: usize, mark: u8, slashes: usize) -> usize {
    let rest = scan.bytes(start, scan.text.len());
    let mut before = 0_usize;
    for (index, byte) in rest.iter().enumerate() {
        if *byte == b'\\' {
            before += 1;
            continue;
        }
        let closes = match slashes {
            0 => before.is_multiple_of(2),
            _ => before <= slashes,
        };
        if *byte == mark && closes {
            return start + index - before.min(slashes);
        }
        if *byte == b'\n' {
            return start + index;
        }
        before = 0;
    }
    scan.text.len()
}

/// `["…", "…"]`
fn list(scan: &Scan<'_>, at: usize) -> Option<(usize, usize)> {
    quote(scan, blanks(scan, at + 1))?;
    let rest = scan.bytes(at, scan.text.len());
    let length = rest.iter().position(|byte| matches!(byte, b']' | b'\n'));
    let end = length.map_or(scan.text.len(), |length| at + length);
    (!is_placeholder(scan.part(at, end))).then_some((at + 1, end))
}

/// Where the line ends, or the quote around it.
fn line_end(scan: &Scan<'_>, at: usize) -> usize {
    let rest = scan.bytes(at, scan.text.len());
    let mut escaped = false;
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            b'\n' | b'\r' | b'"' | b'\'' => return at + index - usize::from(escaped),
            b'n' | b'r' if escaped => return at + index - 1,
            _ => {}
        }
        escaped = *byte == b'\\';
    }
    scan.text.len()
}

/// Where a value without quotes ends.
fn bare_end(scan: &Scan<'_>, at: usize, joint: Joint) -> usize {
    let rest = scan.bytes(at, scan.text.len());
    let mut index = 0;
    while let Some(byte) = rest.get(index) {
        let ends = match byte {
            b'"' | b'\'' | b'`' | b'<' => true,
            b'>' => joint != Joint::Tight,
            b'\\' => matches!(rest.get(index + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'')),
            b',' | b';' | b'&' | b')' | b']' | b'}' | b'|' => ends_value(rest, index + 1),
            byte => byte.is_ascii_whitespace(),
        };
        if ends {
            break;
        }
        index += 1;
    }
    at + index
}

/// Whether what stands here is not part of the value: nothing, a blank, a mark, or the next name with its separator.
fn ends_value(rest: &[u8], at: usize) -> bool {
    let near = rest
        .get(at..at.saturating_add(NAME_BYTES).min(rest.len()))
        .unwrap_or_default();
    let name = near
        .iter()
        .take_while(|byte| Alphabet::Name.has(**byte))
        .count();
    name == 0 || matches!(near.get(name), Some(b'=' | b':'))
}

/// `Authorization: SCHEME TOKEN`
fn authorization(scan: &Scan<'_>, at: usize, joint: Joint) -> Option<(usize, usize)> {
    const WITH_TOKEN: [&str; 9] = [
        "bearer",
        "basic",
        "token",
        "apikey",
        "negotiate",
        "ntlm",
        "bot",
        "key",
        "splunk",
    ];
    const WITH_PARAMETERS: [&str; 6] = [
        "digest",
        "aws4-hmac-sha256",
        "hawk",
        "oauth",
        "signature",
        "mac",
    ];
    let end = bare_end(scan, at, joint);
    let scheme = scan.part(at, end);
    let is = |known: &[&str]| known.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let start = blanks(scan, end);
    if is(&WITH_PARAMETERS) && start > end {
        let end = line_end(scan, start);
        return scan.part(start, end).contains('=').then_some((start, end));
    }
    if is(&WITH_TOKEN) && start > end {
        let end = bare_end(scan, start, Joint::Tight);
        let value = scan.part(start, end);
        let known = !value.is_empty() && !is_placeholder(value) && !is_harmless_word(value);
        return known.then_some((start, end));
    }
    is_secret_value(scheme, joint, Secret::Token).then_some((at, end))
}

/// Whether this may be a secret, standing without quotes behind a secret name.
fn is_secret_value(value: &str, joint: Joint, secret: Secret) -> bool {
    if value.is_empty() || is_placeholder(value) || is_code(value) {
        return false;
    }
    let random = looks_random(value.as_bytes());
    match (joint, secret) {
        (Joint::Sentence, _) => random && !is_file(value),
        (Joint::Tight, Secret::Token) => {
            let short = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
            !short && !is_file(value) && !is_boolean_like(value)
        }
        (Joint::Tight, _) => !is_file(value),
        (Joint::Equals | Joint::Colon, Secret::Token) => random && !is_file(value),
        (Joint::Equals, _) => {
            !is_harmless_word(value) && (random || !is_path_of_names(value)) && !is_file(value)
        }
        (Joint::Colon, _) => !is_harmless_word(value) && !is_file(value),
    }
}

/// What switches have for values.
fn is_boolean_like(value: &str) -> bool {
    [
        "on", "off", "required", "optional", "enabled", "disabled", "missing", "invalid", "expired",
    ]
    .iter()
    .any(|word| value.eq_ignore_ascii_case(word))
}

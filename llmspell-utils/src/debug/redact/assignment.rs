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

/// How many bytes of a value say whether it is secret; only a secret is followed to its end.
const JUDGED: usize = 256;

/// How a name and its value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// `name=value`, `--name value`: nothing but a value can follow.
    Tight,
    /// `<name>value</name>`
    Element,
    /// `name = value`, as configuration files and code have it.
    Equals,
    /// `name: value`, as headers and sentences have it.
    Colon,
    /// `the name is value`
    Sentence,
    /// `name 'value'`
    Sql,
}

impl Joint {
    /// Whether what follows can be nothing but a value, whatever it looks like.
    const fn is_tight(self) -> bool {
        matches!(self, Self::Tight | Self::Element)
    }
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
    // `PASSWORD '…'` of SQL has no separator; of other names a word in quotes is only named.
    if joint == Joint::Sql && secret != Secret::Password {
        return None;
    }
    let (start, end) = value_of(scan, value, joint, secret)?;
    if joint == Joint::Element && scan.byte(end) != Some(b'<') {
        return None;
    }
    Some(Span { start, end, kind })
}

/// What the name says; `api key` may be two words, and an `unexpected token` is none of ours.
fn secret_name(scan: &Scan<'_>, start: usize, end: usize) -> Option<(&'static str, Secret)> {
    let alone = name::secret(scan.part(start, end), scan.own);
    let Some(earlier) = earlier_word(scan, start) else {
        return alone;
    };
    let both = scan.part(earlier, end);
    match alone {
        Some(_) if name::is_harmless(&name::normal(both)) => None,
        Some(known) => Some(known),
        None => name::secret(both, scan.own),
    }
}

/// Where the word begins that stands one blank before.
fn earlier_word(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let blank = start.checked_sub(1)?;
    if scan.byte(blank) != Some(b' ') {
        return None;
    }
    let earlier = scan.run_start(Alphabet::Alnum, blank, NAME_BYTES);
    (earlier < blank).then_some(earlier)
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
        return opened.then_some((Joint::Element, end + 1));
    }
    let mut closed = quote(scan, end).map_or(end, |(behind, _, _)| behind);
    if closed > end && scan.byte(closed) == Some(b']') {
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
        [b',', ..] if closed > end && (flag || called(scan, start)) => (Joint::Tight, at + 1),
        [b'\'', ..] if spaced && closed == end => (Joint::Sql, at),
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

/// Whether a quoted name is the first argument of a call, as in `define('PASSWORD', '…')`.
fn called(scan: &Scan<'_>, name: usize) -> bool {
    let before = scan.bytes(name.saturating_sub(2), name);
    matches!(before, [b'(', b'\'' | b'"'])
}

/// Where the value is, if it may be secret.
fn value_of(scan: &Scan<'_>, at: usize, joint: Joint, secret: Secret) -> Option<(usize, usize)> {
    let at = inside_wrapper(scan, at);
    if let Some((start, mark, slashes)) = quote(scan, at) {
        let end = closing_quote(scan, start, mark, slashes);
        let value = scan.part(start, end);
        // A mark in quotes is what a parser met.
        let told = value.len() > 3 || value.bytes().any(|byte| byte.is_ascii_alphanumeric());
        return (told && !is_placeholder(value)).then_some((start, end));
    }
    if scan.byte(at) == Some(b'[') {
        return list(scan, at);
    }
    match secret {
        Secret::Authorization => authorization(scan, at, joint),
        Secret::Cookie | Secret::Phrase => {
            let value = scan.part(at, line_end(scan, at, JUDGED));
            let several = match secret {
                Secret::Cookie => value.contains('='),
                _ => value.split_ascii_whitespace().count() >= 6,
            };
            (several && !is_placeholder(value)).then(|| (at, line_end(scan, at, usize::MAX)))
        }
        Secret::Password | Secret::Token | Secret::Custom => {
            let end = bare_end(scan, at, joint, JUDGED);
            let value = scan.part(at, end);
            // `password: Option<String>`
            let generic = scan.byte(end) == Some(b'<')
                && !joint.is_tight()
                && value.bytes().all(|byte| byte.is_ascii_alphabetic());
            (!generic && is_secret_value(value, joint, secret))
                .then(|| (at, bare_end(scan, at, joint, usize::MAX)))
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

/// Where the line ends, or the quote around it, at most so many bytes further.
fn line_end(scan: &Scan<'_>, at: usize, most: usize) -> usize {
    let rest = scan.bytes(at, at.saturating_add(most));
    let mut escaped = false;
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            b'\n' | b'\r' | b'"' | b'\'' => return at + index - usize::from(escaped),
            b'n' | b'r' if escaped => return at + index - 1,
            _ => {}
        }
        escaped = *byte == b'\\';
    }
    scan.text.floor_char_boundary(at + rest.len())
}

/// Where a value without quotes ends, at most so many bytes further.
fn bare_end(scan: &Scan<'_>, at: usize, joint: Joint, most: usize) -> usize {
    let rest = scan.bytes(at, scan.text.len());
    let mut index = 0;
    while let Some(byte) = rest.get(index) {
        let ends = match byte {
            b'"' | b'\'' | b'`' | b'<' => true,
            b'>' => !joint.is_tight(),
            b'\\' => matches!(rest.get(index + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'')),
            b',' | b';' | b'&' | b')' | b']' | b'}' | b'|' => ends_value(rest, index + 1),
            byte => byte.is_ascii_whitespace(),
        };
        if ends || index >= most {
            break;
        }
        index += 1;
    }
    scan.text.floor_char_boundary(at + index)
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
    let end = bare_end(scan, at, joint, JUDGED);
    let scheme = scan.part(at, end);
    let is = |known: &[&str]| known.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let start = blanks(scan, end);
    if is(&WITH_PARAMETERS) && start > end {
        let near = scan.part(start, line_end(scan, start, JUDGED));
        return (near.contains('=') && !near.starts_with("[redacted"))
            .then(|| (start, line_end(scan, start, usize::MAX)));
    }
    if is(&WITH_TOKEN) && start > end {
        let end = bare_end(scan, start, Joint::Tight, JUDGED);
        let value = scan.part(start, end);
        let word = is_harmless_word(value) || value.eq_ignore_ascii_case("authentication");
        let known = !value.is_empty() && !is_placeholder(value) && !word;
        return known.then(|| (start, bare_end(scan, start, Joint::Tight, usize::MAX)));
    }
    is_secret_value(scheme, joint, Secret::Token)
        .then(|| (at, bare_end(scan, at, joint, usize::MAX)))
}

/// Whether this may be a secret, standing without quotes behind a secret name.
fn is_secret_value(value: &str, joint: Joint, secret: Secret) -> bool {
    if value.is_empty() || is_placeholder(value) || is_code(value, joint.is_tight()) {
        return false;
    }
    let random = looks_random(value.as_bytes());
    match (joint, secret) {
        (Joint::Sentence, _) => random && !is_file(value),
        (Joint::Tight | Joint::Element, Secret::Token) => {
            let short = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
            !short && !is_file(value) && !is_boolean_like(value)
        }
        (Joint::Tight | Joint::Element | Joint::Sql, _) => !is_file(value),
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

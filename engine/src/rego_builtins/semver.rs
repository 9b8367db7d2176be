//! Versions of three numbers, with what may stand behind them.

use std::cmp::Ordering;

use super::arguments::{Outcome, at, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("semver.compare", 2, compare),
    Builtin::new("semver.is_valid", 1, |arguments, _| {
        let is_valid = match at(arguments, 0) {
            Value::String(text) => Version::read(text).is_some(),
            _ => false,
        };
        Ok(Value::from(is_valid))
    }),
];

/// -1, 0 or 1, as the first version is older, the same or newer. What stands behind `+` does not count.
fn compare(arguments: &[Value], _: &Context) -> Outcome {
    let malformed = || BuiltinError::failed("expects versions such as 1.2.3 or 1.2.3-rc.1");
    let one = Version::read(text(arguments, 0)?).ok_or_else(malformed)?;
    let other = Version::read(text(arguments, 1)?).ok_or_else(malformed)?;
    Ok(Value::from(match one.compare(&other) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

struct Version<'text> {
    numbers: [i64; 3],
    /// Empty for a release.
    before: &'text str,
}

impl<'text> Version<'text> {
    fn read(text: &'text str) -> Option<Self> {
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let (text, before) = match text.split_once('-') {
            Some((text, before)) => (text, Some(before)),
            None => (text, None),
        };
        let number = |text: &str| -> Option<i64> {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().ok())?
        };
        let mut parts = text.split('.');
        let numbers = [
            number(parts.next()?)?,
            number(parts.next()?)?,
            number(parts.next()?)?,
        ];
        let is_sound = parts.next().is_none()
            && before.is_none_or(are_identifiers)
            && build.is_none_or(are_identifiers);
        is_sound.then_some(Self {
            numbers,
            before: before.unwrap_or_default(),
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| match (self.before, other.before) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (one, other) => one
                    .split('.')
                    .map(Identifier::of)
                    .cmp(other.split('.').map(Identifier::of)),
            })
    }
}

/// Numbers come before names, and both in their order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'text> {
    Number(u64),
    Name(&'text str),
}

impl<'text> Identifier<'text> {
    fn of(text: &'text str) -> Self {
        match text.parse() {
            Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Number(number),
            _ => Self::Name(text),
        }
    }
}

fn are_identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

//! Events that are broken, or made of others: as values, as text and as bytes.

use serde_json::{Map, Value as Json, json};

use super::corpus::Corpus;
use super::random::Random;

/// Values that are rarely thought of.
const ODD: [&str; 28] = [
    "null",
    "true",
    "-0",
    "-0.0",
    "1e308",
    "1e309",
    "-1e-308",
    "9007199254740993",
    "18446744073709551616",
    "123456789012345678901234567890123456789012345678901234567890",
    "0.1e-300",
    "1E+2",
    "[]",
    "{}",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\u202e\\u2066txt\\u001b[31m\"",
    "\"\u{feff}\u{2028}\u{10ffff}\"",
    "[null,[],{\"\":[{}]}]",
    "{\"hook_event_name\":\"Stop\"}",
    "\"PreToolUse\"",
    "\"sudo reboot\"",
    "\"../../../../etc/shadow\"",
    "\"~root/.ssh/id_rsa\"",
    "\"C:\\\\Windows\\\\..\\\\con\"",
    "\"%s%n{{7*7}}${IFS}\"",
];
/// Pieces of commands, which together are often none.
const COMMAND: [&str; 40] = [
    "ls -l",
    "sudo ",
    "rm -rf ",
    "/",
    "~",
    "$HOME",
    "$(",
    ")",
    "`",
    "\"",
    "'",
    "\\",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "&",
    ">",
    ">>",
    "<",
    "<<EOF\n",
    "<<-'E'\n",
    "EOF\n",
    "${x:-",
    "}",
    "$((",
    "))",
    "{a,b}",
    "*",
    "?",
    "[!a]",
    "#",
    "eval ",
    "xargs ",
    "git push --force ",
    "cat /opt/vault/key ",
    "base64 -d",
    "\u{a0}",
    "reboot",
];
/// Names of fields that somebody reads.
const KEYS: [&str; 16] = [
    "hook_event_name",
    "hookEventName",
    "tool_name",
    "tool",
    "tool_input",
    "args",
    "command",
    "file_path",
    "cwd",
    "signals",
    "builtin_config",
    "resolved_file_path",
    "updated_input",
    "prompt",
    "workspace_roots",
    "permission_mode",
];
/// Bytes that mean something to a reader of JSON.
const BYTES: &[u8] = b"{}[]\",:\\ \n\t\0\x7f\x80\xc0\xe2\xed\xff0123456789-+.eEu/#'";
/// The longest event that is made.
const LONGEST: usize = 64 * 1024;

/// One event, or what is left of one.
pub(super) fn event(random: &mut Random, corpus: &Corpus) -> Vec<u8> {
    let mut value = random.pick(&corpus.events).clone();
    for _ in 0..random.below(4) {
        change_value(random, corpus, &mut value);
    }
    let mut text = value.to_string();
    if random.percent(20) {
        change_text(random, &mut text);
    }
    let mut bytes = text.into_bytes();
    if random.percent(18) {
        for _ in 0..=random.below(4) {
            change_bytes(random, corpus, &mut bytes);
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Changes a value somewhere inside.
fn change_value(random: &mut Random, corpus: &Corpus, value: &mut Json) {
    let inner = random.percent(60);
    match value {
        Json::Object(fields) if inner && !fields.is_empty() => {
            let index = random.below(fields.len());
            if let Some((_, value)) = fields.iter_mut().nth(index) {
                change_value(random, corpus, value);
            }
        }
        Json::Array(values) if inner && !values.is_empty() => {
            let index = random.below(values.len());
            change_value(random, corpus, &mut values[index]);
        }
        Json::Object(fields) => change_fields(random, corpus, fields),
        Json::String(_) if random.percent(70) => *value = Json::from(command(random)),
        value => *value = other(random, value.take()),
    }
}

fn change_fields(random: &mut Random, corpus: &Corpus, fields: &mut Map<String, Json>) {
    let key = (*random.pick(&KEYS)).to_owned();
    match random.below(5) {
        0 => {
            let name = fields.keys().nth(random.below(fields.len())).cloned();
            name.and_then(|name| fields.remove(&name));
        }
        1 => {
            fields.insert(key, Json::from(command(random)));
        }
        2 => {
            fields.insert(key, odd(random));
        }
        3 => {
            let donor = random.pick(&corpus.events).clone();
            if let (Json::Object(donor), true) = (donor, random.percent(80)) {
                fields.extend(donor);
            }
        }
        _ => {
            let name = fields.keys().nth(random.below(fields.len())).cloned();
            if let Some(value) = name.and_then(|name| fields.remove(&name)) {
                fields.insert(key, value);
            }
        }
    }
}

fn other(random: &mut Random, value: Json) -> Json {
    match random.below(6) {
        0 => nested(random, value),
        1 => Json::from("x".repeat(random.below(20_000))),
        2 => Json::from(vec![value; random.below(6)]),
        3 => json!({ "": value }),
        _ => odd(random),
    }
}

/// A value that JSON knows of those that are rarely thought of.
fn odd(random: &mut Random) -> Json {
    let text: &&str = random.pick(&ODD);
    serde_json::from_str(text).unwrap_or_default()
}

fn nested(random: &mut Random, value: Json) -> Json {
    let depth = random.below(126);
    (0..depth).fold(value, |value, level| match level % 2 {
        0 => Json::from(vec![value]),
        _ => json!({ "a": value }),
    })
}

fn command(random: &mut Random) -> String {
    let pieces = match random.percent(5) {
        true => random.below(400),
        false => 1 + random.below(12),
    };
    (0..pieces).map(|_| *random.pick(&COMMAND)).collect()
}

/// Puts something into the text that no value of it would become.
fn change_text(random: &mut Random, text: &mut String) {
    let places: Vec<usize> = text
        .char_indices()
        .filter(|(_, letter)| matches!(letter, '{' | ':' | ',' | '['))
        .map(|(place, _)| place + 1)
        .collect();
    let Some(&place) = places.get(random.below(places.len())) else {
        return;
    };
    let new = match random.below(5) {
        0 => format!("{},", random.pick(&ODD)),
        1 => format!("\"{}\":{},", random.pick(&KEYS), random.pick(&ODD)),
        2 => "[".repeat(1 << random.below(14)),
        3 => "{\"a\":".repeat(1 << random.below(10)),
        _ => " ".repeat(1 << random.below(10)),
    };
    text.insert_str(place, &new);
}

fn change_bytes(random: &mut Random, corpus: &Corpus, bytes: &mut Vec<u8>) {
    let place = random.below(bytes.len());
    match random.below(8) {
        0 => bytes.truncate(place),
        1 => bytes.insert(place, *random.pick(BYTES)),
        2 if !bytes.is_empty() => {
            bytes.remove(place);
        }
        3 if !bytes.is_empty() => bytes[place] ^= 1 << random.below(8),
        4 => {
            let end = (place + random.below(32)).min(bytes.len());
            let part = bytes[place.min(end)..end].to_vec();
            bytes.splice(place..place, part);
        }
        5 => {
            let end = (place + random.below(64)).min(bytes.len());
            bytes.drain(place.min(end)..end);
        }
        6 => bytes.extend_from_slice(random.pick(&corpus.events).to_string().as_bytes()),
        _ => {
            let end = (place + 1).min(bytes.len());
            bytes.splice(place.min(end)..end, [*random.pick(BYTES)]);
        }
    }
}

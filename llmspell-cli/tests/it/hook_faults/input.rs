//! What comes on standard input instead of one event.

mod names;

use super::scene::Scene;
use super::{Fault, fault};

pub(super) fn faults() -> Vec<Fault> {
    [
        nothing(),
        other_json(),
        several(),
        cut(),
        bytes(),
        large(),
        numbers(),
        names::faults(),
        other_notations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is sent instead of the event.
fn sent(name: &str, words: &'static [&'static str], input: impl AsRef<[u8]>) -> Fault {
    let input = input.as_ref().to_vec();
    let name = format!("input: {name}");
    fault(name, words, move |scene| scene.input.clone_from(&input))
}

/// What is made of the event.
fn made(
    name: &str,
    words: &'static [&'static str],
    change: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Fault {
    let name = format!("input: {name}");
    fault(name, words, move |scene: &mut Scene| {
        scene.event(|event| change(&event));
    })
}

/// The event with a field more, of whatever value.
fn with_field(name: &str, words: &'static [&'static str], value: impl AsRef<str>) -> Fault {
    let field = format!("{{\"extra\":{},", value.as_ref());
    made(name, words, move |event| event.replacen('{', &field, 1))
}

fn nothing() -> Vec<Fault> {
    vec![
        sent("nothing", &["empty"], ""),
        sent("a blank", &["empty"], " "),
        sent("lines", &["empty"], "\n\n\r\n\t"),
        sent("a zero", &["json|event"], "\0"),
        sent("a byte order mark", &["event"], "\u{feff}"),
    ]
}

fn other_json() -> Vec<Fault> {
    const OBJECT: &[&str] = &["not an object"];
    vec![
        sent("null", OBJECT, "null"),
        sent("true", OBJECT, "true"),
        sent("false", OBJECT, "false"),
        sent("a number", OBJECT, "0"),
        sent("a negative number", OBJECT, "-1.5e3"),
        sent("a text", OBJECT, "\"PreToolUse\""),
        sent("a list", OBJECT, "[]"),
        made("the event in a list", OBJECT, |event| format!("[{event}]")),
        made("the event in a text", OBJECT, |event| {
            serde_json::to_string(event).unwrap()
        }),
        sent("an empty object", &["hook_event_name"], "{}"),
        made("the event in an object", &["hook_event_name"], |event| {
            format!("{{\"event\":{event}}}")
        }),
    ]
}

fn several() -> Vec<Fault> {
    const MORE: &[&str] = &["follows the event", "exactly one json document"];
    vec![
        made("two events", MORE, |event| format!("{event}{event}")),
        made("two events on two lines", MORE, |event| {
            format!("{event}\n{event}\n")
        }),
        made("a brace behind it", MORE, |event| format!("{event}}}")),
        made("a word behind it", MORE, |event| format!("{event} allow")),
        made("a comma behind it", MORE, |event| format!("{event},")),
        made("a zero behind it", &["event"], |event| format!("{event}\0")),
        made("null behind it", MORE, |event| format!("{event} null")),
        made("a word before it", &["json|event"], |event| {
            format!("event {event}")
        }),
        made("a length before it", &["event"], |event| {
            format!("{}\n{event}", event.len())
        }),
        made("a header before it", &["event"], |event| {
            format!("Content-Length: {}\r\n\r\n{event}", event.len())
        }),
    ]
}

fn cut() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [1, 2, 10, 20, 40, 60]
        .into_iter()
        .map(|bytes| {
            made(
                &format!("cut after {bytes} bytes"),
                &["event", "1:"],
                move |event| beginning(event, bytes),
            )
        })
        .collect();
    faults.push(made(
        "cut before the last byte",
        &["event", "1:"],
        |event| beginning(event, event.len() - 1),
    ));
    faults.push(made("the first byte is missing", &["event"], |event| {
        event.chars().skip(1).collect()
    }));
    faults
}

/// The first letters of an event, which is ASCII.
fn beginning(event: &str, letters: usize) -> String {
    event.chars().take(letters).collect()
}

fn bytes() -> Vec<Fault> {
    let utf_16 = |order: fn(u16) -> [u8; 2]| {
        move |scene: &mut Scene| {
            let text = String::from_utf8(scene.input.clone()).unwrap();
            scene.input = format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(order)
                .collect();
        }
    };
    let inside = |name: &str, bytes: &'static [u8]| {
        fault(
            format!("input: {name}"),
            &["utf-8|control|surrogate|hex escape"],
            move |scene: &mut Scene| {
                let event = String::from_utf8(scene.input.clone()).unwrap();
                let (before, after) = event.split_once("ls -l").unwrap();
                scene.input = [before.as_bytes(), bytes, after.as_bytes()].concat();
            },
        )
    };
    vec![
        fault(
            "input: utf-16, low byte first",
            &["utf-8"],
            utf_16(u16::to_le_bytes),
        ),
        fault(
            "input: utf-16, high byte first",
            &["utf-8"],
            utf_16(u16::to_be_bytes),
        ),
        inside("a byte that is no utf-8", b"ls \xff"),
        inside("half a letter", b"ls \xc3"),
        inside("a letter that is too long", b"ls \xc0\xaf"),
        inside("a surrogate in utf-8", b"ls \xed\xa0\x80"),
        inside("a zero in a text", b"ls \0"),
        inside("a line end in a text", b"ls\n"),
        inside("an escape in a text", b"ls \x1b[2J"),
        inside("half a surrogate", br"ls \ud800"),
        inside("the other half of a surrogate", br"ls \udc00"),
        inside("two halves the wrong way round", br"ls \udc00\ud800"),
        fault(
            "input: a byte order mark before it",
            &["byte order mark"],
            |scene| {
                scene.input.splice(0..0, *b"\xef\xbb\xbf");
            },
        ),
        fault("input: gzip", &["utf-8|json"], |scene| {
            scene.input = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xabV\xca\xc8\xcf\xcf".to_vec();
        }),
        fault("input: only high bytes", &["utf-8"], |scene| {
            scene.input = vec![0xff; 4096];
        }),
    ]
}

fn large() -> Vec<Fault> {
    const DEEP: &[&str] = &["deep|nested"];
    const LARGE: &[&str] = &["larger|too large|bytes"];
    const MANY: usize = 100_000_000;
    let deep = |open: &str, close: &str, depth: usize| {
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    let event_with = |name: &str, words, change: fn(&str) -> Vec<u8>| {
        fault(format!("input: {name}"), words, move |scene: &mut Scene| {
            scene.input = change(std::str::from_utf8(&scene.input).unwrap());
        })
    };
    vec![
        with_field("lists, 200 deep", DEEP, deep("[", "]", 200)),
        with_field(
            "objects, 200 deep",
            DEEP,
            deep("{\"a\":", "", 200) + "1" + &"}".repeat(200),
        ),
        with_field("lists, a million deep", DEEP, deep("[", "]", 1_000_000)),
        sent("a million brackets", DEEP, "[".repeat(1_000_000)),
        sent("a million braces", &["event"], "{".repeat(1_000_000)),
        sent(
            "a million objects without an end",
            DEEP,
            "{\"a\":".repeat(1_000_000),
        ),
        event_with("a command of 100 MB", LARGE, |event| {
            event.replace("ls -l", &"x".repeat(MANY)).into_bytes()
        }),
        event_with("20 MB of blanks before it", LARGE, |event| {
            [&vec![b' '; MANY / 5], event.as_bytes()].concat()
        }),
        event_with("20 MB of blanks behind it", LARGE, |event| {
            [event.as_bytes(), &vec![b' '; MANY / 5]].concat()
        }),
        event_with("20 MB of zeros in a list", LARGE, |event| {
            let list = format!("{{\"extra\":[{}0],", "0,".repeat(MANY / 10));
            event.replacen('{', &list, 1).into_bytes()
        }),
        event_with("a byte more than an event may have", LARGE, |event| {
            let missing = 8 * 1024 * 1024 + 1 - event.len();
            [event.as_bytes(), &vec![b' '; missing]].concat()
        }),
    ]
}

fn numbers() -> Vec<Fault> {
    const NUMBER: &[&str] = &["number|exponent|digits"];
    const NO_NUMBER: &[&str] = &["event at 1:"];
    vec![
        with_field("an exponent of ten digits", NUMBER, "1e9999999999"),
        with_field("an exponent that is out of range", NUMBER, "1e400"),
        with_field(
            "a negative exponent that is out of range",
            NUMBER,
            "-1e-400",
        ),
        with_field("a number of 100,000 digits", NUMBER, "9".repeat(100_000)),
        with_field(
            "a fraction of 100,000 digits",
            NUMBER,
            format!("0.{}", "1".repeat(100_000)),
        ),
        with_field("a number that begins with zero", NO_NUMBER, "012"),
        with_field("a number with a plus", NO_NUMBER, "+1"),
        with_field("a number in base 16", NO_NUMBER, "0x10"),
        with_field("a number without a fraction", NO_NUMBER, "1."),
        with_field("a fraction without a number", NO_NUMBER, ".5"),
        with_field("no number", NO_NUMBER, "NaN"),
        with_field("infinity", NO_NUMBER, "-Infinity"),
    ]
}

fn other_notations() -> Vec<Fault> {
    const EVENT: &[&str] = &["event at 1:"];
    vec![
        made("single quotes", EVENT, |event| event.replace('"', "'")),
        made("names without quotes", EVENT, |event| {
            event.replacen("\"cwd\"", "cwd", 1)
        }),
        made("a comma at the end", EVENT, |event| {
            format!("{},}}", beginning(event, event.len() - 1))
        }),
        made("a comment", EVENT, |event| {
            event.replacen('{', "{/* event */", 1)
        }),
        made("a comment behind it", &["event"], |event| {
            format!("{event} // event")
        }),
        made("yaml", &["event at 1:"], |_| {
            "hook_event_name: PreToolUse\n".to_owned()
        }),
        made("a template", EVENT, |event| {
            event.replacen("\"/\"", "{{cwd}}", 1)
        }),
        made("an unknown escape", EVENT, |event| {
            event.replace("ls -l", "ls \\x2d")
        }),
        made("an escape without its digits", EVENT, |event| {
            event.replace("ls -l", "ls \\u00")
        }),
        made("a text without its end", EVENT, |event| {
            event.replace("ls -l\"", "ls -l")
        }),
        made("a colon is missing", EVENT, |event| {
            event.replacen(':', " ", 1)
        }),
        made("a comma is missing", EVENT, |event| {
            event.replacen(',', " ", 1)
        }),
        made("true in other letters", &["event at 1:"], |event| {
            event.replacen('{', "{\"extra\":True,", 1)
        }),
    ]
}

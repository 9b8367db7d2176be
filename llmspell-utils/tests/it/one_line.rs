//! One entry is one line of harmless characters, in every format and through every output.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::Arc;

use llmspell_utils::debug::{
    DebugEntry, DebugLevel, DebugOutput, EntryFormat, FileOutput, FormatKind, JsonFormat, Place,
    RotatingFileOutput, Rotation, SocketOutput, SyslogOutput, TextFormat, Timestamp, TracingOutput,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use super::tracing_bridge::Host;

/// What ends lines, drives terminals and reorders text, among what does not.
const EVIL: [char; 28] = [
    '\n', '\r', '\t', '\0', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{9d}', '\u{61c}',
    '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', 'a', '"', '\\', '日', '🧁',
];

fn evil() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        3 => proptest::sample::select(EVIL.as_slice()),
        1 => any::<char>(),
    ];
    proptest::collection::vec(character, 0..30).prop_map(String::from_iter)
}

fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        evil().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((evil(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn entries() -> impl Strategy<Value = DebugEntry> {
    let level = proptest::sample::select(DebugLevel::ALL[1..].to_vec());
    let texts = (evil(), evil(), evil(), evil(), evil());
    (any::<u64>(), level, texts, proptest::option::of(data())).prop_map(
        |(time, level, (message, module, file, thread, correlation), data)| {
            let mut entry = DebugEntry::new(Timestamp::from_nanoseconds(time), level, message)
                .with_module(module)
                .with_place(Place::new(file, 1).with_column(2))
                .with_thread(thread)
                .with_correlation(correlation);
            entry.data = data;
            entry
        },
    )
}

/// Whether a text has nothing that ends lines, drives terminals or reorders text.
fn is_harmless(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_control() || EVIL[..23].contains(&character))
}

#[track_caller]
fn assert_one_line(who: &str, text: &str) {
    let line = text.strip_suffix('\n').unwrap_or(text);
    assert!(is_harmless(line), "{who}: {line:?}");
}

#[test]
fn the_characters_of_this_test_would_be_noticed() {
    assert!(
        EVIL[..23]
            .iter()
            .all(|evil| !is_harmless(&evil.to_string()))
    );
    assert!(EVIL[23..].iter().all(|good| is_harmless(&good.to_string())));
}

proptest! {
    #[test]
    fn every_format_makes_one_harmless_line_of_any_entry(entry in entries()) {
        for format in [TextFormat::new(), TextFormat::bare()] {
            assert_one_line("text", &format.line(&entry));
        }
        let json = JsonFormat::new().line(&entry);
        assert_one_line("json", &json);
        let value: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&value["message"], &json!(entry.message));
        prop_assert_eq!(&value["thread"], &json!(&*entry.thread));
        // Colours are terminal sequences, but none of the entry's.
        let coloured = TextFormat::coloured().line(&entry);
        let colours = regex::Regex::new("\u{1b}\\[[0-9]*m").unwrap();
        assert_one_line("colour", &colours.replace_all(&coloured, ""));
    }

    #[test]
    fn every_file_has_one_harmless_line_an_entry(entries in proptest::collection::vec(entries(), 1..5)) {
        let directory = tempfile::tempdir().unwrap();
        for format in [FormatKind::Text, FormatKind::Json] {
            let (plain, rotating) = (directory.path().join("plain"), directory.path().join("rotating"));
            let outputs: [Arc<dyn DebugOutput>; 2] = [
                Arc::new(FileOutput::open(&plain, format).unwrap()),
                Arc::new(RotatingFileOutput::open(&rotating, format, Rotation::default()).unwrap()),
            ];
            for (output, path) in outputs.iter().zip([plain, rotating]) {
                for entry in &entries {
                    output.write(entry).unwrap();
                }
                let text = fs::read_to_string(&path).unwrap();
                prop_assert_eq!(text.split('\n').count(), entries.len() + 1);
                prop_assert!(text.split('\n').all(is_harmless));
                fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
fn every_listener_gets_one_harmless_line_an_entry() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let to_unix = SocketOutput::unix(&path);
    let to_tcp = SocketOutput::tcp(tcp.local_addr().unwrap().to_string());
    let first = DebugEntry::new(Timestamp::default(), DebugLevel::Info, "first");
    to_unix.write(&first).unwrap();
    to_tcp.write(&first).unwrap();
    let from_unix = RefCell::new(BufReader::new(unix.accept().unwrap().0).lines());
    let from_tcp = RefCell::new(BufReader::new(tcp.accept().unwrap().0).lines());
    let next_lines = || {
        (
            from_unix.borrow_mut().next().unwrap().unwrap(),
            from_tcp.borrow_mut().next().unwrap().unwrap(),
        )
    };
    next_lines();
    let mut runner = proptest::test_runner::TestRunner::default();
    let outcome = runner.run(&entries(), |entry| {
        to_unix.write(&entry).unwrap();
        to_tcp.write(&entry).unwrap();
        let (one, two) = next_lines();
        assert_one_line("socket", &one);
        assert_eq!(one, two);
        let value: Value = serde_json::from_str(&one).unwrap();
        assert_eq!(value["message"], json!(entry.message));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_message_of_a_system_log_is_one_harmless_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let daemon = UnixDatagram::bind(&path).unwrap();
    for format in [FormatKind::Text, FormatKind::Json] {
        let output = SyslogOutput::local_at(&[&path], "guard")
            .unwrap()
            .with_format(format);
        let outcome = proptest::test_runner::TestRunner::default().run(&entries(), |entry| {
            output.write(&entry).unwrap();
            let mut received = vec![0; 100_000];
            let length = daemon.recv(&mut received).unwrap();
            received.truncate(length);
            assert_one_line("syslog", &String::from_utf8(received).unwrap());
            Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn every_field_of_a_tracing_event_is_one_harmless_line() {
    let host = Host::default();
    let output = TracingOutput::new();
    let subscriber = tracing_subscriber::registry().with(host.clone());
    tracing::subscriber::with_default(subscriber, || {
        let outcome = proptest::test_runner::TestRunner::default().run(&entries(), |entry| {
            output.write(&entry).unwrap();
            Ok(())
        });
        outcome.unwrap();
    });
    let events = host.seen();
    assert_eq!(events.len(), 256);
    for text in events.iter().flat_map(|event| event.values()) {
        assert_one_line("tracing", text);
    }
}

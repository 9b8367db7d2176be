//! Formats: what a line looks like, and that it stays one line.

use llmspell_utils::debug::{
    DebugEntry, DebugLevel, EntryFormat, FormatKind, JsonFormat, Place, TextFormat, Timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const TIME: Timestamp = Timestamp::from_nanoseconds(1_700_000_000_123_456_789);

fn full_entry() -> DebugEntry {
    DebugEntry::new(TIME, DebugLevel::Warn, "2 rules spoke")
        .with_module("policy.shell")
        .with_data(json!({ "rules": ["a", "b"], "deny": true }))
        .with_place(Place::new("guard.lua", 12).with_column(3))
        .with_thread("worker-1")
        .with_correlation("7f3a")
}

#[test]
fn text_has_time_level_module_message_data_place_and_correlation() {
    assert_eq!(
        TextFormat::new().line(&full_entry()),
        r#"2023-11-14T22:13:20.123456Z WARN  [policy.shell] 2 rules spoke {"deny":true,"rules":["a","b"]} (guard.lua:12:3) #7f3a"#
    );
}

#[test]
fn text_leaves_out_what_an_entry_does_not_have() {
    let entry = DebugEntry::new(TIME, DebugLevel::Error, "broken");
    assert_eq!(
        TextFormat::new().line(&entry),
        "2023-11-14T22:13:20.123456Z ERROR broken"
    );
}

#[test]
fn coloured_text_says_the_same_once_the_colours_are_removed() {
    let plain = TextFormat::new().line(&full_entry());
    let coloured = TextFormat::coloured().line(&full_entry());
    assert!(coloured.contains("\u{1b}[33mWARN \u{1b}[0m"), "{coloured}");
    let stripped = regex::Regex::new("\u{1b}\\[[0-9;]*m")
        .unwrap()
        .replace_all(&coloured, "")
        .into_owned();
    assert_eq!(stripped, plain);
}

#[test]
fn json_has_everything_in_a_fixed_order() {
    assert_eq!(
        JsonFormat::new().line(&full_entry()),
        r#"{"time":"2023-11-14T22:13:20.123456Z","level":"WARN","module":"policy.shell","message":"2 rules spoke","data":{"deny":true,"rules":["a","b"]},"place":{"file":"guard.lua","line":12,"column":3},"thread":"worker-1","correlation":"7f3a"}"#
    );
}

#[test]
fn text_cannot_be_forged_by_any_part_of_an_entry() {
    let evil = "x\r\n\u{1b}[2J\u{9b}1m\u{202e}\u{2028}";
    let entry = DebugEntry::new(TIME, DebugLevel::Info, evil)
        .with_module(evil)
        .with_data(json!({ evil: evil }))
        .with_place(Place::new(evil, 1))
        .with_correlation(evil);
    let escaped = "x\\r\\n\\u{1b}[2J\\u{9b}1m\\u{202e}\\u{2028}";
    let json = "x\\r\\n\\u001b[2J\\u009b1m\\u202e\\u2028";
    assert_eq!(
        TextFormat::new().line(&entry),
        format!(
            "2023-11-14T22:13:20.123456Z INFO  [{escaped}] {escaped} {{\"{json}\":\"{json}\"}} ({escaped}:1) #{escaped}"
        )
    );
}

#[test]
fn a_file_s_ending_tells_its_format() {
    let kinds = ["a.json", "a.JSONL", "b/c.ndjson", "a.log", "json", ".json"]
        .map(|path| FormatKind::of_file(path.as_ref()));
    use FormatKind::{Json, Text};
    assert_eq!(kinds, [Json, Json, Json, Text, Text, Text]);
}

proptest! {
    #[test]
    fn one_entry_is_one_line_of_harmless_characters(message: String, module: String, key: String) {
        let entry = DebugEntry::new(TIME, DebugLevel::Info, message.clone())
            .with_module(module)
            .with_data(json!({ key: message }));
        for line in [TextFormat::new().line(&entry), JsonFormat::new().line(&entry)] {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            prop_assert!(!line.contains(['\u{202e}', '\u{2066}', '\u{2028}', '\u{200f}']), "{line:?}");
        }
    }

    #[test]
    fn json_says_exactly_what_the_entry_says(message: String, key: String) {
        let entry = DebugEntry::new(TIME, DebugLevel::Info, message.clone()).with_data(json!({ key.clone(): 1 }));
        let value: Value = serde_json::from_str(&JsonFormat::new().line(&entry)).unwrap();
        prop_assert_eq!(&value["message"], &Value::from(message));
        prop_assert_eq!(&value["data"][&key], &Value::from(1));
    }
}

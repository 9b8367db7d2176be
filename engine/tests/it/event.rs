//! What is accepted as an event, and how the rest is refused.

use llmspell_engine::{Event, EventErrorKind, EventLimits, Value};
use serde_json::json;

use crate::support::event;

fn value(json: &serde_json::Value) -> Value {
    Value::from(json.clone())
}

fn kind(value: Value, limits: &EventLimits) -> EventErrorKind {
    Event::from_value(value, limits).unwrap_err().kind
}

#[test]
fn an_event_of_as_many_bytes_as_allowed_is_accepted_and_one_of_a_byte_more_is_refused() {
    let text = br#"{"hook_event_name":"Stop"}"#;
    let exact = EventLimits {
        bytes: text.len(),
        ..EventLimits::default()
    };
    assert_eq!(Event::parse(text, &exact).unwrap().name(), "Stop");
    let less = EventLimits {
        bytes: text.len() - 1,
        ..EventLimits::default()
    };
    let error = Event::parse(text, &less).unwrap_err();
    assert_eq!(error.kind, EventErrorKind::Size);
    assert_eq!(
        error.message,
        "the event has 26 bytes, more than the 25 allowed"
    );
    assert_eq!(
        error.help,
        "send a smaller event, or raise the limit of bytes"
    );
    assert_eq!((error.line, error.column), (Some(1), Some(1)));
}

#[test]
fn a_hundred_megabytes_are_refused() {
    let mut text = br#"{"hook_event_name":"Stop","text":""#.to_vec();
    text.resize(100 * 1024 * 1024, b'x');
    let error = Event::parse(&text, &EventLimits::default()).unwrap_err();
    assert_eq!(
        error.message,
        "the event has 104857600 bytes, more than the 8388608 allowed"
    );
}

#[test]
fn ten_thousand_levels_are_refused_where_the_limit_is_passed() {
    let text = format!(
        "{{\"hook_event_name\":\"Stop\",\n\"d\":{}",
        "[".repeat(10_000)
    );
    let error = Event::parse(text.as_bytes(), &EventLimits::default()).unwrap_err();
    assert_eq!(error.kind, EventErrorKind::Depth);
    assert_eq!((error.line, error.column), (Some(2), Some(132)));
    assert_eq!(error.help, "flatten the event, or raise the limit of depth");
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
    let error = Event::parse(
        b"{\n\"hook_event_name\": \"\xff\"}",
        &EventLimits::default(),
    )
    .unwrap_err();
    assert_eq!(error.kind, EventErrorKind::Encoding);
    assert_eq!(error.message, "the event is not UTF-8");
    assert_eq!((error.line, error.column), (Some(2), Some(21)));
}

#[test]
fn no_prefix_of_an_event_breaks_the_reader() {
    let text = r#"{"hook_event_name":"Stop","a":[1,-2.5e3,true,null,{"b":"\u00e9\"\\"}],"c":"é"}"#;
    for end in 0..text.len() {
        Event::parse(&text.as_bytes()[..end], &EventLimits::default()).unwrap_err();
    }
    assert_eq!(event(text).name(), "Stop");
}

#[test]
fn every_json_value_arrives_as_it_was_sent() {
    let sent = json!({
        "hook_event_name": "Stop", "null": null, "true": true, "text": "é\n\"\u{0}", "zero": 0, "negative": -7,
        "large": u64::MAX, "small": i64::MIN, "fraction": 0.1, "list": [1, "two", []], "object": {"": {}},
    });
    let event = event(&sent.to_string());
    assert_eq!(serde_json::to_value(event.value()).unwrap(), sent);
    assert_eq!(*event.value(), value(&sent));
}

#[test]
fn a_value_is_held_to_the_same_depth_as_a_text() {
    let limits = EventLimits {
        depth: 3,
        ..EventLimits::default()
    };
    let within = json!({"hook_event_name": "Stop", "a": [[1]]});
    assert_eq!(
        Event::from_value(value(&within), &limits).unwrap().name(),
        "Stop"
    );
    Event::parse(within.to_string().as_bytes(), &limits).unwrap();
    let beyond = json!({"hook_event_name": "Stop", "a": [[[]]]});
    assert_eq!(kind(value(&beyond), &limits), EventErrorKind::Depth);
    assert_eq!(
        Event::parse(beyond.to_string().as_bytes(), &limits)
            .unwrap_err()
            .kind,
        EventErrorKind::Depth
    );
}

#[test]
fn a_value_of_as_many_values_as_allowed_is_accepted_and_one_more_is_refused() {
    let sent = json!({"hook_event_name": "Stop", "list": [1, 2]});
    let limits = |values| EventLimits {
        values,
        ..EventLimits::default()
    };
    assert_eq!(
        Event::from_value(value(&sent), &limits(5)).unwrap().name(),
        "Stop"
    );
    let error = Event::from_value(value(&sent), &limits(4)).unwrap_err();
    assert_eq!(error.kind, EventErrorKind::Size);
    assert_eq!(error.message, "the event holds more than 4 values");
    assert_eq!((error.line, error.column), (None, None));
}

#[test]
fn a_value_that_is_not_json_is_refused() {
    let with = |inner: Value| {
        let mut event = value(&json!({"hook_event_name": "Stop"}));
        event
            .as_object_mut()
            .unwrap()
            .insert(Value::from("a"), inner);
        event
    };
    let limits = EventLimits::default();
    assert_eq!(kind(with(Value::Undefined), &limits), EventErrorKind::Shape);
    assert_eq!(kind(with(Value::new_set()), &limits), EventErrorKind::Shape);
    assert_eq!(kind(Value::Null, &limits), EventErrorKind::Shape);
    let mut keyed = value(&json!({"hook_event_name": "Stop"}));
    keyed
        .as_object_mut()
        .unwrap()
        .insert(Value::from(1), Value::Null);
    let error = Event::from_value(keyed, &limits).unwrap_err();
    assert_eq!(error.message, "the event has a number as a key");
}

//! Events whose names stand twice, are missing or are no names.

use super::super::agent::Agent;
use super::super::scene::Scene;
use super::super::{Fault, fault, harmless};
use super::{made, with_field};

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = twice();
    faults.extend(names());
    faults
}

fn twice() -> Vec<Fault> {
    const TWICE: &[&str] = &["twice"];
    let named_twice = |other: &'static str| {
        move |scene: &mut Scene| {
            let field = format!("{{\"{}\":\"{other}\",", scene.agent.name_key());
            scene.event(|event| event.replacen('{', &field, 1));
        }
    };
    vec![
        fault(
            "input: another name of the event before it",
            TWICE,
            named_twice("SessionEnd"),
        ),
        fault(
            "input: the same name of the event twice",
            TWICE,
            |scene: &mut Scene| {
                let (key, name) = (scene.agent.name_key(), scene.agent.event_name());
                scene.event(|event| event.replacen('{', &format!("{{\"{key}\":\"{name}\","), 1));
            },
        ),
        fault(
            "input: another name in the other notation",
            &["differ"],
            |scene: &mut Scene| {
                let other = match scene.agent.name_key() {
                    "hookEventName" => "hook_event_name",
                    _ => "hookEventName",
                };
                let field = format!("{{\"{other}\":\"SessionEnd\",");
                scene.event(|event| event.replacen('{', &field, 1));
            },
        ),
        fault(
            "input: another name of the event, escaped",
            TWICE,
            |scene: &mut Scene| {
                let key = scene.agent.name_key().replace('o', "\\u006f");
                let field = format!("{{\"{key}\":\"SessionEnd\",");
                scene.event(|event| event.replacen('{', &field, 1));
            },
        ),
        made("the working directory twice", TWICE, |event| {
            event.replacen('{', "{\"cwd\":\"/tmp\",", 1)
        }),
        made("the command twice", TWICE, |event| {
            event.replacen("\"command\":", "\"command\":\"sudo ls\",\"command\":", 1)
        }),
        with_field(
            "a key twice further down",
            TWICE,
            r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
        ),
        with_field("an empty key twice", TWICE, r#"{"":1,"":1}"#),
    ]
}

fn names() -> Vec<Fault> {
    let named = |name: &str, words: &'static [&'static str], value: &'static str| {
        fault(format!("input: {name}"), words, move |scene: &mut Scene| {
            let named = format!("\"{}\"", scene.agent.event_name());
            scene.event(|event| event.replacen(&named, value, 1));
        })
    };
    const STRING: &[&str] = &["not a string"];
    let tool = |name: &str, words: &'static [&'static str], value: &'static str| {
        fault(format!("input: {name}"), words, move |scene: &mut Scene| {
            scene.event(|event| {
                let tool = format!("\"tool_name\":{value},");
                event
                    .replace("\"tool_name\":\"Bash\",", "")
                    .replacen('{', &format!("{{{tool}"), 1)
            });
        })
    };
    vec![
        named("a number for a name", STRING, "1"),
        named("null for a name", STRING, "null"),
        named("a list for a name", STRING, "[\"PreToolUse\"]"),
        named("an object for a name", STRING, "{}"),
        named("an empty name", &["is empty"], "\"\""),
        fault(
            "input: no name",
            &["hook_event_name"],
            |scene: &mut Scene| {
                let key = scene.agent.name_key();
                scene.event(|event| event.replace(key, "event"));
            },
        ),
        fault(
            "input: a name in other letters",
            &["hook_event_name"],
            |scene: &mut Scene| {
                let key = scene.agent.name_key();
                scene.event(|event| event.replace(key, &key.to_uppercase()));
            },
        ),
        tool("a number for a tool", STRING, "7"),
        tool("a list for a tool", STRING, "[\"Bash\"]"),
        tool("an object for a tool", STRING, "{\"name\":\"Bash\"}"),
        tool("an empty tool", &["is empty"], "\"\""),
        harmless("input: an event that nobody knows", |scene: &mut Scene| {
            // Agents add events; policies that do not know them have nothing to say about them.
            if scene.agent != Agent::Cursor {
                let name = scene.agent.event_name();
                scene.event(|event| event.replace(name, "BrandNewEvent"));
            }
        }),
    ]
}

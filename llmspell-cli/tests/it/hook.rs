//! `llmspell hook` as agents use it: one event in, one reply out.

use std::fs;

use serde_json::{Value as Json, json};

use crate::program::{Folder, Ran};

/// A policy for each verb, to which the command of the event leads.
const POLICY: &str = r#"# METADATA
# custom:
#   routing:
#     required_events: [PreToolUse, beforeShellExecution]
package cupcake.policies.words

import rego.v1

command := object.get(input, "command", object.get(input, ["tool_input", "command"], ""))

said(reason) := {"rule_id": "WORDS", "reason": reason, "severity": "LOW"}

halt contains said("halted") if command == "halt"

deny contains said("denied") if command == "deny"

block contains said("blocked") if command == "block"

ask contains said("asked") if command == "ask"

modify contains object.union(said("changed"), {"updated_input": {"command": "true"}}) if command == "modify"

add_context contains "remember" if command == "context"
"#;
const FILE: &str = ".cupcake/policies/words.rego";
const AGENTS: [&str; 4] = ["claude", "cursor", "factory", "opencode"];

fn folder() -> Folder {
    Folder::new(&[(FILE, POLICY)])
}

/// The event of a command, as the agent tells it.
fn event(agent: &str, command: &str) -> Json {
    match agent {
        "cursor" => {
            json!({"hook_event_name": "beforeShellExecution", "command": command, "cwd": "/"})
        }
        "factory" => {
            json!({"hookEventName": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}})
        }
        "opencode" => {
            json!({"hook_event_name": "PreToolUse", "tool": "bash", "args": {"command": command}})
        }
        _ => {
            json!({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}})
        }
    }
}

fn ask(folder: &Folder, agent: &str, command: &str) -> Ran {
    let event = event(agent, command).to_string();
    folder.run_with(&["hook", "--harness", agent], event.as_bytes())
}

/// The one line of standard output as JSON; nothing else is there, and nothing on standard error.
#[track_caller]
fn reply(ran: &Ran) -> Json {
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    line(ran)
}

#[track_caller]
fn line(ran: &Ran) -> Json {
    let line = ran.out.strip_suffix('\n').expect("the reply ends its line");
    assert!(!line.contains('\n'), "{line}");
    let reply: Json = serde_json::from_str(line).expect("the reply is JSON");
    assert!(reply.is_object(), "{reply}");
    reply
}

/// What Claude Code and Factory read of one event.
fn specific(more: &Json) -> Json {
    let mut fields = json!({"hookEventName": "PreToolUse"});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    json!({ "hookSpecificOutput": fields })
}

fn denied(reason: &str) -> Json {
    specific(&json!({"permissionDecision": "deny", "permissionDecisionReason": reason}))
}

fn halted() -> Json {
    let mut halted = denied("halted");
    halted["continue"] = json!(false);
    halted["stopReason"] = json!("halted");
    halted
}

#[test]
fn each_verb_is_told_to_each_agent_on_its_own_wire() {
    let folder = folder();
    let asked =
        specific(&json!({"permissionDecision": "ask", "permissionDecisionReason": "asked"}));
    let both =
        |words: &str| json!({"permission": "deny", "user_message": words, "agent_message": words});
    let repeat = "changed\nRepeat it with this input: {\"command\":\"true\"}";
    for (agent, command, expected) in [
        ("claude", "ls", json!({})),
        ("claude", "halt", halted()),
        ("claude", "deny", denied("denied")),
        ("claude", "block", denied("blocked")),
        ("claude", "ask", asked.clone()),
        (
            "claude",
            "modify",
            specific(&json!({"additionalContext": "changed", "updatedInput": {"command": "true"}})),
        ),
        (
            "claude",
            "context",
            specific(&json!({"additionalContext": "remember"})),
        ),
        ("cursor", "ls", json!({"permission": "allow"})),
        (
            "cursor",
            "halt",
            both("halted\nStop here, and wait for a person."),
        ),
        ("cursor", "deny", both("denied")),
        ("cursor", "block", both("blocked")),
        (
            "cursor",
            "ask",
            json!({"permission": "ask", "user_message": "asked", "agent_message": "asked"}),
        ),
        ("cursor", "modify", both(repeat)),
        (
            "cursor",
            "context",
            json!({"permission": "allow", "agent_message": "remember"}),
        ),
        ("factory", "ls", json!({})),
        ("factory", "halt", halted()),
        ("factory", "deny", denied("denied")),
        ("factory", "block", denied("blocked")),
        ("factory", "ask", asked),
        (
            "factory",
            "modify",
            specific(
                &json!({"permissionDecision": "ask", "permissionDecisionReason": "changed", "updatedInput": {"command": "true"}}),
            ),
        ),
        ("factory", "context", json!({"systemMessage": "remember"})),
        ("opencode", "ls", json!({"decision": "allow"})),
        (
            "opencode",
            "halt",
            json!({"decision": "deny", "verdict": "halt", "reason": "halted"}),
        ),
        (
            "opencode",
            "deny",
            json!({"decision": "deny", "reason": "denied"}),
        ),
        (
            "opencode",
            "block",
            json!({"decision": "block", "reason": "blocked"}),
        ),
        (
            "opencode",
            "ask",
            json!({"decision": "block", "reason": "asked\nA person would have to confirm this, and nobody can be asked here."}),
        ),
        (
            "opencode",
            "modify",
            json!({"decision": "deny", "verdict": "modify", "reason": repeat, "context": ["changed"], "updated_input": {"command": "true"}}),
        ),
        (
            "opencode",
            "context",
            json!({"decision": "allow", "context": ["remember"]}),
        ),
    ] {
        let ran = ask(&folder, agent, command);
        assert_eq!(reply(&ran), expected, "{agent} {command}");
    }
}

#[test]
fn monitor_mode_allows_and_says_what_it_would_have_done() {
    let folder = folder();
    fs::write(
        folder.path().join("llmspell.toml"),
        "[policy]\nmode = \"monitor\"\n",
    )
    .unwrap();
    for agent in AGENTS {
        let ran = ask(&folder, agent, "deny");
        assert_eq!(ran.code, 0, "{agent}");
        let told = "policies only look on here: this would be deny: denied";
        assert_eq!(ran.err, format!("llmspell hook: {told}\n"), "{agent}");
        let expected = match agent {
            "cursor" => json!({"permission": "allow"}),
            "opencode" => json!({"decision": "allow"}),
            _ => json!({ "systemMessage": told }),
        };
        assert_eq!(line(&ran), expected, "{agent}");
        assert_eq!(ask(&folder, agent, "ls").err, "", "{agent}");
    }
}

#[test]
fn each_decision_leaves_a_line_in_the_audit_log() {
    let folder = folder();
    let settings = "[audit]\nfile = \"audit.jsonl\"\nrequired = true\n";
    fs::write(folder.path().join("llmspell.toml"), settings).unwrap();
    for agent in AGENTS {
        reply(&ask(&folder, agent, "ls"));
        reply(&ask(&folder, agent, "deny"));
    }
    let broken = folder.run_with(&["hook", "--harness", "claude"], b"{");
    assert_eq!(broken.code, 2);
    let text = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2 * AGENTS.len() + 1);
    assert_eq!(folder.run(&["audit", "verify"]).code, 0);
}

/// A second project, whose policy denies everything.
fn other(folder: &Folder, name: &str) -> String {
    let path = folder.path().join(name);
    fs::create_dir_all(path.join(".cupcake/policies")).unwrap();
    let policy = POLICY.replace("if command == \"deny\"", "");
    fs::write(path.join(FILE), policy).unwrap();
    path.display().to_string()
}

#[track_caller]
fn is_denied(ran: &Ran) -> bool {
    let reply = reply(ran);
    reply["hookSpecificOutput"]["permissionDecision"] == "deny"
        || reply["permission"] == "deny"
        || reply["decision"] == "deny"
}

#[test]
fn the_project_is_the_one_that_is_named_or_the_agents_or_the_nearest_one() {
    let folder = folder();
    let other = other(&folder, "other");
    for agent in AGENTS {
        let run = |arguments: &[&str], variable: &str, directory: &str, event: &Json| {
            let arguments = [&["hook", "--harness", agent], arguments].concat();
            let mut command = folder.command(&arguments);
            command.current_dir(folder.path().join(directory));
            for known in [
                "CLAUDE_PROJECT_DIR",
                "CURSOR_PROJECT_DIR",
                "FACTORY_PROJECT_DIR",
            ] {
                command.env_remove(known);
            }
            if !variable.is_empty() {
                command.env(variable, &other);
            }
            Folder::feed(command, event.to_string().as_bytes())
        };
        let event = event(agent, "ls");
        fs::create_dir_all(folder.path().join("below/deep")).unwrap();
        assert!(!is_denied(&run(&[], "", "", &event)), "{agent}");
        assert!(!is_denied(&run(&[], "", "below/deep", &event)), "{agent}");
        assert!(is_denied(&run(&[], "", "other", &event)), "{agent}");
        assert!(
            is_denied(&run(&["--project", &other], "", "", &event)),
            "{agent}"
        );
        let own = format!("{}_PROJECT_DIR", agent.to_uppercase());
        assert_eq!(
            is_denied(&run(&[], &own, "", &event)),
            agent != "opencode",
            "{agent}"
        );
        let foreign = if agent == "claude" {
            "CURSOR_PROJECT_DIR"
        } else {
            "CLAUDE_PROJECT_DIR"
        };
        assert!(!is_denied(&run(&[], foreign, "", &event)), "{agent}");
        let named = folder.path().display().to_string();
        assert!(
            !is_denied(&run(&["--project", &named], &own, "", &event)),
            "{agent}"
        );

        // Where the agent works may hold other policies: it does not choose those that hold it.
        let mut elsewhere = event.clone();
        elsewhere["cwd"] = json!(other);
        assert!(!is_denied(&run(&[], "", "", &elsewhere)), "{agent}");
        let mut roots = event.clone();
        roots["workspace_roots"] = json!([other, "/"]);
        assert_eq!(
            is_denied(&run(&[], "", "", &roots)),
            agent == "cursor",
            "{agent}"
        );
    }
}

#[test]
fn what_a_debug_output_writes_to_standard_output_is_no_part_of_the_reply() {
    let folder = folder();
    let settings = "[debug]\nlevel = \"trace\"\noutput = \"file:/dev/stdout\"\n";
    fs::write(folder.path().join("llmspell.toml"), settings).unwrap();
    for agent in AGENTS {
        let ran = ask(&folder, agent, "deny");
        assert_eq!(ran.code, 0);
        let reply = line(&ran).to_string();
        assert!(reply.contains("denied"), "{reply}");
    }
}

#[test]
fn an_error_of_a_policy_says_where_it_is() {
    let folder = folder();
    let broken = POLICY.replace("command == \"halt\"", "1 / 0 == 1");
    fs::write(folder.path().join(FILE), broken).unwrap();
    for agent in AGENTS {
        let ran = ask(&folder, agent, "ls");
        assert_eq!(ran.code, 0);
        let place = "llmspell hook: .cupcake/policies/words.rego:13: ";
        assert!(ran.err.starts_with(place), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1);
    }
}

#[test]
fn help_is_for_a_terminal_only() {
    let folder = folder();
    let help = folder.run(&["hook", "--harness", "claude", "--help"]);
    assert_eq!(help.code, 2);
    let mut terminal =
        rexpect::session::spawn_command(folder.command(&["hook", "--help"]), Some(60_000)).unwrap();
    let shown = terminal.exp_eof().unwrap();
    assert!(shown.contains("Usage: llmspell hook"), "{shown}");
    assert!(shown.contains("Example:"), "{shown}");
}

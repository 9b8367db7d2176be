//! Events that must be refused, sent the way the agent sends its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use llmspell_engine::{EngineOptions, Harness, Mode, PolicyEngine, Project};
use serde_json::{Value, json};

use super::finding::{Findings, Level};
use super::judgement::{Judgement, judge};
use super::running::{Ran, run};
use super::settings::Hooked;
use crate::agent_settings::{hook_call, quote};

/// What the canary's policy says.
const REASON: &str = "the canary of llmspell doctor must not pass";
/// What the canary's policy looks for.
const MARK: &str = "llmspell-doctor-canary";
const POLICY: &str = "\
# METADATA
# custom:
#   id: LLMSPELL-DOCTOR
#   severity: LOW
#   routing:
#     required_events: [\"EVENT\"]
package cupcake.policies.llmspell_doctor

import rego.v1

deny contains {\"rule_id\": \"LLMSPELL-DOCTOR-CANARY\", \"reason\": \"REASON\", \"severity\": \"LOW\"} if {
	contains(COMMAND, \"MARK\")
}
";

/// Sends canaries through a hook's command line.
pub(super) fn look(
    findings: &mut Findings,
    harness: Harness,
    hook: &Hooked,
    project: Option<&Project>,
    options: &EngineOptions,
) {
    if !hook.is_gate {
        return;
    }
    let names_project = hook_call(&hook.command).is_some_and(|call| {
        call.arguments
            .iter()
            .any(|argument| argument.starts_with("--project"))
    });
    if !names_project {
        look_at_own_project(findings, harness, hook);
    }
    if let Some(project) = project {
        look_at_project(findings, harness, hook, project, options);
    }
}

/// A project that lives as long as the canary.
fn look_at_own_project(findings: &mut Findings, harness: Harness, hook: &Hooked) {
    let what = format!("{harness} canary");
    let nest = match Nest::new(harness) {
        Ok(nest) => nest,
        Err(why) => {
            let message = format!("no project can be made for it: {why}");
            return findings.add(
                Level::Error,
                what,
                message,
                "make room in the folder of temporary files",
            );
        }
    };
    let denied = send(harness, hook, &nest.root, &format!("echo {MARK}"));
    let next = "call the command line by hand with an event, and see what it says";
    match denied.map(|ran| (judge(harness, &ran), ran)) {
        Ok((Judgement::Refused(_), ran)) if says_why(&ran) => {
            findings.well(&what, "what a policy denies is blocked");
        }
        Ok((Judgement::Refused(reason), _)) => {
            let message = format!(
                "it is blocked, but not for the policy's reason: {}",
                brief(&reason)
            );
            return findings.add(Level::Error, what, message, next);
        }
        Ok((Judgement::Allowed, _)) => {
            let message = format!("`{}` lets through what a policy denies", hook.command);
            return findings.add(Level::Error, what, message, next);
        }
        Ok((Judgement::Unread(why), _)) | Err(why) => {
            let message = format!(
                "`{}` lets through what a policy denies: {why}",
                hook.command
            );
            return findings.add(Level::Error, what, message, next);
        }
    }
    match send(harness, hook, &nest.root, "true").map(|ran| judge(harness, &ran)) {
        Ok(Judgement::Allowed) => {}
        Ok(Judgement::Refused(reason)) => {
            let message = format!("what nothing denies is blocked too: {}", brief(&reason));
            findings.add(Level::Error, what, message, "see to what the reason names");
        }
        Ok(Judgement::Unread(why)) | Err(why) => {
            let message = format!("what nothing denies has no answer: {why}");
            findings.add(Level::Error, what, message, next);
        }
    }
}

/// The agent's own project has to protect itself.
fn look_at_project(
    findings: &mut Findings,
    harness: Harness,
    hook: &Hooked,
    project: &Project,
    options: &EngineOptions,
) {
    let root = std::path::absolute(project.root()).unwrap_or_else(|_| project.root().to_owned());
    let is_monitor =
        PolicyEngine::load(&root, options).is_ok_and(|engine| engine.mode() == Mode::Monitor);
    let settings = hook.file.strip_prefix(&root).ok();
    let files = [Some(Path::new(".cupcake/rulebook.yml")), settings];
    for file in files.into_iter().flatten() {
        let file = file.display().to_string();
        let command = format!("echo {MARK} > {}", quote(&file));
        let answer = send(harness, hook, &root, &command).map(|ran| judge(harness, &ran));
        report_protection(findings, harness, &file, answer, is_monitor);
    }
}

fn report_protection(
    findings: &mut Findings,
    harness: Harness,
    file: &str,
    answer: Result<Judgement, String>,
    is_monitor: bool,
) {
    let what = format!("{harness} self-protection");
    match answer {
        Ok(Judgement::Refused(_)) => {
            findings.well(what, format_args!("the agent cannot write to `{file}`"));
        }
        // The mode is reported by itself.
        Ok(Judgement::Allowed) if is_monitor => {}
        Ok(Judgement::Allowed) => findings.add(
            Level::Error,
            what,
            format_args!("the agent may write to `{file}`"),
            "see which project the hook finds: `llmspell inspect`",
        ),
        Ok(Judgement::Unread(why)) | Err(why) => findings.add(
            Level::Error,
            what,
            format_args!("there is no answer for this project: {why}"),
            "run `llmspell check`",
        ),
    }
}

/// Runs the command line as the agent does.
fn send(harness: Harness, hook: &Hooked, root: &Path, command: &str) -> Result<Ran, String> {
    let event = event(harness, root, command).to_string();
    let mut shell = shell(&hook.command);
    shell.current_dir(root);
    for variable in [
        "CLAUDE_PROJECT_DIR",
        "CURSOR_PROJECT_DIR",
        "FACTORY_PROJECT_DIR",
    ] {
        shell.env_remove(variable);
    }
    let variables: &[&str] = match harness {
        Harness::Claude => &["CLAUDE_PROJECT_DIR"],
        Harness::Cursor => &["CURSOR_PROJECT_DIR", "CLAUDE_PROJECT_DIR"],
        Harness::Factory => &["FACTORY_PROJECT_DIR"],
        Harness::OpenCode => &[],
    };
    for variable in variables {
        shell.env(variable, root);
    }
    run(shell, event.as_bytes(), hook.wait)
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

fn event(harness: Harness, root: &Path, command: &str) -> Value {
    let root = root.display().to_string();
    let session = "llmspell-doctor";
    match harness {
        Harness::Claude => json!({
            "hook_event_name": "PreToolUse", "session_id": session, "transcript_path": "",
            "cwd": root, "permission_mode": "default", "tool_use_id": session,
            "tool_name": "Bash", "tool_input": {"command": command},
        }),
        Harness::Cursor => json!({
            "hook_event_name": "beforeShellExecution", "conversation_id": session,
            "generation_id": session, "workspace_roots": [root], "cwd": root, "command": command,
        }),
        Harness::Factory => json!({
            "hookEventName": "PreToolUse", "sessionId": session, "transcriptPath": "",
            "cwd": root, "permissionMode": "default",
            "tool_name": "Execute", "tool_input": {"command": command},
        }),
        Harness::OpenCode => json!({
            "hook_event_name": "PreToolUse", "session_id": session, "cwd": root,
            "tool": "bash", "args": {"command": command},
        }),
    }
}

fn says_why(ran: &Ran) -> bool {
    ran.output.contains(REASON) || ran.error.contains(REASON)
}

/// The beginning of a reason.
fn brief(reason: &str) -> String {
    const LONGEST: usize = 300;
    let mut text: String = reason.chars().take(LONGEST).collect();
    if text.len() < reason.len() {
        text.push('…');
    }
    if text.is_empty() {
        text.push_str("it says none");
    }
    text
}

/// A folder with a project of one policy, which is gone when this is.
struct Nest {
    root: PathBuf,
}

impl Nest {
    fn new(harness: Harness) -> std::io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.subsec_nanos());
        let name = format!("llmspell-doctor-{}-{now}-{count}", std::process::id());
        let root = std::env::temp_dir().join(name);
        private_directory(&root)?;
        let nest = Self { root };
        let policies = nest.root.join(".cupcake/policies").join(harness.name());
        fs::create_dir_all(&policies)?;
        fs::write(policies.join("llmspell_doctor.rego"), policy(harness))?;
        Ok(nest)
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        // What cannot be removed lies in the folder of temporary files, which is emptied by others.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn policy(harness: Harness) -> String {
    let (event, command) = match harness {
        Harness::Cursor => ("beforeShellExecution", "input.command"),
        _ => ("PreToolUse", "input.tool_input.command"),
    };
    POLICY
        .replace("EVENT", event)
        .replace("COMMAND", command)
        .replace("REASON", REASON)
        .replace("MARK", MARK)
}

/// Makes a directory that was not there, and that only its owner may enter.
#[cfg(unix)]
fn private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir(path)
}

//! What is wrong with the command line of a hook before it is run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use llmspell_engine::Harness;

use super::finding::{Findings, Level};
use super::running::run;
use super::settings::Hooked;
use crate::agent_settings::{HookCall, Token, hook_call, is_program, is_same, on_path};
use crate::programs::{self, FRONT};

/// How long a program is waited for that only says its version.
const WAIT: Duration = Duration::from_secs(10);

/// Looks at the command line and the program that it names.
pub(super) fn look(findings: &mut Findings, harness: Harness, hook: &Hooked) {
    let Some(call) = hook_call(&hook.command) else {
        return;
    };
    look_at_exit(findings, harness, hook, &call);
    look_at_program(findings, harness, &call);
}

/// What stands around the call decides which exit code and which answer the agent gets.
fn look_at_exit(findings: &mut Findings, harness: Harness, hook: &Hooked, call: &HookCall) {
    let what = format!("{harness} command");
    let next = format!(
        "write `{} hook --harness {harness}` and nothing else",
        call.program
    );
    let redirects = |token: &Token| matches!(token, Token::Operator(sign) if sign.contains('>') && sign != "2>");
    if call.ends_in_refusal() || call.after.is_empty() {
        // As it should be.
    } else if call.after.iter().any(redirects) {
        let message = format!("`{}` sends the answer elsewhere", hook.command);
        findings.add(Level::Error, &what, message, &next);
    } else if matches!(call.after.first(), Some(Token::Operator(sign)) if sign == "2>")
        && call.after.len() == 2
    {
        let message = format!("`{}` hides why something is refused", hook.command);
        findings.add(Level::Warning, &what, message, &next);
    } else {
        let message = format!("`{}` changes the exit code or the answer", hook.command);
        findings.add(Level::Error, &what, message, &next);
    }
    if !call.before.is_empty() {
        let message = format!(
            "`{}` does something else first, which may fail",
            hook.command
        );
        findings.add(Level::Warning, &what, message, &next);
    }
}

fn look_at_program(findings: &mut Findings, harness: Harness, call: &HookCall) {
    let what = format!("{harness} program");
    let next = format!("run `llmspell init --harness {harness}` again");
    let Some(path) = found(&call.program) else {
        let message = match call.program.contains(['/', '\\']) {
            true => format!("there is no program `{}`", call.program),
            false => format!("`{}` is not on PATH", call.program),
        };
        return findings.add(Level::Error, what, message, next);
    };
    let this = programs::beside(FRONT);
    if this.is_ok_and(|this| is_same(&this, &path)) {
        return findings.well(what, format_args!("{} is this program", path.display()));
    }
    let mut command = Command::new(&path);
    command.arg("--version");
    let expected = format!("llmspell {}", env!("CARGO_PKG_VERSION"));
    match run(command, b"", WAIT) {
        Ok(ran) if ran.code == Some(0) && ran.output.trim() == expected => {
            findings.well(what, format_args!("{} is {expected}", path.display()));
        }
        Ok(ran) => {
            let said: String = ran.output.trim().chars().take(100).collect();
            let message = format!("{} says `{said}`, and this is {expected}", path.display());
            findings.add(Level::Warning, what, message, next);
        }
        Err(why) => {
            let message = format!("{} does not run: {why}", path.display());
            findings.add(Level::Error, what, message, next);
        }
    }
}

/// The program that a shell runs.
fn found(program: &str) -> Option<PathBuf> {
    if program.contains(['/', '\\']) {
        let path = PathBuf::from(program);
        return is_program(Path::new(program)).then_some(path);
    }
    on_path(program)
}

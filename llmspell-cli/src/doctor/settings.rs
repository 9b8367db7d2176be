//! What an agent's settings say about its hooks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use llmspell_engine::Harness;
use serde_json::Value;

use super::finding::{Findings, Level};
use super::layers::{Layer, Layers};
use super::places::Owner;
use crate::agent_settings::{
    Document, Found, LEAST_TIMEOUT, Node, Wanted, current_plugin, fails_closed, groups, hook_call,
    program_of_plugin, quote, wanted,
};

/// How long a hook is waited for whose settings say nothing of it.
const USUAL_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A command line that an agent runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hooked {
    pub(super) command: String,
    /// Where it stands.
    pub(super) file: PathBuf,
    /// How long the agent waits for it.
    pub(super) wait: Duration,
    /// Whether the agent runs it before a tool is used.
    pub(super) is_gate: bool,
}

/// Looks through the settings, and gives the command lines that call us.
pub(super) fn look(
    findings: &mut Findings,
    layers: &Layers,
    routed: &BTreeSet<String>,
) -> Vec<Hooked> {
    if layers.harness == Harness::OpenCode {
        return look_at_plugins(findings, layers);
    }
    let mut documents = Vec::new();
    for layer in &layers.files {
        match parsed(layers, layer) {
            Ok(document) => documents.push((layer, document)),
            Err(message) => findings.add(
                Level::Error,
                format_args!("{} settings", layers.harness),
                message,
                "mend the file; the agent may pass over all of it",
            ),
        }
    }
    look_at_switches(findings, layers, &documents);
    let mut hooks = Vec::new();
    let mut missing = (Vec::new(), Vec::new());
    for wanted in wanted(layers.harness) {
        let calls = look_at_event(findings, layers, &documents, wanted);
        if calls.is_empty() && (wanted.is_gate || routed.contains(wanted.event)) {
            missing.0.push(wanted.event);
        } else if calls.is_empty() {
            missing.1.push(wanted.event);
        }
        for call in calls {
            if !hooks
                .iter()
                .any(|known: &Hooked| known.command == call.command)
            {
                hooks.push(call);
            }
        }
    }
    report_missing(findings, layers, &missing.0, &missing.1);
    hooks
}

fn parsed<'layer>(layers: &Layers, layer: &'layer Layer) -> Result<Document<'layer>, String> {
    let shown = layers.shown(&layer.path);
    let text = layer
        .text
        .as_ref()
        .map_err(|why| format!("{shown}: the file {why}"))?;
    Document::parse(text)
        .map_err(|fault| format!("{shown}:{}:{}: {}", fault.line, fault.column, fault.message))
}

/// Switches that turn all hooks off.
fn look_at_switches(
    findings: &mut Findings,
    layers: &Layers,
    documents: &[(&Layer, Document<'_>)],
) {
    let what = format!("{} settings", layers.harness);
    let is_on = |node: Option<&Node>| node.and_then(Node::scalar).and_then(Value::as_bool);
    let key = match layers.harness {
        Harness::Claude => "disableAllHooks",
        Harness::Factory => "hooksDisabled",
        Harness::Cursor | Harness::OpenCode => return,
    };
    // The last file that says something is the one that counts.
    let last = documents
        .iter()
        .rev()
        .find_map(|(layer, document)| is_on(document.root.get(key)).map(|is_on| (layer, is_on)));
    if let Some((layer, true)) = last {
        let shown = layers.shown(&layer.path);
        let message = format!("`{key}` in {shown} turns all hooks off");
        findings.add(Level::Error, &what, message, format_args!("remove `{key}`"));
    }
    for (layer, document) in documents {
        let is_only = is_on(document.root.get("allowManagedHooksOnly")) == Some(true);
        if layer.owner == Owner::Organisation && is_only {
            let message = format!(
                "`allowManagedHooksOnly` in {} leaves only the organisation's hooks",
                layer.path.display()
            );
            findings.add(
                Level::Error,
                &what,
                message,
                "have llmspell put into that file",
            );
        }
    }
    let other = layers.root.join(".factory/hooks.json");
    if layers.harness == Harness::Factory && other.exists() {
        findings.add(
            Level::Warning,
            &what,
            "there is a `.factory/hooks.json`, and Droid may read its hooks from there only",
            "move what stands there into `.factory/settings.json`",
        );
    }
}

/// Looks at what is run for one event, and gives the calls that the agent makes of every tool.
fn look_at_event(
    findings: &mut Findings,
    layers: &Layers,
    documents: &[(&Layer, Document<'_>)],
    wanted: Wanted,
) -> Vec<Hooked> {
    let mut calls = Vec::new();
    let mut stands_before = None;
    for (layer, document) in documents {
        let list = document
            .root
            .get("hooks")
            .and_then(|hooks| hooks.get(wanted.event));
        for found in list
            .map(|list| groups(layers.harness, list))
            .unwrap_or_default()
        {
            let call = found.command().and_then(hook_call);
            let Some(call) = call else {
                let command = found.command().unwrap_or("a hook without a command");
                stands_before.get_or_insert_with(|| (layer, command.to_owned()));
                continue;
            };
            if call
                .harness
                .as_deref()
                .is_some_and(|named| named != layers.harness.name())
            {
                let message = format!(
                    "{} calls llmspell for another agent in {}",
                    layers.shown(&layer.path),
                    wanted.event
                );
                let next = format!("write `--harness {}`", layers.harness);
                findings.add(
                    Level::Error,
                    format_args!("{} hooks", layers.harness),
                    message,
                    next,
                );
                continue;
            }
            if !look_at_handler(findings, layers, layer, wanted, &found) {
                continue;
            }
            calls.push(Hooked {
                command: found.command().unwrap_or_default().to_owned(),
                file: layer.path.clone(),
                wait: wait(&found),
                is_gate: is_canary_event(layers.harness, wanted.event),
            });
        }
    }
    if let (Some((layer, command)), true, false) = (stands_before, wanted.is_gate, calls.is_empty())
    {
        look_at_other(findings, layers, layer, wanted, &command);
    }
    calls
}

/// The event by which the hook is tried.
fn is_canary_event(harness: Harness, event: &str) -> bool {
    event
        == if harness == Harness::Cursor {
            "beforeShellExecution"
        } else {
            "PreToolUse"
        }
}

/// Looks at one call of ours; says whether the agent makes it for every tool, and waits for it.
fn look_at_handler(
    findings: &mut Findings,
    layers: &Layers,
    layer: &Layer,
    wanted: Wanted,
    found: &Found<'_>,
) -> bool {
    let what = format!("{} hooks", layers.harness);
    let shown = layers.shown(&layer.path);
    let event = wanted.event;
    let again = format!("run `llmspell init --harness {}` again", layers.harness);
    let scalar = |key: &str| found.handler.get(key).and_then(Node::scalar);
    if scalar("async").and_then(Value::as_bool) == Some(true) {
        let message =
            format!("{event} in {shown} is `async`: the agent does not wait for the answer");
        findings.add(Level::Error, what, message, "remove `async`");
        return false;
    }
    if let Some(condition) = found.handler.get("if").and_then(Node::text) {
        let message = format!("{event} in {shown} is only for `{condition}`");
        findings.add(Level::Warning, &what, message, "remove `if`");
    }
    look_at_timeout(findings, layers, wanted, &shown, scalar("timeout"));
    let closed = fails_closed(layers.harness).filter(|_| wanted.is_gate);
    if let Some((key, value)) = closed
        && scalar(key) != Some(&value)
    {
        let message = format!(
            "{event} in {shown} lacks `\"{key}\": {value}`: where the program cannot run, the agent goes on"
        );
        findings.add(Level::Warning, &what, message, &again);
    }
    if !found.is_for_all() {
        let matcher = found.matcher.unwrap_or_default();
        let message = format!("{event} in {shown} is only for what matches `{matcher}`");
        findings.add(Level::Warning, &what, message, &again);
        return false;
    }
    true
}

fn look_at_timeout(
    findings: &mut Findings,
    layers: &Layers,
    wanted: Wanted,
    shown: &str,
    timeout: Option<&Value>,
) {
    let what = format!("{} hooks", layers.harness);
    let event = wanted.event;
    let next = format!(
        "set `\"timeout\": 10` there, or run `llmspell init --harness {}` again",
        layers.harness
    );
    let Some(timeout) = timeout else { return };
    let seconds = timeout.as_f64().unwrap_or_default();
    if seconds <= 0.0 {
        let message =
            format!("{event} in {shown} has a timeout that is no time: the agent goes on at once");
        findings.add(Level::Error, what, message, next);
    } else if seconds <= layers.deadline {
        let message = format!(
            "{event} in {shown} has {seconds} s, and the hook may take {} s: the agent goes on before the denial is there",
            layers.deadline
        );
        findings.add(Level::Error, what, message, next);
    } else if seconds < f64::from(LEAST_TIMEOUT) {
        let message =
            format!("{event} in {shown} has {seconds} s, which is little on a busy machine");
        findings.add(Level::Warning, what, message, next);
    }
}

fn wait(found: &Found<'_>) -> Duration {
    let seconds = found
        .handler
        .get("timeout")
        .and_then(Node::scalar)
        .and_then(Value::as_f64);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|wait| !wait.is_zero())
        .unwrap_or(USUAL_WAIT)
        .min(LONGEST_WAIT)
}

/// Another hook of the same event may speak first, or louder.
fn look_at_other(
    findings: &mut Findings,
    layers: &Layers,
    layer: &Layer,
    wanted: Wanted,
    command: &str,
) {
    let may_allow = command.contains("allow") || command.contains("approve");
    if layers.harness != Harness::Cursor && !may_allow {
        return;
    }
    let message = format!(
        "{} in {} has another hook before ours, which may allow what a policy denies: `{command}`",
        wanted.event,
        layers.shown(&layer.path)
    );
    findings.add(
        Level::Warning,
        format_args!("{} hooks", layers.harness),
        message,
        "put llmspell first, and see that the other never allows",
    );
}

fn report_missing(findings: &mut Findings, layers: &Layers, grave: &[&str], other: &[&str]) {
    let what = format!("{} hooks", layers.harness);
    let next = format!("run `llmspell init --harness {}`", layers.harness);
    for event in grave {
        let message = format!("no hook for {event}");
        findings.add(Level::Error, &what, message, &next);
    }
    if !other.is_empty() {
        let message = format!(
            "no hook for {}, about which no policy asks",
            other.join(", ")
        );
        findings.add(Level::Warning, &what, message, &next);
    }
    if grave.is_empty() && other.is_empty() {
        findings.well(&what, "every event is sent");
    }
}

fn look_at_plugins(findings: &mut Findings, layers: &Layers) -> Vec<Hooked> {
    let what = format!("{} plugin", layers.harness);
    let next = format!("run `llmspell init --harness {}`", layers.harness);
    let mut hooks = Vec::new();
    for layer in &layers.files {
        let shown = layers.shown(&layer.path);
        let text = match &layer.text {
            Ok(text) => text,
            Err(why) => {
                findings.add(
                    Level::Error,
                    &what,
                    format_args!("{shown}: the file {why}"),
                    &next,
                );
                continue;
            }
        };
        let Some(program) = program_of_plugin(text) else {
            findings.add(
                Level::Error,
                &what,
                format_args!("{shown} is not llmspell's"),
                &next,
            );
            continue;
        };
        if *text != current_plugin(&program) {
            let message = format!("{shown} is of another release, or was changed by hand");
            findings.add(Level::Error, &what, message, &next);
        }
        hooks.push(Hooked {
            command: format!("{} hook --harness opencode", quote(&program)),
            file: layer.path.clone(),
            wait: USUAL_WAIT,
            is_gate: true,
        });
    }
    match hooks.is_empty() {
        true => findings.add(Level::Error, &what, "there is no plugin", &next),
        false => findings.well(&what, "it is there"),
    }
    hooks
}

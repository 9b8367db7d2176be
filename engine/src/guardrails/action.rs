//! What an event is about to do, the same for every harness and tool.

use std::rc::Rc;

use super::station::Station;
use crate::decision::DecisionErrorKind;
use crate::evaluator::PolicyFault;
use crate::preprocess::paths::Lookups;
use crate::shell::{self, Activity, Effect, EffectKind, Surroundings, Unknown, Word};
use crate::value::{self, Value, field};

/// Texts of one event that are looked at.
const MAX_TEXTS: usize = 1_024;
const MAX_DEPTH: usize = 16;

/// Tools that run a command.
const COMMAND_TOOLS: [&str; 14] = [
    "bash",
    "shell",
    "execute",
    "run_command",
    "run_terminal_cmd",
    "terminal",
    "powershell",
    "exec",
    "local_shell",
    "sh",
    "cmd",
    "run_shell_command",
    "shellexecution",
    "mcp__shell",
];
/// Tools that write the files that they name.
const WRITE_TOOLS: [&str; 18] = [
    "write",
    "edit",
    "multiedit",
    "notebookedit",
    "create",
    "applypatch",
    "apply_patch",
    "patch",
    "str_replace_editor",
    "str_replace_based_edit_tool",
    "write_file",
    "edit_file",
    "delete_file",
    "search_replace",
    "replace",
    "insert",
    "delete",
    "multi_edit",
];
/// Tools that read the files that they name.
const READ_TOOLS: [&str; 16] = [
    "read",
    "notebookread",
    "read_file",
    "view",
    "ls",
    "list",
    "glob",
    "grep",
    "search",
    "codebase_search",
    "file_search",
    "grep_search",
    "list_dir",
    "webfetch",
    "view_file",
    "lsp",
];
/// Tools that touch no file by themselves.
const OTHER_TOOLS: [&str; 18] = [
    "task",
    "agent",
    "todowrite",
    "todoread",
    "websearch",
    "exitplanmode",
    "askuserquestion",
    "skill",
    "slashcommand",
    "bashoutput",
    "killshell",
    "killbash",
    "taskcreate",
    "taskupdate",
    "taskoutput",
    "enterplanmode",
    "toolsearch",
    "sendmessage",
];
/// Keys under which tools name files.
const PATH_KEYS: [&str; 16] = [
    "file_path",
    "filepath",
    "filename",
    "path",
    "paths",
    "notebook_path",
    "target_file",
    "file",
    "files",
    "directory",
    "dir",
    "source",
    "destination",
    "target",
    "relative_workspace_path",
    "uri",
];
/// Keys under which tools take a command.
const COMMAND_KEYS: [&str; 5] = ["command", "cmd", "script", "commandline", "shell_command"];

/// Whether Cursor tells of this tool's use in an event of its own as well, in which a person can be asked.
fn has_own_event(event: &Value, tool: &str) -> bool {
    text(event, "hook_event_name") == Some("preToolUse")
        && (matches!(tool, "Shell" | "Read") || tool.starts_with("MCP:"))
}

/// What an event is about to do.
#[derive(Debug, Default)]
pub(super) struct Action {
    /// The tool in lower case, without the server of an MCP tool.
    pub(super) tool: String,
    /// What is done to which path, by a command or by the tool itself.
    pub(super) effects: Vec<Effect>,
    /// The commands that it runs.
    pub(super) commands: Vec<Activity>,
    /// The texts of its commands, for those whose meaning is not known.
    pub(super) texts: Vec<String>,
    pub(super) directory: String,
    /// Where its paths lie, as far as somebody looked already.
    pub(super) lookups: Rc<Lookups>,
    pub(super) offset: Option<i64>,
    pub(super) limit: Option<i64>,
}

impl Action {
    /// Reads an event that comes before a tool is used.
    ///
    /// # Errors
    ///
    /// When a command is no text, so that nobody can say what it does.
    pub(super) fn of(event: &Value, post: &Station) -> Result<Self, PolicyFault> {
        let tool = text(event, "tool_name")
            .or_else(|| text(event, "tool"))
            .unwrap_or_default();
        let tool = match text(event, "hook_event_name").or_else(|| text(event, "hookEventName")) {
            Some("beforeShellExecution" | "afterShellExecution") => "bash",
            Some("beforeReadFile") => "read",
            Some("afterFileEdit") => "edit",
            _ => tool,
        };
        if has_own_event(event, tool) {
            return Ok(Self::default());
        }
        let is_foreign = tool.starts_with("mcp__") || tool.contains('/');
        let tool = tool.rsplit("__").next().unwrap_or(tool).to_lowercase();
        let input = field(event, "tool_input").or_else(|| field(event, "args"));
        // Cursor gives the input of an MCP tool as text.
        let parsed = input
            .and_then(value::text)
            .and_then(|text| Value::from_json_str(text).ok());
        let input = parsed.as_ref().or(input).unwrap_or(event);
        let mut action = Self {
            directory: post.directory(event, input),
            tool,
            ..Self::default()
        };
        let surroundings = post.surroundings(&action.directory);
        action.commands(input, &surroundings, is_foreign)?;
        action.files(input, is_foreign);
        let number = |key: &str| field(input, key).and_then(|value| value.as_i64().ok());
        action.offset = number("offset");
        action.limit = number("limit");
        for effect in &mut action.effects {
            // Some tools know the home directory, and to others this is a path that nobody has.
            if let Some(rest) = effect
                .path
                .without_start("~/")
                .filter(|_| !post.home.is_empty())
            {
                effect.path = rest.beneath(&Word::text(post.home.as_str()));
            }
            effect.path = effect.path.beneath(&Word::text(action.directory.as_str()));
        }
        for activity in &mut action.commands {
            action.effects.append(&mut activity.effects);
        }
        Ok(action)
    }

    /// Why a command is not understood, if one is not.
    pub(super) fn unknown(&self) -> Option<&Unknown> {
        self.commands
            .iter()
            .flat_map(|activity| &activity.unknowns)
            .next()
    }

    /// Every simple command.
    pub(super) fn invocations(&self) -> impl Iterator<Item = &shell::Invocation> {
        self.commands
            .iter()
            .flat_map(|activity| &activity.invocations)
    }

    /// Every text of another language.
    pub(super) fn code(&self) -> impl Iterator<Item = &Word> {
        self.commands.iter().flat_map(|activity| &activity.code)
    }

    fn commands(
        &mut self,
        input: &Value,
        surroundings: &Surroundings,
        is_foreign: bool,
    ) -> Result<(), PolicyFault> {
        let runs = COMMAND_TOOLS.contains(&self.tool.as_str());
        let is_known = !is_foreign
            && [&WRITE_TOOLS[..], &READ_TOOLS, &OTHER_TOOLS]
                .iter()
                .any(|tools| tools.contains(&self.tool.as_str()));
        if is_known && !runs {
            return Ok(());
        }
        for key in COMMAND_KEYS {
            let Some(command) = field(input, key) else {
                continue;
            };
            let command = match command {
                Value::String(text) => with_arguments(text, field(input, "args")),
                Value::Array(words) => quoted(words.iter()),
                Value::Null => continue,
                other if runs => {
                    let message = format!(
                        "the event's `{key}` is {}, so that nobody can say what it does",
                        value::described(other)
                    );
                    return Err(PolicyFault {
                        kind: DecisionErrorKind::Evaluation,
                        message,
                        file: None,
                        line: None,
                    });
                }
                _ => continue,
            };
            self.commands.push(shell::read(&command, surroundings));
            self.texts.push(command);
        }
        Ok(())
    }

    fn files(&mut self, input: &Value, is_foreign: bool) {
        let tool = self.tool.clone();
        let tool = tool.as_str();
        if !is_foreign && (OTHER_TOOLS.contains(&tool) || COMMAND_TOOLS.contains(&tool)) {
            return;
        }
        let writes = WRITE_TOOLS.contains(&tool);
        let begins = [
            "read", "get", "list", "search", "view", "fetch", "find", "stat", "query", "describe",
            "show",
        ];
        let reads =
            READ_TOOLS.contains(&tool) || begins.iter().any(|start| tool.starts_with(start));
        let is_known = !is_foreign && (writes || reads);
        let kind = if reads && !writes {
            EffectKind::Read
        } else if is_known {
            EffectKind::Write
        } else {
            EffectKind::Touch
        };
        let mut texts = Vec::new();
        collect(input, "", MAX_DEPTH, &mut texts);
        for (key, text) in &texts {
            let key = key.to_lowercase();
            let is_path = PATH_KEYS.contains(&key.as_str());
            if is_path || (!is_known && is_path_like(text) && !COMMAND_KEYS.contains(&key.as_str()))
            {
                let text = text.strip_prefix("file://").unwrap_or(text);
                self.add(kind, Word::text(text));
            } else if matches!(
                key.as_str(),
                "patch" | "patchtext" | "patch_text" | "input" | "diff"
            ) || tool.contains("patch")
            {
                for path in patched(text) {
                    self.add(EffectKind::Write, Word::text(path));
                }
            } else if key == "url"
                && let Some(path) = text.strip_prefix("file://")
            {
                self.add(kind, Word::text(path));
            }
        }
        if matches!(
            tool,
            "glob" | "grep" | "search" | "file_search" | "grep_search"
        ) {
            self.search(&texts);
        }
    }

    fn add(&mut self, kind: EffectKind, path: Word) {
        self.effects.push(Effect::of_tool(kind, path, &self.tool));
    }

    /// What a search reads: its folder, and what its pattern finds there.
    fn search(&mut self, texts: &[(String, String)]) {
        let value = |name: &str| {
            texts
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, text)| text.as_str())
        };
        let root = Word::text(value("path").unwrap_or("."));
        let pattern = if self.tool == "glob" || self.tool == "file_search" {
            value("pattern").or_else(|| value("glob_pattern"))
        } else {
            value("glob").or_else(|| value("include"))
        };
        let paths = match pattern {
            Some(pattern) => {
                let patterns = without_braces(pattern).into_iter();
                let found = patterns.map(|pattern| Word::of_pattern(&pattern).beneath(&root));
                found.collect()
            }
            None => vec![root],
        };
        for path in paths {
            let mut effect = Effect::of_tool(EffectKind::Read, path, &self.tool);
            effect.is_recursive = pattern.is_none();
            effect.is_existing = true;
            self.effects.push(effect);
        }
    }
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    field(value, key).and_then(value::text).map(AsRef::as_ref)
}

/// Every text inside a value, with the key that it stands under.
fn collect(value: &Value, key: &str, depth: usize, texts: &mut Vec<(String, String)>) {
    if depth == 0 || texts.len() >= MAX_TEXTS {
        return;
    }
    match value {
        Value::String(text) => texts.push((key.to_owned(), text.to_string())),
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect(value, key, depth - 1, texts)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            let key = value::text(key).map_or("", |key| key.as_ref());
            collect(value, key, depth - 1, texts);
        }),
        _ => {}
    }
}

fn is_path_like(text: &str) -> bool {
    const MAX_BYTES: usize = 4_096;
    !text.is_empty()
        && text.len() <= MAX_BYTES
        && !text.contains(['\n', '\0'])
        && text.split_whitespace().count() <= 2
}

/// The patterns that a pattern with braces stands for; itself, if they are too many.
fn without_braces(pattern: &str) -> Vec<String> {
    const MAX_PATTERNS: usize = 64;
    let mut patterns = vec![pattern.to_owned()];
    for _ in 0..MAX_PATTERNS {
        let Some(at) = patterns
            .iter()
            .position(|pattern| choice(pattern).is_some())
        else {
            break;
        };
        let whole = patterns.swap_remove(at);
        let Some((before, choices, after)) = choice(&whole) else {
            break;
        };
        patterns.extend(
            choices
                .split(',')
                .map(|choice| format!("{before}{choice}{after}")),
        );
        if patterns.len() > MAX_PATTERNS {
            return vec![pattern.to_owned()];
        }
    }
    patterns
}

/// The innermost braces that end first, with what stands before and after them.
fn choice(pattern: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = pattern.split_once('}')?;
    let (before, choices) = before.rsplit_once('{')?;
    Some((before, choices, after))
}

/// A program and its arguments as a command text.
fn with_arguments(program: &str, arguments: Option<&Value>) -> String {
    match arguments {
        Some(Value::Array(arguments)) => format!("{program} {}", quoted(arguments.iter())),
        _ => program.to_owned(),
    }
}

fn quoted<'v>(words: impl Iterator<Item = &'v Value>) -> String {
    let words = words.map(|word| match word {
        Value::String(text) => format!("'{}'", text.replace('\'', "'\\''")),
        other => other.to_string(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The files that a patch names.
fn patched(text: &str) -> impl Iterator<Item = &str> {
    const STARTS: [&str; 7] = [
        "*** Update File: ",
        "*** Add File: ",
        "*** Delete File: ",
        "*** Move to: ",
        "+++ ",
        "--- ",
        "rename to ",
    ];
    text.lines().filter_map(|line| {
        let path = STARTS.iter().find_map(|start| line.strip_prefix(start))?;
        let path = path.split('\t').next().unwrap_or(path).trim();
        Some(
            path.strip_prefix("a/")
                .or_else(|| path.strip_prefix("b/"))
                .unwrap_or(path),
        )
    })
}

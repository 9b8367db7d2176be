//! Puts what preprocessing finds out beside what the agent sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::paths::{self, Lookups, Resolved};
use super::settings::PreprocessSettings;
use super::{scripts, spacing, targets, words};
use crate::value::{self, Value, array};

/// Files of one event that are looked up; the paths of others are made absolute only.
const MAX_LOOKUPS: usize = 1_000;

/// The keys that are read.
struct Keys {
    tool_name: Value,
    tool_input: Value,
    command: Value,
    content: Value,
    new_string: Value,
    edits: Value,
    attachments: Value,
    cwd: Value,
    workspace_roots: Value,
    paths: [Value; 4],
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    tool_name: Value::from("tool_name"),
    tool_input: Value::from("tool_input"),
    command: Value::from("command"),
    content: Value::from("content"),
    new_string: Value::from("new_string"),
    edits: Value::from("edits"),
    attachments: Value::from("attachments"),
    cwd: Value::from("cwd"),
    workspace_roots: Value::from("workspace_roots"),
    paths: ["file_path", "filePath", "path", "notebook_path"].map(Value::from),
});

/// The keys that are the engine's: an agent that sends one itself would speak in the engine's name.
struct OwnKeys {
    affected_parent_directories: Value,
    builtin_config: Value,
    executed_script_content: Value,
    executed_script_path: Value,
    executed_script_truncated: Value,
    is_symlink: Value,
    normalized_command: Value,
    original_file_path: Value,
    resolved_file_path: Value,
    script_inspection_performed: Value,
    signals: Value,
}

static OWN: LazyLock<OwnKeys> = LazyLock::new(|| OwnKeys {
    affected_parent_directories: Value::from("affected_parent_directories"),
    builtin_config: Value::from("builtin_config"),
    executed_script_content: Value::from("executed_script_content"),
    executed_script_path: Value::from("executed_script_path"),
    executed_script_truncated: Value::from("executed_script_truncated"),
    is_symlink: Value::from("is_symlink"),
    normalized_command: Value::from("normalized_command"),
    original_file_path: Value::from("original_file_path"),
    resolved_file_path: Value::from("resolved_file_path"),
    script_inspection_performed: Value::from("script_inspection_performed"),
    signals: Value::from("signals"),
});

impl OwnKeys {
    const fn all(&self) -> [&Value; 11] {
        [
            &self.affected_parent_directories,
            &self.builtin_config,
            &self.executed_script_content,
            &self.executed_script_path,
            &self.executed_script_truncated,
            &self.is_symlink,
            &self.normalized_command,
            &self.original_file_path,
            &self.resolved_file_path,
            &self.script_inspection_performed,
            &self.signals,
        ]
    }
}

type Fields = BTreeMap<Value, Value>;

/// The event as policies see it: every field that the agent sent, and beside them what is known about it.
///
/// A path that is relative is one from the event's `cwd`, else from the project.
pub(crate) fn with_additions(
    event: &Value,
    settings: PreprocessSettings,
    project: &Path,
    lookups: &Lookups,
) -> Value {
    let Ok(fields) = event.as_object() else {
        return event.clone();
    };
    let mut look = Look {
        settings,
        cwd: cwd(event, project),
        lookups,
        looked_up: 0,
    };
    let mut added = Fields::new();
    let tool_input = get(event, &KEYS.tool_input);
    if let Some(input) = tool_input.filter(|input| input.as_object().is_ok()) {
        let changed = look.tool_input(event, input, &mut added);
        added.extend(changed.map(|changed| (KEYS.tool_input.clone(), changed)));
    }
    if !added.contains_key(&OWN.resolved_file_path) {
        added.extend(look.path_of(event, None));
    }
    if let Some(command) = text(event, &KEYS.command) {
        look.command(command, &mut added);
        added.extend(look.normalized(command));
    }
    let attachments = get(event, &KEYS.attachments).and_then(|list| look.each(list));
    added.extend(attachments.map(|list| (KEYS.attachments.clone(), list)));
    let own = OWN.all();
    let is_own = |key: &Value| {
        let key = value::text(key);
        key.is_some() && own.iter().any(|own| value::text(own) == key)
    };
    let is_spoofed = fields.iter().any(|(key, _)| is_own(key));
    if added.is_empty() && !is_spoofed {
        return event.clone();
    }
    let mut whole = event.clone();
    if let Ok(fields) = whole.as_object_mut() {
        for key in OWN.all().into_iter().filter(|_| is_spoofed) {
            fields.remove(key);
        }
        for (key, value) in added {
            fields.insert(key, value);
        }
    }
    whole
}

/// How paths of one event are looked up.
struct Look<'event> {
    settings: PreprocessSettings,
    cwd: PathBuf,
    lookups: &'event Lookups,
    looked_up: usize,
}

impl Look<'_> {
    /// What is added to the event because of the tool's input, and the input if something is added inside of it.
    fn tool_input(&mut self, event: &Value, input: &Value, added: &mut Fields) -> Option<Value> {
        let mut inside = Fields::new();
        let tool = text(event, &KEYS.tool_name);
        added.extend(self.path_of(input, tool));
        if let Some(command) = text(input, &KEYS.command) {
            self.command(command, added);
            inside.extend(self.normalized(command));
        }
        if let Some(edits) = get(input, &KEYS.edits).and_then(|edits| self.each(edits)) {
            inside.insert(KEYS.edits.clone(), edits);
        }
        // Policies find what is written under one name, whichever tool writes it.
        let content = get(input, &KEYS.content).filter(|_| tool == Some("Write"));
        if let Some(content) = content.filter(|_| get(input, &KEYS.new_string).is_none()) {
            inside.insert(KEYS.new_string.clone(), content.clone());
        }
        (!inside.is_empty()).then(|| with(input, inside))
    }

    /// Which file an object names.
    fn path_of(&mut self, holder: &Value, tool: Option<&str>) -> Vec<(Value, Value)> {
        let [file_path, camel, path, notebook] = &KEYS.paths;
        let keys = match tool {
            Some("NotebookEdit" | "NotebookRead") => [notebook, file_path, camel, path],
            Some("Glob" | "Grep" | "LS" | "List") => [path, file_path, camel, notebook],
            _ => [file_path, camel, path, notebook],
        };
        let Some(written) = keys.into_iter().find_map(|key| text(holder, key)) else {
            return Vec::new();
        };
        let resolved = self.resolve(written);
        vec![
            (
                OWN.resolved_file_path.clone(),
                path_value(&resolved.canonical),
            ),
            (OWN.original_file_path.clone(), Value::from(written)),
            (OWN.is_symlink.clone(), Value::from(resolved.is_symlink)),
        ]
    }

    /// The items of a list, those that name a file with what it is; none if none does.
    fn each(&mut self, list: &Value) -> Option<Value> {
        let items = list.as_array().ok()?;
        let mut is_changed = false;
        let items: Vec<Value> = items
            .iter()
            .map(|item| {
                let path: Fields = self.path_of(item, None).into_iter().collect();
                is_changed |= !path.is_empty();
                with(item, path)
            })
            .collect();
        is_changed.then(|| Value::from(items))
    }

    /// What is added to the event because of a command.
    fn command(&mut self, command: &str, added: &mut Fields) {
        let commands = words::commands(command);
        let targets: Vec<Value> = targets::of(&commands)
            .into_iter()
            .map(|target| path_value(&self.resolve(target).canonical))
            .collect();
        if !targets.is_empty() {
            added.insert(
                OWN.affected_parent_directories.clone(),
                array(targets.into_iter()),
            );
        }
        if !self.settings.script_inspection {
            return;
        }
        if let Some(scripts) = scripts::of(&commands, &self.cwd, self.settings.max_script_bytes) {
            added.insert(
                OWN.executed_script_content.clone(),
                Value::from(scripts.content),
            );
            added.insert(OWN.executed_script_path.clone(), Value::from(scripts.path));
            added.insert(OWN.script_inspection_performed.clone(), Value::from(true));
            if scripts.is_cut {
                added.insert(OWN.executed_script_truncated.clone(), Value::from(true));
            }
        }
    }

    fn normalized(&self, command: &str) -> Option<(Value, Value)> {
        let normal = self
            .settings
            .whitespace
            .then(|| spacing::normalized(command))?;
        Some((OWN.normalized_command.clone(), Value::from(normal)))
    }

    fn resolve(&mut self, path: &str) -> Resolved {
        self.looked_up += 1;
        if self.settings.symlinks && self.looked_up <= MAX_LOOKUPS {
            self.lookups.resolve(path, &self.cwd)
        } else {
            paths::resolve_lexically(path, &self.cwd)
        }
    }
}

/// Where the agent works: the event says it, else it is the project.
fn cwd(event: &Value, project: &Path) -> PathBuf {
    let first_root = || {
        let roots = get(event, &KEYS.workspace_roots)?.as_array().ok()?;
        roots.first().and_then(value::text).map(AsRef::as_ref)
    };
    let cwd = text(event, &KEYS.cwd).filter(|cwd| !cwd.is_empty());
    if let Some(cwd) = cwd.map(Path::new).filter(|cwd| cwd.is_absolute()) {
        return cwd.to_owned();
    }
    let project = std::path::absolute(project).unwrap_or_else(|_| project.to_owned());
    cwd.or_else(first_root)
        .map_or_else(|| project.clone(), |cwd| project.join(cwd))
}

fn get<'value>(holder: &'value Value, key: &Value) -> Option<&'value Value> {
    value::field(holder, value::text(key)?)
}

fn text<'value>(holder: &'value Value, key: &Value) -> Option<&'value str> {
    get(holder, key).and_then(value::text).map(AsRef::as_ref)
}

fn path_value(path: &Path) -> Value {
    Value::from(path.to_string_lossy().as_ref())
}

/// An object with more fields.
fn with(object: &Value, fields: Fields) -> Value {
    let mut whole = object.clone();
    if let Ok(entries) = whole.as_object_mut() {
        for (key, value) in fields {
            entries.insert(key, value);
        }
    }
    whole
}

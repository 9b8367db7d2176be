//! The plugin by which OpenCode calls `llmspell hook`.

use llmspell_engine::OPENCODE_PLUGIN;

/// The first line of every file that we have written.
const MARK: &str = "// Written by `llmspell init`; `llmspell init --uninstall --harness opencode` takes it away.\n";
/// The line that names the program.
const PROGRAM: &str = "const PROGRAM = \"llmspell\";";

/// The file for a program.
pub(crate) fn installed(program: &str) -> String {
    let name = serde_json::Value::from(program);
    let plugin = OPENCODE_PLUGIN.replacen(PROGRAM, &format!("const PROGRAM = {name};"), 1);
    format!("{MARK}{plugin}")
}

/// Whether a text is one that we have written.
pub(crate) fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

/// The program that a plugin of ours calls.
pub(crate) fn program_of(text: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| {
        let name = line.strip_prefix("const PROGRAM = ")?.strip_suffix(';')?;
        serde_json::from_str(name).ok()
    });
    lines.take(1).next()
}

//! The plugin through which OpenCode asks the hook.

/// The text of the plugin: plain JavaScript without dependencies, for `.opencode/plugin/llmspell.js`.
///
/// The line `const PROGRAM = "llmspell";` stands in it once and names the program that is called.
pub const OPENCODE_PLUGIN: &str = include_str!("opencode_plugin.js");

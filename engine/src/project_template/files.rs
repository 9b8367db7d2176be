//! The files of a new project.

use crate::harness::Harness;

const RULEBOOK: &str = include_str!("rulebook.yml");
const SETTINGS: &str = include_str!("llmspell.toml");
const AGGREGATOR: &str = include_str!("evaluate.rego");
const EXAMPLE: &str = include_str!("example.rego");
const EXAMPLE_TEST: &str = include_str!("example_test.rego");

/// One file to be made.
pub(super) struct TemplateFile {
    /// Its path with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

/// How a harness tells that a command is to be run.
struct Shell {
    event: &'static str,
    /// The lines of the routing that name the tools; empty where the event has none.
    tools: &'static str,
    command: &'static str,
    /// The event with a place for the command.
    sample: &'static str,
}

const fn shell(harness: Harness) -> Shell {
    match harness {
        Harness::Claude | Harness::OpenCode => Shell {
            event: "PreToolUse",
            tools: "\n#     required_tools: [\"Bash\"]",
            command: "input.tool_input.command",
            sample: r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}}"#,
        },
        Harness::Factory => Shell {
            event: "PreToolUse",
            tools: "\n#     required_tools: [\"Execute\", \"Bash\"]",
            command: "input.tool_input.command",
            sample: r#"{"hookEventName": "PreToolUse", "tool_name": "Execute", "tool_input": {"command": command}}"#,
        },
        Harness::Cursor => Shell {
            event: "beforeShellExecution",
            tools: "",
            command: "input.command",
            sample: r#"{"hook_event_name": "beforeShellExecution", "command": command}"#,
        },
    }
}

/// The files of a project.
pub(super) fn of_project(harnesses: &[Harness]) -> Vec<TemplateFile> {
    let fixed = [
        ("llmspell.toml", SETTINGS),
        (".cupcake/rulebook.yml", RULEBOOK),
        (".cupcake/system/evaluate.rego", AGGREGATOR),
    ];
    let fixed = fixed.map(|(path, text)| file(path.to_owned(), text.to_owned()));
    let examples = harnesses.iter().flat_map(|harness| {
        let folder = format!(".cupcake/policies/{harness}");
        [
            file(
                format!("{folder}/example.rego"),
                filled(EXAMPLE, *harness, "cupcake.policies"),
            ),
            file(
                format!("{folder}/example_test.rego"),
                filled(EXAMPLE_TEST, *harness, "cupcake.policies"),
            ),
        ]
    });
    fixed.into_iter().chain(examples).collect()
}

/// The files of the configuration of a machine.
pub(super) fn of_machine(harnesses: &[Harness]) -> Vec<TemplateFile> {
    let rulebook = file("rulebook.yml".to_owned(), RULEBOOK.to_owned());
    let of_harness = harnesses.iter().flat_map(|harness| {
        let folder = format!("policies/{harness}");
        [
            file(
                format!("{folder}/system/evaluate.rego"),
                AGGREGATOR
                    .replace("package cupcake.system", "package cupcake.global.system")
                    .replace("data.cupcake.policies", "data.cupcake.global.policies"),
            ),
            file(
                format!("{folder}/example.rego"),
                filled(EXAMPLE, *harness, "cupcake.global.policies"),
            ),
        ]
    });
    std::iter::once(rulebook).chain(of_harness).collect()
}

fn file(path: String, text: String) -> TemplateFile {
    TemplateFile { path, text }
}

fn filled(text: &str, harness: Harness, packages: &str) -> String {
    let shell = shell(harness);
    text.replace("cupcake.policies", packages)
        .replace("\n#     required_tools: TOOLS", shell.tools)
        .replace("EVENT", shell.event)
        .replace("COMMAND", shell.command)
        .replace("SAMPLE", shell.sample)
}

//! The ways that an event can go: each agent, with policies that decide and with one that refuses everything.

use std::ffi::OsString;

use llmspell_engine::{EngineOptions, GlobalConfig, Harness, PolicyEngine};

use crate::program::Folder;

/// Policies with every verb, each of which a word of the event leads to.
const POLICIES: &str = r#"# METADATA
# custom:
#   routing:
#     required_events: [EVENTS]
package cupcake.policies.words

import rego.v1

said(reason) := {"rule_id": "WORDS", "reason": reason, "severity": "LOW"}

halt contains said("halted") if contains(json.marshal(input), "reboot")

deny contains said(sprintf("denied: %v", [input.tool_input.command])) if contains(input.tool_input.command, "sudo")

block contains said("blocked") if contains(json.marshal(input), "--force")

ask contains said("asked") if startswith(input.tool_input.command, "rm")

modify contains object.union(said("changed"), {"updated_input": {"command": "true"}}) if startswith(input.tool_input.command, "ls")

add_context contains sprintf("you are in %v", [input.cwd]) if input.cwd
"#;
/// Guardrails that read commands and paths.
const RULEBOOK: &str = "builtins:\n  protected_paths: {paths: [/opt/vault/]}\n  git_block_no_verify: true\n  system_protection: true\n  sensitive_data_protection: true\n";
/// One policy that refuses whatever it hears of.
const REFUSAL: &str = r#"# METADATA
# custom:
#   routing:
#     required_events: [EVENTS]
package cupcake.policies.never

import rego.v1

deny contains {"rule_id": "NEVER", "reason": "never", "severity": "HIGH"}
"#;

/// One agent with one project.
pub(super) struct Way {
    pub(super) harness: Harness,
    pub(super) engine: PolicyEngine,
    refuses: bool,
    folder: Folder,
}

/// All of them.
pub(super) struct Ways(Vec<Way>);

impl Ways {
    pub(super) fn new() -> Self {
        let ways = Harness::ALL
            .into_iter()
            .flat_map(|harness| [Way::new(harness, false), Way::new(harness, true)]);
        Self(ways.collect())
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn of(&self, index: usize) -> &Way {
        &self.0[index]
    }
}

impl Way {
    fn new(harness: Harness, refuses: bool) -> Self {
        let names: Vec<&str> = harness.events().collect();
        let policy = if refuses { REFUSAL } else { POLICIES };
        let policy = policy.replace("EVENTS", &names.join(", "));
        let mut files = vec![("project/.cupcake/policies/words.rego", policy.as_str())];
        if !refuses {
            files.push(("project/.cupcake/rulebook.yml", RULEBOOK));
        }
        let folder = Folder::new(&files);
        let options = EngineOptions {
            harness: Some(harness),
            global: GlobalConfig::Off,
            ..EngineOptions::default()
        };
        let engine = PolicyEngine::load(&folder.path().join("project"), &options).unwrap();
        Self {
            harness,
            engine,
            refuses,
            folder,
        }
    }

    /// Whether every event of this name must be refused.
    pub(super) fn refuses(&self, event: &str) -> bool {
        self.refuses && self.harness.events().any(|name| name == event)
    }

    /// What the program says of an event: its exit code and its output.
    pub(super) fn program(&self, event: &[u8]) -> (i32, String) {
        let mut project = OsString::from("--project=");
        project.push(self.folder.path().join("project"));
        let project = project.into_string().unwrap();
        let ran = self
            .folder
            .run_with(&["hook", "--harness", self.harness.name(), &project], event);
        (ran.code, ran.out)
    }
}

//! Every combination of events and tools that a routing can name, against a definition of what it means.

use std::collections::BTreeSet;

use llmspell_engine::{EngineOptions, GlobalConfig, PolicyEngine};
use tempfile::TempDir;

use crate::support::{UNGUARDED, event, project, write};

/// What routings name: events of several agents, and one that no agent has yet.
const EVENTS: [&str; 4] = ["PreToolUse", "Stop", "beforeMCPExecution", "BrandNewEvent"];
/// Tools of an agent, of a server, and all of them.
const TOOLS: [&str; 3] = ["Bash", "mcp__files__read", "*"];
/// What agents send: besides the above, other spellings, parts of names, and names that nobody routes.
const SENT_EVENTS: [&str; 7] = [
    "PreToolUse",
    "Stop",
    "beforeMCPExecution",
    "BrandNewEvent",
    "pretooluse",
    "PreToolUse ",
    "PostToolUse",
];
const SENT_TOOLS: [Option<&str>; 8] = [
    None,
    Some("Bash"),
    Some("bash"),
    Some("Bas"),
    Some("mcp__files__read"),
    Some("mcp__files"),
    Some("*"),
    Some("Unheard"),
];

/// A routing, and the name of the policy that has it.
struct Routing {
    name: String,
    events: Vec<&'static str>,
    tools: Vec<&'static str>,
}

impl Routing {
    /// Every list of at least one event with every list of tools.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for events in 1..1_usize << EVENTS.len() {
            for tools in 0..1_usize << TOOLS.len() {
                all.push(Self {
                    name: format!("p{events}_{tools}"),
                    events: chosen(&EVENTS, events),
                    tools: chosen(&TOOLS, tools),
                });
            }
        }
        all
    }

    /// What a routing means: the event is one of its events, and the tool is one of its tools unless it is for all.
    fn means(&self, event: &str, tool: Option<&str>) -> bool {
        let is_for_all = self.tools.is_empty() || self.tools.contains(&"*");
        self.events.contains(&event)
            && (is_for_all || tool.is_some_and(|tool| self.tools.contains(&tool)))
    }

    /// The policy, which says its name whenever it is asked; `package` is what stands before its name.
    fn policy(&self, package: &str) -> String {
        let Self {
            name,
            events,
            tools,
        } = self;
        format!(
            "# METADATA\n# custom:\n#   routing:\n#     required_events: {events:?}\n#     required_tools: {tools:?}\n\
             package {package}.{name}\n\nadd_context contains \"{package}.{name}\"\n"
        )
    }
}

/// The items whose bits are set.
fn chosen(items: &[&'static str], bits: usize) -> Vec<&'static str> {
    let items = items.iter().enumerate();
    let items = items.filter(|(index, _)| bits >> index & 1 == 1);
    items.map(|(_, item)| *item).collect()
}

/// Who spoke about an event.
fn spoken(engine: &PolicyEngine, name: &str, tool: Option<&str>) -> BTreeSet<String> {
    let text = serde_json::json!({"hook_event_name": name, "tool_name": tool}).to_string();
    let decision = engine.evaluate(&event(&text));
    assert_eq!(decision.errors, [], "{text}");
    assert_eq!(decision.context.len(), decision.rules.len(), "{text}");
    decision.context.iter().map(ToString::to_string).collect()
}

fn check(engine: &PolicyEngine, routings: &[(&str, &Routing)]) {
    for name in SENT_EVENTS {
        for tool in SENT_TOOLS {
            let meant = routings
                .iter()
                .filter(|(_, routing)| routing.means(name, tool));
            let meant: BTreeSet<String> = meant
                .map(|(package, routing)| format!("{package}.{}", routing.name))
                .collect();
            assert_eq!(spoken(engine, name, tool), meant, "{name} {tool:?}");
        }
    }
}

fn load(project: &TempDir, global: GlobalConfig) -> PolicyEngine {
    let options = EngineOptions {
        global,
        ..EngineOptions::default()
    };
    PolicyEngine::load(project.path(), &options).unwrap()
}

const OWN: &str = "cupcake.policies";
const MACHINE: &str = "cupcake.global.policies";

#[test]
fn every_routing_beside_all_others_is_asked_for_what_it_names_and_nothing_else() {
    let all = Routing::all();
    let own = project([UNGUARDED]);
    let machine = tempfile::tempdir().unwrap();
    for routing in &all {
        let path = format!("policies/{}.rego", routing.name);
        write(
            own.path(),
            &format!(".cupcake/{path}"),
            &routing.policy(OWN),
        );
        write(machine.path(), &path, &routing.policy(MACHINE));
    }
    let engine = load(&own, GlobalConfig::At(machine.path().to_owned()));
    let of = |package| all.iter().map(move |routing| (package, routing));
    check(&engine, &of(OWN).chain(of(MACHINE)).collect::<Vec<_>>());
}

#[test]
fn every_routing_alone_is_asked_for_what_it_names_and_nothing_else() {
    for routing in Routing::all() {
        let text = routing.policy(OWN);
        let project = project([UNGUARDED, (".cupcake/policies/p.rego", text.as_str())]);
        check(&load(&project, GlobalConfig::Off), &[(OWN, &routing)]);
    }
}

//! Every combination of what policies of the machine and of the project can say, against a definition of what wins.

use std::collections::BTreeSet;

use llmspell_engine::{EngineOptions, GlobalConfig, Mode, PolicyEngine, Verdict};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{UNGUARDED, event, project, write};

const VERBS: [&str; 6] = ["halt", "deny", "block", "ask", "modify", "add_context"];
/// What stands among the verbs for a rule that cannot be understood.
const ERROR: &str = "error";

/// What one layer says: some of the verbs, and perhaps something malformed.
#[derive(Debug, Clone)]
struct Said {
    verbs: Vec<&'static str>,
    is_broken: bool,
}

impl Said {
    /// Every set of verbs.
    fn all(is_broken: bool) -> impl Iterator<Item = Self> {
        (0..1_usize << VERBS.len()).map(move |bits| Self {
            verbs: (0..VERBS.len())
                .filter(|index| bits >> index & 1 == 1)
                .map(|index| VERBS[index])
                .collect(),
            is_broken,
        })
    }

    fn words(&self) -> Vec<&'static str> {
        let mut words = self.verbs.clone();
        words.extend(self.is_broken.then_some(ERROR));
        words
    }

    fn says(&self, verb: &str) -> bool {
        self.verbs.contains(&verb)
    }
}

/// What must come of it, by the contract and by nothing of the engine.
#[derive(Debug, PartialEq)]
struct Expected {
    decision: &'static str,
    reasons: BTreeSet<String>,
    rules: Vec<(String, String)>,
    context: BTreeSet<String>,
    updated_input: Json,
    errors: usize,
    is_default: bool,
}

fn expected(machine: &Said, own: &Said, mode: Mode) -> Expected {
    let refuses = |said: &Said| ["halt", "deny", "block"].iter().any(|verb| said.says(verb));
    // A refusal of the machine ends the matter.
    let asked: Vec<(&str, &Said)> = if refuses(machine) {
        vec![("machine", machine)]
    } else {
        vec![("machine", machine), ("own", own)]
    };
    let who = |verb: &str| -> Vec<&str> {
        let speakers = asked.iter().filter(|(_, said)| said.says(verb));
        speakers.map(|(who, _)| *who).collect()
    };
    let strongest = VERBS[..5]
        .iter()
        .copied()
        .find(|verb| !who(verb).is_empty());
    let errors = asked.iter().filter(|(_, said)| said.is_broken).count();
    let is_forced =
        errors > 0 && mode == Mode::Enforce && !matches!(strongest, Some("halt" | "deny"));
    let decision = match strongest {
        _ if is_forced => "deny",
        Some(verb) => verb,
        None => "allow",
    };
    let told = |verb: &str| {
        let texts = who(verb).into_iter().map(|who| format!("{who} {verb}"));
        texts.collect::<BTreeSet<String>>()
    };
    let mut rules: Vec<(String, String)> = Vec::new();
    for verb in VERBS {
        let speakers = who(verb).into_iter();
        rules.extend(speakers.map(|who| (verb.to_owned(), format!("{who}-{verb}"))));
    }
    let mut updated_input = Json::Null;
    if decision == "modify" {
        // Both set `last`; the project's priority is the higher one.
        updated_input = json!({"original": 1, "deep": {"original": 1}});
        for who in who("modify") {
            updated_input[who] = json!(true);
            updated_input["deep"][who] = json!(true);
            updated_input["last"] = json!(who);
        }
    }
    Expected {
        decision,
        reasons: match strongest {
            Some(verb) if !is_forced || verb == "block" => told(verb),
            _ => BTreeSet::new(),
        },
        is_default: rules.is_empty() && errors == 0,
        rules,
        context: told("add_context"),
        updated_input,
        errors,
    }
}

/// A policy that says what the event tells it to, under the key of its layer.
fn policy(package: &str, who: &str, priority: u8) -> String {
    let verb = |verb: &str| {
        format!(
            "{verb} contains {{\"reason\": \"{who} {verb}\", \"rule_id\": \"{who}-{verb}\", \"severity\": \"LOW\"}} if \"{verb}\" in input.say.{who}\n\n"
        )
    };
    let verbs: String = VERBS[..4].iter().copied().map(verb).collect();
    format!(
        "# METADATA\n# custom:\n#   id: {who}\n#   routing:\n#     required_events: [PreToolUse]\npackage {package}\n\n{verbs}\
         modify contains {{\"reason\": \"{who} modify\", \"rule_id\": \"{who}-modify\", \"severity\": \"LOW\", \"priority\": {priority}, \
         \"updated_input\": {{\"{who}\": true, \"last\": \"{who}\", \"deep\": {{\"{who}\": true}}}}}} if \"modify\" in input.say.{who}\n\n\
         add_context contains \"{who} add_context\" if \"add_context\" in input.say.{who}\n\n\
         ask contains {{\"reason\": 1}} if \"error\" in input.say.{who}\n"
    )
}

struct House {
    _directories: [TempDir; 2],
    engine: PolicyEngine,
    mode: Mode,
}

impl House {
    fn new(mode: Mode) -> Self {
        let own = policy("cupcake.policies.own", "own", 60);
        let own = project([UNGUARDED, (".cupcake/policies/own.rego", own.as_str())]);
        let machine = tempfile::tempdir().unwrap();
        let text = policy("cupcake.global.policies.machine", "machine", 40);
        write(machine.path(), "policies/machine.rego", &text);
        let options = EngineOptions {
            mode: Some(mode),
            global: GlobalConfig::At(machine.path().to_owned()),
            ..EngineOptions::default()
        };
        let engine = PolicyEngine::load(own.path(), &options).unwrap();
        Self {
            _directories: [own, machine],
            engine,
            mode,
        }
    }

    fn check(&self, machine: &Said, own: &Said) {
        let text = json!({
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_input": {"original": 1, "deep": {"original": 1}},
            "say": {"machine": machine.words(), "own": own.words()},
        });
        let decision = self.engine.evaluate(&event(&text.to_string()));
        let expected = expected(machine, own, self.mode);
        let place = format!("{machine:?} {own:?} {:?}", self.mode);
        let rules: Vec<(String, String)> = decision
            .rules
            .iter()
            .map(|rule| {
                let id = match rule.verb.name() {
                    // A context has the id of its policy.
                    "add_context" => format!("{}-add_context", rule.policy),
                    _ => rule.rule_id.to_string(),
                };
                (rule.verb.name().to_owned(), id)
            })
            .collect();
        let found = Expected {
            decision: decision.decision.name(),
            reasons: reasons(&decision.reason),
            rules,
            context: decision.context.iter().map(ToString::to_string).collect(),
            updated_input: serde_json::to_value(&decision.updated_input).unwrap(),
            errors: decision.errors.len(),
            is_default: decision.default,
        };
        assert_eq!(found, expected, "{place}");
        if expected.errors > 0 && self.mode == Mode::Enforce {
            assert!(decision.decision <= Verdict::Deny, "{place}");
        }
        let kinds = decision.errors.iter().map(|error| error.kind.code());
        assert!(kinds.into_iter().all(|kind| kind == "malformed"), "{place}");
    }
}

/// The reasons that rules gave; those of errors name a policy that could not be evaluated.
fn reasons(text: &str) -> BTreeSet<String> {
    let parts = text.split("; ").filter(|part| !part.is_empty());
    let parts = parts.filter(|part| !part.contains("could not be evaluated"));
    parts.map(str::to_owned).collect()
}

#[test]
fn every_combination_of_verbs_errors_layers_and_modes_leads_to_the_decision_of_the_contract() {
    for mode in [Mode::Enforce, Mode::Monitor] {
        let house = House::new(mode);
        for (machine_breaks, own_breaks) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            for machine in Said::all(machine_breaks) {
                for own in Said::all(own_breaks) {
                    house.check(&machine, &own);
                }
            }
        }
    }
}

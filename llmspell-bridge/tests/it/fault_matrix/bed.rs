//! A project with one policy at fault between two sound ones, for every evaluator.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::{Language, Script, ScriptHost, policy_languages};
use llmspell_engine::{
    EngineError, EngineOptions, Event, GlobalConfig, PolicyEngine, RegoEvaluator, TrustOptions,
    Value, Verb,
};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::faults::sound;
use super::native;

/// What asks the policy that is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evaluator {
    Interpreter,
    Machine,
    Wasm,
    Lua,
    JavaScript,
    Native,
    LuaScript,
    JavaScriptScript,
}

impl Evaluator {
    pub(super) const ALL: [Self; 8] = [
        Self::Interpreter,
        Self::Machine,
        Self::Wasm,
        Self::Lua,
        Self::JavaScript,
        Self::Native,
        Self::LuaScript,
        Self::JavaScriptScript,
    ];

    /// The language of the script that registers the policy itself, if one does.
    pub(super) const fn script(self) -> Option<Language> {
        match self {
            Self::LuaScript => Some(Language::Lua),
            Self::JavaScriptScript => Some(Language::JavaScript),
            _ => None,
        }
    }

    /// The language in which the policy is written.
    pub(super) const fn written(self) -> Self {
        match self {
            Self::LuaScript => Self::Lua,
            Self::JavaScriptScript => Self::JavaScript,
            other => other,
        }
    }

    /// The ending of the project's policy and what its comments begin with.
    pub(super) const fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Lua => ("lua", "--"),
            Self::JavaScript => ("js", "//"),
            Self::Native => ("ts", "#"),
            _ => ("rego", "#"),
        }
    }
}

/// The text of a policy for one verb.
pub(super) fn filled(text: &str, evaluator: Evaluator, verb: Verb) -> String {
    let said = match (evaluator, verb) {
        (_, Verb::AddContext) => "\"said\"",
        (Evaluator::Lua, _) => "{ reason = 'said', rule_id = 'R', updated_input = { a = 1 } }",
        (Evaluator::JavaScript, _) => "{ reason: 'said', rule_id: 'R', updated_input: { a: 1 } }",
        _ => "{\"reason\": \"said\", \"rule_id\": \"R\", \"updated_input\": {\"a\": 1}}",
    };
    if evaluator == Evaluator::Native {
        return format!("{} {text}", verb.name());
    }
    text.replace("SAID", said).replace("VERB", verb.name())
}

/// A script that registers the policy and asks for a decision about an event.
fn registering(text: &str, language: Language, verb: Verb, event: &Event) -> String {
    let event = event.value().to_json_str().unwrap();
    match language {
        Language::Lua => {
            let registered = text.replacen(
                "return {",
                "Cupcake.policy{ id='P', events={'PreToolUse'},",
                1,
            );
            format!("{registered}\nreturn Cupcake.eval([==[{event}]==])")
        }
        Language::JavaScript => {
            let text = text.replace("export function", "function");
            let verb = verb.name();
            format!(
                "{text}\nCupcake.policy({{ id: 'P', events: ['PreToolUse'], {verb} }});\nCupcake.eval(`{event}`)"
            )
        }
    }
}

pub(super) const RULEBOOK: &str =
    "builtins:\n  rulebook_security_guardrails:\n    enabled: false\n";

/// A project with one policy between two sound ones, and what else its engine is given.
pub(super) struct Bed {
    pub(super) evaluator: Evaluator,
    pub(super) verb: Verb,
    pub(super) project: TempDir,
    pub(super) beside: TempDir,
    pub(super) options: EngineOptions,
}

impl Bed {
    pub(super) fn new(evaluator: Evaluator, verb: Verb, deadline: Duration) -> Self {
        let mut languages = policy_languages();
        languages.push(Arc::new(native::Native));
        let is_wasm = evaluator == Evaluator::Wasm;
        let bed = Self {
            evaluator,
            verb,
            project: tempfile::tempdir().unwrap(),
            beside: tempfile::tempdir().unwrap(),
            options: EngineOptions {
                languages,
                deadline,
                trust: TrustOptions::Off,
                global: GlobalConfig::Off,
                rego_evaluator: is_wasm.then_some(RegoEvaluator::Wasm),
                cache: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm")),
                ..EngineOptions::default()
            },
        };
        let machine = if evaluator == Evaluator::Interpreter {
            "off"
        } else {
            "on"
        };
        bed.write("llmspell.toml", format!("[policy]\nrvm = \"{machine}\"\n"));
        bed.write(".cupcake/rulebook.yml", RULEBOOK);
        for name in ["a", "z"] {
            let text = format!(
                "# METADATA\n# custom:\n#   id: SOUND-{name}\n#   routing:\n#     required_events: [PreToolUse]\npackage cupcake.policies.{name}_sound\n\nadd_context contains \"sound {name}\"\n"
            );
            bed.write(&format!(".cupcake/policies/{name}_sound.rego"), &text);
        }
        bed
    }

    pub(super) fn root(&self) -> &Path {
        self.project.path()
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn policy_path(&self) -> String {
        format!(".cupcake/policies/p.{}", self.evaluator.file().0)
    }

    /// Writes the policy at fault with this routing and these rules.
    pub(super) fn write_policy(&self, routing: &str, text: &str) {
        let (ending, comment) = self.evaluator.file();
        let head = ["METADATA", "custom:", "  id: P", "  routing:"]
            .into_iter()
            .chain(routing.lines())
            .map(|line| format!("{comment} {line}\n"))
            .collect::<String>();
        let package = if ending == "rego" {
            "package cupcake.policies.p\n\n"
        } else {
            ""
        };
        self.write(&self.policy_path(), format!("{head}{package}{text}"));
    }

    /// The text of a policy of the project that is sound.
    pub(super) fn sound(&self) -> String {
        let evaluator = match self.evaluator {
            Evaluator::LuaScript | Evaluator::JavaScriptScript => Evaluator::Interpreter,
            other => other,
        };
        filled(sound(evaluator), evaluator, self.verb)
    }

    pub(super) fn load(&self) -> Result<Arc<PolicyEngine>, EngineError> {
        PolicyEngine::load(self.root(), &self.options).map(Arc::new)
    }

    /// The decision of an engine, or of a script that registers this policy and asks the engine.
    pub(super) fn decide(
        &self,
        engine: &Arc<PolicyEngine>,
        script: &str,
        event: &Event,
    ) -> Outcome {
        let Some(language) = self.evaluator.script() else {
            return Ok(serde_json::to_value(engine.evaluate(event)).unwrap());
        };
        let source = registering(script, language, self.verb, event);
        let mut host = ScriptHost::builder(language)
            .policies(Arc::clone(engine))
            .build()
            .unwrap();
        host.run(&Script::new("script", source))
            .map(|decision: Value| serde_json::to_value(&decision).unwrap())
            .map_err(|error| (error.kind().code(), error.message().to_owned()))
    }

    /// The decision for want of an engine that was loaded before.
    pub(super) fn decide_once(&self, event: &Event) -> Outcome {
        PolicyEngine::decide_once(self.root(), event, &self.options)
            .map(|decision| serde_json::to_value(decision).unwrap())
            .map_err(|error| (error.kind.code(), error.message))
    }
}

/// A decision, or the kind and the message of what took its place.
pub(super) type Outcome = Result<Json, (&'static str, String)>;

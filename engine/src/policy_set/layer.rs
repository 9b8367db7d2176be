//! One configuration: the policies of the machine, or those of the project, with their signals and guardrails.

use std::sync::Arc;

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::rego::{Aggregator, Rvm};
use crate::evaluator::wasm::WasmOptions;
use crate::evaluator::{Definition, Speaker};
use crate::guardrails::{self, Guardrail, Post, Reading};
use crate::harness::Harness;
use crate::policy::{GUARDRAIL, Policy, PolicySummary, Prepared};
use crate::policy_input::PolicyInput;
use crate::policy_loader::{self, Languages};
use crate::project::Project;
use crate::route::Routes;
use crate::rulebook::Rulebook;
use crate::selection::Wanted;
use crate::signals::{Need, Signals};
use crate::value::Value;

use super::files::LayerFiles;

/// The policies of one configuration, and what they see besides the event.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) is_global: bool,
    pub(crate) policies: Vec<Policy>,
    pub(crate) routes: Routes,
    /// A customised `system/evaluate.rego`, which is asked instead of the Rego policies.
    pub(crate) aggregator: Option<Aggregator>,
    pub(crate) signals: Signals,
    /// For each policy the signals that it must see.
    pub(crate) needs: Vec<Vec<Need>>,
    /// What policies see as `input.builtin_config`.
    pub(crate) builtin_config: Option<Value>,
    /// Where the rulebook switches telemetry on, which is not written.
    pub(crate) telemetry: Option<Place>,
}

/// A layer with what the whole set takes from it.
pub(super) struct Loaded {
    pub(super) layer: Layer,
    pub(super) errors: Vec<DecisionError>,
    /// The files among the policies that are none by their names.
    pub(super) passed_over: Vec<String>,
    /// Whether it holds no policy, and switches on no guardrail.
    pub(super) is_empty: bool,
}

/// What a layer is loaded for.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    pub(super) harness: Harness,
    pub(super) languages: &'a Languages,
    pub(super) wanted: Option<Wanted<'a>>,
    pub(super) rvm: Rvm,
    pub(super) wasm: &'a WasmOptions,
}

impl Layer {
    /// The signals that these of its policies must see of this event, each once, in the order in which they are declared.
    pub(crate) fn needs(
        &self,
        matched: &[usize],
        input: &PolicyInput<'_>,
        reading: &Reading,
    ) -> Vec<Need> {
        let mut needs: Vec<Need> = matched
            .iter()
            .flat_map(|index| self.needs_of(*index, input, reading))
            .collect();
        // A failure counts as seen only if everyone who needs the signal looks at it.
        needs.sort_unstable_by_key(|need| (need.signal, need.sees_failure));
        needs.dedup_by_key(|need| need.signal);
        needs
    }

    /// The signals that a policy must see and that this event makes it want.
    fn needs_of(&self, index: usize, input: &PolicyInput<'_>, reading: &Reading) -> Vec<Need> {
        let needs = self.needs.get(index).filter(|needs| !needs.is_empty());
        let policy = self.policies.get(index).and_then(Policy::asked);
        let (Some(needs), Some((_, evaluator))) = (needs, policy) else {
            return Vec::new();
        };
        let is_wanted = |need: &Need| {
            let name = self.signals.name_of(need.signal);
            evaluator.wants_signal(name, input.value(), reading)
        };
        needs.iter().copied().filter(is_wanted).collect()
    }

    /// Compiles one configuration.
    pub(super) fn compile(
        files: LayerFiles<'_>,
        purpose: Purpose<'_>,
    ) -> Result<Loaded, EngineError> {
        let LayerFiles {
            project,
            rulebook,
            sources,
            mut signals,
            errors,
            passed_over,
            ..
        } = files;
        let policy_loader::Loaded {
            mut policies,
            aggregator,
            has_others,
        } = policy_loader::load(
            &sources,
            purpose.languages,
            purpose.wanted,
            purpose.rvm,
            purpose.wasm,
        )?;
        let is_empty = policies.is_empty() && !has_others && !rulebook.switches_on_guardrails();
        let mut needs: Vec<Vec<Need>> = policies
            .iter_mut()
            .map(|policy| signals.needs_of(policy, &sources))
            .collect();
        // Guardrails are asked first, so that no policy can use up their time.
        for guardrail in guardrails(project, &rulebook, purpose.harness)?
            .into_iter()
            .rev()
        {
            let line = rulebook.line_of_builtin(guardrail.name);
            let place = (&rulebook.file, line);
            needs.insert(0, guardrail_needs(&guardrail, place, &mut signals));
            policies.insert(0, guardrail_policy(guardrail, place));
        }
        let broken = policies
            .iter()
            .filter_map(|policy| policy.summary.error.clone());
        let errors = errors.into_iter().chain(broken).collect();
        Ok(Loaded {
            layer: Self {
                is_global: project.is_global(),
                routes: Routes::of(&policies),
                aggregator,
                policies,
                signals,
                needs,
                builtin_config: rulebook.builtin_config(),
                telemetry: rulebook
                    .telemetry
                    .map(|line| Place::line(rulebook.file.to_string(), line)),
            },
            errors,
            passed_over,
            is_empty,
        })
    }
}

fn guardrails(
    project: &Project,
    rulebook: &Rulebook,
    harness: Harness,
) -> Result<Vec<Guardrail>, EngineError> {
    let post = Post {
        root: project.root(),
        harness,
        is_global: project.is_global(),
    };
    guardrails::configured(rulebook.builtins.as_ref(), post).map_err(|(name, fault)| EngineError {
        kind: EngineErrorKind::Rulebook,
        message: fault.message,
        place: Some(Place::line(
            rulebook.file.to_string(),
            rulebook.line_of_builtin(&name),
        )),
        help: fault.help,
    })
}

/// A guardrail judges the failures of its own commands.
fn guardrail_needs(
    guardrail: &Guardrail,
    place: (&Arc<str>, u32),
    signals: &mut Signals,
) -> Vec<Need> {
    let needs = guardrail.signals.iter().map(|need| Need {
        signal: signals.add(&need.name, &need.command, need.timeout, place),
        sees_failure: true,
    });
    needs.collect()
}

fn guardrail_policy(guardrail: Guardrail, (file, line): (&Arc<str>, u32)) -> Policy {
    let id: Arc<str> = Arc::from(guardrail.id);
    let definitions = guardrail.verbs.iter().map(|verb| Definition {
        verb: *verb,
        line,
        source: String::new(),
    });
    let speaker = Speaker {
        id: Arc::clone(&id),
        file: Arc::clone(file),
        severity: Some(Arc::from(guardrail.severity)),
        line,
        definitions: definitions.collect(),
    };
    let signals = guardrail.signals.iter().map(|need| need.name.to_string());
    Policy {
        summary: PolicySummary {
            id,
            title: guardrail.title.to_owned(),
            file: Arc::clone(file),
            package: String::new(),
            events: guardrail.events,
            tools: guardrail.tools,
            signals: signals.collect(),
            verbs: guardrail.verbs,
            evaluator: GUARDRAIL,
            is_compiled: false,
            error: None,
        },
        prepared: Some(Prepared {
            speaker,
            evaluator: guardrail.evaluator,
        }),
    }
}

/// A project without policies would allow everything, which is hardly what it was made for.
pub(super) fn no_policies(project: &Project, harness: Harness) -> DecisionError {
    let folder = project.shown("policies");
    DecisionError {
        kind: DecisionErrorKind::Load,
        policy: Arc::from("project"),
        message: format!(
            "there are no policies for `{harness}` in `{folder}`: write one, or switch on a guardrail in the rulebook"
        ),
        file: Some(Arc::from(folder)),
        line: None,
    }
}

//! Loads every policy of a project; what is broken stays in the list with its error.

mod reading;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::error::EngineError;
use crate::evaluator::rego::{self, Aggregator, Library, RegoPolicy, Rvm};
use crate::evaluator::wasm::{self, RegoProject, Request, WasmOptions};
use crate::evaluator::{PolicyFault, Speaker};
use crate::policy::{Policy, PolicySummary, Prepared};
use crate::policy_language::{CompiledPolicy, PolicyLanguage, PolicySource};
use crate::project::SourceFile;
use crate::selection::{self, LeftOut, Wanted};

pub(crate) use reading::{line_of, route};

/// The script languages that policies may be written in.
pub(crate) type Languages = [Arc<dyn PolicyLanguage>];

/// The ending of a file, in small letters and without its dot; empty if it has none.
pub(crate) fn ending_of(path: &str) -> String {
    let ending = Path::new(path).extension();
    ending
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// The language of files with this ending, which has small letters and no dot.
pub(crate) fn language_of<'languages>(
    ending: &str,
    languages: &'languages Languages,
) -> Option<&'languages dyn PolicyLanguage> {
    let mut languages = languages.iter().map(AsRef::as_ref);
    languages.find(|language| language.endings().contains(&ending))
}

/// A file on the way to becoming a policy.
struct Candidate<'source> {
    summary: PolicySummary,
    severity: Option<Arc<str>>,
    source: Readable<'source>,
}

/// What a policy is compiled from.
enum Readable<'source> {
    /// A module of the library.
    Rego(usize),
    /// The module of the library that aggregates the others.
    Aggregator(usize),
    Script {
        language: &'source dyn PolicyLanguage,
        text: &'source str,
    },
}

impl Candidate<'_> {
    const fn is_aggregator(&self) -> bool {
        matches!(self.source, Readable::Aggregator(_))
    }
}

/// What is known of a policy that is not evaluated, with its error.
type Unprepared = Box<PolicySummary>;

/// What was loaded.
pub(crate) struct Loaded {
    /// Every policy, those that are broken included.
    pub(crate) policies: Vec<Policy>,
    /// What aggregates the Rego ones in the engine's stead.
    pub(crate) aggregator: Option<Aggregator>,
    /// Whether there are policies for other events, which are not among them.
    pub(crate) has_others: bool,
}

/// Loads every policy, or those that an event needs; one that is broken stays in the list with its error.
///
/// # Errors
///
/// When one of them needs an evaluator that this program does not have: the others alone would not be the project.
pub(crate) fn load(
    sources: &[SourceFile],
    languages: &Languages,
    wanted: Option<Wanted<'_>>,
    rvm: Rvm,
    wasm: &WasmOptions,
) -> Result<Loaded, EngineError> {
    let mut left_out = wanted
        .map(|wanted| selection::left_out(sources, languages, wanted))
        .unwrap_or_default()
        .into_iter();
    let mut library = Library::default();
    let mut candidates: Vec<Result<Candidate<'_>, Unprepared>> = Vec::new();
    let mut modules: Vec<Policy> = Vec::new();
    let mut has_others = false;
    for source in sources {
        match left_out.next().flatten() {
            Some(LeftOut::Policy) => has_others = true,
            Some(LeftOut::Test) => {}
            None if wasm::is_binary(&source.path) || wasm::is_sidecar(&source.path) => {
                modules.extend(wasm.provider.required()?.load(source, sources, wasm));
            }
            None => {
                reading::check_evaluator(source, languages)?;
                candidates.extend(reading::read(source, languages, &mut library).transpose());
            }
        }
    }
    let by_file = modules_by_file(&candidates);
    let (aggregators, candidates): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|candidate| candidate.as_ref().is_ok_and(Candidate::is_aggregator));
    let rego: Vec<Option<usize>> = candidates.iter().map(module_of).collect();
    let mut policies: Vec<Policy> = candidates
        .into_iter()
        .map(|candidate| finish(candidate, &library, rvm))
        .collect();
    if wasm.compiles_rego {
        compile(&mut policies, &rego, &library, wasm)?;
    }
    policies.extend(modules);
    let aggregator = aggregators.into_iter().flatten().next();
    let aggregator = aggregator.and_then(|candidate| {
        let prepared = aggregate(&candidate, library, by_file);
        prepared
            .map_err(|error| {
                policies.push(Policy::unprepared(PolicySummary {
                    error: Some(error),
                    ..candidate.summary
                }));
            })
            .ok()
    });
    policies.sort_by(|one, other| one.summary.file.cmp(&other.summary.file));
    Ok(Loaded {
        policies,
        aggregator,
        has_others,
    })
}

/// The module of a Rego policy.
fn module_of(candidate: &Result<Candidate<'_>, Unprepared>) -> Option<usize> {
    match candidate.as_ref().ok()?.source {
        Readable::Rego(index) => Some(index),
        Readable::Aggregator(_) | Readable::Script { .. } => None,
    }
}

/// Has every Rego policy that is ready answered by one module of WebAssembly instead.
fn compile(
    policies: &mut [Policy],
    modules: &[Option<usize>],
    library: &Library,
    wasm: &WasmOptions,
) -> Result<(), EngineError> {
    let mut compiled = Vec::new();
    let mut requests = Vec::new();
    for (policy, module) in policies.iter_mut().zip(modules) {
        let Some(index) = *module else { continue };
        match library.with_needs(index) {
            Ok(modules) if policy.prepared.is_some() => {
                requests.push(Request {
                    modules,
                    verbs: policy.summary.verbs.clone(),
                });
                compiled.push(policy);
            }
            // The error is known.
            _ => {}
        }
    }
    let project = RegoProject {
        opa: &wasm.opa,
        cache: &wasm.cache,
    };
    let outcomes = wasm.provider.required()?.compile(project, &requests);
    for (policy, outcome) in compiled.into_iter().zip(outcomes) {
        match (outcome, &mut policy.prepared) {
            (Ok(evaluator), Some(prepared)) => {
                prepared.evaluator = evaluator;
                policy.summary.is_compiled = false;
                policy.summary.evaluator = "wasm";
            }
            (Ok(_), None) => {}
            (Err(fault), prepared) => {
                *prepared = None;
                policy.summary.error = Some(fault_error(&policy.summary, fault));
            }
        }
    }
    Ok(())
}

/// The modules of the Rego policies by their files.
fn modules_by_file(candidates: &[Result<Candidate<'_>, Unprepared>]) -> BTreeMap<Arc<str>, usize> {
    let policies = candidates.iter().flatten().filter_map(|candidate| {
        let Readable::Rego(index) = candidate.source else {
            return None;
        };
        Some((Arc::clone(&candidate.summary.file), index))
    });
    policies.collect()
}

fn aggregate(
    candidate: &Candidate<'_>,
    library: Library,
    modules: BTreeMap<Arc<str>, usize>,
) -> Result<Aggregator, DecisionError> {
    let Readable::Aggregator(index) = candidate.source else {
        return Err(fault_error(
            &candidate.summary,
            PolicyFault::load("the file aggregates nothing", 1),
        ));
    };
    Aggregator::new(library, index, &candidate.summary.id, modules)
        .map_err(|fault| fault_error(&candidate.summary, fault))
}

fn finish(candidate: Result<Candidate<'_>, Unprepared>, library: &Library, rvm: Rvm) -> Policy {
    match candidate {
        Err(summary) => Policy::unprepared(*summary),
        Ok(mut candidate) => match prepare(&candidate, library, rvm) {
            Ok(prepared) => {
                candidate.summary.verbs = prepared.speaker.verbs();
                candidate.summary.is_compiled = prepared.evaluator.is_compiled();
                Policy {
                    summary: candidate.summary,
                    prepared: Some(prepared),
                }
            }
            Err(fault) => Policy::unprepared(PolicySummary {
                error: Some(fault_error(&candidate.summary, fault)),
                ..candidate.summary
            }),
        },
    }
}

fn prepare(
    candidate: &Candidate<'_>,
    library: &Library,
    rvm: Rvm,
) -> Result<Prepared, PolicyFault> {
    let summary = &candidate.summary;
    let speaker = |line, definitions| Speaker {
        id: Arc::clone(&summary.id),
        file: Arc::clone(&summary.file),
        severity: candidate.severity.clone(),
        line,
        definitions,
    };
    match candidate.source {
        Readable::Rego(index) => {
            let Some(module) = library.module(index) else {
                return Err(PolicyFault::load("the module was not kept", 1));
            };
            Ok(Prepared {
                speaker: speaker(module.package_line, rego::definitions(module)),
                evaluator: Box::new(RegoPolicy::compile(library, index, rvm)?),
            })
        }
        Readable::Aggregator(_) => Err(PolicyFault::load("the aggregator is no policy", 1)),
        Readable::Script { language, text } => {
            let policy = compiled_by(
                language,
                PolicySource {
                    id: &summary.id,
                    file: &summary.file,
                    text,
                },
            )?;
            Ok(Prepared {
                speaker: speaker(1, policy.definitions),
                evaluator: policy.evaluator,
            })
        }
    }
}

/// Compiles a policy by its language, which must neither take the project down with it nor leave a policy that says
/// nothing.
fn compiled_by(
    language: &dyn PolicyLanguage,
    source: PolicySource<'_>,
) -> Result<CompiledPolicy, PolicyFault> {
    // INVARIANT: what a language keeps for later is its own, and this policy is not kept.
    let outcome = catch_unwind(AssertUnwindSafe(|| language.compile(source)));
    let policy = outcome.unwrap_or_else(|_| {
        let message = "the evaluator broke down while it compiled the policy";
        Err(PolicyFault::new(DecisionErrorKind::Crashed, message, 1))
    })?;
    if policy.definitions.is_empty() {
        let message = "the policy defines no verb, so it would never say anything";
        return Err(PolicyFault::load(message, 1));
    }
    Ok(policy)
}

fn fault_error(summary: &PolicySummary, fault: PolicyFault) -> DecisionError {
    let mut error = summary.error(fault.kind, fault.message, fault.line.or(Some(1)));
    if let Some(file) = fault.file {
        error.file = Some(Arc::from(file));
    }
    error
}

//! Loads every policy of a project; what is broken stays in the list with its error.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::document;
use crate::evaluator::rego::{self, Aggregator, Library, Module, RegoPolicy, Rvm};
use crate::evaluator::wasm::{self, RegoProject, Request, WasmOptions};
use crate::evaluator::{PolicyFault, Speaker};
use crate::harness::Harness;
use crate::metadata::{Metadata, Routing};
use crate::policy::{Policy, PolicySummary, Prepared};
use crate::policy_language::{CompiledPolicy, PolicyLanguage, PolicySource};
use crate::project::{GLOBAL, SourceFile};
use crate::selection::{self, LeftOut, Wanted};

const POLICIES: [&str; 2] = ["cupcake", "policies"];
const HELPERS: [&str; 2] = ["cupcake", "helpers"];
const SYSTEM: [&str; 2] = ["cupcake", "system"];
const COMMENT: &str = "#";

/// The script languages that policies may be written in.
pub(crate) type Languages = [Arc<dyn PolicyLanguage>];

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

/// What is known of a policy that is not evaluated: its error is included, unless the policy is for other events.
type Unprepared = Box<PolicySummary>;

/// What was loaded.
pub(crate) struct Loaded {
    /// Every policy, those that are broken included.
    pub(crate) policies: Vec<Policy>,
    /// What aggregates the Rego ones in the engine's stead.
    pub(crate) aggregator: Option<Aggregator>,
}

/// Loads every policy, or those that an event needs; one that is broken stays in the list with its error.
pub(crate) fn load(
    sources: &[SourceFile],
    languages: &Languages,
    wanted: Option<Wanted<'_>>,
    rvm: Rvm,
    wasm: &WasmOptions,
) -> Loaded {
    let mut left_out = wanted
        .map(|wanted| selection::left_out(sources, languages, wanted))
        .unwrap_or_default()
        .into_iter();
    let mut library = Library::default();
    let mut candidates: Vec<Result<Candidate<'_>, Unprepared>> = Vec::new();
    let mut modules: Vec<Policy> = Vec::new();
    for source in sources {
        match left_out.next().flatten() {
            Some(LeftOut::Policy(summary)) => candidates.push(Err(summary)),
            Some(LeftOut::Test) => {}
            None if wasm::is_binary(&source.path) || wasm::is_sidecar(&source.path) => {
                modules.extend(wasm::load(source, sources, wasm));
            }
            None => candidates.extend(read(source, languages, &mut library).transpose()),
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
        compile(&mut policies, &rego, &library, wasm);
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
    Loaded {
        policies,
        aggregator,
    }
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
) {
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
    for (policy, outcome) in compiled.into_iter().zip(project.compile(&requests)) {
        match (outcome, &mut policy.prepared) {
            (Ok(evaluator), Some(prepared)) => {
                prepared.evaluator = Box::new(evaluator);
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

/// Reads one file: a policy, a helper (none, but kept in the library), or the summary of what is broken.
fn read<'source>(
    source: &'source SourceFile,
    languages: &'source Languages,
    library: &mut Library,
) -> Result<Option<Candidate<'source>>, Unprepared> {
    let mut summary = PolicySummary::unread(&source.path);
    match read_into(source, languages, library, &mut summary) {
        Ok(found) => Ok(found.map(|(source, severity)| Candidate {
            summary,
            severity,
            source,
        })),
        Err(error) => {
            library.add_broken(&source.path, source.text.as_deref().unwrap_or_default());
            Err(Box::new(PolicySummary {
                error: Some(error),
                ..summary
            }))
        }
    }
}

type Found<'source> = Option<(Readable<'source>, Option<Arc<str>>)>;

fn read_into<'source>(
    source: &'source SourceFile,
    languages: &'source Languages,
    library: &mut Library,
    summary: &mut PolicySummary,
) -> Result<Found<'source>, DecisionError> {
    let text = source
        .text
        .as_ref()
        .map_err(|message| summary.error(DecisionErrorKind::Load, message.as_str(), None))?;
    // Some editors put a mark before the first character, which says nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = Path::new(&source.path)
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    if ending == "rego" {
        return read_rego(text, &source.path, library, summary);
    }
    let language = languages
        .iter()
        .find(|language| language.endings().contains(&ending.as_str()));
    let Some(language) = language else {
        let message =
            format!("a policy that ends in `.{ending}` cannot be evaluated by this engine");
        return Err(summary.error(DecisionErrorKind::Load, message, Some(1)));
    };
    read_script(text, language.as_ref(), summary).map(Some)
}

fn read_script<'source>(
    text: &'source str,
    language: &'source dyn PolicyLanguage,
    summary: &mut PolicySummary,
) -> Result<(Readable<'source>, Option<Arc<str>>), DecisionError> {
    summary.evaluator = language.name();
    let comment = language.comment();
    let metadata =
        Metadata::read(text, comment).map_err(|fault| metadata_error(summary, &fault, 1))?;
    summary.describe(metadata.as_ref());
    let severity = route(summary, metadata, text, comment, 1)?;
    Ok((Readable::Script { language, text }, severity))
}

fn read_rego<'source>(
    text: &str,
    path: &str,
    library: &mut Library,
    summary: &mut PolicySummary,
) -> Result<Found<'source>, DecisionError> {
    summary.evaluator = "rego";
    let guarded = rego::check_source(text);
    let metadata = Metadata::read(text, COMMENT);
    if let Ok(Some(Metadata { id: Some(id), .. })) = &metadata {
        summary.id = Arc::from(id.as_str());
    }
    let module = guarded
        .and_then(|text| Module::parse(path, &text))
        .map_err(|fault| fault_error(summary, fault))?;
    let metadata = metadata.map_err(|fault| metadata_error(summary, &fault, 1))?;
    summary.package = module.package_name();
    summary.verbs = module.verbs();
    if let Some(name) = module.package.last() {
        summary.id = Arc::from(name.as_str());
    }
    summary.describe(metadata.as_ref());

    match Role::of(&module) {
        Role::Test if is_routed(metadata.as_ref()) => {
            let line = metadata.as_ref().map(|metadata| metadata.line);
            let message = "a test has a routing, but is never evaluated for an event: remove the routing, or the `_test` of the file and the package";
            return Err(summary.error(DecisionErrorKind::Metadata, message, line));
        }
        Role::Test => return Ok(None),
        Role::Aggregator if is_plain_aggregator(text, path) => return Ok(None),
        Role::Aggregator => {
            if let Some(owner) = library.first_of(&module.package) {
                let message = format!("`{owner}` aggregates the policies already");
                let line = Some(module.package_line);
                return Err(summary.error(DecisionErrorKind::Load, message, line));
            }
            return Ok(Some((Readable::Aggregator(library.add(module)), None)));
        }
        Role::Helper => {
            if is_routed(metadata.as_ref()) {
                let line = metadata.as_ref().map(|metadata| metadata.line);
                let message = "a helper package has a routing, but is never evaluated for an event";
                return Err(summary.error(DecisionErrorKind::Metadata, message, line));
            }
            library.add(module);
            return Ok(None);
        }
        Role::Stranger => {
            let message = format!(
                "the package `{}` is neither a policy (`cupcake.policies.<name>`) nor a helper (`cupcake.helpers.<name>`)",
                summary.package
            );
            return Err(summary.error(DecisionErrorKind::Load, message, Some(module.package_line)));
        }
        Role::Policy => {}
    }
    let severity = route(summary, metadata, text, COMMENT, module.package_line)?;
    // Two policies of one package would see each other's verbs.
    if let Some(owner) = library.first_of(&module.package) {
        let message = format!(
            "the package `{}` is that of `{owner}` already",
            summary.package
        );
        return Err(summary.error(DecisionErrorKind::Load, message, Some(module.package_line)));
    }
    Ok(Some((Readable::Rego(library.add(module)), severity)))
}

/// Whether metadata names events, tools or signals.
fn is_routed(metadata: Option<&Metadata>) -> bool {
    let routing = metadata.and_then(|metadata| metadata.routing.as_ref());
    routing.is_some_and(Routing::is_used)
}

/// Takes the routing over into the summary, and gives the policy's severity.
pub(crate) fn route(
    summary: &mut PolicySummary,
    metadata: Option<Metadata>,
    text: &str,
    comment: &str,
    first_line: u32,
) -> Result<Option<Arc<str>>, DecisionError> {
    let Some(metadata) = metadata else {
        let message = format!(
            "the policy has no `{comment} METADATA` block with `custom.routing`, so no event would reach it"
        );
        return Err(summary.error(DecisionErrorKind::Metadata, message, Some(first_line)));
    };
    let Some(routing) = metadata.routing else {
        let message = "the metadata has no `custom.routing`, so no event would reach the policy";
        return Err(summary.error(DecisionErrorKind::Metadata, message, Some(metadata.line)));
    };
    let line_of = |key: &str| line_of(key, text, comment, metadata.line);
    routing
        .check(Harness::of_file(&summary.file))
        .map_err(|(key, fault)| metadata_error(summary, &fault, line_of(key)))?;
    summary.events = routing.required_events.0;
    summary.tools = routing.required_tools.0;
    summary.signals = routing.required_signals.0;
    Ok(metadata.severity.map(Arc::from))
}

/// What a module is for.
enum Role {
    Policy,
    Helper,
    Aggregator,
    Test,
    Stranger,
}

impl Role {
    fn of(module: &Module) -> Self {
        let package: Vec<&str> = local_package(module).collect();
        let is_in = |start: [&str; 2]| {
            package.len() > 2 && package.iter().zip(start).all(|(part, name)| *part == name)
        };
        if module.file.ends_with("_test.rego")
            && package.last().is_some_and(|name| name.ends_with("_test"))
        {
            Self::Test
        } else if is_in(POLICIES) {
            Self::Policy
        } else if is_in(HELPERS) || is_in(SYSTEM) {
            Self::Helper
        } else if package == SYSTEM {
            Self::Aggregator
        } else {
            Self::Stranger
        }
    }
}

/// The package without the `global` that the machine's own policies may have in it.
fn local_package(module: &Module) -> impl Iterator<Item = &str> {
    let is_global = module.file.starts_with(GLOBAL);
    let parts = module.package.iter().enumerate();
    parts
        .filter(move |(index, part)| !(is_global && *index == 1 && *part == "global"))
        .map(|(_, part)| part.as_str())
}

fn is_plain_aggregator(text: &str, path: &str) -> bool {
    if path.starts_with(GLOBAL) {
        rego::is_plain_aggregator(&text.replace("cupcake.global.", "cupcake."))
    } else {
        rego::is_plain_aggregator(text)
    }
}

fn fault_error(summary: &PolicySummary, fault: PolicyFault) -> DecisionError {
    let mut error = summary.error(fault.kind, fault.message, fault.line.or(Some(1)));
    if let Some(file) = fault.file {
        error.file = Some(Arc::from(file));
    }
    error
}

fn metadata_error(summary: &PolicySummary, fault: &document::Fault, line: u32) -> DecisionError {
    let hint = if fault.help.starts_with("did you mean") || fault.line.is_none() {
        format!(": {}", fault.help)
    } else {
        String::new()
    };
    let message = format!("{}{hint}", fault.message);
    summary.error(
        DecisionErrorKind::Metadata,
        message,
        fault.line.or(Some(line)),
    )
}

/// The line of a key of the metadata block that begins at `from`.
pub(crate) fn line_of(key: &str, text: &str, comment: &str, from: u32) -> u32 {
    let lines = (1_u32..)
        .zip(text.lines())
        .filter(|(number, _)| *number > from);
    let mut comments = lines.take_while(|(_, line)| line.trim_start().starts_with(comment));
    comments
        .find(|(_, line)| line.contains(key))
        .map_or(from, |(number, _)| number)
}

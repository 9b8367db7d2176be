//! One policy of a project: what is known of it, and how all of them are loaded.

use std::path::Path;
use std::sync::Arc;

use crate::decision::{DecisionError, DecisionErrorKind, Verb};
use crate::document;
use crate::evaluator::Evaluator;
use crate::evaluator::rego::{self, Library, Module, RegoPolicy, Speaker};
use crate::harness::Harness;
use crate::metadata::{Metadata, Routing};
use crate::project::SourceFile;

const POLICIES: [&str; 2] = ["cupcake", "policies"];
const HELPERS: [&str; 2] = ["cupcake", "helpers"];
const SYSTEM: [&str; 2] = ["cupcake", "system"];
const COMMENT: &str = "#";

/// What a project's list of policies says about one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySummary {
    /// Its `custom.id`, else the last part of its package.
    pub id: Arc<str>,
    /// Its title, empty if it has none.
    pub title: String,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// Its package, empty if that cannot be read.
    pub package: String,
    /// The events that it is evaluated for.
    pub events: Vec<String>,
    /// The tools that it is evaluated for; empty, like `*` among them, is every tool.
    pub tools: Vec<String>,
    /// The verbs that it defines.
    pub verbs: Vec<Verb>,
    /// Why it cannot be evaluated, if so.
    pub error: Option<DecisionError>,
}

/// A policy, and what evaluates it unless it is broken.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) summary: PolicySummary,
    pub(crate) evaluator: Option<Box<dyn Evaluator>>,
}

/// A file on the way to becoming a policy.
struct Candidate {
    summary: PolicySummary,
    severity: Option<Arc<str>>,
    /// Its module in the library.
    module: usize,
}

/// What is known of a file that cannot be evaluated, its error included.
type Broken = Box<PolicySummary>;

/// Loads every policy; one that is broken stays in the list with its error.
pub(crate) fn load(sources: &[SourceFile]) -> Vec<Policy> {
    let mut library = Library::default();
    let mut candidates: Vec<Result<Candidate, Broken>> = Vec::new();
    for source in sources {
        candidates.extend(read(source, &mut library).transpose());
    }
    candidates
        .into_iter()
        .map(|candidate| finish(candidate, &library))
        .collect()
}

fn finish(candidate: Result<Candidate, Broken>, library: &Library) -> Policy {
    match candidate {
        Err(summary) => Policy {
            summary: *summary,
            evaluator: None,
        },
        Ok(candidate) => match compile(&candidate, library) {
            Ok(policy) => Policy {
                summary: candidate.summary,
                evaluator: Some(Box::new(policy)),
            },
            Err(error) => Policy {
                summary: PolicySummary {
                    error: Some(error),
                    ..candidate.summary
                },
                evaluator: None,
            },
        },
    }
}

fn compile(candidate: &Candidate, library: &Library) -> Result<RegoPolicy, DecisionError> {
    let summary = &candidate.summary;
    let Some(module) = library.module(candidate.module) else {
        return Err(summary.error(DecisionErrorKind::Load, "the module was not kept", None));
    };
    let speaker = Speaker::new(
        Arc::clone(&summary.id),
        Arc::clone(&summary.file),
        candidate.severity.clone(),
        module,
    );
    RegoPolicy::compile(library, candidate.module, speaker)
        .map_err(|fault| rego_error(summary, fault))
}

/// Reads one file: a policy, a helper (none, but kept in the library), or the summary of what is broken.
fn read(source: &SourceFile, library: &mut Library) -> Result<Option<Candidate>, Broken> {
    let mut summary = PolicySummary::unread(&source.path);
    match read_into(source, library, &mut summary) {
        Ok(found) => Ok(found.map(|(module, severity)| Candidate {
            summary,
            severity,
            module,
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

type Found = Option<(usize, Option<Arc<str>>)>;

fn read_into(
    source: &SourceFile,
    library: &mut Library,
    summary: &mut PolicySummary,
) -> Result<Found, DecisionError> {
    let text = source
        .text
        .as_ref()
        .map_err(|message| summary.error(DecisionErrorKind::Load, message.as_str(), None))?;
    let ending = Path::new(&source.path)
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    if !ending.eq_ignore_ascii_case("rego") {
        let message =
            format!("a policy that ends in `.{ending}` cannot be evaluated by this engine");
        return Err(summary.error(DecisionErrorKind::Load, message, Some(1)));
    }
    // Some editors put a mark before the first character, which says nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let guarded = rego::check_source(text);
    let metadata = Metadata::read(text, COMMENT);
    if let Ok(Some(Metadata { id: Some(id), .. })) = &metadata {
        summary.id = Arc::from(id.as_str());
    }
    let module = guarded
        .and_then(|()| Module::parse(&source.path, text))
        .map_err(|fault| rego_error(summary, fault))?;
    let metadata = metadata.map_err(|fault| metadata_error(summary, &fault, 1))?;
    summary.describe(&module, metadata.as_ref());

    match Role::of(&module) {
        Role::Test if is_routed(metadata.as_ref()) => {
            let line = metadata.as_ref().map(|metadata| metadata.line);
            let message = "a test has a routing, but is never evaluated for an event: remove the routing, or the `_test` of the file and the package";
            return Err(summary.error(DecisionErrorKind::Metadata, message, line));
        }
        Role::Test => return Ok(None),
        Role::Aggregator if rego::is_plain_aggregator(text) => return Ok(None),
        Role::Aggregator => {
            let message = "a customised `system/evaluate.rego` cannot be evaluated by this engine";
            return Err(summary.error(DecisionErrorKind::Load, message, Some(module.package_line)));
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
    let severity = route(summary, metadata, &module)?;
    // Two policies of one package would see each other's verbs.
    if let Some(owner) = library.first_of(&module.package) {
        let message = format!(
            "the package `{}` is that of `{owner}` already",
            summary.package
        );
        return Err(summary.error(DecisionErrorKind::Load, message, Some(module.package_line)));
    }
    Ok(Some((library.add(module), severity)))
}

/// Whether metadata names events, tools or signals.
fn is_routed(metadata: Option<&Metadata>) -> bool {
    let routing = metadata.and_then(|metadata| metadata.routing.as_ref());
    routing.is_some_and(Routing::is_used)
}

/// Takes the routing over into the summary, and gives the policy's severity.
fn route(
    summary: &mut PolicySummary,
    metadata: Option<Metadata>,
    module: &Module,
) -> Result<Option<Arc<str>>, DecisionError> {
    let Some(metadata) = metadata else {
        let message = "the policy has no `# METADATA` block with `custom.routing`, so no event would reach it";
        return Err(summary.error(
            DecisionErrorKind::Metadata,
            message,
            Some(module.package_line),
        ));
    };
    let Some(routing) = metadata.routing else {
        let message = "the metadata has no `custom.routing`, so no event would reach the policy";
        return Err(summary.error(DecisionErrorKind::Metadata, message, Some(metadata.line)));
    };
    let line_of = |key: &str| line_of(key, &module.text, metadata.line);
    routing
        .check(Harness::of_file(&summary.file))
        .map_err(|(key, fault)| metadata_error(summary, &fault, line_of(key)))?;
    if let Some(signal) = routing.required_signals.0.first() {
        let message =
            format!("the policy needs the signal `{signal}`, which this engine cannot gather");
        return Err(summary.error(
            DecisionErrorKind::Signal,
            message,
            Some(line_of("required_signals")),
        ));
    }
    summary.events = routing.required_events.0;
    summary.tools = routing.required_tools.0;
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
        let package = &module.package;
        let is_in = |start: [&str; 2]| {
            package.len() > 2 && package.iter().zip(start).all(|(part, name)| part == name)
        };
        if module.file.ends_with("_test.rego")
            && package.last().is_some_and(|name| name.ends_with("_test"))
        {
            Self::Test
        } else if is_in(POLICIES) {
            Self::Policy
        } else if is_in(HELPERS) || is_in(SYSTEM) {
            Self::Helper
        } else if package.iter().eq(SYSTEM) {
            Self::Aggregator
        } else {
            Self::Stranger
        }
    }
}

impl PolicySummary {
    /// What is known before the file is read.
    fn unread(path: &str) -> Self {
        let stem = Path::new(path)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        Self {
            id: Arc::from(stem.unwrap_or_default()),
            title: String::new(),
            file: Arc::from(path),
            package: String::new(),
            events: Vec::new(),
            tools: Vec::new(),
            verbs: Vec::new(),
            error: None,
        }
    }

    fn describe(&mut self, module: &Module, metadata: Option<&Metadata>) {
        self.package = module.package_name();
        self.verbs = module.verbs();
        let id = metadata
            .and_then(|metadata| metadata.id.as_deref())
            .or(module.package.last().map(String::as_str));
        if let Some(id) = id {
            self.id = Arc::from(id);
        }
        if let Some(metadata) = metadata {
            self.title.clone_from(&metadata.title);
        }
    }

    fn error(
        &self,
        kind: DecisionErrorKind,
        message: impl Into<String>,
        line: Option<u32>,
    ) -> DecisionError {
        DecisionError {
            kind,
            policy: Arc::clone(&self.id),
            message: message.into(),
            file: Some(Arc::clone(&self.file)),
            line,
        }
    }
}

fn rego_error(summary: &PolicySummary, fault: rego::Fault) -> DecisionError {
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
fn line_of(key: &str, text: &str, from: u32) -> u32 {
    let lines = (1_u32..)
        .zip(text.lines())
        .filter(|(number, _)| *number > from);
    let mut comments = lines.take_while(|(_, line)| line.trim_start().starts_with(COMMENT));
    comments
        .find(|(_, line)| line.contains(key))
        .map_or(from, |(number, _)| number)
}

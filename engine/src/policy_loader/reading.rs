//! Reads one file of a project as far as it can be read alone: what it is, and where it is routed.

use std::sync::Arc;

use super::{Candidate, Languages, Readable, Unprepared, ending_of, fault_error, language_of};
use crate::decision::{DecisionError, DecisionErrorKind};
use crate::document;
use crate::error::EngineError;
use crate::evaluator::rego::{self, Library, Module};
use crate::harness::Harness;
use crate::metadata::{Metadata, Routing};
use crate::policy::PolicySummary;
use crate::policy_language::PolicyLanguage;
use crate::project::{GLOBAL, SourceFile};

const POLICIES: [&str; 2] = ["cupcake", "policies"];
const HELPERS: [&str; 2] = ["cupcake", "helpers"];
const SYSTEM: [&str; 2] = ["cupcake", "system"];
const COMMENT: &str = "#";

/// Reads one file: a policy, a helper (none, but kept in the library), or the summary of what is broken.
pub(super) fn read<'source>(
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

/// Refuses a policy whose language is known here and cannot be run.
pub(super) fn check_evaluator(
    source: &SourceFile,
    languages: &Languages,
) -> Result<(), EngineError> {
    let language = language_of(&ending_of(&source.path), languages);
    match language.filter(|language| !language.is_here()) {
        Some(language) => Err(EngineError::no_evaluator(language.name())),
        None => Ok(()),
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
    let ending = ending_of(&source.path);
    if ending == "rego" {
        return read_rego(text, &source.path, library, summary);
    }
    let Some(language) = language_of(&ending, languages) else {
        let message =
            format!("a policy that ends in `.{ending}` cannot be evaluated by this engine");
        return Err(summary.error(DecisionErrorKind::NoEvaluator, message, Some(1)));
    };
    read_script(text, language, summary).map(Some)
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

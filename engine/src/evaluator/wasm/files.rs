//! Makes policies of modules and bundles that lie among the policies of a project.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bundle::Bundle;
use super::module::OpaModule;
use super::policy::{Entries, WasmPolicy};
use super::{WasmOptions, fault};
use crate::decision::{DecisionErrorKind, Verb};
use crate::evaluator::rego::{Failures, Module, check_source};
use crate::evaluator::{Definition, PolicyFault, Speaker};
use crate::metadata::{Metadata, Routing};
use crate::policy::{Policy, PolicySummary, Prepared};
use crate::policy_loader;
use crate::project::SourceFile;
use crate::value::Value;

const POLICIES: &str = "cupcake/policies/";
const AGGREGATOR: &str = "cupcake/system/evaluate";
const MODULE: &str = ".wasm";
const BUNDLE: &str = ".tar.gz";
const COMMENT: &str = "#";
const SIDECARS: [&str; 2] = [".yml", ".yaml"];

/// Whether a file is a module or a bundle.
pub(crate) fn is_binary(path: &str) -> bool {
    [MODULE, BUNDLE].iter().any(|ending| {
        let start = path.len().checked_sub(ending.len());
        let found = start.and_then(|start| path.get(start..));
        found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
    })
}

/// Whether a file says the routing of the module or bundle whose name it begins with.
pub(crate) fn is_sidecar(path: &str) -> bool {
    module_of(path).is_some()
}

fn module_of(path: &str) -> Option<&str> {
    let module = SIDECARS
        .into_iter()
        .find_map(|ending| path.strip_suffix(ending))?;
    is_binary(module).then_some(module)
}

/// The policies of one module or bundle; what is broken is in the list with its error.
pub(super) fn load(
    source: &SourceFile,
    sources: &[SourceFile],
    options: &WasmOptions,
) -> Vec<Policy> {
    let unread = PolicySummary::unread(&source.path);
    if let Some(module) = module_of(&source.path) {
        return stray(unread, module, sources).into_iter().collect();
    }
    let sidecar = sources
        .iter()
        .find(|other| module_of(&other.path) == Some(&source.path));
    match read(source, options) {
        Ok(read) => read
            .plans
            .into_iter()
            .map(|plan| finish(&unread, plan, &read.module, sidecar))
            .collect(),
        Err(fault) => vec![broken(unread, fault)],
    }
}

/// One policy of a module.
struct Plan {
    /// Empty for a collection of all packages.
    package: String,
    entries: Entries,
    metadata: Result<Option<Metadata>, PolicyFault>,
    /// Whether the file holds no other policy.
    is_only: bool,
}

struct Read {
    module: Arc<OpaModule>,
    plans: Vec<Plan>,
}

/// The routing of a module that is not there is a mistake, because the module was meant to decide.
fn stray(summary: PolicySummary, module: &str, sources: &[SourceFile]) -> Option<Policy> {
    let is_there = sources.iter().any(|source| source.path == module);
    let fault = || fault::load(format!("there is no `{module}`, whose routing this is"));
    (!is_there).then(|| broken(summary, fault()))
}

fn read(source: &SourceFile, options: &WasmOptions) -> Result<Read, PolicyFault> {
    let key = options.bundle_key.as_ref();
    let key = key
        .map(Result::as_ref)
        .transpose()
        .map_err(|why| PolicyFault {
            kind: DecisionErrorKind::Trust,
            ..fault::load(why.as_str())
        })?;
    let bytes = source
        .text
        .as_ref()
        .map(|_| source.binary.as_deref().unwrap_or_default())
        .map_err(|message| fault::load(message.as_str()))?;
    if source.path.to_lowercase().ends_with(BUNDLE) {
        let bundle = Bundle::read(bytes, key)?;
        let module = OpaModule::load(&bundle.module, &bundle.data, Failures::Fail, &options.cache)?;
        let plans = plans(&module, Some(&bundle))?;
        return Ok(Read {
            module: Arc::new(module),
            plans,
        });
    }
    if key.is_some() {
        return Err(PolicyFault {
            kind: DecisionErrorKind::Trust,
            ..fault::load("a bare module is not signed: make a signed bundle of it")
        });
    }
    let module = OpaModule::load(bytes, &Value::new_object(), Failures::Fail, &options.cache)?;
    let plans = plans(&module, None)?;
    Ok(Read {
        module: Arc::new(module),
        plans,
    })
}

/// The entry points of one package.
#[derive(Default)]
struct Found {
    whole: Option<i32>,
    verbs: Vec<(Verb, i32)>,
}

/// Groups the entry points by package; one that is neither a package nor a verb is refused.
fn plans(module: &OpaModule, bundle: Option<&Bundle>) -> Result<Vec<Plan>, PolicyFault> {
    let mut packages: BTreeMap<&str, Found> = BTreeMap::new();
    let mut collected = None;
    for (path, number) in &module.entries {
        if path == AGGREGATOR {
            collected = Some(*number);
            continue;
        }
        let name = path.strip_prefix(POLICIES).filter(|name| !name.is_empty());
        let Some(name) = name else {
            return Err(unknown_entry(path));
        };
        match name.rsplit_once('/').map(|(_, last)| Verb::from_name(last)) {
            Some(Some(verb)) => {
                let package = path
                    .rsplit_once('/')
                    .map_or(path.as_str(), |(package, _)| package);
                packages
                    .entry(package)
                    .or_default()
                    .verbs
                    .push((verb, *number));
            }
            Some(None) | None => packages.entry(path).or_default().whole = Some(*number),
        }
    }
    let sources = Sources::of(bundle)?;
    if packages.is_empty() {
        let number = collected.ok_or_else(|| {
            fault::load(format!(
                "the module has no entry point: build it with one for each verb, such as `-e {POLICIES}<name>/deny`"
            ))
        })?;
        return Ok(vec![Plan {
            package: String::new(),
            entries: Entries::Collected(number),
            metadata: sources.of_all(),
            is_only: true,
        }]);
    }
    sources.check_complete(&packages)?;
    let is_only = packages.len() == 1;
    let plans = packages.into_iter().map(|(package, found)| Plan {
        package: package.replace('/', "."),
        entries: match found.whole {
            Some(number) => Entries::Package(number),
            None => Entries::Verbs(strongest_first(found.verbs)),
        },
        metadata: sources.of_package(package),
        is_only,
    });
    Ok(plans.collect())
}

fn unknown_entry(path: &str) -> PolicyFault {
    let path: String = path
        .chars()
        .filter(|character| !character.is_control())
        .take(100)
        .collect();
    fault::load(format!(
        "the entry point `{path}` is no policy: name `{POLICIES}<name>/<verb>`, `{POLICIES}<name>` or `{AGGREGATOR}`"
    ))
}

fn strongest_first(mut verbs: Vec<(Verb, i32)>) -> Vec<(Verb, i32)> {
    let rank = |verb: Verb| Verb::ALL.iter().position(|other| *other == verb);
    verbs.sort_by_key(|(verb, _)| rank(*verb));
    verbs
}

/// What the Rego files and the manifest of a bundle say about its packages.
#[derive(Default)]
struct Sources<'bundle> {
    modules: Vec<(Module, Option<Metadata>)>,
    annotations: Vec<(&'bundle str, String)>,
}

impl<'bundle> Sources<'bundle> {
    fn of(bundle: Option<&'bundle Bundle>) -> Result<Self, PolicyFault> {
        let Some(bundle) = bundle else {
            return Ok(Self::default());
        };
        let mut modules = Vec::new();
        for (path, text) in &bundle.sources {
            let module = check_source(text)
                .and_then(|text| Module::parse(path, &text))
                .map_err(|fault| within(path, &fault))?;
            let metadata =
                Metadata::read(text, COMMENT).map_err(|fault| metadata_fault(&fault.message))?;
            modules.push((module, metadata));
        }
        let annotations = bundle
            .annotations
            .iter()
            .map(|(entry, annotation)| (entry.as_str(), annotation.to_string()))
            .collect();
        Ok(Self {
            modules,
            annotations,
        })
    }

    /// Checks that everything that a policy of the bundle defines can be asked: what cannot would never speak.
    fn check_complete(&self, packages: &BTreeMap<&str, Found>) -> Result<(), PolicyFault> {
        for (module, _) in &self.modules {
            let package = module.package.join("/");
            let is_test = package.ends_with("_test");
            if !package.starts_with(POLICIES) || is_test {
                continue;
            }
            let found = packages.get(package.as_str());
            for verb in module.verbs() {
                let is_there = found.is_some_and(|found| {
                    found.whole.is_some() || found.verbs.iter().any(|(other, _)| *other == verb)
                });
                if !is_there {
                    return Err(fault::load(format!(
                        "`{0}` of `{1}` has no entry point: build the bundle with `-e {1}/{0}`",
                        verb.name(),
                        package
                    )));
                }
            }
        }
        Ok(())
    }

    /// The metadata of a package: that of its entry points in the manifest, else that of its Rego file.
    fn of_package(&self, package: &str) -> Result<Option<Metadata>, PolicyFault> {
        let own = |entry: &str| {
            entry == package
                || entry
                    .strip_prefix(package)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        for (_, annotation) in self.annotations.iter().filter(|(entry, _)| own(entry)) {
            let metadata = Metadata::read(&as_block(annotation), COMMENT)
                .map_err(|fault| metadata_fault(&fault.message))?;
            if metadata
                .as_ref()
                .is_some_and(|metadata| metadata.routing.is_some())
            {
                return Ok(metadata);
            }
        }
        let found = self
            .modules
            .iter()
            .filter(|(module, _)| module.package.join("/") == package)
            .find_map(|(_, metadata)| metadata.as_ref());
        Ok(found.map(copy))
    }

    /// The routing of everything in the bundle: each event and tool that one of its policies names.
    fn of_all(&self) -> Result<Option<Metadata>, PolicyFault> {
        let mut all = Metadata::default();
        let mut routing = Routing::default();
        let mut any_tool = false;
        for (module, metadata) in &self.modules {
            let package = module.package.join("/");
            if !package.starts_with(POLICIES) || package.ends_with("_test") {
                continue;
            }
            let found = metadata
                .as_ref()
                .and_then(|metadata| metadata.routing.as_ref());
            let Some(found) = found else {
                return Err(fault::load(format!(
                    "`{package}` has no routing, so no event would reach it"
                )));
            };
            any_tool |= found.required_tools.0.is_empty();
            extend(&mut routing.required_events.0, &found.required_events.0);
            extend(&mut routing.required_tools.0, &found.required_tools.0);
            extend(&mut routing.required_signals.0, &found.required_signals.0);
        }
        if any_tool {
            routing.required_tools.0.clear();
        }
        all.routing = routing.is_used().then_some(routing);
        Ok(all.routing.is_some().then_some(all))
    }
}

fn extend(names: &mut Vec<String>, more: &[String]) {
    for name in more {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
}

fn copy(metadata: &Metadata) -> Metadata {
    let routing = metadata.routing.as_ref().map(|routing| Routing {
        required_events: crate::metadata::Names(routing.required_events.0.clone()),
        required_tools: crate::metadata::Names(routing.required_tools.0.clone()),
        required_signals: crate::metadata::Names(routing.required_signals.0.clone()),
    });
    Metadata {
        title: metadata.title.clone(),
        id: metadata.id.clone(),
        severity: metadata.severity.clone(),
        routing,
        line: metadata.line,
    }
}

/// YAML as the block of comments in which metadata stands elsewhere.
fn as_block(text: &str) -> String {
    let lines = text.lines().map(|line| format!("{COMMENT}{line}\n"));
    std::iter::once(format!("{COMMENT} METADATA\n"))
        .chain(lines)
        .collect()
}

fn within(path: &str, fault: &PolicyFault) -> PolicyFault {
    fault::load(format!("`{path}` of the bundle: {}", fault.message))
}

fn metadata_fault(message: &str) -> PolicyFault {
    PolicyFault {
        kind: DecisionErrorKind::Metadata,
        ..fault::load(message)
    }
}

fn broken(summary: PolicySummary, fault: PolicyFault) -> Policy {
    let error = summary.error(fault.kind, fault.message, None);
    Policy::unprepared(PolicySummary {
        error: Some(error),
        ..summary
    })
}

fn finish(
    unread: &PolicySummary,
    plan: Plan,
    module: &Arc<OpaModule>,
    sidecar: Option<&SourceFile>,
) -> Policy {
    let mut summary = unread.clone();
    summary.evaluator = "wasm";
    summary.package.clone_from(&plan.package);
    if let Some(name) = plan
        .package
        .rsplit('.')
        .next()
        .filter(|name| !name.is_empty())
    {
        summary.id = Arc::from(name);
    }
    let severity = match route(&mut summary, plan.metadata, plan.is_only, sidecar) {
        Ok(severity) => severity,
        Err(error) => {
            summary.error = Some(error);
            return Policy::unprepared(summary);
        }
    };
    let verbs: Vec<Verb> = match &plan.entries {
        Entries::Verbs(verbs) => verbs.iter().map(|(verb, _)| *verb).collect(),
        Entries::Package(_) | Entries::Collected(_) => Verb::ALL.to_vec(),
    };
    summary.verbs.clone_from(&verbs);
    let definitions = verbs.into_iter().map(|verb| Definition {
        verb,
        line: 1,
        source: String::new(),
    });
    let speaker = Speaker {
        id: Arc::clone(&summary.id),
        file: Arc::clone(&summary.file),
        severity,
        line: 1,
        definitions: definitions.collect(),
    };
    Policy {
        prepared: Some(Prepared {
            speaker,
            evaluator: Box::new(WasmPolicy {
                module: Arc::clone(module),
                entries: plan.entries,
                names: Arc::default(),
            }),
        }),
        summary,
    }
}

/// Takes the routing over: that of the file beside the module, else that of the bundle.
fn route(
    summary: &mut PolicySummary,
    metadata: Result<Option<Metadata>, PolicyFault>,
    is_only: bool,
    sidecar: Option<&SourceFile>,
) -> Result<Option<Arc<str>>, crate::decision::DecisionError> {
    if let Some(sidecar) = sidecar {
        return route_by(summary, sidecar, is_only);
    }
    let metadata = metadata.map_err(|fault| summary.error(fault.kind, fault.message, None))?;
    let Some(metadata) = metadata else {
        let message = format!(
            "the module has no routing, so no event would reach it: write it into `{}.yml`",
            summary.file
        );
        return Err(summary.error(DecisionErrorKind::Metadata, message, None));
    };
    summary.describe(Some(&metadata));
    policy_loader::route(summary, Some(metadata), "", COMMENT, 1)
}

fn route_by(
    summary: &mut PolicySummary,
    sidecar: &SourceFile,
    is_only: bool,
) -> Result<Option<Arc<str>>, crate::decision::DecisionError> {
    let at_sidecar = |mut error: crate::decision::DecisionError| {
        error.file = Some(Arc::from(sidecar.path.as_str()));
        // The block's title stands in no line of the file.
        error.line = error.line.map(|line| line.saturating_sub(1).max(1));
        error
    };
    let text = sidecar.text.as_ref().map_err(|message| {
        at_sidecar(summary.error(DecisionErrorKind::Load, message.as_str(), None))
    })?;
    let text = as_block(text);
    let metadata = Metadata::read(&text, COMMENT).map_err(|fault| {
        let message = format!("{}: {}", fault.message, fault.help);
        at_sidecar(summary.error(DecisionErrorKind::Metadata, message, fault.line))
    })?;
    let mut named = metadata;
    if let Some(metadata) = &mut named {
        // Several policies cannot have one name.
        metadata.id = metadata.id.take().filter(|_| is_only);
    }
    summary.describe(named.as_ref());
    policy_loader::route(summary, named, &text, COMMENT, 1).map_err(at_sidecar)
}

//! Which sources one event needs, found without parsing the others.
//!
//! Whoever decides about one event and ends pays for what the event routes to. A source is left out only where its
//! metadata says that another event is meant; everything that cannot be read so is loaded, and fails as it would.

use std::path::Path;
use std::sync::Arc;

use crate::harness::Harness;
use crate::metadata::{Metadata, Routing};
use crate::policy::PolicySummary;
use crate::policy_loader::Languages;
use crate::project::SourceFile;

const POLICIES: &str = "cupcake.policies";
const ANY: &str = "*";

/// The event that sources are selected for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'event> {
    pub(crate) event: &'event str,
    pub(crate) tool: Option<&'event str>,
}

/// What is known of a source that is not loaded: a policy for other events, or a test, which is no policy.
#[derive(Debug)]
pub(crate) enum LeftOut {
    Policy(Box<PolicySummary>),
    Test,
}

/// For each source what is known of it if the event does not need it.
pub(crate) fn left_out(
    sources: &[SourceFile],
    languages: &Languages,
    wanted: Wanted<'_>,
) -> Vec<Option<LeftOut>> {
    let mut left_out: Vec<Option<LeftOut>> = sources
        .iter()
        .map(|source| unneeded(source, languages, wanted))
        .collect();
    let loaded = sources
        .iter()
        .zip(&left_out)
        .filter(|(source, left_out)| left_out.is_none() && source.path.ends_with(".rego"))
        .filter_map(|(source, _)| source.text.as_deref().ok());
    // A policy that looks at others needs them, whatever their routing.
    if loaded.into_iter().any(reaches_other_policies) {
        left_out
            .iter_mut()
            .for_each(|known| drop(known.take_if(|known| matches!(known, LeftOut::Policy(_)))));
    }
    left_out
}

fn unneeded(source: &SourceFile, languages: &Languages, wanted: Wanted<'_>) -> Option<LeftOut> {
    if !source.path.contains("policies/") {
        return None;
    }
    let text = source.text.as_deref().ok()?;
    let comment = comment_of(&source.path, languages)?;
    let metadata = Metadata::read(text, comment).ok()?;
    let Some(metadata) = metadata else {
        return is_test(source, text).then_some(LeftOut::Test);
    };
    let routing = metadata.routing.as_ref()?;
    routing.check(Harness::of_file(&source.path)).ok()?;
    if concerns(routing, wanted) {
        return None;
    }
    let mut summary = PolicySummary::unread(&source.path);
    if let Some(package) = package(text) {
        summary.id = Arc::from(package.rsplit('.').next().unwrap_or(package));
        package.clone_into(&mut summary.package);
    }
    summary.describe(Some(&metadata));
    let routing = metadata.routing?;
    summary.events = routing.required_events.0;
    summary.tools = routing.required_tools.0;
    summary.signals = routing.required_signals.0;
    Some(LeftOut::Policy(Box::new(summary)))
}

fn comment_of(path: &str, languages: &Languages) -> Option<&'static str> {
    let ending = Path::new(path).extension()?.to_str()?.to_lowercase();
    if ending == "rego" {
        return Some("#");
    }
    languages
        .iter()
        .find(|language| language.endings().contains(&ending.as_str()))
        .map(|language| language.comment())
}

fn concerns(routing: &Routing, wanted: Wanted<'_>) -> bool {
    let tools = &routing.required_tools.0;
    let is_tool = |tool: &String| tool == ANY || Some(tool.as_str()) == wanted.tool;
    routing
        .required_events
        .0
        .iter()
        .any(|event| event == wanted.event)
        && (tools.is_empty() || tools.iter().any(is_tool))
}

fn package(text: &str) -> Option<&str> {
    let named = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("package "))?;
    named
        .split([' ', '\t', '#', ';'])
        .find(|name| !name.is_empty())
}

fn is_test(source: &SourceFile, text: &str) -> bool {
    source.path.ends_with("_test.rego") && package(text).is_some_and(|name| name.ends_with("_test"))
}

/// Whether a text may name the document of another policy, or of whatever is computed.
fn reaches_other_policies(text: &str) -> bool {
    text.lines()
        .filter(|line| !line.trim_start().starts_with(['#']) && !line.starts_with("package "))
        .any(|line| {
            line.contains(POLICIES)
                || line.match_indices("data").any(|(index, name)| {
                    let rest = line.get(index + name.len()..).unwrap_or_default();
                    names_anything(rest)
                })
        })
}

/// Whether what follows `data` leaves open which package is meant.
fn names_anything(rest: &str) -> bool {
    let known = [".cupcake.helpers", ".cupcake.system."];
    let is_word = rest
        .chars()
        .next()
        .is_some_and(|next| next.is_alphanumeric() || next == '_');
    !is_word && !known.iter().any(|known| rest.starts_with(known))
}

//! Which sources one event needs, found without parsing the others.
//!
//! Whoever decides about one event and ends pays for what the event routes to. A source is left out only where its
//! metadata says that another event is meant; everything that cannot be read so is loaded, and fails as it would.

use crate::harness::Harness;
use crate::metadata::{self, Metadata};
use crate::policy_loader::{Languages, language_of};
use crate::project::SourceFile;

const POLICIES: &str = "cupcake.policies";
const ANY: &str = "*";

/// The event that sources are selected for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'event> {
    pub(crate) event: &'event str,
    pub(crate) tool: Option<&'event str>,
}

/// What a source is that is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// A policy for other events.
    Policy,
    /// A test, which is no policy.
    Test,
}

/// For each source what it is if the event does not need it.
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
        let policies = |known: &&mut Option<LeftOut>| **known == Some(LeftOut::Policy);
        left_out
            .iter_mut()
            .filter(policies)
            .for_each(|known| *known = None);
    }
    left_out
}

fn unneeded(source: &SourceFile, languages: &Languages, wanted: Wanted<'_>) -> Option<LeftOut> {
    if !source.path.contains("policies/") {
        return None;
    }
    let text = source.text.as_deref().ok()?;
    let comment = comment_of(&source.path, languages)?;
    let harness = Harness::of_file(&source.path);
    if let Some(routing) = metadata::plain_routing(text, comment) {
        routing.check(harness).ok()?;
        let is_needed = concerns(routing.events.names(), routing.tools.names(), wanted);
        return (!is_needed).then_some(LeftOut::Policy);
    }
    let Some(metadata) = Metadata::read(text, comment).ok()? else {
        return is_test(source, text).then_some(LeftOut::Test);
    };
    let routing = metadata.routing?;
    routing.check(harness).ok()?;
    let (events, tools) = (&routing.required_events, &routing.required_tools);
    let is_needed = concerns(events.iter(), tools.iter(), wanted);
    (!is_needed).then_some(LeftOut::Policy)
}

fn comment_of(path: &str, languages: &Languages) -> Option<&'static str> {
    let (_, name) = path.rsplit_once('/')?;
    let (_, ending) = name.rsplit_once('.')?;
    // Endings have small letters: whatever else is read as a policy is loaded, and fails.
    if ending.contains(char::is_uppercase) {
        return None;
    }
    if ending == "rego" {
        return Some("#");
    }
    language_of(ending, languages).map(|language| language.comment())
}

fn concerns<'names>(
    mut events: impl Iterator<Item = &'names str>,
    tools: impl Iterator<Item = &'names str>,
    wanted: Wanted<'_>,
) -> bool {
    let mut tools = tools.peekable();
    events.any(|event| event == wanted.event)
        && (tools.peek().is_none() || tools.any(|tool| tool == ANY || Some(tool) == wanted.tool))
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

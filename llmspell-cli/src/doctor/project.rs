//! Whether the project's policies can be relied on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use llmspell_engine::{
    EngineOptions, FileTrust, KeyStore, Project, Severity, check_project, inspect_project,
};

use super::finding::{Findings, Level};
use crate::answer::counted;

/// Looks at the project: its policies, its mode, its signature, and the cache.
pub(super) fn look(findings: &mut Findings, project: Option<&Project>, options: &EngineOptions) {
    let Some(project) = project else {
        findings.add(
            Level::Error,
            "project",
            "there is no `.cupcake` directory here or above: every event is refused",
            "run `llmspell init`",
        );
        return look_at_cache(findings);
    };
    look_at_policies(findings, project, options);
    look_at_mode(findings, project, options);
    look_at_trust(findings, project);
    look_at_cache(findings);
}

/// The events that policies ask for.
pub(super) fn routed_events(project: &Project, options: &EngineOptions) -> BTreeSet<String> {
    let inspection = inspect_project(project.root(), options);
    let routes = inspection
        .map(|inspection| inspection.routes)
        .unwrap_or_default();
    routes.into_iter().map(|route| route.event).collect()
}

fn look_at_policies(findings: &mut Findings, project: &Project, options: &EngineOptions) {
    let report = match check_project(project.root(), options) {
        Ok(report) => report,
        Err(error) => return findings.add(Level::Error, "policies", error.message, error.help),
    };
    let first = |severity| {
        let mut of_severity = report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity);
        of_severity
            .next()
            .map(|finding| format!("{}: {}", finding.place, finding.message))
    };
    for (severity, level) in [
        (Severity::Error, Level::Error),
        (Severity::Warning, Level::Warning),
    ] {
        if let Some(first) = first(severity) {
            let count = counted(report.count(severity), severity.name());
            let message = format!("{count}, the first: {first}");
            findings.add(level, "policies", message, "run `llmspell check`");
        }
    }
    if report.count(Severity::Error) == 0 {
        let policies = counted(report.policies, "policy");
        findings.well("policies", format_args!("{policies} can be evaluated"));
    }
}

fn look_at_mode(findings: &mut Findings, project: &Project, options: &EngineOptions) {
    let inspection = inspect_project(project.root(), options);
    if inspection.is_ok_and(|inspection| inspection.mode == "monitor") {
        findings.add(
            Level::Warning,
            "mode",
            "the project is in monitor mode: nothing is refused",
            "remove `mode = \"monitor\"` from `llmspell.toml` to enforce",
        );
    }
}

fn look_at_trust(findings: &mut Findings, project: &Project) {
    let Some(keys) = KeyStore::of_user() else {
        return;
    };
    let projects = match keys.projects() {
        Ok(projects) => projects,
        Err(error) => return findings.add(Level::Error, "trust", error.message, error.help),
    };
    let is_same = |root: &Path| {
        let (one, other) = (root.canonicalize(), project.root().canonicalize());
        one.is_ok() && one.ok() == other.ok()
    };
    if !projects.keys().any(|root| is_same(root)) {
        let message = "the project is not signed: changes to its policies are not noticed";
        return findings.add(
            Level::Ok,
            "trust",
            message,
            "`llmspell trust init` signs it",
        );
    }
    match keys.verify(project) {
        Ok(report) if report.is_trusted() => {
            findings.well("trust", "every file is as it was signed");
        }
        Ok(report) => {
            let untrusted = report
                .files
                .values()
                .filter(|trust| **trust != FileTrust::Trusted)
                .count();
            let why = report.refused.unwrap_or_else(|| {
                format!(
                    "{} not as signed: nothing is allowed",
                    counted(untrusted, "file")
                )
            });
            findings.add(
                Level::Error,
                "trust",
                why,
                "run `llmspell trust verify`, look at the files, then `llmspell trust sign`",
            );
        }
        Err(error) => findings.add(Level::Error, "trust", error.message, error.help),
    }
}

/// A cache that cannot be written makes every event slow, never wrong.
fn look_at_cache(findings: &mut Findings) {
    let Some(folder) = cache_folder() else {
        let message = "it is not known where caches lie";
        return findings.add(Level::Warning, "cache", message, "set `HOME`");
    };
    match try_writing(&folder) {
        Ok(()) => findings.well("cache", format_args!("{} can be written", folder.display())),
        Err(error) => findings.add(
            Level::Warning,
            "cache",
            format_args!(
                "{} cannot be written: {error}: every event takes longer",
                folder.display()
            ),
            "make the folder yours",
        ),
    }
}

fn cache_folder() -> Option<PathBuf> {
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    let folder = if cfg!(target_os = "macos") {
        home()?.join("Library/Caches")
    } else if cfg!(windows) {
        PathBuf::from(std::env::var_os("LOCALAPPDATA")?)
    } else {
        let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        named
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(home()?.join(".cache")))?
    };
    Some(folder.join("llmspell"))
}

/// Writes a file into a folder, or into the nearest one above that is there.
fn try_writing(folder: &Path) -> std::io::Result<()> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let probe = there
        .unwrap_or(folder)
        .join(format!(".llmspell-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)?;
    std::fs::remove_file(&probe)
}

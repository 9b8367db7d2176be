//! Guardrails: Cupcake's builtin policies, native and for every harness.
//!
//! `settings` reads what the rulebook says of them, `action` is what an event is about to do, `paths` says what a
//! protected path is and when one is touched, and each guardrail has a file of its own.

mod action;
mod always_inject;
mod exec_protection;
mod full_file_read;
mod git_block_no_verify;
mod git_command;
mod git_pre_check;
mod paths;
mod post_edit_check;
mod protected_paths;
mod reading;
mod rulebook_security;
mod sensitive_data;
mod settings;
mod signal;
mod station;
mod system_protection;
mod verdict;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use yaml_serde::Mapping;

pub(crate) use reading::Reading;

use crate::decision::Verb;
use crate::document::Fault;
use crate::evaluator::{Evaluator, SharedEvaluator};
use crate::harness::Harness;

use always_inject::AlwaysInjectGuardrail;
use exec_protection::ExecProtectionGuardrail;
use full_file_read::FullFileReadGuardrail;
use git_block_no_verify::NoVerifyGuardrail;
use git_pre_check::GitPreCheckGuardrail;
use post_edit_check::PostEditCheckGuardrail;
use protected_paths::ProtectedPathsGuardrail;
use rulebook_security::RulebookSecurityGuardrail;
use sensitive_data::SensitiveDataGuardrail;
use settings::{
    ExecProtection, FullFileRead, GitPreCheck, NoVerify, PostEditCheck, PromptContext,
    ProtectedPaths, RulebookSecurity, SensitiveData, SystemProtection,
};
use station::Station;
use system_protection::SystemProtectionGuardrail;

/// Where guardrails stand guard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post<'a> {
    /// The project's directory, or that of the global configuration.
    pub(crate) root: &'a Path,
    pub(crate) harness: Harness,
    /// Whether the rulebook is that of the machine: what is on by default is on once, in the project.
    pub(crate) is_global: bool,
}

/// One guardrail that is switched on.
#[derive(Debug)]
pub(crate) struct Guardrail {
    /// The id of the reference's policy, such as `BUILTIN-PROTECTED-PATHS`.
    pub(crate) id: &'static str,
    /// The key in the rulebook.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) severity: &'static str,
    /// The events that it judges, of its harness.
    pub(crate) events: Vec<String>,
    /// The tools that it judges; every one, if empty.
    pub(crate) tools: Vec<String>,
    pub(crate) verbs: Vec<Verb>,
    /// What it must see as `input.signals.<name>`; its evaluator says for which events.
    pub(crate) signals: Vec<SignalNeed>,
    pub(crate) evaluator: SharedEvaluator,
}

/// A command whose outcome a guardrail must see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignalNeed {
    pub(crate) name: Arc<str>,
    /// For a shell, as the rulebook has it.
    pub(crate) command: String,
    pub(crate) timeout: Duration,
}

impl SignalNeed {
    fn new(name: &str, command: &str, seconds: u64) -> Self {
        Self {
            name: Arc::from(name),
            command: command.to_owned(),
            timeout: Duration::from_secs(seconds),
        }
    }
}

/// The guardrails that the rulebook's `builtins` switch on, and those that are on by default.
///
/// # Errors
///
/// A guardrail or a key that does not exist, with the nearest that does, and a value of the wrong shape. The fault
/// comes with the name of the guardrail, whose line in the rulebook is its place.
pub(crate) fn configured(
    builtins: Option<&Mapping>,
    post: Post<'_>,
) -> Result<Vec<Guardrail>, (String, Fault)> {
    let none = Mapping::new();
    let builtins = builtins.unwrap_or(&none);
    settings::check_names(builtins)?;
    let station = Station::of(post);
    let mut guardrails = Vec::new();
    let on = |enabled: Option<bool>| enabled.unwrap_or(true);
    let before = post.before_tools();

    // On by default in a project, whatever the rulebook leaves out.
    let security = settings::read(builtins, &["rulebook_security_guardrails"])?;
    if let Some(settings) = security.or_else(|| (!post.is_global).then(RulebookSecurity::default))
        && on(settings.enabled)
    {
        let verbs = [Verb::Halt, settings.when_unknown.verb()];
        let guardrail = RulebookSecurityGuardrail::new(settings, station.clone());
        let about = About::new(
            "rulebook_security_guardrails",
            rulebook_security::ID,
            "The policies stay as they are",
        );
        guardrails.push(about.finish(before, &verbs, guardrail));
    }
    if let Some(settings) = settings::read::<ProtectedPaths>(builtins, &["protected_paths"])?
        && on(settings.enabled)
    {
        let guardrail = ProtectedPathsGuardrail::new(settings, station.clone());
        let about = About::new(
            "protected_paths",
            protected_paths::ID,
            "Paths that are only read",
        );
        guardrails.push(about.finish(before, &[Verb::Halt], guardrail));
    }
    if let Some(settings) = settings::read::<NoVerify>(builtins, &["git_block_no_verify"])?
        && on(settings.enabled)
    {
        let guardrail = NoVerifyGuardrail::new(settings, station.clone());
        let about = About::new(
            "git_block_no_verify",
            git_block_no_verify::ID,
            "Hooks of git run",
        );
        guardrails.push(about.finish(before, &[Verb::Deny], guardrail));
    }
    if let Some(settings) = settings::read::<SystemProtection>(builtins, &["system_protection"])?
        && on(settings.enabled)
    {
        let guardrail = SystemProtectionGuardrail::new(settings, station.clone());
        let about = About::new(
            "system_protection",
            system_protection::ID,
            "Paths of the system",
        );
        guardrails.push(
            about
                .severe("CRITICAL")
                .finish(before, &[Verb::Halt], guardrail),
        );
    }
    if let Some(settings) =
        settings::read::<SensitiveData>(builtins, &["sensitive_data_protection"])?
        && on(settings.enabled)
    {
        let guardrail = SensitiveDataGuardrail::new(settings, station.clone());
        let about = About::new(
            "sensitive_data_protection",
            sensitive_data::ID,
            "Files that hold secrets",
        );
        guardrails.push(about.finish(before, &[Verb::Deny], guardrail));
    }
    if let Some(settings) =
        settings::read::<ExecProtection>(builtins, &["cupcake_exec_protection"])?
        && on(settings.enabled)
    {
        let guardrail = ExecProtectionGuardrail::new(settings, station.clone());
        let about = About::new(
            "cupcake_exec_protection",
            exec_protection::ID,
            "Nobody runs the judge",
        );
        guardrails.push(
            about
                .severe("CRITICAL")
                .finish(before, &[Verb::Halt], guardrail),
        );
    }
    const READ_NAMES: [&str; 2] = [
        "claude_code_enforce_full_file_read",
        "enforce_full_file_read",
    ];
    if let Some(settings) = settings::read::<FullFileRead>(builtins, &READ_NAMES)?
        && on(settings.enabled)
    {
        let guardrail = FullFileReadGuardrail::new(settings, station.clone());
        let about = About::new(
            READ_NAMES[0],
            full_file_read::ID,
            "Files are read as a whole",
        );
        guardrails.push(
            about
                .severe("MEDIUM")
                .finish(before, &[Verb::Deny], guardrail),
        );
    }
    if let Some(settings) = settings::read::<GitPreCheck>(builtins, &["git_pre_check"])?
        && on(settings.enabled)
    {
        let guardrail = GitPreCheckGuardrail::new(settings, station.clone());
        let about = About::new("git_pre_check", git_pre_check::ID, "Checks before git");
        let about = about.needing(guardrail.signals());
        guardrails.push(about.finish(before, &[Verb::Halt], guardrail));
    }
    if let Some(settings) = settings::read::<PostEditCheck>(builtins, &["post_edit_check"])?
        && on(settings.enabled)
    {
        let guardrail = PostEditCheckGuardrail::new(settings, station.clone());
        let about = About::new(
            "post_edit_check",
            post_edit_check::ID,
            "Checks after an edit",
        );
        let about = about.severe("MEDIUM").needing(guardrail.signals());
        guardrails.push(about.finish(
            post.after_edits(),
            &[Verb::Block, Verb::AddContext],
            guardrail,
        ));
    }
    const INJECT_NAMES: [&str; 2] = [
        "claude_code_always_inject_on_prompt",
        "always_inject_on_prompt",
    ];
    if let Some(settings) = settings::read::<PromptContext>(builtins, &INJECT_NAMES)?
        && on(settings.enabled)
    {
        let guardrail = AlwaysInjectGuardrail::new(settings, station);
        let about = About::new(INJECT_NAMES[0], always_inject::ID, "Text for every prompt");
        let about = about.severe("LOW").needing(guardrail.signals());
        guardrails.push(about.finish(post.prompts(), &[Verb::AddContext], guardrail));
    }
    // A harness without the event has no use for the guardrail.
    guardrails.retain(|guardrail| !guardrail.events.is_empty());
    Ok(guardrails)
}

impl Post<'_> {
    /// The events that come before a tool is used.
    const fn before_tools(&self) -> &'static [&'static str] {
        match self.harness {
            Harness::Cursor => &[
                "beforeShellExecution",
                "beforeMCPExecution",
                "beforeReadFile",
                "preToolUse",
            ],
            Harness::Claude | Harness::Factory | Harness::OpenCode => &["PreToolUse"],
        }
    }

    const fn after_edits(&self) -> &'static [&'static str] {
        match self.harness {
            Harness::Cursor => &["afterFileEdit"],
            Harness::Claude | Harness::Factory | Harness::OpenCode => &["PostToolUse"],
        }
    }

    const fn prompts(&self) -> &'static [&'static str] {
        match self.harness {
            Harness::Cursor => &["beforeSubmitPrompt"],
            Harness::Claude | Harness::Factory => &["UserPromptSubmit"],
            Harness::OpenCode => &[],
        }
    }
}

/// What a list of policies says of a guardrail.
struct About {
    name: &'static str,
    id: &'static str,
    title: &'static str,
    severity: &'static str,
    signals: Vec<SignalNeed>,
}

impl About {
    const fn new(name: &'static str, id: &'static str, title: &'static str) -> Self {
        Self {
            name,
            id,
            title,
            severity: "HIGH",
            signals: Vec::new(),
        }
    }

    fn severe(self, severity: &'static str) -> Self {
        Self { severity, ..self }
    }

    fn needing(self, signals: Vec<SignalNeed>) -> Self {
        Self { signals, ..self }
    }

    fn finish(
        self,
        events: &[&str],
        verbs: &[Verb],
        evaluator: impl Evaluator + Send + Sync + 'static,
    ) -> Guardrail {
        let mut verbs = verbs.to_vec();
        verbs.dedup();
        Guardrail {
            id: self.id,
            name: self.name,
            title: self.title,
            severity: self.severity,
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            tools: Vec::new(),
            verbs,
            signals: self.signals,
            evaluator: Box::new(evaluator),
        }
    }
}

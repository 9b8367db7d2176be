//! What is checked: the project as it was loaded for one harness, and what its files say.

use crate::decision::DecisionError;
use crate::error::{EngineError, Place};
use crate::evaluator::rego::{self, Module, Survey};
use crate::harness::Harness;
use crate::metadata::Metadata;
use crate::policy::PolicySummary;
use crate::policy_engine::EngineOptions;
use crate::policy_language::PolicyLanguage;
use crate::policy_loader::{ending_of, language_of};
use crate::policy_set::PolicySet;
use crate::project::Project;

const REGO: &str = "rego";
const REGO_COMMENT: &str = "#";

/// The project as it was loaded for one harness.
pub(super) struct Subject {
    pub(super) harness: Harness,
    pub(super) policies: Vec<CheckedPolicy>,
    /// Every file of Rego that could be parsed.
    pub(super) modules: Vec<CheckedModule>,
    pub(super) errors: Vec<DecisionError>,
    /// The files among the policies that are none by their names.
    pub(super) passed_over: Vec<String>,
    /// Where the rulebook switches telemetry on.
    pub(super) telemetry: Option<Place>,
    /// The text of every file that is read.
    texts: Vec<(String, String)>,
}

/// A policy, broken or not.
pub(super) struct CheckedPolicy {
    pub(super) summary: PolicySummary,
    pub(super) text: String,
    /// What a comment of its language begins with.
    pub(super) comment: &'static str,
    /// What its metadata says, where that can be read.
    pub(super) metadata: Option<Metadata>,
    /// How many tests stand in its own file.
    pub(super) own_tests: usize,
}

/// A file of Rego.
pub(super) struct CheckedModule {
    pub(super) file: String,
    pub(super) package: Vec<String>,
    pub(super) package_line: u32,
    pub(super) survey: Survey,
}

impl Subject {
    pub(super) fn load(project: &Project, options: &EngineOptions) -> Result<Self, EngineError> {
        let set = PolicySet::load(project, options, None)?;
        let sources = project.sources(set.harness, &options.languages)?;
        let texts: Vec<(String, String)> = sources
            .files
            .into_iter()
            .filter_map(|source| Some((source.path, source.text.ok()?)))
            .collect();
        let modules = texts.iter().filter_map(|(file, text)| module(file, text));
        let modules = modules.collect();
        let text_of = |file: &str| {
            let found = texts.iter().find(|(path, _)| path == file);
            found.map_or("", |(_, text)| text.as_str())
        };
        // What the machine's configuration holds is nobody's fault here.
        let own = || set.layers.iter().filter(|layer| !layer.is_global);
        let telemetry = own().find_map(|layer| layer.telemetry.clone());
        let policies = own()
            .flat_map(|layer| &layer.policies)
            .map(|policy| &policy.summary)
            .filter(|summary| !summary.is_guardrail())
            .map(|summary| policy(summary, text_of(&summary.file), options))
            .collect();
        Ok(Self {
            harness: set.harness,
            policies,
            modules,
            errors: set.standing_errors,
            passed_over: sources.passed_over,
            telemetry,
            texts,
        })
    }

    /// What a policy's module says, if it is written in Rego and can be parsed.
    pub(super) fn module_of(&self, policy: &CheckedPolicy) -> Option<&CheckedModule> {
        self.modules
            .iter()
            .find(|module| *module.file == *policy.summary.file)
    }

    /// The policies that are written in Rego and could be parsed, with what they say.
    pub(super) fn surveyed(&self) -> impl Iterator<Item = (&CheckedPolicy, &CheckedModule)> {
        self.policies
            .iter()
            .filter_map(|policy| Some((policy, self.module_of(policy)?)))
    }

    /// The files with tests.
    pub(super) fn tests(&self) -> impl Iterator<Item = &CheckedModule> {
        self.modules.iter().filter(|module| module.is_test())
    }

    pub(super) fn text_of(&self, file: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(path, _)| path == file);
        found.map(|(_, text)| text.as_str())
    }
}

impl CheckedModule {
    fn is_test(&self) -> bool {
        let name = self.package.last();
        self.file.ends_with("_test.rego") && name.is_some_and(|name| name.ends_with("_test"))
    }
}

impl CheckedPolicy {
    /// The harness that the policy is for; none, if it serves every harness.
    pub(super) fn harness(&self) -> Option<Harness> {
        Harness::of_file(&self.summary.file)
    }

    /// Whether it has metadata, be it readable or not.
    pub(super) fn has_metadata(&self) -> bool {
        crate::metadata::first_block(&self.text, self.comment).is_some()
    }

    /// The line of a key of its metadata.
    pub(super) fn line_of(&self, key: &str) -> Option<u32> {
        let from = self.metadata.as_ref()?.line;
        Some(crate::policy_loader::line_of(
            key,
            &self.text,
            self.comment,
            from,
        ))
    }
}

fn module(file: &str, text: &str) -> Option<CheckedModule> {
    if ending_of(file) != REGO {
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    rego::check_source(text).ok()?;
    let module = Module::parse(file, text).ok()?;
    Some(CheckedModule {
        file: file.to_owned(),
        survey: Survey::of(&module),
        package: module.package,
        package_line: module.package_line,
    })
}

fn policy(summary: &PolicySummary, text: &str, options: &EngineOptions) -> CheckedPolicy {
    let ending = ending_of(&summary.file);
    let language = language_of(&ending, &options.languages);
    let comment = language.map_or(REGO_COMMENT, |language| language.comment());
    CheckedPolicy {
        summary: summary.clone(),
        text: text.to_owned(),
        comment,
        metadata: Metadata::read(text, comment).ok().flatten(),
        own_tests: language.map_or(0, |language| own_tests(language, summary, text)),
    }
}

fn own_tests(language: &dyn PolicyLanguage, summary: &PolicySummary, text: &str) -> usize {
    let source = crate::policy_language::PolicySource {
        id: &summary.id,
        file: &summary.file,
        text,
    };
    let tests = language.tests(source).ok().flatten();
    tests.map_or(0, |tests| tests.found().len())
}

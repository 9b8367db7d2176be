//! Tests in the files of policies that are written in a script language.

use std::path::Path;
use std::sync::Arc;

use super::runner::{Run, TestPlace};
use crate::metadata::Metadata;
use crate::policy::PolicySummary;
use crate::policy_language::{PolicyLanguage, PolicySource};
use crate::project::SourceFile;

/// Runs the tests of every policy in these languages.
pub(super) fn run(
    sources: &[SourceFile],
    languages: &[Arc<dyn PolicyLanguage>],
    run: &mut Run<'_>,
) {
    for source in sources {
        let Some(language) = language_of(&source.path, languages) else {
            continue;
        };
        // A file that cannot be read is an error of its policy, and `check` reports it.
        let Ok(text) = &source.text else { continue };
        if run.takes(&source.path) {
            run_file(&source.path, text, language, run);
        }
    }
}

fn run_file(file: &str, text: &str, language: &dyn PolicyLanguage, run: &mut Run<'_>) {
    let mut summary = PolicySummary::unread(file);
    let metadata = Metadata::read(text, language.comment()).ok().flatten();
    summary.describe(metadata.as_ref());
    let source = PolicySource {
        id: &summary.id,
        file,
        text,
    };
    let tests = match language.tests(source) {
        Ok(Some(tests)) => tests,
        Ok(None) => return,
        Err(fault) => return run.broken(file, fault),
    };
    for test in tests.found() {
        let place = TestPlace {
            file,
            package: &summary.id,
            name: &test.name,
            line: test.line,
        };
        run.test(&place, |moment, _| tests.run(&test.name, moment));
    }
}

fn language_of<'language>(
    file: &str,
    languages: &'language [Arc<dyn PolicyLanguage>],
) -> Option<&'language dyn PolicyLanguage> {
    let ending = Path::new(file).extension()?.to_str()?.to_lowercase();
    languages
        .iter()
        .find(|language| language.endings().contains(&ending.as_str()))
        .map(AsRef::as_ref)
}

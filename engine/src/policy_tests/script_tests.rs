//! Tests in the files of policies that are written in a script language.

use std::sync::Arc;

use super::runner::{Run, TestPlace};
use crate::metadata::Metadata;
use crate::policy::PolicySummary;
use crate::policy_language::{PolicyLanguage, PolicySource};
use crate::policy_loader::{ending_of, language_of};
use crate::project::SourceFile;

/// Runs the tests of every policy in these languages.
pub(super) fn run(
    sources: &[SourceFile],
    languages: &[Arc<dyn PolicyLanguage>],
    run: &mut Run<'_>,
) {
    for source in sources {
        let Some(language) = language_of(&ending_of(&source.path), languages) else {
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

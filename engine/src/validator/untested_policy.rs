//! A policy that no test looks at.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::{CheckedModule, CheckedPolicy, Subject};

pub(super) const ID: &str = "untested-policy";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    let working = subject
        .policies
        .iter()
        .filter(|policy| policy.summary.error.is_none() && policy.summary.evaluator != "guardrail");
    for policy in working {
        let help = match subject.module_of(policy) {
            Some(module) if is_tested(subject, module) => continue,
            Some(module) => format!(
                "write `{}` with rules that begin with `test_`",
                module.file.replace(".rego", "_test.rego")
            ),
            None if is_script(policy) && policy.own_tests == 0 => {
                "write functions that begin with `test_` into the file".to_owned()
            }
            None => continue,
        };
        findings.push(at_line(
            Severity::Note,
            ID,
            &policy.summary.file,
            None,
            format!("no test looks at the policy `{}`", policy.summary.id),
            help,
        ));
    }
}

fn is_script(policy: &CheckedPolicy) -> bool {
    !matches!(policy.summary.evaluator, "rego" | "wasm" | "guardrail" | "")
}

fn is_tested(subject: &Subject, policy: &CheckedModule) -> bool {
    subject
        .tests()
        .filter(|test| !test.survey.tests().is_empty())
        .flat_map(|test| &test.survey.reads)
        .any(|path| path.starts_with(&policy.package) || policy.package.starts_with(path))
}

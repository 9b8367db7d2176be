//! What the runner prints: a table by folder, the failures, and their classes.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::run::Judged;
use crate::verdict::Class;

/// Prints the table, every failure if wanted, and the totals.
pub(crate) fn print(results: &[Judged], with_failures: bool) {
    let mut folders: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for result in results {
        let (passed, failed) = folders.entry(&result.folder).or_default();
        match result.verdict.class {
            Class::Passed => *passed += 1,
            _ => *failed += 1,
        }
    }
    let width = folders.keys().map(|name| name.len()).max().unwrap_or(0);
    for (folder, (passed, failed)) in &folders {
        say(&format!(
            "{folder:<width$}  {passed:>4} passed  {failed:>4} failed"
        ));
    }
    if with_failures {
        print_failures(results);
    }
    for class in Class::ALL
        .into_iter()
        .filter(|class| *class != Class::Passed)
    {
        say(&format!(
            "{:<16} {:>4}",
            class.name(),
            count(results, class)
        ));
    }
    let passed = count(results, Class::Passed);
    say(&format!(
        "{passed} passed, {} failed",
        results.len() - passed
    ));
}

fn print_failures(results: &[Judged]) {
    let failed = results
        .iter()
        .filter(|result| result.verdict.class != Class::Passed);
    for result in failed {
        say(&format!(
            "{}: {}: {}",
            result.verdict.class.name(),
            result.note,
            result.verdict.reason
        ));
    }
}

/// Whether enough cases pass, and none is answered wrongly.
pub(crate) fn holds(results: &[Judged], minimum: usize) -> bool {
    let harmful = results
        .iter()
        .filter(|result| result.verdict.class.is_harmful())
        .count();
    let passed = count(results, Class::Passed);
    if harmful > 0 {
        note(&format!(
            "error: {harmful} cases are answered wrongly or break down"
        ));
    }
    if passed < minimum {
        note(&format!("error: {passed} cases pass, {minimum} must"));
    }
    harmful == 0 && passed >= minimum
}

fn count(results: &[Judged], class: Class) -> usize {
    let of_class = results
        .iter()
        .filter(|result| result.verdict.class == class);
    of_class.count()
}

fn say(line: &str) {
    // A reader who has gone away is not an error.
    let _gone = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line about the work.
pub(crate) fn note(line: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{line}");
}

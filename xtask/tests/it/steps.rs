//! Steps, invocations and failures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use xtask::failure::Failure;
use xtask::invocation::Invocation;
use xtask::steps::{self, Outcome, Step};

#[test]
fn the_first_failure_ends_the_steps_and_names_the_command_that_repeats_it() {
    let later = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&later);
    let mut notes = Vec::new();
    let steps = vec![
        Step::new("first", "do first", || {
            Ok(Outcome::Skipped("no network".to_owned()))
        }),
        Step::plain("second", "do second --again", || {
            Err(Failure::new("broken"))
        }),
        Step::plain("third", "do third", move || {
            seen.store(true, Ordering::SeqCst);
            Ok(())
        }),
    ];
    let failure = steps::run_noting(steps, &mut |line| notes.push(line.to_string()))
        .unwrap_err()
        .to_string();
    assert!(
        failure.starts_with("error: step `second` failed after "),
        "{failure}"
    );
    assert!(
        failure.ends_with("\n  help: repeat it with `do second --again`"),
        "{failure}"
    );
    assert!(!later.load(Ordering::SeqCst), "the third step ran");
    assert_eq!(notes[0], "==> first: do first");
    assert!(notes[1].ends_with(", skipped: no network"), "{notes:?}");
    assert_eq!(
        notes[2..],
        ["==> second: do second --again", "error: broken"]
    );
}

#[test]
fn an_invocation_prints_as_a_line_that_a_shell_reads_the_same_way() {
    let invocation =
        Invocation::cargo(["test", "a b", "it's", ""]).with_environment("FLAGS", "-D warnings");
    assert_eq!(
        invocation.to_string(),
        r"FLAGS='-D warnings' cargo test 'a b' 'it'\''s' ''"
    );
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_is_a_failure_that_says_how_it_ended() {
    let failure = Invocation::cargo(["no-such-command-at-all", "--quiet"])
        .run()
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "error: `cargo no-such-command-at-all --quiet` failed (exit status: 101)"
    );
}

#[test]
fn a_program_that_is_not_there_is_a_failure() {
    let failure = Invocation::program("no-such-program-at-all".as_ref(), [])
        .capture()
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("error: `no-such-program-at-all` cannot be started: "),
        "{failure}"
    );
}

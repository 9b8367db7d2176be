//! What needs a process of its own: standard error and the global manager.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use llmspell_utils::debug::{
    ConsoleOutput, DebugConfig, DebugLevel, DebugManager, FormatKind, ManualClock, TracingOutput,
    global,
};

const INSIDE: &str = "LLMSPELL_TEST_INSIDE";

/// Runs one test of this program again, in a process where `INSIDE` and these variables are set.
fn again(test: &str, variables: &[(&str, &str)]) -> Output {
    inside(test)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The command that runs one test of this program in a process where `INSIDE` is set.
fn inside(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env_remove("LLMSPELL_DEBUG_LEVEL")
        .env_remove("LLMSPELL_DEBUG_ENABLED");
    command
}

#[test]
fn the_console_is_standard_error_without_colour_when_it_is_no_terminal() {
    if std::env::var_os(INSIDE).is_some() {
        let manager = DebugManager::with_clock(Arc::new(ManualClock::new()));
        manager.set_output(Arc::new(ConsoleOutput::new(FormatKind::Text)));
        manager.log(DebugLevel::Error, Some("shell"), "one\n\u{1b}[31mtwo");
        manager.flush().unwrap();
        return;
    }
    let output = again(
        "process::the_console_is_standard_error_without_colour_when_it_is_no_terminal",
        &[],
    );
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "1970-01-01T00:00:00.000000Z ERROR [shell] one\\n\\u{1b}[31mtwo\n"
    );
}

#[test]
fn a_broken_pipe_in_the_place_of_standard_error_is_counted_and_reported_once() {
    if std::env::var_os(INSIDE).is_some() {
        // Nobody reads any more as soon as this line comes.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let manager = DebugManager::new();
        manager.set_output(Arc::new(ConsoleOutput::new(FormatKind::Text)));
        for number in 0..3 {
            manager.log(DebugLevel::Info, None, number);
        }
        let reports: Vec<_> = manager
            .captured(None)
            .into_iter()
            .filter(|entry| entry.message.starts_with("output `console`"))
            .map(|entry| entry.message)
            .collect();
        let told =
            reports == ["output `console` fails and entries are lost: Broken pipe (os error 32)"];
        // A failed assertion could not be shown, so the exit code says it.
        std::process::exit(if told && manager.dropped() == 3 { 0 } else { 1 });
    }
    let mut child = inside(
        "process::a_broken_pipe_in_the_place_of_standard_error_is_counted_and_reported_once",
    )
    .stdin(Stdio::piped())
    .stderr(Stdio::piped())
    .stdout(Stdio::null())
    .spawn()
    .unwrap();
    drop(child.stderr.take());
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn entries_for_a_subscriber_of_tracing_that_nobody_has_set_are_counted() {
    if std::env::var_os(INSIDE).is_some() {
        let manager = DebugManager::new();
        manager.set_output(Arc::new(TracingOutput::new()));
        manager.log(DebugLevel::Info, None, "x");
        assert_eq!(
            manager.captured(None)[0].message,
            "output `tracing` fails and entries are lost: the program has no subscriber of `tracing`"
        );
        assert_eq!(manager.dropped(), 1);
        return;
    }
    let output = again(
        "process::entries_for_a_subscriber_of_tracing_that_nobody_has_set_are_counted",
        &[],
    );
    assert!(output.status.success());
}

#[test]
fn the_global_manager_is_one_for_the_process_and_silent_until_a_host_sets_an_output() {
    if std::env::var_os(INSIDE).is_some() {
        assert!(Arc::ptr_eq(global(), DebugManager::global()));
        std::thread::spawn(|| global().log(DebugLevel::Info, None, "from a thread"))
            .join()
            .unwrap();
        let manager = DebugManager::new();
        manager.log(DebugLevel::Info, None, "beside it");
        assert_eq!(global().captured(None).len(), 1);
        assert_eq!(global().captured(None)[0].message, "from a thread");
        return;
    }
    let output = again(
        "process::the_global_manager_is_one_for_the_process_and_silent_until_a_host_sets_an_output",
        &[],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_process_s_environment_is_read() {
    if std::env::var_os(INSIDE).is_some() {
        let mut config = DebugConfig::default();
        config.apply_env().unwrap();
        assert_eq!(
            (config.level, config.enabled, config.filters.len()),
            (DebugLevel::Warn, false, 1)
        );
        return;
    }
    let variables = [
        ("LLMSPELL_DEBUG", "warn,a=off"),
        ("LLMSPELL_DEBUG_ENABLED", "false"),
    ];
    let output = again("process::the_process_s_environment_is_read", &variables);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let output = again(
        "process::the_process_s_environment_is_read",
        &[("LLMSPELL_DEBUG", "info")],
    );
    assert!(
        !output.status.success(),
        "other variables give other settings"
    );
}

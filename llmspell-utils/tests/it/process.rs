//! What needs a process of its own: standard error and the global manager.

use std::process::{Command, Output};
use std::sync::Arc;

use llmspell_utils::debug::{
    ConsoleOutput, DebugLevel, DebugManager, FormatKind, ManualClock, global,
};

const INSIDE: &str = "LLMSPELL_TEST_INSIDE";

/// Runs one test of this program again, in a process where `INSIDE` is set.
fn again(test: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
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
    let output =
        again("process::the_console_is_standard_error_without_colour_when_it_is_no_terminal");
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "1970-01-01T00:00:00.000000Z ERROR [shell] one\\n\\u{1b}[31mtwo\n"
    );
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
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

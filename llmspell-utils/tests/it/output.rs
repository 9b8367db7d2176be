//! Outputs: where entries arrive, and what happens when they do not.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmspell_utils::debug::{
    BufferOutput, DebugLevel, DebugOutput as _, FanOut, FileOutput, FormatKind, NullOutput,
};

use super::support::{Refusing, Talkative, manager, messages};

#[test]
fn a_file_gets_one_line_an_entry_and_keeps_what_it_had() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    fs::write(&path, "earlier\n").unwrap();
    let manager = manager();
    manager.set_output(Arc::new(FileOutput::open(&path, FormatKind::Text).unwrap()));
    manager.log(DebugLevel::Info, Some("shell"), "one\nforged");
    manager.log(DebugLevel::Warn, None, "two");
    manager.flush().unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "earlier\n\
         2023-11-14T22:13:20.000000Z INFO  [shell] one\\nforged\n\
         2023-11-14T22:13:20.000000Z WARN  two\n"
    );
}

#[test]
fn a_file_may_have_json_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.jsonl");
    let manager = manager();
    manager.set_output(Arc::new(FileOutput::open(&path, FormatKind::Json).unwrap()));
    manager.log_entry(manager.entry(DebugLevel::Info, "one").with_thread("main"));
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\"time\":\"2023-11-14T22:13:20.000000Z\",\"level\":\"INFO\",\"message\":\"one\",\"thread\":\"main\"}\n"
    );
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let error =
        FileOutput::open(&directory.path().join("none/debug.log"), FormatKind::Text).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_fan_out_reaches_everybody_although_one_fails() {
    let (first, last) = (
        Arc::new(BufferOutput::default()),
        Arc::new(BufferOutput::default()),
    );
    let manager = manager();
    let fan_out = FanOut::new(vec![first.clone(), Arc::new(Refusing), last.clone()]);
    assert_eq!(fan_out.name(), "buffer+refusing+buffer");
    assert_eq!(
        fan_out.flush().unwrap_err().to_string(),
        "refusing: the disk is full"
    );
    manager.set_output(Arc::new(fan_out));
    manager.log(DebugLevel::Info, None, "one");
    assert_eq!((first.len(), last.len(), manager.dropped()), (1, 1, 1));
}

#[test]
fn a_failing_output_is_counted_and_reported_once() {
    let manager = manager();
    manager.set_output(Arc::new(Refusing));
    for number in 0..3 {
        manager.log(DebugLevel::Info, None, number);
    }
    assert_eq!(manager.dropped(), 3);
    assert_eq!(
        messages(&manager),
        [
            "output `refusing` fails and entries are lost: the disk is full",
            "0",
            "1",
            "2"
        ]
    );
    let report = &manager.captured(None)[0];
    assert_eq!(
        (report.level, report.module.as_deref()),
        (DebugLevel::Error, Some("llmspell.debug"))
    );
    assert_eq!(manager.flush().unwrap_err().to_string(), "the disk is full");
}

#[test]
fn a_new_output_gets_a_report_of_its_own() {
    let manager = manager();
    for _ in 0..2 {
        manager.set_output(Arc::new(Refusing));
        manager.log(DebugLevel::Info, None, "x");
    }
    manager.set_output(Arc::new(NullOutput));
    manager.log(DebugLevel::Info, None, "y");
    let reports = messages(&manager)
        .iter()
        .filter(|message| message.starts_with("output"))
        .count();
    assert_eq!((reports, manager.dropped()), (2, 2));
}

#[test]
fn an_output_that_logs_while_it_writes_comes_to_an_end() {
    let manager = Arc::new(manager());
    let output = Arc::new(Talkative::default());
    assert!(output.manager.set(Arc::clone(&manager)).is_ok());
    manager.set_output(output.clone());
    manager.log(DebugLevel::Info, None, "from outside");
    assert_eq!(
        (output.written.load(Ordering::Relaxed), manager.dropped()),
        (4, 1)
    );
    manager.log(DebugLevel::Info, None, "again");
    assert_eq!(
        (output.written.load(Ordering::Relaxed), manager.dropped()),
        (8, 2)
    );
    manager.set_output(Arc::new(NullOutput));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_never_reaches_whoever_logs() {
    let manager = manager();
    manager.set_output(Arc::new(
        FileOutput::open("/dev/full".as_ref(), FormatKind::Text).unwrap(),
    ));
    manager.log(DebugLevel::Info, None, "lost");
    assert_eq!(manager.dropped(), 1);
    assert_eq!(
        messages(&manager),
        [
            "output `file:/dev/full` fails and entries are lost: No space left on device (os error 28)",
            "lost"
        ]
    );
}

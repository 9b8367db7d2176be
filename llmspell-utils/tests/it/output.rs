//! Outputs: where entries arrive, and what happens when they do not.

use std::fs;
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmspell_utils::debug::{
    BufferOutput, DebugEntry, DebugLevel, DebugOutput, FanOut, FileOutput, FormatKind, NullOutput,
    QueueLimits, Queued, RotatingFileOutput, Rotation,
};
use proptest::prelude::*;

use super::support::{Moody, Refusing, Talkative, manager, messages, reports};

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
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
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

/// An output whose error names what nobody should read.
#[derive(Debug)]
struct Telling;

impl DebugOutput for Telling {
    fn write(&self, _entry: &DebugEntry) -> io::Result<()> {
        Err(io::Error::other("login with password=hunter2 failed"))
    }

    fn name(&self) -> &str {
        "telling"
    }
}

#[test]
fn the_report_about_an_output_has_no_secrets() {
    let manager = manager();
    manager.set_output(Arc::new(Telling));
    manager.log(DebugLevel::Info, None, "x");
    assert_eq!(
        reports(&manager),
        [
            "output `telling` fails and entries are lost: login with password=[redacted:password] failed"
        ]
    );
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

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_once_and_the_file_says_what_is_missing_when_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    // Through a link the disk is full until the link is gone.
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let manager = manager();
    manager.set_output(Arc::new(FileOutput::open(&path, FormatKind::Text).unwrap()));
    for _ in 0..3 {
        manager.log(DebugLevel::Info, None, "lost");
    }
    fs::remove_file(&path).unwrap();
    manager.log(DebugLevel::Info, None, "arrives");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!(
            "2023-11-14T22:13:20.000000Z WARN  [llmspell.debug] 3 entries before this one are lost: output `file:{}` failed\n\
             2023-11-14T22:13:20.000000Z INFO  arrives\n",
            path.display()
        )
    );
    assert_eq!((manager.dropped(), reports(&manager).len()), (3, 1));
    assert_eq!(
        messages(&manager).len(),
        5,
        "all four are captured, and the report"
    );
}

#[test]
fn a_file_that_is_moved_away_or_removed_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (path, aside) = (
        directory.path().join("debug.log"),
        directory.path().join("aside.log"),
    );
    let outputs: [Arc<dyn DebugOutput>; 2] = [
        Arc::new(FileOutput::open(&path, FormatKind::Text).unwrap()),
        Arc::new(RotatingFileOutput::open(&path, FormatKind::Text, Rotation::default()).unwrap()),
    ];
    for output in outputs {
        let manager = manager();
        manager.set_output(output);
        manager.log(DebugLevel::Info, None, "one");
        fs::rename(&path, &aside).unwrap();
        manager.log(DebugLevel::Info, None, "two");
        assert!(fs::read_to_string(&aside).unwrap().ends_with("INFO  one\n"));
        assert!(fs::read_to_string(&path).unwrap().ends_with("INFO  two\n"));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert_eq!(manager.dropped(), 0);
    }
}

#[test]
fn a_directory_that_is_removed_is_a_failure_until_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    let path = logs.join("debug.log");
    fs::create_dir(&logs).unwrap();
    let outputs: [Arc<dyn DebugOutput>; 2] = [
        Arc::new(FileOutput::open(&path, FormatKind::Text).unwrap()),
        Arc::new(RotatingFileOutput::open(&path, FormatKind::Text, Rotation::default()).unwrap()),
    ];
    for output in outputs {
        let manager = manager();
        manager.set_output(output);
        manager.log(DebugLevel::Info, None, "one");
        fs::remove_dir_all(&logs).unwrap();
        manager.log(DebugLevel::Info, None, "two");
        manager.log(DebugLevel::Info, None, "three");
        assert_eq!((manager.dropped(), reports(&manager).len()), (2, 1));
        fs::create_dir(&logs).unwrap();
        manager.log(DebugLevel::Info, None, "four");
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("2 entries before this one are lost"),
            "{text}"
        );
        assert!(text.ends_with("INFO  four\n"), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}

#[test]
fn a_line_that_an_earlier_program_left_torn_is_ended_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    fs::write(&path, "whole\nto").unwrap();
    let manager = manager();
    manager.set_output(Arc::new(FileOutput::open(&path, FormatKind::Text).unwrap()));
    manager.log(DebugLevel::Info, None, "one");
    manager.log(DebugLevel::Info, None, "two");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "whole\nto\n2023-11-14T22:13:20.000000Z INFO  one\n2023-11-14T22:13:20.000000Z INFO  two\n"
    );
}

#[test]
fn a_directory_in_the_place_of_a_file_is_an_error_when_it_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    for opened in [
        FileOutput::open(directory.path(), FormatKind::Text).map(drop),
        RotatingFileOutput::open(directory.path(), FormatKind::Text, Rotation::default()).map(drop),
    ] {
        assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_refused_because_to_open_it_waits_for_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    for path in [&pipe, &link] {
        let error = FileOutput::open(path, FormatKind::Text).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_may_only_be_read_is_an_error_at_once_or_counted() {
    // Opening it fails for most; whoever may do everything fails when writing.
    match FileOutput::open("/proc/version".as_ref(), FormatKind::Text) {
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        Ok(output) => {
            let manager = manager();
            manager.set_output(Arc::new(output));
            manager.log(DebugLevel::Info, None, "x");
            assert_eq!((manager.dropped(), reports(&manager).len()), (1, 1));
        }
    }
}

#[test]
fn each_output_of_a_fan_out_is_reported_once_and_marks_its_own_losses() {
    let (one, two) = (Arc::new(Moody::default()), Arc::new(Moody::default()));
    let manager = manager();
    manager.set_output(Arc::new(FanOut::new(vec![one.clone(), two.clone()])));
    one.set(Some(io::ErrorKind::StorageFull));
    manager.log(DebugLevel::Info, None, "a");
    manager.log(DebugLevel::Info, None, "b");
    two.set(Some(io::ErrorKind::BrokenPipe));
    manager.log(DebugLevel::Info, None, "c");
    one.set(None);
    two.set(None);
    manager.log(DebugLevel::Info, None, "d");
    assert_eq!(
        one.written(),
        [
            "3 entries before this one are lost: output `moody` failed",
            "d"
        ]
    );
    assert_eq!(
        two.written(),
        [
            "a",
            "b",
            "1 entry before this one is lost: output `moody` failed",
            "d"
        ]
    );
    assert_eq!(manager.dropped(), 4);
    assert_eq!(
        reports(&manager),
        [
            "output `moody+moody` fails and entries are lost: moody: no storage space",
            "output `moody+moody` fails and entries are lost: moody: broken pipe"
        ]
    );
}

proptest! {
    #[test]
    fn an_output_that_fails_at_random_loses_exactly_what_it_refused_and_says_how_much(
        moods in proptest::collection::vec(any::<bool>(), 1..60),
        fan_out: bool,
        queued: bool,
    ) {
        let output = Arc::new(Moody::default());
        let mut shape: Arc<dyn DebugOutput> = output.clone();
        if queued {
            shape = Arc::new(Queued::new(shape, QueueLimits::default()).unwrap());
        }
        if fan_out {
            shape = Arc::new(FanOut::new(vec![shape]));
        }
        let manager = manager();
        manager.set_output(shape);
        let mut lost = 0;
        for (number, fails) in moods.iter().enumerate() {
            output.set(fails.then_some(io::ErrorKind::StorageFull));
            manager.log(DebugLevel::Info, None, number);
            lost += u64::from(*fails);
            // The mood holds until the entry is through; what was lost is told by the error.
            let _ = manager.flush();
        }
        output.set(None);
        manager.log(DebugLevel::Info, None, "end");
        manager.flush().unwrap();

        prop_assert_eq!(manager.dropped(), lost);
        prop_assert_eq!(reports(&manager).len(), usize::from(lost > 0));
        let captured = messages(&manager).len() - reports(&manager).len();
        prop_assert_eq!(captured, moods.len() + 1, "the script's entries are all captured");
        // What was written, with as many gaps as it says there are, is what was logged.
        let mut next = 0;
        let mut marked = 0;
        for message in output.written() {
            if let Some((count, _)) = message.split_once(" entr") {
                let count: usize = count.parse().unwrap();
                next += count;
                marked += count as u64;
            } else if message != "end" {
                prop_assert_eq!(&message, &next.to_string());
                next += 1;
            }
        }
        prop_assert_eq!((next, marked), (moods.len(), lost));
    }
}

//! The file that is put aside when it is too long or too old.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::{
    Clock, DebugLevel, DebugManager, FormatKind, ManualClock, RotatingFileOutput, Rotation,
};
use proptest::prelude::*;

use super::support::{clock, reports};

/// A manager that writes there, and the clock that it has.
fn writing(path: &Path, rotation: Rotation) -> (DebugManager, Arc<ManualClock>) {
    let clock = clock();
    let manager = DebugManager::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let output = RotatingFileOutput::open(path, FormatKind::Text, rotation).unwrap();
    manager.set_output(Arc::new(output));
    (manager, clock)
}

/// What a text line has beside its message and its end.
const HEAD: usize = "2023-11-14T22:13:20.000000Z INFO  ".len();

fn numbered(path: &Path, number: u32) -> PathBuf {
    PathBuf::from(format!("{}.{number}", path.display()))
}

/// The messages in a file; each line must be whole.
fn read(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    text.lines()
        .map(|line| line.get(HEAD..).unwrap().to_owned())
        .collect()
}

#[test]
fn a_file_that_would_become_too_long_is_put_aside_and_so_many_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        size: 2 * (HEAD as u64 + 2),
        keep: 2,
        ..Rotation::default()
    };
    let (manager, _) = writing(&path, rotation);
    for number in 0..9 {
        manager.log(DebugLevel::Info, None, number);
    }
    assert_eq!(read(&path), ["8"]);
    assert_eq!(read(&numbered(&path, 1)), ["6", "7"]);
    assert_eq!(read(&numbered(&path, 2)), ["4", "5"]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    assert_eq!(manager.dropped(), 0);
}

#[test]
fn a_file_whose_first_entry_is_too_old_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        age: Some(Duration::from_secs(60)),
        ..Rotation::default()
    };
    let (manager, clock) = writing(&path, rotation);
    for _ in 0..5 {
        manager.log(DebugLevel::Info, None, "x");
        clock.advance(Duration::from_secs(20));
    }
    assert_eq!(read(&numbered(&path, 1)).len(), 3);
    assert_eq!(read(&path).len(), 2);
}

#[test]
fn a_clock_that_goes_backwards_puts_nothing_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        age: Some(Duration::from_secs(1)),
        ..Rotation::default()
    };
    let (manager, clock) = writing(&path, rotation);
    manager.log(DebugLevel::Info, None, "x");
    clock.set_wall(Default::default());
    manager.log(DebugLevel::Info, None, "x");
    assert!(!numbered(&path, 1).exists());
}

#[test]
fn nothing_is_kept_if_nothing_should_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        size: 1,
        keep: 0,
        ..Rotation::default()
    };
    let (manager, _) = writing(&path, rotation);
    for number in 0..3 {
        manager.log(DebugLevel::Info, None, number);
    }
    assert_eq!(read(&path), ["2"]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn what_an_earlier_program_wrote_counts_and_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    fs::write(&path, "x".repeat(100)).unwrap();
    fs::write(numbered(&path, 1), "older").unwrap();
    let rotation = Rotation {
        size: 100,
        ..Rotation::default()
    };
    let (manager, _) = writing(&path, rotation);
    manager.log(DebugLevel::Info, None, "new");
    assert_eq!(read(&path), ["new"]);
    assert_eq!(
        fs::read(numbered(&path, 1)).unwrap(),
        "x".repeat(100).as_bytes()
    );
    assert_eq!(fs::read(numbered(&path, 2)).unwrap(), b"older");
}

#[test]
fn a_missing_number_is_filled_and_what_lies_beyond_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    for number in [1, 3] {
        fs::write(numbered(&path, number), number.to_string()).unwrap();
    }
    let rotation = Rotation {
        size: 1,
        keep: 3,
        ..Rotation::default()
    };
    let (manager, _) = writing(&path, rotation);
    manager.log(DebugLevel::Info, None, "a");
    manager.log(DebugLevel::Info, None, "b");
    assert_eq!(fs::read(numbered(&path, 2)).unwrap(), b"1");
    assert_eq!(fs::read(numbered(&path, 3)).unwrap(), b"3");
}

/// A manager whose file should be put aside with every entry, and never can be.
fn writing_without_a_place(path: &Path) -> (DebugManager, Arc<ManualClock>) {
    // A directory in the only place, which no file can take.
    fs::create_dir_all(numbered(path, 1).join("full")).unwrap();
    let rotation = Rotation {
        size: 1,
        keep: 1,
        ..Rotation::default()
    };
    writing(path, rotation)
}

#[test]
fn a_file_that_cannot_be_put_aside_grows_on_and_that_is_reported_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let (manager, clock) = writing_without_a_place(&path);
    for number in 0..5 {
        manager.log(DebugLevel::Info, None, number);
        clock.advance(Duration::from_secs(11));
    }
    assert_eq!(read(&path), ["0", "1", "2", "3", "4"]);
    assert_eq!(manager.dropped(), 0);
    let reported = reports(&manager);
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(
        reported[0].contains("is in trouble: the file cannot be put aside and grows on"),
        "{reported:?}"
    );

    fs::remove_dir_all(numbered(&path, 1)).unwrap();
    manager.log(DebugLevel::Info, None, "5");
    assert_eq!(read(&path), ["5"], "it works again after a while");
    assert_eq!(read(&numbered(&path, 1)).len(), 5);
}

#[test]
fn a_failure_is_not_tried_again_with_every_entry() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let (manager, clock) = writing_without_a_place(&path);
    manager.log(DebugLevel::Info, None, "0");
    manager.log(DebugLevel::Info, None, "1");
    fs::remove_dir_all(numbered(&path, 1)).unwrap();
    manager.log(DebugLevel::Info, None, "2");
    assert!(!numbered(&path, 1).exists());
    clock.advance(Duration::from_secs(10));
    manager.log(DebugLevel::Info, None, "3");
    assert!(numbered(&path, 1).exists());
}

#[test]
fn threads_that_share_a_file_lose_nothing_and_split_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        size: 4_000,
        keep: 900,
        ..Rotation::default()
    };
    let (manager, _) = writing(&path, rotation);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let manager = &manager;
            scope.spawn(move || {
                for number in 0..500 {
                    manager.log(DebugLevel::Info, None, format_args!("{thread} {number}"));
                }
            });
        }
    });
    let mut seen = Vec::new();
    let files = fs::read_dir(directory.path()).unwrap();
    for file in files {
        let path = file.unwrap().path();
        assert!(fs::metadata(&path).unwrap().len() <= 4_000);
        seen.extend(read(&path));
    }
    let mut expected: Vec<_> = (0..4)
        .flat_map(|thread| (0..500).map(move |number| format!("{thread} {number}")))
        .collect();
    seen.sort();
    expected.sort();
    assert!(seen == expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_kept_files_hold_the_latest_entries_in_order_and_within_their_size(
        lengths in proptest::collection::vec(0_usize..200, 1..40),
        size in 1_u64..600,
        keep in 0_u32..6,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("debug.log");
        let (manager, _) = writing(&path, Rotation { size, age: None, keep });
        let messages: Vec<String> = lengths
            .iter()
            .enumerate()
            .map(|(number, length)| format!("{number}{}", "x".repeat(*length)))
            .collect();
        for message in &messages {
            manager.log(DebugLevel::Info, None, message);
        }
        let mut kept = Vec::new();
        for number in (1..=keep).rev().filter(|number| numbered(&path, *number).exists()) {
            kept.extend(read(&numbered(&path, number)));
        }
        kept.extend(read(&path));
        prop_assert!(messages.ends_with(&kept));
        prop_assert!(!numbered(&path, keep + 1).exists());
        for file in fs::read_dir(directory.path()).unwrap() {
            let path = file.unwrap().path();
            let (bytes, lines) = (fs::metadata(&path).unwrap().len(), read(&path).len());
            prop_assert!(bytes <= size || lines == 1, "{bytes} bytes in {lines} lines");
        }
    }
}

#[test]
fn two_programs_that_share_a_file_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.log");
    let rotation = Rotation {
        size: 3 * (HEAD as u64 + 3),
        keep: 99,
        ..Rotation::default()
    };
    // Each has a handle of its own, as two programs have.
    let ((one, _), (two, _)) = (writing(&path, rotation.clone()), writing(&path, rotation));
    for number in 10..50 {
        let manager = if number % 3 == 0 { &one } else { &two };
        manager.log(DebugLevel::Info, None, number);
    }
    let mut seen = Vec::new();
    for number in (1..99)
        .rev()
        .filter(|number| numbered(&path, *number).exists())
    {
        seen.extend(read(&numbered(&path, number)));
    }
    seen.extend(read(&path));
    let expected: Vec<_> = (10..50).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
}

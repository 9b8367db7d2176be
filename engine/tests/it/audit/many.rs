//! Many writers at once.

use std::path::Path;
use std::process::Command;
use std::thread;

use llmspell_engine::{AuditSettings, verify_audit_log};

use super::{FILE, Logged, opened, refusal};

const ROOT: &str = "LLMSPELL_TEST_AUDIT_ROOT";
const SIZE: &str = "LLMSPELL_TEST_AUDIT_SIZE";
const EACH: u64 = 1_000;

fn settings(max_size: u64) -> AuditSettings {
    AuditSettings {
        file: Some(FILE.into()),
        max_size,
        keep: 999,
        ..AuditSettings::default()
    }
}

fn append(root: &Path, max_size: u64) {
    for _ in 0..EACH {
        let log = opened(root, &settings(max_size)).unwrap();
        log.record(&refusal("no")).unwrap();
    }
}

/// What the processes of the test below do; without its environment it is nothing.
#[test]
fn a_process_appends_where_its_environment_says() {
    if let (Some(root), Ok(size)) = (std::env::var_os(ROOT), std::env::var(SIZE)) {
        append(Path::new(&root), size.parse().unwrap());
    }
}

#[test]
fn eight_processes_append_eight_thousand_records_and_none_is_lost() {
    for size in [16 << 20, 64 << 10] {
        let logged = Logged::new();
        let mut children: Vec<_> = (0..8)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args([
                        "--exact",
                        "audit::many::a_process_appends_where_its_environment_says",
                    ])
                    .env(ROOT, logged.folder.path())
                    .env(SIZE, size.to_string())
                    .stdout(std::process::Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in &mut children {
            assert!(child.wait().unwrap().success());
        }
        let report = verify_audit_log(&logged.path(), None).unwrap();
        assert_eq!((report.fault, report.records), (None, 8 * EACH));
        assert_eq!((report.torn.len(), report.last), (0, Some(8 * EACH)));
    }
}

#[test]
fn a_process_that_is_killed_loses_no_record_that_was_there_and_breaks_no_chain() {
    let logged = Logged::new();
    logged.refuse(1);
    for _ in 0..10 {
        let before = std::fs::metadata(logged.path()).unwrap().len();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "audit::many::a_process_appends_where_its_environment_says",
            ])
            .env(ROOT, logged.folder.path())
            .env(SIZE, (1_u64 << 30).to_string())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while std::fs::metadata(logged.path()).unwrap().len() < before + 10_000 {
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let bytes = std::fs::read(logged.path()).unwrap();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
        logged.refuse(1);
        let report = logged.verify();
        assert_eq!(report.fault, None);
        assert!(report.records >= lines, "{report:?}");
    }
}

#[test]
fn eight_threads_share_one_log() {
    let logged = Logged::with(AuditSettings {
        max_size: 32 << 10,
        keep: 999,
        ..AuditSettings::default()
    });
    let log = logged.log();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..EACH / 4 {
                    log.record(&refusal("no")).unwrap();
                }
            });
        }
    });
    let report = logged.verify();
    assert_eq!((report.fault, report.records), (None, 2 * EACH));
}

#[test]
fn a_log_is_verified_while_it_is_written() {
    let logged = Logged::with(AuditSettings {
        max_size: 32 << 10,
        keep: 999,
        ..AuditSettings::default()
    });
    logged.refuse(1);
    thread::scope(|scope| {
        let writer = scope.spawn(|| logged.refuse(300));
        while !writer.is_finished() {
            let report = logged.verify();
            assert!(report.is_whole(), "{report:?}");
        }
    });
    assert_eq!(logged.verify().records, 301);
}

//! A log that is put aside, file by file.

use std::fs;

use llmspell_engine::{AuditErrorKind, AuditSettings, read_audit_log};
use serde_json::json;

use super::{Logged, records, refusal};

fn small(keep: u32) -> Logged {
    Logged::with(AuditSettings {
        max_size: 1_400,
        keep,
        ..AuditSettings::default()
    })
}

#[test]
fn a_chain_goes_on_from_file_to_file() {
    let logged = small(10);
    logged.refuse(9);
    let report = logged.verify();
    assert_eq!((report.records, report.is_whole()), (9, true));
    assert_eq!(
        report.files,
        [1, 2, 3, 4]
            .map(|volume| format!("decisions.jsonl.{volume}"))
            .into_iter()
            .chain(["decisions.jsonl".to_owned()])
            .collect::<Vec<_>>()
    );
    for volume in 1..4 {
        let (before, after) = (
            records(&logged.file(volume)),
            records(&logged.file(volume + 1)),
        );
        let continues = json!({
            "file": format!("decisions.jsonl.{volume}"),
            "hash": before.last().unwrap()["hash"],
            "kept_from": 1,
        });
        assert_eq!(after[0]["continues"], continues);
        assert_eq!(after[0]["previous"], continues["hash"]);
    }
}

#[test]
fn only_so_many_files_are_kept_and_the_chain_says_so() {
    for keep in [0, 1, 3] {
        let logged = small(keep);
        logged.refuse(20);
        let report = logged.verify();
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.files.len(), keep as usize + 1);
        assert_eq!(
            (report.first, report.last),
            (Some(19 - 2 * u64::from(keep)), Some(20))
        );
    }
}

#[test]
fn files_and_their_beginnings_cannot_be_taken_away() {
    let logged = small(10);
    logged.refuse(8);
    for volume in 1..=3 {
        let text = fs::read_to_string(logged.file(volume)).unwrap();
        fs::remove_file(logged.file(volume)).unwrap();
        let fault = logged.fault();
        assert!(fault.2.contains("is missing before it"), "{fault:?}");
        let end: String = text.split_inclusive('\n').skip(1).collect();
        fs::write(logged.file(volume), end).unwrap();
        assert!(!logged.verify().is_whole(), "the beginning of {volume}");
        let beginning: String = text.split_inclusive('\n').take(1).collect();
        fs::write(logged.file(volume), beginning).unwrap();
        assert!(!logged.verify().is_whole(), "the end of {volume}");
        fs::write(logged.file(volume), text).unwrap();
    }
    assert!(logged.verify().is_whole());
    let (two, three) = (
        fs::read(logged.file(2)).unwrap(),
        fs::read(logged.file(3)).unwrap(),
    );
    fs::write(logged.file(2), three).unwrap();
    fs::write(logged.file(3), two).unwrap();
    assert!(!logged.verify().is_whole(), "swapped");
}

#[test]
fn a_writer_that_is_stopped_between_two_files_loses_nothing() {
    let logged = small(10);
    logged.refuse(4);
    for is_empty in [false, true] {
        let before = logged.verify().records;
        let last = logged.verify().files.len() as u32;
        fs::rename(logged.path(), logged.file(last)).unwrap();
        if is_empty {
            fs::write(logged.path(), "").unwrap();
        }
        assert!(logged.fault().2.contains("missing or empty"));
        logged.refuse(1);
        let report = logged.verify();
        assert_eq!(
            (report.records, report.is_whole()),
            (before + 1, true),
            "{report:?}"
        );
    }
}

#[test]
fn a_torn_file_that_is_put_aside_is_chained_over() {
    let logged = small(10);
    logged.refuse(2);
    let mut bytes = fs::read(logged.path()).unwrap();
    bytes.truncate(bytes.len() - 5);
    fs::write(logged.path(), &bytes).unwrap();
    logged.refuse(1);
    let report = logged.verify();
    assert_eq!(report.files.len(), 2);
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.records, report.torn.len()), (2, 1));
}

#[test]
fn a_name_that_is_taken_stops_the_log_and_overwrites_nothing() {
    let logged = small(10);
    logged.refuse(2);
    fs::write(logged.file(1), "mine").unwrap();
    let error = logged.log().record(&refusal("no")).unwrap_err();
    assert_eq!(error.kind, AuditErrorKind::Disk);
    assert_eq!(fs::read_to_string(logged.file(1)).unwrap(), "mine");
    fs::remove_file(logged.file(1)).unwrap();
    logged.refuse(1);
    assert_eq!(logged.verify().records, 3);
}

#[test]
fn the_newest_records_are_read_over_files() {
    let logged = small(10);
    logged.refuse(7);
    for last in [0, 1, 2, 3, 7, 100] {
        let read = read_audit_log(&logged.path(), last).unwrap();
        let numbers: Vec<u64> = read
            .iter()
            .map(|record| record["sequence"].as_u64().unwrap())
            .collect();
        let from = 8 - last.min(7) as u64;
        assert_eq!(numbers, (from..8).collect::<Vec<_>>());
    }
}

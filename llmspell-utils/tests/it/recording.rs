//! Recordings: what is written is read, what is damaged is named, and a killed writer loses one record at most.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::{
    DebugLevel, DebugManager, FanOut, NullOutput, Record, RecordKind, RecordingError,
    RecordingErrorKind, RecordingReader, RecordingWriter, Redactor, SystemClock,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{clock, manager};

const CHILD: &str = "LLMSPELL_TEST_RECORDING";

#[cfg(unix)]
const FULL: &str = "LLMSPELL_TEST_RECORDING_ON_A_FULL_DISK";

fn writer(path: &Path) -> RecordingWriter {
    RecordingWriter::create(
        path,
        &json!({ "program": "test" }),
        Arc::new(Redactor::builtin()),
        clock(),
    )
    .unwrap()
}

/// The bytes of a recording of so many events.
fn recorded(events: u64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    for number in 0..events {
        let body = json!({ "n": number, "text": format!("what happened as number {number}") });
        writer.record(RecordKind::Event, body).unwrap();
    }
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<Result<Record, RecordingError>>, RecordingError> {
    RecordingReader::new(Cursor::new(bytes)).map(Iterator::collect)
}

fn whole(items: &[Result<Record, RecordingError>]) -> Vec<&Record> {
    items.iter().filter_map(|item| item.as_ref().ok()).collect()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    for kind in RecordKind::ALL {
        if !matches!(kind, RecordKind::Header | RecordKind::End) {
            writer
                .record(
                    kind.clone(),
                    json!({ "kind": kind.as_str(), "text": "日本\n\u{1b}" }),
                )
                .unwrap();
        }
    }
    writer
        .record(RecordKind::Other("later".into()), Value::Null)
        .unwrap();
    let summary = writer.finish().unwrap();
    assert_eq!(
        (summary.records, summary.lost, summary.failure),
        (9, 0, None)
    );
    assert_eq!(summary.bytes, fs::metadata(&path).unwrap().len());

    let mut reader = RecordingReader::open(&path).unwrap();
    let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
    assert!(reader.is_ended());
    let kinds: Vec<&str> = records.iter().map(|record| record.kind.as_str()).collect();
    let expected = [
        "header",
        "entry",
        "timer",
        "profile",
        "event",
        "decision",
        "script_output",
        "later",
        "end",
    ];
    assert_eq!(kinds, expected);
    assert!(
        records
            .iter()
            .zip(0..)
            .all(|(record, number)| record.seq == number)
    );
    assert_eq!(records[0].body["version"], 1);
    assert_eq!(records[0].body["id"], reader.id().to_string());
    assert_eq!(records[1].body["text"], "日本\n\u{1b}");
    assert_eq!(records[1].time.to_string(), "2023-11-14T22:13:20.000000Z");
    assert_eq!(records[8].body, json!({ "records": 9, "lost": 0 }));
}

#[test]
fn entries_of_a_manager_are_recorded_redacted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = Arc::new(writer(&path));
    let manager = manager();
    manager.set_output(Arc::new(FanOut::new(vec![
        Arc::new(NullOutput),
        writer.clone(),
    ])));
    manager.log(DebugLevel::Warn, Some("m"), "login with password=hunter2");
    writer
        .record(
            RecordKind::Event,
            json!({ "tool_input": { "api_key": "abcd" } }),
        )
        .unwrap();
    manager.flush().unwrap();
    let records: Vec<Record> = RecordingReader::open(&path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let body = &records[1].body;
    assert_eq!(
        (&body["message"], &body["level"], &body["module"]),
        (
            &json!("login with password=[redacted:password]"),
            &json!("WARN"),
            &json!("m")
        )
    );
    assert_eq!(
        records[2].body,
        json!({ "tool_input": { "api_key": "[redacted:key]" } })
    );
}

#[test]
fn a_file_that_exists_is_never_overwritten_and_a_new_one_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let first = writer(&path);
    let again =
        RecordingWriter::create(&path, &Value::Null, Arc::new(Redactor::builtin()), clock());
    assert_eq!(again.unwrap_err().kind(), RecordingErrorKind::Io);
    first.finish().unwrap();
    assert_eq!(RecordingReader::open(&path).unwrap().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_said_and_what_comes_after_the_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    writer
        .record(RecordKind::Event, json!("x".repeat(2 << 20)))
        .unwrap();
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    writer.record(RecordKind::Event, deep).unwrap();
    writer.finish().unwrap();
    assert!(writer.record(RecordKind::Event, json!(1)).is_err());
    assert_eq!(writer.summary().lost, 1);
    let records: Vec<Record> = RecordingReader::open(&path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(records[1].body["left_out"], "large");
    assert!(records[1].body["bytes"].as_u64().unwrap() > 2 << 20);
    assert_eq!(records[2].body, json!({ "left_out": "deep" }));
}

#[test]
fn text_that_compresses_badly_and_text_that_compresses_well_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    let mut state = 1_u64;
    let mut bodies = Vec::new();
    for length in [0, 1, 100, 511, 512, 4_000, 70_000, 400_000] {
        let noise: String = (0..length)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from_u32(0x4e00 + (state >> 50) as u32).unwrap()
            })
            .take(length.min(300_000))
            .collect();
        bodies.push(json!([noise, "a".repeat(length)]));
    }
    bodies.retain(|body| body.to_string().len() < 1_000_000);
    for body in &bodies {
        writer.record(RecordKind::Event, body.clone()).unwrap();
    }
    let read: Vec<Value> = RecordingReader::open(&path)
        .unwrap()
        .skip(1)
        .map(|record| record.unwrap().body)
        .collect();
    assert!(read == bodies && bodies.len() >= 7);
}

#[test]
fn a_recording_can_be_read_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    for number in 0..600 {
        writer.record(RecordKind::Event, json!(number)).unwrap();
        if number % 100 == 0 {
            let mut reader = RecordingReader::open(&path).unwrap();
            assert_eq!(reader.by_ref().map(Result::unwrap).count(), number + 2);
            assert!(!reader.is_ended());
        }
    }
}

#[test]
fn threads_record_together_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                for number in 0..500 {
                    writer
                        .record(RecordKind::Event, json!([thread, number]))
                        .unwrap();
                }
            });
        }
    });
    writer.finish().unwrap();
    let records: Vec<Record> = RecordingReader::open(&path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(records.len(), 2002);
    for thread in 0..4 {
        let numbers: Vec<u64> = records
            .iter()
            .filter(|record| record.body[0] == json!(thread))
            .map(|record| record.body[1].as_u64().unwrap())
            .collect();
        assert!(numbers.iter().copied().eq(0..500));
    }
}

#[test]
fn a_recording_cut_anywhere_gives_every_whole_record_and_one_word_about_the_rest() {
    let bytes = recorded(20);
    let all = read(&bytes).unwrap();
    let all = whole(&all);
    let mut seen = Vec::new();
    for length in 0..bytes.len() {
        let cut = &bytes[..length];
        let Ok(items) = read(cut) else {
            assert!(length < 32, "{length}");
            assert_eq!(
                read(cut).unwrap_err().kind(),
                RecordingErrorKind::NotARecording
            );
            continue;
        };
        let records = whole(&items);
        assert_eq!(records, all[..records.len()], "cut at {length}");
        seen.push(records.len());
        match items.last() {
            Some(Err(error)) => {
                assert_eq!(error.kind(), RecordingErrorKind::Torn, "cut at {length}");
                assert_eq!(error.offset() + error.bytes(), length as u64);
                assert_eq!(items.len(), records.len() + 1);
            }
            _ => assert_eq!(items.len(), records.len()),
        }
    }
    assert!(seen.is_sorted() && seen.last() == Some(&(all.len() - 1)));
}

#[test]
fn no_flipped_byte_passes_for_what_was_written() {
    let bytes = recorded(12);
    let all = read(&bytes).unwrap();
    let all = whole(&all);
    for (index, mask) in
        (0..bytes.len()).flat_map(|index| [1_u8, 0x80, 0xff].map(|mask| (index, mask)))
    {
        let mut flipped = bytes.clone();
        flipped[index] ^= mask;
        let Ok(items) = read(&flipped) else {
            assert!(index < 32);
            continue;
        };
        assert!(
            items.iter().any(Result::is_err),
            "byte {index} with {mask:x}"
        );
        let records = whole(&items);
        // Damage costs what follows it in its segment; what came before is read.
        assert_eq!(records, all[..records.len()], "byte {index} with {mask:x}");
        let error = items.iter().find_map(|item| item.as_ref().err()).unwrap();
        let damage = error.offset()..error.offset() + error.bytes();
        assert!(damage.contains(&(index as u64)), "byte {index}: {error:?}");
    }
}

#[test]
fn after_damage_reading_goes_on_with_the_next_segment() {
    let bytes = recorded(1_000);
    let all = read(&bytes).unwrap();
    let all = whole(&all);
    let mut damaged = bytes;
    damaged[400] ^= 0x55;
    let items = read(&damaged).unwrap();
    let records = whole(&items);
    let errors: Vec<&RecordingError> = items
        .iter()
        .filter_map(|item| item.as_ref().err())
        .collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), RecordingErrorKind::Damaged);
    assert_eq!(records.last(), all.last());
    assert!(
        records.len() > 700 && records.len() < 1_000,
        "{}",
        records.len()
    );
    assert!(
        records
            .iter()
            .all(|record| all[record.seq as usize] == *record)
    );
}

#[test]
fn a_length_that_promises_gigabytes_costs_nothing() {
    let mut bytes = recorded(1);
    bytes[32..36].copy_from_slice(&(u32::MAX).to_le_bytes());
    let items = read(&bytes).unwrap();
    assert_eq!(
        items[0].as_ref().unwrap_err().kind(),
        RecordingErrorKind::TooLarge
    );
    assert_eq!(items.len(), 1);
}

#[test]
fn what_is_no_recording_and_what_is_of_a_later_version_is_said() {
    for bytes in [
        &b""[..],
        b"LLMREC",
        &[0; 100],
        b"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}",
    ] {
        assert_eq!(
            read(bytes).unwrap_err().kind(),
            RecordingErrorKind::NotARecording
        );
    }
    let mut later = recorded(0);
    later[8] = 2;
    let checksum = crc32fast::hash(&later[..28]).to_le_bytes();
    later[28..32].copy_from_slice(&checksum);
    let error = read(&later).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            RecordingErrorKind::Version,
            "the recording has version 2, which this program does not know"
        )
    );
    assert_eq!(
        RecordingReader::open(Path::new("/nowhere/a.llmrec"))
            .unwrap_err()
            .kind(),
        RecordingErrorKind::Io
    );
}

#[test]
fn a_forged_record_with_the_last_number_there_is_is_read() {
    let mut file = recorded(0)[..32].to_vec();
    let id = file[12..28].to_vec();
    let seq = u64::MAX;
    let text = format!(
        r#"{{"seq":{seq},"time":"2026-01-01T00:00:00.000000Z","kind":"event","body":{{}}}}"#
    );
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let payload = packed.finish().unwrap();
    let length = u32::try_from(payload.len()).unwrap();
    let frame = |length: u32| {
        let checked = [&length.to_le_bytes()[..], &id, &seq.to_le_bytes(), &payload].concat();
        let checksum = crc32fast::hash(&checked).to_le_bytes();
        [&length.to_le_bytes()[..], &checksum].concat()
    };
    file.extend(frame(length | 1 << 31));
    file.extend([&id[..], &seq.to_le_bytes(), &payload].concat());
    file.extend(frame(length));
    file.extend(&payload);
    let items = read(&file).unwrap();
    assert_eq!(items[0].as_ref().unwrap().seq, seq);
    assert_eq!(
        items[1].as_ref().unwrap_err().kind(),
        RecordingErrorKind::Damaged
    );
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_no_recording_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let error = RecordingReader::open(&pipe).unwrap_err();
    assert_eq!(error.kind(), RecordingErrorKind::NotARecording);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_of_any_kind_never_passes_a_wrong_record(
        edits in prop::collection::vec((0_usize..20_000, any::<u8>(), 0_u8..4), 1..6),
    ) {
        let bytes = recorded(40);
        let all = read(&bytes).unwrap();
        let all = whole(&all);
        let mut damaged = bytes;
        for (at, byte, how) in edits {
            let at = at % damaged.len().max(1);
            match how {
                0 => damaged[at] = byte,
                1 => damaged.insert(at, byte),
                2 => { damaged.remove(at); }
                _ => { let piece = damaged[at..(at + 40).min(damaged.len())].to_vec(); damaged.splice(at..at, piece); }
            }
        }
        if let Ok(items) = read(&damaged) {
            for record in whole(&items) {
                prop_assert_eq!(record, all[record.seq as usize]);
            }
        }
    }

    #[test]
    fn any_bytes_behind_a_right_beginning_are_read_without_a_fault(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut bytes = recorded(0)[..32].to_vec();
        bytes.extend(noise);
        let items = read(&bytes).unwrap();
        prop_assert!(whole(&items).is_empty());
    }
}

#[test]
fn every_record_follows_the_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/schemas/recording.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = Arc::new(writer(&path));
    let manager = DebugManager::new();
    manager.set_output(writer.clone());
    let entry = manager
        .entry(DebugLevel::Info, "m")
        .with_module("a")
        .with_data(json!({"x": 1}))
        .with_correlation("c");
    manager
        .log_entry(entry.with_place(llmspell_utils::debug::Place::new("a.lua", 3).with_column(2)));
    writer.record(RecordKind::Timer, json!({"name": "t", "count": 1, "total_us": 2.5, "min_us": 2.5, "max_us": 2.5, "mean_us": 2.5, "p50_us": 2.5, "p95_us": 2.5, "p99_us": 2.5})).unwrap();
    writer
        .record(
            RecordKind::Profile,
            json!({"title": "a.lua", "total_us": 3.0, "stacks": ["a;b 3"]}),
        )
        .unwrap();
    writer
        .record(
            RecordKind::Event,
            json!({"number": 1, "event": {"hook_event_name": "Stop"}}),
        )
        .unwrap();
    writer
        .record(
            RecordKind::Decision,
            json!({"number": 1, "decision": {"decision": "allow"}}),
        )
        .unwrap();
    writer
        .record(
            RecordKind::ScriptOutput,
            json!({"stream": "out", "text": "hello"}),
        )
        .unwrap();
    writer
        .record(RecordKind::Event, json!("x".repeat(2 << 20)))
        .unwrap();
    writer.finish().unwrap();
    for record in RecordingReader::open(&path).unwrap() {
        let record: Value = serde_json::from_str(&record.unwrap().to_json()).unwrap();
        let faults: Vec<String> = schema
            .iter_errors(&record)
            .map(|error| error.to_string())
            .collect();
        assert!(faults.is_empty(), "{record}: {faults:?}");
    }
    for wrong in [
        json!({}),
        json!({"seq": 0, "time": "2023-11-14T22:13:20.000000Z", "kind": "entry", "body": {"level": "LOUD"}}),
        json!({"seq": -1, "time": "2023-11-14T22:13:20.000000Z", "kind": "later", "body": null}),
        json!({"seq": 0, "time": 3, "kind": "later", "body": null}),
        json!({"seq": 0, "time": "2023-11-14T22:13:20.000000Z", "kind": "end", "body": {"records": 1}}),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

/// Not a test of its own: what the test below starts and kills.
#[test]
fn child_that_records_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let clock = Arc::new(SystemClock::new());
    let writer = RecordingWriter::create(
        Path::new(&path),
        &Value::Null,
        Arc::new(Redactor::builtin()),
        clock,
    )
    .unwrap();
    let mut acknowledged = fs::File::create(Path::new(&path).with_extension("count")).unwrap();
    for number in 0_u64.. {
        let body = json!({ "n": number, "filler": "x".repeat((number % 700) as usize) });
        writer.record(RecordKind::Event, body).unwrap();
        std::io::Write::write_all(&mut acknowledged, b".").unwrap();
    }
}

#[test]
fn a_killed_writer_loses_at_most_the_record_that_it_was_writing() {
    let folder = tempfile::tempdir().unwrap();
    for (round, wait) in [20_u64, 35, 50, 80, 130].into_iter().enumerate() {
        let path = folder.path().join(format!("{round}.llmrec"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "recording::child_that_records_until_it_is_killed",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let count = path.with_extension("count");
        while fs::metadata(&count).map_or(0, |data| data.len()) < 50 {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = fs::metadata(&count).unwrap().len();
        let items: Vec<_> = RecordingReader::open(&path).unwrap().collect();
        let records = whole(&items);
        assert!(
            records.len() as u64 > acknowledged,
            "{} of {acknowledged}",
            records.len()
        );
        assert!(items.len() <= records.len() + 1);
        assert!(
            records
                .iter()
                .zip(0..)
                .all(|(record, number)| record.seq == number)
        );
        if let Some(Err(error)) = items.last() {
            assert_eq!(error.kind(), RecordingErrorKind::Torn);
        }
    }
}

/// Text of so many bytes that hardly gets smaller.
#[cfg(unix)]
fn dense(bytes: usize) -> String {
    let mut number = 1_u64;
    let mut next = || {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + (number >> 33) as u8 % 64)
    };
    (0..bytes).map(|_| next()).collect()
}

/// Runs a test of this file where no file can have more than 16 blocks, as on a full disk.
#[cfg(unix)]
fn on_a_full_disk(test: &str, path: &Path) {
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("recording::{test}")])
        .env(FULL, path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{child:?}"
    );
}

/// Not a test of its own: the test below starts it where no file can have more than some kilobytes.
#[cfg(unix)]
#[test]
fn child_that_records_on_a_full_disk() {
    let Some(path) = std::env::var_os(FULL) else {
        return;
    };
    let writer = writer(Path::new(&path));
    writer.record(RecordKind::Event, json!("before")).unwrap();
    let length = writer.summary().bytes;
    for _ in 0..3 {
        // A part of it arrives.
        let refused = writer.record(RecordKind::Event, json!(dense(100_000)));
        assert!(refused.is_err());
        assert_eq!(
            fs::metadata(&path).unwrap().len(),
            length,
            "nothing is left of it"
        );
        assert_eq!(writer.summary().bytes, length);
    }
    writer.record(RecordKind::Event, json!("between")).unwrap();
    assert!(
        writer
            .record(RecordKind::Event, json!(dense(100_000)))
            .is_err()
    );
    for number in 0..5 {
        writer
            .record(RecordKind::Event, json!({ "after": number }))
            .unwrap();
    }
    let summary = writer.finish().unwrap();
    assert_eq!((summary.records, summary.lost), (9, 4));
    assert_eq!(summary.bytes, fs::metadata(&path).unwrap().len());
    assert!(summary.failure.is_some());
}

#[cfg(unix)]
#[test]
fn what_a_full_disk_refuses_is_counted_and_everything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    on_a_full_disk("child_that_records_on_a_full_disk", &path);
    let records: Vec<Record> = RecordingReader::open(&path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let numbers: Vec<_> = records.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, [0, 1, 5, 7, 8, 9, 10, 11, 12], "four are missing");
    let end = records.last().unwrap();
    assert_eq!(end.body, json!({ "records": 9, "lost": 4 }));
}

#[cfg(unix)]
#[test]
fn a_recording_that_cannot_begin_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let about = json!({ "text": dense(100_000) });
    // In a process of its own, because the limit holds for all of its files.
    if let Some(path) = std::env::var_os(FULL) {
        let redactor = Arc::new(Redactor::builtin());
        let made = RecordingWriter::create(Path::new(&path), &about, redactor, clock());
        assert_eq!(made.unwrap_err().kind(), RecordingErrorKind::Io);
        assert!(!Path::new(&path).exists());
        return;
    }
    on_a_full_disk("a_recording_that_cannot_begin_leaves_no_file", &path);
}

#[test]
fn nothing_comes_between_the_last_record_and_its_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.llmrec");
    let writer = writer(&path);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| while writer.record(RecordKind::Event, json!(1)).is_ok() {});
        }
        std::thread::sleep(Duration::from_millis(5));
        writer.finish().unwrap();
    });
    let summary = writer.finish().unwrap();
    assert_eq!(summary.lost, 4, "finishing again is no loss");
    let mut reader = RecordingReader::open(&path).unwrap();
    let records: Vec<Record> = reader.by_ref().map(Result::unwrap).collect();
    assert!(reader.is_ended());
    assert_eq!(
        records.last().unwrap().body,
        json!({ "records": records.len(), "lost": 0 })
    );
}

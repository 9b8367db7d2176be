//! A log that somebody has changed, cut, mixed or torn.

use std::fs;

use llmspell_engine::verify_audit_log;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Logged, refusal};

/// A log of two records in the file that was put aside, and of two in the current one.
fn two_files() -> Logged {
    let logged = Logged::with(llmspell_engine::AuditSettings {
        max_size: 1_400,
        ..Default::default()
    });
    logged.refuse(4);
    assert_eq!(logged.verify().files.len(), 2);
    assert_eq!(logged.records().len(), 2);
    logged
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let logged = two_files();
    let report = logged.verify();
    assert_eq!(
        (report.records, report.first, report.last, report.fault),
        (4, Some(1), Some(4), None)
    );
    let records = logged.records();
    assert_eq!(report.last_hash.as_deref(), records[1]["hash"].as_str());
    assert_eq!(records[1]["previous"], records[0]["hash"]);
}

#[test]
fn a_digest_can_be_made_by_hand() {
    use sha2::Digest as _;

    let logged = Logged::new();
    logged.refuse(1);
    let text = fs::read_to_string(logged.path()).unwrap();
    let (sealed, hash) = text.split_once(",\"hash\":\"sha256:").unwrap();
    let digest = sha2::Sha256::digest(sealed.as_bytes());
    assert_eq!(
        hash,
        format!("{}\"}}\n", data_encoding::HEXLOWER.encode(&digest))
    );
}

#[test]
fn every_byte_that_is_changed_is_found() {
    let logged = two_files();
    for path in [logged.file(1), logged.path()] {
        let bytes = fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= if place % 2 == 0 { 0x01 } else { 0x20 };
            fs::write(&path, &changed).unwrap();
            assert!(!logged.verify().is_whole(), "byte {place} of {path:?}");
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert!(logged.verify().is_whole());
}

#[test]
fn a_changed_line_is_named() {
    let logged = two_files();
    let text = fs::read_to_string(logged.file(1)).unwrap();
    let (before, after) = text.rsplit_once("claude").unwrap();
    fs::write(logged.file(1), format!("{before}cursor{after}")).unwrap();
    assert_eq!(
        logged.fault(),
        (
            "decisions.jsonl.1".to_owned(),
            Some(2),
            "the line is no record of this log, or was changed after it was written".to_owned()
        )
    );
}

#[test]
fn lines_that_are_removed_swapped_repeated_or_added_are_found() {
    let logged = Logged::new();
    logged.refuse(5);
    let text = fs::read_to_string(logged.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut changed: Vec<(String, Vec<&str>)> = Vec::new();
    for one in 0..lines.len() {
        if one + 1 < lines.len() {
            let mut less = lines.clone();
            less.remove(one);
            changed.push((format!("without {one}"), less));
        }
        for other in 0..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(one, other);
            if one != other {
                changed.push((format!("{one} and {other} swapped"), swapped));
            }
            let mut more = lines.clone();
            more.insert(other, lines[one]);
            changed.push((format!("{one} again before {other}"), more));
        }
        let mut more = lines.clone();
        more.insert(one, "{}");
        changed.push((format!("a line before {one}"), more));
        let mut more = lines.clone();
        more.insert(one, "");
        changed.push((format!("an empty line before {one}"), more));
    }
    for (what, lines) in changed {
        fs::write(logged.path(), lines.join("\n") + "\n").unwrap();
        assert!(!logged.verify().is_whole(), "{what}");
    }
}

#[test]
fn a_record_of_another_log_is_found() {
    let (logged, other) = (Logged::new(), Logged::new());
    logged.refuse(3);
    other.refuse(3);
    let own = fs::read_to_string(logged.path()).unwrap();
    let foreign = fs::read_to_string(other.path()).unwrap();
    let mut lines: Vec<&str> = own.lines().collect();
    lines[2] = foreign.lines().nth(2).unwrap();
    fs::write(logged.path(), lines.join("\n") + "\n").unwrap();
    assert_eq!(
        logged.fault(),
        (
            "decisions.jsonl".to_owned(),
            Some(3),
            "the record was not written behind the one before it".to_owned()
        )
    );
}

#[test]
fn a_log_that_is_cut_anywhere_is_found_and_goes_on() {
    let logged = Logged::new();
    logged.refuse(2);
    let last = logged.verify().last_hash.unwrap();
    let bytes = fs::read(logged.path()).unwrap();
    for length in 0..bytes.len() {
        let kept = &bytes[..length];
        fs::write(logged.path(), kept).unwrap();
        let whole = kept.iter().filter(|byte| **byte == b'\n').count() as u64;
        let is_line = kept.ends_with(b"\n");
        // Nobody can see that whole lines are missing at the end, unless the last digest is known.
        assert_eq!(logged.verify().is_whole(), is_line, "{length}");
        let expected = verify_audit_log(&logged.path(), Some(&last)).unwrap();
        assert!(!expected.is_whole(), "{length}");

        logged.log().record(&refusal("after")).unwrap();
        let report = logged.verify();
        assert!(report.is_whole(), "{length}: {report:?}");
        let is_complete = bytes[length] == b'\n';
        assert_eq!(
            report.records,
            whole + 1 + u64::from(is_complete),
            "{length}"
        );
        assert_eq!(
            report.torn.len(),
            usize::from(!is_line && length > 0),
            "{length}"
        );
        assert!(
            fs::read(logged.path()).unwrap().starts_with(kept),
            "what is torn is kept"
        );
        let expected = verify_audit_log(&logged.path(), Some(&last)).unwrap();
        assert_eq!(expected.is_whole(), length + 1 == bytes.len(), "{length}");
    }
}

#[test]
fn a_tear_that_is_changed_or_removed_is_found() {
    let logged = Logged::new();
    logged.refuse(2);
    let mut bytes = fs::read(logged.path()).unwrap();
    bytes.truncate(bytes.len() - 40);
    fs::write(logged.path(), &bytes).unwrap();
    logged.refuse(2);
    let report = logged.verify();
    assert!(report.is_whole());
    assert_eq!((report.torn[0].line, report.records), (2, 3));
    let text = fs::read_to_string(logged.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for changed in [
        vec![lines[0], lines[2], lines[3]],
        vec![
            lines[0],
            lines[1].strip_prefix('{').unwrap(),
            lines[2],
            lines[3],
        ],
        vec![lines[0], lines[1], "", lines[2], lines[3]],
        vec![lines[0], lines[1], lines[1], lines[2], lines[3]],
    ] {
        fs::write(logged.path(), changed.join("\n") + "\n").unwrap();
        assert!(!logged.verify().is_whole());
    }
}

#[test]
fn a_line_that_another_program_added_is_no_tear() {
    let logged = Logged::new();
    logged.refuse(1);
    let mut text = fs::read_to_string(logged.path()).unwrap();
    text.push_str("hello\n");
    fs::write(logged.path(), &text).unwrap();
    logged.refuse(1);
    assert_eq!(
        logged.fault(),
        (
            "decisions.jsonl".to_owned(),
            Some(2),
            "the line is no record, and something else than this program wrote it".to_owned()
        )
    );
}

#[test]
fn the_last_digest_kept_elsewhere_shows_that_records_are_missing() {
    let logged = Logged::new();
    logged.refuse(3);
    let then = logged.verify().last_hash.unwrap();
    logged.refuse(2);
    let report = verify_audit_log(&logged.path(), Some(&then)).unwrap();
    assert_eq!((report.is_whole(), report.since_expected), (true, Some(2)));
    let text = fs::read_to_string(logged.path()).unwrap();
    let cut: String = text.split_inclusive('\n').take(2).collect();
    fs::write(logged.path(), cut).unwrap();
    assert!(logged.verify().is_whole());
    let fault = verify_audit_log(&logged.path(), Some(&then)).unwrap().fault;
    assert!(fault.unwrap().message.contains("is not in the log"));
}

/// A line that whoever knows the format can write.
fn forged(volume: u32, sequence: u64) -> String {
    use sha2::Digest as _;

    let sealed = format!(
        "{{\"decision_id\":\"x\",\"volume\":{volume},\"sequence\":{sequence},\"previous\":null"
    );
    let digest = sha2::Sha256::digest(sealed.as_bytes());
    let digits = data_encoding::HEXLOWER.encode(&digest);
    format!("{sealed},\"hash\":\"sha256:{digits}\"}}\n")
}

#[test]
fn numbers_at_their_end_are_an_error() {
    for (volume, sequence) in [(1, u64::MAX), (u32::MAX, 1), (u32::MAX, u64::MAX)] {
        let logged = Logged::with(llmspell_engine::AuditSettings {
            max_size: 1,
            ..Default::default()
        });
        fs::create_dir_all(logged.path().parent().unwrap()).unwrap();
        let line = forged(volume, sequence);
        fs::write(logged.path(), &line).unwrap();
        let error = logged.log().record(&refusal("no")).unwrap_err();
        assert_eq!(error.kind, llmspell_engine::AuditErrorKind::NoLog);
        fs::write(logged.file(u32::MAX), &line).unwrap();
        assert!(!logged.verify().is_whole());
        assert_eq!(fs::read_to_string(logged.path()).unwrap(), line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_a_file_holds_is_kept_and_a_new_record_hides_none_of_it(
        noise in proptest::collection::vec(any::<u8>(), 1..200),
        place in any::<Index>(),
        instead in 0_usize..400,
        files in 1_u32..3,
    ) {
        let logged = two_files();
        let path = if files == 1 { logged.path() } else { logged.file(1) };
        let bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        let end = (place + instead).min(bytes.len());
        let changed = [bytes.get(..place).unwrap(), &noise, bytes.get(end..).unwrap()].concat();
        prop_assume!(changed != bytes);
        fs::write(&path, &changed).unwrap();
        let before = logged.verify();
        prop_assert!(!before.is_whole());
        let newest = fs::read(logged.path()).unwrap();
        // A record that cannot be written is an error, and one that can is behind what was there.
        let written = logged.log().record(&refusal("after")).is_ok();
        let after = logged.verify();
        prop_assert!(!after.is_whole() || (written && !after.torn.is_empty()), "{after:?}");
        let kept = [logged.path(), logged.file(2)]
            .iter()
            .any(|path| fs::read(path).is_ok_and(|now| now.starts_with(&newest)));
        prop_assert!(kept);
    }
}

//! A log that cannot be written: every such state is an error, and what was acknowledged is still there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use llmspell_engine::{AuditErrorKind, AuditLog, AuditSettings};

use super::{FILE, Logged, opened, refusal};

const ROOT: &str = "LLMSPELL_TEST_AUDIT_FULL";

fn settings(file: &str) -> AuditSettings {
    AuditSettings {
        file: Some(file.into()),
        required: true,
        ..AuditSettings::default()
    }
}

fn kind(logged: &Logged) -> AuditErrorKind {
    match opened(logged.folder.path(), &logged.settings) {
        Err(error) => error.kind,
        Ok(log) => log.record(&refusal("no")).unwrap_err().kind,
    }
}

#[test]
fn a_log_lies_inside_the_project() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "",
        ".",
        "..",
        "../log",
        "/tmp/log",
        "a/../../log",
        "audit/..",
    ] {
        let error = AuditLog::open(folder.path(), &settings(file)).unwrap_err();
        assert_eq!(error.kind, AuditErrorKind::Path, "{file}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_required_log_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(folder.path(), &settings("log"))
        .unwrap()
        .unwrap();
    assert!(log.is_required());
    assert!(
        AuditLog::open(folder.path(), &AuditSettings::default())
            .unwrap()
            .is_none()
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let target = tempfile::tempdir().unwrap();
    let aim = target.path().join("aim");
    for is_there in [false, true] {
        if is_there {
            fs::write(&aim, "mine").unwrap();
        }
        for name in ["", ".lock"] {
            let logged = Logged::new();
            fs::create_dir_all(logged.folder.path().join("audit")).unwrap();
            symlink(&aim, format!("{}{name}", logged.path().display())).unwrap();
            assert_eq!(kind(&logged), AuditErrorKind::Path, "{name}");
        }
    }
    let logged = Logged::new();
    symlink(target.path(), logged.folder.path().join("audit")).unwrap();
    assert_eq!(kind(&logged), AuditErrorKind::Path);
    assert_eq!(fs::read_to_string(&aim).unwrap(), "mine");
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_with_another_name_is_refused() {
    let logged = Logged::new();
    let other = logged.folder.path().join("startup");
    fs::create_dir_all(logged.folder.path().join("audit")).unwrap();
    fs::write(&other, "").unwrap();
    fs::hard_link(&other, logged.path()).unwrap();
    assert_eq!(kind(&logged), AuditErrorKind::Owner);
}

#[cfg(unix)]
#[test]
fn a_log_is_its_owners_alone() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

    let logged = Logged::new();
    logged.refuse(1);
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(&logged.path()), 0o600);
    assert_eq!(mode(logged.path().parent().unwrap()), 0o700);
    fs::set_permissions(logged.path(), fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(kind(&logged), AuditErrorKind::Owner);
    fs::set_permissions(logged.path(), fs::Permissions::from_mode(0o600)).unwrap();
    // Only the administrator can give a file away.
    if chown(logged.path(), Some(12_345), None).is_ok() {
        assert_eq!(kind(&logged), AuditErrorKind::Owner);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_takes_nothing_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;

    let logged = Logged::new();
    logged.refuse(1);
    // What a file is cannot be a folder, for the administrator neither.
    fs::remove_dir_all(logged.path().parent().unwrap()).unwrap();
    fs::write(logged.path().parent().unwrap(), "").unwrap();
    assert_eq!(kind(&logged), AuditErrorKind::Path);

    let logged = Logged::new();
    let folder = logged.path().parent().unwrap().to_owned();
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let is_bound = fs::write(folder.join("probe"), "").is_err();
    if is_bound {
        assert_eq!(kind(&logged), AuditErrorKind::Disk);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn folders_and_other_files_are_no_logs() {
    let logged = Logged::new();
    fs::create_dir_all(logged.path()).unwrap();
    assert_eq!(kind(&logged), AuditErrorKind::Path);

    for text in ["alias ls=ls\n", "x", "{\"name\": \"package\"}", "\n"] {
        let logged = Logged::new();
        fs::create_dir_all(logged.folder.path().join("audit")).unwrap();
        fs::write(logged.path(), text).unwrap();
        assert_eq!(kind(&logged), AuditErrorKind::NoLog, "{text}");
        assert_eq!(fs::read_to_string(logged.path()).unwrap(), text);
    }
}

#[test]
fn a_log_that_is_held_too_long_is_an_error() {
    let logged = Logged::new();
    logged.refuse(1);
    let path = logged.folder.path().join(format!("{FILE}.lock"));
    let lock = fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let log = logged.log().waiting(Duration::from_millis(5));
    assert_eq!(
        log.record(&refusal("no")).unwrap_err().kind,
        AuditErrorKind::Locked
    );
    lock.unlock().unwrap();
    log.record(&refusal("no")).unwrap();
    assert_eq!(logged.verify().records, 2);
}

#[test]
fn a_lock_that_was_removed_is_made_again() {
    let logged = Logged::new();
    let log = logged.log();
    log.record(&refusal("no")).unwrap();
    fs::remove_file(logged.folder.path().join(format!("{FILE}.lock"))).unwrap();
    log.record(&refusal("no")).unwrap();
    assert_eq!(logged.verify().records, 2);
}

/// What the process of the test below does; without its environment it is nothing.
#[test]
fn a_process_appends_until_nothing_more_is_taken() {
    let Some(root) = std::env::var_os(ROOT) else {
        return;
    };
    let log = opened(Path::new(&root), &settings(FILE)).unwrap();
    let written = (0..1_000)
        .take_while(|_| log.record(&refusal("no")).is_ok())
        .count();
    let again = (0..10)
        .filter(|_| log.record(&refusal("no")).is_ok())
        .count();
    fs::write(
        Path::new(&root).join("written"),
        format!("{written} {again}"),
    )
    .unwrap();
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_loses_nothing_that_was_acknowledged() {
    let logged = Logged::new();
    // The limit of a file's size fails a write as a full disk does: a part of it arrives, and then nothing.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "audit::faults::a_process_appends_until_nothing_more_is_taken",
        ])
        .env(ROOT, logged.folder.path())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let written = fs::read_to_string(logged.folder.path().join("written")).unwrap();
    let (written, again) = written.split_once(' ').unwrap();
    assert_eq!(again, "0");
    let report = logged.verify();
    assert_eq!((report.fault, report.torn.len()), (None, 0));
    assert_eq!(report.records, written.parse::<u64>().unwrap());
    assert!((5..900).contains(&report.records), "{}", report.records);
    logged.refuse(1);
    assert!(logged.verify().is_whole());
}

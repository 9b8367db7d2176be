//! Entries to a system log, which the test plays.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process;
use std::sync::Arc;

use llmspell_utils::debug::{
    DebugLevel, DebugOutput, FormatKind, Place, QueueLimits, Queued, SyslogOutput,
};
use serde_json::{Value, json};

use super::support::{eventually, manager, reports};

fn receive(socket: &UnixDatagram) -> String {
    let mut bytes = vec![0; 100_000];
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

fn local(path: &Path) -> SyslogOutput {
    SyslogOutput::local_at(&[path], "guard").unwrap()
}

#[test]
fn this_machine_s_log_gets_messages_as_the_c_library_writes_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let daemon = UnixDatagram::bind(&path).unwrap();
    let manager = manager();
    manager.set_level(DebugLevel::Trace);
    manager.set_output(Arc::new(local(&path)));
    let entry = manager
        .entry(DebugLevel::Warn, "2 rules\nspoke")
        .with_module("policy.shell")
        .with_data(json!({ "rules": 2 }))
        .with_place(Place::new("guard.lua", 12))
        .with_correlation("7f3a");
    manager.log_entry(entry);
    let process = process::id();
    assert_eq!(
        receive(&daemon),
        format!(
            "<12>Nov 14 22:13:20 guard[{process}]: [policy.shell] 2 rules\\nspoke {{\"rules\":2}} (guard.lua:12) #7f3a"
        )
    );
    let severities = [
        (DebugLevel::Error, "<11>"),
        (DebugLevel::Warn, "<12>"),
        (DebugLevel::Info, "<14>"),
        (DebugLevel::Debug, "<15>"),
        (DebugLevel::Trace, "<15>"),
    ];
    for (level, priority) in severities {
        manager.log(level, None, "x");
        assert_eq!(
            receive(&daemon),
            format!("{priority}Nov 14 22:13:20 guard[{process}]: x")
        );
    }
}

#[test]
fn another_machine_s_log_gets_rfc_5424_over_udp() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let output = SyslogOutput::udp(&address, "guard").unwrap();
    assert_eq!(output.name(), format!("syslog+udp:{address}/guard"));
    let manager = manager();
    manager.set_output(Arc::new(output));
    manager.log(DebugLevel::Error, Some("shell"), "broken");
    let mut bytes = [0; 1_000];
    let length = daemon.recv(&mut bytes).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&bytes[..length]),
        format!(
            "<11>1 2023-11-14T22:13:20.000000Z - guard {} - - [shell] broken",
            process::id()
        )
    );
}

#[test]
fn over_tcp_each_message_comes_after_its_length() {
    let daemon = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let output = Arc::new(SyslogOutput::tcp(&address, "guard").unwrap());
    let manager = manager();
    manager.set_output(Arc::new(
        Queued::new(output, QueueLimits::default()).unwrap(),
    ));
    manager.log(DebugLevel::Info, None, "é");
    manager.log(DebugLevel::Info, None, "two");
    manager.flush().unwrap();
    manager.set_output(Arc::new(llmspell_utils::debug::NullOutput));
    let mut received = String::new();
    daemon
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut received)
        .unwrap();
    let head = format!(
        "<14>1 2023-11-14T22:13:20.000000Z - guard {} - - ",
        process::id()
    );
    let (one, two) = (format!("{head}é"), format!("{head}two"));
    assert_eq!(received, format!("{} {one}{} {two}", one.len(), two.len()));
}

#[test]
fn the_text_may_be_json() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let daemon = UnixDatagram::bind(&path).unwrap();
    let manager = manager();
    manager.set_output(Arc::new(local(&path).with_format(FormatKind::Json)));
    manager.log(DebugLevel::Info, None, "x");
    let message = receive(&daemon);
    let (_, json) = message.split_once("]: ").unwrap();
    let entry: Value = serde_json::from_str(json).unwrap();
    assert_eq!(entry["message"], "x");
}

#[test]
fn of_a_long_text_the_beginning_is_sent_and_how_much_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let daemon = UnixDatagram::bind(&path).unwrap();
    let manager = manager();
    manager.set_output(Arc::new(local(&path)));
    manager.log(DebugLevel::Info, None, "é".repeat(500_000));
    let message = receive(&daemon);
    assert!(message.len() < 8 * 1024, "{}", message.len());
    assert!(message.ends_with("é… (992064 bytes cut)"), "{message}");
    assert_eq!(manager.dropped(), 0);
}

#[test]
fn a_daemon_that_is_started_anew_gets_what_has_waited() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let daemon = UnixDatagram::bind(&path).unwrap();
    let manager = manager();
    manager.set_output(Arc::new(
        Queued::new(Arc::new(local(&path)), QueueLimits::default()).unwrap(),
    ));
    manager.log(DebugLevel::Info, None, "one");
    manager.flush().unwrap();
    assert!(receive(&daemon).ends_with("one"));

    drop(daemon);
    std::fs::remove_file(&path).unwrap();
    manager.log(DebugLevel::Info, None, "two");
    assert!(manager.flush().is_err());

    let daemon = UnixDatagram::bind(&path).unwrap();
    manager.flush().unwrap();
    assert!(receive(&daemon).ends_with("two"));
    assert_eq!((manager.dropped(), reports(&manager).len()), (0, 1));
}

#[test]
fn a_log_that_is_not_there_and_a_name_that_cannot_stand_in_a_message_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let error = SyslogOutput::local_at(&[&path, Path::new("/none")], "guard").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(
        error.to_string().starts_with(&path.display().to_string()),
        "{error}"
    );
    for name in ["", "a b", "a\nb", "é", "a]", &"x".repeat(49)] {
        let error = SyslogOutput::udp("127.0.0.1:514", name).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{name:?}");
    }
}

#[test]
fn a_port_at_which_nobody_listens_is_noticed_when_the_system_says_so() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    drop(daemon);
    let output = SyslogOutput::udp(&address, "guard").unwrap();
    let entry = manager().entry(DebugLevel::Info, "x");
    // The first datagram finds nobody, and the second hears of it.
    eventually("the system says that nobody is there", || {
        output.write(&entry).is_err()
    });
}

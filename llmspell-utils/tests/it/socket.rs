//! Entries to whoever listens at a TCP port or a local socket.

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use llmspell_utils::debug::{
    DebugLevel, DebugManager, DebugOutput as _, QueueLimits, Queued, SocketOutput,
};
use serde_json::Value;

use super::support::{eventually, manager, reports};

fn manager_with(output: SocketOutput) -> (DebugManager, Arc<Queued>) {
    let queue = Arc::new(Queued::new(Arc::new(output), QueueLimits::default()).unwrap());
    let manager = manager();
    manager.set_output(queue.clone());
    (manager, queue)
}

/// The messages of the next lines.
fn lines(connection: impl Read, count: usize) -> Vec<String> {
    BufReader::new(connection)
        .lines()
        .take(count)
        .map(|line| {
            let entry: Value = serde_json::from_str(&line.unwrap()).unwrap();
            entry["message"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_listener_gets_one_json_line_an_entry() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (manager, queue) = manager_with(SocketOutput::tcp(address.clone()));
    assert_eq!(queue.name(), format!("tcp:{address}"));
    manager.log(DebugLevel::Info, Some("shell"), "one\ntwo");
    manager.log(DebugLevel::Warn, None, "three");
    manager.flush().unwrap();
    assert_eq!(
        lines(listener.accept().unwrap().0, 2),
        ["one\ntwo", "three"]
    );
}

#[test]
fn a_listener_that_comes_later_gets_what_has_waited() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("collector.sock");
    let (manager, queue) = manager_with(SocketOutput::unix(&path));
    manager.log(DebugLevel::Info, None, "early");
    assert!(manager.flush().is_err());
    let listener = UnixListener::bind(&path).unwrap();
    manager.log(DebugLevel::Info, None, "late");
    manager.flush().unwrap();
    assert_eq!(lines(listener.accept().unwrap().0, 2), ["early", "late"]);
    assert_eq!((queue.lost(), manager.dropped()), (0, 0));
    let reports = reports(&manager);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(
        reports[0].contains("No such file or directory"),
        "{reports:?}"
    );
}

#[test]
fn a_connection_that_the_other_side_closes_is_made_anew_and_nothing_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (manager, queue) = manager_with(SocketOutput::tcp(
        listener.local_addr().unwrap().to_string(),
    ));
    for round in 0..5 {
        manager.log(DebugLevel::Info, None, round);
        manager.flush().unwrap();
        // Read, and then closed.
        assert_eq!(lines(listener.accept().unwrap().0, 1), [round.to_string()]);
    }
    assert_eq!((queue.lost(), manager.dropped()), (0, 0));
}

#[test]
fn a_listener_that_talks_is_not_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (manager, _) = manager_with(SocketOutput::tcp(
        listener.local_addr().unwrap().to_string(),
    ));
    manager.log(DebugLevel::Info, None, "one");
    manager.flush().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    std::io::Write::write_all(&mut connection, &[b'x'; 4_096]).unwrap();
    manager.log(DebugLevel::Info, None, "two");
    manager.flush().unwrap();
    assert_eq!(lines(connection, 2), ["one", "two"]);
}

#[test]
fn a_listener_that_never_reads_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("collector.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let limits = QueueLimits {
        entries: 100,
        ..QueueLimits::default()
    };
    let queue = Arc::new(Queued::new(Arc::new(SocketOutput::unix(&path)), limits).unwrap());
    let manager = manager();
    manager.set_output(queue.clone());
    let message = "x".repeat(10_000);
    eventually("the socket and the queue are full", || {
        manager.log(DebugLevel::Info, None, &message);
        queue.lost() > 100
    });
    assert_eq!(manager.dropped(), queue.lost());
    let reports = reports(&manager);
    let are_full = |report: &&String| report.contains("its queue is full");
    assert_eq!(reports.iter().filter(are_full).count(), 1, "{reports:?}");
    // A slow machine gives it time to notice that nobody reads.
    assert!(reports.len() <= 2, "{reports:?}");
    drop(listener);
}

#[test]
fn an_address_that_nobody_has_is_an_error_with_a_reason() {
    let output = SocketOutput::tcp("127.0.0.1:1");
    let error = output
        .write(&manager().entry(DebugLevel::Info, "x"))
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
    assert!(error.to_string().contains("refused"), "{error}");
}

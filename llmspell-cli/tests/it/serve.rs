//! A server that keeps projects warm: hooks get the answer that they would give themselves.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;

use crate::program::{Folder, Ran};

const POLICY: &str = ".cupcake/policies/claude/shell.rego";
const DENY: &str = r#"# METADATA
# custom:
#   id: SHELL
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash]
package cupcake.policies.shell

import rego.v1

deny contains {"reason": "not that", "rule_id": "SHELL-1"} if contains(input.tool_input.command, "forbidden")

ask contains {"reason": "sure?", "rule_id": "SHELL-2"} if contains(input.tool_input.command, "doubtful")
"#;

const SETTINGS: &str = "llmspell.toml";
const SERVED: &str = "[hook]\nserver = true\n";

/// A server in a folder, which ends with the test.
struct Server {
    child: Child,
    socket: PathBuf,
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut command = folder.command(&["serve"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let socket = line.trim_end().strip_prefix("listening at ").unwrap();
        let socket = PathBuf::from(socket);
        Self { child, socket }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn event(tool: &str, command: &str) -> String {
    format!(
        r#"{{"hook_event_name":"PreToolUse","tool_name":"{tool}","tool_input":{{"command":"{command}"}}}}"#
    )
}

fn hook(folder: &Folder, event: &str) -> Ran {
    folder.run_with(&["hook", "--harness", "claude"], event.as_bytes())
}

fn of_nobody_else(folder: &Folder) -> PathBuf {
    let run = folder.path().join(".home/run/llmspell");
    fs::create_dir_all(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    run.join("hook.sock")
}

/// What a hook says: its answer, its exit code, and what stands on standard error.
fn said(ran: &Ran) -> (&str, i32, &str) {
    (&ran.out, ran.code, &ran.err)
}

#[test]
fn a_served_hook_gives_the_answer_that_it_would_give_itself() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let events = [
        event("Bash", "ls"),
        event("Bash", "forbidden"),
        event("Bash", "doubtful"),
        event("Bash", "rm -rf .cupcake"),
        event("Read", "x"),
        r#"{"hook_event_name":"Stop"}"#.to_owned(),
        r#"{"hook_event_name":"PreToolUse","tool_name":7}"#.to_owned(),
        "{".to_owned(),
        String::new(),
    ];
    let alone: Vec<Ran> = events.iter().map(|event| hook(&folder, event)).collect();
    let _server = Server::start(&folder);
    for _ in 0..3 {
        for (event, alone) in events.iter().zip(&alone) {
            assert_eq!(said(&hook(&folder, event)), said(alone), "{event}");
        }
    }
    assert!(alone[1].out.contains(r#""permissionDecision":"deny""#));
}

#[test]
fn a_change_on_the_disk_counts_for_the_next_hook() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let _server = Server::start(&folder);
    let path = folder.path().join(POLICY);
    let forbidden = event("Bash", "forbidden");
    for round in 0..10 {
        fs::write(&path, DENY).unwrap();
        let ran = hook(&folder, &forbidden);
        assert!(ran.out.contains("not that"), "{round}: {}", ran.out);
        // As long as before, and at once.
        fs::write(&path, DENY.replace("not that", "nor this")).unwrap();
        let ran = hook(&folder, &forbidden);
        assert!(ran.out.contains("nor this"), "{round}: {}", ran.out);
        fs::write(&path, "package cupcake.policies.shell\n\ndeny contains {").unwrap();
        let ran = hook(&folder, &event("Bash", "ls"));
        assert!(
            ran.out.contains(r#""permissionDecision":"deny""#),
            "{round}: {}",
            ran.out
        );
        fs::remove_file(&path).unwrap();
        let ran = hook(&folder, &event("Bash", "ls"));
        assert!(
            ran.out.contains(r#""permissionDecision":"deny""#),
            "{round}: {}",
            ran.out
        );
    }
}

#[test]
fn many_hooks_at_once_each_get_their_own_answer() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let _server = Server::start(&folder);
    thread::scope(|scope| {
        for number in 0..8 {
            let folder = &folder;
            scope.spawn(move || {
                for round in 0..5 {
                    let is_forbidden = (number + round) % 2 == 0;
                    let command = if is_forbidden { "forbidden" } else { "ls" };
                    let ran = hook(folder, &event("Bash", command));
                    let is_denied = ran.out.contains(r#""permissionDecision":"deny""#);
                    assert_eq!((is_denied, ran.code), (is_forbidden, 0), "{}", ran.out);
                }
            });
        }
    });
}

#[test]
fn a_hook_decides_itself_where_no_server_answers() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let server = Server::start(&folder);
    let socket = server.socket.clone();
    drop(server);
    // What is left of a server that was killed is in nobody's way.
    assert!(socket.exists());
    assert!(
        hook(&folder, &event("Bash", "forbidden"))
            .out
            .contains("not that")
    );
    let again = Server::start(&folder);
    assert!(
        hook(&folder, &event("Bash", "forbidden"))
            .out
            .contains("not that")
    );
    let second = folder.run(&["serve"]);
    assert_eq!(second.code, 1);
    assert!(
        second.err.contains("another server listens"),
        "{}",
        second.err
    );
    drop(again);
}

#[test]
fn whoever_listens_with_another_program_is_not_asked() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let socket = of_nobody_else(&folder);
    let listener = UnixListener::bind(socket).unwrap();
    let fake = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        // The hook closes without having said anything.
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    });
    let ran = hook(&folder, &event("Bash", "forbidden"));
    assert!(ran.out.contains("not that"), "{}", ran.out);
    assert_eq!(fake.join().unwrap(), "");
}

#[test]
fn a_socket_in_a_folder_that_others_can_write_to_is_not_used() {
    let folder = Folder::new(&[(POLICY, DENY), (SETTINGS, SERVED)]);
    let socket = of_nobody_else(&folder);
    let run = socket.parent().unwrap().to_owned();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).unwrap();
    let ran = folder.run(&["serve"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("can be written by others"), "{}", ran.err);
}

#[test]
fn a_project_whose_decisions_somebody_hears_of_is_decided_in_the_hook() {
    let settings =
        "[hook]\nserver = true\n[debug]\noutput = \"file:debug.log\"\nlevel = \"debug\"\n";
    let folder = Folder::new(&[(POLICY, DENY), ("llmspell.toml", settings)]);
    let _server = Server::start(&folder);
    assert!(
        hook(&folder, &event("Bash", "forbidden"))
            .out
            .contains("not that")
    );
    let log = fs::read_to_string(folder.path().join("debug.log")).unwrap();
    assert!(log.contains("deny for `PreToolUse`"), "{log}");
}

#[test]
fn the_audit_log_has_a_line_for_each_served_hook() {
    let settings = "[hook]\nserver = true\n[audit]\nfile = \"audit.jsonl\"\nrequired = true\n";
    let folder = Folder::new(&[(POLICY, DENY), ("llmspell.toml", settings)]);
    let _server = Server::start(&folder);
    for _ in 0..3 {
        assert!(
            hook(&folder, &event("Bash", "forbidden"))
                .out
                .contains("not that")
        );
    }
    let ran = folder.run(&["audit", "verify", "audit.jsonl"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("3 records, chain whole"), "{}", ran.out);
}

#[test]
fn a_server_is_asked_only_where_the_project_or_the_environment_says_so() {
    let folder = Folder::new(&[(POLICY, DENY)]);
    let socket = of_nobody_else(&folder);
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let is_asked = || listener.accept().is_ok();
    assert!(
        hook(&folder, &event("Bash", "forbidden"))
            .out
            .contains("not that")
    );
    assert!(!is_asked());
    let mut command = folder.command(&["hook", "--harness", "claude"]);
    command
        .env("LLMSPELL_SOCKET", &socket)
        .stdout(Stdio::piped());
    let ran = command.stdin(Stdio::null()).spawn().unwrap();
    drop(ran.wait_with_output().unwrap());
    assert!(!is_asked(), "an event that is none needs no server");
    fs::write(folder.path().join(SETTINGS), SERVED).unwrap();
    assert!(
        hook(&folder, &event("Bash", "forbidden"))
            .out
            .contains("not that")
    );
    assert!(is_asked());
}

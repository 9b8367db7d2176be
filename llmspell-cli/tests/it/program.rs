//! Runs the program in a folder of its own.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A policy that blocks the end of a session.
pub(crate) const STOP_POLICY: &str = r#"# METADATA
# custom:
#   routing:
#     required_events: [Stop]
package cupcake.policies.stop

import rego.v1

block contains {"rule_id": "STOP", "reason": "not yet", "severity": "LOW"}
"#;

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Has a program lie at another place too.
pub(crate) fn same_file(program: &Path, place: &Path) {
    fs::hard_link(program, place)
        .or_else(|_| fs::copy(program, place).map(drop))
        .unwrap();
}

/// A folder with files, in which the program runs.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_llmspell"));
        command.args(arguments).current_dir(self.path());
        for variable in [
            "LLMSPELL_DEBUG",
            "LLMSPELL_DEBUG_LEVEL",
            "LLMSPELL_DEBUG_ENABLED",
            "LLMSPELL_KEYS",
            "LLMSPELL_SOCKET",
            "CLAUDE_CONFIG_DIR",
            "OPA",
        ] {
            command.env_remove(variable);
        }
        // What the person who runs the tests has configured is none of theirs.
        command.env("HOME", self.path().join(".home"));
        for (variable, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            command.env(variable, self.path().join(".home").join(folder));
        }
        command
    }

    /// Runs with nothing on standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// Runs with bytes on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        Self::feed(self.command(arguments), input)
    }

    /// Runs a command with bytes on standard input.
    pub(crate) fn feed(mut command: Command, input: &[u8]) -> Ran {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // The program may well stop reading what is too long.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran {
            code: output
                .status
                .code()
                .unwrap_or_else(|| panic!("killed: {output:?}")),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn help_and_version_are_answers() {
    let folder = Folder::new(&[]);
    let version = folder.run(&["--version"]);
    assert_eq!(
        (version.code, version.out.as_str()),
        (0, "llmspell 0.1.0\n")
    );
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["eval", "--help"],
        &["record", "--help"],
        &["recording", "--help"],
    ] {
        let help = folder.run(arguments);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{arguments:?}");
        assert!(help.out.contains("Usage: llmspell"), "{}", help.out);
    }
    for command in [
        "run",
        "eval",
        "init",
        "check",
        "doctor",
        "inspect",
        "test",
        "repl",
        "profile",
        "record",
        "recording",
        "audit",
    ] {
        assert!(
            folder.run(&[command, "--help"]).out.contains("Example:\n"),
            "{command}"
        );
    }
}

#[test]
fn a_wrong_command_line_is_the_users_fault_and_no_denial() {
    let folder = Folder::new(&[]);
    for arguments in [
        &[][..],
        &["dance"],
        &["run"],
        &["run", "a.lua", "--timeout", "soon"],
        &["run", "a.lua", "--timeout", "0s"],
        &["run", "a.lua", "--memory", "much"],
        &["eval", "--harness", "emacs"],
        &["eval", "--fast"],
    ] {
        let ran = folder.run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

//! One call of the hook: its project, its event, its surroundings, and how it ended.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::agent::Agent;
use super::interruption::Interruption;
use crate::program::{Folder, same_file};

/// The policy of the project: it allows what the agents want, and would deny something else.
const BASE: &str = r#"# METADATA
# custom:
#   routing:
#     required_events: [PreToolUse, beforeShellExecution]
package cupcake.policies.base

import rego.v1

deny contains {"rule_id": "BASE", "reason": "not as root", "severity": "HIGH"} if contains(input.tool_input.command, "sudo")

deny contains {"rule_id": "BASE", "reason": "not as root", "severity": "HIGH"} if contains(input.command, "sudo")
"#;

/// A call that is allowed until a fault changes it.
pub(super) struct Scene {
    pub(super) agent: Agent,
    folder: Folder,
    pub(super) input: Vec<u8>,
    pub(super) arguments: Vec<OsString>,
    environment: Vec<(OsString, Option<OsString>)>,
    /// Another copy of the program that is called.
    program: Option<PathBuf>,
    /// What a shell does that becomes the hook.
    shell: Option<String>,
    directory: PathBuf,
    pub(super) interruption: Option<Interruption>,
    may_be_noisy: bool,
    is_deaf: bool,
    reads_late: bool,
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    /// What ended it, if it did not end by itself.
    #[expect(
        dead_code,
        reason = "it is shown where a call ended otherwise than it should"
    )]
    signal: Option<i32>,
    pub(super) output: String,
    pub(super) error: String,
    pub(super) took: Duration,
    /// Whether others may write to standard error too, such as the allocator before it aborts.
    pub(super) may_be_noisy: bool,
    /// Whether nobody can be told a reason.
    pub(super) is_deaf: bool,
}

impl Scene {
    pub(super) fn new(agent: Agent) -> Self {
        let folder = Folder::new(&[("project/.cupcake/policies/base.rego", BASE)]);
        Self {
            agent,
            input: agent.event().as_bytes().to_vec(),
            arguments: ["hook", "--harness", agent.name()]
                .map(OsString::from)
                .to_vec(),
            environment: ["CLAUDE", "CURSOR", "FACTORY"]
                .map(|agent| (OsString::from(format!("{agent}_PROJECT_DIR")), None))
                .to_vec(),
            program: None,
            shell: None,
            directory: folder.path().join("project"),
            interruption: None,
            may_be_noisy: false,
            is_deaf: false,
            reads_late: false,
            folder,
        }
    }

    /// Where the project lies.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A file of the project, or of the home beside it.
    pub(super) fn at(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    /// What the user's configuration lies in.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join(".home")
    }

    pub(super) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.at(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a file that may be run.
    pub(super) fn write_program(&self, file: &str, content: &str) {
        self.write(file, content);
        fs::set_permissions(self.at(file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a link in the place of whatever is there.
    pub(super) fn link(&self, file: &str, target: impl AsRef<Path>) {
        self.remove(file);
        let path = self.at(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Puts a folder in the place of whatever is there.
    pub(super) fn folder(&self, file: &str) {
        self.remove(file);
        fs::create_dir_all(self.at(file)).unwrap();
    }

    /// Puts a pipe that nobody writes to in the place of whatever is there.
    pub(super) fn pipe(&self, file: &str) {
        self.remove(file);
        let made = Command::new("mkfifo").arg(self.at(file)).status().unwrap();
        assert!(made.success());
    }

    pub(super) fn remove(&self, file: &str) {
        let path = self.at(file);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).unwrap(),
            Ok(_) => fs::remove_file(path).unwrap(),
            Err(_) => {}
        }
    }

    /// Does something in the project, as a shell writes it.
    pub(super) fn shell(&self, script: &str) {
        let mut shell = Command::new("/bin/sh");
        let ran = shell.args(["-c", script]).current_dir(self.root()).status();
        assert!(ran.unwrap().success(), "{script}");
    }

    /// Runs another command of the program before, which must succeed.
    pub(super) fn before(&self, arguments: &[&str]) {
        let mut command = self.folder.command(arguments);
        let ran = command.current_dir(self.root()).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    /// Changes the event, which stays text.
    pub(super) fn event(&mut self, change: impl FnOnce(String) -> String) {
        let event = String::from_utf8(std::mem::take(&mut self.input)).unwrap();
        self.input = change(event).into_bytes();
    }

    pub(super) fn set(&mut self, variable: &str, value: impl AsRef<OsStr>) {
        let value = Some(value.as_ref().to_owned());
        self.environment.push((OsString::from(variable), value));
    }

    pub(super) fn unset(&mut self, variable: &str) {
        self.environment.push((OsString::from(variable), None));
    }

    /// Has a shell become the hook, after it has done something else.
    pub(super) fn after(&mut self, command: &str) {
        self.shell = Some(format!("{command}; exec \"$0\" \"$@\""));
    }

    /// Has the hook called with other streams, as a shell writes them.
    pub(super) fn redirect(&mut self, streams: &str) {
        self.shell = Some(format!("exec \"$0\" \"$@\" {streams}"));
    }

    pub(super) fn within(&mut self, directory: impl Into<PathBuf>) {
        self.directory = directory.into();
    }

    /// Has the agent name a directory without a project.
    pub(super) fn nowhere(&mut self) {
        let home = self.home();
        fs::create_dir_all(&home).unwrap();
        match self.agent {
            Agent::Claude => self.set("CLAUDE_PROJECT_DIR", home),
            Agent::Cursor => self.set("CURSOR_PROJECT_DIR", home),
            Agent::Factory => self.set("FACTORY_PROJECT_DIR", home),
            Agent::OpenCode => self.within(home),
        }
    }

    pub(super) fn may_be_noisy(&mut self) {
        self.may_be_noisy = true;
    }

    pub(super) fn is_deaf(&mut self) {
        self.is_deaf = true;
    }

    /// Has the agent read nothing before the hook has ended; what its pipes hold is written before.
    pub(super) fn reads_late(&mut self, full: &str) {
        self.reads_late = true;
        self.after(full);
    }

    /// Has the program called from a folder where the other one is not.
    pub(super) fn alone(&mut self) {
        let folder = self.at("programs");
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("llmspell");
        same_file(Path::new(env!("CARGO_BIN_EXE_llmspell")), &program);
        self.program = Some(program);
    }

    fn command(&self) -> Command {
        let called = self.folder.command(&[]);
        let program = self.program.as_deref().map(Path::as_os_str);
        let program = program.unwrap_or(called.get_program());
        let mut command = match &self.shell {
            None => Command::new(program),
            Some(script) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(script).arg(program);
                shell
            }
        };
        let inherited = called.get_envs();
        let inherited = inherited.map(|(name, value)| (name.to_owned(), value.map(OsString::from)));
        for (name, value) in inherited.chain(self.environment.iter().cloned()) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .args(&self.arguments)
            .current_dir(&self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(super) fn run(&self) -> Ended {
        let begun = Instant::now();
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (output, error) = thread::scope(|scope| {
            if self.reads_late {
                stdin.write_all(&self.input).unwrap();
                drop(stdin);
                child.wait().unwrap();
                return (rest_of(&mut stdout), rest_of(&mut stderr));
            }
            let error = scope.spawn(move || rest_of(&mut stderr));
            scope.spawn(|| match &self.interruption {
                Some(interruption) => {
                    interruption.happen(child.id(), stdin, &self.input, &self.root());
                }
                // The hook may well stop reading what is too long.
                None => drop(stdin.write_all(&self.input)),
            });
            (rest_of(&mut stdout), error.join().unwrap())
        });
        let status = child.wait().unwrap();
        Ended {
            code: status.code(),
            signal: status.signal(),
            output: String::from_utf8(output).unwrap(),
            error: String::from_utf8(error).unwrap(),
            took: begun.elapsed(),
            may_be_noisy: self.may_be_noisy,
            is_deaf: self.is_deaf,
        }
    }
}

/// Everything that is left, without what only filled the pipe.
fn rest_of(stream: &mut impl Read) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest.retain(|byte| *byte != 0);
    rest
}

//! The whole process of a hook: the event on its standard input, the reply on its standard output, and its end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Work;
use crate::project::{EVENT, Routed, write_guarded_project};

/// Where no server listens.
const NO_SERVER: &str = "/dev/null";

/// Answers about one event of a project with a number of policies, one of which is routed.
pub fn answer(count: usize) -> Work {
    let project = write_guarded_project(count, Routed::One);
    let program = program();
    Box::new(move |times| {
        for _ in 0..times {
            let mut command = hook(&program, project.path());
            let reply = run(&mut command);
            assert!(reply.contains("\"permissionDecision\":\"deny\""), "{reply}");
        }
    })
}

/// Starts the program, which says who it is and ends.
pub fn start() -> Work {
    let program = program();
    Box::new(move |times| {
        for _ in 0..times {
            let said = run(Command::new(&program).arg("--version"));
            assert!(said.starts_with("llmspell"), "{said}");
        }
    })
}

/// Starts a program that does nothing but end.
pub fn nothing() -> Work {
    Box::new(|times| {
        for _ in 0..times {
            run(&mut Command::new("true"));
        }
    })
}

fn hook(program: &Path, project: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["hook", "--harness", "claude", "--project"])
        .arg(project)
        .env("LLMSPELL_SOCKET", NO_SERVER)
        // A backtrace of an error that is none takes longer than the decision.
        .env_remove("RUST_BACKTRACE");
    command
}

fn run(command: &mut Command) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read has ended before.
    let _ = child.stdin.take().unwrap().write_all(EVENT.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The program, which is built beside this one.
fn program() -> PathBuf {
    let name = format!("llmspell{}", std::env::consts::EXE_SUFFIX);
    let program = std::env::current_exe().unwrap().with_file_name(name);
    assert!(
        program.is_file(),
        "{} is not there: run `cargo xtask figures`",
        program.display()
    );
    program
}

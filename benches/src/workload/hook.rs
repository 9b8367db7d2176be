//! The whole process of a hook: the event on its standard input, the reply on its standard output, and its end.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::Work;
use crate::project::{EVENT, Routed, write_guarded_project};

/// A policy in Lua that refuses the event.
const LUA: &str = "-- METADATA\n-- custom:\n--   routing:\n--     required_events: [PreToolUse]\nlocal policy = {}\nfunction policy.deny(event)\n  return {rule_id = \"LUA-1\", reason = \"not that\", severity = \"HIGH\"}\nend\nreturn policy\n";

/// Where no server listens.
const NO_SERVER: &str = "/dev/null";

/// Answers about one event of a project with a number of policies, one of which is routed.
pub fn answer(count: usize) -> Work {
    refused(write_guarded_project(count, Routed::One), Vec::new())
}

/// The same of a project with one policy in Lua, which the other program runs.
pub fn answer_of_lua() -> Work {
    let project = write_guarded_project(0, Routed::One);
    let policies = project.path().join(".cupcake/policies");
    fs::write(policies.join("words.lua"), LUA).unwrap();
    refused(project, Vec::new())
}

/// The same of a project with a number of policies that are compiled to WebAssembly, and kept from an earlier call.
pub fn answer_of_wasm(count: usize) -> Work {
    let project = write_guarded_project(count, Routed::One);
    let settings = "[policy]\nevaluator = \"wasm\"\n[hook]\ndeadline = \"1m\"\n";
    fs::write(project.path().join("llmspell.toml"), settings).unwrap();
    let cache = project.path().join("cache");
    refused(project, vec![("XDG_CACHE_HOME", cache), ("OPA", opa())])
}

/// The same with a server that keeps the project warm.
pub fn served(count: usize) -> Work {
    let project = write_guarded_project(count, Routed::One);
    let folder = project.path().join("run");
    let socket = folder.join("hook.sock");
    let server = Server::start(&socket);
    let mut ask = refused(project, vec![("LLMSPELL_SOCKET", socket)]);
    Box::new(move |times| {
        let _runs = &server;
        ask(times);
    })
}

/// Answers about one event of a project that refuses it.
fn refused(project: TempDir, environment: Vec<(&'static str, PathBuf)>) -> Work {
    let program = program();
    Box::new(move |times| {
        for _ in 0..times {
            let mut command = hook(&program, project.path());
            let reply = run(command.envs(environment.iter().cloned()));
            assert!(reply.contains("\"permissionDecision\":\"deny\""), "{reply}");
        }
    })
}

/// A server, which ends when nobody holds it any more.
struct Server(Child);

impl Server {
    fn start(socket: &Path) -> Self {
        let mut command = Command::new(program());
        command.args(["serve", "--socket"]).arg(socket);
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let output = server.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        assert!(said.starts_with("listening"), "{said}");
        Self(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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

/// A hook that is asked about an event of a project.
pub(crate) fn hook(program: &Path, project: &Path) -> Command {
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

/// The `opa` that `cargo xtask opa` installs, or another one.
fn opa() -> PathBuf {
    let named = std::env::var_os("OPA").map(PathBuf::from);
    named.unwrap_or_else(|| {
        let programs = std::env::current_exe().unwrap();
        let target = programs.parent().unwrap().with_file_name("tools");
        let installed = target.join(format!("opa-1.7.1{}", std::env::consts::EXE_SUFFIX));
        assert!(
            installed.is_file(),
            "there is no `opa`: run `cargo xtask opa`"
        );
        installed
    })
}

/// The program that answers hooks, beside the other one, copied as an installation does it.
///
/// What a linker has written lies in the cache of the disk in small pieces, and each process that maps it takes longer.
pub(crate) fn program() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let folder = std::env::current_exe().unwrap().with_file_name("installed");
        fs::create_dir_all(&folder).unwrap();
        let [front, _] = ["llmspell", "llmspell-host"].map(|name| {
            let program = built(name);
            let copy = folder.join(program.file_name().unwrap());
            fs::copy(&program, &copy).unwrap();
            copy
        });
        front
    });
    installed.clone()
}

/// A program that is built beside this one.
pub(crate) fn built(name: &str) -> PathBuf {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = std::env::current_exe().unwrap().with_file_name(name);
    assert!(
        program.is_file(),
        "{} is not there: run `cargo xtask figures`",
        program.display()
    );
    program
}

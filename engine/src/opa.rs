//! Finds an `opa` program and runs it: in a directory of its own, within a time, with nothing of our environment.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::opa_store::OpaStore;
use crate::running::Running;

/// The release that this engine was tried with.
pub(crate) const OPA_VERSION: &str = "1.7.1";
/// The variable that names the program.
const VARIABLE: &str = "OPA";
/// Bytes of what the program says about its end.
const MAX_SAID: u64 = 64 * 1024;
/// Bytes of what the program gives.
const MAX_OUTPUT: u64 = 16 * 1024 * 1024;
/// How long one run may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// How often is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Which programs may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OpaChoice {
    /// The program, where somebody has said which.
    pub(crate) path: Option<PathBuf>,
    /// Whether another release than the pinned one will do.
    pub(crate) any_version: bool,
}

/// An `opa` program of a release that may be used.
#[derive(Debug)]
pub(crate) struct Opa {
    program: PathBuf,
}

/// What a run has said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// A directory that only we may enter, and that is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Workplace(PathBuf);

impl Workplace {
    pub(crate) fn new() -> Result<Self, String> {
        let name = format!("llmspell-opa-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        llmspell_utils::create_private_directory(&path)
            .map_err(|error| format!("no directory could be made for `opa`: {error}"))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), String> {
        std::fs::write(self.0.join(name), content)
            .map_err(|error| format!("a file for `opa` could not be written: {error}"))
    }

    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, String> {
        let mut content = Vec::new();
        File::open(self.0.join(name))
            .and_then(|file| file.take(most).read_to_end(&mut content))
            .map_err(|error| format!("what `opa` has made cannot be read: {error}"))?;
        Ok(content)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What stays is a few files in the directory for such files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Opa {
    /// The program that was chosen, else that of `$OPA`, the installed one, or the first of `PATH`, in a release that may be used.
    ///
    /// # Errors
    ///
    /// When there is none, or only one of another release.
    pub(crate) fn find(choice: &OpaChoice) -> Result<Self, String> {
        let program = chosen(choice)?;
        let opa = Self { program };
        let version = opa.version()?;
        if version == OPA_VERSION || choice.any_version {
            return Ok(opa);
        }
        Err(format!(
            "`opa` at `{}` is version `{version}`, and {OPA_VERSION} is wanted: name that one, or set `opa_any_version = true`",
            opa.program.display()
        ))
    }

    /// What the program can do, as it says itself, in JSON.
    pub(crate) fn capabilities(&self, place: &Workplace) -> Result<String, String> {
        once(&self.program, "capabilities", || {
            Ok(self.run(place, &["capabilities", "--current"])?.output)
        })
    }

    fn version(&self) -> Result<String, String> {
        once(&self.program, "version", || self.said_version())
    }

    fn said_version(&self) -> Result<String, String> {
        let place = Workplace::new()?;
        let said = self.run(&place, &["version"])?;
        let version = said
            .output
            .lines()
            .find_map(|line| line.strip_prefix("Version:"));
        let version = version
            .map(str::trim)
            .filter(|version| version.len() < 64 && !version.chars().any(char::is_control));
        version.map(str::to_owned).ok_or_else(|| {
            format!(
                "`{}` is no `opa`: it does not say its version",
                self.program.display()
            )
        })
    }

    /// Runs the program in its workplace.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not end in time.
    pub(crate) fn run(
        &self,
        place: &Workplace,
        arguments: &[impl AsRef<OsStr>],
    ) -> Result<Said, String> {
        const OUTPUT: &str = ".output";
        const ERRORS: &str = ".errors";
        let file = |name: &str| {
            File::create(place.path().join(name))
                .map_err(|error| format!("a file for `opa` could not be made: {error}"))
        };
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", place.path())
            .env("TMPDIR", place.path())
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(file(OUTPUT)?)
            .stderr(file(ERRORS)?);
        leads_a_group(&mut command);
        let is_too_much = || {
            let is_more = |name: &str, most: u64| {
                let written = place.path().join(name).metadata();
                written.is_ok_and(|written| written.len() > most)
            };
            is_more(OUTPUT, MAX_OUTPUT) || is_more(ERRORS, MAX_OUTPUT)
        };
        let status = finished(&mut command, &self.program, is_too_much)?;
        let text = |name: &str, most: u64| {
            place
                .read(name, most)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok(Said {
            status,
            output: text(OUTPUT, MAX_OUTPUT)?,
            errors: text(ERRORS, MAX_SAID)?,
        })
    }
}

/// What a program says of itself, asked once in a process.
fn once(
    program: &Path,
    what: &'static str,
    ask: impl FnOnce() -> Result<String, String>,
) -> Result<String, String> {
    type Said = BTreeMap<(PathBuf, &'static str), String>;
    static SAID: Mutex<Said> = Mutex::new(BTreeMap::new());
    let key = (program.to_owned(), what);
    if let Some(said) = SAID.lock().get(&key) {
        return Ok(said.clone());
    }
    let said = ask()?;
    SAID.lock().insert(key, said.clone());
    Ok(said)
}

/// Waits for the program, as long as it takes neither too long nor writes too much.
fn finished(
    command: &mut Command,
    program: &Path,
    is_too_much: impl Fn() -> bool,
) -> Result<ExitStatus, String> {
    let failed = |error: std::io::Error| format!("`{}` cannot be run: {error}", program.display());
    let until = Instant::now() + DEADLINE;
    let mut child = command.spawn().map_err(failed)?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if is_too_much() => {
                kill(child);
                return Err(format!("`opa` wrote more than {MAX_OUTPUT} bytes"));
            }
            Ok(None) if Instant::now() < until => {
                let _known = Running::of(&child);
                std::thread::sleep(LOOK);
            }
            outcome => {
                kill(child);
                return Err(outcome.err().map_or_else(
                    || format!("`opa` did not end within {} seconds", DEADLINE.as_secs()),
                    failed,
                ));
            }
        }
    }
}

/// Whether it is killed or has just ended: it is waited for, so that nothing of it stays.
fn kill(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Has whoever ends us find the program and all that it starts.
#[cfg(unix)]
fn leads_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    command.process_group(0);
}

#[cfg(not(unix))]
fn leads_a_group(_command: &mut Command) {}

fn chosen(choice: &OpaChoice) -> Result<PathBuf, String> {
    let named = choice.path.clone().or_else(|| {
        std::env::var_os(VARIABLE)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
    });
    if let Some(program) = named {
        return std::path::absolute(&program)
            .ok()
            .filter(|program| program.is_file())
            .ok_or_else(|| format!("there is no program `{}`", program.display()));
    }
    if let Some(store) = OpaStore::of_user()
        && let Some(program) = store.installed().map_err(|error| error.message)?
    {
        return Ok(program);
    }
    let name = format!("opa{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        // A relative folder would be another one tomorrow.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            format!(
                "there is no `opa` program: run `llmspell opa install`, set `[policy] opa` or `$OPA` to OPA {OPA_VERSION}, or use `evaluator = \"rego\"`"
            )
        })
}

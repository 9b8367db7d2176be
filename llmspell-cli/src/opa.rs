//! `llmspell opa`: brings the release of OPA that the engine is tested with.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use llmspell_bridge::parse_duration;
use llmspell_engine::{OpaRelease, OpaStore};

use crate::exit::Exit;
use crate::failure::Failure;

/// What `llmspell opa` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetches `opa`, checks it, and puts it where `evaluator = "wasm"` finds it
    Install(Install),
    /// Shows where the installed `opa` lies, after it was checked
    Path,
}

#[derive(Debug, Args)]
struct Install {
    /// Where to get it [default: where its maker publishes it]
    #[arg(long, value_name = "URL|FILE")]
    from: Option<String>,
    /// The digest that it must have, for another build than the one this program knows
    #[arg(long, value_name = "HEX", value_parser = digest)]
    sha256: Option<String>,
    /// How long the whole download may take
    #[arg(long, value_name = "D", default_value = "600s", value_parser = parse_duration)]
    timeout: Duration,
}

const EXAMPLE: &str = "\
Example:
  llmspell opa install
  llmspell opa install --from ./opa_linux_amd64      a file that you have fetched yourself";

const SHA256_DIGITS: usize = 64;

fn digest(text: &str) -> Result<String, String> {
    let is_digest =
        text.len() == SHA256_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest
        .then(|| text.to_lowercase())
        .ok_or_else(|| format!("expected {SHA256_DIGITS} hexadecimal digits"))
}

/// Runs the command.
pub(crate) fn opa(arguments: &Arguments) -> Result<Exit, Failure> {
    let store = OpaStore::of_user().ok_or_else(|| {
        Failure::fault(
            "there is no home directory to install `opa` in",
            "set HOME, or name an `opa` by $OPA",
        )
    })?;
    match &arguments.command {
        Command::Install(install) => installed(&store, install),
        Command::Path => match store.installed()? {
            Some(path) => show(&format!("{}\n", path.display())),
            None => Err(Failure::fault(
                "`opa` is not installed",
                "run `llmspell opa install`",
            )),
        },
    }
}

fn installed(store: &OpaStore, install: &Install) -> Result<Exit, Failure> {
    let release = OpaRelease::here();
    let sha256 = install
        .sha256
        .as_deref()
        .or(release.map(|release| release.sha256));
    let from = install.from.clone().or(release.map(OpaRelease::url));
    let (Some(sha256), Some(from)) = (sha256, from) else {
        return Err(Failure::fault(
            "there is no release of `opa` that is known for this platform",
            "name a build of your own by `--from` and its digest by `--sha256`",
        ));
    };
    let (content, length) = source(&from, install.timeout)?;
    let progress = progress(length);
    let installed = store.install(&mut progress.wrap_read(content), sha256);
    progress.finish_and_clear();
    let path = installed?;
    show(&format!("installed {}\n", path.display()))
}

/// What gives the program, and how many bytes it says it has.
fn source(from: &str, timeout: Duration) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if !from.contains("://") {
        let path = PathBuf::from(from);
        let file = File::open(&path).map_err(|error| {
            Failure::fault(
                format_args!("`{}` cannot be read: {error}", path.display()),
                "name a file that is there, or an address",
            )
        })?;
        let length = file.metadata().ok().map(|metadata| metadata.len());
        return Ok((Box::new(file), length));
    }
    let unreachable = |error: &dyn std::fmt::Display| {
        Failure::fault(
            format_args!("`{from}` cannot be fetched: {error}"),
            "fetch the file by other means, and name it by `--from FILE`",
        )
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .build()
        .into();
    let response = agent
        .get(from)
        .call()
        .map_err(|error| unreachable(&error))?;
    let body = response.into_body();
    let length = body.content_length();
    Ok((Box::new(body.into_reader()), length))
}

/// A bar on standard error where somebody sees it.
fn progress(length: Option<u64>) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(length, target);
    let style =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn show(text: &str) -> Result<Exit, Failure> {
    let mut output = io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| {
            Failure::internal(format_args!("the answer cannot be written: {error}"))
        })?;
    Ok(Exit::Done)
}

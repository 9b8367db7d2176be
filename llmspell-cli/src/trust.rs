//! `llmspell trust`: signs a project, and says what of it is signed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use llmspell_engine::{
    FileTrust, KeyStore, Project, SignatureAlgorithm, SignedManifest, TrustReport,
};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::find_project;

/// What `llmspell trust` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR", global = true)]
    project: Option<PathBuf>,
    /// The directory of your keys [default: $LLMSPELL_KEYS, else in your configuration]
    #[arg(long, value_name = "DIR", global = true)]
    keys: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Signs a project for the first time: from then on it must be signed
    Init {
        /// How to sign: with a key pair, or with a secret of this machine
        #[arg(long, value_enum, default_value_t)]
        algorithm: Algorithm,
        /// The file of a private key that you keep elsewhere
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Signs what the project has become, and shows what is new
    Sign {
        /// The file of a private key that you keep elsewhere
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Compares every file with what was signed
    Verify {
        /// Prints the answer as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Trusts what the owner of a public key has signed
    Accept {
        /// The public key, as `trust init` writes it to `ed25519.pub.pem`
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
    },
    /// Lists the projects that must be signed
    List,
}

/// How to sign.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Algorithm {
    /// A key pair: whoever has the public key can verify
    #[default]
    Ed25519,
    /// A secret of this machine
    HmacSha256,
}

const EXAMPLE: &str = "\
Example:
  llmspell trust init
  llmspell trust sign        after every change that you have looked at
  llmspell trust verify      exits with 1 where something is not as it was signed";

/// Runs the command.
pub(crate) fn trust(arguments: &Arguments) -> Result<Exit, Failure> {
    let keys = match &arguments.keys {
        Some(directory) => KeyStore::at(directory),
        None => KeyStore::of_user().ok_or_else(|| {
            Failure::fault(
                "there is no home directory to keep keys in",
                "name a directory by `--keys DIR`",
            )
        })?,
    };
    if matches!(arguments.command, Command::List) {
        return show(&projects(&keys)?).map(|()| Exit::Done);
    }
    let project = project(arguments.project.as_deref())?;
    match &arguments.command {
        Command::Init { algorithm, key } => {
            let signed = keys.init(&project, (*algorithm).into(), key.as_deref())?;
            show(&signed_text(&signed, &keys, key.is_none()))?;
        }
        Command::Sign { key } => {
            let signed = keys.sign(&project, key.as_deref())?;
            show(&signed_text(&signed, &keys, false))?;
        }
        Command::Verify { json } => return verified(&keys.verify(&project)?, *json),
        Command::Accept { public_key } => {
            return verified(&keys.accept(&project, public_key)?, false);
        }
        Command::List => {}
    }
    Ok(Exit::Done)
}

fn project(named: Option<&Path>) -> Result<Project, Failure> {
    let here = PathBuf::from(".");
    match find_project(named, &here)? {
        Some(project) => Ok(project),
        // The engine's own error says what to do.
        None => Project::find(&here).map_err(Failure::from),
    }
}

/// What was signed, and what of it is new.
fn signed_text(signed: &SignedManifest, keys: &KeyStore, is_own_key: bool) -> String {
    let mut text = format!(
        "signed {} files with the key {} ({}), serial {}\n",
        signed
            .files
            .values()
            .filter(|trust| **trust != FileTrust::Missing)
            .count(),
        signed.key_id,
        signed.algorithm.name(),
        signed.serial
    );
    for (path, trust) in &signed.files {
        let news = match trust {
            FileTrust::Trusted => continue,
            FileTrust::Changed => "changed",
            FileTrust::Unsigned => "new",
            FileTrust::Missing => "gone",
        };
        let _ = writeln!(text, "  {news:<8}{path}");
    }
    if is_own_key {
        let _ = writeln!(text, "the key lies in {}", keys.directory().display());
    }
    text
}

fn verified(report: &TrustReport, json: bool) -> Result<Exit, Failure> {
    let text = if json {
        format!("{}\n", report_json(report))
    } else {
        report_text(report)
    };
    show(&text)?;
    Ok(if report.is_trusted() {
        Exit::Done
    } else {
        Exit::Fault
    })
}

fn report_json(report: &TrustReport) -> serde_json::Value {
    let files = report
        .files
        .iter()
        .map(|(path, trust)| (path.clone(), json!(trust.name())));
    json!({
        "trusted": report.is_trusted(),
        "refused": report.refused,
        "serial": report.serial,
        "files": serde_json::Value::Object(files.collect()),
    })
}

fn report_text(report: &TrustReport) -> String {
    if let Some(why) = &report.refused {
        return format!("not trusted: {why}\n");
    }
    let mut text = String::new();
    for (path, trust) in &report.files {
        let _ = writeln!(text, "  {:<10}{path}", trust.name());
    }
    let untrusted = report
        .files
        .values()
        .filter(|trust| **trust != FileTrust::Trusted)
        .count();
    let _ = match untrusted {
        0 => writeln!(
            text,
            "trusted: {} files are as they were signed",
            report.files.len()
        ),
        count => writeln!(
            text,
            "not trusted: {count} of {} files are not as they were signed; look at them, then run `llmspell trust sign`",
            report.files.len()
        ),
    };
    text
}

fn projects(keys: &KeyStore) -> Result<String, Failure> {
    let projects = keys.projects()?;
    if projects.is_empty() {
        return Ok("no project must be signed; `llmspell trust init` signs one\n".to_owned());
    }
    let mut text = String::new();
    for (root, project) in projects {
        let _ = writeln!(
            text,
            "{}  key {} ({}), serial {}",
            root.display(),
            project.key_id,
            project.algorithm.name(),
            project.serial
        );
    }
    Ok(text)
}

fn show(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Failure::internal(format_args!("the answer cannot be written: {error}")))
}

impl From<Algorithm> for SignatureAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Ed25519 => Self::Ed25519,
            Algorithm::HmacSha256 => Self::HmacSha256,
        }
    }
}

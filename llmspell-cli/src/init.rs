//! `llmspell init`: makes a project that works as it is.

use std::path::{Path, PathBuf};

use clap::Args;
use llmspell_engine::{Harness, WrittenFile, write_machine_configuration, write_project};
use llmspell_utils::debug::escaped;

use crate::answer::answer;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::harness;

/// What `llmspell init` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The agents to make an example for: claude, cursor, factory, opencode [default: those with a folder here, else claude]
    #[arg(long, value_name = "H", value_parser = harness, value_delimiter = ',')]
    harness: Vec<Harness>,
    /// The directory that becomes a project [default: here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Makes the configuration of this machine instead, which holds for every project
    #[arg(long)]
    global: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell init --harness claude --dir my_project";

/// The folders in which agents keep their own settings.
const AGENT_FOLDERS: [(&str, Harness); 4] = [
    (".claude", Harness::Claude),
    (".cursor", Harness::Cursor),
    (".factory", Harness::Factory),
    (".opencode", Harness::OpenCode),
];

/// Runs the command.
pub(crate) fn init(arguments: &Arguments) -> Result<Exit, Failure> {
    let here = PathBuf::from(".");
    let folder = arguments.dir.as_deref();
    let (root, files) = if arguments.global {
        let root = match folder {
            Some(folder) => folder.to_owned(),
            None => machine_folder()?,
        };
        let harnesses = harnesses(arguments, &here);
        let files = write_machine_configuration(&root, &harnesses)?;
        (root, files)
    } else {
        let root = folder.unwrap_or(&here).to_owned();
        let harnesses = harnesses(arguments, &root);
        let files = write_project(&root, &harnesses)?;
        (root, files)
    };
    answer(&as_text(&root, &files, arguments.global))?;
    Ok(Exit::Done)
}

/// The agents that are named, else those that have been used here, else the most usual one.
fn harnesses(arguments: &Arguments, root: &Path) -> Vec<Harness> {
    let mut harnesses = arguments.harness.clone();
    if harnesses.is_empty() {
        let used = AGENT_FOLDERS
            .iter()
            .filter(|(folder, _)| root.join(folder).is_dir());
        harnesses.extend(used.map(|(_, harness)| *harness));
    }
    if harnesses.is_empty() {
        harnesses.push(Harness::default());
    }
    harnesses
}

fn machine_folder() -> Result<PathBuf, Failure> {
    llmspell_engine::machine_configuration_folder().ok_or_else(|| {
        Failure::fault(
            "it is not known where this machine keeps its configuration",
            "name a directory with `--dir DIR`",
        )
    })
}

fn as_text(root: &Path, files: &[WrittenFile], is_global: bool) -> String {
    let mut text = String::new();
    for file in files {
        let path = escaped(&root.join(&file.path).display().to_string());
        let done = if file.was_there {
            "left alone"
        } else {
            "made      "
        };
        text.push_str(&format!("{done}  {}\n", path.trim_start_matches("./")));
    }
    if !is_global {
        text.push_str("next: `llmspell check`, `llmspell test`, then write a policy of your own\n");
    }
    text
}

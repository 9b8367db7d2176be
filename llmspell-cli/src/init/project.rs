//! Makes the files of a project, or of the configuration of this machine.

use std::path::{Path, PathBuf};

use llmspell_engine::{WrittenFile, write_machine_configuration, write_project};
use llmspell_utils::debug::escaped;

use super::{Arguments, harnesses};
use crate::failure::Failure;

/// Makes the files that are not there, and says which.
pub(super) fn made(arguments: &Arguments, root: &Path) -> Result<String, Failure> {
    let harnesses = harnesses(
        &arguments.harness,
        if arguments.global {
            Path::new(".")
        } else {
            root
        },
    );
    let root = match (&arguments.dir, arguments.global) {
        (None, true) => machine_folder()?,
        _ => root.to_owned(),
    };
    if arguments.dry_run {
        return Ok(announced(&root, arguments.global));
    }
    let files = if arguments.global {
        write_machine_configuration(&root, &harnesses)?
    } else {
        write_project(&root, &harnesses)?
    };
    Ok(as_text(&root, &files))
}

fn machine_folder() -> Result<PathBuf, Failure> {
    llmspell_engine::machine_configuration_folder().ok_or_else(|| {
        Failure::fault(
            "it is not known where this machine keeps its configuration",
            "name a directory with `--dir DIR`",
        )
    })
}

fn announced(root: &Path, is_global: bool) -> String {
    let what = if is_global {
        "configuration"
    } else {
        "project"
    };
    let root = escaped(&root.display().to_string());
    format!("{what:<12}would be made in {root}, where its files are not there yet\n")
}

fn as_text(root: &Path, files: &[WrittenFile]) -> String {
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
    text
}

//! What the words of a hook's command line say.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use llmspell_engine::Harness;

use super::Arguments;
use crate::project_options::MachineArguments;

/// Why there are no arguments.
#[derive(Debug)]
pub(super) enum Unread {
    /// The other program reads such words.
    Elsewhere,
    /// Help is wanted, which is this.
    Help(String),
    /// What is wrong with them, and what to do.
    Fault(String),
}

/// The command by itself: the whole program's command line takes longer to set up than to decide.
#[derive(Debug, Parser)]
#[command(
    name = "llmspell hook",
    bin_name = "llmspell hook",
    about = "Answers an agent's hook on the agent's own wire"
)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

/// Reads any words.
pub(super) fn any(words: &[OsString]) -> Result<Arguments, Unread> {
    match CommandLine::try_parse_from(words.iter().skip(1)) {
        Ok(line) => Ok(line.arguments),
        Err(error) if error.use_stderr() => Err(Unread::Fault(fault(&error))),
        Err(help) => Err(Unread::Help(help.to_string())),
    }
}

/// Reads words as settings of agents have them: each option once, and nothing besides.
#[cfg(target_os = "linux")]
pub(super) fn plain(words: &[OsString]) -> Result<Arguments, Unread> {
    read_plain(words).ok_or(Unread::Elsewhere)
}

#[cfg(target_os = "linux")]
fn read_plain(words: &[OsString]) -> Option<Arguments> {
    let mut words = words.iter().skip(2);
    let (mut harness, mut project, mut global) = (None, None, None);
    while let Some(word) = words.next() {
        let word = word.to_str()?;
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, value),
            None => (word, words.next()?.to_str()?),
        };
        if value.is_empty() || value.starts_with('-') {
            return None;
        }
        let earlier = match name {
            "--harness" => harness.replace(Harness::from_name(value)?).is_some(),
            "--project" => project.replace(PathBuf::from(value)).is_some(),
            "--global-config" => global.replace(PathBuf::from(value)).is_some(),
            _ => return None,
        };
        if earlier {
            return None;
        }
    }
    Some(Arguments {
        harness: harness?,
        project,
        machine: MachineArguments::of(global),
    })
}

/// The harness that the words name, wherever it stands; none, if they name none that is known.
pub(super) fn named_harness(words: &[OsString]) -> Option<Harness> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let mut named = None;
    while let Some(word) = words.next() {
        if word == "--harness" {
            named = words.next();
        } else if let Some(name) = word.strip_prefix("--harness=") {
            named = Some(name);
        }
    }
    named.and_then(Harness::from_name)
}

/// The first line of what is wrong with the command line, and what to do.
fn fault(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    refused(line.strip_prefix("error: ").unwrap_or(NO_EVENT))
}

/// What is said where help is asked for, and an agent listens.
pub(super) fn no_event() -> String {
    refused(NO_EVENT)
}

const NO_EVENT: &str = "this is no event's hook";

fn refused(fault: &str) -> String {
    format!(
        "{fault}; correct the hook's command in the agent's settings, or run `llmspell init --harness H` again"
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn shown(read: Result<Arguments, Unread>) -> Option<String> {
        read.ok().map(|arguments| format!("{arguments:?}"))
    }

    #[test]
    fn what_is_read_plainly_is_what_the_whole_parser_reads() {
        for line in [
            "--harness claude",
            "--harness=cursor",
            "--harness factory --project /some/where",
            "--project=a=b --harness opencode --global-config=/machine",
            "--global-config c --project . --harness claude",
        ] {
            let words = words(line);
            let plainly = shown(plain(&words));
            assert!(plainly.is_some(), "{line}");
            assert_eq!(plainly, shown(any(&words)), "{line}");
        }
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left_to_the_whole_parser() {
        for line in [
            "",
            "--help",
            "--harness",
            "--harness=",
            "--harness vim",
            "--harness claude --harness claude",
            "--harness claude extra",
            "--harness claude --project",
            "--harness claude --project --harness",
            "--harness claude --unknown x",
            "claude",
        ] {
            assert!(
                matches!(plain(&words(line)), Err(Unread::Elsewhere)),
                "{line}"
            );
        }
    }

    fn words(line: &str) -> Vec<OsString> {
        let words = ["llmspell", "hook"]
            .into_iter()
            .chain(line.split_whitespace());
        words.map(OsString::from).collect()
    }
}

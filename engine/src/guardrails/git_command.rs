//! One call of git: its settings, its own command, and what follows.

use crate::shell::{Invocation, Word, git_command_at};

/// A call of git.
#[derive(Debug)]
pub(super) struct GitCommand<'i> {
    /// The options before the command.
    pub(super) options: &'i [Word],
    pub(super) name: &'i Word,
    pub(super) arguments: &'i [Word],
}

impl<'i> GitCommand<'i> {
    /// The call, if the program is git and it has a command.
    pub(super) fn of(invocation: &'i Invocation) -> Option<Self> {
        if invocation.program.as_deref() != Some("git") {
            return None;
        }
        let arguments = invocation.arguments();
        let at = git_command_at(arguments)?;
        Some(Self {
            options: arguments.get(..at)?,
            name: arguments.get(at)?,
            arguments: arguments.get(at + 1..)?,
        })
    }

    /// The arguments that are options, without the values that stand behind them.
    pub(super) fn flags(&self) -> Vec<&'i Word> {
        const VALUED: [&str; 21] = [
            "-m",
            "--message",
            "-F",
            "--file",
            "-C",
            "-c",
            "-t",
            "--template",
            "--author",
            "--date",
            "--reuse-message",
            "--reedit-message",
            "--fixup",
            "--squash",
            "--trailer",
            "-X",
            "--strategy",
            "-o",
            "--push-option",
            "--onto",
            "--exec",
        ];
        let mut flags = Vec::new();
        let mut arguments = self.arguments.iter();
        while let Some(word) = arguments.next() {
            let text = word.start();
            if text == "--" {
                break;
            }
            // In a group the last letter takes the value.
            let is_group = text.starts_with('-') && !text.starts_with("--");
            let takes_value =
                VALUED.contains(&word.plain()) || (is_group && takes_next(text, self.name.plain()));
            flags.push(word);
            if takes_value {
                arguments.next();
            }
        }
        flags
    }
}

/// Whether a group of short options ends in one that takes the next argument.
fn takes_next(group: &str, command: &str) -> bool {
    let letters: Vec<char> = group.chars().skip(1).collect();
    let is_value =
        |letter: &char| command == "commit" && matches!(letter, 'm' | 'F' | 'C' | 'c' | 't');
    letters.iter().position(is_value) == letters.len().checked_sub(1) && letters.len() > 1
}

/// Whether a letter stands in a group of short options before one that takes the rest as its value.
pub(super) fn has_letter(group: &str, wanted: char) -> bool {
    let Some(letters) = group
        .strip_prefix('-')
        .filter(|rest| !rest.starts_with('-'))
    else {
        return false;
    };
    letters
        .chars()
        .take_while(|letter| !matches!(letter, 'm' | 'F' | 'C' | 'c' | 't' | 'S' | 'u'))
        .any(|letter| letter == wanted)
}

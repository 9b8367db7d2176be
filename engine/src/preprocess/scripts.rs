//! What a script contains that a command executes.

use std::path::Path;

use super::paths;

const INTERPRETERS: [&str; 16] = [
    "bash", "bun", "dash", "deno", "fish", "ksh", "lua", "luajit", "node", "perl", "php", "python",
    "ruby", "sh", "source", "zsh",
];
/// Words in front of the one that is executed.
const WRAPPERS: [&str; 9] = [
    "builtin", "command", "env", "exec", "nice", "nohup", "sudo", "time", "timeout",
];
/// Scripts of one command that are read.
const MAX_SCRIPTS: usize = 8;

/// The scripts that a command executes, put together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scripts {
    /// The first of them.
    pub(super) path: String,
    pub(super) content: String,
    /// Whether there was more than may be read.
    pub(super) is_cut: bool,
}

/// Reads the scripts among some commands, at most so many bytes in all.
pub(super) fn of(commands: &[Vec<String>], cwd: &Path, most: usize) -> Option<Scripts> {
    let mut found: Option<Scripts> = None;
    let named = commands.iter().filter_map(|words| executed(words));
    for path in named.take(MAX_SCRIPTS) {
        let file = paths::resolve(path, cwd).canonical;
        let read = found.as_ref().map_or(0, |scripts| scripts.content.len());
        let Some((content, is_cut)) = text(&file, most.saturating_sub(read)) else {
            continue;
        };
        let scripts = found.get_or_insert_with(|| Scripts {
            path: file.to_string_lossy().into_owned(),
            content: String::new(),
            is_cut: false,
        });
        if !scripts.content.is_empty() {
            scripts.content.push('\n');
        }
        scripts.content.push_str(&content);
        scripts.is_cut |= is_cut;
    }
    found
}

/// The file that a simple command executes, if its words say so.
fn executed(words: &[String]) -> Option<&str> {
    let mut words = words.iter().map(String::as_str).skip_while(|word| {
        let is_assignment = word.split_once('=').is_some_and(|(name, _)| {
            name.chars()
                .all(|sign| sign.is_alphanumeric() || sign == '_')
        });
        is_assignment || WRAPPERS.contains(word) || word.starts_with('-') || is_number(word)
    });
    let program = words.next()?;
    if program == "." || is_interpreter(program) {
        // What is given as text is no file.
        return words
            .take_while(|word| !matches!(*word, "-c" | "-e" | "-m" | "--eval"))
            .find(|word| !word.starts_with('-'));
    }
    program.contains('/').then_some(program)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|sign: char| sign.is_ascii_digit())
}

fn is_interpreter(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let name = name.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
    INTERPRETERS.contains(&name)
}

/// The text of a regular file, and whether it is longer; none for programs and whatever else is no text.
fn text(file: &Path, most: usize) -> Option<(String, bool)> {
    let mut bytes = read(file, most.saturating_add(1))?;
    let is_cut = bytes.len() > most;
    bytes.truncate(most);
    if bytes.contains(&0) {
        return None;
    }
    Some((String::from_utf8_lossy(&bytes).into_owned(), is_cut))
}

fn read(file: &Path, most: usize) -> Option<Vec<u8>> {
    use std::io::Read as _;

    // A pipe or a device would never end.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    let opened = std::fs::File::open(file).ok()?;
    opened.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &[&str]) {
        let commands = words::commands(command);
        let found: Vec<&str> = commands
            .iter()
            .filter_map(|words| executed(words))
            .collect();
        assert_eq!(found, expected, "{command}");
    }

    #[test]
    fn the_file_that_is_executed_is_found_wherever_it_stands() {
        check("./deploy.sh --now", &["./deploy.sh"]);
        check("bash -x run.sh", &["run.sh"]);
        check("python3.12 tool.py", &["tool.py"]);
        check(
            "cd x && MODE=1 sudo -n timeout 5 sh ./a.sh | tee log",
            &["./a.sh"],
        );
        check("source env.sh; . ./other", &["env.sh", "./other"]);
        check("/usr/bin/env python3 x.py", &["/usr/bin/env"]);
    }

    #[test]
    fn commands_without_a_file_have_none() {
        check("python -c 'print(1)'", &[]);
        check("python -m pytest", &[]);
        check("ls -l", &[]);
        check("bash", &[]);
    }
}

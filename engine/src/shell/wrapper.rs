//! Commands that run other commands: `sudo`, `env`, `xargs`, `find -exec`, `sh -c` and the like.

mod find;
mod interpreter;

use super::Unknown;
use super::effect::Call;
use super::expand::joined;
use super::scope::program_name;
use super::walk::{Input, Walker};
use super::word::{Open, Word};

pub(super) use interpreter::script;

/// A wrapper, and its options that take a value of their own.
struct Wrapper {
    name: &'static str,
    valued: &'static [&'static str],
    /// Words between the options and the command.
    skips: usize,
}

const fn wrapper(name: &'static str, valued: &'static [&'static str], skips: usize) -> Wrapper {
    Wrapper {
        name,
        valued,
        skips,
    }
}

const WRAPPERS: [Wrapper; 42] = [
    wrapper(
        "sudo",
        &[
            "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group",
            "--chdir",
        ],
        0,
    ),
    wrapper("doas", &["-u", "-C"], 0),
    wrapper("npx", &["-p", "--package"], 0),
    wrapper("bunx", &["-p", "--package"], 0),
    wrapper("nohup", &[], 0),
    wrapper("setsid", &[], 0),
    wrapper("stdbuf", &["-i", "-o", "-e"], 0),
    wrapper("nice", &["-n", "--adjustment"], 0),
    wrapper("ionice", &["-c", "-n", "-p"], 0),
    wrapper("timeout", &["-s", "-k", "--signal", "--kill-after"], 1),
    wrapper("gtimeout", &["-s", "-k"], 1),
    wrapper("time", &["-f", "-o"], 0),
    wrapper("exec", &["-a"], 0),
    wrapper("command", &[], 0),
    wrapper("builtin", &[], 0),
    wrapper("busybox", &[], 0),
    wrapper("toybox", &[], 0),
    wrapper("chroot", &["--userspec", "--groups"], 1),
    wrapper("unshare", &[], 0),
    wrapper("nsenter", &["-t"], 0),
    wrapper("strace", &["-e", "-o", "-p", "-s", "-u"], 0),
    wrapper("ltrace", &["-e", "-o", "-p", "-s", "-u"], 0),
    wrapper("caffeinate", &["-t", "-w"], 0),
    wrapper("taskset", &[], 1),
    wrapper("chrt", &["-T", "-P", "-D"], 1),
    wrapper("numactl", &[], 0),
    wrapper("systemd-run", &["-p", "-u", "--unit", "--property"], 0),
    wrapper("gosu", &[], 1),
    wrapper("su-exec", &[], 1),
    wrapper("catchsegv", &[], 0),
    wrapper("unbuffer", &[], 0),
    wrapper("winpty", &[], 0),
    wrapper("rtk", &[], 0),
    wrapper("coproc", &[], 0),
    wrapper("then", &[], 0),
    wrapper("fakeroot", &[], 0),
    wrapper("proot", &["-r", "-b", "-w"], 0),
    wrapper("dotenv", &["-e", "-f"], 0),
    wrapper("dbus-run-session", &[], 0),
    wrapper("xvfb-run", &["-s", "-n"], 0),
    wrapper("flock", &["-w", "-E", "--timeout"], 1),
    wrapper("watch", &["-n", "--interval"], 0),
];

/// Commands that give texts among their arguments to a shell.
const TEXT_RUNNERS: [&str; 12] = [
    "su",
    "runuser",
    "watch",
    "script",
    "parallel",
    "tmux",
    "screen",
    "ssh",
    "flock",
    "nix-shell",
    "entr",
    "hyperfine",
];

/// Runs the command inside a command; none if the command is no wrapper.
pub(super) fn run(
    walker: &mut Walker<'_>,
    program: &str,
    words: &[Word],
    variables: &[(String, Word)],
    input: &Input,
) -> Option<Word> {
    if TEXT_RUNNERS.contains(&program) {
        run_texts(walker, words);
    }
    match program {
        "env" => return Some(env(walker, words, variables, input)),
        "xargs" => return Some(xargs(walker, words, input)),
        "find" | "gfind" => return Some(find::run(walker, words, input)),
        "fd" | "fdfind" => return Some(find::run_fd(walker, words, input)),
        _ => {}
    }
    if interpreter::run(walker, program, words, input) {
        return Some(Word::open(Open::Computed));
    }
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == program)?;
    if program == "command"
        && words
            .get(1)
            .is_some_and(|word| matches!(word.plain(), "-v" | "-V"))
    {
        return Some(Word::open(Open::Outside));
    }
    if program == "npx"
        && let Some(text) = Call::new(program, words).value("-c", "--call")
    {
        return Some(walker.apart(|walker| {
            walker.evaluate(
                std::slice::from_ref(&text),
                "a command that is made while it runs",
            )
        }));
    }
    let mut variables = variables.to_vec();
    let start = command_start(words, wrapper, &mut variables);
    let inner = words.get(start..).unwrap_or_default();
    if inner.is_empty() {
        return Some(Word::default());
    }
    Some(walker.run(inner, &variables, input))
}

/// The place of the command among the words of a wrapper; the variables in front of it are collected.
fn command_start(words: &[Word], wrapper: &Wrapper, variables: &mut Vec<(String, Word)>) -> usize {
    let mut skips = wrapper.skips;
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let text = word.start();
        if text == "--" {
            index += 1;
        } else if word.is_option() {
            index += if wrapper.valued.contains(&word.plain()) {
                2
            } else {
                1
            };
        } else if let Some(variable) = assignment(word) {
            variables.push(variable);
            index += 1;
        } else if skips > 0 {
            skips -= 1;
            index += 1;
        } else {
            break;
        }
    }
    index
}

fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, value) = word.split_at('=')?;
    let name = name.known()?;
    super::syntax::is_name(name).then(|| (name.to_owned(), value))
}

/// `env` with its variables, and with `-S`, which splits a text into a command.
fn env(
    walker: &mut Walker<'_>,
    words: &[Word],
    variables: &[(String, Word)],
    input: &Input,
) -> Word {
    let mut variables = variables.to_vec();
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let text = word.start().to_owned();
        let split = ["--split-string=", "-S"]
            .iter()
            .find_map(|option| word.without_start(option))
            .or_else(|| {
                let rest = text
                    .strip_prefix('-')
                    .filter(|rest| !rest.starts_with('-'))?;
                let (_, after) = rest.split_once('S')?;
                Some(Word::text(after))
            });
        if let Some(mut split) = split {
            let rest = words.get(index + 1..).unwrap_or_default();
            if split.pieces().is_empty() || split.plain() == "--split-string" {
                split = Word::default();
            }
            let whole = joined(&[&[split], rest].concat());
            // What follows is split as well here, which finds more than runs.
            return walker.evaluate(
                std::slice::from_ref(&whole),
                "`env -S` of a text that is made while it runs",
            );
        }
        match text.as_str() {
            "--" => index += 1,
            "-u" | "--unset" => index += 2,
            "-C" | "--chdir" => {
                let directory = words.get(index + 1).cloned().unwrap_or_default();
                let rest = words.get(index + 2..).unwrap_or_default().to_vec();
                return walker.apart(|walker| {
                    walker.scope.change_directory(&directory, true);
                    let again = [vec![Word::text("env")], rest].concat();
                    env(walker, &again, &variables, input)
                });
            }
            _ if word.is_option() || text == "-" => index += 1,
            _ => match assignment(word) {
                Some(variable) => {
                    variables.push(variable);
                    index += 1;
                }
                None => break,
            },
        }
    }
    let inner = words.get(index..).unwrap_or_default();
    if inner.is_empty() {
        return Word::open(Open::Computed);
    }
    walker.run(inner, &variables, input)
}

/// `xargs`: the command with what is read behind its words, or in place of a mark.
fn xargs(walker: &mut Walker<'_>, words: &[Word], input: &Input) -> Word {
    const VALUED: [&str; 12] = [
        "-n",
        "-P",
        "-L",
        "-d",
        "-a",
        "-E",
        "-s",
        "-I",
        "-J",
        "-R",
        "--max-args",
        "--delimiter",
    ];
    let mut index = 1;
    let mut mark = None;
    while let Some(word) = words.get(index) {
        if !word.is_option() {
            break;
        }
        let text = word.plain();
        if matches!(text, "-I" | "-J" | "--replace") {
            mark = words.get(index + 1).map(|word| word.plain().to_owned());
        } else if text == "-i" {
            mark = Some("{}".to_owned());
        } else if let Some(rest) = text
            .strip_prefix("-I")
            .or_else(|| text.strip_prefix("--replace="))
        {
            mark = Some(rest.to_owned());
        }
        index += if VALUED.contains(&text) { 2 } else { 1 };
    }
    let items = match input {
        Input::Outside => vec![Word::open(Open::Computed)],
        Input::Text(text) => walker.fields_of(text, false),
    };
    let items: Vec<Word> = items
        .into_iter()
        .filter(|item| !item.pieces().is_empty())
        .collect();
    let inner = words.get(index..).unwrap_or_default();
    let inner = if inner.is_empty() {
        vec![Word::text("echo")]
    } else {
        inner.to_vec()
    };
    let command = match mark {
        Some(mark) if !mark.is_empty() => with_items(&inner, &mark, &items),
        _ => [inner, items].concat(),
    };
    walker.run(&command, &[], &Input::Outside)
}

/// The words with every mark replaced by each of the items.
pub(super) fn with_items(words: &[Word], mark: &str, items: &[Word]) -> Vec<Word> {
    let mut replaced = Vec::new();
    for word in words {
        let Some((before, after)) = word.known().and_then(|text| text.split_once(mark)) else {
            replaced.push(word.clone());
            continue;
        };
        for item in items {
            let mut whole = Word::default();
            whole.push_text(before);
            whole.append(item);
            whole.push_text(&after.replace(mark, ""));
            if after.contains(mark) {
                whole.push(super::Piece::Open(Open::Computed));
            }
            replaced.push(whole);
        }
    }
    replaced
}

/// Every argument that is a text of several words, or a whole command by itself.
fn run_texts(walker: &mut Walker<'_>, words: &[Word]) {
    let texts: Vec<Word> = words
        .iter()
        .skip(1)
        .filter(|word| word.shown().contains(' '))
        .cloned()
        .collect();
    for text in texts {
        walker.apart(|walker| {
            walker.evaluate(
                std::slice::from_ref(&text),
                "a command that is made while it runs",
            )
        });
    }
    // `ssh host rm x` and `tmux new rm x`: the words that name a program begin a command.
    for index in 1..words.len().min(6) {
        let rest = words.get(index..).unwrap_or_default();
        let is_program = rest.first().and_then(program_name).is_some_and(|name| {
            matches!(
                name.as_str(),
                "rm" | "mv" | "cp" | "sh" | "bash" | "zsh" | "tee" | "sed" | "git" | "chmod" | "ln"
            )
        });
        if is_program {
            let rest = rest.to_vec();
            walker.apart(|walker| walker.run(&rest, &[], &Input::Outside));
        }
    }
}

/// A program of which nothing is known and that gets what nobody knows could be anything.
pub(super) fn check_hidden(walker: &mut Walker<'_>, words: &[Word]) {
    let hides_program = words.first().is_some_and(Word::is_computed);
    let hides_argument = words.iter().skip(1).any(Word::is_computed);
    if hides_program && (hides_argument || words.len() == 1) {
        walker.fail(Unknown::HiddenProgram(
            "a program whose name is made while it runs",
        ));
    }
}

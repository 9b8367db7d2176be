//! Interpreters: shells, whose texts are read like the command itself, and those of other languages.

use crate::shell::code;
use crate::shell::effect::{self, Call, Effect, EffectKind};
use crate::shell::walk::{Input, Walker};
use crate::shell::word::{Open, Word};

const SHELLS: [&str; 8] = ["sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "rbash"];

/// Interpreters of other languages, and the options before a text.
const INTERPRETERS: [(&str, &[&str]); 14] = [
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("node", &["-e", "--eval", "-p", "--print"]),
    ("nodejs", &["-e", "--eval", "-p", "--print"]),
    ("deno", &["eval"]),
    ("bun", &["-e", "--eval", "-p"]),
    ("php", &["-r"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("osascript", &["-e"]),
    ("rscript", &["-e"]),
    ("fish", &["-c"]),
];

/// Runs an interpreter; false if the program is none.
pub(super) fn run(walker: &mut Walker<'_>, program: &str, words: &[Word], input: &Input) -> bool {
    if SHELLS.contains(&program) {
        shell(walker, words, input);
        return true;
    }
    // What they read is run later.
    if matches!(program, "at" | "batch" | "crontab") {
        if let Input::Text(text) = input {
            let text = text.clone();
            text_of_shell(walker, &text, &[]);
        }
        return false;
    }
    let bare = program.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
    let Some((_, options)) = INTERPRETERS.iter().find(|(name, _)| *name == bare) else {
        return false;
    };
    other(walker, bare, options, words, input);
    true
}

/// A shell with a text, a script, or a program on its standard input.
fn shell(walker: &mut Walker<'_>, words: &[Word], input: &Input) {
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let text = word.plain();
        if matches!(text, "-o" | "-O" | "+o" | "+O" | "--rcfile" | "--init-file") {
            index += 2;
            continue;
        }
        let is_text = text.starts_with('-') && !text.starts_with("--") && text.contains('c');
        if is_text {
            // Options may follow the `-c`.
            let mut at = index + 1;
            while words.get(at).is_some_and(Word::is_option) {
                at += 1;
            }
            let rest = words.get(at + 1..).unwrap_or_default();
            let text = words.get(at).cloned().unwrap_or_default();
            text_of_shell(walker, &text, rest);
            return;
        }
        if !word.is_option() && !text.starts_with('+') && text != "-" {
            script(walker, word, words.get(index + 1..).unwrap_or_default());
            return;
        }
        if text == "-s" || text == "-" || text == "--" {
            index += 1;
            if text != "--" {
                break;
            }
            continue;
        }
        index += 1;
    }
    if let Input::Text(text) = input {
        let text = text.clone();
        text_of_shell(walker, &text, &[]);
    }
}

fn text_of_shell(walker: &mut Walker<'_>, text: &Word, rest: &[Word]) {
    // The word behind the text is `$0`.
    let arguments = rest.get(1..).unwrap_or_default().to_vec();
    walker.apart(|walker| {
        if !rest.is_empty() {
            walker.scope.arguments = Some(arguments);
            walker
                .scope
                .assign("0", rest.iter().take(1).cloned().collect());
        }
        walker.evaluate(
            std::slice::from_ref(text),
            "a shell that runs a text made while it runs",
        )
    });
}

/// A script that is run: what the text itself wrote into it is read, what lies on the disk is the file's own affair.
pub(in crate::shell) fn script(walker: &mut Walker<'_>, file: &Word, arguments: &[Word]) {
    walker.effect(Effect::new(EffectKind::Execute, file.clone(), "sh"));
    let call: Vec<Word> = [vec![file.clone()], arguments.to_vec()].concat();
    effect::of_unknown(walker, &Call::new("", &call));
    if file.is_computed() {
        walker.hidden(file, "a script whose name is made while it runs");
        return;
    }
    let placed = walker.placed(file);
    let same = |path: &Word| *path == placed || path.last_component() == placed.last_component();
    let contents: Vec<Word> = walker
        .files
        .iter()
        .filter(|(path, _)| same(path))
        .map(|(_, content)| content.clone())
        .collect();
    if matches!(
        file.plain(),
        "/dev/stdin" | "-" | "/proc/self/fd/0" | "/dev/fd/0"
    ) {
        walker.fail(crate::shell::Unknown::HiddenProgram(
            "a script that is read from the input",
        ));
    }
    for content in contents {
        let arguments = arguments.to_vec();
        walker.apart(|walker| {
            walker.scope.arguments = Some(arguments);
            walker.evaluate(
                std::slice::from_ref(&content),
                "a script that is made while it runs",
            )
        });
    }
}

fn other(walker: &mut Walker<'_>, name: &str, options: &[&str], words: &[Word], input: &Input) {
    let mut texts = Vec::new();
    let mut has_file = false;
    let mut index = 1;
    while let Some(word) = words.get(index) {
        let text = word.plain();
        let is_merged = |option: &&&str| {
            // `perl -pe`, `ruby -ne`: letters before the one that takes the text.
            option.len() == 2
                && text.starts_with('-')
                && !text.starts_with("--")
                && option
                    .chars()
                    .nth(1)
                    .is_some_and(|letter| text.ends_with(letter))
        };
        let attached = options
            .iter()
            .filter(|option| option.len() == 2 || option.starts_with("--"))
            .find_map(|option| word.without_start(option))
            .filter(|rest| !rest.pieces().is_empty() && rest.shown().len() > 1);
        if options.contains(&text) || options.iter().any(|option| is_merged(&option)) {
            texts.extend(words.get(index + 1).cloned());
            index += 1;
        } else if let Some(attached) = attached {
            texts.push(attached);
        } else if !word.is_option() && texts.is_empty() && text != "-" && !word.pieces().is_empty()
        {
            has_file = true;
            break;
        }
        index += 1;
    }
    let operands: Vec<Word> = words.get(index..).unwrap_or_default().to_vec();
    let is_in_place = name == "perl"
        && words.iter().any(|word| {
            let text = word.plain();
            text.starts_with('-')
                && !text.starts_with("--")
                && text.contains('i')
                && !text.contains('I')
        });
    if is_in_place {
        for operand in words.iter().skip(1).filter(|word| !word.is_option()) {
            walker.effect(Effect::new(EffectKind::Write, operand.clone(), name));
        }
    }
    if texts.is_empty() && !has_file {
        if let Input::Text(text) = input {
            texts.push(text.clone());
        }
    } else if has_file {
        if let Some(file) = operands.first() {
            code_of_file(walker, file);
        }
        effect::of_unknown(walker, &Call::new(name, &operands_as_call(&operands)));
    }
    for text in texts {
        code::run(walker, text);
    }
}

fn operands_as_call(operands: &[Word]) -> Vec<Word> {
    [vec![Word::open(Open::Outside)], operands.to_vec()].concat()
}

/// A file of another language that the text itself wrote.
fn code_of_file(walker: &mut Walker<'_>, file: &Word) {
    let placed = walker.placed(file);
    let contents: Vec<Word> = walker
        .files
        .iter()
        .filter(|(path, _)| *path == placed)
        .map(|(_, content)| content.clone())
        .collect();
    for content in contents {
        code::run(walker, content);
    }
}

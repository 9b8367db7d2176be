//! What git does to files, and the commands that it is told to run.

use super::{Call, Effect, EffectKind, archive};
use crate::shell::walk::{Input, Walker};
use crate::shell::word::{Open, Word};

/// Options of git itself that take a value.
const VALUED: [&str; 9] = [
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--exec-path",
    "--config-env",
    "--super-prefix",
    "--attr-source",
];

/// The place of git's own command among its arguments.
pub(crate) fn command_at(arguments: &[Word]) -> Option<usize> {
    let mut index = 0;
    while let Some(word) = arguments.get(index) {
        if VALUED.contains(&word.plain()) {
            index += 2;
        } else if word.is_option() {
            index += 1;
        } else {
            return Some(index);
        }
    }
    None
}

/// Notes what git does; false if the program is another one.
pub(super) fn note(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) -> bool {
    if call.program != "git" {
        return false;
    }
    let arguments = call.arguments();
    let Some(at) = command_at(arguments) else {
        return true;
    };
    let options = arguments.get(..at).unwrap_or_default();
    for option in options {
        configured(walker, option);
        if let Some(path) = option.without_start("--work-tree=") {
            walker.effect(Effect::new(EffectKind::Touch, path, "git"));
        }
    }
    let directory = options
        .iter()
        .zip(options.iter().skip(1))
        .find(|(option, _)| option.plain() == "-C")
        .map(|(_, directory)| directory.clone());
    let words = arguments.get(at..).unwrap_or_default().to_vec();
    let input = input.clone();
    let notes = |walker: &mut Walker<'_>| {
        command(walker, &Call::new("git", &words), &input);
        Word::default()
    };
    match directory {
        Some(directory) => {
            walker.apart(|walker| {
                walker.scope.change_directory(&directory, true);
                notes(walker)
            });
        }
        None => {
            notes(walker);
        }
    }
    true
}

/// A configuration that runs a command.
fn configured(walker: &mut Walker<'_>, setting: &Word) {
    let Some((key, value)) = setting.split_at('=') else {
        return;
    };
    let key = key.plain().to_lowercase();
    let runs = key.starts_with("alias.")
        || [
            "editor",
            "pager",
            "sshcommand",
            "external",
            "helper",
            "fsmonitor",
            "cmd",
            "clean",
            "smudge",
            "process",
            "driver",
        ]
        .iter()
        .any(|end| key.ends_with(end));
    if key.starts_with("alias.") && !value.start().starts_with('!') {
        let mut command = Word::text("git ");
        command.append(&value);
        runs_text(walker, &command);
    } else if runs {
        runs_text(walker, &value);
    }
}

fn runs_text(walker: &mut Walker<'_>, value: &Word) {
    if let Some(text) = value.known() {
        let text = text.trim_start_matches('!').to_owned();
        walker.apart(|walker| walker.text(&text, &Input::Outside));
    }
}

fn command(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) {
    let command = call.words.first().map(Word::plain).unwrap_or_default();
    match command {
        "rm" | "mv" if call.has("n", &["cached", "dry-run"]) && command == "rm" => {}
        "rm" | "mv" => each(
            walker,
            call,
            EffectKind::Delete,
            command == "mv" || call.has("r", &[]),
        ),
        "checkout" | "restore" | "checkout-index" | "reset" => pathspecs(walker, call),
        "clean" => clean(walker, call),
        "apply" | "am" => apply(walker, call, input),
        "config" => {
            if let [_, key, value, ..] = call.operands_and_command().as_slice() {
                let mut setting = (*key).clone();
                setting.push_text("=");
                setting.append(value);
                configured(walker, &setting);
            }
            if let Some(file) = call.value("-f", "--file") {
                walker.effect(Effect::new(EffectKind::Write, file, "git"));
            }
        }
        "clone" | "init" | "worktree" | "archive" | "bundle" => {
            for path in call.operands() {
                walker.effect(Effect::new(EffectKind::Touch, path.clone(), "git"));
            }
            if let Some(path) = call.value("-o", "--output") {
                walker.effect(Effect::new(EffectKind::Write, path, "git"));
            }
        }
        "submodule"
            if call.has("", &["recursive"])
                || call
                    .arguments()
                    .iter()
                    .any(|word| word.plain() == "foreach") =>
        {
            let texts: Vec<Word> = call.operands().into_iter().skip(1).cloned().collect();
            if !texts.is_empty()
                && call
                    .arguments()
                    .iter()
                    .any(|word| word.plain() == "foreach")
            {
                walker.apart(|walker| {
                    walker.evaluate(&texts, "a command that is made while it runs")
                });
            }
        }
        "stash" => stash(walker, call),
        "sparse-checkout"
            if call
                .operands()
                .first()
                .is_some_and(|word| word.plain() == "set") =>
        {
            // Folders that are not in the list are taken away.
            let mut effect =
                Effect::new(EffectKind::Delete, Word::text("."), "git sparse-checkout");
            effect.is_recursive = true;
            walker.effect(effect);
        }
        "bisect" | "rebase" | "filter-branch" => {
            let run = call
                .arguments()
                .iter()
                .position(|word| word.plain() == "run");
            if let Some(run) = run {
                let rest = call.arguments().get(run + 1..).unwrap_or_default().to_vec();
                walker.apart(|walker| walker.run(&rest, &[], &Input::Outside));
            }
            for option in ["-x", "--exec", "--tree-filter", "--index-filter"] {
                let (short, long) = if option.starts_with("--") {
                    ("", option)
                } else {
                    (option, "")
                };
                if let Some(text) = call.value(short, long) {
                    runs_text(walker, &text);
                }
            }
        }
        "diff" | "log" | "show" | "format-patch" => {
            if let Some(path) = call.value("", "--output") {
                walker.effect(Effect::new(EffectKind::Write, path, "git"));
            }
            for path in call.operands() {
                walker.effect(Effect::new(EffectKind::Read, path.clone(), "git"));
            }
        }
        _ => {}
    }
}

impl<'w> Call<'w> {
    /// The command of git and its operands.
    fn operands_and_command(&self) -> Vec<&'w Word> {
        self.words
            .first()
            .into_iter()
            .chain(self.operands())
            .collect()
    }
}

fn each(walker: &mut Walker<'_>, call: &Call<'_>, kind: EffectKind, is_recursive: bool) {
    for path in call.operands() {
        let mut effect = Effect::new(kind, path.clone(), "git");
        effect.is_recursive = is_recursive;
        walker.effect(effect);
    }
}

/// Changes of these paths are put away.
fn stash(walker: &mut Walker<'_>, call: &Call<'_>) {
    let puts_away = call.operands().first().is_none_or(|word| {
        !matches!(
            word.plain(),
            "list" | "show" | "pop" | "apply" | "drop" | "clear" | "branch" | "create" | "store"
        )
    });
    if !puts_away {
        return;
    }
    let operands = call.operands_without(&["-m", "--message"]);
    for path in operands.into_iter().filter(|word| word.plain() != "push") {
        walker.effect(Effect::new(EffectKind::Write, path.clone(), "git stash"));
    }
}

/// Paths that are given the content of a commit; a name that is a branch as well is no path beneath what matters.
fn pathspecs(walker: &mut Walker<'_>, call: &Call<'_>) {
    let from_paths = call.value("", "--pathspec-from-file");
    if from_paths.is_some() {
        walker.effect(Effect::new(
            EffectKind::Write,
            Word::open(Open::Computed),
            "git",
        ));
    }
    let operands = call.operands_without(&["-b", "-B", "-s", "--source", "--orphan", "-c", "-C"]);
    for path in operands {
        walker.effect(Effect::new(EffectKind::Write, path.clone(), "git"));
    }
}

/// Files that git does not keep are deleted.
fn clean(walker: &mut Walker<'_>, call: &Call<'_>) {
    if call.has("n", &["dry-run"]) || !call.has("f", &["force"]) {
        return;
    }
    let operands = call.operands_without(&["-e", "--exclude"]);
    let excluded = call.value("-e", "--exclude");
    let roots = if operands.is_empty() {
        vec![Word::text(".")]
    } else {
        operands.into_iter().cloned().collect()
    };
    for root in roots {
        let mut effect = Effect::new(EffectKind::Delete, root, "git clean");
        // Ignored files go with `-x` only, whole directories with `-d`.
        effect.is_recursive = call.has("d", &[]) && excluded.is_none();
        effect.is_existing = true;
        walker.effect(effect);
    }
}

fn apply(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) {
    let reads_only = [
        "--stat",
        "--check",
        "--numstat",
        "--summary",
        "--abort",
        "--continue",
        "--skip",
        "--quit",
    ];
    if call
        .arguments()
        .iter()
        .any(|word| reads_only.contains(&word.plain()))
    {
        return;
    }
    let directory = Word::text(".");
    match input {
        Input::Text(text) if call.operands().is_empty() && text.known().is_some() => {
            archive::of_text(walker, call, text.plain(), &directory);
        }
        _ => {
            let mut effect = Effect::new(EffectKind::Write, directory, "git apply");
            effect.brings_names = true;
            walker.effect(effect);
        }
    }
}

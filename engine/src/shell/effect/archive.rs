//! Tools that write files which only an archive or a patch names.

use super::{Call, Effect, EffectKind};
use crate::shell::walk::{Input, Walker};
use crate::shell::word::Word;

/// Notes what such a tool does; false if it is none.
pub(super) fn note(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) -> bool {
    match call.program {
        "tar" | "gtar" | "bsdtar" => {
            packs_or_unpacks(walker, call);
        }
        "unzip" | "7z" | "7za" | "7zz" | "unrar" | "cpio" | "pax" => {
            extract(walker, call);
        }
        "zip" => {
            packs(walker, call);
        }
        "patch" | "gpatch" => {
            patch(walker, call, input);
        }
        _ => return false,
    }
    true
}

fn packs_or_unpacks(walker: &mut Walker<'_>, call: &Call<'_>) {
    // The first argument may be letters without a dash.
    let first = call
        .arguments()
        .first()
        .map(Word::plain)
        .unwrap_or_default();
    let letters = if first.starts_with('-') { "" } else { first };
    let does = |letter: char, long: &str| {
        letters.contains(letter) || call.has(letter.encode_utf8(&mut [0; 4]), &[long])
    };
    let archive = call.value("-f", "--file").or_else(|| {
        let group = call
            .arguments()
            .iter()
            .position(|word| !word.start().starts_with("--") && word.plain().ends_with('f'))?;
        call.arguments().get(group + 1).cloned()
    });
    let directory = call
        .value("-C", "--directory")
        .unwrap_or_else(|| Word::text("."));
    if does('x', "extract") {
        brings(walker, call, directory);
        if let Some(archive) = archive {
            walker.effect(Effect::new(EffectKind::Read, archive, call.program));
        }
        return;
    }
    let packs = does('c', "create")
        || does('r', "append")
        || does('u', "update")
        || call.has("", &["delete"]);
    if let Some(archive) = &archive {
        let kind = if packs {
            EffectKind::Write
        } else {
            EffectKind::Read
        };
        walker.effect(Effect::new(kind, archive.clone(), call.program));
    }
    let kind = if call.has("", &["remove-files"]) {
        EffectKind::Delete
    } else {
        EffectKind::Read
    };
    let valued = ["-f", "-C", "--exclude", "-X", "-T", "--directory", "--file"];
    for path in call.operands_without(&valued) {
        if Some(path) == archive.as_ref() {
            continue;
        }
        let mut effect = Effect::new(kind, path.clone(), call.program);
        effect.is_recursive = kind == EffectKind::Delete;
        walker.effect(effect);
    }
}

fn extract(walker: &mut Walker<'_>, call: &Call<'_>) {
    let lists = call
        .arguments()
        .first()
        .is_some_and(|first| matches!(first.plain(), "-l" | "-t" | "-Z" | "-v" | "l" | "t" | "-p"));
    if lists {
        return;
    }
    // To `unzip`, `-o` is no folder.
    let directory = if call.program.starts_with('7') {
        let mut options = call.arguments().iter();
        options.find_map(|word| word.without_start("-o"))
    } else {
        call.value("-d", "")
    };
    brings(walker, call, directory.unwrap_or_else(|| Word::text(".")));
    for path in call.operands() {
        walker.effect(Effect::new(EffectKind::Touch, path.clone(), call.program));
    }
}

fn brings(walker: &mut Walker<'_>, call: &Call<'_>, directory: Word) {
    let mut effect = Effect::new(EffectKind::Write, directory, call.program);
    effect.brings_names = true;
    walker.effect(effect);
}

fn packs(walker: &mut Walker<'_>, call: &Call<'_>) {
    let moves = call.has("m", &["move"]);
    for (index, path) in call.operands().into_iter().enumerate() {
        let kind = match index {
            0 => EffectKind::Write,
            _ if moves => EffectKind::Delete,
            _ => EffectKind::Read,
        };
        let mut effect = Effect::new(kind, path.clone(), call.program);
        effect.is_recursive = kind == EffectKind::Delete;
        walker.effect(effect);
    }
}

/// A patch writes the files that it names.
fn patch(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) {
    const VALUED: [&str; 10] = [
        "-i",
        "--input",
        "-o",
        "--output",
        "-d",
        "--directory",
        "-p",
        "-r",
        "-D",
        "-F",
    ];
    if call.has("", &["dry-run", "help", "version"]) {
        return;
    }
    for option in ["-o", "-r"] {
        if let Some(path) = call.value(option, "") {
            walker.effect(Effect::new(EffectKind::Write, path, call.program));
        }
    }
    let operands = call.operands_without(&VALUED);
    if let Some(original) = operands.first() {
        walker.effect(Effect::new(
            EffectKind::Write,
            (*original).clone(),
            call.program,
        ));
        return;
    }
    let directory = call
        .value("-d", "--directory")
        .unwrap_or_else(|| Word::text("."));
    match input {
        Input::Text(text) if call.value("-i", "--input").is_none() && text.known().is_some() => {
            of_text(walker, call, text.plain(), &directory);
        }
        _ => brings(walker, call, directory),
    }
}

/// The files that a patch names, with each number of leading parts left out.
pub(super) fn of_text(walker: &mut Walker<'_>, call: &Call<'_>, text: &str, directory: &Word) {
    const STARTS: [&str; 6] = [
        "+++ ",
        "--- ",
        "rename to ",
        "rename from ",
        "copy to ",
        "Index: ",
    ];
    for line in text.lines() {
        let Some(path) = STARTS.iter().find_map(|start| line.strip_prefix(start)) else {
            continue;
        };
        let path = path
            .split('\t')
            .next()
            .unwrap_or(path)
            .trim()
            .trim_matches('"');
        let mut rest = Some(path);
        while let Some(path) = rest {
            let path = Word::text(path).beneath(directory);
            walker.effect(Effect::new(EffectKind::Write, path, call.program));
            rest = rest
                .and_then(|path| path.split_once('/'))
                .map(|(_, rest)| rest);
        }
    }
}

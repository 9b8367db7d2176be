//! Tools that write, move, link and delete files.

use super::{Call, Effect, EffectKind};
use crate::shell::Unknown;
use crate::shell::code;
use crate::shell::walk::Walker;
use crate::shell::word::{Piece, Word};

/// Notes what such a tool does; false if it is none.
pub(super) fn note(walker: &mut Walker<'_>, call: &Call<'_>) -> bool {
    match call.program {
        "rm" | "rmdir" | "unlink" | "shred" | "srm" | "trash" | "trash-put" | "gio" | "rimraf"
        | "del" | "del-cli" => {
            delete(walker, call);
        }
        "mv" | "cp" | "install" | "ln" | "rsync" | "scp" | "ditto" | "link" | "gcp" | "gmv" => {
            copy(walker, call);
        }
        "tee" | "truncate" | "touch" | "mkdir" | "mkfifo" | "mknod" | "fallocate" | "sponge"
        | "setfacl" | "setfattr" | "rename" | "prename" | "nano" | "vi" | "vim" | "nvim"
        | "emacs" | "ed" | "ex" | "pico" | "micro" | "gzip" | "gunzip" | "bzip2" | "bunzip2"
        | "xz" | "unxz" | "zstd" | "dos2unix" | "unix2dos" | "mount" | "umount" | "csplit"
        | "split" | "crudini" => each(
            walker,
            call,
            EffectKind::Write,
            &["-s", "-r", "-m", "-d", "-t", "-c"],
        ),
        "chmod" | "chown" | "chgrp" | "chattr" | "chflags" | "xattr" | "chcon" => {
            change_mode(walker, call);
        }
        "dd" => assigned(walker, call),
        "sed" | "gsed" => sed(walker, call),
        "awk" | "gawk" | "mawk" | "nawk" => awk(walker, call),
        "sort" => reads_and_writes(walker, call, "-o", "--output"),
        "curl" => download(
            walker,
            call,
            &[
                "-o",
                "--output",
                "-D",
                "--dump-header",
                "-c",
                "--cookie-jar",
                "--output-dir",
            ],
        ),
        "wget" => download(
            walker,
            call,
            &[
                "-O",
                "--output-document",
                "-o",
                "--output-file",
                "-P",
                "--directory-prefix",
            ],
        ),
        "yq" | "prettier" | "black" | "gofmt" | "rustfmt" | "jq" | "xxd" | "opa" | "taplo" => {
            formatter(walker, call);
        }
        _ => return false,
    }
    true
}

fn each(walker: &mut Walker<'_>, call: &Call<'_>, kind: EffectKind, valued: &[&str]) {
    for path in call.operands_without(valued) {
        walker.effect(Effect::new(kind, path.clone(), call.program));
    }
    // What an option names may be written as well.
    for word in call.arguments().iter().filter(|word| word.is_option()) {
        if let Some((_, value)) = word.split_at('=') {
            walker.effect(Effect::new(EffectKind::Touch, value, call.program));
        }
    }
}

fn delete(walker: &mut Walker<'_>, call: &Call<'_>) {
    let is_recursive = call.has("rR", &["recursive"])
        || matches!(
            call.program,
            "trash" | "trash-put" | "gio" | "rimraf" | "del" | "del-cli"
        );
    for path in call.operands() {
        // These find names by patterns themselves.
        let is_pattern = matches!(call.program, "rimraf" | "del" | "del-cli" | "trash");
        let path = match path.known().filter(|_| is_pattern) {
            Some(pattern) => Word::of_pattern(pattern),
            None => path.clone(),
        };
        let mut effect = Effect::new(EffectKind::Delete, path, call.program);
        effect.is_recursive = is_recursive;
        walker.effect(effect);
    }
}

/// Sources and a destination, which may be a directory.
fn copy(walker: &mut Walker<'_>, call: &Call<'_>) {
    const VALUED: [&str; 12] = [
        "-t",
        "--target-directory",
        "-S",
        "--suffix",
        "-m",
        "-o",
        "-g",
        "-e",
        "--exclude",
        "--include",
        "--filter",
        "--rsh",
    ];
    let operands = call.operands_without(&VALUED);
    let named = match call.program {
        "rsync" | "scp" => None,
        _ => call.value("-t", "--target-directory"),
    };
    let (sources, target) = match (&named, operands.as_slice()) {
        (Some(target), sources) => (sources.to_vec(), Some(target.clone())),
        (None, [sources @ .., target]) if !sources.is_empty() => {
            (sources.to_vec(), Some((*target).clone()))
        }
        // `ln x` makes a link in the directory.
        (None, only) => (
            only.to_vec(),
            (call.program == "ln").then(|| Word::text(".")),
        ),
    };
    for source in &sources {
        let kind = match call.program {
            "mv" | "gmv" => EffectKind::Delete,
            "ln" | "link" => EffectKind::Link,
            "cp" | "gcp" if call.has("ls", &["link", "symbolic-link"]) => EffectKind::Link,
            "rsync" if call.has("", &["remove-source-files"]) => EffectKind::Delete,
            _ => EffectKind::Read,
        };
        let mut effect = Effect::new(kind, (*source).clone(), call.program);
        effect.is_recursive = kind == EffectKind::Delete;
        walker.effect(effect);
        // The target of a relative link is seen from where the link lies.
        if kind == EffectKind::Link
            && let Some(target) = &target
            && !source.start().starts_with('/')
        {
            for directory in [target.clone(), parent(target)] {
                let seen = source.beneath(&directory);
                walker.effect(Effect::new(EffectKind::Link, seen, call.program));
            }
        }
    }
    if let Some(target) = target {
        into(walker, call, &sources, &target);
    }
}

fn into(walker: &mut Walker<'_>, call: &Call<'_>, sources: &[&Word], target: &Word) {
    walker.effect(Effect::new(EffectKind::Write, target.clone(), call.program));
    let deletes = call.program == "rsync"
        && call
            .arguments()
            .iter()
            .any(|word| word.start().starts_with("--del"));
    for source in sources {
        let shown = source.shown();
        let brings_contents = match call.program {
            "rsync" => shown.ends_with('/') || shown.ends_with("/."),
            "ditto" => true,
            _ => shown.ends_with("/.") || shown == "." || shown == ".." || shown.ends_with("/.."),
        };
        let brings_contents = brings_contents || call.has("T", &["no-target-directory"]);
        if brings_contents || deletes || source.openness().is_some() {
            let mut effect = Effect::new(EffectKind::Write, target.clone(), call.program);
            effect.brings_names = true;
            effect.is_recursive = deletes;
            walker.effect(effect);
        } else {
            let mut path = target.clone();
            path.push(Piece::Text("/".to_owned()));
            path.append(&source.last_component());
            walker.effect(Effect::new(EffectKind::Write, path, call.program));
        }
    }
}

fn parent(path: &Word) -> Word {
    let mut parent = path.clone();
    parent.push_text("/..");
    parent
}

/// A mode or an owner, and what gets it.
fn change_mode(walker: &mut Walker<'_>, call: &Call<'_>) {
    let is_recursive = call.has("R", &["recursive"]);
    for path in call.arguments().iter().skip_while(|word| word.is_option()) {
        if path.is_option() {
            continue;
        }
        let mut effect = Effect::new(EffectKind::Write, path.clone(), call.program);
        effect.is_recursive = is_recursive;
        walker.effect(effect);
    }
}

/// `dd if=x of=y`.
fn assigned(walker: &mut Walker<'_>, call: &Call<'_>) {
    for word in call.arguments() {
        let kinds = [("of=", EffectKind::Write), ("if=", EffectKind::Read)];
        for (start, kind) in kinds {
            if let Some(path) = word.without_start(start) {
                walker.effect(Effect::new(kind, path, call.program));
            }
        }
    }
}

fn sed(walker: &mut Walker<'_>, call: &Call<'_>) {
    let is_in_place = call.has("i", &["in-place"]);
    let kind = if is_in_place {
        EffectKind::Write
    } else {
        EffectKind::Read
    };
    let scripts = ["-e", "--expression", "-f", "--file"];
    let has_script = call.arguments().iter().any(|word| {
        let text = word.start();
        scripts.iter().any(|option| text.starts_with(option))
            || (text.starts_with('-') && !text.starts_with("--") && text.ends_with('e'))
    });
    let operands = call.operands_without(&["-e", "--expression", "-f", "--file", "-l"]);
    let files = operands.iter().skip(usize::from(!has_script));
    for file in files {
        walker.effect(Effect::new(kind, (*file).clone(), call.program));
    }
    // `w file` and `e` in a script write and run.
    let texts = call.arguments().iter().filter(|word| {
        let text = word.shown();
        text.contains("w ")
            || text.contains("w/")
            || text.ends_with("/e")
            || text.starts_with("1e ")
            || text.contains(";e ")
    });
    let texts: Vec<Word> = texts.cloned().collect();
    texts.into_iter().for_each(|text| code::run(walker, text));
}

fn awk(walker: &mut Walker<'_>, call: &Call<'_>) {
    let is_in_place = call
        .arguments()
        .iter()
        .any(|word| word.plain() == "inplace");
    let kind = if is_in_place {
        EffectKind::Write
    } else {
        EffectKind::Read
    };
    let operands = call.operands_without(&["-F", "-v", "-f", "-i"]);
    let has_file = call.value("-f", "--file").is_some();
    for (index, word) in operands.iter().enumerate() {
        if index == 0 && !has_file {
            if word.shown().contains(['>', '|']) || word.shown().contains("system") {
                code::run(walker, (*word).clone());
            }
            continue;
        }
        walker.effect(Effect::new(kind, (*word).clone(), call.program));
    }
}

fn reads_and_writes(walker: &mut Walker<'_>, call: &Call<'_>, short: &str, long: &str) {
    if let Some(path) = call.value(short, long) {
        walker.effect(Effect::new(EffectKind::Write, path, call.program));
    }
    each(walker, call, EffectKind::Read, &[short, long, "-t", "-k"]);
}

/// What a download is written to; addresses are no paths, but for `file:`.
fn download(walker: &mut Walker<'_>, call: &Call<'_>, options: &[&str]) {
    if call.program == "curl" && call.has("K", &["config"]) {
        walker.fail(Unknown::HiddenProgram(
            "a download that reads from elsewhere what it writes",
        ));
    }
    for option in options {
        let (short, long) = if option.starts_with("--") {
            ("", *option)
        } else {
            (*option, "")
        };
        if let Some(path) = call.value(short, long) {
            walker.effect(Effect::new(EffectKind::Write, path, call.program));
        }
    }
    let written_here = call.has("OJ", &["remote-name"]) || call.program == "wget";
    for word in call.operands() {
        if let Some(path) = word.without_start("file://") {
            walker.effect(Effect::new(EffectKind::Read, path, call.program));
        } else if written_here {
            walker.effect(Effect::new(
                EffectKind::Write,
                word.last_component(),
                call.program,
            ));
        }
    }
    // Files that are sent away.
    for option in [
        "-T",
        "-d",
        "-F",
        "--data",
        "--data-binary",
        "--upload-file",
        "--form",
        "-K",
        "--config",
        "--post-file",
    ] {
        let (short, long) = if option.starts_with("--") {
            ("", option)
        } else {
            (option, "")
        };
        let value = call.value(short, long);
        let path =
            value.and_then(|value| value.split_at('@').map(|(_, path)| path).or(Some(value)));
        if let Some(path) = path.filter(|path| !path.shown().contains(char::is_whitespace)) {
            walker.effect(Effect::new(EffectKind::Read, path, call.program));
        }
    }
}

/// Tools that read unless they are told to write.
fn formatter(walker: &mut Walker<'_>, call: &Call<'_>) {
    let checks = call.has("", &["check", "diff", "list-different"]);
    let writes = match call.program {
        "black" | "rustfmt" => !checks,
        "xxd" => call.has("r", &["revert"]),
        "jq" => false,
        "opa" => {
            call.arguments()
                .first()
                .is_some_and(|first| first.plain() == "fmt")
                && call.has("w", &["write"])
        }
        _ => call.has("iw", &["write", "inplace", "in-place"]),
    };
    let kind = if writes {
        EffectKind::Write
    } else {
        EffectKind::Read
    };
    for path in call.operands() {
        walker.effect(Effect::new(kind, path.clone(), call.program));
    }
}

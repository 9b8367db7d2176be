//! What well-known commands print, as far as that is known before they run.

use super::effect::Call;
use super::expand::joined;
use super::walk::{Input, Walker, lines};
use super::word::{Open, Piece, Word};

/// Commands that pass on lines of what they read.
const PASSES: [&str; 12] = [
    "cat", "head", "tail", "sort", "uniq", "tac", "tee", "grep", "egrep", "fgrep", "shuf", "sponge",
];

/// What a call prints.
pub(super) fn of(walker: &Walker<'_>, call: &Call<'_>, input: &Input) -> Word {
    let computed = Word::open(Open::Computed);
    match call.program {
        "echo" => echo(call),
        "printf" => printf(call).unwrap_or(computed),
        "pwd" => one(&walker.scope.values("PWD")),
        "mktemp" => Word::open(Open::Outside),
        "date" => date(call),
        "whoami" | "id" | "nproc" | "uname" | "hostname" | "arch" | "tty" | "wc" | "seq"
        | "uuidgen" => Word::open(Open::Name),
        "basename" => call
            .operands()
            .first()
            .map_or(computed, |path| path.last_component()),
        "dirname" => call
            .operands()
            .first()
            .map_or(computed, |path| dirname(path)),
        "realpath" | "readlink" => call
            .operands()
            .first()
            .map_or(computed, |path| (*path).clone()),
        "which" | "type" | "command" | "brew" | "ssh-agent" | "direnv" | "pyenv" | "rbenv"
        | "nodenv" | "fnm" | "opam" | "conda" | "mise" | "starship" | "zoxide" | "dircolors"
        | "xcrun" | "xcode-select" => Word::open(Open::Outside),
        "git" => git(walker, call),
        "ls" => ls(call),
        "rg" | "ag" => searched(call, call.has("u.", &["hidden", "unrestricted"])),
        "grep" | "egrep" | "fgrep"
            if call.has("lL", &["files-with-matches", "files-without-match"]) =>
        {
            searched(call, true)
        }
        name if PASSES.contains(&name) => passed(call, input),
        "cd" | "rm" | "mv" | "cp" | "mkdir" | "touch" | "chmod" | "true" | "false" | ":"
        | "sleep" | "test" | "[" => Word::default(),
        _ => computed,
    }
}

fn one(values: &[Word]) -> Word {
    match values {
        [only] => only.clone(),
        _ => Word::open(Open::Computed),
    }
}

fn echo(call: &Call<'_>) -> Word {
    let mut words = call.arguments();
    let mut decodes = false;
    let mut ends = true;
    while let Some((first, rest)) = words.split_first() {
        let is_option = |text: &str| {
            text.len() > 1
                && text.starts_with('-')
                && text.chars().skip(1).all(|sign| "neE".contains(sign))
        };
        if !is_option(first.plain()) {
            break;
        }
        decodes |= first.plain().contains('e');
        ends &= !first.plain().contains('n');
        words = rest;
    }
    let mut text = joined(words);
    if decodes {
        text = match text.known() {
            Some(known) => Word::text(unescaped(known)),
            None => Word::open(Open::Computed),
        };
    }
    if ends {
        text.push_text("\n");
    }
    text
}

/// `printf` with a format of `%s`, `%d` and escapes.
fn printf(call: &Call<'_>) -> Option<Word> {
    let mut words = call
        .arguments()
        .iter()
        .skip_while(|word| word.plain() == "--");
    let format = unescaped(words.next()?.known()?);
    let mut arguments = words.peekable();
    let mut text = Word::default();
    const MAX_ROUNDS: usize = 1_024;
    for _ in 0..MAX_ROUNDS {
        let mut signs = format.chars();
        let mut used = false;
        while let Some(sign) = signs.next() {
            if sign != '%' {
                text.push(Piece::Text(sign.to_string()));
                continue;
            }
            match signs.next()? {
                '%' => text.push_text("%"),
                's' | 'd' | 'i' | 'q' => {
                    used = true;
                    if let Some(argument) = arguments.next() {
                        text.append(argument);
                    }
                }
                'b' => {
                    used = true;
                    if let Some(argument) = arguments.next() {
                        text.push_text(&unescaped(argument.known()?));
                    }
                }
                _ => return None,
            }
        }
        if !used || arguments.peek().is_none() {
            return Some(text);
        }
    }
    None
}

/// Backslashes decoded as `echo -e` and `printf` do.
fn unescaped(text: &str) -> String {
    let mut decoded = String::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            decoded.push(sign);
            continue;
        }
        if signs.peek().is_some_and(|sign| ('1'..='7').contains(sign)) {
            decoded.extend(digits(&mut signs, 8, 3));
            continue;
        }
        match signs.next() {
            Some('n') => decoded.push('\n'),
            Some('t') => decoded.push('\t'),
            Some('r') => decoded.push('\r'),
            Some('e' | 'E') => decoded.push('\u{1b}'),
            Some('x') => decoded.extend(digits(&mut signs, 16, 2)),
            Some('u') => decoded.extend(digits(&mut signs, 16, 4)),
            Some('U') => decoded.extend(digits(&mut signs, 16, 8)),
            Some('0') => decoded.extend(digits(&mut signs, 8, 3)),
            Some(other) => decoded.push(other),
            None => decoded.push('\\'),
        }
    }
    decoded
}

fn digits(
    signs: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    most: usize,
) -> Option<char> {
    let mut value = 0_u32;
    for _ in 0..most {
        let Some(digit) = signs.peek().and_then(|sign| sign.to_digit(radix)) else {
            break;
        };
        value = value.saturating_mul(radix).saturating_add(digit);
        signs.next();
    }
    char::from_u32(value)
}

/// A format that makes a number or a name cannot make a path.
fn date(call: &Call<'_>) -> Word {
    let is_plain = call.operands().iter().all(|word| {
        word.known().is_some_and(|text| {
            text.chars()
                .all(|sign| sign.is_ascii_alphanumeric() || "%+-_: ".contains(sign))
        })
    });
    Word::open(if is_plain { Open::Name } else { Open::Computed })
}

fn dirname(path: &Word) -> Word {
    let mut parent = path.clone();
    parent.push_text("/..");
    match path
        .known()
        .and_then(|text| text.trim_end_matches('/').rsplit_once('/'))
    {
        Some(("", _)) => Word::text("/"),
        Some((parent, _)) => Word::text(parent),
        None if path.known().is_some() => Word::text("."),
        None => parent,
    }
}

fn git(walker: &Walker<'_>, call: &Call<'_>) -> Word {
    let first = call.operands();
    match first.first().map(|word| word.plain()) {
        Some("rev-parse")
            if call
                .arguments()
                .iter()
                .any(|word| word.plain() == "--show-toplevel") =>
        {
            match walker.surroundings.project.as_str() {
                "" => Word::open(Open::Outside),
                project => Word::text(project),
            }
        }
        Some("rev-parse" | "branch" | "describe" | "symbolic-ref" | "merge-base" | "rev-list") => {
            Word::open(Open::Outside)
        }
        Some("ls-files" | "diff" | "status" | "grep") => {
            let paths: Vec<Word> = first
                .iter()
                .skip(1)
                .filter(|word| {
                    let is_listing = first.first().is_some_and(|name| name.plain() == "ls-files");
                    is_listing || word.shown().contains(['*', '/', '.'])
                })
                .map(|word| match word.known() {
                    Some(pattern) if pattern.contains(['*', '?', '[']) => {
                        let mut path = Word::text(".").everything(true);
                        path.append(&Word::of_pattern(pattern));
                        path
                    }
                    _ => (*word).clone().everything(true),
                })
                .collect();
            match paths.as_slice() {
                [] => Word::text(".").everything(true),
                paths => lines(paths),
            }
        }
        _ => Word::open(Open::Computed),
    }
}

fn ls(call: &Call<'_>) -> Word {
    let shows_hidden = call.has("aA", &["all", "almost-all"]);
    let operands = call.operands();
    let inside = |directory: &Word| {
        let mut path = directory.clone();
        // A pattern may stand for files, which are shown as they are.
        if !directory.is_pattern() {
            path = path.everything(shows_hidden);
        }
        path
    };
    match operands.as_slice() {
        [] => Word::text(".").everything(shows_hidden),
        operands => lines(&operands.iter().map(|word| inside(word)).collect::<Vec<_>>()),
    }
}

/// The files in which a search finds something.
fn searched(call: &Call<'_>, with_hidden: bool) -> Word {
    let mut operands = call.operands_without(&[
        "-e",
        "-f",
        "-g",
        "--glob",
        "-t",
        "--type",
        "--include",
        "-m",
        "-A",
        "-B",
        "-C",
    ]);
    if call.value("-e", "--regexp").is_none() && !operands.is_empty() {
        operands.remove(0);
    }
    let includes: Vec<Word> = call
        .arguments()
        .iter()
        .filter_map(|word| {
            word.without_start("--include=")
                .or_else(|| word.without_start("--glob="))
        })
        .chain(call.value("-g", "--glob"))
        .filter(|pattern| !pattern.start().starts_with('!'))
        .collect();
    let here = Word::text(".");
    let roots: Vec<&Word> = if operands.is_empty() {
        vec![&here]
    } else {
        operands
    };
    let is_recursive = call.has("rR", &["recursive"]) || matches!(call.program, "rg" | "ag");
    let found = roots.into_iter().flat_map(|root| {
        if !is_recursive {
            return vec![root.clone()];
        }
        let everything = root.clone().everything(with_hidden);
        if includes.is_empty() {
            return vec![everything];
        }
        let named = includes.iter().map(|pattern| {
            let mut path = everything.clone();
            match pattern.known() {
                Some(pattern) => path.append(&Word::of_pattern(pattern)),
                None => path.append(pattern),
            }
            path
        });
        named.collect()
    });
    lines(&found.collect::<Vec<_>>())
}

/// Lines of what is read, or of files that nobody reads here.
fn passed(call: &Call<'_>, input: &Input) -> Word {
    let is_search = call.program.ends_with("grep");
    let operands = call.operands_without(&["-n", "-c", "-k", "-t", "-e"]);
    let files = operands.iter().skip(usize::from(is_search));
    let reads_files = call.program != "tee" && files.filter(|word| word.plain() != "-").count() > 0;
    let changes = is_search && call.has("on", &["only-matching", "line-number", "byte-offset"]);
    match input {
        // Which of the lines are passed on is not followed.
        Input::Text(text) if !reads_files && !changes => text.clone(),
        _ => Word::open(Open::Computed),
    }
}

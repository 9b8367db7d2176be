//! Tools that only read, and those that touch no file.

use super::{Call, Effect, EffectKind};
use crate::shell::walk::Walker;

/// Tools that read the files that they are given.
const READERS: [&str; 78] = [
    "cat",
    "head",
    "tail",
    "less",
    "more",
    "grep",
    "egrep",
    "fgrep",
    "zgrep",
    "rg",
    "ag",
    "ack",
    "wc",
    "file",
    "stat",
    "ls",
    "ll",
    "la",
    "tree",
    "du",
    "df",
    "diff",
    "cmp",
    "comm",
    "md5sum",
    "md5",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shasum",
    "cksum",
    "b3sum",
    "hexdump",
    "od",
    "strings",
    "cut",
    "tr",
    "bat",
    "batcat",
    "nl",
    "tac",
    "rev",
    "fold",
    "join",
    "paste",
    "column",
    "uniq",
    "zcat",
    "bzcat",
    "xzcat",
    "exa",
    "eza",
    "fmt",
    "expand",
    "cloc",
    "tokei",
    "scc",
    "jless",
    "glow",
    "view",
    "delta",
    "difft",
    "colordiff",
    "realpath",
    "readlink",
    "shellcheck",
    "regal",
    "yamllint",
    "hadolint",
    "actionlint",
    "ctags",
    "source-highlight",
    "base64",
    "base32",
    "xmllint",
    "sum",
    "lsof",
    "fuser",
];
/// Tools for which arguments are no files.
const OTHERS: [&str; 44] = [
    "echo", "printf", "true", "false", ":", "sleep", "date", "pwd", "which", "type", "whoami",
    "id", "uname", "basename", "dirname", "test", "[", "expr", "seq", "yes", "nproc", "hostname",
    "ps", "kill", "pgrep", "pkill", "printenv", "env", "clear", "tput", "man", "whereis", "arch",
    "tty", "groups", "uptime", "free", "top", "mktemp", "cupcake", "llmspell", "gh", "glab", "say",
];

/// Notes what such a tool reads; false if it is none.
pub(super) fn note(walker: &mut Walker<'_>, call: &Call<'_>) -> bool {
    if OTHERS.contains(&call.program) {
        return true;
    }
    if !READERS.contains(&call.program) {
        return false;
    }
    let operands = call.operands();
    // The first operand of a search is what is searched for.
    let is_search = matches!(
        call.program,
        "grep" | "egrep" | "fgrep" | "zgrep" | "rg" | "ag" | "ack"
    );
    let has_pattern = call
        .arguments()
        .iter()
        .any(|word| matches!(word.plain(), "-e" | "-f" | "--files" | "--regexp"));
    for (index, path) in operands.iter().enumerate() {
        if is_search && !has_pattern && index == 0 {
            continue;
        }
        // The second operand of `uniq` is written.
        let kind = match call.program {
            "uniq" if index == 1 => EffectKind::Write,
            _ => EffectKind::Read,
        };
        let mut effect = Effect::new(kind, (*path).clone(), call.program);
        effect.is_recursive = call.has("rR", &["recursive"]);
        walker.effect(effect);
    }
    if let Some(path) = call
        .value("-o", "--output")
        .filter(|_| matches!(call.program, "tree" | "diff"))
    {
        walker.effect(Effect::new(EffectKind::Write, path, call.program));
    }
    true
}

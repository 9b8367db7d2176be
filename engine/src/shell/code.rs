//! Texts of other languages, which nobody parses here: what they name, and whether they could do harm unseen.

use super::Unknown;
use super::walk::Walker;
use super::word::Word;

/// What makes names or programs of data.
const DECODERS: [&str; 22] = [
    "b64decode",
    "base64",
    "fromhex",
    "unhexlify",
    "codecs",
    "chr(",
    "fromcharcode",
    "atob(",
    "exec(",
    "eval(",
    "compile(",
    "unpack",
    "pack(",
    "__import__",
    "getattr(",
    "function(\"",
    "function('",
    "buffer.from",
    "marshal",
    "zlib",
    "rot13",
    "[::-1]",
];
/// What lists names nobody wrote down.
const LISTERS: [&str; 12] = [
    "listdir",
    "scandir",
    "os.walk",
    "iterdir",
    "glob",
    "readdir",
    "dir.entries",
    "dir.children",
    "dir[",
    "opendir",
    "rglob",
    "walkdir",
];
/// What changes files.
const CHANGERS: [&str; 26] = [
    "write",
    "unlink",
    "remove",
    "rmtree",
    "rmdir",
    "rename",
    "replace(",
    "truncate",
    "chmod",
    "chown",
    "symlink",
    "link(",
    "copy",
    "move(",
    "'w'",
    "\"w\"",
    "'a'",
    "\"a\"",
    "system",
    "subprocess",
    "popen",
    "spawn",
    "child_process",
    "fs.rm",
    "rm_rf",
    "delete",
];
/// What takes whole files or trees away.
const DELETERS: [&str; 10] = [
    "unlink", "remove", "rmtree", "rmdir", "rename", "move(", "fs.rm", "rm_rf", "delete", "chmod",
];

/// Notes a text, and that it cannot be judged if it could change files whose names it makes.
pub(super) fn run(walker: &mut Walker<'_>, text: Word) {
    let shown = text.shown().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| shown.contains(word));
    let runs_text = has(&["exec(", "eval(", "function(", "marshal"]);
    let hides_text = has(&[
        "b64decode",
        "base64",
        "fromhex",
        "codecs",
        "atob(",
        "buffer.from",
        "zlib",
        "chr(",
        "decode(",
    ]);
    if runs_text && hides_text {
        walker.fail(Unknown::HiddenProgram(
            "a program that is made while it runs",
        ));
    }
    if text.is_computed() && text.pieces().len() == 1 {
        walker.fail(Unknown::HiddenProgram(
            "a program that is made while it runs",
        ));
    } else if has(&DECODERS) && has(&CHANGERS) {
        walker.fail(Unknown::HiddenProgram(
            "a program that changes files and makes its words while it runs",
        ));
    } else if has(&LISTERS) && has(&DELETERS) {
        walker.fail(Unknown::HiddenProgram(
            "a program that changes files which it finds by itself",
        ));
    }
    walker.activity.code.push(text);
}

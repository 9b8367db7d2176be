//! The files and folders that a command is about, as far as its text says it.

/// Programs whose operands are files, whatever they look like.
const FILE_PROGRAMS: [&str; 18] = [
    "chgrp", "chmod", "chown", "cp", "dd", "find", "install", "ln", "mv", "rm", "rmdir", "rsync",
    "shred", "tar", "tee", "touch", "truncate", "unlink",
];
/// Targets of one command that are listed.
const MAX_TARGETS: usize = 256;

/// The paths that a command names, patterns cut back to the folder that they look into.
pub(super) fn of(commands: &[Vec<String>]) -> Vec<&str> {
    let mut targets: Vec<&str> = Vec::new();
    for words in commands {
        let is_file_program = words.iter().take(3).any(|word| {
            let name = word.rsplit('/').next().unwrap_or(word);
            FILE_PROGRAMS.contains(&name)
        });
        for word in words.iter().skip(1).map(|word| operand(word)) {
            let is_target = looks_like_path(word) || (is_file_program && is_name(word));
            let folder = without_pattern(word);
            if is_target && !folder.is_empty() && !targets.contains(&folder) {
                targets.push(folder);
            }
            if targets.len() >= MAX_TARGETS {
                return targets;
            }
        }
    }
    targets
}

/// The value of an option or of an assignment such as `of=FILE`; else the word.
fn operand(word: &str) -> &str {
    match word.split_once('=') {
        Some((name, value)) if !name.contains('/') => value,
        _ => word,
    }
}

fn looks_like_path(word: &str) -> bool {
    !word.starts_with('-')
        && !word.contains("://")
        && (word.contains('/') || word.starts_with(['~', '.']) || is_pattern(word))
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['-', '+'])
        && !word.chars().all(|sign| sign.is_ascii_digit())
}

fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?'])
}

/// The path up to the folder in which a pattern begins.
fn without_pattern(word: &str) -> &str {
    let Some(pattern) = word.find(['*', '?', '[', '{']) else {
        return word;
    };
    let before = word.get(..pattern).unwrap_or_default();
    match before.rfind('/') {
        Some(slash) => word.get(..=slash).unwrap_or(before),
        None => ".",
    }
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &[&str]) {
        assert_eq!(of(&words::commands(command)), expected, "{command}");
    }

    #[test]
    fn operands_that_are_paths_are_targets() {
        check("rm -rf /home/user/*", &["/home/user/"]);
        check(
            "rm -rf \"My Documents/file.txt\"",
            &["My Documents/file.txt"],
        );
        check("sudo rm -rf build", &["rm", "build"]);
        check(
            "cd /tmp && rm -rf .cupcake; echo hello",
            &["/tmp", ".cupcake"],
        );
        check("echo $(rm -rf /) \"$(rm /etc/x)\"", &["/", "/etc/x"]);
        check("dd if=/dev/zero of=./disk", &["/dev/zero", "./disk"]);
        check("cat evil>/etc/passwd", &["/etc/passwd"]);
        check("rm *", &["."]);
    }

    #[test]
    fn words_that_are_no_paths_are_none() {
        check("git commit -m message", &[]);
        check("cargo test --workspace", &[]);
        check("curl https://example.com/x", &[]);
        check("cat <<EOF\nrm -rf /\nEOF", &[]);
    }
}

//! `find` and `fd`: what they find, delete, and give to other commands.

use crate::shell::effect::{Effect, EffectKind};
use crate::shell::expand::joined;
use crate::shell::walk::{Input, Walker, lines};
use crate::shell::word::Word;

/// Runs `find`; what it prints is the paths that it finds.
pub(super) fn run(walker: &mut Walker<'_>, words: &[Word], input: &Input) -> Word {
    let arguments = words.get(1..).unwrap_or_default();
    let is_expression = |word: &Word| word.is_option() || matches!(word.plain(), "(" | "!");
    let roots: Vec<Word> = arguments
        .iter()
        .skip_while(|word| matches!(word.plain(), "-L" | "-H" | "-P"))
        .take_while(|word| !is_expression(word))
        .cloned()
        .collect();
    let roots = if roots.is_empty() {
        vec![Word::text(".")]
    } else {
        roots
    };
    let found = found(&roots, arguments);
    let mut index = 0;
    while let Some(word) = arguments.get(index) {
        index += 1;
        match word.plain() {
            "-delete" => {
                for path in &found {
                    let mut effect = Effect::new(EffectKind::Delete, path.clone(), "find");
                    effect.is_existing = true;
                    walker.effect(effect);
                }
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                let rest = arguments.get(index..).unwrap_or_default();
                let command: Vec<Word> = rest
                    .iter()
                    .take_while(|word| !matches!(word.plain(), ";" | "+"))
                    .cloned()
                    .collect();
                index += command.len();
                let command = super::with_items(&command, "{}", &found);
                walker.apart(|walker| walker.run(&command, &[], input));
            }
            "-fprint" | "-fprintf" | "-fls" | "-fprint0" => {
                if let Some(file) = arguments.get(index) {
                    walker.effect(Effect::new(EffectKind::Write, file.clone(), "find"));
                }
            }
            _ => {}
        }
    }
    for root in &roots {
        walker.effect(Effect::new(EffectKind::Read, root.clone(), "find"));
    }
    lines(&found)
}

/// What may be found: everything beneath the roots, or what has one of the names.
fn found(roots: &[Word], arguments: &[Word]) -> Vec<Word> {
    let mut names = Vec::new();
    let mut has_other = false;
    for (index, word) in arguments.iter().enumerate() {
        let is_negated = index
            .checked_sub(1)
            .and_then(|before| arguments.get(before))
            .is_some_and(|before| matches!(before.plain(), "!" | "-not"));
        match word.plain() {
            "-name" | "-iname" if !is_negated => {
                names.extend(arguments.get(index + 1).cloned());
            }
            "-path" | "-ipath" | "-wholename" | "-regex" | "-iregex" | "-o" | "-or"
                if !is_negated =>
            {
                has_other |= !matches!(word.plain(), "-o" | "-or");
            }
            _ => {}
        }
    }
    let everything = |root: &Word| root.clone().everything(true);
    if names.is_empty() || has_other {
        return roots
            .iter()
            .map(everything)
            .chain(roots.iter().cloned())
            .collect();
    }
    let named = roots.iter().flat_map(|root| {
        names.iter().map(move |name| {
            let mut path = everything(root);
            match name.known() {
                Some(pattern) => path.append(&Word::of_pattern(pattern)),
                None => path.append(name),
            }
            path
        })
    });
    named.collect()
}

/// Runs `fd`; hidden files are found only on request.
pub(super) fn run_fd(walker: &mut Walker<'_>, words: &[Word], input: &Input) -> Word {
    let arguments = words.get(1..).unwrap_or_default();
    let finds_hidden = arguments.iter().any(|word| {
        matches!(word.plain(), "--hidden" | "--unrestricted") || {
            let text = word.plain();
            text.starts_with('-') && !text.starts_with("--") && text.contains(['H', 'u'])
        }
    });
    let found = Word::text(".").everything(finds_hidden);
    let execution = arguments
        .iter()
        .position(|word| matches!(word.plain(), "-x" | "-X" | "--exec" | "--exec-batch"));
    if let Some(index) = execution {
        let command = arguments.get(index + 1..).unwrap_or_default();
        let has_mark = joined(command).shown().contains("{}");
        let items = std::slice::from_ref(&found);
        let command = if has_mark {
            super::with_items(command, "{}", items)
        } else {
            [command, items].concat()
        };
        walker.apart(|walker| walker.run(&command, &[], input));
    }
    found
}

//! What the name of a file among the policies says: that it is read, that it was meant to be, or neither.

use crate::evaluator::wasm;
use crate::policy_loader::{Languages, language_of};

const REGO: &str = "rego";
const WASM: &str = "wasm";
const BUNDLE: &str = ".tar.gz";
/// Endings of policies in languages that an engine may lack, and what a comment begins with there.
const FOREIGN: [(&str, &str); 12] = [
    ("cjs", "//"),
    ("cts", "//"),
    ("js", "//"),
    ("jsx", "//"),
    ("lua", "--"),
    ("luau", "--"),
    ("mjs", "//"),
    ("mts", "//"),
    ("opa", "#"),
    ("ts", "//"),
    ("tsx", "//"),
    ("wat", ";;"),
];
/// Endings of what editors, merges and people put aside.
const ASIDE: [&str; 12] = [
    "backup", "bak", "disabled", "off", "old", "orig", "rej", "save", "swo", "swp", "temp", "tmp",
];
/// Endings that are known whatever an engine can evaluate, and that are near to no other frequent one.
const FREQUENT: [&str; 5] = [REGO, WASM, "lua", "luau", "mjs"];
/// How long an ending is of which a letter may be wrong; of shorter ones, too many others are near.
const MISSPELT: usize = 3;

/// What becomes of a file among the policies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is read, and what is wrong with it is found then.
    Read,
    /// It can hardly be meant to be passed over; why it is an error.
    Mistaken(String),
    /// It is no policy.
    PassedOver,
}

/// What a file of this name is.
pub(super) fn meaning(name: &str, languages: &Languages) -> Meaning {
    if is_policy(name, languages) || wasm::is_sidecar(name) {
        return Meaning::Read;
    }
    let plain = name.trim_end_matches([' ', '.']).to_lowercase();
    if is_put_aside(&plain) {
        return Meaning::PassedOver;
    }
    let unread = |what: &str| {
        Meaning::Mistaken(format!(
            "{what}: rename the file, with `.off` at the end if it is not to be read"
        ))
    };
    if is_policy(&plain, languages) {
        return unread("policies have endings in small letters, with nothing behind them");
    }
    let hidden = plain.strip_suffix(".txt");
    if hidden.is_some_and(|hidden| is_policy(hidden, languages)) {
        return unread("the file has `.txt` behind the ending of a policy");
    }
    let near = ending(&plain).and_then(|ending| misspelt(ending, languages));
    near.map_or(Meaning::PassedOver, |near| {
        unread(&format!("the ending is nearly `.{near}`"))
    })
}

/// What a comment begins with in a file of this name, if it is a script in any language.
pub(super) fn comment(name: &str, languages: &Languages) -> Option<&'static str> {
    let ending = ending(name)?.to_lowercase();
    let known = language_of(&ending, languages);
    known.map(|language| language.comment()).or_else(|| {
        let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == ending);
        foreign.map(|(_, comment)| *comment)
    })
}

/// The part behind the last dot.
fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

/// Whether the ending is that of a policy in any language, whatever this engine can evaluate.
fn is_policy(name: &str, languages: &Languages) -> bool {
    name.ends_with(BUNDLE)
        || ending(name).is_some_and(|ending| endings(languages).any(|known| known == ending))
}

fn endings(languages: &Languages) -> impl Iterator<Item = &'static str> {
    let own = languages.iter().flat_map(|language| language.endings());
    [REGO, WASM]
        .into_iter()
        .chain(FOREIGN.iter().map(|(ending, _)| *ending))
        .chain(own.copied())
}

fn is_put_aside(name: &str) -> bool {
    name.ends_with('~')
        || name.starts_with('#')
        || ending(name).is_some_and(|ending| ASIDE.contains(&ending))
}

/// The ending of policies of which this one differs by one letter.
fn misspelt(ending: &str, languages: &Languages) -> Option<&'static str> {
    let own = languages.iter().flat_map(|language| language.endings());
    own.chain(&FREQUENT)
        .copied()
        .find(|known| known.len() >= MISSPELT && strsim::damerau_levenshtein(known, ending) == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_or_mistaken_or_passed_over_by_its_name_alone() {
        let cases = [
            (
                "a.rego guard.wasm guard.tar.gz guard.wasm.yml a.lua a.luau a.js a.mjs a.cjs a.ts a.v2.rego",
                "read",
            ),
            (
                "a.Rego A.REGO a.rego. guard.WASM guard.Tar.gz a.Lua a.JS a.rego.txt a.LUA.txt",
                "mistaken",
            ),
            (
                "a.reg a.rgo a.regp a.rego1 a.wasn a.lu a.jua a.mjss",
                "mistaken",
            ),
            (
                "a.rego~ a.rego.bak a.rego.orig a.Rego.BAK a.rego.off a.lua.swp #a.rego# a.js.old",
                "passed over",
            ),
            (
                "README.md notes.txt data.json data.yaml a.yml Makefile rego a a.sh a.py a.rs a.cs a.css a.jq a.go a.toml a.xml",
                "passed over",
            ),
        ];
        for (names, expected) in cases {
            for name in names.split(' ') {
                let found = match meaning(name, &[]) {
                    Meaning::Read => "read",
                    Meaning::Mistaken(_) => "mistaken",
                    Meaning::PassedOver => "passed over",
                };
                assert_eq!(found, expected, "{name}");
            }
        }
        assert!(matches!(meaning("a.rego ", &[]), Meaning::Mistaken(_)));
    }

    #[test]
    fn a_mistaken_ending_says_what_to_do() {
        let told = |name: &str| match meaning(name, &[]) {
            Meaning::Mistaken(why) => why,
            other => format!("{other:?}"),
        };
        assert_eq!(
            told("a.reg"),
            "the ending is nearly `.rego`: rename the file, with `.off` at the end if it is not to be read"
        );
    }
}

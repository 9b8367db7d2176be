//! Which crate may be named where: each engine in its own folder, the command-line parser in the program.

use crate::tidy::finding::Finding;
use crate::tidy::manifest;
use crate::tidy::rust_source;
use crate::tidy::tree::{Tree, line_of};

struct Home {
    // The name in a manifest; in code it has `_` for `-`.
    name: &'static str,
    // Beginnings of paths of the files that may name it.
    paths: &'static [&'static str],
    // Packages that may depend on it.
    packages: &'static [&'static str],
}

const JAVASCRIPT_TREE: &[&str] = &["llmspell-bridge/src/javascript/"];

const HOMES: [Home; 10] = [
    Home {
        name: "libc",
        paths: &[
            "llmspell-cli/src/hook/last_resort/unix.rs",
            "benches/src/footprint.rs",
        ],
        packages: &["llmspell-cli", "llmspell-benches"],
    },
    Home {
        name: "mlua",
        paths: &[
            "llmspell-bridge/src/lua.rs",
            "llmspell-bridge/src/lua/",
            "benches/",
        ],
        packages: &["llmspell-bridge", "llmspell-benches"],
    },
    Home {
        name: "rquickjs",
        paths: &[
            "llmspell-bridge/src/javascript.rs",
            "llmspell-bridge/src/javascript/",
            "benches/",
        ],
        packages: &["llmspell-bridge", "llmspell-benches"],
    },
    Home {
        name: "rquickjs-serde",
        paths: &["benches/"],
        packages: &["llmspell-benches"],
    },
    Home {
        name: "notify",
        paths: &["engine/src/reload.rs"],
        packages: &["llmspell-engine"],
    },
    Home {
        name: "oxc_ast",
        paths: JAVASCRIPT_TREE,
        packages: &["llmspell-bridge"],
    },
    Home {
        name: "oxc_parser",
        paths: JAVASCRIPT_TREE,
        packages: &["llmspell-bridge"],
    },
    Home {
        name: "regorus",
        paths: &[
            "engine/src/evaluator.rs",
            "engine/src/evaluator/rego",
            "engine/src/rego_builtins/",
            // Tries every function that the evaluator has.
            "engine/tests/it/builtins.rs",
            "engine/src/value.rs",
        ],
        packages: &["llmspell-engine"],
    },
    Home {
        name: "wasmtime",
        paths: &["engine/src/evaluator/wasm/"],
        packages: &["llmspell-engine"],
    },
    Home {
        name: "clap",
        paths: &["llmspell-cli/"],
        packages: &["llmspell-cli"],
    },
];

/// Finds crates that are named, or depended on, outside their homes.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = named_in_code(tree);
    findings.extend(named_in_manifests(tree));
    findings
}

fn named_in_code(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.rust_files() {
        for word in rust_source::words(text).unwrap_or_default() {
            let home = HOMES
                .iter()
                .find(|home| home.name.replace('-', "_") == word.text);
            let Some(home) = home else { continue };
            if !home.paths.iter().any(|path| file.starts_with(path)) {
                let message = format!("`{}` is named outside its home", home.name);
                findings.push(Finding::new(file, word.line, message, help(home)));
            }
        }
    }
    findings
}

// A manifest that cannot be read is the dependency line's finding already.
fn named_in_manifests(tree: &Tree) -> Vec<Finding> {
    let workspace = manifest::read(tree).unwrap_or_default();
    let mut findings = Vec::new();
    for member in &workspace.members {
        let wrong = HOMES.iter().filter(|home| {
            member.dependencies.iter().any(|name| name == home.name)
                && !home.packages.contains(&member.name.as_str())
        });
        for home in wrong {
            let line = line_of(tree.text(&member.file).unwrap_or_default(), home.name);
            let message = format!("`{}` may not depend on `{}`", member.name, home.name);
            findings.push(Finding::new(&member.file, line, message, help(home)));
        }
    }
    findings
}

fn help(home: &Home) -> String {
    format!(
        "only {} may know `{}`: reach it through what they offer",
        home.paths.join(", "),
        home.name
    )
}

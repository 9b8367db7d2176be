//! Holds `docs/compatibility.md` to what there is: every case and test that it names exists.

use std::path::{Path, PathBuf};

/// The sources of every test of the workspace that drives the engine.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["engine", "llmspell-bridge", "llmspell-cli"];
    let files = folders.iter().flat_map(|package| {
        let entries = walkdir::WalkDir::new(root.join(package).join("tests/it"));
        entries
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
    });
    files
        .map(|path: PathBuf| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn every_proof_that_the_document_names_is_there() {
    let document = include_str!("../../../docs/compatibility.md");
    let sources = sources();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut proofs = 0;
    let mut missing = Vec::new();
    let mut is_proven = false;
    for line in document.lines() {
        if !line.starts_with('|') {
            is_proven = false;
        } else if line.ends_with("| proof |") {
            is_proven = true;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let Some(cell) = cells.get(2).filter(|_| is_proven) else {
            continue;
        };
        for name in cell.split('`').skip(1).step_by(2) {
            proofs += 1;
            let is_there = if name.ends_with(".yaml") {
                tests.join(name).is_file()
            } else {
                sources.contains(&format!("fn {name}("))
            };
            if !is_there {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(proofs >= 90, "only {proofs} proofs are named");
}

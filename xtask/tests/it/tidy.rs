//! Each rule of `tidy` on a small tree, and all of them on the workspace itself.

use xtask::tidy::finding::Finding;
use xtask::tidy::tree::Tree;
use xtask::tidy::{
    changelog, crate_names, dependency_document, dependency_line, file_shape, findings, leftovers,
    number_precision, unsafe_code,
};
use xtask::workspace::{self, Metadata};

const ROOT: &str = "\
[workspace]
members = [\"llmspell-utils\", \"engine\", \"llmspell-cli\"]

[workspace.dependencies]
llmspell-utils = { path = \"llmspell-utils\" }
serde = \"1\"
clap = \"4\"
";
const UTILS: &str =
    "[package]\nname = \"llmspell-utils\"\n[dependencies]\nserde.workspace = true\n";
const ENGINE: &str =
    "[package]\nname = \"llmspell-engine\"\n[dependencies]\nllmspell-utils.workspace = true\n";
const CLI: &str = "[package]\nname = \"llmspell-cli\"\n[dependencies]\nclap.workspace = true\nllmspell-engine.workspace = true\n";
const DOCUMENT: &str = "| crate | why |\n|---|---|\n| `clap` | arguments |\n| `serde` | data |\n";

fn workspace_with(changed: &[(&'static str, &'static str)]) -> Tree {
    let standard = [
        ("Cargo.toml", ROOT),
        ("llmspell-utils/Cargo.toml", UTILS),
        ("engine/Cargo.toml", ENGINE),
        ("llmspell-cli/Cargo.toml", CLI),
        ("docs/dependencies.md", DOCUMENT),
    ];
    Tree::of(standard.into_iter().chain(changed.iter().copied()))
}

fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{}:{}: {}", finding.file, finding.line, finding.message))
        .collect()
}

#[test]
fn the_workspace_is_tidy() {
    let tree = Tree::read(workspace::root()).unwrap();
    let findings = findings(&tree, &Metadata::load().unwrap());
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let finding = Finding::new("a.rs", 3, "it is wrong", "make it right");
    assert_eq!(
        finding.to_string(),
        "a.rs:3: it is wrong\n  help: make it right"
    );
}

#[test]
fn packages_that_depend_to_the_left_are_in_line() {
    assert_eq!(
        places(&dependency_line::check(&workspace_with(&[]))),
        Vec::<String>::new()
    );
}

#[test]
fn a_package_that_depends_to_the_right_is_found_even_for_tests_and_one_platform() {
    let tests = "[package]\nname = \"llmspell-utils\"\n[dev-dependencies]\nllmspell-engine.workspace = true\n";
    let platform = "[package]\nname = \"llmspell-engine\"\n\n[target.'cfg(unix)'.dependencies]\nllmspell-cli = { path = \"../llmspell-cli\" }\n";
    let tree = workspace_with(&[
        ("llmspell-utils/Cargo.toml", tests),
        ("engine/Cargo.toml", platform),
    ]);
    assert_eq!(
        places(&dependency_line::check(&tree)),
        [
            "llmspell-utils/Cargo.toml:4: `llmspell-utils` depends on `llmspell-engine`, which does not stand left of it",
            "engine/Cargo.toml:5: `llmspell-engine` depends on `llmspell-cli`, which does not stand left of it",
        ]
    );
}

#[test]
fn a_package_that_nobody_has_placed_is_found() {
    let stranger = "[package]\nname = \"stranger\"\n";
    let tree = workspace_with(&[("engine/Cargo.toml", stranger)]);
    assert_eq!(
        places(&dependency_line::check(&tree)),
        ["engine/Cargo.toml:1: `stranger` has no place in the line of dependencies"]
    );
}

#[test]
fn a_package_beside_the_line_may_not_reach_into_it() {
    let xtask = "[package]\nname = \"xtask\"\n[dependencies]\nllmspell-utils.workspace = true\n";
    let tree = workspace_with(&[("engine/Cargo.toml", xtask)]);
    assert_eq!(
        places(&dependency_line::check(&tree)),
        [
            "engine/Cargo.toml:4: `xtask` depends on `llmspell-utils`, which does not stand left of it"
        ]
    );
}

#[test]
fn a_manifest_that_is_missing_or_broken_is_found_with_its_line() {
    let tree = workspace_with(&[("engine/Cargo.toml", "[package]\nname = \n")]);
    let broken = places(&dependency_line::check(&tree));
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with("engine/Cargo.toml:2: "), "{broken:?}");
    let missing = Tree::of([("Cargo.toml", ROOT)]);
    assert_eq!(
        places(&dependency_line::check(&missing))[0],
        "llmspell-utils/Cargo.toml:1: there is no such manifest"
    );
}

#[test]
fn a_crate_named_outside_its_home_is_found_in_code_but_not_in_words_about_it() {
    let tree = Tree::of([
        (
            "engine/src/synthesis.rs",
            "//! Not mlua.\n// mlua\nconst NAME: &str = \"mlua\";\nuse regorus::Value;\n",
        ),
        (
            "engine/src/value.rs",
            "//! A value.\npub use regorus::Value;\n",
        ),
        (
            "engine/src/evaluator/rego/policy.rs",
            "//! A policy.\nuse regorus::Engine;\n",
        ),
        (
            "llmspell-bridge/src/lua/engine.rs",
            "//! Lua.\nuse mlua::Lua;\n",
        ),
        (
            "llmspell-bridge/src/lua_like.rs",
            "//! Not the folder.\nfn f() { g::<mlua::Lua>(); }\n",
        ),
        (
            "llmspell-bridge/src/javascript.rs",
            "//! JavaScript.\nuse rquickjs::Runtime;\n",
        ),
        (
            "benches/src/lib.rs",
            "//! Benches.\nuse rquickjs_serde as _;\nuse mlua as _;\n",
        ),
        (
            "llmspell-bridge/src/globals.rs",
            "//! Globals.\n\nuse clap::Parser;\n",
        ),
    ]);
    assert_eq!(
        places(&crate_names::check(&tree)),
        [
            "engine/src/synthesis.rs:4: `regorus` is named outside its home",
            "llmspell-bridge/src/globals.rs:3: `clap` is named outside its home",
            "llmspell-bridge/src/lua_like.rs:2: `mlua` is named outside its home",
        ]
    );
}

#[test]
fn a_package_that_depends_on_a_crate_of_another_home_is_found() {
    let engine = "[package]\nname = \"llmspell-engine\"\n[dependencies]\nmlua.workspace = true\nregorus = \"1\"\n";
    let tree = workspace_with(&[("engine/Cargo.toml", engine)]);
    assert_eq!(
        places(&crate_names::check(&tree)),
        ["engine/Cargo.toml:4: `llmspell-engine` may not depend on `mlua`"]
    );
}

#[test]
fn a_file_without_its_sentence_and_a_mod_rs_are_found() {
    let tree = Tree::of([
        ("engine/src/event.rs", "//! One hook event.\n"),
        ("engine/src/late.rs", "use std::fmt;\n//! Too late.\n"),
        ("engine/src/route/mod.rs", "//! Routes.\n"),
        ("engine/src/broken.rs", "//! Broken.\nfn f( {\n"),
        ("README.md", "no rule for this one\n"),
    ]);
    let found = places(&file_shape::check(&tree));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("engine/src/broken.rs:"), "{found:?}");
    assert_eq!(
        found[1],
        "engine/src/late.rs:1: the file does not open with a `//!` line"
    );
    assert_eq!(
        found[2],
        "engine/src/route/mod.rs:1: a module is called `mod.rs`"
    );
}

#[test]
fn unsafe_code_is_found_outside_the_language_folders_only() {
    let text = "//! A file.\n// unsafe\n#![deny(unsafe_code)]\nfn f() {\n    unsafe { g() }\n}\n";
    let tree = Tree::of([
        ("engine/src/event.rs", text),
        ("llmspell-bridge/src/lua/stack_trace.rs", text),
    ]);
    assert_eq!(
        places(&unsafe_code::check(&tree)),
        ["engine/src/event.rs:5: `unsafe` stands where it may not"]
    );
}

#[test]
fn marks_for_unfinished_work_are_found_as_words_in_any_file() {
    let mark = ["TO", "DO"].concat();
    let text = format!("fine\n# {mark}: later\n{mark}S.md is a name, to{mark}\n");
    let tree = Tree::of([("docs/policies.md", text.as_str())]);
    assert_eq!(
        places(&leftovers::check(&tree)),
        [format!("docs/policies.md:2: `{mark}` is left in the file")]
    );
}

#[test]
fn the_document_and_the_manifests_list_the_same_crates() {
    assert_eq!(
        places(&dependency_document::check(&workspace_with(&[]))),
        Vec::<String>::new()
    );
}

#[test]
fn a_dependency_without_a_reason_and_a_reason_without_a_dependency_are_found() {
    let document = "| crate | why |\n|---|---|\n| `serde` | data |\n| `rand` | dice |\n";
    let tree = workspace_with(&[("docs/dependencies.md", document)]);
    assert_eq!(
        places(&dependency_document::check(&tree)),
        [
            "llmspell-cli/Cargo.toml:4: `clap` has no reason in docs/dependencies.md",
            "docs/dependencies.md:4: no package depends on `rand`",
        ]
    );
}

#[test]
fn a_shared_version_that_nobody_uses_is_found() {
    let cli = "[package]\nname = \"llmspell-cli\"\n";
    let document = "| `serde` | data |\n";
    let tree = workspace_with(&[
        ("llmspell-cli/Cargo.toml", cli),
        ("docs/dependencies.md", document),
    ]);
    assert_eq!(
        places(&dependency_document::check(&tree)),
        ["Cargo.toml:7: no package uses the shared version of `clap`"]
    );
}

#[test]
fn a_changelog_needs_a_place_for_what_is_not_released() {
    let with = Tree::of([("CHANGELOG.md", "# Changelog\n\n## Unreleased\n")]);
    assert_eq!(changelog::check(&with), Vec::new());
    let without = Tree::of([("CHANGELOG.md", "# Changelog\n\n## 0.1.0\n")]);
    assert_eq!(
        places(&changelog::check(&without)),
        ["CHANGELOG.md:1: there is no `## Unreleased` section"]
    );
}

fn metadata(id: &str, feature: &str) -> Metadata {
    let text = format!(
        r#"{{"target_directory":"target","resolve":{{"nodes":[{{"id":"{id}","features":["std","{feature}"]}}]}}}}"#
    );
    Metadata::parse(text.as_bytes()).unwrap()
}

#[test]
fn numbers_of_any_length_are_found_when_a_feature_switches_them_on() {
    let registry = "registry+https://example.org/index#serde_json@1.0.1";
    let checked_out = "git+https://example.org/serde_json#1.0.1";
    for id in [registry, checked_out] {
        let found = number_precision::check(&metadata(id, "arbitrary_precision"));
        assert_eq!(
            places(&found),
            ["Cargo.lock:1: `serde_json/arbitrary_precision` is switched on"]
        );
        assert_eq!(number_precision::check(&metadata(id, "alloc")), Vec::new());
    }
    let other = "registry+https://example.org/index#not_serde_json@1.0.1";
    assert_eq!(
        number_precision::check(&metadata(other, "arbitrary_precision")),
        Vec::new()
    );
}

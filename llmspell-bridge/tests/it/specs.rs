//! Runs every specification of `tests/specs`: a Lua block, a JavaScript block, and one output for both.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmspell_bridge::{DebugBridge, KeptLines, Language, Script, ScriptHost};
use llmspell_engine::EngineOptions;
use llmspell_utils::debug::{DebugManager, ManualClock};

/// The blocks of one specification.
struct Spec {
    scripts: Vec<(Language, String)>,
    output: String,
}

impl Spec {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let block = |name: &str| blocks(&text, name);
        let scripts = [(Language::Lua, "lua"), (Language::JavaScript, "js")]
            .into_iter()
            .flat_map(|(language, name)| block(name).into_iter().map(move |text| (language, text)))
            .collect();
        let output = block("output")
            .pop()
            .unwrap_or_else(|| panic!("{path:?} has no output block"));
        Self { scripts, output }
    }
}

fn blocks(text: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match &mut open {
            Some(block) if line == "```" => {
                found.push(std::mem::take(block));
                open = None;
            }
            Some(block) => writeln!(block, "{line}").unwrap(),
            None if line == format!("```{name}") => open = Some(String::new()),
            None => {}
        }
    }
    found
}

/// What a script prints, and how it ends if it fails. The clock stands still.
fn run(language: Language, source: &str) -> String {
    let lines = Arc::new(KeptLines::new(1 << 20));
    let manager = DebugManager::with_clock(Arc::new(ManualClock::new()));
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs/project");
    let mut host = ScriptHost::builder(language)
        .debug(DebugBridge::owning(Arc::new(manager)))
        .output(Arc::clone(&lines) as Arc<dyn llmspell_bridge::ScriptOutput>)
        .project(project, EngineOptions::default())
        .build()
        .unwrap();
    let ended = host.run(&Script::new("spec", source));
    let mut text: String = lines
        .lines()
        .iter()
        .flat_map(|line| [line.as_str(), "\n"])
        .collect();
    if let Err(error) = ended {
        writeln!(
            text,
            "{} error in line {}: {}",
            error.kind().code(),
            error.place().map_or(0, |place| place.line),
            error.message()
        )
        .unwrap();
    }
    text
}

fn specs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn both_languages_print_what_each_specification_says() {
    let mut failures = String::new();
    let mut ran = 0;
    for path in specs() {
        let spec = Spec::read(&path);
        let languages: Vec<_> = spec.scripts.iter().map(|(language, _)| *language).collect();
        assert_eq!(
            languages,
            Language::ALL,
            "{path:?} must have one block for each language"
        );
        for (language, source) in &spec.scripts {
            let printed = run(*language, source);
            ran += 1;
            if printed != spec.output {
                let name = path.file_name().unwrap().to_string_lossy();
                writeln!(
                    failures,
                    "--- {name} in {language}\nexpected:\n{}printed:\n{printed}",
                    spec.output
                )
                .unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    println!("{ran} scripts printed what they should");
    assert!(
        ran >= 2 * 20,
        "the specifications are gone: only {ran} scripts ran"
    );
}

/// The names of all functions of a global, as a script sees them.
fn functions_of(global: &str) -> Vec<String> {
    let source = format!(
        "local names = {{}} for name in {global} do table.insert(names, name) end return names"
    );
    let mut host = ScriptHost::builder(Language::Lua).build().unwrap();
    let names = host.run(&Script::new("names", source)).unwrap();
    let names = names.as_array().unwrap();
    names
        .iter()
        .map(|name| name.as_string().unwrap().to_string())
        .collect()
}

#[test]
fn every_function_is_documented_and_has_an_example_in_both_languages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference = fs::read_to_string(root.join("../docs/scripting.md")).unwrap();
    let specs: Vec<Spec> = specs().iter().map(|path| Spec::read(path)).collect();
    let mut checked = 0;
    for global in ["Cupcake", "Debug"] {
        for name in functions_of(global) {
            let words: Vec<_> = reference.split(|c: char| !c.is_alphanumeric()).collect();
            assert!(
                words.contains(&name.as_str()),
                "docs/scripting.md lacks {global}.{name}"
            );
            for language in Language::ALL {
                let call = format!("{global}.{name}");
                let has_example = specs
                    .iter()
                    .flat_map(|spec| &spec.scripts)
                    .any(|(of, text)| {
                        *of == language
                            && text
                                .split(|c: char| !c.is_alphanumeric() && c != '.')
                                .any(|word| word == call)
                    });
                assert!(has_example, "no specification shows {call} in {language}");
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} functions were found");
}

#[test]
fn every_example_that_the_reference_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference = fs::read_to_string(root.join("../docs/scripting.md")).unwrap();
    let rows = reference.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<_> = rows
        .filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next())
        .flat_map(|cell| cell.split(','))
        .map(str::trim)
        .collect();
    for name in &named {
        let path = root.join("tests/specs").join(format!("{name}.md"));
        assert!(
            path.is_file(),
            "docs/scripting.md names the example `{name}`"
        );
    }
    assert!(named.len() > 20, "only {} examples are named", named.len());
}

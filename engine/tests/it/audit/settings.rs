//! The `[audit]` table.

use llmspell_engine::{
    AuditInput, AuditSettings, EngineErrorKind, EngineOptions, PolicyEngine, Project,
};

use crate::support::project;

fn read(text: &str) -> Result<AuditSettings, String> {
    let folder = project([("llmspell.toml", text)]);
    let project = Project::at(folder.path()).unwrap();
    let alone = AuditSettings::of_project(&project).map_err(|error| {
        assert_eq!(error.kind, EngineErrorKind::Settings);
        format!("{}: {}", error.place.unwrap(), error.message)
    });
    let engine = PolicyEngine::load(folder.path(), &EngineOptions::default());
    assert_eq!(alone.clone().ok(), engine.ok().map(|engine| engine.audit()));
    alone
}

#[test]
fn a_log_is_off_unless_a_file_is_named() {
    for text in ["", "[audit]\n", "[policy]\nmode = 'monitor'\n"] {
        assert_eq!(read(text).unwrap(), AuditSettings::default());
    }
    assert_eq!(AuditSettings::default().file, None);
}

#[test]
fn every_key_is_read() {
    let settings = read(
        "[audit]\nfile = '.cupcake/audit/decisions.jsonl'\nrequired = true\nmax_size = '1MiB'\nkeep = 3\ninput = 'hash'\n\n[debug.redact]\nkeys = ['patient']\n",
    )
    .unwrap();
    assert_eq!(
        settings.file.unwrap().to_str().unwrap(),
        ".cupcake/audit/decisions.jsonl"
    );
    assert_eq!(
        (
            settings.required,
            settings.max_size,
            settings.keep,
            settings.input
        ),
        (true, 1 << 20, 3, AuditInput::Hash)
    );
    assert_eq!(settings.redact.keys, ["patient"]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, error) in [
        (
            "[audit]\nrequired = true\n",
            "llmspell.toml:1:1: `audit` has no `file`",
        ),
        (
            "[audit]\nfile = 'a'\nrequird = true\n",
            "llmspell.toml:3:1: unknown key `requird` in `audit`",
        ),
        (
            "[audit]\nfile = 'a'\nmax_size = '1KiB'\n",
            "llmspell.toml:3:12: `audit.max_size` cannot be `'1KiB'`",
        ),
        (
            "[audit]\nfile = 'a'\nkeep = 1000\n",
            "llmspell.toml:3:8: `audit.keep` cannot be `1000`",
        ),
        (
            "[audit]\nfile = 'a'\nkeep = -1\n",
            "llmspell.toml:3:8: `audit.keep` cannot be `-1`",
        ),
        (
            "[audit]\nfile = 'a'\ninput = 'everything'\n",
            "llmspell.toml:3:9: `audit.input` cannot be `'everything'`",
        ),
        (
            "[audit]\nfile = 3\n",
            "llmspell.toml:2:8: `audit.file` cannot be `3`",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), error);
    }
}

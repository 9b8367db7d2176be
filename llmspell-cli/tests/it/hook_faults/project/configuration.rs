//! A rulebook or settings that are not what they should be.

use super::super::scene::Scene;
use super::super::{Fault, fault};

const RULEBOOK: &str = ".cupcake/rulebook.yml";
const SETTINGS: &str = "llmspell.toml";
const RULEBOOK_NAMED: &[&str] = &["rulebook"];
const SETTINGS_NAMED: &[&str] = &["llmspell.toml"];

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, words) in [(RULEBOOK, RULEBOOK_NAMED), (SETTINGS, SETTINGS_NAMED)] {
        faults.extend(no_text(file, words));
    }
    faults.extend(rulebooks());
    faults.extend(settings());
    faults
}

/// What no such file may be.
fn no_text(file: &'static str, words: &'static [&'static str]) -> Vec<Fault> {
    let changed = |name: &str, change: fn(&Scene, &str)| {
        fault(
            format!("{file}: {name}"),
            words,
            move |scene: &mut Scene| change(scene, file),
        )
    };
    vec![
        changed("is a folder", |scene, file| scene.folder(file)),
        changed("is a pipe", |scene, file| scene.pipe(file)),
        changed("is a link that leads nowhere", |scene, file| {
            scene.link(file, "nowhere");
        }),
        changed("is a link to itself", |scene, file| {
            let name = file.rsplit('/').next().unwrap();
            scene.link(file, name);
        }),
        changed("is a device without an end", |scene, file| {
            scene.link(file, "/dev/zero");
        }),
        changed("is a device with nothing in it", |scene, file| {
            scene.link(file, "/dev/null");
        }),
        changed("is no text", |scene, file| {
            scene.write(file, [0xff, 0xfe, 0x80]);
        }),
        changed("has a zero", |scene, file| scene.write(file, "a\0b")),
        changed("has 20 MB", |scene, file| {
            scene.write(file, b"# blank\n".repeat(2_500_000));
        }),
        changed("is html", |scene, file| {
            scene.write(file, "<html><body>404: not found</body></html>");
        }),
        changed("has a conflict of a merge", |scene, file| {
            scene.write(file, "<<<<<<< HEAD\n=======\n>>>>>>> other\n");
        }),
    ]
}

fn rulebooks() -> Vec<Fault> {
    let rulebook = |name: &str, words: &'static [&'static str], text: &str| {
        let text = text.to_owned();
        fault(
            format!("rulebook: {name}"),
            words,
            move |scene: &mut Scene| scene.write(RULEBOOK, &text),
        )
    };
    let bomb: String = (1..30)
        .map(|level| {
            format!(
                "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n",
                level - 1
            )
        })
        .collect();
    vec![
        rulebook("no yaml", RULEBOOK_NAMED, "signals: ["),
        rulebook("a tab", &["rulebook", ":2"], "signals:\n\tbranch: 1\n"),
        rulebook("a list", RULEBOOK_NAMED, "- signals\n"),
        rulebook("a word", RULEBOOK_NAMED, "signals\n"),
        rulebook(
            "an unknown key",
            &["rulebook", "signals"],
            "signal:\n  branch:\n    command: git branch\n",
        ),
        rulebook("a key twice", RULEBOOK_NAMED, "signals: {}\nsignals: {}\n"),
        rulebook(
            "signals that are a list",
            RULEBOOK_NAMED,
            "signals: [branch]\n",
        ),
        rulebook(
            "a signal that is a number",
            RULEBOOK_NAMED,
            "signals:\n  branch: 1\n",
        ),
        rulebook(
            "a signal without a command",
            &["rulebook", "command"],
            "signals:\n  branch: {}\n",
        ),
        rulebook(
            "a signal's time that is none",
            &["rulebook", "timeout"],
            "signals:\n  branch:\n    command: date\n    timeout_seconds: soon\n",
        ),
        rulebook(
            "a signal's time that is too long",
            &["rulebook", "timeout"],
            "signals:\n  branch:\n    command: date\n    timeout_seconds: 100000\n",
        ),
        rulebook(
            "guardrails that are a list",
            RULEBOOK_NAMED,
            "builtins: [git_pre_check]\n",
        ),
        rulebook(
            "an unknown guardrail",
            RULEBOOK_NAMED,
            "builtins:\n  git_pre_chek:\n    enabled: true\n",
        ),
        rulebook(
            "a guardrail's switch that is a word",
            RULEBOOK_NAMED,
            "builtins:\n  protected_paths:\n    enabled: perhaps\n",
        ),
        rulebook(
            "a guardrail's paths that are a number",
            RULEBOOK_NAMED,
            "builtins:\n  protected_paths:\n    enabled: true\n    paths: 5\n",
        ),
        rulebook(
            "aliases that unfold without an end",
            RULEBOOK_NAMED,
            &format!("a0: &a0 x\n{bomb}"),
        ),
        rulebook("lists, 100,000 deep", RULEBOOK_NAMED, &"[".repeat(100_000)),
    ]
}

fn settings() -> Vec<Fault> {
    let settings = |name: &str, words: &'static [&'static str], text: &str| {
        let text = text.to_owned();
        fault(
            format!("settings: {name}"),
            words,
            move |scene: &mut Scene| scene.write(SETTINGS, &text),
        )
    };
    const DEADLINE: &[&str] = &["llmspell.toml", "deadline", "50ms"];
    vec![
        settings("no toml", &["llmspell.toml:1"], "[policy\n"),
        settings("yaml", &["llmspell.toml:1"], "policy:\n  mode: enforce\n"),
        settings(
            "an unknown table",
            &["llmspell.toml", "policy"],
            "[polcy]\nmode = \"enforce\"\n",
        ),
        settings(
            "an unknown key",
            &["llmspell.toml", "mode"],
            "[policy]\nmod = \"enforce\"\n",
        ),
        settings(
            "a key outside of tables",
            SETTINGS_NAMED,
            "mode = \"enforce\"\n",
        ),
        settings("a table twice", SETTINGS_NAMED, "[policy]\n[policy]\n"),
        settings(
            "a key twice",
            SETTINGS_NAMED,
            "[policy]\nmode = \"enforce\"\nmode = \"monitor\"\n",
        ),
        settings(
            "a table that is a word",
            SETTINGS_NAMED,
            "policy = \"enforce\"\n",
        ),
        settings(
            "a list of tables",
            SETTINGS_NAMED,
            "[[policy]]\nmode = \"enforce\"\n",
        ),
        settings(
            "an unknown mode",
            &["llmspell.toml", "enforce"],
            "[policy]\nmode = \"off\"\n",
        ),
        settings(
            "a mode that is a switch",
            SETTINGS_NAMED,
            "[policy]\nmode = false\n",
        ),
        settings(
            "an unknown agent",
            SETTINGS_NAMED,
            "[policy]\nharness = \"emacs\"\n",
        ),
        settings(
            "an unknown evaluator",
            SETTINGS_NAMED,
            "[policy]\nevaluator = \"python\"\n",
        ),
        settings(
            "an unknown virtual machine",
            SETTINGS_NAMED,
            "[policy]\nrvm = \"maybe\"\n",
        ),
        settings(
            "an opa that is a number",
            SETTINGS_NAMED,
            "[policy]\nopa = 1\n",
        ),
        settings(
            "preprocessing that is a switch",
            SETTINGS_NAMED,
            "[policy]\npreprocess = true\n",
        ),
        settings(
            "scripts that are too large",
            SETTINGS_NAMED,
            "[policy.preprocess]\nmax_script_bytes = 999999999\n",
        ),
        settings(
            "a deadline that is a word",
            DEADLINE,
            "[hook]\ndeadline = \"soon\"\n",
        ),
        settings(
            "a deadline that is a number",
            DEADLINE,
            "[hook]\ndeadline = 2\n",
        ),
        settings(
            "a deadline of nothing",
            DEADLINE,
            "[hook]\ndeadline = \"0s\"\n",
        ),
        settings(
            "a deadline below nothing",
            DEADLINE,
            "[hook]\ndeadline = \"-1s\"\n",
        ),
        settings(
            "a deadline that is too long",
            DEADLINE,
            "[hook]\ndeadline = \"1h\"\n",
        ),
        settings(
            "a deadline that no number holds",
            DEADLINE,
            "[hook]\ndeadline = \"99999999999999999999s\"\n",
        ),
        settings(
            "an unknown key of the hook",
            &["llmspell.toml", "deadline"],
            "[hook]\nfail_open = true\n",
        ),
        settings(
            "an unknown level",
            SETTINGS_NAMED,
            "[debug]\nlevel = \"loud\"\n",
        ),
        settings(
            "an output that is not there",
            &["/no/where"],
            "[debug]\noutput = \"file:/no/where/debug.log\"\n",
        ),
        settings(
            "an unknown output",
            SETTINGS_NAMED,
            "[debug]\noutput = \"pigeon:home\"\n",
        ),
        settings(
            "an audit log without a file",
            &["llmspell.toml", "file"],
            "[audit]\nrequired = true\n",
        ),
        settings(
            "an audit log that keeps too many",
            SETTINGS_NAMED,
            "[audit]\nfile = \"audit.jsonl\"\nkeep = 100000\n",
        ),
    ]
}

//! A project that was signed, and is no longer what was signed.

use std::fs;
use std::path::PathBuf;

use super::super::scene::Scene;
use super::super::{Fault, fault, harmless};
use super::policies::policy_with;

const MANIFEST: &str = ".cupcake/trust.manifest";
const POLICY: &str = ".cupcake/policies/base.rego";
const KEYS: &str = "../.home/config/llmspell/keys";

pub(super) fn faults() -> Vec<Fault> {
    let signed = |name: &str, words: &'static [&'static str], change: fn(&Scene)| {
        fault(format!("trust: {name}"), words, move |scene: &mut Scene| {
            scene.before(&["trust", "init"]);
            change(scene);
        })
    };
    const TRUST: &[&str] = &["sign|trust|keys"];
    let of_machine = |name: &str, change: fn(&Scene)| {
        fault(format!("trust: {name}"), TRUST, move |scene: &mut Scene| {
            scene.before(&["trust", "init", "--algorithm", "hmac-sha256"]);
            change(scene);
        })
    };
    vec![
        signed("a policy was changed", &["base", "sign"], |scene| {
            let text = fs::read_to_string(scene.at(POLICY)).unwrap();
            scene.write(POLICY, format!("{text}\n# more\n"));
        }),
        signed("a policy is gone", &["base", "sign"], |scene| {
            scene.write(
                ".cupcake/policies/second.rego",
                policy_with("second", "", ""),
            );
            scene.before(&["trust", "sign"]);
            scene.remove(POLICY);
        }),
        signed("a policy is new", &["other", "sign"], |scene| {
            scene.write(".cupcake/policies/other.rego", policy_with("other", "", ""));
        }),
        signed("a helper is new", &["help", "sign"], |scene| {
            scene.write(
                ".cupcake/policies/help.rego",
                "package cupcake.helpers.help\n\nx := 1\n",
            );
        }),
        signed("a rulebook is new", &["rulebook", "sign"], |scene| {
            scene.write(".cupcake/rulebook.yml", "signals: {}\n");
        }),
        signed("settings are new", &["llmspell.toml", "sign"], |scene| {
            scene.write("llmspell.toml", "[policy]\nmode = \"monitor\"\n");
        }),
        signed("the list is gone", TRUST, |scene| scene.remove(MANIFEST)),
        signed("the list is empty", TRUST, |scene| {
            scene.write(MANIFEST, "");
        }),
        signed("the list is a folder", TRUST, |scene| {
            scene.folder(MANIFEST);
        }),
        signed("the list leads nowhere", TRUST, |scene| {
            scene.link(MANIFEST, "nowhere");
        }),
        signed("the list is a pipe", TRUST, |scene| scene.pipe(MANIFEST)),
        signed("the list is no text", TRUST, |scene| {
            scene.write(MANIFEST, [0xff; 64]);
        }),
        signed("the list is cut", TRUST, |scene| {
            let text = fs::read(scene.at(MANIFEST)).unwrap();
            scene.write(MANIFEST, &text[..text.len() / 2]);
        }),
        signed("a letter of the list was changed", TRUST, |scene| {
            let text = fs::read_to_string(scene.at(MANIFEST)).unwrap();
            scene.write(MANIFEST, text.replace("base.rego", "bose.rego"));
        }),
        signed("an older state is back", TRUST, |scene| {
            let manifest = fs::read(scene.at(MANIFEST)).unwrap();
            let policy = fs::read(scene.at(POLICY)).unwrap();
            scene.write(POLICY, policy_with("base", "", "x := 1"));
            scene.before(&["trust", "sign"]);
            scene.write(MANIFEST, manifest);
            scene.write(POLICY, policy);
        }),
        of_machine("the machine's secret is gone", |scene| {
            for path in secrets(scene) {
                fs::remove_file(path).unwrap();
            }
        }),
        of_machine("the machine's secret is another one", |scene| {
            for path in secrets(scene) {
                let secret = fs::read_to_string(&path).unwrap();
                fs::write(path, secret.chars().rev().collect::<String>()).unwrap();
            }
        }),
        of_machine("the machine's secret is empty", |scene| {
            for path in secrets(scene) {
                fs::write(path, "").unwrap();
            }
        }),
        signed("the list of projects is broken", TRUST, |scene| {
            for entry in fs::read_dir(scene.at(KEYS)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    fs::write(path, "{").unwrap();
                }
            }
        }),
        signed("the keys are a file", TRUST, |scene| {
            scene.remove(KEYS);
            scene.write(KEYS, "");
        }),
        harmless(
            "trust: the project is as it was signed",
            |scene: &mut Scene| {
                scene.before(&["trust", "init"]);
            },
        ),
    ]
}

/// The files of keys.
fn secrets(scene: &Scene) -> Vec<PathBuf> {
    let files = fs::read_dir(scene.at(KEYS)).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|ending| ending != "json"));
    assert!(!files.is_empty());
    files
}

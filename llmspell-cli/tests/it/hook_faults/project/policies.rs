//! Folders and files of policies that are not what they should be, and Rego that is broken.

use std::fs;

use super::super::scene::Scene;
use super::super::{Fault, fault, harmless};

const BASE: &str = ".cupcake/policies/base.rego";
pub(super) const OTHER: &str = ".cupcake/policies/other.rego";
pub(super) const OTHER_NAMED: &[&str] = &["other"];

pub(super) fn faults() -> Vec<Fault> {
    [folders(), files(), metadata()]
        .into_iter()
        .flatten()
        .collect()
}

/// A policy for the events of all agents, with more routing and these rules.
pub(in super::super) fn policy_with(name: &str, routing: &str, rules: &str) -> String {
    let routing = match routing {
        "" => String::new(),
        more => format!("#     {more}\n"),
    };
    let rules = match rules {
        "" => {
            "deny contains {\"rule_id\": \"NEVER\", \"reason\": \"never\", \"severity\": \"LOW\"} if input.never"
        }
        rules => rules,
    };
    format!(
        "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse, beforeShellExecution]\n{routing}package cupcake.policies.{name}\n\nimport rego.v1\n\n{rules}\n"
    )
}

/// A second file beside the sound one.
pub(super) fn file(name: &str, words: &'static [&'static str], content: impl AsRef<[u8]>) -> Fault {
    let content = content.as_ref().to_vec();
    changed(name, words, move |scene| scene.write(OTHER, &content))
}

pub(super) fn changed(
    name: &str,
    words: &'static [&'static str],
    change: impl Fn(&Scene) + Send + Sync + 'static,
) -> Fault {
    fault(
        format!("policies: {name}"),
        words,
        move |scene: &mut Scene| change(scene),
    )
}

fn folders() -> Vec<Fault> {
    const NO_PROJECT: &[&str] = &[".cupcake", "directory|folder"];
    const NO_POLICIES: &[&str] = &["policies"];
    vec![
        changed("there is no project", NO_PROJECT, |scene| {
            scene.remove(".cupcake");
        }),
        changed("the project is a file", NO_PROJECT, |scene| {
            scene.remove(".cupcake");
            scene.write(".cupcake", "");
        }),
        changed(
            "the project is a link that leads nowhere",
            NO_PROJECT,
            |scene| {
                scene.link(".cupcake", "nowhere");
            },
        ),
        changed("the project is a link to itself", NO_PROJECT, |scene| {
            scene.link(".cupcake", ".cupcake");
        }),
        changed("the project is a pipe", NO_PROJECT, |scene| {
            scene.pipe(".cupcake");
        }),
        changed("the project is a device", NO_PROJECT, |scene| {
            scene.link(".cupcake", "/dev/null");
        }),
        changed("the project is empty", NO_POLICIES, |scene| {
            scene.folder(".cupcake");
        }),
        fault(
            "policies: the project is a file, and another one lies above",
            NO_PROJECT,
            |scene: &mut Scene| {
                scene.write("below/.cupcake", "");
                scene.within(scene.at("below"));
            },
        ),
        fault(
            "policies: the project is a broken link, and another one lies above",
            NO_PROJECT,
            |scene: &mut Scene| {
                scene.link("below/.cupcake", "nowhere");
                scene.within(scene.at("below"));
            },
        ),
        changed("there are none", NO_POLICIES, |scene| {
            scene.remove(".cupcake/policies");
        }),
        changed("their folder is empty", NO_POLICIES, |scene| {
            scene.folder(".cupcake/policies");
        }),
        changed("their folder is a file", NO_POLICIES, |scene| {
            scene.remove(".cupcake/policies");
            scene.write(".cupcake/policies", "");
        }),
        changed(
            "their folder is a link that leads nowhere",
            NO_POLICIES,
            |scene| {
                scene.link(".cupcake/policies", "nowhere");
            },
        ),
        changed("their folder is a link to itself", NO_POLICIES, |scene| {
            scene.link(".cupcake/policies", "policies");
        }),
        changed("their folder is a pipe", NO_POLICIES, |scene| {
            scene.pipe(".cupcake/policies");
        }),
        changed("their folder is a device", NO_POLICIES, |scene| {
            scene.link(".cupcake/policies", "/dev/zero");
        }),
        changed("they are those of another agent", NO_POLICIES, |scene| {
            let other = if scene.agent.name() == "claude" {
                "cursor"
            } else {
                "claude"
            };
            fs::create_dir(scene.at(".cupcake/policies").join(other)).unwrap();
            fs::rename(
                scene.at(BASE),
                scene.at(".cupcake/policies").join(other).join("base.rego"),
            )
            .unwrap();
        }),
        changed("a folder leads back to itself", &["loop|back"], |scene| {
            scene.link(".cupcake/policies/again", ".");
        }),
        changed(
            "a folder of an agent is a file",
            &["claude|cursor|factory|opencode"],
            |scene| {
                scene.write(&format!(".cupcake/policies/{}", scene.agent.name()), "");
            },
        ),
        changed(
            "a folder of an agent leads nowhere",
            &["nowhere"],
            |scene| {
                scene.link(
                    &format!(".cupcake/policies/{}", scene.agent.name()),
                    "nowhere",
                );
            },
        ),
    ]
}

fn files() -> Vec<Fault> {
    let huge = || b"# blank\n".repeat(20_000_000 / 8);
    vec![
        harmless(
            "policies: an empty folder has the name of a file",
            |scene: &mut Scene| scene.folder(OTHER),
        ),
        changed(
            "a file is a link that leads nowhere",
            OTHER_NAMED,
            |scene| scene.link(OTHER, "nowhere.rego"),
        ),
        changed("a file is a link to itself", OTHER_NAMED, |scene| {
            scene.link(OTHER, "other.rego");
        }),
        changed("a file is a pipe", OTHER_NAMED, |scene| scene.pipe(OTHER)),
        changed("a file is a device without an end", OTHER_NAMED, |scene| {
            scene.link(OTHER, "/dev/zero");
        }),
        changed(
            "a file is a device with nothing in it",
            OTHER_NAMED,
            |scene| scene.link(OTHER, "/dev/null"),
        ),
        changed("a file is a process's memory", OTHER_NAMED, |scene| {
            scene.link(OTHER, "/proc/self/mem");
        }),
        file("a file of 20 MB", &["other", "larger"], huge()),
        file("an empty file", OTHER_NAMED, ""),
        file("a file of blanks", OTHER_NAMED, " \n\n"),
        file("zeros", OTHER_NAMED, [0; 64]),
        file(
            "a zero in the text",
            OTHER_NAMED,
            policy_with("other", "", "x := \"\0\""),
        ),
        file(
            "bytes that are no text",
            &["other", "utf-8"],
            [0xff, 0xfe, 0x80],
        ),
        file("utf-16", &["other", "utf-8"], {
            let text = policy_with("other", "", "");
            format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        }),
        file(
            "html",
            OTHER_NAMED,
            "<!DOCTYPE html><html><body>404</body></html>",
        ),
        file("json", OTHER_NAMED, "{\"deny\": true}"),
        file(
            "a conflict of a merge",
            OTHER_NAMED,
            policy_with(
                "other",
                "",
                "<<<<<<< HEAD\ndeny contains \"a\"\n=======\ndeny contains \"b\"\n>>>>>>> x",
            ),
        ),
        changed("one is written with a wrong ending", &["other"], |scene| {
            scene.write(
                ".cupcake/policies/other.regoo",
                policy_with("other", "", ""),
            );
        }),
        changed("one has a backup's ending beside it", &["other"], |scene| {
            scene.write(".cupcake/policies/other.REGO", policy_with("other", "", ""));
        }),
    ]
}

fn metadata() -> Vec<Fault> {
    let package = "package cupcake.policies.other\n\nimport rego.v1\n";
    let block = |block: &str| format!("{block}{package}");
    vec![
        file("no metadata", OTHER_NAMED, package),
        file(
            "metadata that are no yaml",
            OTHER_NAMED,
            block("# METADATA\n# custom: [\n"),
        ),
        file(
            "metadata with a tab",
            OTHER_NAMED,
            block("# METADATA\n# custom:\n#\trouting: 1\n"),
        ),
        file(
            "metadata without routing",
            OTHER_NAMED,
            block("# METADATA\n# title: x\n"),
        ),
        file(
            "metadata with an unknown key of routing",
            &["other", "required_event"],
            block("# METADATA\n# custom:\n#   routing:\n#     required_event: [PreToolUse]\n"),
        ),
        file(
            "routing that is a text",
            OTHER_NAMED,
            block("# METADATA\n# custom:\n#   routing: PreToolUse\n"),
        ),
        file(
            "events that are a number",
            OTHER_NAMED,
            block("# METADATA\n# custom:\n#   routing:\n#     required_events: 5\n"),
        ),
        file(
            "events that are no texts",
            OTHER_NAMED,
            block("# METADATA\n# custom:\n#   routing:\n#     required_events: [1, null]\n"),
        ),
        file(
            "no events",
            OTHER_NAMED,
            block("# METADATA\n# custom:\n#   routing:\n#     required_events: []\n"),
        ),
        file(
            "tools that are an object",
            OTHER_NAMED,
            block(
                "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse, beforeShellExecution]\n#     required_tools: {Bash: 1}\n",
            ),
        ),
        file(
            "metadata twice",
            OTHER_NAMED,
            block(
                "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse]\n# custom:\n#   routing: {}\n",
            ),
        ),
        file(
            "a signal that nobody declares",
            &["other", "branch"],
            policy_with("other", "required_signals: [branch]", ""),
        ),
        file(
            "another package than that of policies",
            OTHER_NAMED,
            "package example\n\nimport rego.v1\n\ndeny contains \"x\"\n",
        ),
        file(
            "a package of the machine",
            OTHER_NAMED,
            policy_with("other", "", "").replace("cupcake.policies", "cupcake.global.policies"),
        ),
    ]
}

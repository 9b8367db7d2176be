//! A stamp differs whenever anything that decides may have changed.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use llmspell_engine::{EngineOptions, GlobalConfig, Project, ProjectStamp, TrustOptions};

use crate::support::project;

fn stamp(root: &Path) -> ProjectStamp {
    let options = EngineOptions {
        trust: TrustOptions::Off,
        global: GlobalConfig::Off,
        ..EngineOptions::default()
    };
    let project = Project::at(root).unwrap();
    ProjectStamp::take(&project, &options).unwrap().unwrap()
}

#[test]
fn every_change_shows_and_nothing_else_does() {
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("deep")).unwrap();
    fs::write(outside.path().join("deep/linked.rego"), "a").unwrap();
    fs::create_dir(outside.path().join("other")).unwrap();
    let project = project([
        (".cupcake/policies/claude/one.rego", "a"),
        (".cupcake/helpers/two.rego", "a"),
        (".cupcake/signals/three.sh", "a"),
    ]);
    let root = project.path();
    let at = |path: &str| root.join(path);
    symlink(outside.path().join("deep"), at(".cupcake/policies/link")).unwrap();
    symlink("..", at(".cupcake/policies/round")).unwrap();
    symlink("nowhere", at(".cupcake/policies/dangling")).unwrap();

    let steps: [(&str, &dyn Fn() -> std::io::Result<()>); 12] = [
        ("a file is written", &|| {
            fs::write(at(".cupcake/policies/claude/one.rego"), "aa")
        }),
        ("a file is added", &|| {
            fs::write(at(".cupcake/policies/claude/.new"), "")
        }),
        ("a file gets another name", &|| {
            fs::rename(
                at(".cupcake/policies/claude/.new"),
                at(".cupcake/policies/claude/new"),
            )
        }),
        ("a file is removed", &|| {
            fs::remove_file(at(".cupcake/policies/claude/new"))
        }),
        ("a folder is added", &|| fs::create_dir(at(".cupcake/x"))),
        ("a file in it", &|| fs::write(at(".cupcake/x/y.rego"), "")),
        ("others may read", &|| {
            fs::set_permissions(
                at(".cupcake/signals/three.sh"),
                fs::Permissions::from_mode(0o711),
            )
        }),
        ("a file behind a link is written", &|| {
            fs::write(outside.path().join("deep/linked.rego"), "aa")
        }),
        ("a link leads elsewhere", &|| {
            fs::remove_file(at(".cupcake/policies/link"))?;
            symlink(outside.path().join("other"), at(".cupcake/policies/link"))
        }),
        ("what a link lacked is there", &|| {
            fs::write(at(".cupcake/policies/nowhere"), "")
        }),
        ("settings are there", &|| fs::write(at("llmspell.toml"), "")),
        ("settings are written", &|| {
            fs::write(at("llmspell.toml"), "[policy]\n")
        }),
    ];
    for (what, step) in steps {
        let before = stamp(root);
        assert_eq!(before, stamp(root), "before {what}");
        step().unwrap();
        assert!(before != stamp(root), "{what}");
    }
    let before = stamp(root);
    fs::write(at("elsewhere.txt"), "a").unwrap();
    assert_eq!(before, stamp(root));
}

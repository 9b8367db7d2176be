//! Configuration: files, environment and command line, and what is said about mistakes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use llmspell_utils::debug::{
    DebugConfig, DebugErrorKind, DebugLevel, DebugManager, FilterAction, FilterRule, FormatKind,
    OutputTarget, PatternKind, RedactConfig, Rotation, SlowOperation, SlowThresholds,
};

use super::support::{manager, messages};

fn toml(text: &str) -> DebugConfig {
    DebugConfig::from_toml(text, Path::new("llmspell.toml")).unwrap()
}

fn refused(text: &str) -> String {
    let mut config = DebugConfig::default();
    let error = config
        .apply_toml(text, Path::new("conf/llmspell.toml"))
        .unwrap_err();
    assert_eq!(
        config,
        DebugConfig::default(),
        "a refused file changes nothing"
    );
    error.to_string()
}

fn lookup<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    move |name| variables.get(name).map(|value| (*value).to_owned())
}

fn refused_variable(name: &str, value: &str) -> String {
    DebugConfig::from_env_with(lookup(&[(name, value)]))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_file_says_everything() {
    let config = toml(
        r#"
[debug]
level = "debug"
enabled = false
capture_limit = 50
output = ["console", "file:logs/debug.jsonl"]
format = "json"
rotate = { size = "1MiB", age = "1d", keep = 3 }
slow = "50ms"

[[debug.filters]]
pattern = "policy.*"
level = "trace"

[[debug.filters]]
pattern = "noisy"
enabled = false

[[debug.filters]]
pattern = "au(th|dit)"
type = "regex"

[debug.redact]
patterns = ["emp-[0-9]{6}"]
keys = ["patient_id"]

[script]
timeout = "2s"
"#,
    );
    assert_eq!(
        config,
        DebugConfig {
            level: DebugLevel::Debug,
            enabled: false,
            capture_limit: 50,
            output: vec![
                OutputTarget::Console,
                OutputTarget::File(PathBuf::from("logs/debug.jsonl"))
            ],
            format: Some(FormatKind::Json),
            rotate: Some(Rotation {
                size: 1024 * 1024,
                age: Some(Duration::from_secs(24 * 60 * 60)),
                keep: 3,
            }),
            filters: vec![
                FilterRule::new(
                    "policy.*",
                    PatternKind::Hierarchical,
                    FilterAction::Level(DebugLevel::Trace)
                ),
                FilterRule::new("noisy", PatternKind::Exact, FilterAction::Off),
                FilterRule::new("au(th|dit)", PatternKind::Regex, FilterAction::On),
            ],
            slow: SlowThresholds::all(Some(Duration::from_millis(50))),
            redact: RedactConfig {
                enabled: true,
                patterns: vec!["emp-[0-9]{6}".to_owned()],
                keys: vec!["patient_id".to_owned()],
            },
        }
    );
}

#[test]
fn a_file_that_says_nothing_leaves_the_defaults() {
    for text in ["", "[debug]\n", "[policy]\nmode = \"enforce\"\n"] {
        assert_eq!(toml(text), DebugConfig::default());
    }
    let defaults = DebugConfig::default();
    assert_eq!(
        (defaults.level, defaults.enabled, defaults.capture_limit),
        (DebugLevel::Info, true, 10_000)
    );
}

#[test]
fn a_relative_path_is_taken_from_the_file_s_directory() {
    let config = DebugConfig::from_toml(
        "[debug]\noutput = [\"file:debug.log\", \"file:/var/log/debug.log\"]",
        Path::new("conf/llmspell.toml"),
    );
    let outputs: Vec<_> = config
        .unwrap()
        .output
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(outputs, ["file:conf/debug.log", "file:/var/log/debug.log"]);
}

#[test]
fn environment_goes_over_the_file_and_the_command_line_over_both() {
    let mut config = toml(
        "[debug]\nlevel = \"error\"\ncapture_limit = 7\n[[debug.filters]]\npattern = \"file\"\n",
    );
    config
        .apply_env_with(lookup(&[
            ("LLMSPELL_DEBUG", "warn,env=off"),
            ("LLMSPELL_DEBUG_ENABLED", "no"),
        ]))
        .unwrap();
    assert_eq!(
        (config.level, config.enabled, config.capture_limit),
        (DebugLevel::Warn, false, 7)
    );
    assert_eq!(
        config.filters,
        [FilterRule::classified("env", FilterAction::Off)]
    );

    config
        .apply_env_with(lookup(&[
            ("LLMSPELL_DEBUG", "warn,env=off"),
            ("LLMSPELL_DEBUG_LEVEL", " 5 "),
        ]))
        .unwrap();
    assert_eq!((config.level, config.filters.len()), (DebugLevel::Trace, 1));

    config.apply_directive("line=debug").unwrap();
    assert_eq!(config.level, DebugLevel::Trace);
    assert_eq!(
        config.filters,
        [FilterRule::classified(
            "line",
            FilterAction::Level(DebugLevel::Debug)
        )]
    );
    config.apply_directive("info").unwrap();
    assert_eq!((config.level, config.filters.len()), (DebugLevel::Info, 0));
}

#[test]
fn an_empty_variable_says_nothing() {
    let variables = [
        ("LLMSPELL_DEBUG", ""),
        ("LLMSPELL_DEBUG_LEVEL", " "),
        ("LLMSPELL_DEBUG_ENABLED", ""),
    ];
    assert_eq!(
        DebugConfig::from_env_with(lookup(&variables)).unwrap(),
        DebugConfig::default()
    );
}

#[test]
fn a_manager_takes_a_configuration_over() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("llmspell.toml");
    fs::write(&file, "[debug]\nlevel = \"debug\"\ncapture_limit = 1\noutput = [\"file:a.log\", \"file:b.jsonl\"]\n[[debug.filters]]\npattern = \"noisy\"\nenabled = false\n").unwrap();
    let manager = DebugManager::from_config(&DebugConfig::from_file(&file).unwrap()).unwrap();
    for (module, message) in [(None, "one"), (Some("noisy"), "two"), (Some("m"), "three")] {
        manager.log(DebugLevel::Debug, module, message);
    }
    assert_eq!(messages(&manager), ["three"]);
    let text = fs::read_to_string(directory.path().join("a.log")).unwrap();
    let json = fs::read_to_string(directory.path().join("b.jsonl")).unwrap();
    let endings: Vec<_> = text
        .lines()
        .map(|line| line.split_once("Z ").unwrap().1)
        .collect();
    assert_eq!(endings, ["DEBUG one", "DEBUG [m] three"]);
    let messages: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (
            messages[0]["message"].as_str(),
            messages[1]["module"].as_str()
        ),
        (Some("one"), Some("m"))
    );
}

#[test]
fn a_configuration_without_output_leaves_the_output_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.log");
    let manager = manager();
    let mut config = DebugConfig {
        output: vec![OutputTarget::File(path.clone())],
        ..DebugConfig::default()
    };
    manager.configure(&config).unwrap();
    config.output.clear();
    manager.configure(&config).unwrap();
    manager.log(DebugLevel::Info, None, "still there");
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .ends_with("INFO  still there\n")
    );
    config.output.push(OutputTarget::Null);
    manager.configure(&config).unwrap();
    manager.log(DebugLevel::Info, None, "unseen");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
}

#[test]
fn a_manager_takes_all_of_a_configuration_or_nothing() {
    let manager = manager();
    manager.set_directive("warn,kept=debug").unwrap();
    let before = (manager.level(), manager.filter_summary());
    let bad_filter = DebugConfig {
        level: DebugLevel::Trace,
        filters: vec![FilterRule::new("(", PatternKind::Regex, FilterAction::On)],
        ..DebugConfig::default()
    };
    let bad_output = DebugConfig {
        level: DebugLevel::Trace,
        output: vec![OutputTarget::File(PathBuf::from("missing/directory/a.log"))],
        ..DebugConfig::default()
    };
    let error = manager.configure(&bad_filter).unwrap_err();
    assert_eq!(error.kind(), DebugErrorKind::Filter);
    assert_eq!(
        error.to_string(),
        "`debug.filters`: the pattern `(` is not understood: unclosed group (at character 1)"
    );
    let error = manager.configure(&bad_output).unwrap_err();
    assert_eq!(error.kind(), DebugErrorKind::Output);
    assert_eq!(
        error.to_string(),
        "the output `file:missing/directory/a.log` cannot be opened: No such file or directory (os error 2) (the directory must exist and be writable)"
    );
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!((manager.level(), manager.filter_summary()), before);
    assert!(manager.wants(DebugLevel::Debug, Some("kept")));
}

#[test]
fn a_mistake_in_a_file_is_named_with_line_column_key_and_what_is_allowed() {
    let cases = [
        (
            "[debug\n",
            "conf/llmspell.toml:1:7: the configuration is not TOML: unclosed table, expected `]`",
        ),
        (
            "[debug]\nlevle = \"info\"\n",
            "conf/llmspell.toml:2:1: unknown key `levle` in `debug` (did you mean `level`?)",
        ),
        (
            "[debug]\nzzz = 1\nlevel = \"loud\"\n",
            "conf/llmspell.toml:2:1: unknown key `zzz` in `debug` (known are `level`, `enabled`, `capture_limit`, `output`, `format`, `rotate`, `filters`, `slow`, `redact`)",
        ),
        (
            "debug = 1",
            "conf/llmspell.toml:1:9: `debug` cannot be `1` (use a table)",
        ),
        (
            "[debug]\n\n  level = \"loud\"\n",
            "conf/llmspell.toml:3:11: `debug.level` cannot be `\"loud\"` (use off, error, warn, info, debug, trace or 0 to 5)",
        ),
        (
            "[debug]\nenabled = \"yes\"\n",
            "conf/llmspell.toml:2:11: `debug.enabled` cannot be `\"yes\"` (use true or false)",
        ),
        (
            "[debug]\ncapture_limit = -1\n",
            "conf/llmspell.toml:2:17: `debug.capture_limit` cannot be `-1` (use a whole number from 0)",
        ),
        (
            "[debug]\noutput = \"file:\"\n",
            "conf/llmspell.toml:2:10: `debug.output` cannot be `\"file:\"` (use null, console, file:PATH, syslog, syslog:APP, syslog+udp:HOST:PORT, syslog+tcp:HOST:PORT, tcp:HOST:PORT, unix:PATH, tracing or a list of these)",
        ),
        (
            "[debug]\noutput = [\"console\",\n \"stdout\"]\n",
            "conf/llmspell.toml:3:2: `debug.output` cannot be `\"stdout\"` (use null, console, file:PATH, syslog, syslog:APP, syslog+udp:HOST:PORT, syslog+tcp:HOST:PORT, tcp:HOST:PORT, unix:PATH, tracing or a list of these)",
        ),
        (
            "[debug]\nformat = \"xml\"\n",
            "conf/llmspell.toml:2:10: `debug.format` cannot be `\"xml\"` (use text or json)",
        ),
        (
            "[debug]\nfilters = \"a\"\n",
            "conf/llmspell.toml:2:11: `debug.filters` cannot be `\"a\"` (use a list: write `[[debug.filters]]`)",
        ),
        (
            "[debug]\nfilters = [1]\n",
            "conf/llmspell.toml:2:12: `debug.filters` cannot be `1` (use a table)",
        ),
        (
            "[[debug.filters]]\nenabled = true\n",
            "conf/llmspell.toml:1:1: `debug.filters` has no `pattern`",
        ),
        (
            "[[debug.filters]]\npattern = \"a\"\npatern = 1\n",
            "conf/llmspell.toml:3:1: unknown key `patern` in `debug.filters` (did you mean `pattern`?)",
        ),
        (
            "[[debug.filters]]\npattern = \"a[\"\n",
            "conf/llmspell.toml:2:11: `debug.filters.pattern`: the pattern `a[` is not understood: the class has no `]` (at character 2)",
        ),
        (
            "[[debug.filters]]\npattern = \"a\"\ntype = \"glob\"\n",
            "conf/llmspell.toml:3:8: `debug.filters.type` cannot be `\"glob\"` (use exact, hierarchical, wildcard or regex)",
        ),
        (
            "[[debug.filters]]\npattern = \"a\"\nenabled = true\nlevel = \"info\"\n",
            "conf/llmspell.toml:4:9: a filter has `enabled` or `level`, not both (a level switches the module on down to that level)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn a_mistake_in_a_variable_is_named_with_what_is_allowed() {
    assert_eq!(
        refused_variable("LLMSPELL_DEBUG_LEVEL", "loud"),
        "LLMSPELL_DEBUG_LEVEL cannot be `loud` (use off, error, warn, info, debug, trace or 0 to 5)"
    );
    assert_eq!(
        refused_variable("LLMSPELL_DEBUG_ENABLED", "maybe"),
        "LLMSPELL_DEBUG_ENABLED cannot be `maybe` (use true, 1, on, yes, false, 0, off or no)"
    );
    assert_eq!(
        refused_variable("LLMSPELL_DEBUG", "info,a=loud"),
        "LLMSPELL_DEBUG: `loud` is not what a module can be set to (at character 8; use on, off, error, warn, info, debug, trace or 0 to 5)"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = DebugConfig::from_file(Path::new("missing.toml")).unwrap_err();
    assert_eq!(error.kind(), DebugErrorKind::Read);
    assert_eq!(
        error.to_string(),
        "the configuration file `missing.toml` cannot be read: No such file or directory (os error 2)"
    );
    let large = directory.path().join("large.toml");
    fs::write(&large, "#".repeat(1024 * 1024 + 1)).unwrap();
    let error = DebugConfig::from_file(&large).unwrap_err();
    assert!(
        error
            .message()
            .ends_with("large.toml` is longer than 1 MiB"),
        "{error}"
    );
}

#[test]
fn deeply_nested_toml_is_refused() {
    let text = format!(
        "[debug]\noutput = {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let error = DebugConfig::from_toml(&text, Path::new("llmspell.toml")).unwrap_err();
    assert_eq!(error.kind(), DebugErrorKind::Syntax);
    assert_eq!(error.place().map(|place| place.line), Some(2));
}

#[test]
fn every_output_can_be_named_and_is_shown_as_it_is_named() {
    let targets = [
        ("null", "null"),
        ("console", "console"),
        ("file:a.log", "file:conf/a.log"),
        ("file:/var/a:b.log", "file:/var/a:b.log"),
        ("syslog", "syslog:llmspell"),
        ("syslog:my-app_1.0", "syslog:my-app_1.0"),
        (
            "syslog+udp:logs.example:514",
            "syslog+udp:logs.example:514/llmspell",
        ),
        ("syslog+tcp:[::1]:601/guard", "syslog+tcp:[::1]:601/guard"),
        ("tcp:127.0.0.1:9000", "tcp:127.0.0.1:9000"),
        ("unix:run/c.sock", "unix:conf/run/c.sock"),
        ("unix:/run/c.sock", "unix:/run/c.sock"),
        ("tracing", "tracing"),
    ];
    for (named, shown) in targets {
        let text = format!("[debug]\noutput = \"{named}\"\n");
        let config = DebugConfig::from_toml(&text, Path::new("conf/llmspell.toml")).unwrap();
        assert_eq!(config.output[0].to_string(), shown, "{named}");
        let again: OutputTarget = shown.parse().unwrap();
        assert_eq!(again, config.output[0], "{named}");
    }
}

#[test]
fn what_is_no_output_is_refused_with_what_is_one() {
    let texts = [
        "",
        "stdout",
        "null:",
        "console:x",
        "file",
        "file:",
        "unix:",
        "tcp",
        "tcp:",
        "tcp:host",
        "tcp:host:",
        "tcp::80",
        "tcp:host:0",
        "tcp:host:65536",
        "tcp:::1:80",
        "syslog:",
        "syslog:a b",
        "syslog+udp:",
        "syslog+udp:host",
        "syslog+tcp:host:1/",
        "syslog+tls:host:1",
        "tracing:x",
        "TCP:host:1",
    ];
    for text in texts {
        let error = text.parse::<OutputTarget>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{text}` is not an output (use null, console, file:PATH, syslog, syslog:APP, syslog+udp:HOST:PORT, \
                 syslog+tcp:HOST:PORT, tcp:HOST:PORT, unix:PATH, tracing or a list of these)"
            )
        );
    }
}

#[test]
fn a_file_is_put_aside_as_the_configuration_says() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("llmspell.toml");
    fs::write(
        &file,
        "[debug]\noutput = \"file:a.log\"\n[debug.rotate]\nsize = \"100B\"\nkeep = 1\n",
    )
    .unwrap();
    let manager = DebugManager::from_config(&DebugConfig::from_file(&file).unwrap()).unwrap();
    for _ in 0..10 {
        manager.log(DebugLevel::Info, None, "twenty characters...");
    }
    let log = directory.path().join("a.log");
    assert!(fs::metadata(&log).unwrap().len() <= 100);
    assert!(directory.path().join("a.log.1").exists());
    assert!(!directory.path().join("a.log.2").exists());
}

#[test]
fn a_table_of_rotation_has_defaults_and_refuses_what_it_does_not_know() {
    assert_eq!(toml("[debug.rotate]\n").rotate, Some(Rotation::default()));
    assert_eq!(toml("[debug]\n").rotate, None);
    let size = "a number above 0 and its unit, in quotes, such as `10MiB`";
    let age = "a number above 0 and its unit, in quotes, such as `1d` or `6h`";
    let keep = "a whole number from 0 to 999";
    let cases = [
        ("size = \"0\"", "size", "\"0\"", size),
        ("size = 10", "size", "10", size),
        ("size = \"big\"", "size", "\"big\"", size),
        ("age = \"0s\"", "age", "\"0s\"", age),
        ("age = \"daily\"", "age", "\"daily\"", age),
        ("keep = 1000", "keep", "1000", keep),
        ("keep = -1", "keep", "-1", keep),
        ("keep = \"5\"", "keep", "\"5\"", keep),
    ];
    for (text, key, value, allowed) in cases {
        let column = key.len() + 4;
        assert_eq!(
            refused(&format!("[debug.rotate]\n{text}\n")),
            format!(
                "conf/llmspell.toml:2:{column}: `debug.rotate.{key}` cannot be `{value}` (use {allowed})"
            )
        );
    }
    assert_eq!(
        refused("[debug.rotate]\nsizes = \"1MiB\"\n"),
        "conf/llmspell.toml:2:1: unknown key `sizes` in `debug.rotate` (did you mean `size`?)"
    );
    assert_eq!(
        refused("[debug]\nrotate = \"daily\"\n"),
        "conf/llmspell.toml:2:10: `debug.rotate` cannot be `\"daily\"` (use a table)"
    );
}

#[test]
fn sockets_need_nobody_to_listen_when_they_are_opened() {
    let directory = tempfile::tempdir().unwrap();
    let config = DebugConfig {
        output: vec![
            OutputTarget::Tcp("127.0.0.1:1".to_owned()),
            OutputTarget::Unix(directory.path().join("none.sock")),
        ],
        ..DebugConfig::default()
    };
    let manager = manager();
    manager.configure(&config).unwrap();
    manager.log(DebugLevel::Info, None, "kept");
    assert_eq!(messages(&manager)[..1], ["kept"]);
    let error = manager.flush().unwrap_err().to_string();
    assert!(
        error.contains("tcp:127.0.0.1:1: 1 entry is still on the way"),
        "{error}"
    );
    assert!(
        error.contains("none.sock: 1 entry is still on the way"),
        "{error}"
    );
}

#[test]
fn a_table_of_slow_operations_changes_what_it_names() {
    let mut config = toml("[debug]\nslow = '1m 30s'\n");
    let text = "[debug.slow]\nevaluation = '50ms'\nsignal = 'off'\n";
    config.apply_toml(text, Path::new("llmspell.toml")).unwrap();
    let expected = SlowThresholds {
        script: Some(Duration::from_secs(90)),
        evaluation: Some(Duration::from_millis(50)),
        signal: None,
    };
    assert_eq!(config.slow, expected);
    let manager = DebugManager::from_config(&config).unwrap();
    let operations = [
        SlowOperation::Script,
        SlowOperation::Evaluation,
        SlowOperation::Signal,
    ];
    for operation in operations {
        assert_eq!(
            manager.slow_threshold(operation),
            expected.of(operation),
            "{operation}"
        );
    }
    manager.configure(&toml("[debug]\nslow = 'off'\n")).unwrap();
    assert_eq!(manager.slow_threshold(SlowOperation::Script), None);
}

#[test]
fn a_threshold_that_is_no_duration_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "[debug]\nslow = 50\n",
            "conf/llmspell.toml:2:8: `debug.slow` cannot be `50` (use a duration above 0 with its unit, such as \"50ms\", or \"off\")",
        ),
        (
            "[debug.slow]\nscript = '0s'\n",
            "conf/llmspell.toml:2:10: `debug.slow.script` cannot be `'0s'` (use a duration above 0 with its unit, such as \"50ms\", or \"off\")",
        ),
        (
            "[debug]\nslow = { evaluations = '1s' }\n",
            "conf/llmspell.toml:2:10: unknown key `evaluations` in `debug.slow` (did you mean `evaluation`?)",
        ),
    ] {
        assert_eq!(refused(text), expected);
    }
}

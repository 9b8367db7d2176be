//! Redaction: secrets go, everything else stays.

use std::borrow::Cow;
use std::sync::Arc;

use llmspell_utils::debug::{
    BufferOutput, DebugLevel, DebugManager, FilterErrorKind, Place, RedactConfig, Redactor,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::manager;

const SECRETS: &str = include_str!("../redaction/secrets.txt");
const HARMLESS: &str = include_str!("../redaction/harmless.txt");

/// A line of the corpus: the text, and the secrets in it.
struct Sample {
    text: String,
    secrets: Vec<String>,
}

fn lines(corpus: &str) -> impl Iterator<Item = &str> {
    corpus
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
}

fn samples() -> Vec<Sample> {
    lines(SECRETS)
        .map(|line| {
            let line = line.replace('·', "").replace('⏎', "\n");
            let secrets = line
                .split('«')
                .skip(1)
                .map(|part| part.split_once('»').unwrap().0.to_owned())
                .collect();
            Sample {
                text: line.replace(['«', '»'], ""),
                secrets,
            }
        })
        .collect()
}

fn harmless() -> Vec<String> {
    lines(HARMLESS)
        .map(|line| line.replace('⏎', "\n"))
        .collect()
}

/// The part of a secret that is still in a text beside the marks: six characters, or the whole secret.
fn left_over(text: &str, secret: &str) -> Option<String> {
    let kept: String = text
        .split("[redacted:")
        .enumerate()
        .map(|(index, part)| match part.split_once(']') {
            Some((_, rest)) if index > 0 => rest,
            _ => part,
        })
        .collect();
    let characters: Vec<char> = secret.chars().collect();
    characters
        .windows(characters.len().min(6))
        .map(|window| window.iter().collect::<String>())
        .find(|window| kept.contains(window.as_str()))
}

fn rules(patterns: &[&str], keys: &[&str]) -> RedactConfig {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    RedactConfig {
        enabled: true,
        patterns: owned(patterns),
        keys: owned(keys),
    }
}

#[test]
fn no_secret_of_the_corpus_stays() {
    let redactor = Redactor::builtin();
    let samples = samples();
    let mut leaks = Vec::new();
    let mut secrets = 0;
    for sample in &samples {
        let redacted = redactor.text(&sample.text);
        for secret in &sample.secrets {
            secrets += 1;
            if let Some(left) = left_over(&redacted, secret) {
                leaks.push(format!(
                    "{}\n  -> {redacted}\n  still has {left:?}",
                    sample.text
                ));
            }
        }
    }
    println!(
        "{} lines with {secrets} secrets, {} leaks",
        samples.len(),
        leaks.len()
    );
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert!(secrets >= 120, "{secrets}");
}

#[test]
fn no_harmless_line_of_the_corpus_changes() {
    let redactor = Redactor::builtin();
    let lines = harmless();
    let changed: Vec<String> = lines
        .iter()
        .filter_map(|line| match redactor.text(line) {
            Cow::Borrowed(_) => None,
            Cow::Owned(redacted) => Some(format!("{line}\n  -> {redacted}")),
        })
        .collect();
    println!(
        "{} harmless lines, {} false alarms",
        lines.len(),
        changed.len()
    );
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    assert!(lines.len() >= 200, "{}", lines.len());
}

#[test]
fn every_key_that_sounds_secret_is_one_in_any_case_and_with_any_separators() {
    let redactor = Redactor::builtin();
    for key in [
        "password",
        "Password",
        "PASSWORD",
        "db_password",
        "dbPassword",
        "DB-PASSWORD",
        "user.password",
        "passwd",
        "pwd",
        "passphrase",
        "smtp_pass",
        "pass",
        "token",
        "access_token",
        "accessToken",
        "X-Auth-Token",
        "csrfToken",
        "secret",
        "client_secret",
        "clientSecret",
        "SECRET_KEY_BASE",
        "api_key",
        "apiKey",
        "apikey",
        "X-Api-Key",
        "private_key",
        "privateKey",
        "aws_secret_access_key",
        "SecretAccessKey",
        "account-key",
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "set-cookie",
        "credentials",
        "jwt",
        "auth",
        "_auth",
        "_authToken",
        "otp",
    ] {
        assert!(redactor.is_secret_key(key), "{key}");
    }
    for key in [
        "",
        "k",
        "key",
        "keys",
        "id",
        "decision_id",
        "session_id",
        "tool_name",
        "tokens",
        "token_count",
        "max_tokens",
        "tokenizer",
        "next_page_token",
        "nextToken",
        "eos_token",
        "password_length",
        "passwordFile",
        "secretName",
        "secretary",
        "public_key",
        "primary_key",
        "access_key_id",
        "key_id",
        "author",
        "authority",
        "oauth_flow",
        "passed",
        "bypass",
        "compass",
        "PWD",
        "OLDPWD",
        "cookie_banner",
        "signature",
        "policy_digest",
        "keyboard",
    ] {
        assert!(!redactor.is_secret_key(key), "{key}");
    }
}

#[test]
fn data_is_redacted_by_key_by_shape_by_the_name_beside_it_and_by_the_flag_before_it() {
    let redactor = Redactor::builtin();
    let token = ["ghp_", "0123456789abcdefghijklmnopqrstuvwxyz"].concat();
    let mut data = json!({
        "user": "bob",
        "password": "hunter2",
        "pin": {"apiKey": 123456, "count": 3},
        "token": null,
        "has_password": true,
        "secret": "",
        "credentials": {"user": "bob", "x": "y"},
        "list": [token, 1, {"deep": [[[format!("Bearer {token}")]]]}],
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "HOME", "value": "/home/bob"}],
        "command": ["login", "--password", "hunter2", "--verbose", "x"],
        "headers": [["Authorization", "hunter2"], ["Accept", "*/*"]],
        (token): "as a key",
    });
    redactor.value(&mut data);
    let expected = json!({
        "user": "bob",
        "password": "[redacted:password]",
        "pin": {"apiKey": "[redacted:key]", "count": 3},
        "token": null,
        "has_password": true,
        "secret": "",
        "credentials": "[redacted:secret]",
        "list": ["[redacted:github]", 1, {"deep": [[["Bearer [redacted:token]"]]]}],
        "env": [{"name": "DB_PASSWORD", "value": "[redacted:password]"}, {"name": "HOME", "value": "/home/bob"}],
        "command": ["login", "--password", "[redacted:password]", "--verbose", "x"],
        "headers": [["Authorization", "[redacted:authorization]"], ["Accept", "*/*"]],
        "[redacted:github]": "as a key",
    });
    assert_eq!(data, expected);
    let before = data.clone();
    redactor.value(&mut data);
    assert_eq!(data, before, "a second time changes nothing");
}

#[test]
fn keys_that_look_the_same_afterwards_keep_their_values() {
    let key = |end: &str| ["ghp_", "0123456789abcdefghijklmnopqrstuvw", end].concat();
    let mut data = json!({ (key("xyz")): 1, (key("zyx")): 2 });
    Redactor::builtin().value(&mut data);
    assert_eq!(
        data,
        json!({ "[redacted:github]": 1, "[redacted:github]#2": 2 })
    );
}

#[test]
fn deep_data_is_redacted_without_recursion() {
    let mut data = json!("password=hunter2");
    for _ in 0..100_000 {
        data = Value::Array(vec![data]);
    }
    Redactor::builtin().value(&mut data);
    // Taken apart by hand, because dropping it is what recurses.
    while let Value::Array(mut items) = data {
        data = items.pop().unwrap();
    }
    assert_eq!(data, json!("password=[redacted:password]"));
}

#[test]
fn nothing_of_an_entry_reaches_an_output_or_the_captured_entries_unredacted() {
    let manager = manager();
    let buffer = Arc::new(BufferOutput::default());
    manager.set_output(buffer.clone());
    let entry = manager
        .entry(DebugLevel::Info, "login with password=hunter2")
        .with_module("m.token=hunter22")
        .with_data(json!({ "password": "hunter2" }))
        .with_place(Place::new("https://bob:hunter2@host/a.lua", 3))
        .with_correlation("api_key=hunter2");
    manager.log_entry(entry);
    manager.log(DebugLevel::Info, None, "--password hunter2");
    let seen =
        serde_json::to_string(&(manager.captured(None), buffer.entries(None))).unwrap_or_default();
    assert_eq!(seen.matches("[redacted:").count(), 12, "{seen}");
    assert!(!seen.contains("hunter2"), "{seen}");
}

#[test]
fn a_user_adds_patterns_and_keys_and_nothing_is_lost_by_adding() {
    let config = rules(
        &["emp-[0-9]{6}", "card (?<secret>[0-9]{4})"],
        &["patient_id"],
    );
    let redactor = Redactor::new(&config).unwrap();
    assert_eq!(
        redactor
            .text("emp-123456 pays with card 1234, patientId: 77a, PATIENT-ID=x, password=hunter2"),
        "[redacted:custom] pays with card [redacted:custom], patientId: [redacted:custom], \
         PATIENT-ID=[redacted:custom], password=[redacted:password]"
    );
    assert!(redactor.is_secret_key("patientId") && !redactor.is_secret_key("patient"));
    let more = redactor.with(&rules(&["^x$"], &[])).unwrap();
    assert_eq!(more.text("x"), "[redacted:custom]");
    assert_eq!(more.text("emp-123456"), "[redacted:custom]");
    assert_eq!(more.config().patterns.len(), 3);
    let mut off = rules(&[], &[]);
    off.enabled = false;
    assert!(
        more.with(&off).unwrap().is_enabled(),
        "adding never switches off"
    );
    assert!(Redactor::disabled().with(&config).unwrap().is_enabled());
}

#[test]
fn a_bad_rule_is_refused_with_its_position() {
    let error = Redactor::new(&rules(&["good", "bad(["], &[])).unwrap_err();
    assert_eq!(
        (error.kind(), error.position()),
        (FilterErrorKind::Syntax, Some(5))
    );
    for config in [
        rules(&[""], &[]),
        rules(&[], &["-"]),
        rules(&[], &[&"k".repeat(65)]),
    ] {
        assert!(Redactor::new(&config).is_err(), "{config:?}");
    }
    let many: Vec<String> = (0..65).map(|index| format!("p{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        Redactor::new(&rules(&many, &[])).unwrap_err().kind(),
        FilterErrorKind::TooManyRules
    );
    assert!(Redactor::new(&rules(&["a{1000}{1000}"], &[])).is_err());
}

#[test]
fn a_manager_takes_its_rules_from_the_configuration_and_can_be_told_others() {
    let text = "[debug.redact]\nkeys = ['patient_id']\n";
    let config =
        llmspell_utils::debug::DebugConfig::from_toml(text, std::path::Path::new("llmspell.toml"))
            .unwrap();
    let manager = DebugManager::from_config(&config).unwrap();
    manager.log(DebugLevel::Info, None, "patient_id=77");
    assert!(manager.redactor().is_secret_key("patientId"));
    manager.set_redactor(Arc::new(Redactor::disabled()));
    manager.log(DebugLevel::Info, None, "password=hunter2");
    let messages: Vec<String> = manager
        .captured(None)
        .into_iter()
        .map(|entry| entry.message)
        .collect();
    assert_eq!(
        messages,
        ["patient_id=[redacted:custom]", "password=hunter2"]
    );
    let bad = "[debug.redact]\npatterns = ['fine', 'bad(']\n";
    let error =
        llmspell_utils::debug::DebugConfig::from_toml(bad, std::path::Path::new("llmspell.toml"))
            .unwrap_err();
    assert!(
        error.to_string().starts_with(
            "llmspell.toml:2:21: `debug.redact.patterns`: the pattern `bad(` is not understood"
        ),
        "{error}"
    );
}

#[test]
fn a_disabled_redactor_changes_nothing() {
    let redactor = Redactor::disabled();
    assert_eq!(redactor.text("password=hunter2"), "password=hunter2");
    assert!(!redactor.is_secret_key("password"));
    let mut data = json!({ "password": "hunter2" });
    redactor.value(&mut data);
    assert_eq!(data, json!({ "password": "hunter2" }));
}

/// Texts that send a search which looks ahead again and again to the end each time.
#[test]
fn a_long_hostile_text_is_looked_at_in_one_go() {
    let redactor = Redactor::builtin();
    for piece in [
        "password=\"",
        "password='",
        "password: ",
        "token=",
        "sk-",
        "sk-a",
        "eyJ",
        "eyJaaaaaaaaaa-",
        "eyJaaaaaaaa.",
        "://",
        "://a:b",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----x!",
        "bearer ",
        "basic ",
        "-us",
        "Q~",
        "1Q~",
        ":AA",
        "ghp_",
        "glpat-.",
        "key",
        "api key: ",
        "curl -u a:",
        "sig=",
        "&sig=",
        "cookie: ",
        "\\\\\"",
        "password\\\\\\\"",
        "<password>",
        "authorization: digest ",
        "seed phrase: ",
        "password[",
        "password: [\"",
        "--password ",
        "a.atlasv1.",
        "\u{e9}password",
        "xoxb-",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        let redacted = redactor.text(&text);
        assert!(!redacted.is_empty(), "{piece}");
    }
}

#[test]
fn a_text_with_more_places_to_look_at_than_anybody_needs_is_not_shown_from_there() {
    let redactor = Redactor::builtin();
    let secret = "password=hunter2";
    let few = format!("{}{secret}", "key ".repeat(60_000));
    assert!(
        redactor
            .text(&few)
            .ends_with("key password=[redacted:password]")
    );
    let many = format!("{}{secret}", "key ".repeat(70_000));
    let redacted = redactor.text(&many);
    assert!(redacted.starts_with("key key "));
    assert!(redacted.ends_with("key[redacted:unread]") || redacted.ends_with(" [redacted:unread]"));
    assert!(!redacted.contains("hunter2"));
}

#[test]
fn of_a_message_of_any_length_the_beginning_is_kept_without_a_secret_that_is_cut_in_two() {
    const MOST: usize = 1 << 20;
    let token = format!("ghp_{}", "x7Kq".repeat(9));
    let manager = manager();
    for part in [0, 4, token.len() - 1] {
        let before = format!("{} ", ".".repeat(MOST - part - 1));
        manager.log(
            DebugLevel::Info,
            None,
            format!("{before}{token} {}", "y".repeat(5 << 20)),
        );
        let message = manager.captured(Some(1)).remove(0).message;
        let mark = if part == 0 { "" } else { "[redacted:github]" };
        let left_out = (5 << 20) + token.len() + 1 - part;
        let end = message.trim_start_matches('.');
        assert_eq!(end, format!(" {mark}… ({left_out} bytes cut)"));
    }
}

#[test]
fn data_that_hold_too_much_are_left_out_with_a_word() {
    let manager = manager();
    let data = json!({ "fine": "x".repeat(1 << 20) });
    for data in [data, json!(vec!["x".repeat(1 << 20); 5])] {
        let entry = manager.entry(DebugLevel::Info, "m").with_data(data);
        manager.log_entry(entry);
    }
    let entries = manager.captured(None);
    assert!(entries[0].data.as_ref().unwrap()["fine"].is_string());
    let data = entries[1].data.as_ref().unwrap();
    assert_eq!(data["left_out"], "large");
    assert!(data["bytes"].as_u64().unwrap() >= 5 << 20);
}

fn around() -> impl Strategy<Value = (String, String)> {
    let before = prop_oneof![
        Just(String::new()),
        "[a-z0-9 =:,;/.é\u{1b}-]{0,30}[ ,;(|>=é]"
    ];
    let after = prop_oneof![Just(String::new()), "[ ,;)|<é][a-z0-9 :,;/.é-]{0,30}"];
    (before, after)
}

proptest! {
    #[test]
    fn a_secret_is_found_in_whatever_stands_around_it(
        index in 0_usize..10_000,
        (before, after) in around(),
    ) {
        // The shapes that are known by themselves, whatever stands before them.
        let shapes: Vec<Sample> = samples().into_iter().filter(|sample| {
            sample.secrets.len() == 1 && ["ghp_", "sk_live_", "glpat-", "xoxb-", "AKIA", "sk-proj", "AIza", "eyJhbGciOiJIUzI1NiJ9"]
                .iter().any(|prefix| sample.secrets[0].starts_with(prefix))
        }).collect();
        let sample = &shapes[index % shapes.len()];
        let secret = &sample.secrets[0];
        let text = format!("{before}{secret}{after}");
        let redacted = Redactor::builtin().text(&text).into_owned();
        prop_assert!(left_over(&redacted, secret).is_none(), "{text} -> {redacted}");
    }

    #[test]
    fn a_line_of_the_corpus_is_redacted_between_any_two_others(one in 0_usize..10_000, two in 0_usize..10_000, three in 0_usize..10_000) {
        let (samples, harmless) = (samples(), harmless());
        let sample = &samples[one % samples.len()];
        let text = format!("{}\n{}\n{}", harmless[two % harmless.len()], sample.text, harmless[three % harmless.len()]);
        let redacted = Redactor::builtin().text(&text).into_owned();
        for secret in &sample.secrets {
            // What the lines around it say anyway is no leak.
            prop_assert!(!redacted.contains(secret.as_str()) || secret.len() < 8, "{text} -> {redacted}");
        }
    }

    #[test]
    fn redacting_twice_is_redacting_once(one in 0_usize..10_000, noise in "[ -~é\n]{0,60}") {
        let samples = samples();
        let redactor = Redactor::builtin();
        for text in [noise.clone(), format!("{noise}{}", samples[one % samples.len()].text), format!("{}{noise}", samples[one % samples.len()].text)] {
            let once = redactor.text(&text).into_owned();
            let twice = redactor.text(&once).into_owned();
            prop_assert_eq!(&twice, &once, "{}", text);
        }
    }

    #[test]
    fn any_text_is_redacted_without_a_fault(text in "\\PC{0,200}", piece in "(password|token|://|eyJ|sk-|-----BEGIN|PRIVATE KEY|[=:\"' \\\\é.@-]){0,40}") {
        let redactor = Redactor::builtin();
        let _ = redactor.text(&text).len() + redactor.text(&piece).len() + redactor.text(&format!("{text}{piece}")).len();
    }
}

//! What the rulebook says of each guardrail.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use yaml_serde::{Mapping, Value};

use crate::decision::Verb;
use crate::document::{self, Fault};
use crate::rulebook::MAX_TIMEOUT_SECONDS;

/// The names of all guardrails; those that begin with a harness are known without it as well.
pub(super) const NAMES: [&str; 12] = [
    "always_inject_on_prompt",
    "claude_code_always_inject_on_prompt",
    "claude_code_enforce_full_file_read",
    "cupcake_exec_protection",
    "enforce_full_file_read",
    "git_block_no_verify",
    "git_pre_check",
    "post_edit_check",
    "protected_paths",
    "rulebook_security_guardrails",
    "sensitive_data_protection",
    "system_protection",
];

/// Text that is put before every prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct PromptContext {
    pub(super) enabled: Option<bool>,
    pub(super) context: Vec<ContextSource>,
}

/// Where such a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a text, or a mapping with `file` or `command`")]
pub(super) enum ContextSource {
    Text(String),
    File(FileContext),
    Command(CommandContext),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileContext {
    pub(super) file: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandContext {
    #[serde(deserialize_with = "command")]
    pub(super) command: String,
    #[serde(default)]
    pub(super) timeout_seconds: Option<Seconds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct GitPreCheck {
    pub(super) enabled: Option<bool>,
    pub(super) checks: Vec<Check>,
    pub(super) operations: Option<Vec<String>>,
}

/// A command that must succeed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with `command`")]
pub(super) struct Check {
    #[serde(deserialize_with = "command")]
    pub(super) command: String,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) timeout_seconds: Option<Seconds>,
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let command = String::deserialize(deserializer)?;
    if command.trim().is_empty() || command.contains('\0') {
        return Err(D::Error::custom(
            "the `command` is empty or holds a NUL, so that it checks nothing",
        ));
    }
    Ok(command)
}

/// How long a command may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Seconds(pub(super) u64);

impl TryFrom<u64> for Seconds {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Self, String> {
        if (1..=MAX_TIMEOUT_SECONDS).contains(&seconds) {
            return Ok(Self(seconds));
        }
        Err(format!(
            "`timeout_seconds` must be from 1 to {MAX_TIMEOUT_SECONDS}, not {seconds}"
        ))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct PostEditCheck {
    pub(super) enabled: Option<bool>,
    pub(super) by_extension: BTreeMap<String, Check>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct RulebookSecurity {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) protected_paths: Vec<String>,
    /// Whether reading is refused as well.
    pub(super) block_reads: bool,
    pub(super) when_unknown: WhenUnknown,
}

/// What is said of a command that cannot be judged and names nothing protected.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "`ask`, `deny` or `halt`")]
pub(super) enum WhenUnknown {
    #[default]
    Ask,
    Deny,
    Halt,
}

impl WhenUnknown {
    pub(super) const fn verb(self) -> Verb {
        match self {
            Self::Ask => Verb::Ask,
            Self::Deny => Verb::Deny,
            Self::Halt => Verb::Halt,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct ProtectedPaths {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) paths: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct NoVerify {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) exceptions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct FullFileRead {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) max_lines: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct SystemProtection {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) additional_paths: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct SensitiveData {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) additional_patterns: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a mapping")]
pub(super) struct ExecProtection {
    pub(super) enabled: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) allowed_commands: Vec<String>,
}

/// What stands under one of the names of a guardrail; none if nothing does, or nothing but `null`.
pub(super) fn read<T: DeserializeOwned>(
    builtins: &Mapping,
    names: &[&str],
) -> Result<Option<T>, (String, Fault)> {
    let mut found = None;
    for name in names {
        let Some(value) = builtins.get(*name).filter(|value| !value.is_null()) else {
            continue;
        };
        let fail = |fault: Fault| ((*name).to_owned(), fault);
        if found.is_some() {
            let message = format!("`{name}` stands under its other name as well");
            return Err(fail(Fault::new(message, "keep one of the two")));
        }
        // `name: true` and `name: false` switch it on and off with its defaults.
        let mut switch = Mapping::new();
        let value = match value {
            Value::Bool(is_on) => {
                switch.insert(Value::from("enabled"), Value::Bool(*is_on));
                Value::Mapping(switch)
            }
            other => other.clone(),
        };
        let settings = document::from_value(&value).map_err(|fault| {
            let message = format!("{} in `builtins.{name}`", fault.message);
            fail(Fault { message, ..fault })
        })?;
        found = Some(settings);
    }
    Ok(found)
}

/// Refuses names that no guardrail has.
pub(super) fn check_names(builtins: &Mapping) -> Result<(), (String, Fault)> {
    for key in builtins.keys() {
        let name = key.as_str().unwrap_or_default();
        if !NAMES.contains(&name) {
            let message = format!("there is no guardrail `{name}`");
            let help = llmspell_utils::nearest(name, &NAMES);
            return Err((name.to_owned(), Fault::new(message, help)));
        }
    }
    Ok(())
}

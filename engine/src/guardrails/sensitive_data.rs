//! `sensitive_data_protection`: files that hold secrets, and programs that print them.

use std::path::Path;

use super::action::Action;
use super::paths::Protected;
use super::settings::SensitiveData;
use super::station::Station;
use super::verdict::Refusal;
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::{Effect, EffectKind, Invocation, Piece, Word, folded};
use crate::value::Value;

pub(super) const ID: &str = "GLOBAL-BUILTIN-SENSITIVE-DATA";
const MESSAGE: &str = "files that hold secrets are not read";

/// Names of files that hold secrets.
const NAMES: [&str; 33] = [
    ".env",
    ".envrc",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".dockercfg",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    ".vault-token",
    "kubeconfig",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials",
    "credentials.json",
    "service-account.json",
    "wp-config.php",
    "master.key",
    "secring.gpg",
    "cookies.sqlite",
    "logins.json",
    "key4.db",
    "shadow",
    "gshadow",
    "terraform.tfvars",
    "terraform.tfstate",
    "secrets",
    "credentials.toml",
    "dotenv",
];
/// Endings of files that hold keys.
const ENDINGS: [&str; 10] = [
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".ppk",
    ".kdbx",
    ".asc.key",
    ".ovpn",
];
/// Folders and the files in them.
const PLACES: [&str; 12] = [
    ".aws/credentials",
    ".aws/config",
    ".ssh/config",
    ".kube/config",
    ".docker/config.json",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".cargo/credentials",
    ".config/gh/hosts.yml",
    ".azure",
    ".config/gcloud",
];
/// Words in the name of a file of data that say that it holds secrets.
const WORDS: [&str; 14] = [
    "secret",
    "secrets",
    "credential",
    "credentials",
    "password",
    "passwords",
    "passwd",
    "apikey",
    "apikeys",
    "token",
    "tokens",
    "privatekey",
    "passphrase",
    "htpasswd",
];
/// Endings of files that are code or text about something, whatever their name.
const CODE: [&str; 44] = [
    "rs", "py", "pyi", "js", "mjs", "cjs", "ts", "tsx", "jsx", "go", "java", "kt", "swift", "c",
    "h", "cc", "cpp", "hpp", "cs", "rb", "php", "lua", "luau", "rego", "sh", "bash", "md", "mdx",
    "rst", "html", "css", "scss", "vue", "svelte", "sql", "proto", "graphql", "ex", "exs", "erl",
    "hs", "scala", "dart", "snap",
];
/// Endings of files of data, which patterns find by the hundred.
const DATA: [&str; 8] = [
    "json",
    "toml",
    "yml",
    "yaml",
    "xml",
    "txt",
    "csv",
    "properties",
];
/// Files that show how one with secrets looks.
const EXAMPLES: [&str; 8] = [
    "example", "sample", "template", "dist", "defaults", "schema", "pub", "test",
];
/// Programs that tell names and not what is in the files.
const LISTING: [&str; 14] = [
    "ls", "ll", "la", "tree", "du", "df", "stat", "find", "exa", "eza", "file", "realpath",
    "readlink", "list",
];
/// Programs and first arguments that print secrets.
const PRINTING: [&[&str]; 12] = [
    &["security", "find-generic-password"],
    &["security", "find-internet-password"],
    &["security", "dump-keychain"],
    &["gpg", "--export-secret-keys"],
    &["gpg", "--export-secret-subkeys"],
    &["aws", "configure", "get"],
    &["gcloud", "auth", "print-access-token"],
    &["gcloud", "auth", "print-identity-token"],
    &["gh", "auth", "token"],
    &["az", "account", "get-access-token"],
    &["vault", "token", "lookup"],
    &["secret-tool", "lookup"],
];

/// Files of a folder that a pattern is tried on.
const MAX_ENTRIES: usize = 1000;

#[derive(Debug)]
pub(super) struct SensitiveDataGuardrail {
    station: Station,
    refusal: Refusal,
    additional: Vec<String>,
    protected: Protected,
}

impl SensitiveDataGuardrail {
    pub(super) fn new(settings: SensitiveData, station: Station) -> Self {
        let paths: Vec<String> = PLACES
            .iter()
            .map(|path| (*path).to_owned())
            .chain(
                settings
                    .additional_patterns
                    .iter()
                    .filter(|pattern| pattern.contains(['/', '*']))
                    .cloned(),
            )
            .collect();
        Self {
            refusal: Refusal {
                verb: Verb::Deny,
                rule_id: ID,
                severity: "HIGH",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            additional: settings
                .additional_patterns
                .iter()
                .map(|pattern| folded(pattern).collect())
                .collect(),
            protected: Protected::new(&paths, &station)
                .where_present()
                .without_searches(),
            station,
        }
    }

    /// Whether an effect opens a file with secrets, under its own name or that of a link.
    fn opens(&self, action: &Action, effect: &Effect) -> bool {
        let kinds = [
            EffectKind::Read,
            EffectKind::Touch,
            EffectKind::Link,
            EffectKind::Delete,
            EffectKind::Execute,
        ];
        // Moving a file to another name is a way to read it.
        if !kinds.contains(&effect.kind)
            || (effect.kind == EffectKind::Delete
                && !matches!(effect.program.as_str(), "mv" | "gmv"))
        {
            return false;
        }
        let Some(path) = effect.path.known() else {
            return self.may_open(&effect.path, effect);
        };
        let resolved = action.lookups.resolve(path, Path::new(&self.station.root));
        [resolved.lexical, resolved.canonical].iter().any(|path| {
            let name = path
                .file_name()
                .map(|name| folded(&name.to_string_lossy()).collect::<String>());
            name.is_some_and(|name| self.is_sensitive(&name))
        })
    }

    /// Whether a pattern finds one of the names, or a file that lies there; one that finds everything is not looking for
    /// secrets.
    fn may_open(&self, path: &Word, effect: &Effect) -> bool {
        let last = path.last_component();
        if path.is_pattern() && self.finds_there(path, &last) {
            return true;
        }
        let literal: String = last
            .pieces()
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let literal = literal.to_lowercase();
        let is_pattern_of_code = CODE
            .iter()
            .any(|ending| literal.ends_with(&format!(".{ending}")));
        let is_pattern_of_data = literal
            .strip_prefix('.')
            .is_some_and(|ending| DATA.contains(&ending));
        if literal.len() < 2 || is_pattern_of_code || is_pattern_of_data {
            return effect.path.is_computed() && effect.program == "cat" && literal.len() > 2;
        }
        let sought = literal.trim_matches(['.', '*']);
        NAMES
            .iter()
            .chain(&["id_rsa.key", "server.pem", "x.key"])
            .any(|name| last.may_be(name))
            || WORDS.contains(&sought)
            || self.additional.iter().any(|name| last.may_be(name))
    }

    /// Whether the folder that a pattern looks into holds a file with secrets that it finds.
    fn finds_there(&self, path: &Word, last: &Word) -> bool {
        let is_in_one_folder = path.pieces().iter().skip(1).all(|piece| match piece {
            Piece::Text(text) => !text.contains('/'),
            Piece::Beneath => false,
            _ => true,
        });
        let Some(folder) = path
            .start()
            .strip_suffix(last.start())
            .filter(|_| is_in_one_folder)
        else {
            return false;
        };
        let Ok(entries) = Path::new(&self.station.root).join(folder).read_dir() else {
            return false;
        };
        let finds_hidden = last.start().starts_with('.');
        entries
            .take(MAX_ENTRIES)
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| finds_hidden || !name.starts_with('.'))
            .any(|name| self.is_sensitive(&folded(&name).collect::<String>()) && last.may_be(&name))
    }

    fn is_sensitive(&self, name: &str) -> bool {
        let is_additional = self.additional.iter().any(|pattern| {
            if pattern.contains('*') {
                Word::of_pattern(pattern).may_be(name)
            } else {
                name.contains(pattern.as_str())
            }
        });
        if is_additional {
            return true;
        }
        let parts: Vec<&str> = name
            .split(['.', '-', '_', ' '])
            .filter(|part| !part.is_empty())
            .collect();
        if parts.iter().skip(1).any(|part| EXAMPLES.contains(part)) {
            return false;
        }
        let is_named = NAMES.contains(&name)
            || name.starts_with(".env.")
            || ENDINGS.iter().any(|ending| name.ends_with(ending));
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_code = CODE.contains(&ending);
        is_named
            || (!is_code && !ending.is_empty() && parts.iter().any(|part| WORDS.contains(part)))
    }
}

impl Evaluator for SensitiveDataGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let Some(action) = self.refusal.judged(input, &self.station, answers) else {
            return;
        };
        let effects = || {
            let effects = action.effects.iter();
            effects.filter(|effect| !LISTING.contains(&effect.program.as_str()))
        };
        if let Some(effect) = effects().find(|effect| self.opens(action, effect)) {
            return self
                .refusal
                .say(answers, &format!("{} opens such a file", tool(effect)));
        }
        let reads = |kind: EffectKind| kind == EffectKind::Read || kind == EffectKind::Touch;
        if let Some(effect) = self.protected.touched(action, effects(), reads) {
            return self
                .refusal
                .say(answers, &format!("{} opens such a file", tool(effect)));
        }
        if action.invocations().any(prints_secrets) {
            return self.refusal.say(answers, "the command prints secrets");
        }
        let names_secrets = action.code().any(|code| {
            let text = code.shown().to_lowercase();
            let is_part = |sign: char| sign.is_alphanumeric() || "._-".contains(sign);
            // What is called is a function.
            let words = text
                .split_inclusive(|sign: char| !is_part(sign))
                .filter(|word| !word.ends_with('('));
            words
                .map(|word| word.trim_end_matches(|sign: char| !is_part(sign)))
                .filter(|word| word.contains('.') || word.contains('_'))
                .any(|word| self.is_sensitive(word))
        });
        if names_secrets {
            self.refusal
                .say(answers, "a program in another language names such a file");
        }
    }
}

fn tool(effect: &Effect) -> &str {
    match effect.program.as_str() {
        "" => "a program",
        ">" => "a redirection",
        program => program,
    }
}

fn prints_secrets(invocation: &Invocation) -> bool {
    let words: Vec<&str> = invocation.arguments().iter().map(Word::plain).collect();
    PRINTING
        .iter()
        .filter_map(|command| command.split_first())
        .any(|(program, arguments)| {
            invocation.program.as_deref() == Some(*program)
                && arguments.iter().all(|argument| words.contains(argument))
        })
}

//! OPA's cases as they stand on disk.

use std::path::{Path, PathBuf};

use llmspell_engine::Value;
use serde::Deserialize;

/// One case, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// The folder that it stands in.
    #[serde(skip)]
    pub(crate) folder: String,
    pub(crate) note: String,
    pub(crate) query: String,
    modules: Option<Vec<String>>,
    data: Option<Value>,
    input: Option<Value>,
    /// The input as a term of Rego.
    pub(crate) input_term: Option<String>,
    pub(crate) want_result: Option<Vec<Value>>,
    want_error_code: Option<String>,
    want_error: Option<String>,
    #[serde(default)]
    pub(crate) strict_error: bool,
    /// Whether the order of a bound array says nothing.
    #[serde(default)]
    pub(crate) sort_bindings: bool,
}

#[derive(Debug, Deserialize)]
struct File {
    cases: Vec<Case>,
}

impl Case {
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().flatten().map(String::as_str)
    }

    pub(crate) fn data(&self) -> Value {
        self.data.clone().unwrap_or_else(Value::new_object)
    }

    pub(crate) fn input(&self) -> Value {
        self.input.clone().unwrap_or(Value::Undefined)
    }

    /// The code of the error that is wanted, which may stand in its text only.
    pub(crate) fn wanted_error(&self) -> Option<&str> {
        if self.want_error_code.is_some() {
            return self.want_error_code.as_deref();
        }
        let text = self.want_error.as_deref()?;
        let mut words = text.split([' ', ':']);
        Some(words.find(|word| word.ends_with("_error")).unwrap_or(text))
    }
}

/// Reads the cases of every folder, or of one, in the order of their names.
pub(crate) fn read(root: &Path, only: Option<&str>) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for folder in entries(root)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if only.is_some_and(|only| only != name) || !folder.is_dir() {
            continue;
        }
        for file in entries(&folder)? {
            if file.extension().is_some_and(|ending| ending == "json") {
                cases.extend(read_file(&file, &name)?);
            }
        }
    }
    Ok(cases)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable =
        |error: std::io::Error| format!("`{}` cannot be read: {error}", folder.display());
    let mut paths = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn read_file(path: &Path, folder: &str) -> Result<Vec<Case>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let file: File = serde_json::from_str(&text)
        .map_err(|error| format!("`{}` is not a file of cases: {error}", path.display()))?;
    let named = file.cases.into_iter().map(|case| Case {
        folder: folder.to_owned(),
        ..case
    });
    Ok(named.collect())
}

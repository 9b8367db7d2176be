//! The text files of the workspace, in memory.

use std::collections::BTreeMap;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use crate::failure::Failure;

// What is built or belongs to git is not ours to judge.
const SKIPPED_FOLDERS: [&str; 3] = [".git", "target", "node_modules"];

/// Every text file, by its path from the root with `/`.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the workspace below `root`. Files that are not UTF-8 are left out.
    ///
    /// # Errors
    /// When a folder or a file cannot be read.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let walk = WalkDir::new(root)
            .into_iter()
            .filter_entry(|entry| !is_skipped(entry));
        for entry in walk {
            let entry = entry.map_err(|source| Failure::new(source.to_string()))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let bytes = std::fs::read(entry.path()).map_err(|source| {
                Failure::new(format!(
                    "`{}` cannot be read: {source}",
                    entry.path().display()
                ))
            })?;
            if let (Ok(text), Some(path)) =
                (String::from_utf8(bytes), path_from(root, entry.path()))
            {
                files.insert(path, text);
            }
        }
        Ok(Self { files })
    }

    /// A tree of these files, for tests of the rules.
    ///
    /// ```
    /// use xtask::tidy::tree::Tree;
    ///
    /// let tree = Tree::of([("README.md", "# Hello")]);
    /// assert_eq!(tree.text("README.md"), Some("# Hello"));
    /// ```
    #[must_use]
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(path, text): (&str, &str)| (path.to_owned(), text.to_owned());
        Self {
            files: files.into_iter().map(owned).collect(),
        }
    }

    /// The text of one file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// All files with their texts, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files with their texts, by path.
    pub fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }
}

fn is_skipped(entry: &DirEntry) -> bool {
    let is_skipped = |name: &str| SKIPPED_FOLDERS.contains(&name);
    entry.depth() > 0 && entry.file_name().to_str().is_some_and(is_skipped)
}

fn path_from(root: &Path, path: &Path) -> Option<String> {
    Some(path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"))
}

/// The first line of `text`, from 1, in which `needle` stands; 1 when it stands nowhere.
#[must_use]
pub fn line_of(text: &str, needle: &str) -> usize {
    let position = text.lines().position(|line| line.contains(needle));
    position.map_or(1, |index| index.saturating_add(1))
}

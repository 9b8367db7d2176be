//! The Cargo manifests: which package depends on what.

use toml::{Table, Value};

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// One package of the workspace.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The manifest's path from the root.
    pub file: String,
    /// The package's folder from the root, without a `/` at the end.
    pub folder: String,
    /// The package's name.
    pub name: String,
    /// The names of everything it depends on, for whatever purpose and platform.
    pub dependencies: Vec<String>,
}

/// The root manifest: members and shared dependencies.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// The packages.
    pub members: Vec<Manifest>,
    /// The names in `[workspace.dependencies]` that come from outside.
    pub shared: Vec<String>,
}

/// Reads the root manifest and those of its members.
///
/// # Errors
/// One finding for each manifest that cannot be read.
pub fn read(tree: &Tree) -> Result<Workspace, Vec<Finding>> {
    let root = parse(tree, "Cargo.toml").map_err(|finding| vec![finding])?;
    let workspace = table(&root, "workspace");
    let members = workspace
        .and_then(|workspace| workspace.get("members"))
        .and_then(Value::as_array);
    let folders = members.into_iter().flatten().filter_map(Value::as_str);
    let shared = workspace.and_then(|workspace| table(workspace, "dependencies"));
    let (members, broken): (Vec<_>, Vec<_>) = folders
        .map(|folder| member(tree, folder))
        .partition(Result::is_ok);
    if !broken.is_empty() {
        return Err(broken.into_iter().filter_map(Result::err).collect());
    }
    Ok(Workspace {
        members: members.into_iter().filter_map(Result::ok).collect(),
        shared: shared.map(from_outside).unwrap_or_default(),
    })
}

fn member(tree: &Tree, folder: &str) -> Result<Manifest, Finding> {
    let file = format!("{folder}/Cargo.toml");
    let manifest = parse(tree, &file)?;
    let package = table(&manifest, "package");
    let name = package
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str);
    Ok(Manifest {
        folder: folder.to_owned(),
        name: name.unwrap_or(folder).to_owned(),
        dependencies: dependencies(&manifest),
        file,
    })
}

fn parse(tree: &Tree, file: &str) -> Result<Table, Finding> {
    let text = tree.text(file).ok_or_else(|| {
        Finding::new(
            file,
            1,
            "there is no such manifest",
            "correct `members` in Cargo.toml",
        )
    })?;
    toml::from_str(text).map_err(|source| {
        let before = source.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.lines().count().max(1));
        Finding::new(file, line, source.message(), "repair the manifest")
    })
}

fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = table(manifest, "target")
        .into_iter()
        .flat_map(Table::values);
    let mut names: Vec<String> = std::iter::once(manifest)
        .chain(targets.filter_map(Value::as_table))
        .flat_map(|holder| TABLES.iter().filter_map(|name| table(holder, name)))
        .flat_map(Table::iter)
        .map(|(name, value)| package_name(name, value))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn from_outside(dependencies: &Table) -> Vec<String> {
    dependencies
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, value)| package_name(name, value))
        .collect()
}

// A renamed dependency counts under its real name.
fn package_name(name: &str, value: &Value) -> String {
    let renamed = value.get("package").and_then(Value::as_str);
    renamed.unwrap_or(name).to_owned()
}

fn table<'a>(holder: &'a Table, name: &str) -> Option<&'a Table> {
    holder.get(name).and_then(Value::as_table)
}

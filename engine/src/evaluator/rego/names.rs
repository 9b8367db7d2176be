//! Where a name in a module's tree leads.

use regorus::unstable::Module;

/// The package of a rule and its name, without `data`: through the module's imports, or to its own package.
pub(super) fn full_name(name: &str, module: &Module) -> String {
    if let Some(rest) = name.strip_prefix("data.") {
        return rest.to_owned();
    }
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let imported = module.imports.iter().find_map(|import| {
        let target = import.refr.span().text().strip_prefix("data.")?;
        let alias = import.r#as.as_ref().map_or_else(
            || target.rsplit('.').next().unwrap_or_default(),
            |alias| alias.text(),
        );
        (alias == first).then_some(target)
    });
    match imported {
        Some(target) if rest.is_empty() => target.to_owned(),
        Some(target) => format!("{target}.{rest}"),
        None => format!("{}.{name}", module.package.refr.span().text()),
    }
}

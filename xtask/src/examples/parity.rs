//! Holds a Lua and a JavaScript script of the same name to the same output.

use crate::examples::{first_difference, mask};
use crate::failure::Failure;

// A section begins with a line that begins so.
const HEADING: &str = "== ";

// Only the languages' own stack traces may differ.
const OWN_TO_EACH_LANGUAGE: &str = "== A script error";

/// Compares each `NAME.js` with the `NAME.lua` beside it.
///
/// # Errors
/// The first pair that says different things, with the first line in which it does.
pub fn check(outputs: &[(String, String)]) -> Result<(), Failure> {
    for (script, output) in outputs {
        let Some(name) = script.strip_suffix(".js") else {
            continue;
        };
        let lua = outputs
            .iter()
            .find(|(other, _)| other.strip_suffix(".lua") == Some(name));
        let Some((lua_script, lua_output)) = lua else {
            let help = format!("write {name}.lua, so that both languages show the same");
            return Err(Failure::new(format!("{script} has no Lua script beside it")).help(help));
        };
        if let Some(difference) = first_difference(&common(lua_output), &common(output)) {
            let message = format!("{lua_script} and {script} differ in line {difference}");
            return Err(
                Failure::new(message).help("only the section of the script error may differ")
            );
        }
    }
    Ok(())
}

/// What both languages have to say alike: everything but the script error, without times and language names.
#[must_use]
pub fn common(output: &str) -> String {
    let mut is_common = true;
    mask::mask(output)
        .replace("JavaScript", "LANGUAGE")
        .replace("Lua", "LANGUAGE")
        .replace(".lua", ".SCRIPT")
        .replace(".js", ".SCRIPT")
        .lines()
        .filter(|line| {
            if line.starts_with(HEADING) {
                is_common = !line.starts_with(OWN_TO_EACH_LANGUAGE);
            }
            is_common
        })
        .map(|line| line.to_owned() + "\n")
        .collect()
}

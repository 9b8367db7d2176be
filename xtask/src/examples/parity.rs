//! Holds a Lua and a JavaScript script of the same name to the same output.

use crate::examples::{first_difference, mask};
use crate::failure::Failure;

// A section begins with a line that begins so. One whose heading names its language may differ.
const HEADING: &str = "== ";

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
            return Err(Failure::new(message)
                .help("only a section whose heading names its language may differ"));
        }
    }
    Ok(())
}

/// What both languages have to say alike: the sections whose heading names no language, without times.
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
                is_common = !line.contains("LANGUAGE");
            }
            is_common
        })
        .map(|line| line.to_owned() + "\n")
        .collect()
}

//! One measured figure, as the benchmarks print it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;
use crate::figures::counts::{Counting, Counts};

/// What was measured. Times are nanoseconds an operation; what was not measured is absent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The figure's name, stable over releases.
    pub name: String,
    /// What was measured, in a few words.
    pub what: String,
    /// How long it took.
    pub value_ns: Option<f64>,
    /// What it is held against, in a few words.
    pub against: Option<String>,
    /// How long that took.
    pub against_ns: Option<f64>,
    /// The first time divided by the second.
    pub ratio: Option<f64>,
    /// What was to be reached: a number is the largest ratio allowed, a text says it in words.
    pub target: Value,
    /// Whether it is reached; absent for a figure that has no target.
    pub reached: Option<bool>,
    /// How its instructions are counted.
    pub counting: Counting,
    /// Instructions an operation, when they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
}

impl Figure {
    /// The figure as one line of JSON.
    ///
    /// # Errors
    /// When a number in it has no form in JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|source| {
            Failure::new(format!("figure `{}` has no JSON form: {source}", self.name))
        })
    }
}

/// Reads one figure from each line.
///
/// # Errors
/// When a line is not a figure.
pub fn parse_lines(text: &[u8]) -> Result<Vec<Figure>, Failure> {
    let text = String::from_utf8_lossy(text);
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| {
                let number = index.saturating_add(1);
                Failure::new(format!(
                    "line {number} of what `figures` printed is not a figure: {source}"
                ))
            })
        })
        .collect()
}

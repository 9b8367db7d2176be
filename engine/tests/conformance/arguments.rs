//! The command line of the runner.

use std::path::PathBuf;

/// What to run and how to show it.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The folder that holds one folder for each topic.
    pub(crate) cases: PathBuf,
    pub(crate) evaluator: String,
    /// Only this topic.
    pub(crate) folder: Option<String>,
    /// Only one of so many cases, taken evenly from the whole.
    pub(crate) every: usize,
    /// Print every failure.
    pub(crate) failures: bool,
    /// So many cases must pass.
    pub(crate) minimum: usize,
}

impl Arguments {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut parsed = Self {
            cases: PathBuf::new(),
            evaluator: "rego".to_owned(),
            folder: None,
            every: 1,
            failures: false,
            minimum: 0,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                let value = rest.next();
                value.ok_or_else(|| format!("`{argument}` needs a value"))
            };
            match argument.as_str() {
                "--evaluator" => parsed.evaluator.clone_from(value()?),
                "--folder" => parsed.folder = Some(value()?.clone()),
                "--every" => parsed.every = number(value()?)?.max(1),
                "--minimum" => parsed.minimum = number(value()?)?,
                "--failures" => parsed.failures = true,
                path if !path.starts_with('-') && parsed.cases.as_os_str().is_empty() => {
                    parsed.cases = PathBuf::from(path);
                }
                other => return Err(format!("`{other}` is not an argument of the runner")),
            }
        }
        if parsed.cases.as_os_str().is_empty() {
            return Err("the folder of the cases is missing".to_owned());
        }
        Ok(parsed)
    }
}

fn number(text: &str) -> Result<usize, String> {
    let number = text.parse();
    number.map_err(|_| format!("`{text}` is not a number of cases"))
}

//! What a policy file may define: verbs and tests.

use llmspell_engine::{FoundTest, PolicyFault, Verb};
use llmspell_utils::nearest;

/// How a test's name begins, and that of one still to be written.
const TEST: &str = "test_";
const UNWRITTEN: &str = "todo_test_";

/// Something that a policy defines by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Defined {
    pub(crate) name: String,
    /// The line of the definition, if known.
    pub(crate) line: Option<u32>,
    /// What it is instead of a function.
    pub(crate) not_a_function: Option<String>,
}

/// The verb of a name.
pub(crate) fn verb_of(name: &str) -> Option<Verb> {
    Verb::ALL.into_iter().find(|verb| verb.name() == name)
}

/// What a policy was found to define when it was loaded.
#[derive(Debug)]
pub(super) struct Definitions(Vec<Defined>);

impl Definitions {
    /// Checks that each name is one that will be asked.
    pub(super) fn of(defined: Vec<Defined>) -> Result<Self, PolicyFault> {
        for definition in &defined {
            let (name, line) = (definition.name.as_str(), definition.line.unwrap_or(1));
            if verb_of(name).is_none() && !is_test(name) {
                let message = format!(
                    "`{name}` is neither a verb nor a test (`test_…`): {}",
                    nearest(name, &Verb::ALL.map(Verb::name))
                );
                return Err(PolicyFault::load(message, line));
            }
            if let Some(what) = &definition.not_a_function {
                let message = format!("`{name}` is {what}, not a function");
                return Err(PolicyFault::load(message, line));
            }
        }
        Ok(Self(defined))
    }

    /// All names, in the order in which the state gives them.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|found| found.name.clone()).collect()
    }

    /// The verbs with their lines, in the order of the file.
    pub(super) fn verbs(&self) -> Vec<(Verb, u32)> {
        let mut verbs: Vec<_> = self
            .0
            .iter()
            .filter_map(|found| Some((verb_of(&found.name)?, found.line.unwrap_or(1))))
            .collect();
        verbs.sort_by_key(|(verb, line)| (*line, *verb));
        verbs
    }

    /// The tests in the order of the file.
    pub(super) fn tests(&self) -> Vec<FoundTest> {
        let mut tests: Vec<_> = self
            .0
            .iter()
            .filter(|found| is_test(&found.name))
            .map(|found| FoundTest {
                name: found.name.clone(),
                line: found.line.unwrap_or(1),
            })
            .collect();
        tests.sort_by(|one, other| (one.line, &one.name).cmp(&(other.line, &other.name)));
        tests
    }
}

fn is_test(name: &str) -> bool {
    name.starts_with(TEST) || is_unwritten(name)
}

/// Whether a test is still to be written.
pub(super) fn is_unwritten(name: &str) -> bool {
    name.starts_with(UNWRITTEN)
}

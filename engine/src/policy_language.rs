//! Policies in script languages: what the engine wants of whoever can run them.

use std::fmt::Debug;

use crate::evaluator::{Definition, PolicyFault, SharedEvaluator};
use crate::policy_tests::ScriptTests;

/// A script language whose files may be policies; the engine knows none, and is given those that the host has.
pub trait PolicyLanguage: Debug + Send + Sync {
    /// Its name, such as `lua`.
    fn name(&self) -> &'static str;

    /// The endings of its files, without a dot and in small letters.
    fn endings(&self) -> &'static [&'static str];

    /// What a comment begins with: the metadata stands in such comments.
    fn comment(&self) -> &'static str;

    /// Whether policies can be compiled in this program; where they cannot, it is still known which files are policies and
    /// where they are routed, and a project of which an event needs one is not loaded.
    fn is_here(&self) -> bool {
        true
    }

    /// Compiles one policy and finds the verbs that it defines.
    ///
    /// # Errors
    ///
    /// When the file cannot be compiled, defines no verb, or defines what is neither a verb nor a test.
    fn compile(&self, source: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault>;

    /// Finds the tests of one policy; none, where the language has no tests or the file holds none.
    ///
    /// # Errors
    ///
    /// When the file cannot be compiled.
    fn tests(&self, source: PolicySource<'_>) -> Result<Option<Box<dyn ScriptTests>>, PolicyFault> {
        let _ = source;
        Ok(None)
    }
}

/// The file of a policy.
#[derive(Debug, Clone, Copy)]
pub struct PolicySource<'a> {
    /// The policy's id.
    pub id: &'a str,
    /// Its file, relative to the project.
    pub file: &'a str,
    /// The text of the file.
    pub text: &'a str,
}

/// A policy that was compiled by its language.
#[derive(Debug)]
pub struct CompiledPolicy {
    /// Where its verbs are defined, in the order of the file.
    pub definitions: Vec<Definition>,
    /// What evaluates it.
    pub evaluator: SharedEvaluator,
}

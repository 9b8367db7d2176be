//! Policies in Lua and JavaScript: what the engine asks of a script language, and the states that run them.

mod answer;
mod definitions;
mod evaluator;
mod message;
mod pool;
mod prints;
mod state;

use std::fmt;
use std::sync::Arc;

use llmspell_engine::{
    CompiledPolicy, Definition, PolicyFault, PolicyLanguage, PolicySource, ScriptTests,
};

pub(crate) use crate::arguments::Returned as Said;
pub(crate) use definitions::{Defined, verb_of};
pub(crate) use evaluator::say;
pub(crate) use message::{GONE, LEFT_BEHIND, RECURSION, fault};
pub(crate) use prints::PolicyPrints;
pub(crate) use state::{PolicyClock, PolicyState, Program};

use crate::language::Language;
use crate::sandbox::SandboxLimits;
use crate::{javascript, lua};
use definitions::Definitions;
use evaluator::{PolicyTests, ScriptPolicy};
use pool::Pool;

/// The script languages in which policies may be written, for [`EngineOptions`](llmspell_engine::EngineOptions).
///
/// A [`ScriptHost`](crate::ScriptHost) gives them to the engine that it loads; whoever loads one without a host does
/// it with this. The limits are those of scripts; their deadline is that of each decision.
///
/// ```
/// use llmspell_bridge::policy_languages;
/// use llmspell_engine::EngineOptions;
///
/// let options = EngineOptions {
///     languages: policy_languages(),
///     ..EngineOptions::default()
/// };
/// let names: Vec<_> = options.languages.iter().map(|language| language.name()).collect();
/// assert_eq!(names, ["lua", "javascript"]);
/// ```
#[must_use]
pub fn policy_languages() -> Vec<Arc<dyn PolicyLanguage>> {
    policy_languages_within(&SandboxLimits::default())
}

/// The same within other limits of memory and stack.
#[must_use]
pub fn policy_languages_within(limits: &SandboxLimits) -> Vec<Arc<dyn PolicyLanguage>> {
    Language::ALL
        .into_iter()
        .map(|language| {
            let pool = Arc::new(Pool::new(language, limits.clone()));
            Arc::new(ScriptPolicies { language, pool }) as Arc<dyn PolicyLanguage>
        })
        .collect()
}

/// Opens a state of a language that runs policies.
fn open(
    language: Language,
    limits: &SandboxLimits,
) -> Result<Box<dyn PolicyState>, crate::ScriptError> {
    match language {
        Language::Lua => lua::open_policies(limits),
        Language::JavaScript => javascript::open_policies(limits),
    }
}

/// One language with the states that run its policies.
struct ScriptPolicies {
    language: Language,
    pool: Arc<Pool>,
}

impl fmt::Debug for ScriptPolicies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ScriptPolicies({})", self.language)
    }
}

impl ScriptPolicies {
    /// Compiles a policy and runs its top level once, to see what it defines.
    fn load(&self, source: PolicySource<'_>) -> Result<(Arc<Program>, Definitions), PolicyFault> {
        let program = Arc::new(Program::new(source.file, source.text));
        check(&program)?;
        let defined = self.pool.loaded(&program)?;
        let definitions = Definitions::of(defined)?;
        Ok((program, definitions))
    }
}

/// How long the text of a policy may be, as that of a Rego policy.
const LONGEST_SOURCE: usize = 1 << 20;

/// Refuses what an engine would not read as it stands in the file.
fn check(program: &Program) -> Result<(), PolicyFault> {
    if program.text.len() > LONGEST_SOURCE {
        let message = format!("the policy is longer than {LONGEST_SOURCE} bytes");
        return Err(PolicyFault::load(message, 1));
    }
    match program.text.split_once('\0') {
        None => Ok(()),
        Some((before, _)) => Err(PolicyFault::load(
            "the policy holds a NUL character",
            u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
        )),
    }
}

impl PolicyLanguage for ScriptPolicies {
    fn name(&self) -> &'static str {
        match self.language {
            Language::Lua => "lua",
            Language::JavaScript => "javascript",
        }
    }

    fn endings(&self) -> &'static [&'static str] {
        match self.language {
            Language::Lua => &["lua", "luau"],
            Language::JavaScript => &["js", "mjs"],
        }
    }

    fn comment(&self) -> &'static str {
        match self.language {
            Language::Lua => "--",
            Language::JavaScript => "//",
        }
    }

    fn compile(&self, source: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault> {
        let (program, definitions) = self.load(source)?;
        let verbs = definitions.verbs();
        if verbs.is_empty() {
            let message = "the policy defines no verb: it needs `halt`, `deny`, `block`, `ask`, `modify` or `add_context`";
            return Err(PolicyFault::load(message, 1));
        }
        let found = verbs.iter().map(|(verb, line)| Definition {
            verb: *verb,
            line: *line,
            source: String::new(),
        });
        Ok(CompiledPolicy {
            definitions: found.collect(),
            evaluator: Box::new(ScriptPolicy::new(
                Arc::clone(&self.pool),
                program,
                &definitions,
            )),
        })
    }

    fn tests(&self, source: PolicySource<'_>) -> Result<Option<Box<dyn ScriptTests>>, PolicyFault> {
        let (program, definitions) = self.load(source)?;
        let found = definitions.tests();
        Ok((!found.is_empty()).then(|| {
            Box::new(PolicyTests::new(
                Arc::clone(&self.pool),
                program,
                &definitions,
            )) as Box<dyn ScriptTests>
        }))
    }
}

//! Runs the verbs and the tests of one policy.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use llmspell_engine::{
    Answers, Evaluator, FoundTest, InputRead, Moment, PolicyExplanation, PolicyFault,
    RuleExplanation, RuleOutcome, ScriptTests, TestOutcome, TestRun, Value, Verb,
};

use super::answer::{self, kind_of};
use super::definitions::{Definitions, is_unwritten, verb_of};
use super::message::COMES_AND_GOES;
use super::pool::Pool;
use super::{PolicyState, Program, Said, fault};
use crate::language::Language;
use crate::sandbox::alarm;
use crate::script_error::{ScriptError, ScriptErrorKind};

/// How long the top level of a policy may run when it is loaded.
pub(super) const LOADING: Moment = Moment {
    now: SystemTime::UNIX_EPOCH,
    left: Duration::from_secs(1),
};

/// Runs something in a state within the time that is left.
pub(super) fn limited<T>(
    state: &mut dyn PolicyState,
    moment: Moment,
    run: impl FnOnce(&mut dyn PolicyState) -> Result<T, ScriptError>,
) -> Result<T, ScriptError> {
    let stopper = state.stopper();
    stopper.clear();
    state.clock().begin(moment.now);
    let alarm = alarm(moment.left, Arc::clone(&stopper))?;
    let result = run(state);
    drop(alarm);
    match stopper.reason() {
        // Whatever the policy made of it, it was stopped.
        Some(reason) => Err(ScriptError::stopped(reason)),
        None => result,
    }
}

/// One policy file, evaluated in any state of its language.
#[derive(Debug)]
pub(super) struct ScriptPolicy {
    pool: Arc<Pool>,
    program: Arc<Program>,
    /// All names that the policy defines, as it must define them each time.
    names: Vec<String>,
    /// The verbs, the strongest first, with their places among the names and their lines.
    verbs: Vec<(Verb, usize, u32)>,
}

impl ScriptPolicy {
    pub(super) fn new(pool: Arc<Pool>, program: Arc<Program>, definitions: &Definitions) -> Self {
        pool.policy_begins();
        let names = definitions.names();
        let mut verbs: Vec<_> = definitions
            .verbs()
            .into_iter()
            .filter_map(|(verb, line)| {
                let place = names.iter().position(|name| name == verb.name())?;
                Some((verb, place, line))
            })
            .collect();
        verbs.sort_unstable();
        Self {
            pool,
            program,
            names,
            verbs,
        }
    }

    fn fault(&self, error: &ScriptError) -> PolicyFault {
        fault(error, &self.program.file, &self.program.text)
    }

    /// Begins an evaluation. What the policy defines must be what it defined when it was loaded: a verb that comes and
    /// goes would be silent unseen.
    fn begin(&self, state: &mut dyn PolicyState) -> Result<(), ScriptError> {
        let defined = state.begin(&self.program)?;
        let is_same = defined.len() == self.names.len()
            && defined
                .iter()
                .zip(&self.names)
                .all(|(found, name)| found.name == *name && found.not_a_function.is_none());
        if is_same {
            return Ok(());
        }
        Err(ScriptError::new(ScriptErrorKind::Runtime, COMES_AND_GOES))
    }

    /// Asks all verbs. `told` says afterwards whether the answers have the error already.
    fn ask(
        &self,
        state: &mut dyn PolicyState,
        input: &Value,
        answers: &mut Answers<'_, '_>,
        told: &mut bool,
    ) -> Result<(), ScriptError> {
        self.begin(state)?;
        for (verb, place, _) in &self.verbs {
            let said = state.call(*place, Some(input));
            let stopped = state.stopper().reason().map(ScriptError::stopped);
            let said = stopped.map_or(said, Err);
            let fatal = said.as_ref().err().filter(|error| ends_the_state(error));
            let fatal = fatal.cloned();
            say(*verb, self.pool.language, answers, said, |error| {
                self.fault(error)
            });
            if let Some(error) = fatal {
                *told = true;
                return Err(error);
            }
        }
        state.end()
    }

    fn run(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>) -> RanState {
        let mut state = match self.pool.take() {
            Ok(state) => state,
            Err(error) => {
                answers.fail(self.fault(&error));
                return None;
            }
        };
        let mut told = false;
        let ran = limited(&mut *state, moment, |state| {
            self.ask(state, input, answers, &mut told)
        });
        for line in state.prints().take() {
            answers.print(line);
        }
        match ran {
            Ok(()) => Some(state),
            // The state is dropped: what the policy left in it is of no use to the next one.
            Err(error) => {
                if !told {
                    answers.fail(self.fault(&error));
                }
                None
            }
        }
    }

    /// Reads of the input once more, function by function, for an explanation.
    fn trace(
        &self,
        state: &mut dyn PolicyState,
        input: &Value,
        explanation: &mut PolicyExplanation,
    ) -> Result<(), ScriptError> {
        explanation.records_inputs();
        self.begin(state)?;
        for (verb, place, line) in &self.verbs {
            let outcome = match state.call(*place, Some(input)) {
                Err(error) if ends_the_state(&error) => return Err(error),
                Err(_) => RuleOutcome::Failed,
                Ok(said) => outcome(&answer::read(*verb, said, self.pool.language)),
            };
            explanation.rules.push(RuleExplanation {
                name: verb.name().to_owned(),
                verb: Some(*verb),
                file: Arc::clone(&explanation.file),
                line: *line,
                outcome,
                failed: None,
            });
            for path in without_steps(state.trace(*place, input)?) {
                let keys: Vec<Value> = path.split('.').skip(1).map(Value::from).collect();
                explanation.read(InputRead::of(&keys, input));
            }
        }
        state.end()
    }
}

/// The state of an evaluation that ended well.
type RanState = Option<Box<dyn PolicyState>>;

/// Hands on what a verb's function returned or raised, and says what came of it.
pub(crate) fn say(
    verb: Verb,
    language: Language,
    answers: &mut Answers<'_, '_>,
    said: Result<Said, ScriptError>,
    fault: impl FnOnce(&ScriptError) -> PolicyFault,
) -> RuleOutcome {
    answers.begin(verb);
    let read = said
        .map_err(|error| fault(&error))
        .and_then(|said| answer::read(verb, said, language));
    let outcome = outcome(&read);
    match read {
        Ok(value) => answers.say(&value),
        Err(fault) => answers.fail(fault),
    }
    answers.end();
    outcome
}

/// What came of a verb whose answer was read.
fn outcome(read: &Result<Value, PolicyFault>) -> RuleOutcome {
    match read {
        Ok(Value::Undefined) => RuleOutcome::Silent,
        Ok(Value::Array(list)) if list.is_empty() => RuleOutcome::Silent,
        Ok(_) => RuleOutcome::Fired,
        Err(_) => RuleOutcome::Failed,
    }
}

/// Whether nothing can be asked of the state after this.
fn ends_the_state(error: &ScriptError) -> bool {
    matches!(
        error.kind(),
        ScriptErrorKind::Timeout
            | ScriptErrorKind::Stopped
            | ScriptErrorKind::Memory
            | ScriptErrorKind::Internal
    )
}

/// The paths that are no steps on the way to others: who reads `a.b` reads `a` first.
fn without_steps(paths: Vec<String>) -> Vec<String> {
    let paths: BTreeSet<String> = paths.into_iter().collect();
    let is_step = |path: &String| {
        let beneath = format!("{path}.");
        let next = paths.range(beneath.clone()..).next();
        next.is_some_and(|next| next.starts_with(&beneath))
    };
    paths
        .iter()
        .filter(|path| !is_step(path))
        .cloned()
        .collect()
}

impl Evaluator for ScriptPolicy {
    fn evaluate(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>) {
        if let Some(state) = self.run(input, moment, answers) {
            self.pool.give_back(state);
        }
    }

    fn explain(
        &self,
        input: &Value,
        moment: Moment,
        answers: &mut Answers<'_, '_>,
        explanation: &mut PolicyExplanation,
    ) {
        let begun = Instant::now();
        let ran = self.run(input, moment, answers);
        explanation.took(begun.elapsed());
        let Some(mut state) = ran else { return };
        let left = moment.left.saturating_sub(begun.elapsed());
        let moment = Moment { left, ..moment };
        let traced = limited(&mut *state, moment, |state| {
            self.trace(state, input, explanation)
        });
        // What is printed now was printed before.
        drop(state.prints().take());
        if traced.is_ok() {
            self.pool.give_back(state);
        }
    }
}

impl Drop for ScriptPolicy {
    fn drop(&mut self) {
        self.pool.policy_ends();
    }
}

/// The tests of one policy file.
#[derive(Debug)]
pub(super) struct PolicyTests {
    policy: ScriptPolicy,
    found: Vec<FoundTest>,
}

impl PolicyTests {
    pub(super) fn new(pool: Arc<Pool>, program: Arc<Program>, definitions: &Definitions) -> Self {
        Self {
            found: definitions.tests(),
            policy: ScriptPolicy::new(pool, program, definitions),
        }
    }

    fn outcome(&self, ran: Result<Said, ScriptError>) -> TestOutcome {
        let failed = |message: String| TestOutcome::Failed {
            message,
            line: None,
        };
        match ran {
            Ok(Said::Nothing | Said::Value(Value::Bool(true))) => TestOutcome::Passed,
            Ok(Said::Several) => failed("the test returned more than one value".to_owned()),
            Ok(Said::Value(value)) => failed(format!("the test returned {}", kind_of(&value))),
            // What a test raises is meant for the one who wrote it, values and all.
            Err(error) if error.kind() == ScriptErrorKind::Runtime => {
                let message = error.message().to_owned();
                TestOutcome::Failed {
                    message,
                    line: self.policy.fault(&error).line,
                }
            }
            Err(error) => TestOutcome::Broken(self.policy.fault(&error)),
        }
    }
}

impl ScriptTests for PolicyTests {
    fn found(&self) -> &[FoundTest] {
        &self.found
    }

    fn run(&self, name: &str, moment: Moment) -> TestRun {
        if is_unwritten(name) {
            return TestOutcome::Skipped.into();
        }
        let policy = &self.policy;
        let place = policy.names.iter().position(|found| found == name);
        let Some(place) = place.filter(|_| verb_of(name).is_none()) else {
            let message = format!("there is no test `{name}`");
            return TestOutcome::Broken(PolicyFault::load(message, 1)).into();
        };
        let mut state = match policy.pool.take() {
            Ok(state) => state,
            Err(error) => return TestOutcome::Broken(policy.fault(&error)).into(),
        };
        let ran = limited(&mut *state, moment, |state| {
            policy.begin(state)?;
            let said = state.call(place, None)?;
            state.end()?;
            Ok(said)
        });
        let prints = state.prints().take();
        if ran.is_ok() {
            policy.pool.give_back(state);
        }
        TestRun {
            outcome: self.outcome(ran),
            prints,
            cases: Vec::new(),
        }
    }
}

//! The second way to run a Rego policy: compiled to a program for the virtual machine of regorus.
//!
//! The interpreter is the truth. A policy is compiled besides it, when it is first asked, and only if `allowed` knows
//! everything that it is made of; and whenever the machine reports an error, or one of the functions that it calls does,
//! the interpreter answers instead.

mod allowed;
mod collections;
mod functions;
mod guarded;
mod idle;
#[cfg(test)]
mod tests;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::{Program, RegoVM};
use regorus::unstable::{Module as Tree, Ref};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{CompiledPolicy, Engine, Rc, Value};

use super::policy::CHECK_INTERVAL;
use collections::Collections;
use idle::Idle;

/// Instructions of one verb; the interpreter takes over where a policy needs more.
const MAX_INSTRUCTIONS: usize = 250_000;
/// What must be left of the time for a program to be compiled: an event that meets many policies for the first time is
/// decided in time, and some of them wait for the next one.
const MIN_LEFT: Duration = Duration::from_millis(200);

/// Whether policies may run on the virtual machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rvm {
    /// Those that are made of what the machine is known to run as the interpreter does.
    #[default]
    On,
    /// None.
    Off,
}

/// A policy for the virtual machine, with its machines.
pub(super) struct Compiled {
    modules: Vec<Ref<Tree>>,
    /// The paths of the rules that are asked.
    entry_points: Vec<String>,
    /// Made when the policy is first asked; none where the machine's compiler refuses it.
    program: OnceLock<Option<Arc<Program>>>,
    /// Where the input must hold collections, or nothing.
    collections: Vec<collections::Path>,
    /// A machine belongs to one evaluation at a time; one that failed is thrown away.
    idle: Idle<Box<RegoVM>>,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Compiled")
            .field("entry_points", &self.entry_points)
            .finish_non_exhaustive()
    }
}

impl Compiled {
    /// The rules at these paths, the entry points, if everything in these modules is allowed.
    pub(super) fn new(
        modules: &[Ref<Tree>],
        entry_points: impl Iterator<Item = String>,
    ) -> Option<Self> {
        if !allowed::are_allowed(modules) {
            return None;
        }
        Some(Self {
            collections: Collections::of(modules)?,
            modules: modules.to_vec(),
            entry_points: entry_points.collect(),
            program: OnceLock::new(),
            idle: Idle::default(),
        })
    }

    /// The program, compiled now unless it is; none where the interpreter must answer.
    fn program(&self) -> Option<&Arc<Program>> {
        let compile = || {
            // INVARIANT: the compiler keeps nothing outside of what it makes.
            let program = catch_unwind(AssertUnwindSafe(|| self.compile()));
            program.ok().flatten()
        };
        self.program.get_or_init(compile).as_ref()
    }

    fn compile(&self) -> Option<Arc<Program>> {
        let entry_points: Vec<&str> = self.entry_points.iter().map(String::as_str).collect();
        let policy = guarded_policy(&self.modules, &entry_points)?;
        let mut program = Compiler::compile_from_policy(&policy, &entry_points).ok()?;
        let functions = program
            .builtin_info_table
            .iter()
            .map(|function| functions::watched(&function.name))
            .collect::<Option<Vec<_>>>()?;
        let of_program = Arc::make_mut(&mut program);
        of_program.resolved_builtins = functions;
        // The interpreter evaluates every definition, and so must the machine, to meet every error.
        for rule in &mut of_program.rule_infos {
            rule.early_exit_on_first_success = false;
        }
        Some(program)
    }

    /// Begins an evaluation of this input that may take so long; none where the interpreter must do it.
    pub(super) fn begin(&self, input: &Value, left: Duration) -> Option<Run<'_>> {
        if !collections::are_collections(&self.collections, input) {
            return None;
        }
        if self.program.get().is_none() && left < MIN_LEFT {
            return None;
        }
        let program = self.program()?;
        let mut machine = self.idle.take().unwrap_or_else(|| {
            let mut machine = Box::new(RegoVM::new());
            machine.load_program(Arc::new(own_copy(program)));
            machine.set_max_instructions(MAX_INSTRUCTIONS);
            machine
        });
        machine.set_input(input.clone());
        Some(Run {
            compiled: self,
            machine: Some(machine),
            deadline: Instant::now().checked_add(left),
        })
    }
}

/// A program whose literals belong to one machine: threads that count the users of the same texts wait for each other.
fn own_copy(program: &Program) -> Program {
    let mut own = program.clone();
    own.literals = own.literals.iter().map(values::own_copy).collect();
    own
}

/// The policy with the guards that the machine needs.
fn guarded_policy(modules: &[Ref<Tree>], entry_points: &[&str]) -> Option<CompiledPolicy> {
    let mut engine = Engine::new();
    for module in modules {
        let path = module.package.span.source.get_path().clone();
        engine.add_policy(path, guarded::text(module)?).ok()?;
    }
    let first: Rc<str> = Rc::from(*entry_points.first()?);
    engine.compile_with_entrypoint(&first).ok()
}

/// One evaluation; when it is dropped, its machine is there for the next one.
#[derive(Debug)]
pub(super) struct Run<'compiled> {
    compiled: &'compiled Compiled,
    /// None once something went wrong.
    machine: Option<Box<RegoVM>>,
    deadline: Option<Instant>,
}

impl Run<'_> {
    /// The value of an entry point, by its place in the list; none where the interpreter must say.
    pub(super) fn ask(&mut self, entry_point: usize) -> Option<Value> {
        let limit = self.deadline?.saturating_duration_since(Instant::now());
        // INVARIANT: a machine that fails or panics is not put back.
        let mut machine = self.machine.take()?;
        machine.set_execution_timer_config(Some(ExecutionTimerConfig {
            limit,
            check_interval: CHECK_INTERVAL,
        }));
        functions::forget_failures();
        let answer = machine.execute_entry_point_by_index(entry_point).ok()?;
        if functions::has_failed() {
            return None;
        }
        self.machine = Some(machine);
        Some(answer)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let Some(mut machine) = self.machine.take() else {
            return;
        };
        machine.set_input(Value::Undefined);
        self.compiled.idle.put(machine);
    }
}

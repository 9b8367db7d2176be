//! The check that no rule reaches itself, and that none goes deeper than the stack of any thread allows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rules, full_name, in_file};
use crate::decision::DecisionErrorKind;
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::syntax::{Module, RuleFacts};

/// Expressions, loops and rules inside each other, through all that a policy calls: so many fit into 1 MiB of stack
/// even where regorus is built without optimisation.
const MAX_LEVELS: usize = 256;
/// What one rule adds to the levels besides its expressions.
const RULE_LEVELS: usize = 4;

/// Checks that no rule reaches itself, and that none calls deeper than the stack of any thread allows.
///
/// Regorus finds a value that reaches itself when it is evaluated; a function that does exhausts the stack.
pub(super) fn check(module: &Module, rules: &Rules<'_>) -> Result<(), Fault> {
    let mut levels = Levels {
        rules,
        known: BTreeMap::new(),
        above: BTreeSet::new(),
    };
    for rule in &module.rules {
        let name: Vec<String> = module.package.iter().chain(&rule.name).cloned().collect();
        levels.of(&name, 0)?;
    }
    Ok(())
}

/// How deep each rule calls.
struct Levels<'rules, 'library> {
    rules: &'rules Rules<'library>,
    known: BTreeMap<Vec<String>, usize>,
    /// The rules that are being counted, each reached from the one before.
    above: BTreeSet<Vec<String>>,
}

impl Levels<'_, '_> {
    /// The levels of the rules with this name, which are reached `down` levels deep.
    fn of(&mut self, name: &[String], down: usize) -> Result<usize, Fault> {
        if let Some(levels) = self.known.get(name) {
            return Ok(*levels);
        }
        let definitions = self.rules.get(name).cloned().unwrap_or_default();
        if !self.above.insert(name.to_vec()) {
            return Err(refused(
                &definitions,
                DecisionErrorKind::Load,
                "calls itself",
            ));
        }
        let mut deepest = 0;
        for (module, rule) in &definitions {
            deepest = deepest.max(self.of_rule(module, rule, down)?);
        }
        if down + deepest > MAX_LEVELS {
            let message = format!("goes more than {MAX_LEVELS} levels deep");
            return Err(refused(&definitions, DecisionErrorKind::Stack, &message));
        }
        self.above.remove(name);
        self.known.insert(name.to_vec(), deepest);
        Ok(deepest)
    }

    fn of_rule(&mut self, module: &Module, rule: &RuleFacts, down: usize) -> Result<usize, Fault> {
        let own = rule.depth + RULE_LEVELS;
        if down + own > MAX_LEVELS {
            // The caller refuses it, and nothing below can make it better.
            return Ok(own);
        }
        let mut below = 0;
        for target in self.targets(module, rule) {
            below = below.max(self.of(&target, down + own)?);
        }
        Ok(own + below)
    }

    /// The rules that a rule names: as a whole, a part of them, or a package that holds them.
    fn targets(&self, module: &Module, rule: &RuleFacts) -> BTreeSet<Vec<String>> {
        let mut targets = BTreeSet::new();
        let named = rule.references.iter().map(|named| &named.path);
        for path in named.chain(rule.calls.iter().map(|call| &call.path)) {
            let path = full_name(module, path);
            let starts = (1..=path.len()).filter_map(|length| path.get(..length));
            targets.extend(
                starts
                    .filter(|start| self.rules.contains_key(*start))
                    .map(<[String]>::to_vec),
            );
            let inside = self.rules.range(path.clone()..).map(|(name, _)| name);
            targets.extend(inside.take_while(|name| name.starts_with(&path)).cloned());
        }
        targets
    }
}

fn refused(definitions: &[(&Module, &RuleFacts)], kind: DecisionErrorKind, what: &str) -> Fault {
    match definitions.first() {
        Some((module, rule)) => in_file(
            module,
            Fault::new(kind, format!("`{}` {what}", rule.name.join(".")), rule.line),
        ),
        None => Fault::new(kind, format!("a rule {what}"), 1),
    }
}

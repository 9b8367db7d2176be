//! Makes policies: rules that call, negate, collect and compare, most of them about parts of events that exist.

use std::collections::BTreeSet;

use super::policy::{Policy, Rule};
use super::random::Random;

mod expression;
mod statement;
mod undefined;

/// What an expression is most likely to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    List,
    Object,
    Truth,
}

const KINDS: [Kind; 5] = [
    Kind::Text,
    Kind::Number,
    Kind::List,
    Kind::Object,
    Kind::Truth,
];

/// A rule that later rules may use.
#[derive(Debug, Clone)]
enum Known {
    Value(String, Kind),
    Set(String),
    Object(String),
    /// Of one argument.
    Function(String, Kind, Kind),
}

/// Makes one policy.
struct Maker<'seed> {
    random: &'seed mut Random,
    constructs: BTreeSet<&'static str>,
    /// Whether only constructs are used that the virtual machine is allowed to run.
    is_plain: bool,
    known: Vec<Known>,
    /// The variables that are bound where something is made.
    scope: Vec<(String, Kind)>,
    names: usize,
}

/// A policy of this number.
pub(super) fn policy(random: &mut Random, number: usize) -> Policy {
    let is_plain = random.percent(75);
    let mut maker = Maker {
        random,
        constructs: BTreeSet::new(),
        is_plain,
        known: Vec::new(),
        scope: Vec::new(),
        names: 0,
    };
    let rules = maker.rules();
    Policy {
        number,
        rules,
        constructs: maker.constructs,
    }
}

impl Maker<'_> {
    fn rules(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for _ in 0..self.random.below(4) {
            rules.extend(self.helper());
            self.scope.clear();
        }
        for _ in 0..=self.random.below(3) {
            rules.push(self.verb());
            self.scope.clear();
        }
        rules
    }

    /// Notes that a construct is used.
    fn uses(&mut self, construct: &'static str) {
        self.constructs.insert(construct);
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn kind(&mut self) -> Kind {
        *self.random.pick(&KINDS)
    }

    /// The definitions of one helper rule.
    fn helper(&mut self) -> Vec<Rule> {
        let choices = if self.is_plain { 5 } else { 9 };
        if self.random.percent(12) {
            return vec![self.set_of_parts()];
        }
        match self.random.below(choices) {
            0 => self.truth_rules(),
            1 => vec![self.value_rule()],
            2 => self.set_rules(),
            3 => vec![self.function()],
            4 => self.truth_functions(),
            5 => self.chain(),
            6 => vec![self.object_rule()],
            7 => self.function_chain(),
            _ => self.rival_values(),
        }
    }

    /// `name if {…}`, once or twice, with or without a default.
    fn truth_rules(&mut self) -> Vec<Rule> {
        let name = self.name("is");
        let mut rules = Vec::new();
        if self.random.percent(40) {
            self.uses("default");
            rules.push(plain(format!("default {name} := false")));
        }
        for _ in 0..=self.random.below(2) {
            rules.push(Rule {
                head: name.clone(),
                body: self.body(2),
                otherwise: Vec::new(),
            });
            self.scope.clear();
        }
        self.uses("complete rule");
        self.known.push(Known::Value(name, Kind::Truth));
        rules
    }

    /// `name := value if {…}`.
    fn value_rule(&mut self) -> Rule {
        let name = self.name("value");
        let kind = self.kind();
        let body = self.body(1);
        let value = self.expression(kind, 2);
        self.uses("complete rule");
        self.known.push(Known::Value(name.clone(), kind));
        Rule {
            head: format!("{name} := {value}"),
            body,
            otherwise: Vec::new(),
        }
    }

    fn set_rules(&mut self) -> Vec<Rule> {
        let name = self.name("set");
        let mut rules = Vec::new();
        for _ in 0..=self.random.below(2) {
            let body = self.body(2);
            let element = self.expression(Kind::Text, 2);
            rules.push(Rule {
                head: format!("{name} contains {element}"),
                body,
                otherwise: Vec::new(),
            });
            self.scope.clear();
        }
        self.uses("partial set");
        self.known.push(Known::Set(name));
        rules
    }

    fn object_rule(&mut self) -> Rule {
        let name = self.name("object");
        let list = self.expression(Kind::List, 1);
        let key = self.name("v");
        self.scope.push((key.clone(), Kind::Text));
        let value = self.expression(Kind::Text, 2);
        self.uses("partial object");
        self.known.push(Known::Object(name.clone()));
        Rule {
            head: format!("{name}[{key}] := {value}"),
            body: vec![format!("some {key} in {list}")],
            otherwise: Vec::new(),
        }
    }

    fn function(&mut self) -> Rule {
        let name = self.name("function");
        let (from, to) = (self.kind(), self.kind());
        let parameter = self.name("p");
        self.scope.push((parameter.clone(), from));
        let body = self.body(1);
        let value = self.expression(to, 2);
        self.uses("function");
        self.known.push(Known::Function(name.clone(), from, to));
        Rule {
            head: format!("{name}({parameter}) := {value}"),
            body,
            otherwise: Vec::new(),
        }
    }

    /// `name(argument) if {…}`, several times.
    fn truth_functions(&mut self) -> Vec<Rule> {
        let name = self.name("holds");
        let from = self.kind();
        let count = 1 + self.random.below(3);
        let rules = (0..count)
            .map(|_| {
                let parameter = self.name("p");
                self.scope.push((parameter.clone(), from));
                let body = self.body(2);
                self.scope.clear();
                Rule {
                    head: format!("{name}({parameter})"),
                    body,
                    otherwise: Vec::new(),
                }
            })
            .collect();
        self.uses(if count > 1 {
            "function of several definitions"
        } else {
            "function"
        });
        self.known.push(Known::Function(name, from, Kind::Truth));
        rules
    }

    fn chain(&mut self) -> Vec<Rule> {
        let name = self.name("chain");
        let kind = self.kind();
        let rule = self.otherwise(&name, kind);
        self.known.push(Known::Value(name, kind));
        vec![rule]
    }

    fn function_chain(&mut self) -> Vec<Rule> {
        let name = self.name("choose");
        let (from, to) = (self.kind(), self.kind());
        let parameter = self.name("p");
        self.scope.push((parameter.clone(), from));
        let rule = self.otherwise(&format!("{name}({parameter})"), to);
        self.uses("function");
        self.known.push(Known::Function(name, from, to));
        vec![rule]
    }

    /// A head with a value for each of several bodies, of which the first that holds counts.
    fn otherwise(&mut self, head: &str, kind: Kind) -> Rule {
        let outer = self.scope.clone();
        let body = self.body(2);
        let value = self.expression(kind, 2);
        let otherwise = (0..=self.random.below(2))
            .map(|_| {
                self.scope.clone_from(&outer);
                let body = if self.random.percent(70) {
                    self.body(2)
                } else {
                    Vec::new()
                };
                (self.expression(kind, 2), body)
            })
            .collect();
        self.uses("else");
        Rule {
            head: format!("{head} := {value}"),
            body,
            otherwise,
        }
    }

    /// Two definitions that may give different values, which is an error.
    fn rival_values(&mut self) -> Vec<Rule> {
        let name = self.name("rival");
        let rules = (0..2)
            .map(|_| {
                let body = self.body(2);
                let value = self.expression(Kind::Number, 1);
                self.scope.clear();
                Rule {
                    head: format!("{name} := {value}"),
                    body,
                    otherwise: Vec::new(),
                }
            })
            .collect();
        self.uses("rule of several values");
        self.known.push(Known::Value(name, Kind::Number));
        rules
    }

    fn verb(&mut self) -> Rule {
        if self.random.percent(10) {
            return self.verb_of_parts();
        }
        let verb = *self.random.pick(&[
            "deny",
            "deny",
            "deny",
            "halt",
            "block",
            "ask",
            "modify",
            "add_context",
        ]);
        let mut body = self.body(3);
        if verb == "add_context" {
            let text = self.expression(Kind::Text, 2);
            return Rule {
                head: format!("{verb} contains {text}"),
                body,
                otherwise: Vec::new(),
            };
        }
        let reason = if self.random.percent(50) {
            "\"no\"".to_owned()
        } else {
            self.expression(Kind::Text, 2)
        };
        let more = if verb == "modify" {
            let value = self.expression(Kind::Text, 1);
            format!(", \"priority\": 60, \"updated_input\": {{\"command\": {value}}}")
        } else {
            String::new()
        };
        let rule_id = self.names;
        let decision = format!(
            "{{\"reason\": {reason}, \"rule_id\": \"R{rule_id}\", \"severity\": \"HIGH\"{more}}}"
        );
        let head = if self.random.percent(50) {
            self.uses("assignment");
            body.push(format!("decision := {decision}"));
            format!("{verb} contains decision")
        } else {
            format!("{verb} contains {decision}")
        };
        Rule {
            head,
            body,
            otherwise: Vec::new(),
        }
    }

    /// At least one statement, and some more.
    fn body(&mut self, more: usize) -> Vec<String> {
        let count = 1 + self.random.below(more + 1);
        (0..count).flat_map(|_| self.statement(2)).collect()
    }
}

const fn plain(head: String) -> Rule {
    Rule {
        head,
        body: Vec::new(),
        otherwise: Vec::new(),
    }
}

//! Makes what may be undefined where that matters: behind `not`, and in heads of rules that loop.

use super::{Kind, Known, Maker, Rule};

/// Objects of which now and then a part is missing.
const ELEMENTS: &str = "input.tool_input.edits";

impl Maker<'_> {
    /// What stands behind a `not` that looks at rules, indices, functions and comprehensions.
    pub(super) fn negated(&mut self, depth: usize) -> String {
        let index = self.expression(Kind::Text, depth - 1);
        match self.random.below(6) {
            0 => {
                self.uses("not before an index");
                let object = self.object_path();
                format!("{object}[{index}]")
            }
            1 => {
                self.uses("not before an index");
                let object = self.object_path();
                let text = self.literal_text();
                format!("{object}[{index}] == {text}")
            }
            2 => {
                self.uses("not before a comprehension");
                let comprehension = self.comprehension(depth - 1, "[", "]");
                format!("count({comprehension}) > 0")
            }
            3 => {
                self.uses("not before a nested comprehension");
                let (one, other) = (self.name("v"), self.name("v"));
                let list = self.list_path();
                format!(
                    "count([{one} | some {one} in {ELEMENTS}; count([{other} | some {other} in {list}; {other} == {one}.old]) > 0]) > 0"
                )
            }
            _ => self.negated_rule(&index),
        }
    }

    /// A rule, an element of it, or a function of the policy.
    fn negated_rule(&mut self, index: &str) -> String {
        if self.known.is_empty() {
            return self.reference();
        }
        let known = self.random.pick(&self.known).clone();
        match known {
            Known::Value(name, _) => {
                self.uses("not before a rule");
                name
            }
            Known::Set(name) | Known::Object(name) => {
                self.uses("not before an element of a rule");
                format!("{name}[{index}]")
            }
            Known::Function(name, from, _) => {
                self.uses("not before a function of the policy");
                let argument = self.expression(from, 1);
                format!("{name}({argument})")
            }
        }
    }

    /// A set of what each element of a list holds, if it does.
    pub(super) fn set_of_parts(&mut self) -> Rule {
        let name = self.name("set");
        let (key, element) = (
            self.random.pick(&["old", "new"]).to_string(),
            self.name("v"),
        );
        self.known.push(Known::Set(name.clone()));
        if self.random.percent(25) {
            self.uses("wildcard in a head");
            return Rule {
                head: format!("{name} contains {ELEMENTS}[_].{key}"),
                body: Vec::new(),
                otherwise: Vec::new(),
            };
        }
        self.uses("part of an element in a head");
        self.scope.push((element.clone(), Kind::Object));
        let mut body = vec![format!("some {element} in {ELEMENTS}")];
        if self.random.percent(40) {
            body.extend(self.statement(1));
        }
        let part = format!("{element}.{key}");
        let made = match self.random.below(4) {
            0 => format!("lower({part})"),
            1 => format!("sprintf(\"%v\", [{part}])"),
            _ => part,
        };
        Rule {
            head: format!("{name} contains {made}"),
            body,
            otherwise: Vec::new(),
        }
    }

    /// A decision for each element of a list, which names a part of it.
    pub(super) fn verb_of_parts(&mut self) -> Rule {
        self.uses("part of an element in a decision");
        let element = self.name("v");
        self.scope.push((element.clone(), Kind::Object));
        let mut body = vec![format!("some {element} in {ELEMENTS}")];
        if self.random.percent(60) {
            body.extend(self.statement(2));
        }
        let verb = *self.random.pick(&["deny", "ask", "block"]);
        let id = self.names;
        Rule {
            head: format!(
                "{verb} contains {{\"reason\": {element}.new, \"rule_id\": \"P{id}\", \"severity\": \"LOW\"}}"
            ),
            body,
            otherwise: Vec::new(),
        }
    }
}

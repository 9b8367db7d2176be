//! A generated policy as parts that can be left out one by one, to find the smallest that shows a difference.

use std::collections::BTreeSet;

/// A policy for one tool.
#[derive(Clone)]
pub(super) struct Policy {
    pub(super) number: usize,
    pub(super) rules: Vec<Rule>,
    /// The constructs that it was made of.
    pub(super) constructs: BTreeSet<&'static str>,
}

/// One definition of a rule, or a default.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) head: String,
    pub(super) body: Vec<String>,
    /// Each `else` with its value.
    pub(super) otherwise: Vec<(String, Vec<String>)>,
}

impl Policy {
    /// The file of the policy, relative to the project.
    pub(super) fn file(&self) -> String {
        format!(".cupcake/policies/g{:04}.rego", self.number)
    }

    /// The only tool whose events reach the policy.
    pub(super) fn tool(&self) -> String {
        format!("T{:04}", self.number)
    }

    /// The text of the policy's file.
    pub(super) fn text(&self) -> String {
        let rules: Vec<String> = self.rules.iter().map(Rule::text).collect();
        format!(
            "# METADATA\n# custom:\n#   id: G{number:04}\n#   routing:\n#     required_events: [PreToolUse]\n#     required_tools: [{tool}]\npackage cupcake.policies.g{number:04}\n\nimport data.cupcake.helpers.shared\nimport rego.v1\n\n{rules}",
            number = self.number,
            tool = self.tool(),
            rules = rules.join("\n"),
        )
    }

    /// Every policy that has one part less.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for index in 0..self.rules.len() {
            let mut smaller = self.clone();
            smaller.rules.remove(index);
            found.push(smaller);
            for rule in self.rules[index].smaller() {
                let mut smaller = self.clone();
                smaller.rules[index] = rule;
                found.push(smaller);
            }
        }
        found
    }
}

impl Rule {
    fn text(&self) -> String {
        let mut text = self.head.clone();
        if !self.body.is_empty() {
            text.push_str(&format!(" if {}", block(&self.body)));
        }
        for (value, body) in &self.otherwise {
            text.push_str(&format!(" else := {value}"));
            if !body.is_empty() {
                text.push_str(&format!(" if {}", block(body)));
            }
        }
        text.push('\n');
        text
    }

    fn smaller(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for index in 0..self.body.len() {
            let mut smaller = self.clone();
            smaller.body.remove(index);
            found.push(smaller);
        }
        for index in 0..self.otherwise.len() {
            let mut smaller = self.clone();
            smaller.otherwise.remove(index);
            found.push(smaller);
        }
        found
    }
}

fn block(statements: &[String]) -> String {
    format!("{{\n\t{}\n}}", statements.join("\n\t"))
}

/// The helper that every policy may use.
pub(super) const SHARED: (&str, &str) = (
    ".cupcake/helpers/shared.rego",
    r#"package cupcake.helpers.shared

import rego.v1

protected := ["/etc/", ".env", "secret.key"]

limits := {"count": 2, "timeout": 50}

is_protected(path) if {
	some prefix in protected
	contains(path, prefix)
}

words(text) := split(trim_space(text), " ")

first_word(text) := words(text)[0]

is_plan if input.mode == "plan"

forced contains tag if {
	some tag in input.tags
	startswith(tag, "p")
}
"#,
);

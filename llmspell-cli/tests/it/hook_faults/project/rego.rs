//! Rego that is broken: what cannot be compiled, what nobody understands, and what goes wrong when it is asked.

use super::super::scene::Scene;
use super::super::{Fault, IMPATIENT, fault};
use super::policies::{OTHER, OTHER_NAMED, changed, file, policy_with};

pub(super) fn faults() -> Vec<Fault> {
    [rego(), said(), memory(), runs()]
        .into_iter()
        .flatten()
        .collect()
}

/// A second policy beside the sound one.
fn policy(name: &str, words: &'static [&'static str], rules: impl AsRef<str>) -> Fault {
    file(name, words, policy_with("other", "", rules.as_ref()))
}

fn rego() -> Vec<Fault> {
    vec![
        policy(
            "a brace is missing",
            &["other", ":1"],
            "deny contains \"x\" if {",
        ),
        policy(
            "a word that is none",
            OTHER_NAMED,
            "deny contains ??? if true",
        ),
        policy(
            "a text without its end",
            OTHER_NAMED,
            "deny contains \"x if true",
        ),
        file(
            "no package",
            OTHER_NAMED,
            "# METADATA\n# custom: {}\nimport rego.v1\n\ndeny contains \"x\"\n",
        ),
        policy(
            "an unknown function",
            &["other", "no.such.function|no_such"],
            "deny contains \"x\" if no.such.function(input)",
        ),
        policy(
            "an unknown function of its own",
            &["other", "helper"],
            "deny contains \"x\" if helper(input)",
        ),
        policy(
            "a function with too many arguments",
            OTHER_NAMED,
            "deny contains \"x\" if startswith(\"a\", \"b\", \"c\", \"d\")",
        ),
        policy(
            "a package that is not there",
            &["other", "nowhere"],
            "import data.cupcake.helpers.nowhere\n\ndeny contains \"x\" if nowhere.bad(input)",
        ),
        policy(
            "a rule that calls itself",
            &["other", "calls itself"],
            "a if b\n\nb if a\n\ndeny contains {\"rule_id\":\"R\",\"reason\":\"x\",\"severity\":\"LOW\"} if a",
        ),
        policy(
            "a function that calls itself",
            &["other", "calls itself"],
            "f(x) := f(x)\n\ndeny contains {\"rule_id\":\"R\",\"reason\":\"x\",\"severity\":\"LOW\"} if f(1)",
        ),
        policy(
            "an unsafe variable",
            OTHER_NAMED,
            "deny contains {\"rule_id\":\"R\",\"reason\":nobody,\"severity\":\"LOW\"} if true",
        ),
        policy(
            "the network",
            &["other", "http.send"],
            "deny contains \"x\" if http.send({\"method\":\"get\",\"url\":\"http://localhost\"})",
        ),
        policy(
            "a regular expression that is none",
            OTHER_NAMED,
            "deny contains \"x\" if regex.match(\"(\", \"x\")",
        ),
        policy(
            "parentheses, a thousand deep",
            OTHER_NAMED,
            format!("x := {}1{}", "(".repeat(1000), ")".repeat(1000)),
        ),
        policy(
            "lists, ten thousand deep",
            OTHER_NAMED,
            format!("x := {}{}", "[".repeat(10_000), "]".repeat(10_000)),
        ),
    ]
}

/// Verbs that say what nobody understands.
fn said() -> Vec<Fault> {
    let says = |name: &str, words: &'static [&'static str], verb: &str| policy(name, words, verb);
    vec![
        says("a number for a decision", OTHER_NAMED, "deny contains 5"),
        says(
            "a text for a decision",
            OTHER_NAMED,
            "deny contains [\"x\"]",
        ),
        says("false instead of decisions", OTHER_NAMED, "deny := false"),
        says("true instead of decisions", OTHER_NAMED, "deny := true"),
        says("null instead of decisions", OTHER_NAMED, "deny := null"),
        says(
            "a decision without a reason",
            &["other", "reason"],
            "deny contains {\"rule_id\": \"R\"}",
        ),
        says(
            "a reason that is a number",
            &["other", "reason"],
            "deny contains {\"rule_id\": \"R\", \"reason\": 1, \"severity\": \"LOW\"}",
        ),
        says(
            "a severity that is none",
            &["x"],
            "deny contains {\"rule_id\": \"R\", \"reason\": \"x\", \"severity\": \"URGENT\"}",
        ),
        says(
            "a rule's name that is a list",
            OTHER_NAMED,
            "deny contains {\"rule_id\": [], \"reason\": \"x\", \"severity\": \"LOW\"}",
        ),
        says(
            "a change without an input",
            OTHER_NAMED,
            "modify contains {\"rule_id\": \"R\", \"reason\": \"x\", \"severity\": \"LOW\"}",
        ),
        says(
            "a change to a text",
            OTHER_NAMED,
            "modify contains {\"rule_id\": \"R\", \"reason\": \"x\", \"severity\": \"LOW\", \"updated_input\": \"ls\"}",
        ),
        says(
            "context that is a number",
            OTHER_NAMED,
            "add_context contains 5",
        ),
        says("a question that is a number", OTHER_NAMED, "ask contains 5"),
        says("a halt that is a number", OTHER_NAMED, "halt contains 5"),
        says("a block that is a number", OTHER_NAMED, "block contains 5"),
        says(
            "an object instead of decisions",
            OTHER_NAMED,
            "deny := {\"a\": 1}",
        ),
    ]
}

/// Memory that runs out, at several sizes of it.
fn memory() -> Vec<Fault> {
    const BOMB: &str = "deny contains {\"rule_id\": \"R\", \"reason\": \"x\", \"severity\": \"LOW\"} if {\n    x := [[a, b] | some a in numbers.range(1, 10000); some b in numbers.range(1, 10000)]\n    count(x) > 0\n}";
    let limits = [100_000, 150_000, 200_000, 300_000, 500_000];
    let bombs = limits.map(|kilobytes| {
        let name = format!("policies: memory without an end, of {kilobytes} KB");
        fault(
            name,
            &["other|llmspell|deadline"],
            move |scene: &mut Scene| {
                scene.write(OTHER, policy_with("other", "", BOMB));
                scene.after(&format!("ulimit -v {kilobytes}"));
                scene.may_be_noisy();
            },
        )
    });
    bombs.into()
}

/// What goes wrong when it is asked.
fn runs() -> Vec<Fault> {
    const SAID: &str = "{\"rule_id\":\"R\",\"reason\":\"x\",\"severity\":\"LOW\"}";
    let condition = |name: &str, words: &'static [&'static str], condition: &str| {
        policy(
            name,
            words,
            format!("deny contains {SAID} if {{\n    {condition}\n}}"),
        )
    };
    let slow_condition = |name: &str, condition: &str| {
        let rule = format!("deny contains {SAID} if {{\n    {condition}\n}}");
        changed(name, &["other|deadline", "time|deadline"], move |scene| {
            scene.write("llmspell.toml", IMPATIENT);
            scene.write(OTHER, policy_with("other", "", &rule));
        })
    };
    vec![
        condition(
            "division by zero",
            &["other", "zero"],
            "1 / count({x | x := input.nothing}) == 1",
        ),
        condition(
            "a remainder of zero",
            &["other", "zero"],
            "1 % count({x | x := input.nothing}) == 1",
        ),
        condition(
            "a number that is a text",
            OTHER_NAMED,
            "to_number(\"abc\") == 1",
        ),
        condition(
            "json that is none",
            OTHER_NAMED,
            "json.unmarshal(\"{\") == 1",
        ),
        slow_condition(
            "a loop without an end",
            "some a in numbers.range(1, 10000)\n    some b in numbers.range(1, 10000)\n    some c in numbers.range(1, 10000)\n    a + b + c == -1",
        ),
        condition(
            "a range without an end",
            &["other"],
            "count(numbers.range(1, 1000000000000)) > 0",
        ),
        condition(
            "a text without an end",
            &["other"],
            "count(sprintf(\"%999999999d\", [1])) > 0",
        ),
        policy(
            "two values of one rule",
            OTHER_NAMED,
            format!("x := 1 if true\n\nx := 2 if true\n\ndeny contains {SAID} if x == 1"),
        ),
    ]
}

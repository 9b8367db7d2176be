//! Recognises a `system/evaluate.rego` that only collects the verbs, which the engine does itself.

mod custom;

pub(crate) use custom::Aggregator;

/// The package of the aggregator.
const PACKAGE: &str = "packagecupcake.system";
const IMPORT: &str = "importrego.v1";
/// The entry point, its keys being those of Cupcake's wire, in the two forms that projects are made with.
const ENTRIES: [&str; 2] = [
    "evaluate:={ENTRIES}",
    "evaluate:=decision_setif{decision_set:={ENTRIES}}",
];
const VERBS: [(&str, &str); 6] = [
    ("halts", "halt"),
    ("denials", "deny"),
    ("blocks", "block"),
    ("asks", "ask"),
    ("modifications", "modify"),
    ("add_context", "add_context"),
];
/// The function that walks through every package and flattens what it finds.
const COLLECT: &str = "collect_verbs(verb_name):=resultif{\
    verb_sets:=[value|walk(data.cupcake.policies,[path,value])path[count(path)-1]==verb_name]\
    all_decisions:=[decision|someverb_setinverb_setssomedecisioninverb_set]\
    result:=all_decisions}";
const DEFAULT: &str = "defaultcollect_verbs(_):=[]";

/// Whether the module does nothing but collect the verbs of every policy.
pub(crate) fn is_plain(text: &str) -> bool {
    let text = without_blanks(text);
    let Some(rest) = text.strip_prefix(PACKAGE) else {
        return false;
    };
    let rest = rest.strip_prefix(IMPORT).unwrap_or(rest);
    let entries = VERBS
        .map(|(key, verb)| format!("\"{key}\":collect_verbs(\"{verb}\")"))
        .join(",");
    ENTRIES.iter().any(|form| {
        let form = form.replace("ENTRIES", &entries);
        [
            format!("{form}{COLLECT}{DEFAULT}"),
            format!("{form}{DEFAULT}{COLLECT}"),
        ]
        .iter()
        .any(|plain| plain == rest)
    })
}

/// The text without comments, blanks and trailing commas; no string of the plain form holds any.
fn without_blanks(text: &str) -> String {
    let code = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let dense: String = code
        .flat_map(str::chars)
        .filter(|character| !character.is_whitespace())
        .collect();
    dense.replace(",}", "}")
}

//! The faults of the matrix: what a broken policy reads like in each language, and what its project has to bear.

use super::Evaluator::{self, JavaScript, Lua, Native};

/// A fault within one policy. `VERB` and `SAID` stand for the verb and for what a sound policy says with it.
pub(super) struct PolicyFault {
    pub(super) name: &'static str,
    /// The kind of the error; an evaluator of its own may know it by another.
    pub(super) kind: &'static str,
    pub(super) other_kinds: &'static [(Evaluator, &'static str)],
    /// The rules, or why there are none.
    pub(super) rego: Result<&'static str, &'static str>,
    pub(super) lua: Result<&'static str, &'static str>,
    pub(super) javascript: Result<&'static str, &'static str>,
    /// What the native evaluator does, by name.
    pub(super) native: Result<&'static str, &'static str>,
    /// Whether the fault shows in a policy that a running script registers, and not only in a file.
    pub(super) in_scripts: Result<(), &'static str>,
}

const NO_PANIC: &str = "the language has no way to make its evaluator panic";
const RECURSION: &str =
    "recursion is refused when the policy is loaded, which is a fault of its own";
const FILES_ONLY: &str = "a running script has no file of a policy, and its own syntax is its own";
const SILENT: &str = "in Rego what is undefined says nothing, which is the language's own rule";
const NO_NAMES: &str = "a native evaluator has no text that names functions";
const REFUSED: &str = "`Cupcake.policy` refuses it, so that the script stops before it asks";

pub(super) const POLICY_FAULTS: &[PolicyFault] = &[
    PolicyFault {
        name: "policy error",
        kind: "evaluation",
        other_kinds: &[],
        rego: Ok("VERB contains SAID if 1 / input.zero == 1"),
        lua: Ok("return { VERB = function(input) error('broken') end }"),
        javascript: Ok("export function VERB(input) { throw new Error('broken'); }"),
        native: Ok("evaluation"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "unknown function",
        kind: "unknown_function",
        other_kinds: &[(Lua, "evaluation"), (JavaScript, "evaluation")],
        rego: Ok("VERB contains SAID if no.such.function(input)"),
        lua: Ok("return { VERB = function(input) return nosuch(input) end }"),
        javascript: Ok("export function VERB(input) { return nosuch(input); }"),
        native: Err(NO_NAMES),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "undefined where a decision is built",
        kind: "malformed",
        other_kinds: &[(Lua, "evaluation")],
        rego: Err(SILENT),
        lua: Ok("return { VERB = function(input) return { reason = 'x' .. input.missing } end }"),
        javascript: Ok("export function VERB(input) { return [{ reason: input.missing }]; }"),
        native: Ok("nothing in a list"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "wrong type said",
        kind: "malformed",
        other_kinds: &[],
        rego: Ok("VERB contains 5"),
        lua: Ok("return { VERB = function(input) return 5 end }"),
        javascript: Ok("export function VERB(input) { return 5; }"),
        native: Ok("number"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "wrong type said instead of a set",
        kind: "malformed",
        other_kinds: &[],
        rego: Ok("VERB := false"),
        lua: Ok("return { VERB = function(input) return false end }"),
        javascript: Ok("export function VERB(input) { return false; }"),
        native: Ok("false"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "a decision without a reason",
        kind: "malformed",
        other_kinds: &[],
        rego: Ok("VERB contains {\"rule_id\": \"R\"}"),
        lua: Ok("return { VERB = function(input) return { rule_id = 'R' } end }"),
        javascript: Ok("export function VERB(input) { return { rule_id: 'R' }; }"),
        native: Ok("no reason"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "panic",
        kind: "crashed",
        other_kinds: &[],
        rego: Err(NO_PANIC),
        lua: Err(NO_PANIC),
        javascript: Err(NO_PANIC),
        native: Ok("panic"),
        in_scripts: Err(NO_PANIC),
    },
    PolicyFault {
        name: "panic while compiling",
        kind: "crashed",
        other_kinds: &[],
        rego: Err(NO_PANIC),
        lua: Err(NO_PANIC),
        javascript: Err(NO_PANIC),
        native: Ok("panic while compiling"),
        in_scripts: Err(NO_PANIC),
    },
    PolicyFault {
        name: "timeout",
        kind: "timeout",
        other_kinds: &[],
        rego: Ok(
            "VERB contains SAID if {\n    some a in numbers.range(1, 10000)\n    some b in numbers.range(1, 10000)\n    some c in numbers.range(1, 10000)\n    a + b + c == input.zero\n}",
        ),
        lua: Ok("return { VERB = function(input) while true do end end }"),
        javascript: Ok("export function VERB(input) { for (;;); }"),
        native: Ok("timeout"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "out of memory",
        kind: "memory",
        other_kinds: &[],
        rego: Ok("VERB contains SAID if count(numbers.range(1, input.many)) > 0"),
        lua: Ok(
            "return { VERB = function(input) local t = {} while true do t[#t + 1] = string.rep('x', 1000000) .. #t end end }",
        ),
        javascript: Ok(
            "export function VERB(input) { const t = []; for (;;) t.push(new Uint8Array(1000000)); }",
        ),
        native: Ok("memory"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "stack overflow",
        kind: "stack",
        other_kinds: &[],
        rego: Err(RECURSION),
        lua: Ok(
            "local function deep(n) return 1 + deep(n + 1) end\nreturn { VERB = function(input) return deep(1) end }",
        ),
        javascript: Ok(
            "const deep = (n) => 1 + deep(n + 1);\nexport function VERB(input) { return deep(1); }",
        ),
        native: Ok("stack"),
        in_scripts: Ok(()),
    },
    PolicyFault {
        name: "recursion that never ends",
        kind: "load",
        other_kinds: &[],
        rego: Ok("VERB contains SAID if again(input)\n\nagain(x) if again(x)"),
        lua: Err("it overflows the stack, which is a fault of its own"),
        javascript: Err("it overflows the stack, which is a fault of its own"),
        native: Err("it would overflow the stack of this program"),
        in_scripts: Err(FILES_ONLY),
    },
    PolicyFault {
        name: "missing entry point",
        kind: "load",
        other_kinds: &[],
        rego: Ok("said_VERB contains SAID"),
        lua: Ok("local function VERB(input) return SAID end\nreturn {}"),
        javascript: Ok("function VERB(input) { return SAID; }"),
        native: Ok("no verb"),
        in_scripts: Err(REFUSED),
    },
    PolicyFault {
        name: "corrupt module",
        kind: "load",
        other_kinds: &[],
        rego: Ok("VERB contains SAID\n\u{0}\u{1}\u{fffd}"),
        lua: Ok("\u{1b}Lua\u{0}\u{1} VERB"),
        javascript: Ok("\u{0}asm\u{1} VERB"),
        native: Ok("corrupt"),
        in_scripts: Err(FILES_ONLY),
    },
    PolicyFault {
        name: "broken syntax",
        kind: "load",
        other_kinds: &[],
        rego: Ok("VERB contains SAID if {"),
        lua: Ok("return { VERB = function( }"),
        javascript: Ok("export function VERB( {"),
        native: Ok("corrupt"),
        in_scripts: Err(FILES_ONLY),
    },
];

/// What a policy that is sound says, where the event asks it to.
pub(super) fn sound(evaluator: Evaluator) -> &'static str {
    match evaluator {
        Lua => "return { VERB = function(input) if input.speak then return SAID end end }",
        JavaScript => "export function VERB(input) { if (input.speak) return SAID; }",
        Native => "sound",
        _ => "VERB contains SAID if input.speak == true",
    }
}

/// A fault of what is around a sound policy that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProjectFault {
    FailedSignal,
    MissingSignal,
    TamperedFile,
    TamperedList,
    UnreadableFile,
    NoText,
    NoMetadata,
    BrokenMetadata,
    BrokenRulebook,
    BrokenSettings,
    BrokenGlobalPolicy,
    BrokenGlobalRulebook,
    MissingGlobal,
    ReloadBrokenPolicy,
    ReloadBrokenRulebook,
    ReloadBrokenSettings,
}

impl ProjectFault {
    pub(super) const ALL: [Self; 16] = [
        Self::FailedSignal,
        Self::MissingSignal,
        Self::TamperedFile,
        Self::TamperedList,
        Self::UnreadableFile,
        Self::NoText,
        Self::NoMetadata,
        Self::BrokenMetadata,
        Self::BrokenRulebook,
        Self::BrokenSettings,
        Self::BrokenGlobalPolicy,
        Self::BrokenGlobalRulebook,
        Self::MissingGlobal,
        Self::ReloadBrokenPolicy,
        Self::ReloadBrokenRulebook,
        Self::ReloadBrokenSettings,
    ];

    /// What the decision names: the kind and the culprit.
    pub(super) const fn named(self) -> (&'static str, &'static str) {
        match self {
            Self::FailedSignal => ("signal", "s"),
            Self::MissingSignal => ("signal", "P"),
            // What is not trusted is not read, and has the name of its file.
            Self::TamperedFile => ("trust", "p"),
            Self::TamperedList => ("trust", "project"),
            Self::UnreadableFile | Self::NoText | Self::ReloadBrokenPolicy => ("load", "p"),
            Self::NoMetadata | Self::BrokenMetadata => ("metadata", "p"),
            Self::BrokenGlobalPolicy => ("metadata", "everywhere"),
            Self::BrokenRulebook | Self::BrokenGlobalRulebook => ("rulebook", ""),
            Self::BrokenSettings => ("settings", ""),
            Self::MissingGlobal => ("read", ""),
            Self::ReloadBrokenRulebook | Self::ReloadBrokenSettings => ("load", "project"),
        }
    }

    /// Whether nothing of the project can be loaded.
    pub(super) const fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::BrokenRulebook
                | Self::BrokenSettings
                | Self::BrokenGlobalRulebook
                | Self::MissingGlobal
        )
    }

    pub(super) const fn is_reload(self) -> bool {
        matches!(
            self,
            Self::ReloadBrokenPolicy | Self::ReloadBrokenRulebook | Self::ReloadBrokenSettings
        )
    }
}

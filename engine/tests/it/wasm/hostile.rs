//! Modules that an attacker has made: each is an error within its time, and none an allow.

use std::time::Duration;

use llmspell_engine::{DecisionErrorKind as Kind, Verdict};

use super::module::{decision, decision_within, module, saying};

/// A name, the parts that are replaced, and the kind of the error.
type Case = (&'static str, &'static [(&'static str, &'static str)], Kind);

const EVAL: &str = "(func $eval (export \"eval\") (param i32) (result i32) (i32.const 0))";
const MALLOC: &str =
    "(global.get $heap)\n    (global.set $heap (i32.add (global.get $heap) (local.get $size)))";
const PARSE: &str =
    "(func (export \"opa_value_parse\") (param i32 i32) (result i32) (local.get 0))";
const DUMP: &str = "(func (export \"opa_value_dump\") (param i32) (result i32) (local.get 0))";
const HEAP_GET: &str = "(func (export \"opa_heap_ptr_get\") (result i32) (global.get $heap))";
const HEAP_SET: &str =
    "(func (export \"opa_heap_ptr_set\") (param i32) (global.set $heap (local.get 0)))";
const CONTEXT: &str = "(func (export \"opa_eval_ctx_new\") (result i32) (i32.const 8))";
const SET_INPUT: &str = "(func (export \"opa_eval_ctx_set_input\") (param i32 i32))";
const SET_DATA: &str = "(func (export \"opa_eval_ctx_set_data\") (param i32 i32))";
const SET_ENTRY: &str = "(func (export \"opa_eval_ctx_set_entrypoint\") (param i32 i32))";
const RESULT: &str =
    "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (i32.const 1024))";
const BUILTINS: &str = "(func (export \"builtins\") (result i32) (i32.const 2048))";
const ENTRIES: &str = "(func (export \"entrypoints\") (result i32) (i32.const 3072))";
const MEMORY: &str = "(import \"env\" \"memory\" (memory 2))";
const ABI: &str = "(global (export \"opa_wasm_abi_version\") i32 (i32.const 1))";
const MINOR: &str = "(global (export \"opa_wasm_abi_minor_version\") i32 (i32.const 2))";
const TABLE: &str = r#"(data (i32.const 2048) "{}\00")"#;
const NAMES: &str = r#"(data (i32.const 3072) "{\"cupcake/policies/guard/deny\":0}\00")"#;
const NOW: &str = r#"(data (i32.const 2048) "{\"time.now_ns\":7}\00")"#;
const UPPER: &str = r#"(data (i32.const 2048) "{\"upper\":7}\00") (data (i32.const 4096) "7\00") (data (i32.const 4200) "\22a\22\00")"#;

const LOOPS: [Case; 16] = [
    (
        "set_data loops",
        &[(
            SET_DATA,
            "(func (export \"opa_eval_ctx_set_data\") (param i32 i32) (loop $again (br $again)))",
        )],
        Kind::Timeout,
    ),
    (
        "set_entrypoint loops",
        &[(
            SET_ENTRY,
            "(func (export \"opa_eval_ctx_set_entrypoint\") (param i32 i32) (loop $again (br $again)))",
        )],
        Kind::Timeout,
    ),
    (
        "eval loops for ever",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "eval calls an empty function for ever",
        &[(
            EVAL,
            "(func $nothing) (func $eval (export \"eval\") (param i32) (result i32) (loop $again (call $nothing) (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "the start function loops",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.const 0)) (func $begin (loop $again (br $again))) (start $begin)",
        )],
        Kind::Timeout,
    ),
    (
        "malloc loops",
        &[(MALLOC, "(loop $again (br $again)) (i32.const 0)")],
        Kind::Timeout,
    ),
    (
        "value_parse loops",
        &[(
            PARSE,
            "(func (export \"opa_value_parse\") (param i32 i32) (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "value_dump loops",
        &[(
            DUMP,
            "(func (export \"opa_value_dump\") (param i32) (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "heap_ptr_get loops",
        &[(
            HEAP_GET,
            "(func (export \"opa_heap_ptr_get\") (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "heap_ptr_set loops",
        &[(
            HEAP_SET,
            "(func (export \"opa_heap_ptr_set\") (param i32) (loop $again (br $again)))",
        )],
        Kind::Timeout,
    ),
    (
        "ctx_new loops",
        &[(
            CONTEXT,
            "(func (export \"opa_eval_ctx_new\") (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "set_input loops",
        &[(
            SET_INPUT,
            "(func (export \"opa_eval_ctx_set_input\") (param i32 i32) (loop $again (br $again)))",
        )],
        Kind::Timeout,
    ),
    (
        "get_result loops",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "builtins loops",
        &[(
            BUILTINS,
            "(func (export \"builtins\") (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "entrypoints loops",
        &[(
            ENTRIES,
            "(func (export \"entrypoints\") (result i32) (loop $again (br $again)) (i32.const 0))",
        )],
        Kind::Timeout,
    ),
    (
        "eval loops over calls of the host",
        &[
            (TABLE, NOW),
            (MALLOC, "(i32.const 65536)"),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (loop $again (drop (call $builtin0 (i32.const 7) (i32.const 0))) (br $again)) (i32.const 0))",
            ),
        ],
        Kind::Timeout,
    ),
];

const MEMORIES: [Case; 14] = [
    (
        "eval is denied memory and goes on as if nothing were",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (drop (memory.grow (i32.const 60000))) (i32.const 0))",
        )],
        Kind::Memory,
    ),
    (
        "malloc is denied memory and gives what it has",
        &[(
            MALLOC,
            "(drop (memory.grow (i32.const 60000))) (i32.const 65536)",
        )],
        Kind::Memory,
    ),
    (
        "eval grows its memory without end",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable))",
        )],
        Kind::Memory,
    ),
    (
        "the memory is 4 GiB from the start",
        &[(MEMORY, "(import \"env\" \"memory\" (memory 65536))")],
        Kind::Memory,
    ),
    (
        "the memory is a page above the limit",
        &[(MEMORY, "(import \"env\" \"memory\" (memory 2049))")],
        Kind::Memory,
    ),
    (
        "the start function grows without end",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.const 0)) (func $begin (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)) (start $begin)",
        )],
        Kind::Memory,
    ),
    (
        "its own table is gigantic",
        &[(
            EVAL,
            "(table 100000000 funcref) (func $eval (export \"eval\") (param i32) (result i32) (i32.const 0))",
        )],
        Kind::Memory,
    ),
    (
        "its own table grows without end",
        &[(
            EVAL,
            "(table $many 1 funcref) (func $eval (export \"eval\") (param i32) (result i32) (loop $again (br_if $again (i32.ne (table.grow $many (ref.null func) (i32.const 1000)) (i32.const -1)))) (unreachable))",
        )],
        Kind::Memory,
    ),
    (
        "two memories",
        &[(
            EVAL,
            "(memory 1) (func $eval (export \"eval\") (param i32) (result i32) (i32.const 0))",
        )],
        Kind::Load,
    ),
    (
        "memory of 64 bits",
        &[(MEMORY, "(import \"env\" \"memory\" (memory i64 2))")],
        Kind::Load,
    ),
    (
        "shared memory",
        &[(MEMORY, "(import \"env\" \"memory\" (memory 2 4 shared))")],
        Kind::Load,
    ),
    (
        "eval reads outside of its memory",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.load (i32.const -4)))",
        )],
        Kind::Evaluation,
    ),
    (
        "a data segment outside of the memory",
        &[(TABLE, "(data (i32.const 100000000) \"{}\")")],
        Kind::Evaluation,
    ),
    (
        "no memory is exported",
        &[("(export \"memory\" (memory 0))", "")],
        Kind::Load,
    ),
];

const TRAPS: [Case; 10] = [
    (
        "eval calls itself without end",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $eval (local.get 0)))",
        )],
        Kind::Stack,
    ),
    (
        "two functions call each other without end",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $other (local.get 0))) (func $other (param i32) (result i32) (call $eval (local.get 0)))",
        )],
        Kind::Stack,
    ),
    (
        "eval is unreachable",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (unreachable))",
        )],
        Kind::Evaluation,
    ),
    (
        "eval divides by zero",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.div_u (i32.const 1) (i32.const 0)))",
        )],
        Kind::Evaluation,
    ),
    (
        "eval calls a null function",
        &[(
            EVAL,
            "(type $void (func)) (table 1 funcref) (func $eval (export \"eval\") (param i32) (result i32) (call_indirect (type $void) (i32.const 0)) (i32.const 0))",
        )],
        Kind::Evaluation,
    ),
    (
        "eval aborts, and would go on",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $abort (i32.const 1024)) (i32.const 0))",
        )],
        Kind::Evaluation,
    ),
    (
        "eval aborts with a message outside of the memory",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $abort (i32.const -1)) (i32.const 0))",
        )],
        Kind::Evaluation,
    ),
    (
        "the start function aborts",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.const 0)) (func $begin (call $abort (i32.const 1024))) (start $begin)",
        )],
        Kind::Evaluation,
    ),
    (
        "eval gives an error code",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (i32.const 3))",
        )],
        Kind::Evaluation,
    ),
    (
        "eval prints what is not in its memory",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $println (i32.const -5)) (i32.const 0))",
        )],
        Kind::Malformed,
    ),
];

const IMPORTS: [Case; 10] = [
    (
        "an import of another module",
        &[(
            MEMORY,
            "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32))) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
    (
        "an import that OPA does not have",
        &[(
            MEMORY,
            "(import \"env\" \"opa_builtin5\" (func (param i32 i32 i32 i32 i32 i32 i32) (result i32))) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
    (
        "an import with an empty name",
        &[(
            MEMORY,
            "(import \"\" \"\" (func)) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
    (
        "an import of a table",
        &[(
            MEMORY,
            "(import \"env\" \"opa_builtin2\" (table 1 funcref)) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
    (
        "an import of a global",
        &[(
            MEMORY,
            "(import \"env\" \"opa_builtin2\" (global i32)) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
    (
        "the memory is imported as a function",
        &[
            (MEMORY, "(import \"env\" \"memory\" (func $memory))"),
            (
                EVAL,
                "(memory 2) (func $eval (export \"eval\") (param i32) (result i32) (i32.const 0))",
            ),
        ],
        Kind::Load,
    ),
    (
        "opa_abort with other arguments",
        &[("(func $abort (param i32))", "(func $abort (param i32 i32))")],
        Kind::Load,
    ),
    (
        "opa_builtin0 with another result",
        &[(
            "(func $builtin0 (param i32 i32) (result i32))",
            "(func $builtin0 (param i32 i32) (result i64))",
        )],
        Kind::Load,
    ),
    (
        "opa_println is imported as a memory",
        &[(
            "(import \"env\" \"opa_println\" (func $println (param i32)))",
            "(import \"env\" \"opa_println\" (memory 1))",
        )],
        Kind::Load,
    ),
    (
        "a name with control characters",
        &[(
            MEMORY,
            "(import \"env\" \"x\\1b[2J\" (func)) (import \"env\" \"memory\" (memory 2))",
        )],
        Kind::Load,
    ),
];

const INTERFACE: [Case; 24] = [
    (
        "version 2 of the interface",
        &[(
            ABI,
            "(global (export \"opa_wasm_abi_version\") i32 (i32.const 2))",
        )],
        Kind::Load,
    ),
    (
        "version 0 of the interface",
        &[(
            ABI,
            "(global (export \"opa_wasm_abi_version\") i32 (i32.const 0))",
        )],
        Kind::Load,
    ),
    (
        "a version of 64 bits",
        &[(
            ABI,
            "(global (export \"opa_wasm_abi_version\") i64 (i64.const 1))",
        )],
        Kind::Load,
    ),
    ("no version", &[(ABI, "")], Kind::Load),
    ("no minor version", &[(MINOR, "")], Kind::Load),
    (
        "a minor version below zero",
        &[(
            MINOR,
            "(global (export \"opa_wasm_abi_minor_version\") i32 (i32.const -1))",
        )],
        Kind::Load,
    ),
    (
        "the version is a function",
        &[(
            ABI,
            "(func (export \"opa_wasm_abi_version\") (result i32) (i32.const 1))",
        )],
        Kind::Load,
    ),
    ("no eval", &[(EVAL, "")], Kind::Load),
    ("no malloc", &[("(export \"opa_malloc\")", "")], Kind::Load),
    ("no value_parse", &[(PARSE, "")], Kind::Load),
    ("no value_dump", &[(DUMP, "")], Kind::Load),
    ("no heap_ptr_get", &[(HEAP_GET, "")], Kind::Load),
    ("no heap_ptr_set", &[(HEAP_SET, "")], Kind::Load),
    ("no builtins", &[(BUILTINS, "")], Kind::Load),
    ("no entrypoints", &[(ENTRIES, "")], Kind::Load),
    (
        "eval with other arguments",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (result i32) (i32.const 0))",
        )],
        Kind::Load,
    ),
    (
        "get_result of 64 bits",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i64) (i64.const 1024))",
        )],
        Kind::Load,
    ),
    (
        "no entry point",
        &[(NAMES, r#"(data (i32.const 3072) "{}\00")"#)],
        Kind::Load,
    ),
    (
        "an entry point that is no policy",
        &[(
            NAMES,
            r#"(data (i32.const 3072) "{\"cupcake/other\":0}\00")"#,
        )],
        Kind::Load,
    ),
    (
        "entry points that are a list",
        &[(NAMES, r#"(data (i32.const 3072) "[0]\00")"#)],
        Kind::Load,
    ),
    (
        "an entry point with a text for a number",
        &[(
            NAMES,
            r#"(data (i32.const 3072) "{\"cupcake/policies/guard/deny\":\"0\"}\00")"#,
        )],
        Kind::Load,
    ),
    (
        "an entry point with a gigantic number",
        &[(
            NAMES,
            r#"(data (i32.const 3072) "{\"cupcake/policies/guard/deny\":9999999999}\00")"#,
        )],
        Kind::Load,
    ),
    (
        "entry points whose text does not end",
        &[(
            ENTRIES,
            "(func (export \"entrypoints\") (result i32) (memory.fill (i32.const 3072) (i32.const 65) (i32.const 128000)) (i32.const 3072))",
        )],
        Kind::Malformed,
    ),
    (
        "entry points outside of the memory",
        &[(
            ENTRIES,
            "(func (export \"entrypoints\") (result i32) (i32.const -16))",
        )],
        Kind::Malformed,
    ),
];

const FUNCTIONS: [Case; 12] = [
    (
        "a function that nobody has",
        &[(TABLE, r#"(data (i32.const 2048) "{\"no.such\":1}\00")"#)],
        Kind::UnknownFunction,
    ),
    (
        "a function that reaches into the network",
        &[(TABLE, r#"(data (i32.const 2048) "{\"http.send\":1}\00")"#)],
        Kind::UnknownFunction,
    ),
    (
        "a function that shows the environment",
        &[(TABLE, r#"(data (i32.const 2048) "{\"opa.runtime\":1}\00")"#)],
        Kind::UnknownFunction,
    ),
    (
        "two functions with one number",
        &[(
            TABLE,
            r#"(data (i32.const 2048) "{\"lower\":1,\"upper\":1}\00")"#,
        )],
        Kind::Load,
    ),
    (
        "functions that are no object",
        &[(TABLE, r#"(data (i32.const 2048) "7\00")"#)],
        Kind::Load,
    ),
    (
        "a call of a number that was not named",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin0 (i32.const 9) (i32.const 0)))",
        )],
        Kind::Evaluation,
    ),
    (
        "a call of a number below zero",
        &[(
            EVAL,
            "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin0 (i32.const -1) (i32.const 0)))",
        )],
        Kind::Evaluation,
    ),
    (
        "a call with too few arguments",
        &[
            (TABLE, UPPER),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin0 (i32.const 7) (i32.const 0)))",
            ),
        ],
        Kind::Evaluation,
    ),
    (
        "a call with a value of the wrong type",
        &[
            (TABLE, UPPER),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin1 (i32.const 7) (i32.const 0) (i32.const 4096)))",
            ),
        ],
        Kind::Evaluation,
    ),
    (
        "a call with an address outside of the memory",
        &[
            (TABLE, UPPER),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin1 (i32.const 7) (i32.const 0) (i32.const -9)))",
            ),
        ],
        Kind::Malformed,
    ),
    (
        "a call with what is no value",
        &[
            (
                TABLE,
                r#"(data (i32.const 2048) "{\"upper\":7}\00") (data (i32.const 4096) "nonsense\00")"#,
            ),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin1 (i32.const 7) (i32.const 0) (i32.const 4096)))",
            ),
        ],
        Kind::Malformed,
    ),
    (
        "a call whose value_dump calls the host again without end",
        &[
            (TABLE, UPPER),
            (
                DUMP,
                "(func (export \"opa_value_dump\") (param i32) (result i32) (if (i32.eq (local.get 0) (i32.const 4200)) (then (drop (call $builtin1 (i32.const 7) (i32.const 0) (i32.const 4200))))) (local.get 0))",
            ),
            (
                EVAL,
                "(func $eval (export \"eval\") (param i32) (result i32) (call $builtin1 (i32.const 7) (i32.const 0) (i32.const 4200)))",
            ),
        ],
        Kind::Stack,
    ),
];

const POINTERS: [Case; 9] = [
    (
        "malloc gives memory behind the end",
        &[(MALLOC, "(i32.const -4096)")],
        Kind::Malformed,
    ),
    (
        "malloc gives the last byte",
        &[(
            MALLOC,
            "(i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))",
        )],
        Kind::Malformed,
    ),
    (
        "malloc gives nothing",
        &[(MALLOC, "(i32.const 0)")],
        Kind::Malformed,
    ),
    (
        "value_parse fails",
        &[(
            PARSE,
            "(func (export \"opa_value_parse\") (param i32 i32) (result i32) (i32.const 0))",
        )],
        Kind::Evaluation,
    ),
    (
        "the result is nowhere",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (i32.const 0))",
        )],
        Kind::Malformed,
    ),
    (
        "the result is behind the end",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (i32.mul (memory.size) (i32.const 65536)))",
        )],
        Kind::Malformed,
    ),
    (
        "the result is at the last address",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (i32.const -1))",
        )],
        Kind::Malformed,
    ),
    (
        "the result does not end",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (memory.fill (i32.const 1024) (i32.const 32) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1024))) (i32.const 1024))",
        )],
        Kind::Malformed,
    ),
    (
        "the result is larger than its limit",
        &[(
            RESULT,
            "(func (export \"opa_eval_ctx_get_result\") (param i32) (result i32) (drop (memory.grow (i32.const 400))) (memory.fill (i32.const 1024) (i32.const 32) (i32.const 20000000)) (i32.const 1024))",
        )],
        Kind::Malformed,
    ),
];

/// What an entry point says that is no answer of a verb.
const ANSWERS: [&str; 18] = [
    "",
    "7",
    "{",
    "[{\"result\":[]}",
    "[{}]",
    "[{\"result\":[],\"more\":1}]",
    "[{\"results\":[]}]",
    "[{\"result\":[]},{\"result\":[]}]",
    "[7]",
    "[[]]",
    "[{\"result\":true}]",
    "[{\"result\":\"deny\"}]",
    "[{\"result\":{\"a\":1}}]",
    "[{\"result\":[7]}]",
    "[{\"result\":[{\"reason\":7}]}]",
    "[{\"result\":[]}] []",
    "[{\"result\":[\"\\ud800\"]}]",
    "[{\"result\":[1e999999]}]",
];

#[test]
fn every_module_of_an_attacker_is_an_error_and_none_allows() {
    let groups: [&[Case]; 7] = [
        &LOOPS, &MEMORIES, &TRAPS, &IMPORTS, &INTERFACE, &FUNCTIONS, &POINTERS,
    ];
    let mut faults = Vec::new();
    let mut count = ANSWERS.len();
    for (name, parts, kind) in groups.into_iter().flatten() {
        count += 1;
        // Only what never ends is to run into its deadline, however busy the machine is.
        let deadline = match kind {
            Kind::Timeout => Duration::from_millis(100),
            _ => Duration::from_secs(30),
        };
        let decision = decision_within(deadline, &module(parts).as_bytes_of_module());
        let kinds: Vec<Kind> = decision.errors.iter().map(|error| error.kind).collect();
        if decision.decision != Verdict::Deny || kinds != [*kind] {
            faults.push(format!(
                "{name}: wanted {kind:?}, got {:?} with {:?}",
                decision.decision, decision.errors
            ));
        }
    }
    for answer in ANSWERS {
        let decision = decision(saying(answer).as_bytes_of_module().as_slice());
        let is_malformed = decision
            .errors
            .iter()
            .all(|error| error.kind == Kind::Malformed);
        if decision.decision != Verdict::Deny || decision.errors.is_empty() || !is_malformed {
            faults.push(format!(
                "{answer}: got {:?} with {:?}",
                decision.decision, decision.errors
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(count >= 80, "only {count} modules");
}

#[test]
fn what_is_no_module_is_an_error_of_its_policy() {
    let whole = module(&[]).as_bytes_of_module();
    let mut broken: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\0asm".to_vec(),
        b"package cupcake.policies.guard".to_vec(),
        b"(module)".to_vec(),
        [whole.as_slice(), b"more"].concat(),
    ];
    broken.extend(
        (1..whole.len())
            .step_by(whole.len() / 20)
            .map(|end| whole[..end].to_vec()),
    );
    for bytes in broken {
        let decision = decision(&bytes);
        assert_eq!(decision.decision, Verdict::Deny, "{} bytes", bytes.len());
        assert_eq!(decision.errors.len(), 1);
    }
}

/// The binary form of a module in text form.
trait Binary {
    fn as_bytes_of_module(&self) -> Vec<u8>;
}

impl Binary for String {
    fn as_bytes_of_module(&self) -> Vec<u8> {
        wat::parse_str(self).unwrap_or_else(|error| panic!("{self}: {error}"))
    }
}

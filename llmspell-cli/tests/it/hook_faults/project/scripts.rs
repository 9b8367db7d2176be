//! Policies in Lua and JavaScript that are broken, and modules that are none.

use super::super::scene::Scene;
use super::super::{Fault, IMPATIENT, fault};

const OTHER_NAMED: &[&str] = &["other"];
const ROUTING: &str =
    "custom:\n  routing:\n    required_events: [PreToolUse, beforeShellExecution]\n";
/// What a module of WebAssembly begins with.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

pub(super) fn faults() -> Vec<Fault> {
    [lua(), javascript(), modules(), bundles()]
        .into_iter()
        .flatten()
        .collect()
}

fn written(
    name: String,
    words: &'static [&'static str],
    file: &'static str,
    content: Vec<u8>,
) -> Fault {
    let is_endless = name.contains("loop");
    fault(name, words, move |scene: &mut Scene| {
        if is_endless {
            scene.write("llmspell.toml", IMPATIENT);
        }
        scene.write(&format!(".cupcake/policies/{file}"), &content);
    })
}

fn commented(sign: &str, code: &str) -> Vec<u8> {
    let block = format!("METADATA\n{ROUTING}");
    let block: String = block
        .lines()
        .map(|line| format!("{sign} {line}\n"))
        .collect();
    format!("{block}{code}\n").into_bytes()
}

fn lua() -> Vec<Fault> {
    let policy = |name: &str, words: &'static [&'static str], code: &str| {
        written(
            format!("lua: {name}"),
            words,
            "other.lua",
            commented("--", code),
        )
    };
    vec![
        policy("syntax", &["other", ":5|:6"], "return {"),
        policy("nothing", OTHER_NAMED, ""),
        policy("no table", OTHER_NAMED, "return 5"),
        policy(
            "no verb",
            OTHER_NAMED,
            "return { denny = function(input) end }",
        ),
        policy(
            "a verb that is no function",
            OTHER_NAMED,
            "return { deny = true }",
        ),
        policy(
            "an error while it is loaded",
            &["other", "broken"],
            "error('broken')",
        ),
        policy(
            "an error",
            &["other", "broken"],
            "return { deny = function(input) error('broken') end }",
        ),
        policy(
            "an error that is nothing",
            OTHER_NAMED,
            "return { deny = function(input) error(nil) end }",
        ),
        policy(
            "an unknown function",
            &["other", "nil"],
            "return { deny = function(input) return nosuch(input) end }",
        ),
        policy(
            "a loop",
            &["other|deadline", "time|deadline"],
            "return { deny = function(input) while true do end end }",
        ),
        policy(
            "a loop while it is loaded",
            &["other|deadline", "time|deadline"],
            "while true do end",
        ),
        policy(
            "a loop that catches errors",
            &["other|deadline", "time|deadline"],
            "return { deny = function(input) while true do pcall(function() while true do end end) end end }",
        ),
        policy(
            "memory",
            &["other|deadline", "memory|time|deadline"],
            "return { deny = function(input) local t = {} while true do t[#t + 1] = string.rep('x', 1000000) .. #t end end }",
        ),
        policy(
            "depth",
            &["other", "deep"],
            "local function deep(n) return 1 + deep(n + 1) end\nreturn { deny = function(input) return deep(1) end }",
        ),
        policy(
            "a number for a decision",
            OTHER_NAMED,
            "return { deny = function(input) return 5 end }",
        ),
        policy(
            "no reason",
            &["other", "reason"],
            "return { deny = function(input) return { rule_id = 'R' } end }",
        ),
        policy(
            "a table that holds itself",
            OTHER_NAMED,
            "return { deny = function(input) local t = { reason = 'x', rule_id = 'R', severity = 'LOW' } t.t = t return t end }",
        ),
        policy(
            "files",
            &["other", "'open'"],
            "return { deny = function(input) return io.open('/etc/passwd') end }",
        ),
        policy(
            "a yield",
            OTHER_NAMED,
            "return { deny = function(input) coroutine.yield() end }",
        ),
        written(
            "lua: no metadata".to_owned(),
            OTHER_NAMED,
            "other.lua",
            b"return { deny = function() end }".to_vec(),
        ),
        written(
            "lua: bytes that are no text".to_owned(),
            &["other", "utf-8"],
            "other.lua",
            vec![0xff; 64],
        ),
        written(
            "lua: bytecode".to_owned(),
            OTHER_NAMED,
            "other.lua",
            b"\x1bLua\x54\0".to_vec(),
        ),
    ]
}

fn javascript() -> Vec<Fault> {
    let policy = |name: &str, words: &'static [&'static str], code: &str| {
        written(
            format!("javascript: {name}"),
            words,
            "other.js",
            commented("//", code),
        )
    };
    vec![
        policy(
            "syntax",
            &["other", ":5|:6"],
            "export function deny(input) {",
        ),
        policy("nothing", OTHER_NAMED, ""),
        policy("no verb", OTHER_NAMED, "export function denny(input) {}"),
        policy(
            "a verb that is no function",
            OTHER_NAMED,
            "export const deny = true;",
        ),
        policy(
            "an error while it is loaded",
            &["other", "broken"],
            "throw new Error('broken');\nexport function deny(input) {}",
        ),
        policy(
            "an error",
            &["other", "broken"],
            "export function deny(input) { throw new Error('broken'); }",
        ),
        policy(
            "an error that is nothing",
            OTHER_NAMED,
            "export function deny(input) { throw undefined; }",
        ),
        policy(
            "an unknown function",
            &["other", "nosuch"],
            "export function deny(input) { return nosuch(input); }",
        ),
        policy(
            "a loop",
            &["other|deadline", "time|deadline"],
            "export function deny(input) { for (;;); }",
        ),
        policy(
            "a loop while it is loaded",
            &["other|deadline", "time|deadline"],
            "for (;;);\nexport function deny(input) {}",
        ),
        policy(
            "a loop that catches errors",
            &["other|deadline", "time|deadline"],
            "export function deny(input) { for (;;) { try { for (;;); } catch (e) {} } }",
        ),
        policy(
            "memory",
            &["other|deadline", "memory|time|deadline"],
            "export function deny(input) { const t = []; for (;;) t.push(new Uint8Array(1000000)); }",
        ),
        policy(
            "depth",
            &["other", "deep"],
            "const deep = (n) => 1 + deep(n + 1);\nexport function deny(input) { return deep(1); }",
        ),
        policy(
            "a number for a decision",
            OTHER_NAMED,
            "export function deny(input) { return 5; }",
        ),
        policy(
            "a promise",
            OTHER_NAMED,
            "export async function deny(input) { return []; }",
        ),
        policy(
            "no reason",
            &["other", "reason"],
            "export function deny(input) { return { rule_id: 'R' }; }",
        ),
        policy(
            "an object that holds itself",
            OTHER_NAMED,
            "export function deny(input) { const t = { reason: 'x', rule_id: 'R', severity: 'LOW' }; t.t = t; return t; }",
        ),
        policy(
            "an object that answers otherwise",
            OTHER_NAMED,
            "export function deny(input) { return { get reason() { throw new Error('broken'); }, rule_id: 'R' }; }",
        ),
        policy(
            "an import",
            OTHER_NAMED,
            "import fs from 'fs';\nexport function deny(input) {}",
        ),
        written(
            "javascript: no metadata".to_owned(),
            OTHER_NAMED,
            "other.js",
            b"export function deny() {}".to_vec(),
        ),
        written(
            "javascript: bytes that are no text".to_owned(),
            &["other", "utf-8"],
            "other.js",
            vec![0xff; 64],
        ),
    ]
}

fn modules() -> Vec<Fault> {
    let module = |name: &str, content: &[u8], routing: &'static str| {
        let content = content.to_vec();
        fault(
            format!("module: {name}"),
            OTHER_NAMED,
            move |scene: &mut Scene| {
                scene.write(".cupcake/policies/other.wasm", &content);
                if !routing.is_empty() {
                    scene.write(".cupcake/policies/other.wasm.yml", routing);
                }
            },
        )
    };
    vec![
        module("nothing", b"", ROUTING),
        module("bytes", &[0xff; 4096], ROUTING),
        module("a text", b"(module)", ROUTING),
        module("the beginning of one", b"\0asm", ROUTING),
        module("another version", b"\0asm\x02\0\0\0", ROUTING),
        module("an empty one", MODULE, ROUTING),
        module(
            "a part that is cut",
            &[MODULE, b"\x01\xff\xff"].concat(),
            ROUTING,
        ),
        module("no routing", MODULE, ""),
        module("routing that is no yaml", MODULE, "custom: ["),
        module("routing without events", MODULE, "custom: {}\n"),
    ]
}

fn bundles() -> Vec<Fault> {
    let bundle = |name: &str, content: &[u8]| {
        let content = content.to_vec();
        fault(
            format!("bundle: {name}"),
            OTHER_NAMED,
            move |scene: &mut Scene| {
                scene.write(".cupcake/policies/other.tar.gz", &content);
                scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
            },
        )
    };
    let empty_gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    vec![
        bundle("nothing", b""),
        bundle("bytes", &[0xff; 4096]),
        bundle("a text", b"bundle"),
        bundle("the beginning of one", &empty_gzip[..10]),
        bundle("an empty one", empty_gzip),
        bundle("another compression", b"BZh91AY&SY"),
        fault("bundle: a text that is packed", OTHER_NAMED, |scene| {
            scene.write("text", "no archive".repeat(1000));
            scene
                .shell("mkdir -p .cupcake/policies; gzip -c text > .cupcake/policies/other.tar.gz");
            scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
        }),
        fault("bundle: no module in it", OTHER_NAMED, |scene| {
            scene.write("data.json", "{}");
            scene.shell("tar czf .cupcake/policies/other.tar.gz data.json");
            scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
        }),
        fault("bundle: a module that is none", OTHER_NAMED, |scene| {
            scene.write("policy.wasm", "none");
            scene.write(".manifest", "{\"wasm\":[{\"entrypoint\":\"cupcake/policies/other/deny\",\"module\":\"/policy.wasm\"}]}");
            scene.shell("tar czf .cupcake/policies/other.tar.gz policy.wasm .manifest");
            scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
        }),
        fault(
            "bundle: a hundred megabytes of zeros, packed",
            &["other|deadline"],
            |scene| {
                scene.write("llmspell.toml", IMPATIENT);
                scene.shell(
                    "head -c 100000000 /dev/zero | gzip -1 > .cupcake/policies/other.tar.gz",
                );
                scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
            },
        ),
        fault("bundle: half of it is missing", OTHER_NAMED, |scene| {
            scene.write("data.json", format!("{{\"x\": {:?}}}", "y".repeat(100_000)));
            scene.shell("tar cf - data.json | gzip | head -c 100 > .cupcake/policies/other.tar.gz");
            scene.write(".cupcake/policies/other.tar.gz.yml", ROUTING);
        }),
    ]
}

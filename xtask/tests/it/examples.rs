//! Masks, differences and parity of example output.

use xtask::examples::mask::mask;
use xtask::examples::{first_difference, parity};

fn check(output: &str, expected: &str) {
    assert_eq!(mask(output), format!("{expected}\n"));
}

#[test]
fn times_are_masked_whatever_their_unit() {
    check(
        "a 12 µs, b 1.5ms, c 3 s, d 900 ns",
        "a <time>, b <time>, c <time>, d <time>",
    );
}

#[test]
fn numbers_that_are_not_times_stay() {
    check(
        "3 policies, line 12, 64MiB, 300 seconds, v1.2",
        "3 policies, line 12, 64MiB, 300 seconds, v1.2",
    );
}

#[test]
fn identifiers_digests_and_addresses_are_masked() {
    check(
        "019aa2b4-7c1d-7f10-8a52-0f6f2f2d8f11 sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 0x7f00aa",
        "<id> <digest> <address>",
    );
}

#[test]
fn columns_may_be_wider_but_an_indent_may_not() {
    check("    name      1.0 ms   2", "    name <time> 2");
    check("────────────", "---");
}

#[test]
fn equal_texts_have_no_difference() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
}

#[test]
fn the_first_line_that_differs_is_shown_with_both_texts() {
    assert_eq!(
        first_difference("a\nb\nc\n", "a\nx\ny\n"),
        Some("2: expected `b`, but `x` came".to_owned())
    );
    assert_eq!(
        first_difference("a\n", "a\nb\n"),
        Some("2: expected the end, but `b` came".to_owned())
    );
    assert_eq!(
        first_difference("a\nb\n", "a\n"),
        Some("2: expected `b`, but the end came".to_owned())
    );
}

fn pair(lua: &str, javascript: &str) -> Vec<(String, String)> {
    vec![
        ("x/a.js".to_owned(), javascript.to_owned()),
        ("x/a.lua".to_owned(), lua.to_owned()),
    ]
}

#[test]
fn two_languages_agree_apart_from_times_and_sections_of_their_own() {
    let lua = "a.lua in Lua, 3 ms\n== A script error in Lua\nlocal x = 1\n== The report\nend\n";
    let javascript = "a.js in JavaScript, 41.5 µs\n== A script error in JavaScript\nat f\nat g\n== The report\nend\n";
    assert_eq!(parity::check(&pair(lua, javascript)), Ok(()));
}

#[test]
fn a_difference_between_two_languages_is_found_before_and_after_a_section_of_their_own() {
    let before = parity::check(&pair("deny\n", "allow\n"))
        .unwrap_err()
        .to_string();
    assert!(
        before.starts_with(
            "error: x/a.lua and x/a.js differ in line 1: expected `deny`, but `allow` came"
        ),
        "{before}"
    );
    let after = parity::check(&pair(
        "== A trace in Lua\n1\n== End\na\n",
        "== A trace in JavaScript\n2\n== End\nb\n",
    ));
    assert!(after.is_err());
}

#[test]
fn a_javascript_example_needs_a_lua_example_beside_it() {
    let alone = vec![("x/a.js".to_owned(), String::new())];
    let failure = parity::check(&alone).unwrap_err().to_string();
    assert_eq!(
        failure,
        "error: x/a.js has no Lua script beside it\n  help: write x/a.lua, so that both languages show the same"
    );
}

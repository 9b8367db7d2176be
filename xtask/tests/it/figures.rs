//! Arguments, lines, table and verdict of `figures`.

use xtask::figures::counts::{Counts, collected, per_operation};
use xtask::figures::figure::parse_lines;
use xtask::figures::{Options, judge, table};

const LINES: &str = r#"{"name":"log.off","what":"a disabled message","value_ns":1.2,"against":"a relaxed load","against_ns":1.0,"ratio":1.2,"target":1.5,"reached":true,"counting":{"times":10,"parts":1.0,"against":true}}

{"name":"load.500","what":"cold load of 500 policies","value_ns":24500000,"against":null,"against_ns":null,"ratio":null,"target":null,"reached":null,"counting":{"times":10,"parts":1.0,"against":false}}
"#;

#[test]
fn the_table_is_aligned_and_shows_what_is_unknown_as_unknown() {
    let figures = parse_lines(LINES.as_bytes()).unwrap();
    let expected = "\
FIGURE      VALUE  AGAINST  RATIO   TARGET  REACHED  WHAT
log.off   1.20 ns  1.00 ns  1.20x  <= 1.5x      yes  a disabled message; against a relaxed load
load.500  24.5 ms        -      -        -        -  cold load of 500 policies
";
    assert_eq!(table::table(&figures), expected);
}

#[test]
fn counted_instructions_stand_beside_the_times() {
    let mut figures = parse_lines(LINES.as_bytes()).unwrap();
    figures[0].counts = Some(Counts {
        value: Some(12.0),
        against: Some(8.0),
    });
    let table = table::table(&figures[..1]);
    let row = table.lines().nth(1).unwrap();
    assert!(
        row.contains("         12        8  1.50x  a disabled message"),
        "{table}"
    );
}

#[test]
fn a_figure_reads_back_from_its_json() {
    for figure in parse_lines(LINES.as_bytes()).unwrap() {
        let line = figure.to_json().unwrap();
        let again = parse_lines(line.as_bytes()).unwrap();
        assert_eq!(again[0].to_json().unwrap(), line);
    }
}

#[test]
fn a_line_that_is_not_a_figure_is_refused_with_its_number() {
    let failure = parse_lines(b"\nwarming up\n").unwrap_err().to_string();
    assert!(
        failure.starts_with("error: line 2 of what `figures` printed is not a figure: "),
        "{failure}"
    );
}

#[test]
fn a_missed_target_is_named() {
    let mut figures = parse_lines(LINES.as_bytes()).unwrap();
    assert_eq!(judge(&figures), Ok(()));
    figures[0].reached = Some(false);
    let failure = judge(&figures).unwrap_err().to_string();
    assert!(
        failure.starts_with("error: 1 of 2 figures do not reach their target: log.off\n"),
        "{failure}"
    );
}

#[test]
fn times_carry_the_unit_that_fits() {
    let shown = [0.35, 999.0, 1_500.0, 24.5e6, 3e9].map(table::time);
    assert_eq!(
        shown,
        ["0.35 ns", "999.0 ns", "1.50 µs", "24.5 ms", "3.00 s"]
    );
}

#[test]
fn starting_costs_are_left_out_of_the_count() {
    assert_eq!(per_operation(1_000_500, 1_001_000, 100), 5.0);
    assert_eq!(
        collected("==7== Events    : Ir\n==7== Collected : 1000500\n"),
        Some(1_000_500)
    );
    assert_eq!(collected("==7== nothing\n"), None);
}

#[test]
fn arguments_of_figures_are_read_in_any_order() {
    let options = Options::parse(&["--json", "filter", "--counts"]).unwrap();
    let expected = Options {
        name: Some("filter".to_owned()),
        json: true,
        counts: true,
    };
    assert_eq!(options, expected);
}

#[test]
fn an_unknown_argument_or_a_second_name_is_refused() {
    for wrong in [["--jsno", "a"], ["a", "b"]] {
        let failure = Options::parse(&wrong).unwrap_err().to_string();
        assert!(
            failure.contains("is not an argument of `figures`"),
            "{failure}"
        );
    }
}

//! Levels: their names, numbers and order.

use llmspell_utils::debug::DebugLevel;

#[test]
fn every_name_and_number_of_a_level_is_understood_in_any_case() {
    let names = [
        (DebugLevel::Off, ["off", "none", "0"]),
        (DebugLevel::Error, ["error", "err", "1"]),
        (DebugLevel::Warn, ["warn", "warning", "2"]),
        (DebugLevel::Info, ["info", "INFO", "3"]),
        (DebugLevel::Debug, ["debug", "Debug", "4"]),
        (DebugLevel::Trace, ["trace", "tRaCe", "5"]),
    ];
    for (level, names) in names {
        for name in names {
            assert_eq!(name.parse(), Ok(level));
            assert_eq!(name.to_uppercase().parse(), Ok(level));
        }
    }
}

#[test]
fn a_text_that_names_no_level_is_refused_with_what_is_allowed() {
    let message = |text: &str| text.parse::<DebugLevel>().unwrap_err().to_string();
    assert_eq!(
        message("loud\u{1b}[31m"),
        "`loud\\u{1b}[31m` is not a level; use off, error, warn, info, debug, trace or 0 to 5"
    );
    assert_eq!(
        message(""),
        "`` is not a level; use off, error, warn, info, debug, trace or 0 to 5"
    );
    for text in ["6", "-1", " info", "infos", "inf", "ınfo"] {
        assert!(text.parse::<DebugLevel>().is_err(), "{text}");
    }
}

#[test]
fn levels_are_ordered_from_off_to_trace_and_keep_their_numbers() {
    assert!(DebugLevel::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    for (number, level) in (0..).zip(DebugLevel::ALL) {
        assert_eq!(
            (level.as_u8(), DebugLevel::from_u8(number)),
            (number, Some(level))
        );
        assert_eq!(level.as_str().to_lowercase(), level.as_lower_str());
    }
    assert_eq!(DebugLevel::from_u8(6), None);
}

#[test]
fn a_level_is_displayed_in_upper_case_and_can_be_padded() {
    assert_eq!(
        format!("{}|{:5}|", DebugLevel::Trace, DebugLevel::Warn),
        "TRACE|WARN |"
    );
}

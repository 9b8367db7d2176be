//! Errors of scripts as faults of policies, without the values that the policy was working on.

use llmspell_engine::{DecisionErrorKind, PolicyFault};

use crate::script_error::{ScriptError, ScriptErrorKind};

/// What stands for a word that neither the policy nor an engine wrote.
const HIDDEN: &str = "…";

/// How many characters of a message are kept.
const LONGEST: usize = 400;

/// The words of the engines' own messages.
const WORDS: &str = "a all already an and any apply argument arguments arithmetic array as assign at attempt bad \
    be beyond bigint boolean bound buffer but by bytes call callable called cannot changed circular class clone close \
    coercion comparator compare concatenate const constructor contains convert converting coroutine create date dead \
    decision deep deeply define defined delete depth destructuring div does empty end error evalerror exceeded exist \
    expected expecting extensible extra field finite float for format forin found from function generator get getter \
    global got half has have hole host identifier in incorrect index infinite initialization initialized initialize \
    input instance instanceof integer internalerror invalid is it iterable iterate iterator itself key keys large length \
    less level levels limit list local long longer many map maximum memory method missing mixed mod module more mul \
    must name named nested new nil no non not null number numbers object objects of off on only open operand operation \
    operator or order out outside overflow own pair parse part pattern policy position positive pow private promise \
    properties property prototype proxy raised range rangeerror read readonly redeclare referenceerror regexp resulting \
    return running script set setter size slice small stack step stopped string strings sub super surrogate symbol \
    syntax syntaxerror table tables text than that the this thread throw thrown to too two type typeerror unable \
    unary uncaught undefined unexpected unfinished unm unsupported use used userdata utf value values variable vector \
    was were which while wide with without write wrong yield your zero zone";

/// What the host itself says of a policy, none of it from an event.
pub(crate) const COMES_AND_GOES: &str =
    "the policy does not define the same functions as when it was loaded";
pub(crate) const LEFT_BEHIND: &str =
    "the policy left a promise behind, and a policy must answer at once";
pub(crate) const GONE: &str =
    "the script that registered the policy was stopped, and its functions are gone";
pub(crate) const RECURSION: &str = "a policy cannot ask `Cupcake` while it is asked itself";
const SENTENCES: [&str; 4] = [COMES_AND_GOES, LEFT_BEHIND, GONE, RECURSION];

/// The fault that an error of a script is to the engine; `text` is that of the policy.
pub(crate) fn fault(error: &ScriptError, file: &str, text: &str) -> PolicyFault {
    let line = error
        .place()
        .filter(|place| place.file == file)
        .map(|place| place.line)
        .or_else(|| line_in(error, file));
    let (kind, message) = match error.kind() {
        ScriptErrorKind::Timeout | ScriptErrorKind::Stopped => (
            DecisionErrorKind::Timeout,
            "the policy ran past the deadline of the decision".to_owned(),
        ),
        ScriptErrorKind::Memory => (
            DecisionErrorKind::Memory,
            "the policy used more memory than its limit".to_owned(),
        ),
        ScriptErrorKind::Stack => (
            DecisionErrorKind::Stack,
            "the policy recursed too deeply".to_owned(),
        ),
        ScriptErrorKind::Syntax | ScriptErrorKind::Read => {
            (DecisionErrorKind::Load, error.message().to_owned())
        }
        ScriptErrorKind::Conversion => (
            DecisionErrorKind::Malformed,
            format!(
                "what the policy returned {}",
                without_values(error.message(), text)
            ),
        ),
        _ => (
            DecisionErrorKind::Evaluation,
            without_values(error.message(), text),
        ),
    };
    PolicyFault {
        kind,
        message: shortened(message),
        file: None,
        line,
    }
}

/// The line of the policy that ran when the error came.
fn line_in(error: &ScriptError, file: &str) -> Option<u32> {
    let frames = &error.stack().frames;
    frames
        .iter()
        .find(|frame| frame.source.as_deref() == Some(file))
        .and_then(|frame| frame.line)
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(LONGEST) {
        None => message,
        Some((at, _)) => message
            .chars()
            .take_while({
                let mut left = at;
                move |character| {
                    let fits = left >= character.len_utf8();
                    left = left.saturating_sub(character.len_utf8());
                    fits
                }
            })
            .chain(['…'])
            .collect(),
    }
}

/// The message with every word left out that stands neither in the policy nor in the messages of the engines: what a
/// policy builds into an error of its own comes from the event, which errors must not repeat.
fn without_values(message: &str, text: &str) -> String {
    let said = message.strip_prefix("Error: ").unwrap_or(message);
    if SENTENCES.contains(&said) {
        return said.to_owned();
    }
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(is_word_part) {
        let (between, from_word) = rest.split_at(start);
        let end = from_word
            .find(|character| !is_word_part(character))
            .unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        let is_known = is_engine_word(word) || stands_in(text, word);
        let repeats = !is_known && shown.ends_with(HIDDEN) && between.chars().all(|c| !is_end(c));
        if !repeats {
            shown.push_str(between);
            shown.push_str(if is_known { word } else { HIDDEN });
        }
        rest = after;
    }
    shown.push_str(rest);
    shown.replace(['\n', '\r', '\t'], " ")
}

/// Whether something ends here that must be seen to end.
const fn is_end(character: char) -> bool {
    matches!(
        character,
        '`' | '\'' | '"' | ')' | ']' | '}' | '(' | '[' | '{'
    )
}

fn is_word_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_engine_word(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    WORDS.split_ascii_whitespace().any(|known| known == lower)
}

/// Whether the word stands in the text as a whole word.
fn stands_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word_part) && !after.is_some_and(is_word_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_the_event_is_left_out_of_a_message() {
        let text = "error('no tool for ' .. input.who)";
        let cases = [
            ("no tool for alice", "no tool for …"),
            ("no tool for alice and bob", "no tool for … and …"),
            (
                "attempt to index nil with 'who'",
                "attempt to index nil with 'who'",
            ),
            (
                "attempt to index nil with 'hunter2'",
                "attempt to index nil with '…'",
            ),
            (
                "TypeError: cannot read property 'x9' of undefined",
                "TypeError: cannot read property '…' of undefined",
            ),
            ("one two three", "… two …"),
            ("a\nb1", "a …"),
        ];
        for (message, shown) in cases {
            assert_eq!(without_values(message, text), shown, "{message}");
        }
    }

    #[test]
    fn a_part_of_a_word_of_the_policy_is_no_word_of_it() {
        assert_eq!(without_values("tok", "token"), "…");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(shortened("é".repeat(1_000)).chars().count(), LONGEST + 1);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}

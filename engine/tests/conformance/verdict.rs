//! Whether an answer is the one that OPA gives.

use llmspell_engine::Value;

use crate::candidate::Answer;
use crate::case::Case;

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Passed,
    WrongValue,
    MissingError,
    Panic,
    Hang,
    Refused,
    OtherError,
}

impl Class {
    pub(crate) const ALL: [Self; 7] = [
        Self::Passed,
        Self::WrongValue,
        Self::MissingError,
        Self::Panic,
        Self::Hang,
        Self::Refused,
        Self::OtherError,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::WrongValue => "wrong value",
            Self::MissingError => "missing error",
            Self::Panic => "panic",
            Self::Hang => "hang",
            Self::Refused => "refused at load",
            Self::OtherError => "other error",
        }
    }

    /// Whether the evaluator would mislead somebody, or break down, where it should have refused.
    pub(crate) const fn is_harmful(self) -> bool {
        matches!(
            self,
            Self::WrongValue | Self::MissingError | Self::Panic | Self::Hang
        )
    }
}

/// What became of a case, and why.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    pub(crate) reason: String,
}

impl Verdict {
    pub(crate) fn new(class: Class, reason: impl Into<String>) -> Self {
        Self {
            class,
            reason: reason.into(),
        }
    }
}

/// Compares an answer with what the case wants.
pub(crate) fn judge(case: &Case, answer: Answer) -> Verdict {
    match (answer, case.wanted_error()) {
        (Answer::Refused(reason), _) => Verdict::new(Class::Refused, reason),
        (Answer::Failed { code, .. }, Some(wanted)) if code == wanted => {
            Verdict::new(Class::Passed, "")
        }
        (Answer::Failed { code, message }, wanted) => {
            let wanted = wanted.map_or(String::new(), |wanted| format!("wants {wanted}, "));
            Verdict::new(Class::OtherError, format!("{wanted}got {code}: {message}"))
        }
        (Answer::Solutions(found), Some(wanted)) => Verdict::new(
            Class::MissingError,
            format!("wants {wanted}, got {}", shown(&found)),
        ),
        (Answer::Solutions(found), None) => compare(case, &found),
    }
}

fn compare(case: &Case, found: &[Value]) -> Verdict {
    let wanted = case.want_result.as_deref().unwrap_or_default();
    let ordered = |solutions: &[Value]| {
        let solutions = solutions
            .iter()
            .map(|solution| as_json(solution, case.sort_bindings));
        let mut solutions: Vec<Value> = solutions.collect();
        solutions.sort();
        solutions
    };
    if ordered(wanted) == ordered(found) {
        return Verdict::new(Class::Passed, "");
    }
    let reason = format!("wants {}, got {}", shown(wanted), shown(found));
    Verdict::new(Class::WrongValue, reason)
}

fn shown(solutions: &[Value]) -> String {
    let solutions: Vec<String> = solutions.iter().map(ToString::to_string).collect();
    format!("[{}]", solutions.join(", "))
}

/// A solution as JSON has it; the arrays that it binds are sorted where their order says nothing.
fn as_json(solution: &Value, sort: bool) -> Value {
    let mut plain = json(solution);
    if sort && let Ok(bindings) = plain.as_object_mut() {
        let sorted = bindings.iter_sorted().map(|(name, value)| {
            let mut value = value.clone();
            if let Ok(elements) = value.as_array_mut() {
                elements.sort();
            }
            (name.clone(), value)
        });
        let sorted: std::collections::BTreeMap<Value, Value> = sorted.collect();
        plain = Value::from(sorted);
    }
    plain
}

fn json(value: &Value) -> Value {
    match value {
        Value::Array(elements) => Value::from(elements.iter().map(json).collect::<Vec<_>>()),
        Value::Set(elements) => Value::from(elements.iter().map(json).collect::<Vec<_>>()),
        Value::Object(fields) => {
            let fields = fields.iter_sorted().map(|(key, value)| {
                let key = match key {
                    Value::String(_) => key.clone(),
                    other => Value::from(serde_json::to_string(&json(other)).unwrap_or_default()),
                };
                (key, json(value))
            });
            Value::from(fields.collect::<std::collections::BTreeMap<_, _>>())
        }
        other => other.clone(),
    }
}

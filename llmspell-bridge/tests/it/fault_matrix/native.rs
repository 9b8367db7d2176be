//! A policy language in Rust whose policies fail as their text says.

use llmspell_engine::{
    Answers, CompiledPolicy, DecisionErrorKind, Definition, Evaluator, Moment, PolicyFault,
    PolicyLanguage, PolicySource, Value, Verb,
};

/// Its files say in their last line which verb they have and what becomes of it.
#[derive(Debug)]
pub(super) struct Native;

#[derive(Debug)]
struct Failing {
    verb: Verb,
    how: String,
}

impl PolicyLanguage for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["ts"]
    }

    fn comment(&self) -> &'static str {
        "#"
    }

    fn compile(&self, source: PolicySource<'_>) -> Result<CompiledPolicy, PolicyFault> {
        let last = source.text.lines().last().unwrap_or_default();
        let (verb, how) = last.split_once(' ').unwrap();
        let verb = Verb::ALL.into_iter().find(|known| known.name() == verb);
        let verb = verb.unwrap();
        match how {
            "corrupt" => return Err(PolicyFault::load("the module is corrupt", 1)),
            "panic while compiling" => panic!("as the policy says"),
            _ => {}
        }
        let definition = Definition {
            verb,
            line: 1,
            source: String::new(),
        };
        Ok(CompiledPolicy {
            definitions: if how == "no verb" {
                Vec::new()
            } else {
                vec![definition]
            },
            evaluator: Box::new(Failing {
                verb,
                how: how.to_owned(),
            }),
        })
    }
}

impl Evaluator for Failing {
    fn evaluate(&self, input: &Value, _: Moment, answers: &mut Answers<'_, '_>) {
        let json = |text: &str| Value::from_json_str(text).unwrap();
        let fail = |kind| PolicyFault::new(kind, "as the policy says", 1);
        answers.begin(self.verb);
        match self.how.as_str() {
            "panic" => panic!("as the policy says"),
            "number" => answers.say(&json("5")),
            "false" => answers.say(&json("false")),
            "nothing in a list" => answers.say(&json("[null]")),
            "no reason" => answers.say(&json("[{\"rule_id\": \"R\"}]")),
            "evaluation" => answers.fail(fail(DecisionErrorKind::Evaluation)),
            "timeout" => answers.fail(fail(DecisionErrorKind::Timeout)),
            "memory" => answers.fail(fail(DecisionErrorKind::Memory)),
            "stack" => answers.fail(fail(DecisionErrorKind::Stack)),
            "sound" if input["speak"] == Value::from(true) => {
                let said = if self.verb == Verb::AddContext {
                    "[\"said\"]"
                } else {
                    "[{\"reason\": \"said\", \"rule_id\": \"R\", \"updated_input\": {\"a\": 1}}]"
                };
                answers.say(&json(said));
            }
            "sound" => {}
            other => panic!("there is no fault `{other}`"),
        }
        answers.end();
    }
}
